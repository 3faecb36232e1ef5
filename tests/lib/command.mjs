// The `tulou` command as people call it: on folders of its own, to its end.
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./build.mjs";

export { freePort } from "./ports.mjs";

export const root = process.getuid() === 0;
// Whom the platform runs as, for what a test gives to it or starts beside it.
export const account = root ? "tulou" : undefined;
const [, , uid, gid] = root ? readFileSync("/etc/passwd", "utf8").split("\n").find((it) => it.startsWith(`${account}:`)).split(":") : [, , process.getuid(), process.getgid()];

const folders = [];
export function makeFolder(name = "tulou-command-") {
    const folder = mkdtempSync(join(tmpdir(), name));
    chmodSync(folder, 0o755);
    folders.push(folder);
    return folder;
}
export const give = (path) => chownSync(path, Number(uid), Number(gid));
export const removeFolders = () => folders.splice(0).forEach((it) => rmSync(it, { recursive: true, force: true }));


export function run(command, args, { environment = {}, input, as } = {}) {
    const line = as && root ? ["runuser", ["-u", as, "--", command, ...args]] : [command, args];
    return new Promise((resolve) => {
        const child = spawn(...line, { env: { ...process.env, DATABASE_URL: "", ...environment }, stdio: ["pipe", "pipe", "pipe"] });
        let output = "";
        child.stdout.on("data", (data) => (output += data));
        child.stderr.on("data", (data) => (output += data));
        child.on("close", (status, signal) => resolve({ status: signal ?? status, output }));
        child.stdin.end(input);
    });
}

export const tulou = (args, environment, options = {}) => run(options.program ?? program, args, { ...options, environment });

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

export async function until(good) {
    while (!(await good())) await new Promise((resolve) => setTimeout(resolve, 20));
}
