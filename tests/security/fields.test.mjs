// Fields that only some may see or change: each of every resource, tried by who lacks its
// permission in every way in, by API, page, CSV and audit log. They come from the areas' own tables.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { apiRoutes, areas, bodyOf, exampleOf, resourceNamed } from "../lib/routes.mjs";

// What is personal is its owner's in every way in: there is nobody to whom it would be shown in part.
const resources = areas.flatMap((area) => area.resources).filter((it) => it.api && !it.personal && it.scope === "tenant" && it.fields.some((field) => field.seenWith || field.changedWith));
const world = {};
const asOwner = (method, path, options = {}) => request(method, path, { token: world.tenant.token, ...options });

// A value that stands in no other place, in every number and text of it.
const number = 7654321, word = "qzunseenzq";
function marked(field) {
    if (["int", "basisPoints"].includes(field.type)) return field.max && field.max < number ? field.max : number;
    if (field.type === "money") return number;
    if (field.type === "array" && field.fields) return [Object.fromEntries(field.fields.map((it) => [it.name, marked(it)]))];
    return ["text", "long"].includes(field.type) ? word : exampleOf(field);
}
const isTold = (text) => text.includes(word) || text.replace(/[.,’\u00a0]/g, "").includes(String(number));

async function bodyFor(resource) {
    const maker = apiRoutes.find((it) => it.method === "POST" && it.path === resource.api), body = bodyOf(maker.body);
    for (const field of maker.body.filter((it) => it.required && resourceNamed(it.refers))) {
        const target = resourceNamed(field.refers);
        const made = await asOwner("POST", target.api, { body: await bodyFor(target) });
        assert.equal(made.status, 201, made.text);
        body[field.name] = made.data.id;
    }
    return body;
}

const limited = (resource) => resource.fields.filter((it) => it.seenWith || it.changedWith);
const unseen = (resource) => resource.fields.filter((it) => it.seenWith);
const written = (resource) => limited(resource).filter((it) => !it.readOnly);
const needed = (field) => field.changedWith ?? field.seenWith;
async function settle(resource) {
    const body = await bodyFor(resource);
    for (const field of written(resource)) body[field.name] = marked(field);
    const made = await asOwner("POST", resource.api, { body });
    assert.equal(made.status, 201, `${resource.name}: ${made.text}`);
    return { record: made.data, body };
}
async function each(check) {
    assert.ok(resources.length > 0, "there are such fields");
    for (const resource of resources) await check(resource, await settle(resource));
}
const whole = async (resource, id) => (await asOwner("GET", `${resource.api}/${id}`)).data;
const page = (path, options = {}) => request(options.raw ? "POST" : "GET", path, { tenant: world.tenant.slug, ...options, headers: { cookie: world.blind.cookie, ...options.headers } });
const form = { "content-type": "application/x-www-form-urlencoded" };

before(async () => {
    world.tenant = await makeTenant({ planLevel: 3 });
    const verbs = ["read", "create", "update", "delete", "export"];
    const all = resources.flatMap((resource) => verbs.map((it) => `${resource.permission}:${it}`));
    const role = (key, permissions) => asOwner("POST", "/api/rbac/roles", { body: { key, name: key, rank: 10, permissions } });
    const extras = [...new Set(resources.flatMap((resource) => limited(resource).flatMap((it) => [it.seenWith, it.changedWith]).filter(Boolean)))];
    for (const [key, permissions] of [["blind", ["access.audit:*", ...all]], ["seeing", [...all, ...extras]], ["narrow", [...all, ...extras.map((it) => `${it}@own`)]]]) {
        const made = await role(key, permissions);
        assert.equal(made.status, 201, made.text);
        world[key] = await makeUser(world.tenant, key);
    }
    world.blind.cookie = await pageCookie(world.blind.email, password, { tenant: world.tenant.slug });
});

test("who_may_not_see_a_field_meets_its_value_nowhere", async () => {
    await each(async (resource, { record }) => {
        const get = (path) => request("GET", path, { token: world.blind.access_token });
        const one = `${resource.api}/${record.id}`;
        for (const path of [one, `${resource.api}?limit=100`, `${resource.api}?limit=100&q=${word}`, `${resource.api}?q=${number}`, `${resource.api}/export`,
            "/api/audit/logs?limit=50&fields=type,data", "/api/audit/logs/export", "/api/audit/logs/export?format=jsonl", "/api/search?q=" + word]) {
            const answer = await get(path);
            assert.ok(answer.status === 200 || answer.status === 404, `${path}: ${answer.text}`);
            assert.ok(!isTold(answer.text), `${path}: ${answer.text.slice(0, 400)}`);
        }
        for (const field of unseen(resource)) {
            assert.ok(!(field.name in (await get(one)).data), `${resource.name}.${field.name}`);
            assert.ok(field.name in (await whole(resource, record.id)), "its owner has it");
            const value = encodeURIComponent(Array.isArray(marked(field)) ? "x" : marked(field));
            const asked = [`${resource.api}?fields=${field.name}`, `${one}?fields=${field.name}`, `${resource.api}?sort=${field.name}`, `${resource.api}?sort=-${field.name}`,
                ...["", "[ne]", "[gte]", "[lt]", "[in]", "[null]"].map((it) => `${resource.api}?${field.name}${it}=${value}`), `${resource.api}/export?${field.name}=${value}`];
            for (const path of asked) {
                const answer = await get(path);
                assert.deepEqual([answer.status, answer.error?.code, answer.error?.details?.[0]?.field], [403, "permission_missing", field.name], `${path}: ${answer.text}`);
            }
        }
        for (const path of resource.page ? [resource.page, `${resource.page}/${record.id}`, `${resource.page}/${record.id}/edit`, `${resource.page}/new`, `${resource.page}/export.csv`, "/admin/audit"] : []) {
            const answer = await page(path);
            assert.ok(answer.status === 200 && !isTold(answer.text), `${path}: ${answer.status}`);
            for (const field of unseen(resource)) assert.ok(!new RegExp(`(name="${field.name}[\\["]|>${field.label}<)`).test(answer.text), `${path} names ${field.name}`);
        }
        const events = (await get(`/api/audit/logs?resourceId=${record.id}&fields=id`)).data;
        assert.ok(events.length > 0, "its making is an event");
        for (const event of events) {
            for (const path of [`/api/audit/logs/${event.id}`]) assert.ok(!isTold((await get(path)).text), path);
            assert.ok(!isTold((await page(`/admin/audit/${event.id}`)).text));
        }
        if (unseen(resource).length > 0) assert.ok(isTold((await asOwner("GET", `/api/audit/logs/${events[0].id}`)).text), "its owner reads it there");
    });
});

test("who_may_not_change_a_field_is_told_so_and_changes_the_others_alone", async () => {
    await each(async (resource, { record, body }) => {
        const send = (method, path, sent) => request(method, path, { token: world.blind.access_token, body: sent });
        const one = `${resource.api}/${record.id}`, before = await whole(resource, record.id);
        for (const field of written(resource)) {
            const other = ["int", "basisPoints", "money"].includes(field.type) ? 1 : marked(field);
            for (const [method, path, more] of [["POST", resource.api, body], ["PATCH", one, {}]]) {
                const answer = await send(method, path, { ...Object.fromEntries(Object.entries(more).filter(([name]) => !limited(resource).some((it) => it.name === name))), [field.name]: other });
                assert.deepEqual([answer.status, answer.error?.code, answer.error?.details?.[0]?.field], [403, "permission_missing", field.name], `${method} ${field.name}: ${answer.text}`);
                assert.ok(answer.error.message.includes(needed(field)));
            }
        }
        assert.deepEqual(await whole(resource, record.id), before, "nothing was changed");
        // What is seen may be sent back as it is, and what is not seen cannot be.
        const mine = await request("GET", one, { token: world.blind.access_token });
        const put = await request("PUT", one, { token: world.blind.access_token, headers: { "if-match": mine.headers.etag }, body: mine.data });
        assert.equal(put.status, 200, put.text);
        const patch = await request("PATCH", one, { token: world.blind.access_token, body: {}, headers: { "if-match": put.headers.etag } });
        assert.equal(patch.status, 200, patch.text);
        const after = await whole(resource, record.id);
        for (const field of limited(resource)) assert.deepEqual(after[field.name], before[field.name], `${resource.name}.${field.name} stays`);
    });
});

test("forms_leave_out_what_one_may_not_change_and_refuse_it_when_it_is_sent", async () => {
    await each(async (resource, { record }) => {
        if (!resource.page) return;
        const edit = (await page(`${resource.page}/${record.id}/edit`)).text;
        const hidden = Object.fromEntries([...edit.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1].replaceAll("&quot;", '"') ?? ""]));
        for (const field of limited(resource)) {
            assert.ok(!new RegExp(`name="${field.name}[\\["]`).test(edit), `${field.name} is not asked for`);
            if (field.child || field.type === "array" || field.readOnly) continue;
            const sent = await page(`${resource.page}/${record.id}`, { raw: new URLSearchParams({ ...hidden, [field.name]: "1" }).toString(), headers: form });
            assert.equal(sent.status, 403, `${field.name}: ${sent.status}`);
        }
        const before = await whole(resource, record.id);
        const saved = await page(`${resource.page}/${record.id}`, { raw: new URLSearchParams(hidden).toString(), headers: form });
        assert.equal(saved.status, 303, saved.text);
        const after = await whole(resource, record.id);
        for (const field of limited(resource)) assert.deepEqual(after[field.name], before[field.name]);
    });
});

test("the_permission_must_be_of_as_many_records_as_those_that_one_sees", async () => {
    await each(async (resource, { record }) => {
        const get = (user) => request("GET", `${resource.api}/${record.id}`, { token: user.access_token });
        for (const field of unseen(resource)) {
            assert.ok(field.name in (await get(world.seeing)).data, `${field.name} is seen with its permission`);
            assert.ok(!(field.name in (await get(world.narrow)).data), `${field.name} is not seen with that of one's own records, where all are read`);
        }
        for (const field of written(resource)) {
            const change = (user) => request("PATCH", `${resource.api}/${record.id}`, { token: user.access_token, body: { [field.name]: marked(field) } });
            assert.equal((await change(world.seeing)).status, 200, field.name);
            if (field.seenWith) assert.equal((await change(world.narrow)).status, 403, field.name);
        }
    });
});

test("the_document_says_who_sees_and_changes_a_field", async () => {
    const document = (await request("GET", "/api/openapi.json")).json ?? (await request("GET", "/openapi.json")).json;
    for (const resource of resources) {
        const name = resource.one.split(/[- ]/).map((it) => it[0].toUpperCase() + it.slice(1)).join("");
        const schema = document.components.schemas[name];
        for (const field of limited(resource)) {
            const said = schema.properties[field.name];
            assert.equal(said["x-seen-with"] ?? said["x-changed-with"], field.seenWith ?? field.changedWith);
            assert.ok(said.description.includes(needed(field)), said.description);
            assert.equal(schema.required.includes(field.name), !field.seenWith && !field.listOmitted);
        }
    }
});

// The tenant's own fields, of each resource that allows them: who may see and change one is chosen
// where it is defined, among the resource's own permissions.
test("a_field_of_the_tenants_own_is_met_only_by_whom_it_is_for", async () => {
    const allowing = areas.flatMap((area) => area.resources.map((it) => ({ ...it, full: `${area.name}.${it.name}` }))).filter((it) => it.fields.some((field) => field.type === "custom"));
    assert.ok(allowing.length >= 4);
    const usual = ["access.audit:read", "access.audit:export", ...allowing.flatMap((it) => ["read", "create", "update", "delete", "export"].map((verb) => `${it.permission}:${verb}`))];
    for (const [key, permissions] of [["without", usual], ["within", [...usual, ...allowing.map((it) => `${it.permission}:private`)]]]) {
        const made = await asOwner("POST", "/api/rbac/roles", { body: { key, name: key, rank: 10, permissions } });
        assert.equal(made.status, 201, made.text);
        world[key] = await makeUser(world.tenant, key);
    }
    const cookie = await pageCookie(world.without.email, password, { tenant: world.tenant.slug });
    for (const resource of allowing) {
        const limit = `${resource.permission}:private`, define = (body) => asOwner("POST", "/api/custom-fields", { body: { resource: resource.full, type: "text", filtered: true, listed: true, ...body } });
        for (const body of [{ key: "closed", label: "Closed label", seenWith: limit }, { key: "fixed", label: "Fixed", type: "number", changedWith: limit }, { key: "kept", label: "Kept", changedWith: limit, defaultValue: "begin" }, { key: "whom", label: "Whom label", type: "reference", refersTo: "crm.contacts", seenWith: limit }])
            assert.equal((await define(body)).status, 201);
        for (const [body, field] of [[{ seenWith: `${resource.permission}:read` }, "seenWith"], [{ changedWith: "users.platform_users:read" }, "changedWith"], [{ seenWith: limit, required: true }, "required"]]) {
            const refused = await define({ key: "wrong", label: "Wrong", ...body });
            assert.deepEqual([refused.status, refused.error.details[0].field], [422, field], refused.text);
        }
        const person = (await asOwner("POST", "/api/crm/contacts", { body: { name: "Only for some" } })).data;
        const custom = { closed: word, fixed: number, whom: person.id };
        const made = await asOwner("POST", resource.api, { body: { ...await bodyFor(resource), custom } });
        assert.equal(made.status, 201, made.text);
        const one = `${resource.api}/${made.data.id}`, by = (user) => (method, path, body, headers) => request(method, path, { token: user.access_token, body, headers });
        const [blind, seeing] = [by(world.without), by(world.within)];
        assert.deepEqual((await seeing("GET", one)).data.custom, { ...custom, kept: "begin" });
        assert.deepEqual((await blind("GET", one)).data.custom, { fixed: number, kept: "begin" });
        // Every way in which it could show.
        const told = (text) => text.includes(word) || text.includes("Closed label") || text.includes("Whom label");
        const ways = [one, `${resource.api}?limit=100`, `${resource.api}?q=${word}`, `${resource.api}/export`, `${resource.api}?fields=custom`, `/api/audit/logs?resourceId=${made.data.id}`, "/api/audit/logs/export", "/api/audit/logs/export?format=jsonl", "/api/openapi.json"];
        for (const path of ways) {
            const answer = await blind("GET", path);
            assert.ok(answer.status === 200 && !told(answer.text), `${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
        }
        for (const path of [`${resource.page}?fields=name`, `${resource.page}/${made.data.id}`, `${resource.page}/${made.data.id}/edit`, `${resource.page}/new`]) {
            const answer = await page(path, { headers: { cookie } });
            assert.ok(answer.status === 200 && !answer.text.includes("Closed label") && !answer.text.includes("Whom label") && (path.includes("?") || !/name="custom\.(fixed|kept)"/.test(answer.text)), `${path}: ${answer.status}`);
        }
        for (const query of ["fields=custom.closed", "sort=custom.closed", "sort=-custom.closed", "include=custom.whom", "custom.whom[q]=x", ...["", "[ne]", "[in]", "[null]", "[gte]"].map((it) => `custom.closed${it}=${word}`)])
            assert.equal((await blind("GET", `${resource.api}?${query}`)).status, 400, query);
        assert.ok((await seeing("GET", `${resource.api}?custom.closed=${word}`)).data.some((it) => it.id === made.data.id));
        // Nor written, but sent back as it is.
        const refused = (answer, name, code, status) => assert.deepEqual([answer.status, answer.error?.details?.[0]?.field, answer.error?.details?.[0]?.code], [status, `custom.${name}`, code], answer.text);
        const body = await bodyFor(resource);
        for (const [name, value, code, status] of [["closed", "x", "unknown_field", 422], ["fixed", 1, "permission_missing", 403], ["kept", null, "permission_missing", 403]]) {
            if (name !== "kept") refused(await blind("POST", resource.api, { ...body, custom: { [name]: value } }), name, code, status);
            refused(await blind("PATCH", one, { custom: { [name]: value } }), name, code, status);
        }
        const own = await blind("POST", resource.api, body);
        assert.deepEqual([own.status, own.data?.custom], [201, { kept: "begin" }], "a default needs nobody");
        const mine = await blind("GET", one), put = await blind("PUT", one, mine.data, { "if-match": mine.headers.etag });
        assert.equal(put.status, 200, put.text);
        const edit = (await page(`${resource.page}/${made.data.id}/edit`, { headers: { cookie } })).text;
        const hidden = Object.fromEntries([...edit.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1].replaceAll("&quot;", '"') ?? ""]));
        const send = (more) => page(`${resource.page}/${made.data.id}`, { raw: new URLSearchParams({ ...hidden, ...more }).toString(), headers: { cookie, ...form } });
        assert.equal((await send({ "custom.fixed": "1" })).status, 403);
        assert.equal((await send({ "custom.closed": "1" })).status, 303, "what is unknown is passed over");
        assert.deepEqual((await seeing("GET", one)).data.custom, { ...custom, kept: "begin" }, "all of it stays");
        assert.equal((await seeing("PATCH", one, { custom: { closed: "open", fixed: 1, kept: null } })).status, 200);
    }
});
