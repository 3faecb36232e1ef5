// Nobody told us of a proxy: what a client says about itself is not believed.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, password, port, request } from "../lib/client.mjs";
import { mailTo } from "../lib/mail.mjs";

let tenant;
before(async () => (tenant = await makeTenant()));
const forged = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example", "x-real-ip": "203.0.113.9",
    forwarded: "for=203.0.113.9;host=evil.example;proto=https", "x-tulou-scheme": "https", "x-tulou-remote": "203.0.113.9" };

test("headers_of_a_proxy_that_a_client_sends_change_nothing", async () => {
    const email = `owner@${tenant.slug}.test`, form = await request("GET", "/login", { tenant: tenant.slug, headers: forged });
    const cookies = form.headers["set-cookie"] ?? [];
    const fields = Object.fromEntries([...form.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1] ?? ""]));
    const signedIn = await request("POST", "/login", { tenant: tenant.slug, raw: new URLSearchParams({ ...fields, email, password }).toString(),
        headers: { ...forged, "content-type": "application/x-www-form-urlencoded", origin: `http://${tenant.slug}.localhost:${port}`, cookie: cookies.map((it) => it.split(";")[0]).join("; ") } });
    assert.equal(signedIn.status, 303, signedIn.text);
    for (const it of [...cookies, ...signedIn.headers["set-cookie"]]) assert.doesNotMatch(it, /__Host-|Secure/);
    const cookie = signedIn.headers["set-cookie"].find((it) => it.startsWith("tulou_session=")).split(";")[0];
    const sessions = await request("GET", "/api/auth/sessions", { tenant: tenant.slug, headers: { ...forged, cookie } });
    assert.deepEqual([...new Set(sessions.data.map((it) => it.ip))], ["127.0.0.1"]);
    await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, headers: forged, body: { email } });
    assert.deepEqual([...new Set((await mailTo(email)).text.match(/https?:\/\/[^/\s]+/g))], [`http://${tenant.slug}.localhost:${port}`]);
    const page = await request("GET", "/login", { tenant: tenant.slug, headers: forged });
    assert.equal(page.headers["strict-transport-security"], undefined);
    assert.ok(!page.text.includes("evil.example") && !Object.values(page.headers).join("\n").includes("evil.example"));
});
