// What else can happen to a platform that runs: each program killed, the database
// frozen, the disk full, the log gone. It says so, goes on, and leaves nothing behind.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Platform } from "../lib/platform.mjs";

// Enough for the cluster and little more.
const diskSize = "700m";
let platform, client, tenant, until;

const asRoot = (...command) => (process.getuid() === 0 ? execFileSync(command[0], command.slice(1)) : execFileSync("sudo", ["-n", ...command]));
before(async () => {
    platform = new Platform();
    asRoot("mount", "-t", "tmpfs", "-o", `size=${diskSize},mode=755,uid=${process.getuid()}`, "tulou-test", platform.folder);
    await platform.start({ TULOU_DEADLINE_MS: "3000" });
    Object.assign(process.env, platform.environment());
    client = await import("../lib/client.mjs");
    ({ until } = await import("../lib/worker.mjs"));
    tenant = await client.makeTenant();
});
after(async () => {
    await platform.halt();
    asRoot("umount", "--lazy", platform.folder);
    await platform.stop();
});

const leads = (method = "GET", body, headers) => client.request(method, "/api/crm/leads", { token: tenant.token, body, headers });
const ready = () => until(async () => (await client.request("GET", "/readyz").catch(() => ({}))).status, (status) => status === 200);
// That one part and no other.
async function told(part) {
    const answer = await client.request("GET", "/readyz");
    assert.equal(answer.status, 503);
    assert.equal(answer.text, `not ready: ${part} does not answer\n`);
}
const works = () => until(async () => (await leads().catch(() => ({}))).status, (status) => status === 200);
const read = (pid, file) => {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return ""; // it ended while we looked
    }
};
// The programs of this platform, as { pid, parent, line }.
function programs() {
    return readdirSync("/proc").filter((it) => /^\d+$/.test(it)).map((pid) => ({ pid: Number(pid), line: read(pid, "cmdline").replaceAll("\0", " "),
        parent: Number(read(pid, "stat").replace(/^.*\) /, "").split(" ")[1]) })).filter((it) => it.pid !== process.pid && it.line);
}
function below(pid) {
    const all = programs(), family = [];
    for (let next = [pid]; next.length; next = all.filter((it) => next.includes(it.parent)).map((it) => it.pid)) family.push(...all.filter((it) => next.includes(it.pid)));
    return family.filter((it) => it.pid !== pid);
}
const child = (part) => programs().find((it) => it.parent === platform.child.pid && it.line.includes(part));

test("each_program_that_is_killed_is_started_again_and_leaves_nobody_behind", async () => {
    for (const part of ["nginx", "cgi-bin/crm", "cgi-bin/auth", "cgi-bin/realtime", "cgi-bin/worker", "postgres"]) {
        const old = child(part), family = [old, ...below(old.pid)];
        process.kill(old.pid, "SIGKILL");
        await until(() => child(part), (it) => it && it.pid !== old.pid);
        await until(() => programs().filter((it) => family.some((was) => was.pid === it.pid)), (left) => left.length === 0);
        await ready();
        const made = await leads("POST", { name: `after ${part}` });
        assert.equal(made.status, 201, made.text);
        const again = await client.request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password: client.password } });
        assert.equal(again.status, 200, again.text);
    }
});

test("while_the_database_is_frozen_requests_end_in_time_and_then_each_has_its_effect_once", async () => {
    const cluster = [child("postgres"), ...below(child("postgres").pid)];
    for (const it of cluster) process.kill(it.pid, "SIGSTOP");
    const keys = Array.from({ length: 12 }, () => randomUUID());
    const send = (key) => leads("POST", { name: `frozen ${key}` }, { "idempotency-key": key });
    try {
        for (const answer of await Promise.all([leads(), ...keys.map(send)])) {
            assert.equal(answer.status, 503, answer.text);
            assert.ok(Number(answer.headers["retry-after"]) >= 1, JSON.stringify(answer.headers));
        }
        assert.equal((await client.request("GET", "/healthz")).status, 200);
        await told("the database");
    } finally {
        for (const it of cluster) process.kill(it.pid, "SIGCONT");
    }
    await works();
    for (const key of keys) await until(() => send(key), (it) => it.status === 201);
    for (const key of keys) assert.equal((await client.request("GET", `/api/crm/leads?name=${encodeURIComponent(`frozen ${key}`)}`, { token: tenant.token })).json.meta.total, 1);
});

// A process that hangs still has a socket that accepts.
test("a_program_that_hangs_is_named_by_readyz_within_a_second", async () => {
    for (const area of ["crm", "auth", "worker", "realtime"]) {
        const family = below(child(`cgi-bin/${area}`).pid);
        for (const it of family) process.kill(it.pid, "SIGSTOP");
        try {
            await told(`the area ${area}`);
        } finally {
            for (const it of family) process.kill(it.pid, "SIGCONT");
        }
        await ready();
    }
});

test("a_full_disk_is_told_and_what_was_acknowledged_is_there_afterwards", async () => {
    const filler = join(platform.folder, "filler"), made = [], family = () => below(child("cgi-bin/crm").pid).map((it) => it.pid), before = family();
    const fill = () => {
        for (let size = 1 << 22; size >= 512; size >>= 1)
            try {
                for (;;) writeFileSync(filler, Buffer.alloc(size, 1), { flag: "a" });
            } catch (problem) {
                assert.equal(problem.code, "ENOSPC");
            }
    };
    let refused;
    for (let i = 0; !refused; i++) {
        fill();
        const answer = await leads("POST", { name: `full ${i}`, company: "x".repeat(200) });
        if (answer.status === 201) made.push(answer.data.id);
        else refused = answer;
    }
    assert.ok([503, 507].includes(refused.status), refused.text);
    assert.ok(Number(refused.headers["retry-after"]) >= 1);
    // Reading goes on, by the same processes: what they map has had its space since they began.
    for (let i = 0; i < 12; i++) {
        fill();
        const answer = await leads();
        assert.equal(answer.status, 200, answer.text);
    }
    assert.deepEqual(family(), before);
    rmSync(filler);
    await works();
    await until(() => leads("POST", { name: "room again" }), (it) => it.status === 201);
    for (const id of made) assert.equal((await client.request("GET", `/api/crm/leads/${id}`, { token: tenant.token })).status, 200);
});

test("a_log_that_cannot_be_written_keeps_no_program_down", async () => {
    const log = join(platform.folder, "log/crm.log"), old = child("cgi-bin/crm");
    renameSync(log, `${log}.old`);
    mkdirSync(log);
    process.kill(old.pid, "SIGKILL");
    await until(() => child("cgi-bin/crm"), (it) => it && it.pid !== old.pid);
    await works();
    rmSync(log, { recursive: true });
});

test("stopping_leaves_no_process_and_no_socket", async () => {
    const family = below(platform.child.pid);
    assert.ok(family.length > 20);
    await platform.halt();
    const left = programs().filter((it) => family.some((was) => was.pid === it.pid && was.line === it.line));
    assert.deepEqual(left, []);
    assert.ok(!existsSync(join(platform.folder, "run/crm.sock")));
});
