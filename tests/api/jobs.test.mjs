// Jobs, done by the real worker program: what is added is done once, whatever
// fails, whoever is killed, and however many workers there are.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { folder, makeTenant } from "../lib/client.mjs";
import { Worker, connect, said, until } from "../lib/worker.mjs";

const platformTenant = "00000000-0000-7000-8000-000000000001";
let db, tenant;
const workers = new Set();

function begin(environment) {
    const worker = new Worker(folder, environment);
    workers.add(worker);
    return worker;
}

async function end(worker, how = "stop") {
    workers.delete(worker);
    return worker[how]();
}

before(async () => {
    tenant = await makeTenant();
    db = await connect(folder);
    await db.query(`create table if not exists public.job_effects (
        job uuid, tenant uuid, attempt integer, note text, at timestamptz default clock_timestamp())`);
    await db.query("create unique index if not exists job_effects_once on public.job_effects (job, note)");
    await db.query("grant select, insert on public.job_effects to tulou_tenant, tulou_platform");
});
beforeEach(async () => {
    await db.query("delete from everyone.jobs where kind like 'tests.%'");
    await db.query("truncate public.job_effects");
    // As if they had been fired in the minute that is now: nothing is due.
    await db.query(`insert into public.job_schedules (name, fired_at)
        select 'tests.tick' || n, now() from generate_series(1, 8) n on conflict (name) do update set fired_at = now()`);
});
after(async () => {
    for (const worker of workers) await worker.kill();
    await db.query("drop table public.job_effects");
    await db.query("delete from public.job_schedules where name like 'tests.%'");
    await db.query("delete from everyone.jobs where kind like 'tests.%'");
    await db.end();
});

async function add(kind, payload = {}, { count = 1, ...columns } = {}) {
    const row = { tenant_id: tenant.id, kind: `tests.${kind}`, queue: "tests", payload, attempts: 3, ...columns };
    const names = Object.keys(row);
    const made = await db.query(`insert into everyone.jobs (${names}) select ${names.map((_, i) => `$${i + 1}`)}
        from generate_series(1, ${count}) returning id`, Object.values(row));
    return made.rows.map((it) => it.id);
}

const effects = async () => (await db.query("select * from public.job_effects order by at")).rows;
const jobs = async () => (await db.query("select * from everyone.jobs where kind like 'tests.%' order by created_at, id")).rows.map((it) => ({ ...it, error: said(it.error) }));

const whenDone = () => until(jobs, (rows) => rows.length === 0);

test("a_job_is_done_in_its_tenant_and_gone", async () => {
    const worker = begin();
    const [inside] = await add("inside", { note: "a" });
    const [outside] = await add("outside", { note: "b" });
    const [platform] = await add("tick", { note: "c" }, { tenant_id: platformTenant });
    await whenDone();
    const seen = (await effects()).map((it) => [it.job, it.tenant, it.note]).sort((a, b) => (a[2] < b[2] ? -1 : 1));
    assert.deepEqual(seen, [[inside, tenant.id, "a"], [outside, tenant.id, "b"], [platform, platformTenant, "c"]]);
    assert.equal(await end(worker), 0);
});

test("children_are_added_by_the_commit_of_their_job_or_not_at_all", async () => {
    const worker = begin();
    await add("inside", { note: "good", children: 5 });
    await add("inside", { note: "bad", children: 5, refuse: "no" });
    await until(effects, (rows) => rows.length === 6);
    const left = await until(jobs, (rows) => rows.length === 1 && rows[0].state === "dead");
    assert.equal(left[0].error, "no");
    assert.equal((await effects()).filter((it) => it.note === "child").length, 5);
    await end(worker);
});

test("a_second_one_of_a_key_is_not_added_while_the_first_waits", async () => {
    const worker = begin();
    await add("inside", { note: "adder", children: 4, key: "k", delay: 3600 });
    const left = await until(jobs, (rows) => rows.length === 1 && rows[0].key === "k");
    assert.equal(left[0].state, "scheduled");
    await db.query("update everyone.jobs set state = 'ready', run_at = now() where key = 'k'");
    await db.query("notify jobs, 'ready'");
    await whenDone();
    assert.equal((await effects()).filter((it) => it.note === "child").length, 1);
    await add("inside", { note: "adder again", children: 1, key: "k" });
    await until(effects, (rows) => rows.filter((it) => it.note === "child").length === 2);
    await end(worker);
});

test("smaller_priority_goes_first_and_none_before_its_time", async () => {
    await add("inside", { note: "9" }, { priority: 9 });
    await add("inside", { note: "5" }, { priority: 5 });
    await add("inside", { note: "-1" }, { priority: -1 });
    await add("inside", { note: "later" }, { priority: -9, state: "scheduled", run_at: new Date(Date.now() + 3600000) });
    const worker = begin({ TULOU_JOBS: "1" });
    await until(effects, (rows) => rows.length === 3);
    const soon = new Date(Date.now() + 1000);
    await db.query("update everyone.jobs set run_at = $1 where state = 'scheduled'", [soon]);
    await db.query("notify jobs, 'scheduled'");
    await whenDone();
    const done = await effects();
    assert.deepEqual(done.map((it) => it.note), ["-1", "5", "9", "later"]);
    assert.ok(done[3].at >= soon);
    await end(worker);
});

test("a_failure_is_tried_again_later_and_later_then_it_is_a_dead_letter", async () => {
    const worker = begin();
    await add("inside", { note: "twice", failures: 2, retry: 1 });
    await add("inside", { note: "ever", failures: 9, retry: 1 });
    const [backed] = await add("inside", { note: "backed", failures: 1 });
    const failed = await until(jobs, (rows) => rows.some((it) => it.id === backed && it.state === "scheduled"));
    const waiting = failed.find((it) => it.id === backed);
    const delay = (waiting.run_at - waiting.failed_at) / 1000;
    assert.ok(delay >= 13 && delay <= 17, `15 s give or take an eighth: ${delay}`);
    // However long the others take.
    await db.query("update everyone.jobs set run_at = run_at + interval '1 hour' where id = $1", [backed]);
    const left = await until(jobs, (rows) => rows.length === 2 && rows.some((it) => it.state === "dead"));
    const dead = left.find((it) => it.state === "dead");
    assert.deepEqual([dead.payload.note, dead.attempt, dead.error], ["ever", 3, "asked to fail 3"]);
    // Of the effects of an attempt that failed nothing stays.
    assert.deepEqual((await effects()).map((it) => [it.note, it.attempt]), [["twice", 3]]);
    assert.equal(left.find((it) => it.id === backed).state, "scheduled");
    await end(worker);
});

test("an_attempt_that_takes_too_long_is_cut", async () => {
    const worker = begin();
    await add("inside", { note: "long", ms: 600000 }, { attempts: 1 });
    await add("outside", { note: "outside", ms: 600000 }, { attempts: 1 });
    const left = await until(jobs, (rows) => rows.every((it) => it.state === "dead"));
    for (const it of left) assert.equal(it.error, "It took longer than 1 seconds.");
    assert.deepEqual((await effects()).map((it) => it.note), ["outside"]);
    await end(worker);
});

test("a_paused_queue_waits_and_goes_on", async () => {
    await db.query("insert into public.job_pauses (queue) values ('tests-paused')");
    await add("inside", { note: "paused" }, { queue: "tests-paused" });
    const worker = begin();
    await until(jobs, (rows) => rows[0].state === "paused");
    await add("inside", { note: "other" });
    await until(effects, (rows) => rows.length === 1 && rows[0].note === "other");
    await db.query("delete from public.job_pauses");
    await db.query("update everyone.jobs set state = 'ready' where state = 'paused'");
    await db.query("notify jobs, 'ready'");
    await whenDone();
    assert.equal((await effects()).length, 2);
    await end(worker);
});

test("a_worker_told_to_end_finishes_what_it_began_and_gives_the_rest_back", async () => {
    const worker = begin({ TULOU_JOBS: "2" });
    await add("inside", { note: "n", ms: 300 }, { count: 50 });
    // What is claimed is called running before it has begun; when one is done, it is at work.
    await until(effects, (rows) => rows.length > 0);
    assert.equal(await end(worker), 0);
    const left = await jobs(), done = await effects();
    assert.equal(left.length + done.length, 50);
    assert.ok(left.length > 0);
    for (const it of left) assert.deepEqual([it.state, it.attempt, it.worker], ["ready", 0, null]);
    const next = begin();
    await whenDone();
    assert.equal((await effects()).length, 50);
    await end(next);
});

// Three come to the same schedules at the same moment: a lock holds them back
// until all are there. What came due more than once while nobody ran fires once.
test("schedules_fire_once_with_three_workers", async () => {
    // The platform's own worker, which is there before, may come to them as well.
    const waiting = (before) => () => db.query(`select count(distinct pid)::int as n from pg_locks
        where relation = 'public.job_schedules'::regclass and not granted and pid <> all($1::int[])`, [before]).then((it) => it.rows[0].n);
    const connected = () => db.query("select pid from pg_stat_activity").then((it) => it.rows.map(({ pid }) => pid));
    for (let round = 1; round <= 5; round++) {
        await db.query("update public.job_schedules set fired_at = now() - interval '40 hours' where name like 'tests.%'");
        await db.query("truncate public.job_effects");
        const before = await connected();
        await db.query("begin");
        await db.query("lock table public.job_schedules in exclusive mode");
        const three = [begin(), begin(), begin()];
        await until(waiting(before), (count) => count === 3);
        await db.query("commit");
        await until(effects, (rows) => rows.length >= 8);
        for (const it of three) assert.equal(await end(it), 0);
        assert.equal((await jobs()).length, 0);
        const fired = (await effects()).map((it) => it.note).sort();
        assert.deepEqual(fired, ["1", "2", "3", "4", "5", "6", "7", "8"], `round ${round}`);
        const stored = await db.query(`select distinct to_char(fired_at at time zone 'Europe/Madrid', 'HH24:MI:SS') as at, fired_at <= now() as past
            from public.job_schedules where name like 'tests.%'`);
        assert.deepEqual(stored.rows, [{ at: "03:00:00", past: true }]);
    }
});

// As when its lease was over: of the first two one is done at a time, so that the
// second is claimed and waits in line until it is another's; the third is in the middle.
test("whoever_lost_the_claim_on_a_job_changes_nothing", async () => {
    const lock = await connect(folder);
    try {
        await lock.query("begin; lock table public.job_effects in exclusive mode");
        const [first] = await add("one", { note: "first" }), [second] = await add("one", { note: "second" }), [third] = await add("started");
        const worker = begin({ TULOU_JOBS: "3", TULOU_JOBS_SLACK: "600" });
        await until(jobs, (rows) => rows.every((it) => it.state === "running"));
        await db.query("update everyone.jobs set worker = 'another', lease_until = now() + interval '1 hour' where id = any($1)", [[second, third]]);
        await lock.query("commit");
        const [fourth] = await until(effects, (rows) => rows.length === 2).then(() => add("row", { note: "fourth" }));
        await until(effects, (rows) => rows.length >= 3);
        assert.deepEqual(new Set((await effects()).map((it) => it.job)), new Set([first, third, fourth]));
        assert.equal(await end(worker), 0);
        assert.deepEqual((await jobs()).map((it) => [it.id, it.state, it.worker]), [[second, "running", "another"], [third, "running", "another"]]);
    } finally {
        await lock.end();
    }
});

test("fifty_killed_workers_and_each_effect_exactly_once", async () => {
    const ids = new Set(), load = async () => {
        for (const id of [...(await add("inside", { note: "in", ms: 3 }, { count: 2000, attempts: 1000 })), ...(await add("outside", { note: "out", ms: 3 }, { count: 1000, attempts: 1000 }))]) ids.add(id);
    };
    await load();
    const pair = [begin(), begin()];
    let killed = 0;
    for (let count = 0; killed < 50; killed++) {
        count = (await until(effects, (it) => it.length >= count + 40)).length;
        if (count > ids.size - 2000) await load(); // there is work whenever one is killed
        await end(pair[killed % 2], "kill");
        pair[killed % 2] = begin();
    }
    await whenDone();
    const rows = await effects();
    assert.equal(rows.length, ids.size);
    assert.deepEqual(new Set(rows.map((it) => it.job)), ids);
    assert.ok(rows.some((it) => it.attempt > 1), "none was ever taken over");
    for (const it of pair) assert.equal(await end(it), 0);
});
