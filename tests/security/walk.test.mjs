// Every route of every area, tried from where it must not work. The routes come
// from the areas' own tables: a new one is tried without anyone naming it here.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { folder, login, makeTenant, makeUser, operator, request } from "../lib/client.mjs";
import { sampleOf } from "../lib/files.mjs";
import { apiRoutes, bodyOf, queryOf, resourceNamed } from "../lib/routes.mjs";
import { seedBulkRun, seedIdentity, seedNotification } from "../lib/seed.mjs";

// TEST_AREA: the routes of this area alone, where those of the others are walked anyway.
const guarded = apiRoutes.filter((it) => it.level !== "public" && [undefined, it.area].includes(process.env.TEST_AREA));
const writes = (route) => ["POST", "PUT", "PATCH"].includes(route.method);
const world = {};

function call(route, path, options = {}) {
    const upload = route.upload ? sampleOf(route) : {};
    const body = writes(route) && !route.upload ? bodyOf(route.body, { method: route.method }) : undefined;
    return request(route.method, path + queryOf(route.query), { body, ...upload, ...options, headers: { ...upload.headers, ...options.headers } });
}

const plain = (route) => route.path.replace(/:\w+/g, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
const title = (route) => `${route.method} ${route.path}`;

before(async () => {
    world.a = await makeTenant({ planLevel: 3 }); // with every feature, so that all can be made
    world.b = await makeTenant();
    world.customer = await makeUser(world.a, "customer", { kind: "customer" });
    world.admin = await makeUser(world.a, "admin", { kind: "admin" });
    world.operator = await operator();
    world.ids = new Map();
    // What is made by an upload has no example.
    const file = { raw: `email,name\nwalked@${world.a.slug}.test,Walked\n`, headers: { "content-type": "text/csv" } };
    await request("POST", "/api/platform-users/bulk-import", { token: world.a.token, ...file });
    for (const route of apiRoutes.filter((it) => it.method === "POST" && it.upload && it.path.endsWith("/import")))
        assert.equal((await call(route, route.path, { token: world.a.token, raw: route.sample })).status, 202, title(route));
    // What only a sign-in at a provider makes.
    await seedIdentity(folder, world.a.id, world.customer.id);
    await seedNotification(folder, world.a.id, world.a.owner.user.id);
    await seedBulkRun(folder, world.a.id, world.a.owner.user.id);
    // One of each kind, so that each list of a kind has an id to try.
    const maker = apiRoutes.find((it) => it.method === "POST" && it.path === "/api/platform-users");
    for (const kind of maker.body.find((it) => it.name === "kind").choices)
        await request("POST", maker.path, { token: world.a.token, body: { ...bodyOf(maker.body), kind } });
});

// An id of tenant A below a collection: of what is made there from the examples,
// else of what the list shows, else of a user.
async function idBelow(collection) {
    if (!world.ids.has(collection)) world.ids.set(collection, await findId(collection));
    return world.ids.get(collection);
}

// "/api/tenants/:id/domains" is the route of a collection below a tenant.
const leadsTo = (route, method, path) => route.method === method && new RegExp(`^${route.path.replace(/:\w+/g, "[0-9a-f-]{36}")}$`).test(path);

// Its required references name what is there.
async function madeOf(route) {
    const refers = (route.body ?? []).filter((it) => it.required && resourceNamed(it.refers));
    if (route.upload || refers.length === 0) return {};
    const ids = await Promise.all(refers.map(async (it) => [it.name, await idBelow(resourceNamed(it.refers).api)]));
    return { body: { ...bodyOf(route.body, { method: route.method }), ...Object.fromEntries(ids) } };
}

// What an action must be told is right, so that its record alone is not there.
const toldTo = (route) => (route.method === "POST" ? madeOf(route) : {});

async function findId(collection) {
    if (collection === "/api/tenants") return world.a.id;
    const maker = apiRoutes.find((it) => leadsTo(it, "POST", collection));
    if (maker) {
        const made = await call(maker, collection, { token: world.a.token, ...(await madeOf(maker)) });
        if (made.status === 201) return made.data.id;
    }
    const lister = apiRoutes.find((it) => leadsTo(it, "GET", collection));
    const list = lister ? await request("GET", collection, { token: world.a.token }) : undefined;
    return list?.data?.[0]?.id ?? world.customer.id;
}

async function pathWithIds(route) {
    let path = "";
    for (const part of route.path.split("/").slice(1)) path += `/${part.startsWith(":") ? await idBelow(path) : part}`;
    return path;
}

test("without a token every guarded route answers 401", async () => {
    for (const route of guarded) {
        const answer = await call(route, plain(route));
        assert.equal(answer.status, 401, `${title(route)}: ${answer.text}`);
        assert.equal(answer.error.code, "not_signed_in");
    }
});

test("a token of one tenant at another's host or header answers 403 tenant_mismatch", async () => {
    for (const route of guarded)
        for (const options of [{ tenant: world.b.slug }, { headers: { "x-tenant-slug": world.b.slug } }, { headers: { "x-tenant-id": world.b.id } }]) {
            const answer = await call(route, plain(route), { token: world.a.token, ...options });
            assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
            assert.equal(answer.error.code, "tenant_mismatch");
        }
});

test("an operator's token in a tenant answers 403, a tenant's token on platform routes too", async () => {
    for (const route of guarded) {
        const inside = await call(route, plain(route), { token: world.operator, tenant: world.a.slug });
        assert.equal(inside.status, 403, `${title(route)}: ${inside.text}`);
        if (route.scope !== "platform") continue;
        const outside = await call(route, plain(route), { token: world.a.token });
        assert.equal(outside.status, 403, `${title(route)}: ${outside.text}`);
    }
});

test("a role without the permission answers 403", async () => {
    for (const route of guarded.filter((it) => it.level === "permission")) {
        const answer = await call(route, plain(route), { token: world.customer.access_token });
        assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
    }
});

test("an id of another tenant answers 404, and nothing of it is seen or changed", async () => {
    for (const route of guarded.filter((it) => it.path.includes(":"))) {
        const path = await pathWithIds(route);
        const answer = await call(route, path, { token: world.b.token, ...(await toldTo(route)) });
        const barred = route.needs?.startsWith("platform.") || route.scope === "platform";
        assert.equal(answer.status, barred ? 403 : 404, `${title(route)} as ${path}: ${answer.text}`);
    }
});

// Else the test above would be content with ids that nobody has.
test("the ids that are tried are there for their own tenant", async () => {
    for (const route of guarded.filter((it) => it.path.includes(":") && it.method === "GET" && it.scope !== "platform")) {
        const path = await pathWithIds(route);
        const setter = apiRoutes.find((it) => it.method === "POST" && it.upload && it.path === route.path); // of a field that is a file
        if (setter) assert.equal((await call(setter, path, { token: world.a.token })).status, setter.status, title(setter));
        const answer = await call(route, path, { token: world.a.token });
        if (!setter && answer.error?.message === "There is no file.") continue; // the record was found, and another place puts it there
        assert.notEqual(answer.status, 404, `${title(route)} as ${path}: ${answer.text}`);
    }
});

test("lists show nothing of another tenant", async () => {
    const secret = `needle-${Date.now()}`;
    await request("POST", "/api/crm/leads", { token: world.a.token, body: { name: secret } });
    for (const route of guarded.filter((it) => it.method === "GET" && !it.path.includes(":"))) {
        const answer = await call(route, route.path, { token: world.b.token });
        assert.ok(answer.status < 500, `${title(route)}: ${answer.text}`);
        for (const trace of [secret, world.a.id, world.customer.email])
            assert.ok(!answer.text.includes(trace), `${title(route)} shows ${trace}`);
    }
    for (const path of [`/api/crm/leads?q=${secret}`, `/api/crm/leads?name=${secret}`, `/api/crm/leads/export?q=${secret}`])
        assert.ok(!(await request("GET", path, { token: world.b.token })).text.includes(secret), path);
});

test("a signed-out session answers 401 on every route at once", async () => {
    const session = await login(world.customer.email, "correct horse battery", { tenant: world.a.slug });
    assert.equal((await request("POST", "/api/auth/logout", { token: session.access_token })).status, 204);
    for (const route of guarded) {
        const answer = await call(route, plain(route), { token: session.access_token });
        assert.equal(answer.status, 401, `${title(route)}: ${answer.text}`);
    }
});

// What a key may look at without a permission is what it did itself: nothing yet, though its maker did something.
function isOfKeyAlone(route, answer) {
    if (!route.forKeys) return false;
    assert.ok(answer.status === 404 || (answer.status === 200 && answer.data.length === 0), `${title(route)}: ${answer.text}`);
    return true;
}
const makeKey = async (tenant, permissions) => (await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "walk", permissions } })).data;

test("an API key opens no route of its maker's own account, and none without its permission", async () => {
    const { key } = await makeKey(world.a, ["crm.leads:read"]);
    for (const route of guarded.filter((it) => it.needs !== "crm.leads:read")) {
        const answer = await call(route, plain(route), { token: key });
        const own = route.level !== "permission" || route.inPerson;
        if (isOfKeyAlone(route, answer)) continue;
        assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
        if (own) assert.equal(answer.error.code, "api_key_refused", title(route));
        else assert.ok(["permission_missing", "wrong_audience"].includes(answer.error.code), `${title(route)}: ${answer.text}`);
    }
});

test("an API key of all permissions opens nothing of its maker's own, and nothing of the platform", async () => {
    const { key } = await makeKey(world.a, ["*"]);
    for (const route of guarded.filter((it) => it.level !== "permission" || it.inPerson || it.scope === "platform")) {
        const answer = await call(route, plain(route), { token: key });
        if (!isOfKeyAlone(route, answer)) assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
    }
});

test("an API key of one tenant at another's host or header answers 403 tenant_mismatch", async () => {
    const { key } = await makeKey(world.a, ["*"]);
    for (const route of guarded)
        for (const options of [{ tenant: world.b.slug }, { headers: { "x-tenant-slug": world.b.slug } }, { headers: { "x-tenant-id": world.b.id } }]) {
            const answer = await call(route, plain(route), { token: key, ...options });
            assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
            assert.equal(answer.error.code, "tenant_mismatch");
        }
});

test("by API key an id of another tenant answers 404", async () => {
    const { key } = await makeKey(world.b, ["*"]);
    for (const route of guarded.filter((it) => it.path.includes(":") && it.level === "permission" && !it.inPerson)) {
        const path = await pathWithIds(route);
        const answer = await call(route, path, { token: key, ...(await toldTo(route)) });
        const barred = route.needs?.startsWith("platform.") || route.scope === "platform";
        assert.equal(answer.status, barred ? 403 : 404, `${title(route)} as ${path}: ${answer.text}`);
    }
});

test("a revoked API key answers 401 on every route at once", async () => {
    const { id, key } = await makeKey(world.a, ["*"]);
    assert.equal((await request("GET", "/api/crm/leads", { token: key })).status, 200);
    assert.equal((await request("POST", `/api/security/api-keys/${id}/revoke`, { token: world.a.token })).status, 200);
    for (const route of guarded) {
        const answer = await call(route, plain(route), { token: key });
        assert.equal(answer.status, 401, `${title(route)}: ${answer.text}`);
        assert.equal(answer.error.code, "api_key_revoked");
    }
});

test("in a suspended tenant nobody but the owner reads, and nobody changes", async () => {
    const suspended = await makeTenant();
    const admin = await makeUser(suspended, "admin", { kind: "admin" });
    await request("POST", `/api/tenants/${suspended.id}/suspend`, { token: world.operator, body: { reason: "test" } });
    for (const route of guarded.filter((it) => it.scope !== "platform" && !it.suspended)) {
        const answer = await call(route, plain(route), { token: admin.access_token });
        assert.equal(answer.status, 403, `${title(route)}: ${answer.text}`);
        if (route.method === "GET") continue;
        const owner = await call(route, plain(route), { token: suspended.token });
        assert.equal(owner.status, 403, `${title(route)} as owner: ${owner.text}`);
    }
    assert.equal((await request("GET", "/api/crm/leads", { token: suspended.token })).status, 200);
    const page = await request("POST", "/api/auth/login", { tenant: suspended.slug, body: { email: admin.email, password: "correct horse battery" } });
    assert.equal(page.status, 401, "only the owner signs in to a suspended tenant");
});
