// A record by id, a list of 20 with and without counting all, a create with its
// event: through nginx with 32 connections, token verified, isolation on. Beside
// it the plain query, a hello of the same area, and a service on Fastify.
import assert from "node:assert/strict";
import { connect, leadId } from "./lib/data.mjs";
import { peerToken, startPeer } from "./lib/peer/peer.mjs";
import { makeAlone, plain, statementOf } from "./lib/plain.mjs";
import { number, ratioRow } from "./lib/report.mjs";
import { Rounds } from "./lib/rounds.mjs";
import { body, requestsOf } from "./lib/stage.mjs";

const kinds = ["one", "list", "counted", "create"];
const aims = { one: 3.5, list: 3.5, counted: 2.5, create: 3 }; // requests per CPU second to Fastify's

// What the prototype (token check alone) and Fastify beside it answered a second
// in one run: how many times Fastify, of which 0.8 is the aim. Its write was a
// debit, not a create with an event.
const prototype = { one: 33500, list: 24500, create: 9700 }, prototypePeer = { one: 11500, list: 8800, create: 6700 };

// The peer answers what the area answers.
async function compare(bench, peer, tenant) {
    for (const path of [`/api/crm/leads/${leadId(tenant.number, 7)}`, "/api/crm/leads?limit=20", `/api/crm/leads?limit=20&after=${tenant.cursors[0]}`]) {
        const ours = await bench.request("GET", path, { token: tenant.token });
        const theirs = await fetch(`http://127.0.0.1:${peer.port}${path}`, { headers: { authorization: `Bearer ${peerToken(tenant.token)}` } });
        assert.equal(ours.status, 200, ours.text);
        assert.deepEqual(await theirs.json(), ours.json, path);
    }
}

// The area's own statements, as PostgreSQL sees them.
async function statements(bench, tenant) {
    const of = (shape, method, path, more) => statementOf(bench.platform.folder, () => bench.request(method, path, { token: tenant.token, ...more }), shape);
    const behind = await of(/< \(\$1, \$2\)/, "GET", `/api/crm/leads?limit=20&after=${tenant.cursors[0]}`);
    return { behind, one: await of(/\bid\b.* = \$1/, "GET", `/api/crm/leads/${leadId(tenant.number, 1)}`), count: await of(/^select count/, "GET", "/api/crm/leads?limit=20"),
        page: behind.replace(/\nwhere [^]*?(?=\norder by)/, ""), create: await of(/^insert/, "POST", "/api/crm/leads", { body }) };
}

async function countLeads(folder) {
    const owner = await connect(folder);
    const { rows } = await owner.query("select count(*)::int as leads, (select count(*)::int from shared.events where action = 'lead.created') as events from shared.leads");
    await owner.end();
    return rows[0];
}

// Until every event is sealed.
async function sealed(folder) {
    const owner = await connect(folder);
    while ((await owner.query("select from house.events_open limit 1")).rowCount) await new Promise((resolve) => setTimeout(resolve, 50));
    await owner.end();
}

// Those that wrk left unread were made all the same.
async function creating(folder, measure) {
    const before = await countLeads(folder), result = await measure(), after = await countLeads(folder);
    const leads = after.leads - before.leads, events = after.events - before.events;
    assert.equal(events, leads, "each lead has its event");
    assert.ok(leads >= result.sent && leads <= result.sent + 100, `${result.sent} creations answered, ${leads} made`);
    return result;
}

async function measure(bench, rounds, peer) {
    const tenants = await bench.tenants(), door = bench.doorOf("crm"), folder = bench.platform.folder;
    peer.groups.PostgreSQL = door.groups.PostgreSQL;
    await compare(bench, peer, tenants[0]);
    const simple = plain(door, tenants, await statements(bench, tenants[0]), { ...body, status: "new", currency: "EUR" });
    const requests = requestsOf(tenants, bench.leads), tokens = new Map(tenants.map((it) => [it.token, peerToken(it.token)]));
    const duration = (round) => ({ seconds: bench.seconds, warmUp: round === 0 ? 1 : 0 });
    await rounds.measure(bench.rounds, {
        "hello: area": (round) => bench.load(door, [{ method: "OPTIONS", path: "/api/crm/leads" }], { round }),
        "hello: Fastify": (round) => bench.load(peer, [{ path: "/hello" }], { round }),
        "all checks, no such id: area": (round) => bench.load(door, tenants.map((it) => ({ path: "/api/crm/leads/none", token: it.token })), { round, refused: true }),
    });
    await makeAlone(folder);
    for (const kind of kinds) {
        const settle = kind === "create" ? () => sealed(folder) : undefined;
        const ours = (round) => bench.load(door, requests[kind], { round, settle }), theirs = requests[kind].map((it) => ({ ...it, token: tokens.get(it.token) }));
        const found = await rounds.measure(bench.rounds, {
            [`${kind}: area`]: kind === "create" ? (round) => creating(folder, () => ours(round)) : ours,
            [`${kind}: Fastify`]: (round) => bench.load(peer, theirs, { round }),
            [`${kind}: plain query`]: (round) => simple(kind, duration(round)),
            ...(kind === "create" ? { "create: INSERT alone": (round) => simple("alone", duration(round)) } : {}),
        });
        bench.say(Object.entries(found).map(([name, it]) => `${name} ${number(it.rate)}/s ${number(it.cpuTotal)} us`).join(", "));
    }
}

function compared(rounds) {
    const rows = [], to = (kind, who, pick) => rounds.ratio(`${kind}: area`, `${kind}: ${who}`, pick);
    for (const kind of kinds) {
        const rate = to(kind, "Fastify", (it) => it.rate);
        rows.push(ratioRow(`${kind}: requests/s to Fastify's`, rate));
        if (prototype[kind])
            rows.push(ratioRow(`${kind}: the same, to the prototype's ${(prototype[kind] / prototypePeer[kind]).toFixed(2)} x`, rate / (prototype[kind] / prototypePeer[kind]), 0.8));
        rows.push(ratioRow(`${kind}: requests per CPU second to Fastify's`, to(kind, "Fastify", (it) => 1 / it.cpuTotal), aims[kind]));
        rows.push(ratioRow(`${kind}: CPU of the application to Fastify's`, to(kind, "Fastify", (it) => it.cpu.application)));
        rows.push(ratioRow(`${kind}: p99 to Fastify's`, to(kind, "Fastify", (it) => it.p99), 1, { atMost: true }));
        rows.push(ratioRow(`${kind}: PostgreSQL's CPU to the plain query's`, to(kind, "plain query", (it) => it.cpu.PostgreSQL)));
    }
    rows.push(ratioRow("create: PostgreSQL's CPU with event and seal to the INSERT alone's", to("create", "INSERT alone", (it) => it.cpu.PostgreSQL), 2.5, { atMost: true }));
    return rows;
}

export async function run(bench) {
    const rounds = new Rounds();
    await bench.tenants();
    const peer = await startPeer(bench.platform, bench.folder);
    try {
        await measure(bench, rounds, peer);
    } finally {
        await peer.stop();
    }
    bench.show(rounds.figures());
    return compared(rounds);
}
