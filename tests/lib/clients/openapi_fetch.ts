import createClient from "openapi-fetch";
import type { Client } from "./program";
import type { paths } from "./generated/types";

export function makeClient(baseUrl: string): Client {
    const api = createClient<paths>({ baseUrl, querySerializer: { array: { style: "form", explode: false } } });
    const headers: Record<string, string> = {};
    return {
        async signIn(email, password, tenant) {
            const { data } = await api.POST("/api/auth/login", { body: { email, password, tenant } });
            return data?.data.access_token ?? "";
        },
        useToken: (token) => void (headers.authorization = `Bearer ${token}`),
        async createLead(body, key) {
            const { data, error, response } = await api.POST("/api/crm/leads", { headers, body, params: { header: { "Idempotency-Key": key } } });
            return { status: response.status, data: data?.data, etag: response.headers.get("etag"), error: error?.error };
        },
        async listLeads(query) {
            const { data, error, response } = await api.GET("/api/crm/leads", { headers, params: { query } });
            return { status: response.status, data: data?.data, next: data?.meta.nextCursor, error: error?.error };
        },
        async updateLead(id, body, etag) {
            const { data, error, response } = await api.PATCH("/api/crm/leads/{id}", { headers, body, params: { path: { id }, header: { "If-Match": etag } } });
            return { status: response.status, data: data?.data, etag: response.headers.get("etag"), error: error?.error };
        },
    };
}
