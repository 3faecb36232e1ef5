// One load: wrk against a front door, its latencies and what it cost.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { meter } from "./cost.mjs";

export const CONNECTIONS = 32;

export function command(name, args, environment = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(name, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        child.stdout.on("data", (data) => (output += data));
        child.stderr.on("data", (data) => (output += data));
        child.on("error", reject);
        child.on("close", (status) => (status === 0 ? resolve(output) : reject(new Error(`${name}: ${status}\n${output}`))));
    });
}

async function wrk(door, requests, seconds) {
    const output = await command("wrk", ["-t2", `-c${CONNECTIONS}`, `-d${seconds}s`, "--timeout", "30s", "-s", "tests/bench/lib/requests.lua", "-H", "Host: localhost", `http://127.0.0.1:${door.port}/`],
        { BENCH_REQUESTS: requests });
    const found = output.match(/^RESULT (.*)$/m);
    if (!found) throw new Error(output);
    return JSON.parse(found[1]);
}

// requests: [{method, path, token, body}]; door: {port, folder, groups}, where
// groups are the pids at the heads of nginx, application and PostgreSQL.
// `refused`: every answer must be a 4xx, instead of none. `warmUp` seconds come
// before it that do not count, but in `sent`. `settle`: what is waited for before and
// after it, whose cost belongs to it.
export async function load(door, requests, { seconds, warmUp = 0, refused = false, settle = async () => {} }) {
    const file = join(door.folder, "requests");
    writeFileSync(file, requests.map((it) => [it.method ?? "GET", it.path, it.token ?? "", it.body ? JSON.stringify(it.body) : ""].join("\t") + "\n").join(""));
    const warm = warmUp ? (await wrk(door, file, warmUp)).requests : 0;
    await settle();
    const read = meter(door.groups), result = await wrk(door, file, seconds);
    await settle();
    if (result.requests === 0 || result.broken || result.refused !== (refused ? result.requests : 0))
        throw new Error(`${requests[0].method ?? "GET"} ${requests[0].path}: ${result.refused} of ${result.requests} answers refused, ${result.broken} connections broken`);
    return measured(result, read(), warm + result.requests);
}

// Requests a second, latencies in microseconds, CPU microseconds of each part
// for a request, and those of them together.
export function measured(result, { machine, bench, ...used }, sent = result.requests) {
    const cpu = Object.fromEntries(Object.entries(used).map(([name, us]) => [name, us / result.requests]));
    return { sent, rate: result.requests / result.us * 1e6, p50: result.p50, p99: result.p99, cpu,
        cpuTotal: Object.values(cpu).reduce((a, b) => a + b, 0), others: Math.max(0, 1 - bench / machine) };
}
