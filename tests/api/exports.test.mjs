// Exports of any length leave while they are read, at the pace of whoever takes them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { base, makeTenant, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { workersOf } from "../lib/programs.mjs";

const ROWS = 100000, BOUND_KIB = 16384;
const fill = (tenant, count) => sql(`insert into everyone.leads (tenant_id, name, company, source, status, currency)
    select '${tenant.id}', 'row ' || n, repeat('c', 150), 'other', 'new', 'EUR' from generate_series(1, ${count}) n`);

// The answer's head; its body is not read before somebody does.
const begin = (method, path, token, headers = {}) => new Promise((resolve, reject) => {
    http.request({ host: "127.0.0.1", port, method, path, agent: false, headers: { host: `${base}:${port}`, authorization: `Bearer ${token}`, ...headers } }, resolve).on("error", reject).end();
});

// Of each worker of the area: the most that it ever had in memory, in KiB.
const peaks = () => new Map(workersOf("crm").map((pid) => [pid, Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/)[1])]));

// The first cell of each line, up to the file's end; what was broken off throws.
async function take(answer) {
    const cells = [];
    let rest = "";
    for await (const part of answer.setEncoding("utf8")) {
        const lines = (rest + part).split("\r\n");
        rest = lines.pop();
        for (const line of lines) cells.push(line.split(",")[0]);
    }
    assert.deepEqual([rest, answer.complete], ["", true]);
    return cells;
}

test("an_export_that_is_not_read_holds_no_memory_and_loses_no_row", async () => {
    const tenant = await makeTenant(), other = await makeTenant();
    const leads = (path, method = "GET") => request(method, `/api/crm/leads${path}`, { token: tenant.token });
    fill(tenant, 3000);
    assert.equal((await leads("/export")).text.trim().split("\r\n").length, 3001); // its code is there from now on
    fill(tenant, ROWS - 3000);
    const before = peaks();
    const answer = await begin("GET", "/api/crm/leads/export?fields=id,name,company", tenant.token, { origin: "http://elsewhere.example" });
    assert.equal(answer.statusCode, 200);
    assert.deepEqual([answer.headers["content-type"], answer.headers["cache-control"], answer.headers.vary, answer.headers["content-length"]],
        ["text/csv; charset=utf-8", "no-store", "Accept-Encoding, Origin", undefined]);
    assert.match(answer.headers["content-disposition"], /leads\.csv/);
    assert.match(answer.headers["x-request-id"], /^[0-9a-f-]{36}$/);
    assert.equal((await request("GET", "/api/crm/leads", { token: other.token })).status, 200);
    const ids = await take(answer);
    assert.equal(ids.shift(), "id");
    assert.equal(ids.length, ROWS);
    assert.equal(new Set(ids).size, ROWS);
    for (const [pid, peak] of peaks())
        assert.ok(peak - (before.get(pid) ?? peak) <= BOUND_KIB, `${pid}: ${before.get(pid)} KiB before, ${peak} after`);
    const head = await leads("/export", "HEAD");
    assert.deepEqual([head.status, head.text], [200, ""]);
    // What becomes too large while it is sent (the file is longer than all sockets on its way hold) is no whole file.
    const broken = await begin("GET", "/api/crm/leads/export?fields=id,name,company&sort=createdAt", tenant.token);
    assert.equal(broken.statusCode, 200);
    fill(tenant, 1);
    await assert.rejects(take(broken), { code: "ECONNRESET" });
    assert.equal(broken.complete, false);
    // Before its first byte it is refused, whatever the method.
    const refused = await leads("/export");
    assert.deepEqual([refused.status, refused.error.code, refused.headers["content-disposition"]], [422, "export_too_large", undefined], refused.text.slice(0, 200));
    assert.equal((await leads("/export", "HEAD")).status, 422);
});

test("a_long_audit_log_is_one_line_of_json_for_each_event", async () => {
    const tenant = await makeTenant();
    sql(`insert into everyone.events (tenant_id, actor_kind, action, resource_type, resource_id) select '${tenant.id}', 'system', 'test.lengthened', 'test', n from generate_series(1, 2500) n`);
    const answer = await request("GET", "/api/audit/logs/export?format=jsonl&type=test.lengthened", { token: tenant.token });
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/jsonl"], answer.text.slice(0, 200));
    const events = answer.text.trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(events.length, 2500);
    assert.equal(new Set(events.map((it) => it.resource.id)).size, 2500);
});

test("every_list_leaves_as_lines_of_json_as_the_api_answers_it", async () => {
    const tenant = await makeTenant(), leads = (query) => request("GET", `/api/crm/leads${query}`, { token: tenant.token });
    for (const name of ["One", "Two, with \"quotes\""]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name, valueAmount: 5 } });
    const file = await leads("/export?format=jsonl&sort=name"), some = await leads("/export?format=jsonl&fields=name&name=One");
    assert.deepEqual([file.status, file.headers["content-type"], file.headers["content-disposition"]], [200, "application/jsonl", `attachment; filename="leads.jsonl"; filename*=UTF-8''leads.jsonl`]);
    assert.deepEqual(file.text.trim().split("\n").map((it) => JSON.parse(it)), (await leads("?sort=name")).data);
    assert.deepEqual(Object.keys(JSON.parse(some.text)), ["id", "name"]);
    assert.match((await leads("/export?format=csv")).text, /valueAmount/);
    assert.equal((await leads("/export?format=xml")).status, 400);
});

test("users_leave_in_any_number_by_the_old_address_too", async () => {
    const tenant = await makeTenant();
    sql(`insert into everyone.users (tenant_id, email, name, kind) select '${tenant.id}', 'u' || n || '@${tenant.slug}.test', 'U', 'staff' from generate_series(1, 2500) n`);
    const answer = await request("POST", "/api/platform-users/bulk-export", { token: tenant.token });
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    assert.equal(answer.text.trim().split("\r\n").length, 1 + 1 + 2500);
});
