// Who listens where they must not hears nothing: another tenant's token, another
// audience, a page from elsewhere, a header that only nginx may set.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, password, port, request } from "../lib/client.mjs";
import { listen, socket } from "../lib/stream.mjs";

let a, b;
before(async () => {
    [a, b] = [await makeTenant(), await makeTenant()];
});
const everything = "?channels=events,notifications,presence";
const lead = (tenant) => request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "needle" } });

async function cookieOf(tenant, email = `owner@${tenant.slug}.test`) {
    const form = await request("GET", "/login", { tenant: tenant.slug });
    const cookie = form.headers["set-cookie"].map((it) => it.split(";")[0]).join("; ");
    const csrf = form.text.match(/name="_csrf" value="([^"]+)"/)[1];
    const answer = await request("POST", "/login", { tenant: tenant.slug, headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
        raw: new URLSearchParams({ _csrf: csrf, email, password }).toString() });
    assert.equal(answer.status, 303, answer.text);
    return answer.headers["set-cookie"].map((it) => it.split(";")[0]).find((it) => it.includes("tulou_session="));
}

test("another tenant hears nothing of this one, on any channel, by either way", async () => {
    const listeners = [await listen({ token: b.token, query: everything }), await socket({ token: b.token, query: everything }),
        await socket({ token: b.token, query: `${everything}&since=0` }), await listen({ token: b.token, query: everything, lastId: 0 })];
    const user = await makeUser(a, "admin", { kind: "admin" });
    const present = await listen({ token: user.access_token, query: everything });
    const made = await lead(a);
    await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    await present.until((it) => it.type === "notification");
    await present.stop();
    const own = await lead(b);
    for (const listener of listeners) {
        await listener.until((it) => it.event?.resource.id === own.data.id);
        const heard = JSON.stringify(listener.messages);
        for (const trace of [made.data.id, user.id, user.email, a.id, a.slug, "Your password was changed"]) assert.ok(!heard.includes(trace), `${trace} in ${heard.slice(0, 500)}`);
        await listener.stop();
    }
});

test("a number of another tenant's event resumes nothing of it", async () => {
    for (let i = 0; i < 30; i++) await lead(a);
    const first = await listen({ token: a.token, lastId: 0 });
    await first.until((it) => it.event?.resource.type === "lead");
    const stream = await listen({ token: b.token, lastId: 1 });
    const own = await lead(b);
    await stream.until((it) => it.event?.resource.id === own.data.id);
    assert.ok(!JSON.stringify(stream.messages).includes(a.slug));
    assert.ok(stream.type("event").every((it) => !first.messages.some((other) => other.event?.resource.id === it.event.resource.id)));
    await Promise.all([first.stop(), stream.stop()]);
});

test("tokens and cookies of one tenant open nothing at another's host", async () => {
    const cookie = await cookieOf(a);
    assert.equal((await listen({ tenant: b.slug, token: a.token })).status, 403);
    assert.equal((await listen({ token: a.token, headers: { "x-tenant-slug": b.slug } })).status, 403);
    assert.equal((await listen({ token: a.token, headers: { "x-tenant-id": b.id } })).status, 403);
    assert.equal((await listen({ tenant: b.slug, headers: { cookie } })).status, 401);
    const ws = await socket({ tenant: b.slug, headers: { cookie } });
    ws.say({ type: "hello", token: a.token });
    assert.equal((await ws.until((it) => it.type === "end")).why, "tenant_mismatch");
    assert.equal(await ws.ended, 4403);
    assert.deepEqual(ws.messages.map((it) => it.type), ["end"]);
});

test("the wrong audience is refused", async () => {
    const token = await operator();
    assert.equal((await listen({ tenant: a.slug, token })).status, 403);
    const ws = await socket({ tenant: a.slug });
    ws.say({ type: "hello", token });
    assert.equal(await ws.ended, 4403);
    const { data } = await request("POST", "/api/security/api-keys", { token: a.token, body: { name: "live", permissions: ["*"] } });
    assert.equal((await listen({ token: data.key })).status, 403, "what is somebody's own is not for API keys");
});

test("a token in the address opens nothing", async () => {
    assert.equal((await listen({ tenant: a.slug, query: `?token=${a.token}` })).status, 401);
    assert.equal((await listen({ tenant: a.slug, query: `?access_token=${a.token}` })).status, 401);
});

test("only pages of the same host open a WebSocket", async () => {
    const cookie = await cookieOf(a), own = `http://${a.slug}.localhost:${port}`;
    for (const origin of ["http://evil.example", `http://${b.slug}.localhost:${port}`, `https://${a.slug}.localhost:${port}`, `http://${a.slug}.localhost`, `http://${a.slug}.localhost:${port}.evil.example`, "null"])
        for (const headers of [{ cookie }, { authorization: `Bearer ${a.token}` }, {}]) {
            const ws = await socket({ tenant: a.slug, headers, origin });
            assert.equal(ws.status, 403, `${origin} got ${ws.status}`);
        }
    const ws = await socket({ tenant: a.slug, headers: { cookie }, origin: own });
    assert.equal((await ws.until((it) => it.type === "ready" || it.type === "end")).type, "ready");
    await ws.stop();
});

test("other origins get no permission to read the stream", async () => {
    const stream = await listen({ tenant: a.slug, headers: { cookie: await cookieOf(a), origin: "http://evil.example" } });
    assert.equal(stream.response.headers["access-control-allow-origin"], undefined);
    await stream.stop();
});

test("headers that only nginx sets are taken from nobody else", async () => {
    const forged = { "x-tulou-uri": "/api/realtime?since=0", "x-tulou-method": "POST", "x-tulou-remote": "203.0.113.9", "x-tulou-scheme": "https", "tulou-stream": "yes" };
    const stream = await listen({ token: a.token, headers: forged });
    assert.equal(stream.status, 200);
    const own = (await lead(a)).data.id;
    await stream.until((it) => it.event?.resource.id === own);
    const leads = stream.type("event").filter((it) => it.event?.resource.type === "lead");
    assert.deepEqual(leads.map((it) => it.event?.resource.id), [own], "since was not taken: of those before nothing comes");
    await stream.stop();
});

test("a WebSocket that never says who it is hears nothing and is closed", async () => {
    const ws = await socket({ tenant: a.slug });
    await lead(a);
    await ws.ended;
    assert.deepEqual(ws.messages, []);
});

test("tokens that are none end the connection, each", async () => {
    for (const token of ["x", "eyJhbGciOiJub25lIn0.e30.", a.token.slice(0, -4), `${a.token}x`]) {
        assert.equal((await listen({ tenant: a.slug, token })).status, 401);
        const ws = await socket({ tenant: a.slug });
        ws.say({ type: "hello", token });
        assert.equal(await ws.ended, 4401);
    }
});
