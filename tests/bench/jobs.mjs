// Jobs against graphile-worker, on one database, one after the other, with ten
// jobs at once each: how soon a job starts, and how many are done in a second.
//     node tests/bench/jobs.mjs
// run() answers rows as tests/bench/bench.mjs takes them: how many times as good
// as the peer we are.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Platform } from "../lib/platform.mjs";
import { Worker, connect, socketOf } from "../lib/worker.mjs";

const many = 4000, rounds = 3, samples = 200, idleSeconds = 5;
const peerVersion = JSON.parse(readFileSync("node_modules/graphile-worker/package.json", "utf8")).version;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const percentile = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

async function until(good) {
    while (!(await good())) await wait(5);
}

// Both: begin a worker, end it, add jobs in one statement, see whether all are
// gone, add one and tell when they started, in milliseconds since 1970.
function ours(folder, db) {
    let worker;
    const add = (kind, count) => db.query(`insert into everyone.jobs (tenant_id, kind, queue, attempts)
        select '00000000-0000-7000-8000-000000000001', 'tests.' || $1, 'bench', 20 from generate_series(1, $2::int)`, [kind, count]);
    return {
        add,
        begin: async () => void (worker = new Worker(folder, { TULOU_JOBS: "10" })),
        end: () => worker.stop(),
        isEmpty: async () => (await db.query("select from everyone.jobs where kind like 'tests.%' limit 1")).rowCount === 0,
        processes: () => worker.processes(),
        starts: async () => (await db.query("delete from public.job_effects returning note::bigint as us")).rows.map((it) => Number(it.us) / 1000).sort((a, b) => a - b),
    };
}

function graphile(folder, db, options) {
    let child;
    const hear = (word) => new Promise((resolve) => {
        child.once("message", resolve);
        if (word) child.send(word);
    });
    return {
        add: (kind, count) => db.query(`select count(*) from graphile_worker.add_jobs(
            array(select json_populate_record(null::graphile_worker.job_spec, json_build_object('identifier', $1::text)) from generate_series(1, $2::int)))`, [kind, count]),
        begin: async () => {
            child = fork("tests/bench/lib/graphile.mjs", [socketOf(folder), JSON.stringify(options)]);
            await hear();
        },
        end: async () => {
            const gone = new Promise((resolve) => child.once("close", resolve));
            child.send("stop");
            await gone;
        },
        isEmpty: async () => (await db.query("select from graphile_worker._private_jobs limit 1")).rowCount === 0,
        processes: () => [child.pid],
        starts: () => hear("started"),
    };
}

const ticks = (pids) => pids.reduce((sum, pid) => {
    const part = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return sum + Number(part[11]) + Number(part[12]);
}, 0);

async function throughput(side, kind) {
    await side.begin();
    await side.add(kind, 100);
    await until(side.isEmpty);
    const begun = performance.now();
    await side.add(kind, many);
    await until(side.isEmpty);
    const speed = many / ((performance.now() - begun) / 1000);
    await side.end();
    return speed;
}

async function latency(side) {
    await side.begin();
    await side.add("started", 10);
    await until(side.isEmpty);
    await side.starts();
    const added = [];
    for (let i = 0; i < samples; i++) {
        added.push(performance.timeOrigin + performance.now());
        await side.add("started", 1);
        await wait(5);
    }
    await until(side.isEmpty);
    const starts = await side.starts();
    const before = ticks(side.processes());
    await wait(idleSeconds * 1000);
    const idle = ticks(side.processes()) - before;
    await side.end();
    return { delays: starts.map((it, i) => it - added[i]), idle: (Math.max(idle, 1) * 10) / idleSeconds }; // less than a tick counts as one
}

async function vacuum(db) {
    await db.query("truncate public.job_effects");
    await db.query("vacuum analyze shared.jobs");
    await db.query("vacuum analyze graphile_worker._private_jobs");
}

async function compare(folder, db) {
    const rows = [];
    const row = (what, unit, better, mine, peer, figures = {}) => {
        const ratio = better === "higher" ? mine / peer : peer / mine;
        rows.push({ name: `jobs: ${what}`, value: `${ratio.toFixed(2)} (${mine.toFixed(1)} to ${peer.toFixed(1)} ${unit})`, aim: "1.00", good: ratio >= 1,
            ours: mine, peer, peerName: `graphile-worker ${peerVersion}`, unit, ratio, ...figures });
    };
    const mine = ours(folder, db), plain = graphile(folder, db, {});
    const fast = graphile(folder, db, { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 });
    await plain.begin(); // makes its tables
    await plain.end();
    for (const [kind, what] of [["nothing", "jobs that do nothing"], ["row", "jobs that write a row"]]) {
        const figures = { mine: [], plain: [], fast: [] };
        for (let round = 0; round < rounds; round++)
            for (const [name, side] of Object.entries({ mine, plain, fast })) {
                await vacuum(db);
                figures[name].push(await throughput(side, kind));
            }
        row(`${what}, against its defaults`, "jobs/s", "higher", median(figures.mine), median(figures.plain), { rounds: figures });
        row(`${what}, against its local queue and batches`, "jobs/s", "higher", median(figures.mine), median(figures.fast), { rounds: figures });
    }
    await vacuum(db);
    const a = await latency(mine), b = await latency(plain);
    for (const [name, part] of [["p50", 0.5], ["p99", 0.99]])
        row(`a job added until it starts, ${name}`, "ms", "lower", percentile(a.delays, part), percentile(b.delays, part));
    row("processor time of an idle worker", "ms/s", "lower", a.idle, b.idle);
    return rows;
}

export async function run() {
    const platform = new Platform();
    try {
        await platform.start();
        const db = await connect(platform.folder);
        await db.query("create table public.job_effects (job uuid, tenant uuid, attempt integer, note text)");
        await db.query("grant select, insert on public.job_effects to tulou_tenant, tulou_platform");
        const rows = await compare(platform.folder, db);
        await db.end();
        return rows;
    } finally {
        await platform.stop();
    }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
    for (const it of await run()) console.log(`${it.name}, against ${it.peerName}: ${it.value}`);
