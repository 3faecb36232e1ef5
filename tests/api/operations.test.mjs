// Every documented operation is called, well and in each way that must fail, and
// every answer is held against its schema. Requests come from the document's own
// examples: an operation that is added is called without anyone naming it here.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { folder, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { sampleOf } from "../lib/files.mjs";
import { Document } from "../lib/openapi.mjs";
import { apiRoutes } from "../lib/routes.mjs";
import { seedIdentity, seedNotification } from "../lib/seed.mjs";
import { setSignup } from "../lib/signup.mjs";
import { connect } from "../lib/worker.mjs";

let document, operations, shared;
const unknownId = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f";
const reached = new Map(); // title -> statuses

async function makeWorld() {
    const tenant = await makeTenant();
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x" } });
    const { id } = (await request("GET", "/api/auth/me", { token: tenant.token })).data;
    await seedIdentity(folder, tenant.id, id);
    await seedNotification(folder, tenant.id, id);
    // What a record must refer to, by the name of the member.
    const team = await request("POST", "/api/teams", { token: tenant.token, body: { name: "Here" } });
    const pipelines = await request("GET", "/api/crm/pipelines?limit=1", { token: tenant.token });
    const member = (await makeUser(tenant, "staff")).id;
    return { tenant, operator: await operator(), member, there: { teamId: team.data.id, pipelineId: pipelines.data[0].id, userId: member } };
}

// Some operations end the session, or the tenant, ask its owner for a second factor or change what
// the owner may do: then the next has another world.
async function stillGood(world) {
    for (const path of ["/api/crm/leads?limit=1", "/api/teams?limit=1"])
        if ((await request("GET", path, { token: world.tenant.token })).status !== 200) return false;
    return true;
}

before(async () => {
    document = new Document((await request("GET", "/api/openapi.json")).json);
    operations = document.operations();
    await setSignup();
    shared = await makeWorld();
    const db = await connect(folder);
    await db.query("insert into everyone.jobs (tenant_id, kind, queue, state, attempts, error, failed_at) values ($1, 'called', 'called', 'dead', 3, 'It failed.', now())", [shared.tenant.id]);
    await db.end();
    shared.customer = (await makeUser(shared.tenant, "customer", { kind: "customer" })).access_token;
});

after(() => setSignup({ enabled: false }));

const isPublic = (it) => it.security?.length === 0;
const forOperators = (it) => it["x-scope"] === "platform" || it["x-permission"]?.startsWith("platform.");
// What is of both sides is tried from both.
const callersOf = (it, world) => (it["x-scope"] === "either" && it["x-permission"] ? [world.tenant.token, world.operator] : [callerOf(it, world)]);
const callerOf = (it, world) => (isPublic(it) ? undefined : forOperators(it) ? world.operator : world.tenant.token);
const changes = (it) => it.method !== "GET";

// ---- requests, from examples ----

// What no document can know: who exists here, and what must be new.
function valueFor(name, value, it, world) {
    const fresh = randomUUID().slice(0, 8);
    if (name === "refresh_token") return world.tenant.owner.refresh_token;
    if (["password", "currentPassword"].includes(name)) return password;
    if (/email$/i.test(name)) return isPublic(it) ? `owner@${world.tenant.slug}.test` : `u${fresh}@example.com`;
    if (name === "tenant") return world.tenant.slug;
    if (["slug", "key"].includes(name)) return `s${fresh}`;
    if (name === "name") return `${value} ${fresh}`;
    if (name === "domain") return `d${fresh}.example.com`;
    return value;
}

// References to what is not here are left out where they may be.
function bodyFor(it, world) {
    const content = it.requestBody?.content["application/json"];
    if (!content) return undefined;
    const schema = document.resolve(content.schema), body = {};
    for (const [name, value] of Object.entries(content.example ?? {}))
        if (schema.properties?.[name]?.format !== "uuid" || schema.required?.includes(name)) body[name] = (schema.properties?.[name]?.format === "uuid" && world.there[name]) || valueFor(name, value, it, world);
    return body;
}

function contentFor(it, world) {
    const form = it.requestBody?.content["multipart/form-data"], route = apiRoutes.find((one) => one.method === it.method && one.path.replace(/:(\w+)/g, "{$1}") === it.path);
    if (form && !route?.media) return sampleOf(route);
    if (form)
        return { raw: `--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${form.example.file}\r\n--x--\r\n`, headers: { "content-type": "multipart/form-data; boundary=x" } };
    return { body: bodyFor(it, world), headers: {} };
}

const queryFor = (it) => {
    const parts = it.parameters.filter((one) => one.in === "query" && one.required).map((one) => `${one.name}=${one.example ?? one.schema.enum?.[0] ?? "x"}`);
    return parts.length ? `?${parts.join("&")}` : "";
};

// An id below a collection: of what is made there, else of what it lists.
async function idBelow(collection, token, world) {
    if (collection === "/api/tenants") return world.tenant.id;
    if (collection === "/api/rbac/users") return world.member;
    const leadsTo = (it, method) => it.method === method && new RegExp(`^${it.path.replace(/\{\w+\}/g, "[0-9a-f-]{36}")}$`).test(collection);
    const maker = operations.find((it) => leadsTo(it, "POST") && it.responses[201]);
    const made = maker && (await request("POST", collection, { token, ...contentFor(maker, world) }));
    if (made?.status === 201) return made.data.id ?? made.data.factor?.id;
    const lister = operations.find((it) => leadsTo(it, "GET"));
    const list = lister && (await request("GET", collection, { token }));
    const first = Array.isArray(list?.data) ? list.data[0] : undefined;
    return first?.id ?? first?.queue ?? first?.name;
}

async function pathFor(it, world, token) {
    let path = "";
    for (const part of it.path.split("/").slice(1))
        path += `/${part.startsWith("{") ? (await idBelow(path, token, world)) ?? unknownId : part}`;
    return path;
}

// All complaints, not the first alone.
let complaints = [];
function see(assertion) {
    try {
        assertion();
    } catch (problem) {
        complaints.push(problem.message);
    }
}
afterEach(() => {
    const found = complaints.splice(0);
    assert.deepEqual(found, [], `${found.length} complaints`);
});

async function call(it, path, options, what) {
    const answer = await request(it.method, path, options);
    see(() => document.check(it, answer, `${it.title} ${what}`));
    if (!reached.has(it.title)) reached.set(it.title, new Set());
    reached.get(it.title).add(answer.status);
    return answer;
}

// ---- the calls ----

test("every_operation_answers_its_example_as_documented", async (t) => {
    let world = await makeWorld();
    for (const it of operations) {
        if (!(await stillGood(world))) world = await makeWorld();
        const keyed = it.parameters.some((one) => one.name === "Idempotency-Key");
        let path, content, token, headers, first;
        for (token of callersOf(it, world)) {
            path = (await pathFor(it, world, token)) + queryFor(it);
            content = contentFor(it, world);
            headers = { ...content.headers, ...(keyed ? { "idempotency-key": randomUUID() } : {}) };
            first = await call(it, path, { ...content, token, headers }, "its example");
            if (first.status < 300) break;
        }
        if (!keyed || first.status >= 300) continue;
        const again = await call(it, path, { ...content, token, headers }, "again");
        if ([401, 403].includes(again.status)) continue; // it ended the session or the tenant that asked
        see(() => assert.deepEqual([again.status, again.text, again.headers["idempotency-replayed"], again.headers.etag], [first.status, first.text, "true", first.headers.etag], it.title));
    }
    const unreached = operations.filter((it) => ![...reached.get(it.title)].some((status) => status < 300)).map((it) => `${it.title} ${[...reached.get(it.title)]}`);
    see(() => assert.ok(unreached.length < operations.length * 0.2, `${unreached.length} of ${operations.length} operations were never answered well: ${unreached.join("; ")}`));
    t.diagnostic(`${operations.length - unreached.length} of ${operations.length} answered well; not: ${unreached.join("; ")}`);
});

test("every_operation_refuses_as_documented", async (t) => {
    const refused = async (it, path, options, statuses, what) => {
        const answer = await call(it, path, options, what);
        see(() => assert.ok(statuses.includes(answer.status), `${it.title} ${what}: ${answer.status} ${answer.text}`));
        return answer;
    };
    for (const it of operations) {
        const token = callerOf(it, shared), content = contentFor(it, shared), path = it.path.replace(/\{\w+\}/g, unknownId) + queryFor(it);
        const json = it.requestBody?.content["application/json"], free = json && !document.resolve(json.schema).properties;
        if (!isPublic(it)) await refused(it, path, { ...content }, [401], "without a token");
        if (it["x-permission"]) await refused(it, path, { ...content, token: shared.customer }, [403], "without the permission");
        if (it.path.includes("{")) await refused(it, path, { ...content, token }, it.responses[303] ? [303, 404] : [404], "of what is not there");
        // Where others send a browser they add what they like (RFC 6749 4.1.2).
        if (!it.responses[303]) {
            const named = await refused(it, `${path}${path.includes("?") ? "&" : "?"}zzz=1`, { ...content, token }, [400], "with an unknown parameter");
            see(() => assert.match(named.error?.message ?? named.text, /zzz/, it.title));
        }
        if (!json) continue;
        const raw = (text, type = "application/json") => ({ token, raw: text, headers: { "content-type": type } });
        await refused(it, path, raw('{"a":'), [400], "with half a body");
        await refused(it, path, raw("a=1", "text/plain"), [415], "with a body of another type");
        await refused(it, path, raw(`{"a":"${"x".repeat(1 << 21)}"}`), [413], "with a huge body");
        if (!free) await refused(it, path, { token, body: { ...content.body, zzz: 1 } }, [422], "with an unknown field");
    }
    // Where the query must say more, as the slug of a tenant that is deleted, that is asked first.
    const asksMore = (it) => (it.parameters ?? []).some((one) => one.in === "query" && one.required);
    // And what is done with deleted tenants finds none of that id: see tenant_life.
    const isOfDeleted = (it) => it.operationId === "restoreDeletedTenant";
    for (const it of operations.filter((one) => one.responses[412] && changes(one) && !asksMore(one) && !isOfDeleted(one))) {
        const answers = [];
        let there = true; // what needs others to be made, as a member of a team does, is walked elsewhere
        for (const token of callersOf(it, shared)) {
            const path = await pathFor(it, shared, token);
            there = there && !path.includes(unknownId);
            answers.push(await call(it, path, { ...contentFor(it, shared), token, headers: { "if-match": '"0"' } }, "of another version"));
        }
        see(() => assert.ok(!there || answers.some((one) => one.status === 412), `${it.title} of another version: ${answers.map((one) => one.text).join()}`));
    }
    const pairs = [...reached.values()].reduce((sum, it) => sum + it.size, 0);
    t.diagnostic(`${pairs} answers of different status were held against ${operations.length} operations`);
});

// ---- each rule of the document, broken and kept to the letter ----

// Several at once, and the first of each address: limits count by it.
let places = 0;
async function inParallel(list, work) {
    const queue = [...list];
    await Promise.all(Array.from({ length: 12 }, async () => {
        for (let it; (it = queue.shift()) !== undefined; ) await work(it);
    }));
}
const addressOf = (it) => (isPublic(it) ? `127.7.${++places >> 8}.${places & 255}` : undefined);

// What stands in a body and may be written: [name, schema, whether null is a value].
function membersOf(it) {
    const content = it.requestBody?.content["application/json"], schema = document.resolve(content?.schema);
    if (!schema?.properties) return undefined;
    const all = Object.entries(schema.properties).filter(([, one]) => !one.readOnly).map(([name, one]) => {
        const types = [one.type ?? []].flat(), inner = one.anyOf?.map((part) => document.resolve(part)).find((part) => part.type === "object") ?? document.resolve(one);
        return { name, ...inner, type: types.find((type) => type !== "null") ?? inner.type, nullable: types.includes("null") || Boolean(one.anyOf), required: schema.required?.includes(name) };
    });
    return all.filter((one) => one.type); // without a type it is any value
}

const isPlain = (one) => one.type === "string" && !one.pattern && !one.format && !one.enum;
// The ways to break a member: [what, the value or undefined where it has no such rule, the code or undefined for any].
const broken = {
    "of another type": (one) => [one.type === "string" ? {} : "x"],
    "null": (one) => [one.nullable ? undefined : null],
    "too long": (one) => [one.type === "string" && one.maxLength ? "x".repeat(one.maxLength + 1) : undefined, "too_long"],
    "too short": (one) => [isPlain(one) && one.minLength > 1 && !one.nullable ? "x".repeat(one.minLength - 1) : undefined, "too_short"],
    "too big": (one) => [one.type === "integer" && one.maximum !== undefined ? one.maximum + 1 : undefined, "too_big"],
    "too small": (one) => [one.type === "integer" && one.minimum !== undefined ? one.minimum - 1 : undefined, "too_small"],
    "too many": (one) => [one.type === "array" && one.maxItems ? Array(one.maxItems + 1).fill(one.items?.$ref ? {} : "x") : undefined, "too_long"],
    "no choice": (one) => [one.enum ? "no-such-choice" : undefined, "not_a_choice"],
    "of no such form": (one) => [one.pattern || ["uuid", "email", "date-time", "date", "uri"].includes(one.format) ? "! no ?" : undefined],
};
const atLimit = (one) => (isPlain(one) && one.maxLength ? "\u00e9".repeat(one.maxLength) : one.type === "integer" && one.maximum !== undefined ? one.maximum : undefined);

test("every_rule_of_a_body_is_kept_and_names_the_member_that_breaks_it", async (t) => {
    let asked = 0;
    await inParallel(operations, async (it) => {
        const members = membersOf(it), token = callerOf(it, shared), path = it.path.replace(/\{\w+\}/g, unknownId) + queryFor(it);
        if (!members) return;
        const good = bodyFor(it, shared);
        const sends = async (what, body, expected) => {
            const answer = await request(it.method, path, { token, body, from: addressOf(it) });
            asked++;
            see(() => document.check(it, answer, `${it.title} ${what}`));
            see(() => assert.deepEqual([answer.status, answer.error?.code], [422, "validation_failed"], `${it.title} ${what}: ${answer.text.slice(0, 300)}`));
            const details = answer.error?.details ?? [];
            for (const [name, code] of expected)
                see(() => assert.ok(details.some((row) => row.in === "body" && (row.field === name || row.field.startsWith(`${name}[`) || row.field.startsWith(`${name}.`)) && (!code || row.code === code)), `${it.title}: ${name} ${what} is not ${code ?? "refused"}: ${JSON.stringify(details)}`));
        };
        const required = members.filter((one) => one.required);
        if (required.length) await sends("without what is required", Object.fromEntries(Object.entries(good).filter(([name]) => !required.some((one) => one.name === name))), required.map((one) => [one.name, "required"]));
        for (const [what, of] of Object.entries(broken)) {
            const cases = members.map((one) => [one.name, ...of(one)]).filter(([, value]) => value !== undefined);
            if (cases.length) await sends(what, { ...good, ...Object.fromEntries(cases) }, cases.map(([name, , code]) => [name, code]));
        }
    });
    t.diagnostic(`${asked} bodies`);
    assert.ok(asked > 300, `${asked} bodies`);
});

test("what_is_as_long_or_as_great_as_may_be_is_taken", async (t) => {
    let asked = 0, world = await makeWorld();
    const limits = ["too_long", "too_big", "too_short", "too_small", "wrong_type"];
    // What the platform itself is set to is for all tests that run beside this.
    for (const it of operations.filter((one) => !one.path.startsWith("/api/platform/settings"))) {
        const most = Object.fromEntries((membersOf(it) ?? []).map((one) => [one.name, atLimit(one)]).filter(([name, value]) => value !== undefined && !/password/i.test(name)));
        if (Object.keys(most).length === 0) continue;
        if (!(await stillGood(world))) world = await makeWorld();
        const token = callerOf(it, world), path = it.path.replace(/\{\w+\}/g, unknownId) + queryFor(it);
        const answer = await request(it.method, path, { token, body: { ...bodyFor(it, world), ...most }, from: addressOf(it) });
        asked++;
        see(() => document.check(it, answer, `${it.title} at its limits`));
        see(() => assert.deepEqual((answer.error?.details ?? []).filter((row) => row.field in most && limits.includes(row.code)), [], `${it.title} at its limits`));
    }
    t.diagnostic(`${asked} bodies`);
    assert.ok(asked > 40, `${asked} bodies`);
});

const fineOf = { uuid: unknownId, "date-time": "2026-11-27T09:30:00Z", date: "2026-11-27", email: "nora@example.com" };
// What a parameter must not be: [value, code of the failure, code of the detail or undefined].
function wrongParameters(one) {
    const { schema, name } = one, item = schema.type === "array" ? schema.items : schema;
    const wrong = [];
    if (item.type === "integer") wrong.push(["x"], ...(schema.maximum !== undefined ? [[String(schema.maximum + 1), "too_big"]] : []), ...(schema.minimum !== undefined ? [[String(schema.minimum - 1), "too_small"]] : []));
    if (item.type === "boolean") wrong.push(["perhaps"]);
    if (item.enum || ["uuid", "date-time", "date"].includes(item.format)) wrong.push(["no-such"]);
    if (item.type === "string" && item.maxLength && !item.enum) wrong.push([(name === "q" || name.endsWith("[q]") || name === "after" ? "x" : "y").repeat(item.maxLength + 1)]);
    return wrong;
}

test("every_rule_of_a_parameter_is_kept_and_names_it", async (t) => {
    let asked = 0;
    await inParallel(operations.filter((it) => !it.responses[303] && it.method === "GET"), async (it) => {
        const token = callerOf(it, shared), path = it.path.replace(/\{\w+\}/g, unknownId);
        const others = it.parameters.filter((one) => one.in === "query" && one.required).map((one) => [one.name, one.example ?? one.schema.enum?.[0] ?? "x"]);
        const sends = async (name, values, code, detail) => {
            const query = [...others.filter(([other]) => other !== name), ...values.map((value) => [name, value])].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
            const answer = await request(it.method, `${path}?${query}`, { token, from: addressOf(it) });
            asked++;
            const title = `${it.title}?${query.slice(0, 100)}`;
            see(() => document.check(it, answer, title));
            see(() => assert.ok(answer.status === 400 && (answer.error.code === code || (!code && ["bad_parameter", "bad_cursor"].includes(answer.error.code))), `${title}: ${answer.status} ${answer.text.slice(0, 300)}`));
            see(() => assert.ok(answer.error?.details?.some((row) => row.in === "query" && row.field === name && (!detail || row.code === detail)), `${title}: ${detail ?? "no detail"} ${answer.text.slice(0, 300)}`));
        };
        if (path !== it.path) {
            const answer = await request("GET", `${it.path.replace(/\{\w+\}/g, "no-id")}${queryFor(it)}`, { token, from: addressOf(it) });
            see(() => document.check(it, answer, `${it.title} of no id`));
            see(() => assert.equal(answer.status, 404, `${it.title} of no id: ${answer.text.slice(0, 300)}`));
        }
        for (const one of it.parameters.filter((parameter) => parameter.in === "query")) {
            if (one.name === "after" && path !== it.path) continue; // of a record that is not there nothing is listed
            for (const [value, detail] of wrongParameters(one)) await sends(one.name, [value], undefined, detail);
            const fine = one.example ?? one.schema.enum?.[0] ?? one.schema.items?.enum?.[0] ?? fineOf[one.schema.format] ?? (/^currency|Currency$|Currency\[/.test(one.name) ? "EUR" : undefined) ?? { boolean: "true" }[one.schema.type] ?? { integer: "1" }[one.schema.type] ?? "abc";
            if (!one.name.endsWith("[in]")) await sends(one.name, [fine, fine], "repeated_parameter");
        }
    });
    t.diagnostic(`${asked} queries`);
    assert.ok(asked > 1000, `${asked} queries`);
});
