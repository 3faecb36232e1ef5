// What processes cost: CPU time and memory, from /proc.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

function read(path) {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return ""; // it has ended meanwhile
    }
}

// The name stands in brackets and may hold spaces: what follows it counts.
function stat(pid) {
    const text = read(`/proc/${pid}/stat`), fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return text ? { pid, name: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")), parent: Number(fields[1]),
        us: (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / ticks * 1e6 } : null;
}

const processes = () => readdirSync("/proc").filter((it) => /^\d+$/.test(it)).map((it) => stat(Number(it))).filter(Boolean);

function below(all, root) {
    const found = all.filter((it) => it.pid === root);
    for (const it of found) found.push(...all.filter((child) => child.parent === it.pid));
    return found;
}

export const children = (pid) => processes().filter((it) => it.parent === pid);

// Microseconds of CPU that a process, all below it and what they have reaped used.
const cpu = (all, root) => below(all, root).reduce((sum, it) => sum + it.us, 0);

const busy = () => {
    const [user, nice, system, , , irq, softirq, steal] = read("/proc/stat").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
    return (user + nice + system + irq + softirq + steal) / ticks * 1e6;
};

// groups: names and the pids at their heads. The second call answers the
// difference: CPU of each, of the whole machine, and of all that this benchmark
// started together.
export function meter(groups) {
    const take = () => {
        const all = processes(), now = { machine: busy(), bench: cpu(all, process.pid) };
        for (const [name, pid] of Object.entries(groups)) now[name] = cpu(all, pid);
        return now;
    };
    const before = take();
    return () => Object.fromEntries(Object.entries(take()).map(([name, us]) => [name, us - before[name]]));
}

// Resident memory in bytes of processes and all below them, shared pages counted by share.
export function memory(pids) {
    const all = processes();
    return pids.flatMap((pid) => below(all, pid))
        .reduce((sum, it) => sum + Number(read(`/proc/${it.pid}/smaps_rollup`).match(/^Pss:\s+(\d+) kB/m)?.[1] ?? 0) * 1024, 0);
}
