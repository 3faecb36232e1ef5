// The runner behind `make test`: unit tests, each fuzz target for a short time,
// and the tests that speak to a running platform, several at once. Closes with the
// slowest tests and one line that counts them all.
//     node tests/run.mjs                  everything
//     node tests/run.mjs --fuzz SECONDS   the fuzz targets alone, longer
//     node tests/run.mjs --only api       one folder of tests alone, or one file of it:
//                                         api/leads, unit/money, fuzz/json (make test T=api/leads),
//                                         or several: api/leads,security/walk
//     node tests/run.mjs --lint           everything, and `make lint` beside it
//     node tests/run.mjs --sanitized      unit, api and security with the programs of
//                                         make SANITIZE=1: what they report fails the run
// TEST_LANES says how many run at once, else one more than there are processors:
// most of what a test does is to wait.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { bound } from "./lib/bound.mjs";
import { takeReports, watchReports } from "./lib/sanitizer.mjs";

const sanitized = process.argv.includes("--sanitized");
if (sanitized) process.env.TEST_BUILD = "build/asan";
const { build } = await import("./lib/build.mjs");
const { inLanes, run } = await import("./lib/lanes.mjs");

const total = { passed: 0, failed: 0 };
const times = []; // {name, seconds} of each test, or of each program that tells no more
const option = (name) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? undefined : process.argv[at + 1];
};

// What --only names: folders, and files of folders.
const only = option("--only")?.split(",");
const isWanted = (group, name) => !only || only.includes(group) || only.includes(name);
const oneFile = only?.length === 1 && only[0].includes("/");

function files(folder, pattern) {
    return existsSync(folder) ? readdirSync(folder).filter((it) => pattern.test(it)).sort().map((it) => join(folder, it)) : [];
}

// How long a file of tests may take before it is taken for one that hangs, in milliseconds. Tests
// themselves have no limits: they wait for what should come, however busy the machine is.
const patience = 1200000;

// Of TAP: the tests that failed, with what they say. Of others: nothing.
function failures(output) {
    return output.match(/^not ok [^]*?^ {2}\.\.\.$/gm)?.join("\n");
}

function count(name, { passed, failed, output, apart }) {
    total.passed += passed;
    total.failed += failed;
    console.log(`${failed ? "FAIL" : "ok  "} ${name}: ${passed} passed, ${failed} failed${apart ? ` (${apart})` : ""}`);
    if (failed) console.log(failures(output) || output.split("\n").slice(-400).join("\n"));
}

// One server for all unit tests that want a database, which each of them copies there.
class UnitCluster {
    async environment() {
        this.started ??= new Promise((resolve, reject) => {
            let output = "";
            this.child = spawn(...bound(join(build, "tests/units"), ["--cluster"]), { stdio: ["pipe", "pipe", "inherit"] });
            this.gone = new Promise((end) => this.child.once("close", end));
            this.child.stdout.on("data", (data) => {
                output += data;
                if (/^TEST_TEMPLATE=.*\n/m.test(output)) resolve(Object.fromEntries(output.trim().split("\n").map((line) => line.split(/=(.*)/s))));
            });
            this.gone.then((status) => reject(new Error(`the unit tests' server ended with ${status}`)));
        });
        return this.started;
    }

    async end() {
        this.child?.stdin.end();
        await this.gone;
    }
}
const cluster = new UnitCluster();

// Check closes with "100%: Checks: 12, Failures: 0, Errors: 0" for each suite. Its
// limit of 4 seconds is one for a test that hangs, not for a machine that is busy.
async function unit(name) {
    const shared = oneFile ? {} : await cluster.environment();
    const { status, output } = await run(join(build, "tests/units"), [name], { CK_DEFAULT_TIMEOUT: String(patience / 1000), ...shared });
    let checks = 0, bad = 0;
    for (const [, all, failures, errors] of output.matchAll(/Checks: (\d+), Failures: (\d+), Errors: (\d+)/g)) {
        checks += Number(all);
        bad += Number(failures) + Number(errors);
    }
    const broken = status !== 0 && bad === 0 ? 1 : 0;
    if (checks === 0 && !broken) return { passed: 0, failed: 1, output: `ran no test\n${output}` };
    // What only some machines have besides is no part of the count, unless it fails.
    const apart = output.match(/^apart: (\d+) .*$/m);
    return { passed: checks - bad - Number(apart?.[1] ?? 0), failed: bad + broken, output, apart: apart?.[0] };
}

async function fuzz(program, seconds) {
    const thing = basename(program).replace("fuzz_", "");
    const corpus = join("build/fuzz/corpus", thing), seeds = join("tests/fuzz/seeds", thing), words = join("tests/fuzz/dictionaries", thing);
    mkdirSync(corpus, { recursive: true });
    const { status, output } = await run(program, [`-max_total_time=${seconds}`, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
        "-artifact_prefix=build/fuzz/", ...(existsSync(words) ? [`-dict=${words}`] : []), corpus, ...(existsSync(seeds) ? [seeds] : [])]);
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, output };
}

// Each statement of each area against the migrated database.
async function statements(lane) {
    const platform = await lane.platform(), bad = [];
    const programs = files(join(build, "cgi-bin"), /^[a-z]+$/);
    for (const program of programs) {
        const { status, output } = await run(program, ["--check-statements"], { TULOU_VAR: platform.folder });
        if (status !== 0) bad.push(`${program}\n${output}`);
    }
    return { passed: programs.length - bad.length, failed: bad.length, output: bad.join("\n") };
}

// One file of node's tests.
async function node(file, platform) {
    const { status, output } = await run("node", ["--test-force-exit", "--test-reporter=tap", file], platform?.environment(), patience);
    const figure = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)`, "m"))?.[1] ?? 0);
    const failed = figure("fail") + figure("cancelled"), passed = figure("pass");
    for (const [, name, ms] of output.matchAll(/^(?:not )?ok \d+ - (.*)\n {2}---\n {2}duration_ms: ([\d.]+)/gm)) times.push({ name: `${nameOf(file)}: ${name}`, seconds: ms / 1000 });
    return { passed, failed: failed + (failed === 0 && (passed === 0 || status !== 0) ? 1 : 0), output };
}

// Files share a platform, and with it the platform's own settings: what one leaves
// there (some walk through every field there is) is not the next one's.
async function onPlatform(file, platform) {
    const sql = (statement) => run("psql", ["-XqAt", "-h", join(platform.folder, "run"), "-U", "tulou_owner", "tulou", "-c", statement]);
    platform.settings ??= (await sql("select settings from public.tenants where kind = 'platform'")).output.trim();
    const result = await node(file, platform);
    await sql(`update public.tenants set settings = $kept$${platform.settings}$kept$ where kind = 'platform' and settings <> $kept$${platform.settings}$kept$`);
    return result;
}

const nameOf = (file) => file.replace(/^tests\//, "").replace(/\.test\.mjs$/, "");
const groups = sanitized ? ["unit", "api", "security"] : ["pages", "faults", "commands", "security", "api", "unit", "fuzz"];
// Files that start platforms of their own, and break them.
const alone = ["commands", "faults"];

const wantedOf = (group) => piecesOf(group).filter((it) => isWanted(group, it.name));
function piecesOf(group) {
    if (group === "unit") return files("tests/unit", /^test_[a-z_0-9]+\.c$/).map((it) => basename(it, ".c").slice(5)).map((it) => ({ name: `unit/${it}`, run: () => unit(it), whole: true }));
    if (group === "fuzz") return files("build/fuzz", /^fuzz_[a-z_]+$/).map((it) => ({ name: `fuzz/${basename(it).slice(5)}`, run: () => fuzz(it, 5) }));
    return files(join("tests", group), /^.*\.test\.mjs$/).map((it) => ({ name: nameOf(it), run: async (lane) => (alone.includes(group) ? node(it) : onPlatform(it, await lane.platform())) }));
}

// What took long the last time comes first, so that no lane is left with it at
// the end; what is not known yet, in the order of the groups.
const memory = "build/test-seconds.json";
const known = existsSync(memory) ? JSON.parse(readFileSync(memory, "utf8")) : {};
const inOrder = (pieces) => pieces.sort((a, b) => (known[b.name] ?? 0) - (known[a.name] ?? 0));

// Gives way to the tests: it takes the time in which they wait.
async function lint() {
    const { status, output } = await run("nice", ["make", "--no-print-directory", "lint"], { MAKEFLAGS: "", MAKELEVEL: "" });
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, output };
}

async function everything(pieces) {
    const seconds = { ...known };
    const done = (piece, took, result) => {
        seconds[piece.name] = Number(took.toFixed(1));
        if (piece.whole) times.push({ name: piece.name, seconds: took });
        count(piece.name, result);
    };
    const lanes = Number(process.env.TEST_LANES) || availableParallelism() + 1;
    const beside = process.argv.includes("--lint") ? [{ name: "lint", run: lint, whole: true }] : [];
    await Promise.all([inLanes(1, beside, done), inLanes(lanes, inOrder(pieces), done)]);
    await cluster.end();
    if (!sanitized && existsSync("build")) writeFileSync(memory, JSON.stringify(seconds, null, 1) + "\n");
}

// Once everything that could report has ended.
function reports() {
    const found = takeReports();
    count("reports of the sanitizers", { passed: found.length ? 0 : 1, failed: found.length, output: found.join("\n") });
}

function printSlowest() {
    console.log("the slowest:");
    for (const it of times.sort((a, b) => b.seconds - a.seconds).slice(0, 20)) console.log(`${it.seconds.toFixed(1).padStart(7)} s  ${it.name}`);
}

if (sanitized) watchReports();
const longer = option("--fuzz");
const began = performance.now();
if (longer) await everything(piecesOf("fuzz").map((it) => ({ ...it, run: () => fuzz(`build/${it.name.replace("/", "/fuzz_")}`, Number(longer)) })));
else await everything([...(only ? [] : [{ name: "statements", run: statements }]), ...groups.flatMap(wantedOf)]);
if (sanitized) reports();
if (!oneFile && times.length) printSlowest();
console.log(`the tests took ${((performance.now() - began) / 1000).toFixed(0)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
