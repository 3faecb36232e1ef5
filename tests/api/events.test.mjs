// Events: one grammar and one envelope wherever they are told, as the document's webhooks say;
// those of before are read by today's names. Resources come from the areas' own tables.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, makeTenant, request } from "../lib/client.mjs";
import { Document } from "../lib/openapi.mjs";
import { apiRoutes, areas, bodyOf, resourceNamed } from "../lib/routes.mjs";
import { listen } from "../lib/stream.mjs";
import { connect } from "../lib/worker.mjs";

let tenant, key, document, db;
const api = (method, path, options = {}) => request(method, path, { token: key, ...options });
async function logs(query) {
    const answer = await api("GET", `/api/audit/logs?${new URLSearchParams({ limit: 100, ...query })}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}
before(async () => {
    tenant = await makeTenant({ planLevel: 3 });
    ({ key } = (await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "k", permissions: ["*"] } })).data); // roles change below
    document = new Document((await request("GET", "/api/openapi.json")).json);
    db = await connect(folder);
});
after(() => db.end());

const offers = (method, path) => apiRoutes.some((it) => it.method === method && it.path === path && it.level === "permission" && it.scope !== "platform");
const written = areas.flatMap((area) => area.resources).filter((it) => it.api && !it.noEvents && offers("POST", it.api) && !it.api.includes(":") && !it.permission.startsWith("platform."));

async function bodyFor(resource) {
    const maker = apiRoutes.find((it) => it.method === "POST" && it.path === resource.api), body = bodyOf(maker.body);
    for (const field of maker.body.filter((it) => it.required && resourceNamed(it.refers))) {
        const target = resourceNamed(field.refers), list = await api("GET", `${target.api}?limit=1`);
        const other = { ...(await bodyFor(target)), ...(target.fields.some((it) => it.name === "name") && { name: `Of ${field.name}` }) }; // another than is made of the examples later
        body[field.name] = list.data?.[0]?.id ?? (await api("POST", target.api, { body: other })).data.id;
    }
    return body;
}

const bodyOfHook = ({ post }) => document.resolve(post.requestBody).content["application/json"];

// Of the schema of its type, which is of the grammar.
function check(event) {
    const webhook = document.json.webhooks[event.type];
    assert.ok(webhook, `${event.type} is no webhook of the document`);
    assert.match(event.type, /^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/);
    assert.equal(event.type.split(".")[0], event.resource.type);
    const { schema } = bodyOfHook(webhook);
    assert.equal(document.mismatch(schema, event), undefined, event.type);
}

test("every_webhook_has_an_example_that_is_valid", () => {
    const names = new Set();
    for (const [type, { post }] of Object.entries(document.json.webhooks)) {
        const { schema, example } = bodyOfHook({ post });
        assert.equal(example.type.split(".")[0], type.split(".")[0]);
        check(example);
        assert.equal(document.mismatch(schema, { ...example, type }), undefined, type);
        assert.notEqual(document.mismatch(schema, { ...example, type: "another.made" }), undefined, type);
        assert.ok(post.description.endsWith(".") && !names.has(post.operationId), type);
        names.add(post.operationId);
    }
});

test("what_is_made_changed_and_deleted_is_told_as_the_document_says", async () => {
    const tried = [];
    for (const resource of written) {
        const made = await api("POST", resource.api, { body: await bodyFor(resource) });
        if (made.status !== 201 || !made.data.id) continue;
        const path = `${resource.api}/${made.data.id}`, field = resource.fields.find((it) => ["text", "long"].includes(it.type) && !it.readOnly && !it.createOnly && !it.choices);
        const changed = offers("PATCH", `${resource.api}/:id`) && field ? (await api("PATCH", path, { body: { [field.name]: "Changed" } })).status === 200 : false;
        const deleted = offers("DELETE", `${resource.api}/:id`) ? (await api("DELETE", path)).status === 204 : false;
        const told = (await logs({ resourceId: made.data.id, sort: "createdAt" })).filter((it) => it.resource.type === resource.event);
        told.forEach(check);
        const verbs = told.map((it) => it.type.split(".")[1]);
        assert.equal(verbs[0], "created", `${resource.name}: ${verbs}`);
        assert.deepEqual([told[0].data.before, told[0].data.after.id, told[0].tenantId, told[0].actor.kind], [null, made.data.id, tenant.id, "api_key"]);
        if (changed) {
            const { data } = told.find((it) => it.type === `${resource.event}.updated`);
            assert.deepEqual(data.after[field.name], "Changed", resource.name);
            assert.deepEqual(Object.keys(data.before), Object.keys(data.after));
        }
        if (deleted) assert.deepEqual([told.at(-1).data.after, told.at(-1).data.before.id], [null, made.data.id], resource.name);
        tried.push(resource.event);
    }
    for (const word of ["lead", "contact", "company", "deal", "user", "role", "team", "network_rule"]) assert.ok(tried.includes(word), `${word} was not tried: ${tried}`);
});

test("whatever_the_tests_of_this_platform_did_is_told_by_a_webhook", async () => {
    const { rows } = await db.query("select distinct house.event_type(action, resource_type) as type from everyone.events where resource_type is not null and resource_type !~ '^(test|x|thing)'");
    assert.ok(rows.length > 10, `${rows.length} types`);
    for (const { type } of rows) assert.ok(document.json.webhooks[type], `${type} is no webhook of the document`);
});

test("the_stream_tells_the_same_as_the_log", async () => {
    ({ token: key, ...tenant } = await makeTenant()); // rights of the other one have just changed: its streams end
    const stream = await listen({ token: key });
    const { data: lead } = await api("POST", "/api/crm/leads", { body: { name: "Told twice", email: "told@example.com" } });
    const heard = await stream.until((it) => it.type === "event" && it.event.resource.id === lead.id);
    stream.close();
    await stream.stop();
    check(heard.event);
    const { impersonatorId, ip, userAgent, ...logged } = (await logs({ resourceId: lead.id }))[0];
    assert.deepEqual(heard.event, logged);
    assert.ok(ip && impersonatorId === null && userAgent !== undefined);
    assert.deepEqual(Object.keys(logged), ["id", "type", "createdAt", "tenantId", "actor", "resource", "requestId", "data"]);
});

test("events_of_before_are_read_by_the_names_of_today_and_stay_sealed_as_they_were", async () => {
    const subject = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f";
    const old = [["crm.leads.updated", "crm.leads", '{"before": {"status": "new"}, "after": {"status": "lost"}}', "lead.updated"], ["auth.signed_in", "session", '{"method": "sso"}', "session.created"],
        ["users.deactivated", "users.users", null, "user.deactivated"], ["settings.updated", "tenants", null, "tenant.settings_updated"], ["access.api_keys.revoked", "access.api_keys", null, "api_key.revoked"],
        ["auth.factor_added", "mfa_factors", '{"kind": "totp"}', "mfa_factor.created"], ["platform.jobs.retried", "jobs", null, "queue_job.retried"], ["tenants.domains.created", "tenants.domains", null, "tenant_domain.created"]];
    for (const [action, type, changes] of old) await db.query("insert into everyone.events (tenant_id, actor_kind, action, resource_type, resource_id, changes) values ($1, 'system', $2, $3, $4, $5)", [tenant.id, action, type, subject, changes]);
    const read = await logs({ resourceId: subject, sort: "createdAt" });
    assert.deepEqual(read.map((it) => it.type), old.map((it) => it[3]));
    read.forEach(check);
    assert.deepEqual([read[0].data, read[1].data], [{ before: { id: subject, status: "new" }, after: { id: subject, status: "lost" } }, { method: "sso" }]);
    // A filter finds what was written then and now.
    for (const [, , , type] of old) assert.ok((await logs({ type })).some((it) => it.resource.id === subject), type);
    const words = await logs({ resourceType: "lead", "type[in]": "lead.updated,lead.created" });
    assert.deepEqual([words.some((it) => it.resource.id === subject), words.some((it) => it.resource.id !== subject)], [true, true]);
    assert.ok((await logs({ "type[ne]": "lead.updated" })).every((it) => it.type !== "lead.updated"));
    assert.deepEqual(await logs({ type: "lead.updated'}\",{" }), []);
    const verified = await api("GET", "/api/audit/verify");
    assert.equal(verified.data.intact, true, verified.text);
    const { rows } = await db.query("select distinct action from everyone.events where tenant_id = $1 and resource_id = $2", [tenant.id, subject]);
    assert.equal(rows.length, old.length, "they stand there as they were written");
});
