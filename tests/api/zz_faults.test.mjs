// Plugs pulled while the platform runs: it says so, loses nothing, and goes on.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, makeTenant, request } from "../lib/client.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const leads = (method = "GET", body) => request(method, "/api/crm/leads", { token: tenant.token, body });

// The processes of an area, by the socket in their arguments: master and workers.
function processes(area) {
    const socket = join(folder, `run/${area}.sock`);
    const all = new Map();
    for (const pid of readdirSync("/proc").filter((it) => /^\d+$/.test(it)).map(Number))
        try {
            if (readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(socket))
                all.set(pid, Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ")[1]));
        } catch {
            // it ended while we looked
        }
    const pids = [...all.keys()];
    return { workers: pids.filter((pid) => all.has(all.get(pid))), master: pids.find((pid) => !all.has(all.get(pid))) };
}

async function until(good) {
    for (;;) {
        const answer = await good();
        if (answer) return answer;
    }
}

test("killed_workers_are_replaced_and_reads_go_on", async () => {
    const first = processes("crm");
    assert.equal(first.workers.length, 2);
    for (const pid of first.workers) process.kill(pid, "SIGKILL");
    const answers = await Promise.all(Array.from({ length: 50 }, () => leads()));
    assert.ok(answers.every((it) => [200, 503].includes(it.status)), answers.map((it) => it.status).join());
    await until(async () => (await leads()).status === 200);
    await until(async () => processes("crm").workers.length === 2);
    assert.ok(processes("crm").workers.every((pid) => !first.workers.includes(pid)));
});

test("a_hang_up_replaces_the_workers_without_losing_a_request", async () => {
    const first = processes("crm");
    let statuses = [], ended = false;
    const load = (async () => {
        while (!ended) statuses.push(...(await Promise.all(Array.from({ length: 8 }, () => leads("POST", { name: "during" })))).map((it) => it.status));
    })();
    process.kill(first.master, "SIGHUP");
    await until(async () => {
        await leads();
        return processes("crm").workers.every((pid) => !first.workers.includes(pid));
    });
    ended = true;
    await load;
    assert.deepEqual([...new Set(statuses)], [201]);
    const total = (await request("GET", "/api/crm/leads?name=during&limit=1", { token: tenant.token })).json.meta.total;
    assert.equal(total, statuses.length, "each was made once");
});

test("while_the_database_is_away_the_answer_is_503_and_then_it_works_again", async () => {
    const made = await leads("POST", { name: "kept" });
    const pid = Number(readFileSync(join(folder, "pg/postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGINT"); // fast shutdown; the supervisor starts it again
    const away = await until(async () => {
        const answer = await leads();
        return answer.status !== 200 && answer;
    });
    assert.equal(away.status, 503, away.text);
    assert.ok(["database_unavailable", "not_ready"].includes(away.error.code), away.text);
    assert.ok(Number(away.headers["retry-after"]) >= 1);
    await until(async () => (await leads()).status === 200);
    await until(async () => (await request("GET", "/readyz")).status === 200);
    assert.equal((await request("GET", `/api/crm/leads/${made.data.id}`, { token: tenant.token })).data.name, "kept");
});
