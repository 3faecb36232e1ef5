// Calls to the platform under test. Hosts are sent by name to 127.0.0.1, so
// that acme.localhost works wherever the tests run.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

export const port = Number(process.env.TEST_PORT);
export const folder = process.env.TEST_VAR;
// TULOU_DOMAIN of the platform under test.
export const base = process.env.TEST_DOMAIN ?? "localhost";
const agent = new http.Agent({ keepAlive: true });

// from: the address of this machine that it comes from.
export function request(method, path, { tenant, domain, token, headers = {}, body, raw, from } = {}) {
    const host = domain ? `${domain}:${port}` : tenant ? `${tenant}.${base}:${port}` : `${base}:${port}`;
    const data = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
        const call = http.request({ host: "127.0.0.1", port, method, path, agent, localAddress: from,
            headers: { host, ...(token ? { authorization: `Bearer ${token}` } : {}),
                ...(data !== undefined && !headers["content-type"] ? { "content-type": "application/json" } : {}),
                ...(data !== undefined ? { "content-length": Buffer.byteLength(data) } : {}), ...headers } },
            (response) => {
                const parts = [];
                const stream = response.headers["content-type"] === "text/event-stream";
                response.on("data", (part) => {
                    parts.push(part);
                    // It has no end: what came until the first message is the answer.
                    if (stream && Buffer.concat(parts).includes("data: ")) response.destroy();
                });
                response.on(stream ? "close" : "end", () => {
                    const text = Buffer.concat(parts).toString("utf8");
                    let json;
                    try {
                        json = JSON.parse(text);
                    } catch {
                        json = undefined;
                    }
                    resolve({ status: response.statusCode, headers: response.headers, text, json, data: json?.data, error: json?.error });
                });
            });
        call.on("error", reject);
        if (data !== undefined) call.write(data);
        call.end();
    });
}

export async function login(email, password, options = {}) {
    const answer = await request("POST", "/api/auth/login", { ...options, body: { email, password } });
    if (answer.status !== 200) throw new Error(`sign-in of ${email}: ${answer.status} ${answer.text}`);
    return answer.data;
}

let operatorToken;
export async function operator() {
    if (!operatorToken) {
        const own = JSON.parse(readFileSync(join(folder, "operator.json"), "utf8")); // of platform.mjs
        operatorToken = (await login(own.email, own.password)).access_token;
    }
    return operatorToken;
}

export const password = "correct horse battery";
const unique = () => randomUUID().slice(0, 8);

// A tenant of its own for a test, with its owner signed in.
export async function makeTenant({ kind = "business", token, ...extra } = {}) {
    const slug = `t${unique()}`;
    const made = await request("POST", "/api/tenants", {
        token: token ?? (await operator()),
        body: { name: `Tenant ${slug}`, slug, kind, ownerName: "Owner", ownerEmail: `owner@${slug}.test`, ownerPassword: password, ...extra },
    });
    if (made.status !== 201) throw new Error(`tenant: ${made.status} ${made.text}`);
    const owner = await login(`owner@${slug}.test`, password, { tenant: slug });
    return { ...made.data, slug, owner, token: owner.access_token };
}

export async function makeUser(tenant, role, extra = {}) {
    const email = `${role}-${unique()}@${tenant.slug}.test`;
    const made = await request("POST", "/api/platform-users", { tenant: tenant.slug, token: tenant.token,
        body: { email, name: `A ${role}`, kind: "staff", roles: [role], password, ...extra } });
    if (made.status !== 201) throw new Error(`user: ${made.status} ${made.text}`);
    return { ...made.data, email, ...(await login(email, password, { tenant: tenant.slug })) };
}

// Signs in by the form, as a browser without scripts does; the cookie to go on with.
export async function pageCookie(email, word, { tenant } = {}) {
    const form = await request("GET", "/login", { tenant });
    const cookies = (form.headers["set-cookie"] ?? []).map((it) => it.split(";")[0]);
    const fields = Object.fromEntries([...form.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1] ?? ""]));
    const host = tenant ? `${tenant}.${base}:${port}` : `${base}:${port}`;
    const answer = await request("POST", "/login", { tenant, raw: new URLSearchParams({ ...fields, email, password: word }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", origin: `http://${host}`, cookie: cookies.join("; ") } });
    const session = (answer.headers["set-cookie"] ?? []).map((it) => it.split(";")[0]).find((it) => it.includes("session="));
    if (answer.status !== 303 || !session) throw new Error(`sign-in of ${email} by page: ${answer.status} ${answer.text.slice(0, 300)}`);
    return session;
}
