// What a test puts in the background (tulou start, a database server of its own) has
// no parent whose end the system could tell it. A guard hears by the end of its input
// that the test is gone, also after kill -9, and ends what still belongs to its folders.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The processes that name a folder in their arguments or log into it (those of
// nginx write over their arguments).
export function processesOf(folder) {
    return readdirSync("/proc").filter((it) => /^\d+$/.test(it)).flatMap((pid) => {
        try {
            const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
            return line.includes(folder) || readlinkSync(`/proc/${pid}/fd/2`).includes(folder) ? [{ pid: Number(pid), line }] : [];
        } catch {
            return []; // it ended while we looked
        }
    });
}

let guard;
export function guardFolder(folder) {
    if (!guard) {
        guard = spawn(process.execPath, [fileURLToPath(import.meta.url), "guard"], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
        guard.unref();
        guard.stdin.unref();
        guard.stdin.on("error", () => {}); // who kills the guard too has nothing guarded
    }
    guard.stdin.write(`${folder}\n`);
}

// First asked, then, where that was not enough, made to.
async function endAll(folder) {
    for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"])
        for (let looks = 0; looks < 100; looks++) {
            const left = processesOf(folder).filter((it) => it.pid !== process.pid);
            if (left.length === 0) return;
            if (looks === 0) left.forEach((it) => { try { process.kill(it.pid, signal); } catch { /* gone */ } });
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
}

if (process.argv[2] === "guard") {
    const folders = [];
    for await (const line of createInterface({ input: process.stdin })) folders.push(line);
    for (const folder of folders) {
        await endAll(folder);
        rmSync(folder, { recursive: true, force: true });
    }
}
