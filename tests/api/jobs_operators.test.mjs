// What operators see of jobs and do with them: the API of /platform/jobs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, makeTenant, operator, request } from "../lib/client.mjs";
import { Worker, connect, until } from "../lib/worker.mjs";

let db, tenant, token, worker;
before(async () => {
    tenant = await makeTenant();
    token = await operator();
    db = await connect(folder);
    await db.query("create table public.job_effects (job uuid, tenant uuid, attempt integer, note text, primary key (job, note))");
    await db.query("grant select, insert on public.job_effects to tulou_tenant, tulou_platform");
    worker = new Worker(folder);
});
after(async () => {
    await worker.stop();
    await db.query("delete from everyone.jobs where kind like 'tests.%'");
    await db.query("delete from public.job_pauses");
    await db.query("delete from public.job_schedules where name like 'tests.%'");
    await db.query("drop table public.job_effects");
    await db.end();
});

const call = (method, path) => request(method, `/api/platform/${path}`, { token });

async function add(payload, { kind = "tests.inside", queue = "tests", ...columns } = {}) {
    const row = { tenant_id: tenant.id, kind, queue, payload, attempts: 3, ...columns };
    const names = Object.keys(row);
    const made = await db.query(`insert into everyone.jobs (${names}) values (${names.map((_, i) => `$${i + 1}`)}) returning id`, Object.values(row));
    return made.rows[0].id;
}

const ofQueue = (verb, queue, by = token) => request("POST", `/api/platform/jobs/${verb}-queue`, { token: by, body: { queue } });
const job = (id) => call("GET", `jobs/${id}`);
const isDone = (id) => until(() => job(id), (it) => it.status === 404);
const queue = async (name) => (await call("GET", "queues")).data.find((it) => it.queue === name);

test("a_dead_letter_is_shown_with_its_error_and_without_its_secrets", async () => {
    const id = await add({ refuse: "the printer is on fire", sealed: "s3cr3t-a", login: { Password: "s3cr3t-b", name: "ana" },
        list: [{ access_token: "s3cr3t-c" }], apiKey: "s3cr3t-d", authorization: "s3cr3t-e" });
    const shown = await until(() => job(id), (it) => it.data.status === "dead");
    assert.equal(shown.data.error, "the printer is on fire");
    assert.equal(shown.data.tenantId, tenant.id);
    assert.deepEqual(shown.data.payload, { refuse: "the printer is on fire", sealed: "***", login: { Password: "***", name: "ana" },
        list: [{ access_token: "***" }], apiKey: "***", authorization: "***" });
    for (const path of [`jobs/${id}`, "jobs", "jobs?status=dead&fields=payload,kind", `jobs?queue=tests&tenantId=${tenant.id}`]) {
        const answer = await call("GET", path);
        assert.equal(answer.status, 200, answer.text);
        assert.ok(!answer.text.includes("s3cr3t"), path);
    }
    assert.equal((await call("GET", "jobs?status=dead&queue=tests")).data[0].id, id);
    assert.ok((await queue("tests")).dead >= 1);
});

test("one_is_retried_with_all_its_attempts_and_only_when_dead", async () => {
    const id = await add({ note: "again", refuse: "no" });
    await until(() => job(id), (it) => it.data.status === "dead");
    await db.query("update everyone.jobs set payload = payload - 'refuse' where id = $1", [id]);
    assert.equal((await call("POST", `jobs/${id}/retry`)).status, 200);
    await isDone(id);
    const [effect] = (await db.query("select attempt from public.job_effects where job = $1", [id])).rows;
    assert.equal(effect.attempt, 1);
    assert.equal((await call("POST", `jobs/${id}/retry`)).status, 404);
    const later = await add({}, { state: "scheduled", run_at: new Date(Date.now() + 3600000) });
    assert.equal((await call("POST", `jobs/${later}/retry`)).error.code, "job_not_dead");
    assert.equal((await call("DELETE", `jobs/${later}`)).status, 204);
    assert.equal((await job(later)).status, 404);
    const events = await db.query("select action, actor_kind, tenant_id from everyone.events where resource_type = 'queue_job' and resource_id = any($1) order by id", [[id, later]]);
    const platform = "00000000-0000-7000-8000-000000000001";
    assert.deepEqual(events.rows.map((it) => [it.action, it.actor_kind, it.tenant_id]),
        [["queue_job.retried", "user", platform], ["queue_job.deleted", "user", platform]]);
});

test("all_of_a_queue_are_retried_and_of_a_key_only_one", async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await add({ note: "n" }, { queue: "tests-all", state: "dead", attempt: 3 }));
    const keyed = [];
    for (let i = 0; i < 3; i++) keyed.push(await add({ note: "k" }, { queue: "tests-all", state: "dead", attempt: 3, key: "one" }));
    const answer = await ofQueue("retry", "tests-all");
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.data, { retried: 6 });
    for (const id of [...ids, keyed[2]]) await isDone(id);
    assert.equal((await queue("tests-all")).dead, 2);
    const waiting = await add({}, { queue: "tests-all", key: "one", state: "scheduled", run_at: new Date(Date.now() + 3600000) });
    assert.equal((await call("POST", `jobs/${keyed[0]}/retry`)).error.code, "job_waits");
    assert.deepEqual((await ofQueue("retry", "tests-all")).data, { retried: 0 });
    assert.equal((await call("DELETE", `jobs/${waiting}`)).status, 204);
    assert.equal((await call("POST", `jobs/${keyed[0]}/retry`)).status, 200);
    await isDone(keyed[0]);
});

test("a_queue_is_paused_and_goes_on_with_what_it_set_aside", async () => {
    const first = await add({ note: "first" }, { queue: "tests-pause" });
    await isDone(first);
    assert.equal((await ofQueue("pause", "tests-pause")).error?.details[0].code, "unknown_queue", "nobody knows it any more");
    const held = await add({}, { queue: "tests-pause", state: "scheduled", run_at: new Date(Date.now() + 3600000) });
    for (let i = 0; i < 2; i++) assert.equal((await ofQueue("pause", "tests-pause")).status, 204);
    const id = await add({ note: "second" }, { queue: "tests-pause" });
    await until(() => job(id), (it) => it.data.status === "paused");
    assert.deepEqual([(await queue("tests-pause")).paused, (await queue("tests-pause")).waiting], [true, 1]);
    assert.equal((await ofQueue("resume", "tests-pause")).status, 204);
    await isDone(id);
    assert.equal((await queue("tests-pause")).paused, false);
    assert.equal((await call("DELETE", `jobs/${held}`)).status, 204);
});

test("one_that_runs_is_not_deleted", async () => {
    const id = await add({ note: "runs", ms: 700 }, { kind: "tests.outside" });
    await until(() => job(id), (it) => it.data.status === "running");
    assert.equal((await call("DELETE", `jobs/${id}`)).error.code, "job_running");
    await isDone(id);
});

test("only_operators_who_may_see_and_change_them", async () => {
    for (const path of ["jobs", "queues"]) assert.equal((await request("GET", `/api/platform/${path}`, { token: tenant.token })).status, 403);
    assert.equal((await ofQueue("retry", "tests", tenant.token)).status, 403);
    assert.equal((await ofQueue("pause", "nobody-knows")).error?.details[0].code, "unknown_queue");
});

test("metrics_count_how_attempts_ended", async () => {
    await worker.stop(); // it counts for itself; the platform's own is left
    const counted = async () => (await request("GET", "/metrics")).text;
    const platform = "00000000-0000-7000-8000-000000000001";
    await add({}, { kind: "auth.clean_up", queue: "cleanup", tenant_id: platform });
    const shown = await until(counted, (it) => /^tulou_jobs_total\{kind="auth.clean_up",queue="cleanup",outcome="done"\} [1-9]/m.test(it));
    assert.match(shown, /^tulou_job_seconds_count\{kind="auth.clean_up",queue="cleanup"\} [1-9]/m);
});
