// Whether the time of an answer tells if an account exists: sign-ins with a wrong
// password and forgotten passwords, of accounts there are and of such as there
// are not, in mixed order. The figure is how often one that exists took longer
// than one that does not (the rank statistic of Mann and Whitney): 0.5 tells nothing.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "./lib/data.mjs";

const TRIES = 3; // of each account: more would lock it, and an address has few free, too
const AT_ONCE = 4;

// Accounts with the owner's hash, which costs as much as one of their own.
async function accounts(folder, tenant, count) {
    const owner = await connect(folder), emails = Array.from({ length: count }, () => `${randomUUID()}@equal.test`);
    await owner.query("insert into everyone.users (tenant_id, email, name, kind, password_hash) select tenant_id, e, 'Somebody', 'staff', password_hash from everyone.users u, unnest($2::text[]) e where u.tenant_id = $1 and u.kind = 'owner'", [tenant.id, emails]);
    await owner.end();
    return emails;
}

async function timed(bench, tenant, calls) {
    const times = { there: [], missing: [] }, left = calls.map((it) => ({ ...it, at: Math.random() })).sort((a, b) => a.at - b.at);
    const worker = async () => {
        for (let call; (call = left.pop()); ) {
            const began = performance.now();
            const answer = await bench.request("POST", call.path, { tenant: tenant.slug, body: call.body });
            times[call.kind].push(performance.now() - began);
            assert.equal(answer.status, call.status, answer.text);
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return times;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function longer(there, missing) {
    let wins = 0;
    for (const a of there) for (const b of missing) wins += a > b ? 1 : a === b ? 0.5 : 0;
    return wins / (there.length * missing.length);
}

// Twice what chance alone does to as many.
const margin = (n, m) => 2 * Math.sqrt((n + m + 1) / (12 * n * m));

export async function run(bench) {
    const { makeTenant } = await import("../lib/client.mjs"), rows = [], count = bench.quick ? 10 : 28;
    for (const [name, path, status, more] of [["sign-in refused", "/api/auth/login", 401, { password: "wrong wrong wrong" }], ["password forgotten", "/api/auth/forgot-password", 204, {}]]) {
        const tenant = await makeTenant(), there = await accounts(bench.platform.folder, tenant, count), missing = there.map(() => `${randomUUID()}@equal.test`);
        const calls = [["there", there], ["missing", missing]].flatMap(([kind, emails]) => emails.flatMap((email) => Array.from({ length: TRIES }, () => ({ kind, path, status, body: { email, ...more } }))));
        const times = await timed(bench, tenant, calls), rank = longer(times.there, times.missing), most = margin(times.there.length, times.missing.length);
        const [a, b] = [median(times.there), median(times.missing)];
        bench.say(`${name}: ${a.toFixed(1)} ms with an account, ${b.toFixed(1)} ms without, ${calls.length} tries`);
        rows.push({ name: `${name}: an account takes longer`, value: rank.toFixed(2), aim: `0.50 ± ${most.toFixed(2)}`, good: Math.abs(rank - 0.5) <= most, medians: { there: a, missing: b }, tries: calls.length });
    }
    return rows;
}
