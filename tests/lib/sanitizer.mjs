// Programs built with SANITIZE=1: each process writes what it did wrong to a file
// of its own, whoever started it and as whom it runs. A report fails the run.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder;

// Goes on to every program by the environment. What a process has leaked is told
// when it ends; a fault ends it at once, so that the request fails as well.
export function watchReports() {
    folder = mkdtempSync(join(tmpdir(), "tulou-reports-"));
    chmodSync(folder, 0o1777); // the areas run as an account of their own
    process.env.ASAN_OPTIONS = `log_path=${join(folder, "report")}:log_exe_name=1:detect_leaks=1:handle_sigill=1:strict_string_checks=1`;
    process.env.CK_TIMEOUT_MULTIPLIER = "20"; // they are slow, and nothing is measured
}

// What has been reported until now, the same place once.
export function takeReports() {
    const reports = new Map();
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const text = readFileSync(join(folder, name), "utf8");
        const place = text.replaceAll(/==\d+==|(0x)?[0-9a-f]{6,}|\bT\d+\b|\d+ byte\(s\)|\d+ object\(s\)/g, "");
        if (!reports.has(place)) reports.set(place, `${name}\n${text}`);
    }
    rmSync(folder, { recursive: true, force: true });
    return [...reports.values()];
}
