// A client that goes away while PostgreSQL works for it: the work is stopped there,
// and the connection serves the next one, as that one's tenant.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import http from "node:http";
import { after, before, test } from "node:test";
import { folder, makeTenant, port, request } from "../lib/client.mjs";
import { workerOf } from "../lib/programs.mjs";
import { connect, until } from "../lib/worker.mjs";

let a, b, db, watcher;
before(async () => {
    [a, b] = [await makeTenant(), await makeTenant()];
    [db, watcher] = [await connect(folder), await connect(folder)];
    for (const tenant of [a, b]) for (let i = 0; i < 3; i++) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: `of ${tenant.slug}` } });
});
after(() => Promise.all([db.end(), watcher.end()]));

// What stands before the lock, by process.
const waiting = async () => (await watcher.query("select pid from pg_stat_activity where usename in ('tulou_tenant', 'tulou_platform') and state = 'active' and wait_event_type = 'Lock' order by pid")).rows.map((it) => it.pid);
const begin = (method, tenant, name) => {
    const body = name ? JSON.stringify({ name }) : "";
    const call = http.request({ host: "127.0.0.1", port, method, path: "/api/crm/leads", agent: false, headers: { host: `${tenant.slug}.localhost:${port}`, authorization: `Bearer ${tenant.token}`,
        ...(name ? { "content-type": "application/json", "content-length": Buffer.byteLength(body), "idempotency-key": randomUUID() } : {}) } });
    call.on("error", () => {});
    const answer = new Promise((resolve) => call.on("response", (response) => resolve(response.resume().statusCode)).on("close", () => resolve(0)));
    call.end(body);
    return { call, answer };
};
const isolated = async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => request("GET", "/api/crm/leads?limit=100", { token: (i % 2 ? a : b).token })));
    for (const [i, it] of answers.entries()) {
        assert.equal(it.status, 200, it.text);
        assert.ok(it.data.length >= 3 && it.data.every((lead) => lead.name.endsWith((i % 2 ? a : b).slug)), it.text);
    }
};

for (const [what, method] of [["a_statement_of_a_shared_connection", "GET"], ["a_transaction", "POST"]])
    test(`${what}_is_cancelled_once_its_client_is_gone_and_others_wait_on`, async () => {
        const worker = workerOf("crm"), gone = `gone ${a.slug}`;
        await db.query("begin");
        await db.query("lock table shared.leads in access exclusive mode");
        let stays, going;
        try {
            stays = begin("POST", b, `stays of ${b.slug}`);
            const [first] = await until(waiting, (it) => it.length === 1);
            going = begin(method, a, method === "POST" ? gone : undefined);
            await until(waiting, (it) => it.length === 2);
            going.call.destroy();
            // Whoever came first would run out of time first: its client's going did it.
            assert.deepEqual(await until(waiting, (it) => it.length < 2), [first]);
        } finally {
            await db.query("rollback");
        }
        assert.equal(await stays.answer, 201);
        await isolated();
        assert.equal((await watcher.query("select count(*)::int as n from everyone.leads where name = $1", [gone])).rows[0].n, 0);
        assert.equal(workerOf("crm"), worker);
    });

test("hundreds_that_go_away_at_once_leave_every_connection_usable", async () => {
    await db.query("begin");
    await db.query("lock table shared.leads in access exclusive mode");
    try {
        const crowd = Array.from({ length: 200 }, (_, i) => begin(i % 4 ? "GET" : "POST", i % 2 ? a : b, i % 4 ? undefined : `gone ${i}`));
        await until(waiting, (it) => it.length >= 3);
        for (const { call } of crowd) call.destroy();
        await until(waiting, (it) => it.length === 0);
    } finally {
        await db.query("rollback");
    }
    await isolated();
    assert.equal((await watcher.query("select count(*)::int as n from everyone.leads where name like 'gone %'")).rows[0].n, 0);
    // Of those that are there now none stays: jobs have transactions of their own meanwhile.
    const open = async () => (await watcher.query("select pid, xact_start::text from pg_stat_activity where usename in ('tulou_tenant', 'tulou_platform') and state like 'idle in transaction%'")).rows.map((it) => `${it.pid} ${it.xact_start}`);
    const first = new Set(await open());
    await until(open, (now) => !now.some((it) => first.has(it)));
});
