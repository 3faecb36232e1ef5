import { createLead, listLeads, signIn, updateLead } from "./generated/orval";
import type { Client } from "./program";

// Its base is the one that it was generated with.
export function makeClient(): Client {
    const headers: Record<string, string> = {};
    return {
        async signIn(email, password, tenant) {
            const answer = await signIn({ email, password, tenant });
            return answer.status === 200 ? (answer.data.data.access_token ?? "") : "";
        },
        useToken: (token) => void (headers.authorization = `Bearer ${token}`),
        async createLead(body, key) {
            const { status, data, headers: sent } = await createLead(body, { "Idempotency-Key": key }, { headers });
            return { status, data: "data" in data ? data.data : undefined, etag: sent.get("etag"), error: "error" in data ? data.error : undefined };
        },
        async listLeads(query) {
            const { status, data } = await listLeads(query, undefined, { headers });
            return { status, data: "data" in data ? data.data : undefined, next: "meta" in data ? data.meta.nextCursor : null, error: "error" in data ? data.error : undefined };
        },
        async updateLead(id, body, etag) {
            const { status, data, headers: sent } = await updateLead(id, body, { "If-Match": etag }, { headers });
            return { status, data: "data" in data ? data.data : undefined, etag: sent.get("etag"), error: "error" in data ? data.error : undefined };
        },
    };
}
