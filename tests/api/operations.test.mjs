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
import { seedIdentity } from "../lib/seed.mjs";
import { setSignup } from "../lib/signup.mjs";
import { connect } from "../lib/worker.mjs";

let document, operations, shared;
const unknownId = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f";
const reached = new Map(); // title -> statuses

async function makeWorld() {
    const tenant = await makeTenant();
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x" } });
    await seedIdentity(folder, tenant.id, (await request("GET", "/api/auth/me", { token: tenant.token })).data.id);
    return { tenant, operator: await operator() };
}

// Some operations end the session, or the tenant: then the next has another world.
async function stillGood(world) {
    return (await request("GET", "/api/auth/me", { token: world.tenant.token })).status === 200;
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
    if (name === "domain") return `d${fresh}.example.com`;
    return value;
}

// References to what is not here are left out where they may be.
function bodyFor(it, world) {
    const content = it.requestBody?.content["application/json"];
    if (!content) return undefined;
    const schema = document.resolve(content.schema), body = {};
    for (const [name, value] of Object.entries(content.example ?? {}))
        if (schema.properties?.[name]?.format !== "uuid" || schema.required?.includes(name)) body[name] = valueFor(name, value, it, world);
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
