// Workers of the tests' own beside the platform under test: the worker program
// with the area of tests/worker, on the platform's database, and that database.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { bound } from "./bound.mjs";
import { build } from "./build.mjs";
import { patience } from "./patience.mjs";

export const socketOf = (folder) => join(folder, "run");

// As its owner. One connection: what it listens to and locks stays its own.
export async function connect(folder) {
    const client = new pg.Client({ host: socketOf(folder), user: "tulou_owner", database: "tulou" });
    await client.connect();
    return client;
}

// A sentence as a column keeps it (lib/base/sentence.h), in English.
export function said(kept) {
    if (!kept?.startsWith("[")) return kept;
    const [format, ...pieces] = JSON.parse(kept).map((it) => (Array.isArray(it) ? said(it.length > 1 ? JSON.stringify(it) : it[0]) : it));
    return format.replace(/%\w+/g, () => pieces.shift());
}

// Reads until it is as it should be; gives up in the end, so that a test that
// fails ends too.
export async function until(read, good) {
    const end = performance.now() + patience;
    for (;;) {
        const answer = await read();
        if (good(answer)) return answer;
        if (performance.now() > end) throw new Error(`never came about: ${good}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

export class Worker {
    constructor(platformFolder, environment = {}) {
        this.folder = mkdtempSync(join(tmpdir(), "tulou-worker-"));
        mkdirSync(join(this.folder, "run"));
        copyFileSync(join(platformFolder, "run/db.conninfo"), join(this.folder, "run/db.conninfo"));
        copyFileSync(join(platformFolder, "secret.key"), join(this.folder, "secret.key"));
        this.log = "";
        // A group of its own, so that master and process can be killed at once.
        this.child = spawn(...bound(join(build, "tests/worker"), ["--socket", join(this.folder, "run/worker.sock")]), {
            env: { ...process.env, DATABASE_URL: "", TULOU_VAR: this.folder, TULOU_JOBS_SLACK: "1", ...environment },
            stdio: ["ignore", "ignore", "pipe"], detached: true,
        });
        this.child.stderr.on("data", (data) => (this.log += data));
        this.gone = new Promise((resolve) => this.child.once("close", (status, signal) => resolve(signal ?? status)));
    }

    // Of the process that does the jobs, not of its master.
    processes() {
        const list = execFileSync("ps", ["-o", "pid=", "--ppid", String(this.child.pid)], { encoding: "utf8" });
        return list.split("\n").filter(Boolean).map(Number);
    }

    async kill() {
        process.kill(-this.child.pid, "SIGKILL");
        await this.gone;
        rmSync(this.folder, { recursive: true, force: true });
    }

    async stop() {
        if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
        const status = await this.gone;
        rmSync(this.folder, { recursive: true, force: true });
        return status;
    }
}
