// Every page of every area that is not public, opened from where it must not open.
// The pages come from the areas' own tables: a new one is tried without anyone
// naming it here.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, port, request } from "../lib/client.mjs";
import { areas } from "../lib/routes.mjs";

const pages = areas.flatMap((area) => area.routes).filter((it) => ["page", "download"].includes(it.answer) && it.level !== "public");
const world = {};

before(async () => {
    [world.a, world.b] = [await makeTenant(), await makeTenant()];
    world.customer = await makeUser(world.a, "customer", { kind: "customer" });
    world.lead = (await request("POST", "/api/crm/leads", { token: world.a.token, body: { name: "needle" } })).data;
    for (const it of [world.a, world.b]) it.cookie = await pageCookie(`owner@${it.slug}.test`, password, { tenant: it.slug });
    world.customer.cookie = await pageCookie(world.customer.email, password, { tenant: world.a.slug });
});

function open(route, { id = world.lead.id, tenant = world.a, cookie, origin = `http://${tenant.slug}.localhost:${port}` } = {}) {
    const form = route.method === "POST" ? { raw: "name=x" } : {};
    return request(route.method, route.path.replace(/:\w+/g, id), { tenant: tenant.slug, ...form,
        headers: { ...(form.raw ? { "content-type": "application/x-www-form-urlencoded", origin } : {}), ...(cookie ? { cookie } : {}) } });
}

const title = (route) => `${route.method} ${route.path}`;

test("without a session each page leads to the sign-in, and so does a session of another tenant", async () => {
    assert.ok(pages.length > 50, `${pages.length} pages`);
    for (const route of pages)
        for (const cookie of [undefined, world.b.cookie]) {
            const elsewhere = await open(route, { cookie, origin: "http://elsewhere.example" });
            assert.deepEqual([elsewhere.status, elsewhere.headers.location?.split("?")[0]], [303, "/login"], title(route));
            if (route.method !== "POST") continue;
            // Who typed here is asked to sign in beside it, and loses nothing.
            const here = await open(route, { cookie });
            assert.deepEqual([here.status, /Your session has ended/.test(here.text)], [401, true], title(route));
        }
});

test("a role without the permission gets 403 on each page that needs one", async () => {
    for (const route of pages.filter((it) => it.level === "permission"))
        assert.equal((await open(route, { cookie: world.customer.cookie })).status, 403, title(route));
});

test("no form is taken without its own token", async () => {
    for (const route of pages.filter((it) => it.method === "POST"))
        assert.equal((await open(route, { cookie: world.a.cookie })).status, 403, title(route));
});

test("another tenant's ids show nothing on any page", async () => {
    for (const route of pages.filter((it) => it.method === "GET" && it.path.includes(":")))
        for (const id of [world.lead.id, world.customer.id, world.a.id]) {
            const answer = await open(route, { id, tenant: world.b, cookie: world.b.cookie });
            assert.ok([403, 404].includes(answer.status), `${title(route)} of ${id}: ${answer.status}`);
            for (const trace of ["needle", world.customer.email, world.a.slug]) assert.ok(!answer.text.includes(trace), `${title(route)} shows ${trace}`);
        }
});
