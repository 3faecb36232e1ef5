// The programs of the platform under test, found among the processes.
import { readdirSync, readFileSync } from "node:fs";
import { folder } from "./client.mjs";

const read = (pid, file) => readFileSync(`/proc/${pid}/${file}`, "utf8");

// The workers of an area; none while its master starts others.
export function workersOf(area) {
    const found = [];
    for (const pid of readdirSync("/proc").filter((it) => /^\d+$/.test(it)))
        try {
            const line = read(pid, "cmdline"), parent = read(pid, "stat").split(" ")[3];
            if (line.includes(`cgi-bin/${area}\0`) && line.includes(folder) && read(parent, "cmdline").includes(`cgi-bin/${area}\0`)) found.push(Number(pid));
        } catch {
            // it has ended meanwhile
        }
    return found;
}
export const workerOf = (area) => workersOf(area)[0];

export function killWorker(area) {
    process.kill(workerOf(area), "SIGKILL");
}
