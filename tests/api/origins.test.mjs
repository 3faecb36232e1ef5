// Other sites' pages: which may call, and that they see the answer, refusals included.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, request } from "../lib/client.mjs";

const site = "https://spa.example.com";
let tenant;
const api = (method, path, options = {}) => request(method, path, { tenant: tenant.slug, ...options });
const allow = (origins) => api("PUT", "/api/settings/api", { token: tenant.token, body: { allowedOrigins: origins } });
before(async () => {
    tenant = await makeTenant();
    assert.equal((await allow([site])).status, 200);
});

test("a_page_of_an_allowed_site_sees_every_refusal", async () => {
    const { token } = tenant, body = { name: "N" };
    const lead = (await api("POST", "/api/crm/leads", { token, body })).data;
    const expected = [
        [401, "GET", "/api/crm/leads", { headers: { authorization: "Bearer x" } }], [401, "GET", "/api/crm/leads", { token: "bad.token.x" }],
        [401, "GET", "/api/crm/leads", {}], [401, "GET", "/api/crm/leads", { headers: { authorization: "Basic eA==" } }],
        [404, "GET", "/api/crm/nothing", { token }], [404, "GET", "/api/nothing", {}], [404, "GET", `/api/crm/leads/${tenant.id}`, { token }],
        [405, "PUT", "/api/crm/leads", { token, body }], [403, "GET", "/api/tenants", { token }], [400, "GET", "/api/crm/leads?nothing=1", { token }],
        [412, "PATCH", `/api/crm/leads/${lead.id}`, { token, body, headers: { "if-match": '"1"' } }], [422, "POST", "/api/crm/leads", { token, body: {} }],
        [415, "POST", "/api/crm/leads", { token, raw: "x", headers: { "content-type": "text/plain" } }], [400, "POST", "/api/crm/leads", { token, raw: "{" }],
        [200, "GET", "/api/crm/leads", { token }],
    ];
    for (const [status, method, path, options] of expected) {
        const answer = await api(method, path, { ...options, headers: { ...options.headers, origin: site } });
        assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
        assert.equal(answer.headers["access-control-allow-origin"], site, `${method} ${path} ${status}`);
        assert.match(answer.headers.vary, /Origin/);
        const other = await api(method, path, { ...options, headers: { ...options.headers, origin: "https://other.example.com" } });
        assert.equal(other.headers["access-control-allow-origin"], undefined, `${method} ${path} ${status}`);
        assert.match(other.headers.vary, /Origin/);
    }
    for (let i = 0, status = 0; status !== 429; i++) {
        const answer = await api("POST", "/api/auth/login", { body: { email: "nobody@x.test", password: "wrong wrong wrong" }, headers: { origin: site }, from: "127.0.0.77" });
        status = answer.status;
        assert.equal(answer.headers["access-control-allow-origin"], site, String(status));
        assert.ok(i < 2000, "sign-in has a limit");
    }
});

test("origins_are_stored_as_browsers_send_them", async () => {
    const stored = await allow([" HTTPS://Spa.Example.com/ ", "https://x.example.com:443", "http://localhost:5173", "https://müller.example"]);
    assert.deepEqual(stored.data.allowedOrigins, [site, "https://x.example.com", "http://localhost:5173", "https://xn--mller-kva.example"]);
    for (const origin of stored.data.allowedOrigins)
        assert.equal((await api("GET", "/api/crm/leads", { headers: { origin } })).headers["access-control-allow-origin"], origin);
    for (const origin of ["https://*.example.com", "*", "null", "https://y.example.com/app", "https://y.example.com?x", "ftp://y.example.com", "y.example.com", "https://u@y.example.com"]) {
        const refused = await allow([origin]);
        assert.equal(refused.status, 422, origin);
        assert.deepEqual(refused.error.details.map((it) => it.code), ["invalid_origin"], origin);
    }
    assert.equal((await allow([site])).status, 200);
});
