// Of whose records: every resource whose records have owners, tried by who may see their own,
// their teams' and all, in every way in, by API, page and CSV. The resources and their routes
// come from the areas' own tables: a new one is tried without anyone naming it here.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, port, request } from "../lib/client.mjs";
import { listen } from "../lib/stream.mjs";
import { apiRoutes, areas, bodyOf, resourceNamed } from "../lib/routes.mjs";

const pageRoutes = areas.flatMap((area) => area.routes).filter((it) => ["page", "download"].includes(it.answer));
const resources = areas.flatMap((area) => area.resources).filter((it) => it.owner && it.api);
const world = {};

// Who sees what: me by each scope, a member of my team, and somebody who is no concern of mine.
const sees = { own: ["me"], team: ["me", "mate"], all: ["me", "mate", "other", "nobody"] };
const owners = sees.all;
const allowed = (scope, resource, more = "*") => `${resource.permission}:${more}${scope === "all" ? "" : `@${scope}`}`;
// By keys in turn, since each has a limit of its own of requests a minute.
let turns = 0;
const asOwner = (method, path, options = {}) => request(method, path, { token: world.keys?.[turns++ % world.keys.length] ?? world.tenant.token, ...options });

async function made(path, body) {
    const answer = await asOwner("POST", path, { body });
    assert.equal(answer.status, 201, `POST ${path}: ${answer.text}`);
    return answer.data;
}

before(async () => {
    world.tenant = await makeTenant({ planLevel: 3 });
    const keys = [];
    for (let i = 0; i < 6; i++) keys.push((await made("/api/security/api-keys", { name: `k${i}`, permissions: ["*"] })).key);
    world.keys = keys;
    const role = (key, permissions) => made("/api/rbac/roles", { key, name: key, rank: 10, permissions });
    for (const scope of Object.keys(sees)) await role(`sees_${scope}`, ["users.users:read", "access.audit:*", "insight.dashboard:read", ...resources.map((it) => allowed(scope, it))]);
    world.mate = await makeUser(world.tenant, "customer");
    world.other = await makeUser(world.tenant, "customer");
    world.me = {};
    const team = await made("/api/teams", { name: "Mine" }), theirs = await made("/api/teams", { name: "Theirs" });
    for (const scope of Object.keys(sees)) {
        const me = (world.me[scope] = await makeUser(world.tenant, `sees_${scope}`));
        me.member = await made("/api/team-members", { teamId: team.id, userId: me.id });
        me.cookie = await pageCookie(me.email, password, { tenant: world.tenant.slug });
    }
    await made("/api/team-members", { teamId: team.id, userId: world.mate.id });
    await made("/api/team-members", { teamId: theirs.id, userId: world.other.id });
});

const ownerField = (resource) => resource.fields.find((it) => it.column === resource.owner).name;
const idOf = (owner, me) => (owner === "me" ? me.id : owner === "nobody" ? null : world[owner].id);

// What its required fields refer to is made first, of `me` where that must see it.
async function bodyFor(resource, extra = {}, me = undefined) {
    const maker = apiRoutes.find((it) => it.method === "POST" && it.path === resource.api), body = bodyOf(maker.body);
    for (const field of maker.body.filter((it) => it.required && resourceNamed(it.refers))) {
        const target = resourceNamed(field.refers), list = await asOwner("GET", `${target.api}?limit=1`), own = me && target.owner ? { [ownerField(target)]: me.id } : undefined;
        body[field.name] = (!own && list.data?.[0]?.id) || (await made(target.api, await bodyFor(target, own))).id;
    }
    return { ...body, ...extra };
}

// All that a PUT sends, as the record has it.
const wholeOf = (resource, record) => Object.fromEntries(apiRoutes.find((it) => it.method === "PUT" && it.path === `${resource.api}/:id`).body.filter((it) => !it.readOnly && !it.createOnly).map((it) => [it.name, record[it.name] ?? null]));

// One record of each owner, all of which one search finds; by the tenant's owner.
let marks = 0;
async function settle(resource, scope) {
    const me = world.me[scope], mark = `needle${++marks}x${Date.now().toString(36)}`;
    const named = resource.fields.find((it) => it.searched && ["text", "long"].includes(it.type));
    const records = {};
    for (const owner of owners) records[owner] = await made(resource.api, await bodyFor(resource, { [ownerField(resource)]: idOf(owner, me), ...(named ? { [named.name]: `${mark} ${owner}of` } : {}) }));
    return { me, mark: named && mark, records, shown: sees[scope], hidden: owners.filter((it) => !sees[scope].includes(it)) };
}

const title = (resource, scope, what) => `${resource.name}, ${scope}: ${what}`;
async function each(check) {
    assert.ok(resources.length > 0);
    for (const resource of resources) for (const scope of Object.keys(sees)) await check(resource, scope, await settle(resource, scope));
}
const offers = (resource, method, path) => apiRoutes.some((it) => it.method === method && it.path === path);
const namesIn = (text, mark) => owners.filter((it) => text.includes(`${mark} ${it}of`));

test("lists, their totals, searches, filters, cursors and exports show what one may see", async () => {
    await each(async (resource, scope, { me, mark, records, shown, hidden }) => {
        const get = (query) => request("GET", `${resource.api}${query}`, { token: me.access_token });
        const owned = (list) => owners.filter((it) => list.some((row) => row.id === records[it].id));
        const newest = await get("?limit=100");
        assert.deepEqual(owned(newest.data), shown, title(resource, scope, newest.text));
        for (const owner of hidden) {
            if (owner === "nobody") continue;
            const theirs = await get(`?${ownerField(resource)}=${idOf(owner, me)}`);
            assert.deepEqual([theirs.data, theirs.json.meta.total], [[], 0], title(resource, scope, theirs.text));
        }
        const unowned = await get(`?${ownerField(resource)}[null]=true`);
        assert.equal(unowned.data.length > 0, shown.includes("nobody"), title(resource, scope, "without an owner"));
        // In each order, page by page and by cursor, as in one.
        for (const sort of ["", ...resource.fields.filter((it) => it.sorted).map((it) => `&sort=-${it.name}`)]) {
            const whole = (await get(`?limit=12${sort}`)).data.map((it) => it.id), pages = [], places = [];
            for (let page = 1, after = ""; page <= 3; page++) {
                pages.push(...(await get(`?limit=4&page=${page}${sort}`)).data.map((it) => it.id));
                const part = after === null ? { data: [], json: { meta: { nextCursor: null } } } : await get(`?limit=4${sort}${after && `&after=${after}`}`);
                places.push(...part.data.map((it) => it.id));
                after = part.json.meta.nextCursor;
            }
            assert.deepEqual([pages, places], [whole, whole], title(resource, scope, `pages${sort}`));
        }
        if (!mark) return;
        const found = await get(`?q=${mark}`);
        assert.deepEqual([owned(found.data), found.json.meta.total], [shown, shown.length], title(resource, scope, found.text));
        const walked = [];
        for (let after = ""; after !== null; ) {
            const part = await get(`?q=${mark}&limit=1${after && `&after=${after}`}`);
            walked.push(...part.data);
            after = part.json.meta.nextCursor;
        }
        assert.deepEqual([owned(walked), walked.length], [shown, shown.length], title(resource, scope, "by cursor"));
        if (!offers(resource, "GET", `${resource.api}/export`)) return;
        for (const query of ["", `?q=${mark}`]) assert.deepEqual(namesIn((await get(`/export${query}`)).text, mark), shown, title(resource, scope, `export${query}`));
    });
});

test("what one may not see is not there by its id, and does not change, whoever knows its version", async () => {
    await each(async (resource, scope, { me, records, shown, hidden }) => {
        for (const route of apiRoutes.filter((it) => it.path === `${resource.api}/:id` || (it.path.startsWith(`${resource.api}/:id/`) && it.method === "GET")))
            for (const owner of hidden) {
                const path = route.path.replace(":id", records[owner].id), before_ = await asOwner("GET", `${resource.api}/${records[owner].id}`);
                const body = ["PUT", "PATCH"].includes(route.method) ? { ...(route.method === "PUT" ? wholeOf(resource, before_.data) : {}), [ownerField(resource)]: me.id } : undefined;
                for (const headers of [{}, { [route.method === "GET" ? "if-none-match" : "if-match"]: before_.headers.etag }]) {
                    const answer = await request(route.method, path, { token: me.access_token, body, headers });
                    assert.deepEqual([answer.status, answer.error?.code], [404, "not_found"], title(resource, scope, `${route.method} ${path}: ${answer.text}`));
                }
                assert.deepEqual((await asOwner("GET", `${resource.api}/${records[owner].id}`)).data, before_.data, title(resource, scope, "untouched"));
            }
        for (const owner of shown) {
            const got = await request("GET", `${resource.api}/${records[owner].id}`, { token: me.access_token });
            assert.equal(got.status, 200, title(resource, scope, got.text));
            if (offers(resource, "PATCH", `${resource.api}/:id`)) {
                const changed = await request("PATCH", `${resource.api}/${records[owner].id}`, { token: me.access_token, body: {}, headers: { "if-match": got.headers.etag } });
                assert.equal(changed.status, 200, title(resource, scope, changed.text));
            }
            if (offers(resource, "DELETE", `${resource.api}/:id`))
                assert.equal((await request("DELETE", `${resource.api}/${records[owner].id}`, { token: me.access_token })).status, 204, title(resource, scope, owner));
        }
    });
});

test("of many at once, those that one may not see are not there", async () => {
    await each(async (resource, scope, { me, records, shown }) => {
        if (!offers(resource, "POST", `${resource.api}/bulk`) || !offers(resource, "DELETE", `${resource.api}/:id`)) return;
        const answer = await request("POST", `${resource.api}/bulk`, { token: me.access_token, body: { action: "delete", ids: owners.map((it) => records[it].id) } });
        assert.equal(answer.status, 200, title(resource, scope, answer.text));
        assert.deepEqual(answer.data.results.map((it) => it.status), owners.map((it) => (shown.includes(it) ? 204 : 404)), title(resource, scope, answer.text));
        for (const owner of owners) assert.equal((await asOwner("GET", `${resource.api}/${records[owner].id}`)).status, shown.includes(owner) ? 404 : 200);
    });
});

test("who makes a record owns it, and nobody gives one out of their own sight", async () => {
    await each(async (resource, scope, { me, records, shown }) => {
        const field = ownerField(resource), ask = async (method, path, extra) => request(method, path, { token: me.access_token, body: method === "POST" ? await bodyFor(resource, extra, me) : extra });
        const own = await ask("POST", resource.api, {});
        assert.deepEqual([own.status, own.data?.[field]], [201, me.id], title(resource, scope, own.text));
        for (const owner of owners) {
            const expected = shown.includes(owner) ? [201, 200] : [422, 422];
            const one = await ask("POST", resource.api, { [field]: idOf(owner, me) });
            const given = await ask("PATCH", `${resource.api}/${records.me.id}`, { [field]: idOf(owner, me) });
            assert.deepEqual([one.status, given.status], expected, title(resource, scope, `${owner}: ${one.text} ${given.text}`));
            if (expected[0] === 422) assert.deepEqual([one.error.details[0].code, given.error.details[0].code], ["owner_out_of_sight", "owner_out_of_sight"]);
            await asOwner("PATCH", `${resource.api}/${records.me.id}`, { body: { [field]: me.id } });
        }
        if (!offers(resource, "PUT", `${resource.api}/:id`)) return;
        const whole = wholeOf(resource, (await asOwner("GET", `${resource.api}/${records.me.id}`)).data);
        for (const owner of owners) {
            const replaced = await ask("PUT", `${resource.api}/${records.me.id}`, { ...whole, [field]: idOf(owner, me) });
            assert.equal(replaced.status, shown.includes(owner) ? 200 : 422, title(resource, scope, `${owner} by PUT: ${replaced.text}`));
            await asOwner("PATCH", `${resource.api}/${records.me.id}`, { body: { [field]: me.id } });
        }
    });
});

// ---- by page ----

function open(me, method, path, fields) {
    const origin = `http://${world.tenant.slug}.localhost:${port}`;
    const form = fields && { raw: new URLSearchParams(fields).toString() };
    return request(method, path, { tenant: world.tenant.slug, ...form, headers: { cookie: me.cookie, ...(form ? { origin, "content-type": "application/x-www-form-urlencoded" } : {}) } });
}

test("pages, their CSV, the search across everything and forms show and change what one may see", async () => {
    await each(async (resource, scope, { me, mark, records, shown, hidden }) => {
        if (!resource.page || !mark) return;
        const list = await open(me, "GET", `${resource.page}?q=${mark}`);
        assert.deepEqual(namesIn(list.text, mark), shown, title(resource, scope, "the list page"));
        if (pageRoutes.some((it) => it.path === `${resource.page}/export.csv`))
            assert.deepEqual(namesIn((await open(me, "GET", `${resource.page}/export.csv?q=${mark}`)).text, mark), shown, title(resource, scope, "the page's CSV"));
        assert.deepEqual(namesIn((await open(me, "GET", `/search?q=${mark}`)).text, mark), shown, title(resource, scope, "the search"));
        // What happened last, in words: nothing but what was made just now.
        const told = namesIn((await open(me, "GET", "/admin")).text, mark);
        assert.deepEqual(told.filter((it) => hidden.includes(it)), [], title(resource, scope, "the dashboard"));
        if ((resource.label ?? "name") === "name") assert.deepEqual(told, shown, title(resource, scope, "the dashboard"));
        const csrf = list.text.match(/name="_csrf" value="([^"]*)"/)[1];
        const below = pageRoutes.filter((it) => it.path.startsWith(`${resource.page}/:id`) && !it.path.slice(resource.page.length + 4).includes(":"));
        assert.ok(below.length > 0, title(resource, scope, "no pages"));
        for (const route of below) {
            for (const owner of hidden) {
                const answer = await open(me, route.method, route.path.replace(":id", records[owner].id), route.method === "POST" ? { _csrf: csrf, confirm: "yes" } : undefined);
                assert.equal(answer.status, 404, title(resource, scope, `${route.method} ${route.path} of ${owner}`));
                assert.deepEqual(namesIn(answer.text, mark), [], title(resource, scope, route.path));
            }
            if (route.method === "GET") for (const owner of shown) assert.equal((await open(me, "GET", route.path.replace(":id", records[owner].id))).status, 200, title(resource, scope, `${route.path} of ${owner}`));
        }
        if (!pageRoutes.some((it) => it.path === `${resource.page}/bulk-delete`)) return;
        const ids = owners.map((it) => ["id", records[it].id]);
        const asked = await open(me, "POST", `${resource.page}/bulk-delete`, [["_csrf", csrf], ...ids]);
        assert.deepEqual(namesIn(asked.text, mark), shown, title(resource, scope, "what is asked before deleting many"));
        await open(me, "POST", `${resource.page}/bulk-delete`, [["_csrf", csrf], ["confirm", "yes"], ...ids]);
        for (const owner of owners) assert.equal((await asOwner("GET", `${resource.api}/${records[owner].id}`)).status, shown.includes(owner) ? 404 : 200, title(resource, scope, `${owner} after deleting many`));
    });
});

// ---- what belongs to a record ----

const parts = areas.flatMap((area) => area.resources.filter((it) => it.parent).map((part) => ({ part, parent: resources.find((it) => it.name === part.parent) }))).filter((it) => it.parent);
const partBody = (part) => bodyOf(apiRoutes.find((it) => it.method === "POST" && it.path === part.api).body);
const routesBelow = (routes, path) => routes.filter((it) => it.path === path || it.path.startsWith(`${path}/:`));

test("what belongs to a record is read and written as far as the record is seen", async () => {
    assert.ok(parts.length > 0);
    for (const { part, parent } of parts)
        for (const scope of Object.keys(sees)) {
            const { me, records, shown, hidden } = await settle(parent, scope), rows = {}, csrf = (await open(me, "GET", parent.page)).text.match(/name="_csrf" value="([^"]*)"/)[1];
            const at = (route, owner) => route.path.replace(":id", records[owner].id).replace(/:\w+/, rows[owner]?.id);
            for (const owner of owners) rows[owner] = await made(part.api.replace(":id", records[owner].id), partBody(part));
            const pages = routesBelow(pageRoutes, part.api.replace(parent.api, parent.page));
            for (const owner of hidden) {
                for (const route of routesBelow(apiRoutes, part.api)) {
                    const answer = await request(route.method, at(route, owner), { token: me.access_token, body: ["POST", "PATCH"].includes(route.method) ? partBody(part) : undefined });
                    assert.equal(answer.status, 404, title(part, scope, `${route.method} ${route.path} of ${owner}: ${answer.text}`));
                }
                for (const route of pages) assert.equal((await open(me, route.method, at(route, owner), route.method === "POST" ? { _csrf: csrf, confirm: "yes", ...partBody(part) } : undefined)).status, 404, title(part, scope, `page ${route.method} ${route.path} of ${owner}`));
                const left = await asOwner("GET", part.api.replace(":id", records[owner].id));
                assert.deepEqual(left.data.map((it) => [it.id, it.updatedAt]), [[rows[owner].id, rows[owner].updatedAt]], title(part, scope, "nothing is written"));
            }
            for (const owner of shown) {
                const list = part.api.replace(":id", records[owner].id), call = (method, path, body) => request(method, path, { token: me.access_token, body });
                assert.deepEqual((await call("GET", list)).data.map((it) => it.id), [rows[owner].id]);
                const own = await call("POST", list, partBody(part));
                assert.equal(own.status, 201, title(part, scope, own.text));
                if (offers(part, "PATCH", routesBelow(apiRoutes, part.api).at(-1).path)) assert.equal((await call("PATCH", `${list}/${own.data.id}`, {})).status, 200);
                if (offers(part, "DELETE", routesBelow(apiRoutes, part.api).at(-1).path)) for (const row of [own.data, rows[owner]]) assert.equal((await call("DELETE", `${list}/${row.id}`)).status, 204, title(part, scope, "who may delete the record"));
            }
        }
});

test("who may read a record but not change it writes nothing that belongs to it", async () => {
    for (const { part, parent } of parts) {
        await made("/api/rbac/roles", { key: `looks_${part.table}`, name: "Looks", rank: 10, permissions: [allowed("all", parent, "read"), allowed("own", parent, "update"), allowed("own", parent, "delete"), ...parent.fields.map((it) => it.seenWith).filter(Boolean)] });
        const me = await makeUser(world.tenant, `looks_${part.table}`);
        world.me.looks = me;
        sees.looks = sees.all;
        const { records } = await settle(parent, "looks");
        delete sees.looks;
        const list = part.api.replace(":id", records.other.id), row = await made(list, partBody(part));
        for (const route of routesBelow(apiRoutes, part.api).filter((it) => it.method !== "GET")) {
            const answer = await request(route.method, route.path.replace(":id", records.other.id).replace(/:\w+/, row.id), { token: me.access_token, body: route.method === "DELETE" ? undefined : partBody(part) });
            assert.deepEqual([answer.status, answer.error?.code], [403, "not_yours"], title(part, route.method, answer.text));
        }
        assert.equal((await request("GET", `${list}/${row.id}`, { token: me.access_token })).status, 200);
    }
});

// ---- what a permission is of ----

test("one may see more than one may change: then it is 403, and there is no button", async () => {
    for (const resource of resources.filter((it) => offers(it, "PATCH", `${it.api}/:id`) && offers(it, "DELETE", `${it.api}/:id`))) {
        await made("/api/rbac/roles", { key: `mixed_${resource.table}`, name: "Mixed", rank: 10, permissions: [allowed("all", resource, "read"), allowed("own", resource, "update"), allowed("own", resource, "delete"), allowed("own", resource, "export")] });
        const me = await makeUser(world.tenant, `mixed_${resource.table}`);
        me.cookie = await pageCookie(me.email, password, { tenant: world.tenant.slug });
        world.me.mixed = me;
        sees.mixed = sees.own;
        const { records, mark } = await settle(resource, "mixed");
        delete sees.mixed;
        for (const method of ["PATCH", "DELETE"]) {
            const answer = await request(method, `${resource.api}/${records.other.id}`, { token: me.access_token, body: method === "PATCH" ? {} : undefined });
            assert.deepEqual([answer.status, answer.error?.code], [403, "not_yours"], title(resource, method, answer.text));
        }
        assert.equal((await request("PATCH", `${resource.api}/${records.me.id}`, { token: me.access_token, body: {} })).status, 200);
        if (mark && offers(resource, "GET", `${resource.api}/export`))
            assert.deepEqual(namesIn((await request("GET", `${resource.api}/export?q=${mark}`, { token: me.access_token })).text, mark), ["me"]);
        for (const [owner, there] of [["me", true], ["other", false]])
            assert.equal((await open(me, "GET", `${resource.page}/${records[owner].id}`)).text.includes(`${records[owner].id}/edit`), there, title(resource, owner, "the button to change it"));
    }
});

test("who is taken out of a team loses sight of it at once, with the token and the page that they have", async () => {
    const [resource] = resources, { me, records } = await settle(resource, "team"), path = `${resource.api}/${records.mate.id}`;
    assert.equal((await request("GET", path, { token: me.access_token })).status, 200);
    assert.equal((await asOwner("DELETE", `/api/team-members/${me.member.id}`)).status, 204);
    assert.equal((await request("GET", path, { token: me.access_token })).status, 404);
    assert.equal((await open(me, "GET", `${resource.page}/${records.mate.id}`)).status, 404);
    const { teamId } = me.member;
    me.member = await made("/api/team-members", { teamId, userId: me.id });
    assert.equal((await request("GET", path, { token: me.access_token })).status, 200);
});

test("a key sees what its maker sees, and no more than it was given", async () => {
    const [resource] = resources, { me, records, mark } = await settle(resource, "team");
    await made("/api/rbac/roles", { key: "maker", name: "Maker", rank: 10, permissions: ["access.api_keys:create", allowed("team", resource)] });
    const maker = await makeUser(world.tenant, "maker");
    const key = (permissions) => request("POST", "/api/security/api-keys", { token: maker.access_token, body: { name: "k", permissions } });
    assert.equal((await key([allowed("all", resource, "read")])).error.code, "permission_lacking");
    const own = (await key([allowed("own", resource, "read")])).data.key;
    assert.equal((await asOwner("PATCH", `${resource.api}/${records.me.id}`, { body: { [ownerField(resource)]: maker.id } })).status, 200);
    const list = await request("GET", `${resource.api}?q=${mark}`, { token: own });
    assert.deepEqual(list.data.map((it) => it.id), [records.me.id]);
    assert.equal((await request("GET", `${resource.api}/${records.mate.id}`, { token: own })).status, 404);
    assert.ok(me.id);
});

test("a permission of some records opens nothing that has no owners", async () => {
    await made("/api/rbac/roles", { key: "wild", name: "Wild", rank: 10, permissions: ["*@own"] });
    const wild = await makeUser(world.tenant, "wild");
    for (const route of apiRoutes.filter((it) => it.level === "permission")) {
        const owned = resources.some((it) => route.needs.startsWith(`${it.permission}:`));
        if (owned && route.keepsSight) continue;
        const answer = await request(route.method, route.path.replace(/:\w+/g, wild.id), { token: wild.access_token, ...(route.method === "GET" ? {} : { body: {} }) });
        assert.equal(answer.status, 403, `${route.method} ${route.path}: ${answer.text}`);
    }
    const refused = await request("POST", "/api/rbac/roles", { token: world.tenant.token, body: { key: "vain", name: "Vain", permissions: ["access.roles:read@own"] } });
    assert.deepEqual([refused.status, refused.error.details[0].code], [422, "invalid_permission"]);
});

// ---- what is told of them ----

const toldOf = (records, events) => owners.filter((it) => events.some((event) => event.resource.id === records[it].id));

test("the log, its files and a user's activity tell of what one may see, also of what is gone", async () => {
    await each(async (resource, scope, { me, mark, records, shown, hidden }) => {
        const get = (path) => request("GET", path, { token: me.access_token }), of = `resourceType=${resource.event}&limit=100`;
        const list = await get(`/api/audit/logs?${of}`);
        assert.deepEqual(toldOf(records, list.data), shown, title(resource, scope, list.text));
        const lines = (await get(`/api/audit/logs/export?format=jsonl&resourceType=${resource.event}`)).text.trim().split("\n").map((it) => JSON.parse(it));
        assert.deepEqual(toldOf(records, lines), shown, title(resource, scope, "the file of the log"));
        const page = await open(me, "GET", `/admin/audit?${of}`), file = await open(me, "GET", `/admin/audit/export.csv?resourceType=${resource.event}`);
        assert.equal(page.status, 200);
        for (const owner of hidden) assert.ok(![page, file].some((it) => it.text.includes(records[owner].id) || (mark && it.text.includes(`${mark} ${owner}of`))), title(resource, scope, "pages of the log"));
        for (const owner of owners) {
            const [event] = (await asOwner("GET", `/api/audit/logs?resourceId=${records[owner].id}`)).data;
            assert.equal((await get(`/api/audit/logs/${event.id}`)).status, shown.includes(owner) ? 200 : 404, title(resource, scope, owner));
            assert.equal((await open(me, "GET", `/admin/audit/${event.id}`)).status, shown.includes(owner) ? 200 : 404);
        }
        const did = (await get(`/api/platform-users/${(await asOwner("GET", "/api/platform-users/owners")).data[0].id}/activity?limit=100`)).data;
        for (const owner of hidden) assert.ok(!did.some((it) => it.resource.id === records[owner].id), title(resource, scope, "activity"));
        if (!offers(resource, "DELETE", `${resource.api}/:id`)) return;
        for (const owner of owners) assert.equal((await asOwner("DELETE", `${resource.api}/${records[owner].id}`)).status, 204);
        const gone = await get(`/api/audit/logs?type=${resource.event}.deleted&limit=100`);
        assert.deepEqual(toldOf(records, gone.data), shown, title(resource, scope, `deleted: ${gone.text}`));
    });
});

test("the stream tells of what one may see", async () => {
    for (const scope of Object.keys(sees)) {
        const me = world.me[scope], stream = await listen({ token: me.access_token }), settled = [];
        for (const resource of resources) settled.push([resource, await settle(resource, scope)]);
        const [resource] = resources, last = await made(resource.api, await bodyFor(resource, { [ownerField(resource)]: me.id }));
        assert.ok(await stream.until((it) => it.type === "event" && it.event.resource.id === last.id), `${scope}: the stream ended`);
        await stream.stop();
        const heard = stream.type("event").map((it) => it.event);
        for (const [one, { records, shown }] of settled) assert.deepEqual(toldOf(records, heard), shown, title(one, scope, "the stream"));
    }
});

test("who may not read a kind of record is told of none in the log", async () => {
    await made("/api/rbac/roles", { key: "reads_log", name: "Reads the log", rank: 10, permissions: ["access.audit:*"] });
    const reader = await makeUser(world.tenant, "reads_log"), words = resources.map((it) => it.event);
    const list = await request("GET", "/api/audit/logs?limit=100", { token: reader.access_token });
    assert.equal(list.status, 200, list.text);
    assert.ok(list.data.length > 0 && list.data.every((it) => !words.includes(it.resource.type)), list.text.slice(0, 500));
    for (const word of words) assert.deepEqual((await request("GET", `/api/audit/logs?resourceType=${word}`, { token: reader.access_token })).data, [], word);
});

// ---- giving ----

test("own is narrower than team, team than all: nobody gives or enters what is wider than theirs", async () => {
    const [resource] = resources, role = (key, permissions, token) => request("POST", "/api/rbac/roles", { token, body: { key, name: key, rank: 1, permissions } });
    await made("/api/rbac/roles", { key: "giver", name: "Giver", rank: 20, permissions: ["access.roles:*", "users.users:*", "users.admins:*", "users.teams:*", allowed("team", resource)] });
    const giver = await makeUser(world.tenant, "giver");
    for (const [scope, status] of [["own", 201], ["team", 201], ["all", 403]]) {
        const answer = await role(`given_${scope}`, [allowed(scope, resource, "read")], giver.access_token);
        assert.equal(answer.status, status, `${scope}: ${answer.text}`);
    }
    // What is another's own is not the giver's own: who sets a password enters.
    const clerk = await makeUser(world.tenant, "given_own");
    const entered = await request("PATCH", `/api/platform-users/${clerk.id}`, { token: giver.access_token, body: { password: "a long new passphrase" } });
    assert.deepEqual([entered.status, entered.error?.code], [403, "permission_lacking"], entered.text);
    // A team opens its members' records to each other: who lacks them all lets nobody in, themselves included.
    const [team] = (await asOwner("GET", "/api/teams?name=Theirs")).data;
    const joined = await request("POST", "/api/team-members", { token: giver.access_token, body: { teamId: team.id, userId: giver.id } });
    assert.deepEqual([joined.status, joined.error?.code], [403, "permission_lacking"], joined.text);
});

test("on the form of a role one ticks what it may, and with whose records, without scripts", async () => {
    const owner = { cookie: await pageCookie(`owner@${world.tenant.slug}.test`, password, { tenant: world.tenant.slug }) };
    for (const [key, permissions] of [["chosen", ["crm.leads:read", "crm.leads:update@own", "portal.*"]], ["wide", ["crm.*:read"]]]) await made("/api/rbac/roles", { key, name: "Chosen", rank: 5, permissions });
    const roleNamed = async (key) => (await asOwner("GET", `/api/rbac/roles?key=${key}`)).data[0];
    const csrf = (form) => form.match(/name="_csrf" value="([^"]*)"/)[1];
    const sent = (form) => ({
        ...Object.fromEntries([...form.matchAll(/<select[^>]*name="(may\/[^"]*)"[^>]*>(.*?)<\/select>/gs)].map(([, name, options]) => [name, options.match(/value="(\w+)" selected/)?.[1] ?? "none"])),
        ...Object.fromEntries([...form.matchAll(/name="(may\/[^"]*)" value="on"[^>]* checked/g)].map(([, name]) => [name, "on"])),
    });
    const save = async (key, choices) => {
        const role = await roleNamed(key), form = (await open(owner, "GET", `/admin/roles/${role.id}/edit`)).text;
        for (const resource of resources) assert.match(form, new RegExp(`<select[^>]*name="may/${resource.permission}:read"`));
        return open(owner, "POST", `/admin/roles/${role.id}`, { _csrf: csrf(form), _cells: "yes", name: "Chosen", rank: "5", ...sent(form), ...choices });
    };
    const has = async (key, ...some) => assert.deepEqual((await roleNamed(key)).permissions.filter((it) => !it.startsWith("portal.")).sort(), some.sort());
    assert.equal((await save("chosen", {})).status, 303);
    assert.deepEqual((await roleNamed("chosen")).permissions, ["crm.leads:read", "crm.leads:update@own", "portal.*"], "what was not touched stays");
    assert.equal((await save("chosen", { "may/crm.leads:read": "team", "may/crm.deals:read": "own" })).status, 303);
    await has("chosen", "crm.leads:read@team", "crm.leads:update@own", "crm.deals:read@own");
    assert.equal((await save("chosen", { "may/crm.leads:read": "none", "may/crm.leads:update": "none" })).status, 303);
    await has("chosen", "crm.deals:read@own");
    const begun = (await open(owner, "GET", "/admin/roles/new?from=staff")).text;
    assert.ok(Object.keys(sent(begun)).some((it) => it === "may/crm.leads:read"), "begun with what staff may");
    const fresh = { _csrf: csrf(begun), _cells: "yes", name: "Front desk", rank: "5", "may/crm.leads:read": "all", "may/users.users:read": "on" };
    for (const key of ["front_desk", "front_desk_2"]) {
        assert.equal((await open(owner, "POST", "/admin/roles", fresh)).status, 303);
        await has(key, "crm.leads:read", "users.users:read");
    }
    assert.match((await open(owner, "GET", "/admin/roles")).text, /Built-in roles.*Administrator.*\d+ (person|people).*Copy/s);
});

test("teams and their members are made and shown by page, by name, without scripts", async () => {
    const owner = { cookie: await pageCookie(`owner@${world.tenant.slug}.test`, password, { tenant: world.tenant.slug }) };
    const [team] = (await asOwner("GET", "/api/teams?name=Theirs")).data, path = `/admin/teams/${team.id}`;
    const page = await open(owner, "GET", `${path}?q=${encodeURIComponent(world.mate.email)}`);
    const csrf = page.text.match(/name="_csrf" value="([^"]*)"/)[1];
    assert.ok(page.text.includes(world.other.email) && page.text.includes(`value="${world.mate.id}"`), page.text);
    assert.equal((await open(owner, "POST", `${path}/members`, { _csrf: csrf, userId: world.mate.id })).status, 303);
    const after = await open(owner, "GET", path), remove = after.text.match(new RegExp(`${path}/members/[0-9a-f-]+`, "g"));
    assert.ok(after.text.includes(world.mate.email) && remove.length === 2, after.text);
    for (const it of remove) assert.equal((await open(owner, "POST", it, { _csrf: csrf })).status, 303);
    assert.equal((await asOwner("GET", `/api/team-members?teamId=${team.id}`)).json.meta.total, 0);
});
