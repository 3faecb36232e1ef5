// Of whose records an import may be: every resource that imports and whose records have owners, by
// who may see and change their own, their teams' and all. A file reaches no further than its sender,
// by whatever key: what they do not see is not there, and what they may only see stays as it is.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, request } from "../lib/client.mjs";
import { apiRoutes, areas, bodyOf, resourceNamed } from "../lib/routes.mjs";

const imports = (it) => apiRoutes.some((route) => route.method === "POST" && route.path === `${it.api}/import`);
const resources = areas.flatMap((area) => area.resources).filter((it) => it.owner && it.api && imports(it));
const sees = { own: ["me"], team: ["me", "mate"], all: ["me", "mate", "other", "nobody"] }, owners = sees.all;
const scoped = (it, verb, scope) => `${it.permission}:${verb}${scope === "all" ? "" : `@${scope}`}`;
const world = { people: {} };
const asOwner = (method, path, options = {}) => request(method, path, { token: world.tenant.token, ...options });

async function made(path, body) {
    const answer = await asOwner("POST", path, { body });
    assert.equal(answer.status, 201, `POST ${path}: ${answer.text}`);
    return answer.data;
}

before(async () => {
    assert.ok(resources.length >= 4, "there are such resources");
    world.tenant = await makeTenant({ planLevel: 3 });
    const kinds = {
        ...Object.fromEntries(Object.keys(sees).map((scope) => [scope, (it) => [scoped(it, "*", scope), `${it.permission}:import`]])), // imports show all their rows to whoever may import
        watcher: (it) => [`${it.permission}:read`, `${it.permission}:create`, `${it.permission}:import`, `${it.permission}:update@own`],
        reader: (it) => [`${it.permission}:read`, `${it.permission}:import`],
        blind: (it) => [`${it.permission}:import`],
    };
    const team = await made("/api/teams", { name: "Mine" });
    for (const [name, permissions] of Object.entries(kinds)) {
        await made("/api/rbac/roles", { key: `imp_${name}`, name, rank: 10, permissions: resources.flatMap(permissions) });
        world.people[name] = await makeUser(world.tenant, `imp_${name}`);
        await made("/api/team-members", { teamId: team.id, userId: world.people[name].id });
    }
    world.mate = await makeUser(world.tenant, "customer");
    world.other = await makeUser(world.tenant, "customer");
    await made("/api/team-members", { teamId: team.id, userId: world.mate.id });
});

// With `me`, what it refers to is theirs: else the reference itself would be refused.
async function bodyFor(resource, extra, me) {
    const maker = apiRoutes.find((it) => it.method === "POST" && it.path === resource.api), body = bodyOf(maker.body);
    for (const field of maker.body.filter((it) => it.required && resourceNamed(it.refers))) {
        const target = resourceNamed(field.refers), owner = target.fields.find((it) => it.column === target.owner)?.name;
        if (me && owner) {
            body[field.name] = (await made(target.api, await bodyFor(target, { [owner]: me.id }))).id;
            continue;
        }
        const list = await asOwner("GET", `${target.api}?limit=1`);
        body[field.name] = list.data?.[0]?.id ?? (await made(target.api, await bodyFor(target, {}))).id;
    }
    return { ...body, ...extra };
}

// One record of each owner; what the file would make of each; who sent it.
let marks = 0;
async function settle(resource, me) {
    const named = resource.fields.find((it) => it.required && it.searched && it.type === "text"), mark = `q${++marks}x${Date.now().toString(36)}`;
    const owner = resource.fields.find((it) => it.column === resource.owner).name, records = {};
    for (const it of owners) {
        const body = await bodyFor(resource, { [named.name]: `${mark} ${it}`, [owner]: it === "me" ? me.id : it === "nobody" ? null : world[it].id });
        records[it] = await made(resource.api, body);
    }
    return { named: named.name, mark, records };
}
const send = (resource, me, raw, query) => request("POST", `${resource.api}/import${query}`, { token: me.access_token, raw, headers: { "content-type": "text/csv" } });
const namesNow = async (resource, named, records) => Object.fromEntries(await Promise.all(owners.map(async (it) => [it, (await asOwner("GET", `${resource.api}/${records[it].id}`)).data[named]])));

async function each(names, check) {
    for (const resource of resources) for (const name of names) await check(resource, name, world.people[name]);
}

test("an_update_by_id_reaches_what_one_may_change_and_nothing_else", async () => {
    await each([...Object.keys(sees), "watcher", "reader", "blind"], async (resource, name, me) => {
        const { named, mark, records } = await settle(resource, me), may = sees[name] ?? (name === "watcher" ? ["me"] : []);
        const raw = `id,${named}\r\n${owners.map((it) => `${records[it].id},${mark} changed ${it}\r\n`).join("")}`;
        const sent = await send(resource, me, raw, "?mode=update&key=id");
        const title = `${resource.name}, ${name}: ${sent.text.slice(0, 600)}`;
        assert.equal(sent.status, 202, title);
        assert.deepEqual([sent.data.updated, sent.data.created, sent.data.refused.map((it) => it.line)], [may.length, 0, owners.flatMap((it, at) => (may.includes(it) ? [] : [at + 2]))], title);
        assert.deepEqual(await namesNow(resource, named, records), Object.fromEntries(owners.map((it) => [it, may.includes(it) ? `${mark} changed ${it}` : `${mark} ${it}`])), title);
        const seen = sees[name] ?? (name === "blind" ? [] : owners);
        assert.deepEqual(sent.data.refused.filter((it) => it.code === "no_such_record").length, owners.length - seen.length, title);
    });
});

test("a_key_finds_no_record_that_one_does_not_see", async () => {
    await each(Object.keys(sees), async (resource, name, me) => {
        const { named, mark, records } = await settle(resource, me);
        const raw = `${named}\r\n${owners.map((it) => `${mark} ${it}\r\n`).join("")}`;
        const sent = await send(resource, me, raw, `?mode=update&key=${named}`);
        if (sent.status === 422 && sent.error.details.some((it) => it.field === "key")) return; // is no key there
        const title = `${resource.name}, ${name}: ${sent.text.slice(0, 600)}`;
        assert.deepEqual([sent.data.updated, sent.data.refused.map((it) => it.code)], [sees[name].length, owners.filter((it) => !sees[name].includes(it)).map(() => "no_such_record")], title);
        assert.deepEqual(await namesNow(resource, named, records), Object.fromEntries(owners.map((it) => [it, `${mark} ${it}`])), title);
    });
});

test("who_may_not_make_or_give_away_a_record_does_not_by_a_file", async () => {
    await each(["reader", "blind", "own", "team"], async (resource, name, me) => {
        const { named, mark } = await settle(resource, me), body = await bodyFor(resource, {}, me);
        const owner = resource.fields.find((it) => it.column === resource.owner).name;
        const titles = [...new Set([...Object.keys(body), named, owner])];
        const line = (of) => titles.map((it) => (it === named ? `${mark} new` : it === owner ? of : (body[it] ?? ""))).join(",");
        const sent = await send(resource, me, `${titles.join(",")}\r\n${line(world.other.id)}\r\n${line(me.id)}\r\n`, "");
        const made = name === "own" || name === "team" ? 1 : 0;
        assert.deepEqual([sent.status, sent.data?.created, sent.data?.refusedCount], [202, made, 2 - made], `${resource.name}, ${name}: ${sent.text.slice(0, 600)}`);
        const there = (await asOwner("GET", `${resource.api}?limit=100&q=${mark}`)).data.filter((it) => it[named] === `${mark} new`);
        assert.deepEqual(there.map((it) => it[owner]), made ? [me.id] : [], `${resource.name}, ${name}`);
    });
});
