// The `tulou` command as people call it: on folders of its own, to its end.
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./build.mjs";
import { guardFolder } from "./guard.mjs";

export { processesOf } from "./guard.mjs";
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
    guardFolder(folder);
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

export async function until(good) {
    while (!(await good())) await new Promise((resolve) => setTimeout(resolve, 20));
}
