import { createLead, listLeads, signIn, updateLead } from "./generated/hey";
import { createClient, createConfig } from "./generated/hey/client";
import type { Client } from "./program";

export function makeClient(baseUrl: string): Client {
    let token = "";
    const client = createClient(createConfig({ baseUrl, auth: () => token }));
    return {
        async signIn(email, password, tenant) {
            const { data } = await signIn({ client, body: { email, password, tenant } });
            return data?.data.access_token ?? "";
        },
        useToken: (next) => void (token = next),
        async createLead(body, key) {
            const { data, error, response } = await createLead({ client, body, headers: { "Idempotency-Key": key } });
            return { status: response?.status ?? 0, data: data?.data, etag: response?.headers.get("etag"), error: error?.error };
        },
        async listLeads(query) {
            const { data, error, response } = await listLeads({ client, query });
            return { status: response?.status ?? 0, data: data?.data, next: data?.meta.nextCursor, error: error?.error };
        },
        async updateLead(id, body, etag) {
            const { data, error, response } = await updateLead({ client, path: { id }, body, headers: { "If-Match": etag } });
            return { status: response?.status ?? 0, data: data?.data, etag: response?.headers.get("etag"), error: error?.error };
        },
    };
}
