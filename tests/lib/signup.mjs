// Signing up, with the switch of the operator.
import { randomUUID } from "node:crypto";
import { operator, password, request } from "./client.mjs";

export async function setSignup(values = {}) {
    const answer = await request("PATCH", "/api/platform/settings/signup", { token: await operator(), body: { enabled: true, networkLimit: 100000, ...values } });
    if (answer.status !== 200) throw new Error(`settings: ${answer.status} ${answer.text}`);
}

export const unique = () => randomUUID().slice(0, 8);

export function signUp(values = {}, options = {}) {
    const slug = `s${unique()}`;
    return request("POST", "/api/signup", { ...options, body: { organisation: "Maple Books", slug, name: "Ana Ruiz", email: `ana@${slug}.test`, password, ...values } });
}
