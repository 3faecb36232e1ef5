// Behind a proxy that ends TLS: cookies, links and addresses are as the browser
// sees them, and only that proxy is believed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Platform } from "../lib/platform.mjs";

let platform, client, mail, tenant;
before(async () => {
    platform = await Platform.own({ TULOU_DOMAIN: "tulou.test", TULOU_PUBLIC_URL: "https://tulou.test:8443/", TULOU_TRUSTED_PROXIES: "127.0.0.2/32" });
    client = await import("../lib/client.mjs");
    mail = await import("../lib/mail.mjs");
    const { email, password } = platform.login();
    const operator = await send("tulou.test", "POST", "/api/auth/login", { body: { email, password } });
    assert.equal(operator.status, 200, operator.text);
    const slug = "acme", made = await send("tulou.test", "POST", "/api/tenants", { headers: { authorization: `Bearer ${operator.data.access_token}` },
        body: { name: "Acme", slug, kind: "business", ownerName: "Owner", ownerEmail: "owner@acme.test", ownerPassword: client.password } });
    assert.equal(made.status, 201, made.text);
    tenant = { ...made.data, host: "acme.tulou.test" };
});
after(() => platform.stop());

// The proxy of this installation stands at 127.0.0.2; everybody else comes as themselves.
const send = (host, method, path, { headers = {}, ...rest } = {}) => client.request(method, path, { ...rest, headers: { host: `${host}:8443`, ...headers } });
const proxied = (host, method, path, { headers = {}, ...rest } = {}) =>
    client.request(method, path, { ...rest, from: "127.0.0.2", headers: { host: `${host}:8443`, "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7", ...headers } });
const cookiesOf = (answer) => answer.headers["set-cookie"] ?? [];

// By the form, as a browser does.
async function signIn(through, origin) {
    const form = await through(tenant.host, "GET", "/login"), cookie = cookiesOf(form).map((it) => it.split(";")[0]).join("; ");
    const fields = Object.fromEntries([...form.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1] ?? ""]));
    const answer = await through(tenant.host, "POST", "/login", { raw: new URLSearchParams({ ...fields, email: "owner@acme.test", password: client.password }).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", origin, ...(cookie ? { cookie } : {}) } });
    return { form, answer };
}

// RFC 6797 7.2: it counts by https alone.
test("browsers_are_told_to_stay_with_https", async () => {
    for (const path of ["/login", "/api/tenant", "/static/app.css", "/nothing", "/healthz"])
        assert.equal((await proxied(tenant.host, "GET", path)).headers["strict-transport-security"], "max-age=31536000", path);
});

test("behind_the_proxy_cookies_are_for_https_and_for_this_host_alone", async () => {
    const { form, answer } = await signIn(proxied, "https://acme.tulou.test:8443");
    assert.equal(answer.status, 303, answer.text);
    const all = [...cookiesOf(form), ...cookiesOf(answer)];
    assert.ok(all.some((it) => it.startsWith("__Host-tulou_session=")), all.join("\n"));
    for (const it of all) {
        assert.match(it, /^__Host-/);
        assert.match(it, /; Path=\/;/);
        assert.match(it, /; Secure/);
        assert.match(it, /; HttpOnly/);
        assert.doesNotMatch(it, /domain=/i);
    }
    const cookie = cookiesOf(answer).find((it) => it.startsWith("__Host-tulou_session=")).split(";")[0];
    assert.equal((await proxied(tenant.host, "GET", "/account", { headers: { cookie } })).status, 200);
    const sessions = await proxied(tenant.host, "GET", "/api/auth/sessions", { headers: { cookie } });
    assert.ok(sessions.data.some((it) => it.ip === "198.51.100.7"), sessions.text);
    // The same cookie without its prefix, or without TLS, is none.
    assert.equal((await proxied(tenant.host, "GET", "/api/auth/me", { headers: { cookie: cookie.replace("__Host-", "") } })).status, 401);
    assert.equal((await proxied(tenant.host, "GET", "/api/auth/me", { headers: { cookie, "x-forwarded-proto": "http" } })).status, 401);
});

test("links_lead_to_the_public_address_whatever_a_client_says", async () => {
    for (const [through, headers] of [[proxied, {}], [send, { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http", forwarded: "host=evil.example;proto=http" }]]) {
        const asked = await through(tenant.host, "POST", "/api/auth/forgot-password", { headers, body: { email: "owner@acme.test" } });
        assert.equal(asked.status, 204, asked.text);
    }
    const texts = [await mail.mailTo("owner@acme.test", 1), await mail.mailTo("owner@acme.test", 2)].map((it) => it.text);
    for (const text of texts) assert.deepEqual([...new Set(text.match(/https?:\/\/[^/\s]+/g))], ["https://acme.tulou.test:8443"], text);
    const page = await proxied(tenant.host, "GET", "/login");
    assert.match(page.headers["content-security-policy"], /form-action 'self' https:\/\/\*\.tulou\.test:8443 /);
});

test("who_is_not_the_proxy_is_believed_neither_scheme_nor_address", async () => {
    const forged = (host, method, path, options = {}) => send(host, method, path, { ...options,
        headers: { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9", forwarded: "for=203.0.113.9;proto=https", "x-tulou-scheme": "https", "x-tulou-remote": "203.0.113.9", ...options.headers } });
    const { answer } = await signIn(forged, "http://acme.tulou.test:8443");
    assert.equal(answer.status, 303, answer.text);
    for (const it of cookiesOf(answer)) assert.doesNotMatch(it, /__Host-|Secure/);
    const cookie = cookiesOf(answer).find((it) => it.startsWith("tulou_session=")).split(";")[0];
    const sessions = await forged(tenant.host, "GET", "/api/auth/sessions", { headers: { cookie } });
    assert.ok(sessions.data.some((it) => it.ip === "127.0.0.1") && !sessions.data.some((it) => it.ip === "203.0.113.9"), sessions.text);
    assert.equal((await forged("tulou.test", "GET", "/metrics")).status, 403, "what was passed on is not from this machine");
});
