// A file of 100,000 rows with twelve columns, four of them a tenant's own fields, 1% of the rows
// broken, imported with a key; then the same file again, which adds nothing.
import { children, memory, meter } from "./lib/cost.mjs";
import { megabytes } from "./lib/report.mjs";

const secondsMost = 60, memoryMost = 16e6;
const own = [["size", "number"], ["since", "date"], ["note", "text"], ["vip", "boolean"]];
const names = ["Nora Blum", "José Ruiz", "Łukasz Żak", "李小龍", "Анна Иванова", "Γιώργος Νίκου", "محمد علي", "दीपा राव"];

function fileOf(rows) {
    const lines = ["name,email,phone,company,source,status,valueAmount,currency,size,since,note,vip"];
    for (let i = 0; i < rows; i++)
        lines.push(`${names[i % names.length]} ${i},${i % 100 === 50 ? "broken" : `lead${i}@import.test`},+34600${String(100000 + i % 900000)},"Company, No. ${i % 5000}",${i % 2 ? "website" : "referral"},new,${i % 1000}.50,EUR,${i % 60},2026-0${1 + i % 9}-15,Note ${i},${i % 3 ? "yes" : "no"}`);
    return `${lines.join("\r\n")}\r\n`;
}

async function importing(bench, tenant, raw, pids, heads) {
    const began = performance.now(), idle = memory(pids), read = meter(heads);
    const sent = await bench.request("POST", "/api/crm/leads/import?key=email", { token: tenant.token, raw, headers: { "content-type": "text/csv" } });
    if (sent.status !== 202) throw new Error(`import: ${sent.status} ${sent.text.slice(0, 300)}`);
    let most = memory(pids), state = sent.data;
    while (state.status === "running") {
        await new Promise((resolve) => setTimeout(resolve, 250));
        most = Math.max(most, memory(pids));
        state = (await bench.request("GET", sent.headers.location, { token: tenant.token })).data;
    }
    return { seconds: (performance.now() - began) / 1000, more: most - idle, cost: read(), state };
}

export async function run(bench) {
    const rows = bench.quick ? 10000 : 100000;
    bench.say(`importing ${rows} rows`);
    const [tenant] = await bench.makeFilled(1, bench.leads, 998);
    for (const [key, type] of own) await bench.request("POST", "/api/custom-fields", { token: tenant.token, body: { resource: "crm.leads", key, label: key, type } });
    const pids = children(bench.platform.child.pid).filter((it) => it.name === "worker").map((it) => it.pid);
    const heads = { worker: pids[0], postgres: bench.doorOf("crm").groups.PostgreSQL };
    const raw = fileOf(rows), first = await importing(bench, tenant, raw, pids, heads), second = await importing(bench, tenant, raw, pids, heads);
    if (first.state.created !== rows * 0.99 || first.state.refusedCount !== rows / 100) throw new Error(`made ${first.state.created}, refused ${first.state.refusedCount}`);
    if (second.state.created !== 0 || second.state.skipped !== rows * 0.99) throw new Error(`the second time: made ${second.state.created}`);
    const aim = secondsMost * rows / 100000;
    const row = (name, seconds) => ({ name, value: `${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s`, seconds, aim: `< ${aim} s`, good: seconds < aim });
    // What does not depend on how busy the machine is.
    const cost = (name) => ({ name: `CPU of ${name} for a row`, value: `${Math.round(first.cost[name] / rows)} µs`, us: first.cost[name] / rows });
    return [row(`import of ${rows} rows`, first.seconds), cost("worker"), cost("postgres"), row("the same file again", second.seconds),
        { name: "memory of the worker for it", value: megabytes(first.more), bytes: first.more, aim: `< ${megabytes(memoryMost)}`, good: first.more < memoryMost }];
}
