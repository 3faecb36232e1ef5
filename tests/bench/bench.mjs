// `make bench`: a platform of its own, on which every other file of this folder
// is run in turn; each prints its table and returns rows, which are printed beside
// their aims at the end and written to build/bench.json. It fails when something
// answers wrongly, never because it is slow.
//     node tests/bench/bench.mjs                 everything
//     node tests/bench/bench.mjs --quick         shorter, with fewer tenants: figures are rough
//     node tests/bench/bench.mjs leads memory    these files alone
//
// A benchmark exports run(bench), which answers rows: {name, value, aim?, good?},
// where value and aim are texts as they are printed, `good` says whether the aim
// is met, and whatever else is in the row goes to the JSON. `bench` is what
// lib/stage.mjs makes: the platform, its tenants, how long to measure, say().
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename } from "node:path";
import { comparisons } from "./lib/report.mjs";
import { openStage } from "./lib/stage.mjs";

const quick = process.argv.includes("--quick"), wanted = process.argv.slice(2).filter((it) => !it.startsWith("-"));
const names = readdirSync("tests/bench").filter((it) => it.endsWith(".mjs")).map((it) => basename(it, ".mjs")).sort()
    .filter((it) => it !== "bench" && (wanted.length === 0 || wanted.includes(it)));
const unknown = wanted.filter((it) => !names.includes(it));
if (unknown.length) throw new Error(`no such benchmark: ${unknown.join(", ")}`);

const stage = await openStage({ quick });
const result = { at: new Date().toISOString(), quick, cores: cpus().length, processor: cpus()[0].model, node: process.version, benchmarks: {}, failures: {} };
let all = [];
try {
    for (const name of names) {
        stage.say(`${name}:`);
        try {
            const rows = await (await import(`./${name}.mjs`)).run(stage);
            result.benchmarks[name] = { rows, figures: stage.takeFigures() };
            all = all.concat(rows);
        } catch (error) {
            result.failures[name] = String(error.stack ?? error);
            console.error(`${name} failed: ${result.failures[name]}`);
        }
    }
} finally {
    await stage.close();
}
console.log(`\n${result.cores} cores, ${result.processor}, node ${result.node}, load ${loadavg()[0].toFixed(1)}${quick ? ", quick: figures are rough" : ""}\n\n${comparisons(all)}`);
mkdirSync("build", { recursive: true });
writeFileSync("build/bench.json", JSON.stringify(result, null, 1) + "\n");
process.exit(Object.keys(result.failures).length ? 1 : 0);
