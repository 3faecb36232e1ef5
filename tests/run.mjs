// The runner behind `make test`: unit tests, each fuzz target for a short time,
// then the tests that speak to a running platform. Closes with one line that
// counts them all.
//     node tests/run.mjs                  everything
//     node tests/run.mjs --fuzz SECONDS   the fuzz targets alone, longer
//     node tests/run.mjs --only api       one folder of tests alone, or one file of it:
//                                         api/leads, unit/money, fuzz/json (make test T=api/leads)
//     node tests/run.mjs --sanitized      unit, api and security with the programs of
//                                         make SANITIZE=1: what they report fails the run
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { takeReports, watchReports } from "./lib/sanitizer.mjs";

const sanitized = process.argv.includes("--sanitized");
if (sanitized) process.env.TEST_BUILD = "build/asan";
const { build } = await import("./lib/build.mjs");
const { Platform } = await import("./lib/platform.mjs");

const total = { passed: 0, failed: 0 };
const option = (name) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? undefined : process.argv[at + 1];
};

function run(command, args, environment = {}) {
    return new Promise((resolve) => {
        const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        child.stdout.on("data", (data) => (output += data));
        child.stderr.on("data", (data) => (output += data));
        child.on("close", (status, signal) => resolve({ status: signal ?? status, output }));
    });
}

// Where --only names one file of a folder, that one alone.
const [onlyGroup, onlyName] = option("--only")?.split("/") ?? [];

function files(folder, pattern) {
    const named = (it) => !onlyName || it.replace(/^(test|fuzz)_/, "").replace(/\.test\.mjs$/, "") === onlyName;
    return existsSync(folder) ? readdirSync(folder).filter((it) => pattern.test(it) && named(it)).sort().map((it) => join(folder, it)) : [];
}

// Of TAP: the tests that failed, with what they say. Of others: nothing.
function failures(output) {
    return output.match(/^not ok [^]*?^ {2}\.\.\.$/gm)?.join("\n");
}

function count(name, passed, failed, output) {
    total.passed += passed;
    total.failed += failed;
    console.log(`${failed ? "FAIL" : "ok  "} ${name}: ${passed} passed, ${failed} failed`);
    if (failed) console.log(failures(output) || output.split("\n").slice(-400).join("\n"));
}

// Check closes with "100%: Checks: 12, Failures: 0, Errors: 0" for each suite. Its
// limit of 4 seconds is one for a test that hangs, not for a machine that is busy.
async function unit(program) {
    const { status, output } = await run(program, [], { CK_DEFAULT_TIMEOUT: "120" });
    let checks = 0, bad = 0;
    for (const [, all, failures, errors] of output.matchAll(/Checks: (\d+), Failures: (\d+), Errors: (\d+)/g)) {
        checks += Number(all);
        bad += Number(failures) + Number(errors);
    }
    const broken = status !== 0 && bad === 0 ? 1 : 0;
    if (checks === 0 && !broken) count(basename(program), 0, 1, `ran no test\n${output}`);
    else count(basename(program), checks - bad, bad + broken, output);
}

async function fuzz(program, seconds) {
    const thing = basename(program).replace("fuzz_", "");
    const corpus = join("build/fuzz/corpus", thing), seeds = join("tests/fuzz/seeds", thing), words = join("tests/fuzz/dictionaries", thing);
    mkdirSync(corpus, { recursive: true });
    const { status, output } = await run(program, [`-max_total_time=${seconds}`, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
        "-artifact_prefix=build/fuzz/", ...(existsSync(words) ? [`-dict=${words}`] : []), corpus, ...(existsSync(seeds) ? [seeds] : [])]);
    count(basename(program), status === 0 ? 1 : 0, status === 0 ? 0 : 1, output);
}

async function inPairs(items, work) {
    const left = [...items];
    const worker = async () => {
        for (let item; (item = left.shift()) !== undefined; ) await work(item);
    };
    await Promise.all([worker(), worker()]);
}

async function statements(platform) {
    for (const program of files(join(build, "cgi-bin"), /^[a-z]+$/)) {
        const { status, output } = await run(program, ["--check-statements"], { TULOU_VAR: platform.folder });
        count(`statements of ${basename(program)}`, status === 0 ? 1 : 0, status === 0 ? 0 : 1, output);
    }
}

async function node(folder, platform) {
    const tests = files(join("tests", folder), /^.*\.test\.mjs$/);
    if (tests.length === 0) return;
    const { status, output } = await run("node", ["--test", "--test-reporter=tap", "--test-concurrency=1", ...tests], platform?.environment());
    const figure = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)`, "m"))?.[1] ?? 0);
    const failed = figure("fail") + figure("cancelled");
    const passed = figure("pass");
    const broken = failed === 0 && (passed === 0 || status !== 0) ? 1 : 0;
    count(`tests/${folder}`, passed, failed + broken, output);
}

const groups = sanitized ? ["unit", "api", "security"] : ["unit", "fuzz", "api", "security", "pages", "commands", "faults"];

async function everything() {
    const wanted = (group) => (onlyGroup ? group === onlyGroup : groups.includes(group));
    if (wanted("unit")) await inPairs(files(join(build, "tests/unit"), /^test_[a-z_0-9]+$/), unit);
    if (wanted("fuzz")) await inPairs(files("build/fuzz", /^fuzz_[a-z_]+$/), (it) => fuzz(it, 8));
    const folders = ["api", "security", "pages"].filter(wanted);
    if (folders.length > 0) await onOnePlatform(folders, !onlyGroup);
    // Each of these files starts platforms of its own, and breaks them.
    for (const folder of ["commands", "faults"].filter(wanted)) await node(folder);
}

// Once everything that could report has ended.
function reports() {
    const found = takeReports();
    count("reports of the sanitizers", found.length ? 0 : 1, found.length, found.join("\n"));
}

async function onOnePlatform(folders, all) {
    const platform = new Platform();
    try {
        await platform.start();
        if (all) await statements(platform);
        for (const folder of folders) await node(folder, platform);
    } catch (problem) {
        count("platform", 0, 1, String(problem?.stack ?? problem));
    } finally {
        await platform.stop();
    }
}

if (sanitized) watchReports();
const seconds = option("--fuzz");
if (seconds) await inPairs(files("build/fuzz", /^fuzz_[a-z_]+$/), (it) => fuzz(it, Number(seconds)));
else await everything();
if (sanitized) reports();
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
