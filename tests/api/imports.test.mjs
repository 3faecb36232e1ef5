// Users from long files: what a request cannot do in time is done by jobs.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { killWorker, workerOf } from "../lib/programs.mjs";
import { until } from "../lib/worker.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const fileOf = (slug, count) => `email,name,kind\n${Array.from({ length: count }, (_, i) => `user${i}@${slug}.test,User ${i},${i % 2 ? "staff" : "customer"}\n`).join("")}`;
const send = (raw, { token } = tenant, query = "") => request("POST", `/api/platform-users/bulk-import${query}`, { token, raw, headers: { "content-type": "text/csv" } });
const read = (id, token) => request("GET", `/api/platform-users/imports/${id}`, { token });
const count = async ({ token }, filter = "") => (await request("GET", `/api/platform-users?limit=1${filter}`, { token })).json.meta.total;

test("a_long_file_is_worked_on_after_the_answer_and_each_row_is_made_once_whoever_is_killed", async () => {
    const raw = `${fileOf(tenant.slug, 2500)}USER7@${tenant.slug}.test,Again,staff\nbad,Bad,staff\n`;
    const answer = await send(raw);
    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual([answer.data.status, answer.data.total], ["running", 2502]);
    assert.ok(answer.data.created < 2500);
    assert.deepEqual(answer.data.refused, [], "rows are looked at when their turn comes");
    assert.equal(answer.headers.location, `/api/platform-users/imports/${answer.data.id}`);
    let killed = 0, seen = answer.data;
    for (let handled = seen.handled; seen.status === "running"; handled = seen.handled) {
        seen = await until(async () => (await read(answer.data.id, tenant.token)).data, (it) => it.status === "done" || it.handled > handled);
        if (seen.status === "running" && killed < 4 && workerOf("worker")) {
            killWorker("worker");
            killed++;
            // As if its lease were over.
            sql("update everyone.jobs set lease_until = now() where kind = 'core.import' and state = 'running'; notify jobs, 'scheduled'");
        }
    }
    assert.ok(killed > 0, "the worker was killed while there was work");
    assert.deepEqual([seen.total, seen.handled, seen.created], [2502, 2502, 2500]);
    assert.deepEqual(seen.refused.map((it) => [it.line, it.field, it.code]), [[2502, "email", "email_taken"], [2503, "email", "invalid_email"]]);
    assert.equal(await count(tenant), 2501);
    assert.equal(await count(tenant, "&kind=customer"), 1250);
    const made = await request("GET", "/api/audit/logs?type=user.created&limit=1", { token: tenant.token });
    assert.equal(made.data[0].actor.name, "Owner", "who brought the file made them");
    const ended = await request("GET", `/api/audit/logs?type=user_import.finished`, { token: tenant.token });
    assert.deepEqual(ended.data.map((it) => it.resource.id), [answer.data.id]);
});

test("the_hash_of_a_password_comes_from_operators_alone", async () => {
    const hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", own = await makeTenant();
    const file = (name, value) => `email,name,password_hash\n${name}@${own.slug}.test,Hash,${value}\n`;
    assert.deepEqual((await send(file("a", hash), own)).data.refused.map((it) => [it.field, it.code]), [["passwordHash", "permission_missing"]]);
    const token = await operator(), query = `?tenantId=${own.id}`;
    assert.deepEqual((await send(file("b", "plain"), { token }, query)).data.refused.map((it) => it.code), ["unknown_hash"]);
    assert.equal((await send(file("c", hash), { token }, query)).data.created, 1);
    assert.equal(sql(`select password_hash from everyone.users where email = 'c@${own.slug}.test'`), hash);
});

test("what_the_rules_refuse_half_way_is_reported_by_line", async () => {
    const own = await makeTenant();
    await request("PATCH", `/api/tenants/${own.id}/quotas`, { token: await operator(), body: { users: 251 } });
    const begun = await send(fileOf(own.slug, 300), own);
    const ended = await until(async () => (await read(begun.data.id, own.token)).data, (it) => it.status === "done");
    assert.deepEqual([ended.created, ended.refused.length], [250, 50]);
    assert.deepEqual(ended.refused[0], { line: 252, field: null, code: "quota_exceeded", message: "The plan allows 251 users, of which 251 are used." });
    assert.equal(await count(own), 251);
});

test("an_operator_imports_into_a_tenant_and_others_see_nothing_of_it", async () => {
    const [own, other, token] = [await makeTenant(), await makeTenant(), await operator()];
    const begun = await send(fileOf(own.slug, 450), { token }, `?tenantId=${own.id}`);
    assert.equal(begun.status, 202, begun.text);
    await until(async () => (await read(begun.data.id, token)).data, (it) => it.status === "done");
    assert.equal(await count(own), 451);
    assert.equal((await read(begun.data.id, own.token)).data.created, 450);
    assert.equal((await read(begun.data.id, other.token)).status, 404);
    assert.deepEqual((await request("GET", "/api/platform-users/imports", { token: other.token })).data, []);
    const nobody = await makeUser(own, "customer", { kind: "customer" });
    assert.equal((await read(begun.data.id, nobody.access_token)).status, 403);
});
