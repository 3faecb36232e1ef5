// The peer of tests/bench/jobs.mjs in a process of its own: graphile-worker with
// the tasks that our worker has, as fast as its documentation says it can be.
//     node tests/bench/lib/graphile.mjs SOCKET-FOLDER OPTIONS
import { Logger, run } from "graphile-worker";
import pg from "pg";

const pgPool = new pg.Pool({ host: process.argv[2], user: "tulou_owner", database: "tulou", max: 14 });
for (const event of ["error", "connect"]) pgPool.on(event, (it) => event === "connect" && it.on("error", () => {})); // else it complains
const started = [];
const runner = await run({
    pgPool,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    preset: { worker: { concurrentJobs: 10, ...JSON.parse(process.argv[3]) } },
    taskList: {
        nothing: () => {},
        row: (payload, helpers) => helpers.query("insert into public.job_effects (job, tenant, attempt, note) values ($1, $2, 1, '')",
            ["01a1fc30-19fe-74cc-bfd1-e408edb75d4f", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f"]),
        started: () => void started.push(performance.timeOrigin + performance.now()),
    },
});
process.on("message", async (message) => {
    if (message === "started") process.send(started.splice(0));
    if (message !== "stop") return;
    await runner.stop();
    await pgPool.end();
    process.disconnect();
});
process.send("ready");
