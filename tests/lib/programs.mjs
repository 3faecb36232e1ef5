// The programs of the platform under test, found among the processes.
import { readdirSync, readFileSync } from "node:fs";
import { folder } from "./client.mjs";

const read = (pid, file) => readFileSync(`/proc/${pid}/${file}`, "utf8");

// The first worker of an area; undefined while its master starts another.
export function workerOf(area) {
    for (const pid of readdirSync("/proc").filter((it) => /^\d+$/.test(it)))
        try {
            const line = read(pid, "cmdline"), parent = read(pid, "stat").split(" ")[3];
            if (line.includes(`cgi-bin/${area}\0`) && line.includes(folder) && read(parent, "cmdline").includes(`cgi-bin/${area}\0`)) return Number(pid);
        } catch {
            // it has ended meanwhile
        }
    return undefined;
}

export function killWorker(area) {
    process.kill(workerOf(area), "SIGKILL");
}
