// A record by id and a list cost the same when the tenant has ten times the rows.
// The list that counts all does not: counting is what it is asked for.
import { ratioRow } from "./lib/report.mjs";
import { Rounds } from "./lib/rounds.mjs";
import { requestsOf } from "./lib/stage.mjs";

const few = 20000, many = 200000, noise = 1.1;

export async function run(bench) {
    const rounds = new Rounds(), door = bench.doorOf("crm"), requests = {};
    await bench.tenants();
    for (const [rows, tenantNumber] of [[few, 998], [many, 999]]) {
        bench.say(`a tenant with ${rows} leads`);
        requests[rows] = requestsOf(await bench.makeFilled(1, rows, tenantNumber), rows);
    }
    const kinds = ["one", "list", "counted"];
    for (const kind of kinds)
        await rounds.measure(bench.rounds, Object.fromEntries([few, many].map((rows) => [`${kind}: of ${rows} rows`, (round) => bench.load(door, requests[rows][kind], { round })])));
    bench.show(rounds.figures());
    return kinds.map((kind) => ratioRow(`${kind}: CPU at 10 times the rows`, rounds.ratio(`${kind}: of ${many} rows`, `${kind}: of ${few} rows`, (it) => it.cpuTotal),
        kind === "counted" ? undefined : noise, { atMost: true }));
}
