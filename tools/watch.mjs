// `make watch`: serves, and whenever a source changes builds it and starts again
// what came out of it anew: an area alone, or everything where all of it changed.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync, statSync, watch } from "node:fs";
import { basename, join } from "node:path";

const folders = ["lib", "cgi-bin", "tools", "templates", "migrations", "static", "nginx"];
const areas = "build/cgi-bin", whole = ["build/tulou", "build/share/copies.stamp", "build/share/static.stamp"];
const made = () => new Map([...readdirSync(areas).map((it) => join(areas, it)), ...whole].map((it) => [it, statSync(it).mtimeMs]));

const run = (command, args) => new Promise((resolve) => spawn(command, args, { stdio: "inherit" }).once("close", resolve));
// Ends with us, however we end.
function serve() {
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", "build/tulou", "serve"], { stdio: "inherit" });
    child.over = new Promise((resolve) => child.once("close", resolve));
    return child;
}

// The master of an area is a child of the server; it is started again when it ends.
function masterOf(server, program) {
    return readdirSync("/proc").filter((it) => /^\d+$/.test(it)).find((pid) => {
        try {
            const parent = Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ")[1]);
            return parent === server.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0].endsWith(`cgi-bin/${basename(program)}`);
        } catch {
            return false; // it ended while we looked
        }
    });
}

let server = serve(), before = made(), busy = false, again = false;

async function startAnew(changed) {
    if (changed.some((it) => whole.includes(it)) || server.exitCode !== null) {
        server.kill("SIGTERM");
        await server.over;
        server = serve();
        return;
    }
    for (const pid of changed.map((it) => masterOf(server, it)).filter(Boolean)) process.kill(Number(pid), "SIGTERM");
}

async function build() {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
        again = false;
        const began = performance.now();
        if ((await run("make", ["--no-print-directory", "all"])) !== 0) continue;
        const now = made(), changed = [...now.keys()].filter((it) => now.get(it) !== before.get(it));
        before = now;
        await startAnew(changed);
        if (changed.length) console.log(`built in ${((performance.now() - began) / 1000).toFixed(1)} s, started anew: ${changed.map((it) => basename(it)).join(", ")}`);
    }
    busy = false;
}

let pause;
for (const folder of folders)
    watch(folder, { recursive: true }, (_, name) => {
        if (name && /(^|\/)(\.|node_modules)|~$/.test(name)) return;
        clearTimeout(pause);
        pause = setTimeout(build, 50); // an editor writes in several steps
    });

for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, async () => {
        server.kill("SIGTERM");
        await server.over;
        process.exit(0);
    });
