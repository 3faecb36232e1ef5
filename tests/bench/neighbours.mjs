// What a tenant feels of another that asks as much as it can: the 99th percentile
// of the same requests without and with each attack beside them. The platform is
// as it is shipped, but for the rates of requests, which would end most attacks
// before they begin.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { Platform } from "../lib/platform.mjs";
import { NameServer } from "../lib/dns.mjs";
import { connect } from "./lib/data.mjs";
import { number, ratioRow } from "./lib/report.mjs";

const AIM = 3, CLIENTS = 4;

// A platform of its own, and the client that speaks to it.
async function open() {
    const platform = new Platform(), before = { ...process.env };
    await platform.start({ TULOU_ACCESS_MINUTES: "120" });
    Object.assign(process.env, platform.environment());
    const client = await import(`../lib/client.mjs?neighbours=${platform.port}`);
    const names = await new NameServer().start();
    for (const key of ["TEST_PORT", "TEST_VAR", "TEST_DNS"]) if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
    return { platform, client, names };
}

async function fill(platform, tenant, count) {
    const owner = await connect(platform.folder);
    await owner.query(`alter table shared.leads disable trigger event`);
    await owner.query(`insert into shared.leads (tenant_id, name, email, company, source, status, currency)
        select $1, 'Lead ddd ' || n, 'ddd' || n || '@example.test', 'Company ' || n, 'other', 'new', 'EUR' from generate_series(1, $2::int) n`, [tenant.id, count]);
    await owner.query("alter table shared.leads enable trigger event");
    await owner.query("analyze shared.leads");
    await owner.end();
}

async function domainsOf({ client, names }, tenant, count) {
    const made = [];
    for (let i = 0; i < count; i++) {
        const domain = `d${i}-${tenant.slug}.example.com`, answer = await client.request("POST", `/api/tenants/${tenant.id}/domains`, { token: tenant.token, body: { domain } });
        assert.equal(answer.status, 201, answer.text);
        for (const name of [domain, `_tulou.${domain}`, `www.${domain}`]) names.mute.add(name);
        made.push(answer.data.id);
    }
    return made;
}

// What each attack asks, again and again, from so many clients.
async function attacksOf(stage, greedy) {
    const of = (path, more = {}) => ({ path, token: greedy.token, slug: greedy.slug, ...more });
    const settings = `/api/tenants/${greedy.id}/settings`;
    const domains = await domainsOf(stage, greedy, 16);
    return {
        search: { clients: 12, requests: ["ddd", "lead", "example", "company"].map((q) => of(`/api/crm/leads?limit=1&q=${q}`)) },
        export: { clients: 12, requests: [of("/api/crm/leads/export")] },
        "mute name servers with keys": { clients: 16, requests: domains.map((id) => of(`/api/tenants/${greedy.id}/domains/${id}/verify`, { method: "POST", headers: { "idempotency-key": "{n}" } })) },
        "realtime streams": { streams: true, requests: [of("/api/realtime")] },
        "large settings": { clients: 4, requests: [900000, 100000, 10000].map((size) => of(settings, { method: "PUT", body: { fill: size } })).concat(of("/api/crm/leads", { headers: { origin: "https://evil.test" } })) },
        invitations: { clients: 4, requests: [of("/api/platform-users", { method: "POST", body: { name: "Win a prize", email: "win-{n}@strangers.test", kind: "staff", roles: ["staff"], invite: true } })] },
    };
}

// The neighbour's day: it reads, writes, and asks for what takes a transaction.
function dayOf({ client }, tenant) {
    const ask = (method, path, body) => client.request(method, path, { token: tenant.token, body });
    return [() => ask("GET", "/api/crm/leads?limit=20"), () => ask("GET", `/api/crm/leads?limit=1&sort=name`), () => ask("POST", "/api/crm/leads", { name: "A lead" }),
        () => ask("GET", `/api/tenants/${tenant.id}/domains`), () => ask("PATCH", "/api/settings/general", { weekStarts: "sunday" })];
}

async function live(day, seconds) {
    const took = [], until = performance.now() + seconds * 1000;
    let next = 0;
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
        while (performance.now() < until) {
            const began = performance.now(), answer = await day[next++ % day.length]();
            took.push(performance.now() - began);
            if (answer.status >= 400) throw new Error(`the neighbour was refused: ${answer.status} ${answer.text}`);
            await new Promise((resolve) => setTimeout(resolve, 5));
        }
    }));
    took.sort((a, b) => a - b);
    return { p50: took[Math.floor(took.length * 0.5)], p99: took[Math.floor(took.length * 0.99)], most: took.at(-1), count: took.length };
}

// Ends by itself; killed when the measuring fails.
async function during(plan, seconds, measure) {
    const child = fork("tests/bench/lib/attack.mjs");
    try {
        const say = (key) => new Promise((resolve, reject) => {
            child.on("message", (message) => message[key] && resolve(message[key]));
            child.on("exit", () => reject(new Error("the attack ended early")));
        });
        const begun = say("begun"), answers = say("answers");
        answers.catch(() => {});
        child.send({ ...plan, seconds: seconds + 1 });
        await begun;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return [await measure(), await answers];
    } finally {
        child.kill("SIGKILL");
    }
}

export async function run(bench) {
    const stage = await open(), { platform, client, names } = stage, rows = [];
    const seconds = bench.quick ? 2 : 6;
    try {
        const [greedy, neighbour] = [await client.makeTenant(), await client.makeTenant()];
        const operator = await client.operator(), days = dayOf(stage, neighbour);
        await client.request("PUT", `/api/tenants/${greedy.id}/features`, { token: operator, body: { features: { custom_domains: true } } });
        await fill(platform, greedy, bench.quick ? 20000 : 60000);
        await fill(platform, neighbour, 200);
        const attacks = await attacksOf(stage, greedy);
        await live(days, 1); // what is made once is there
        for (const [name, plan] of Object.entries(attacks)) {
            const quiet = await live(days, seconds);
            const [loud, answers] = await during({ ...plan, port: platform.port }, seconds, () => live(days, seconds));
            bench.say(`${name}: p99 ${number(quiet.p99, 1)} ms quiet, ${number(loud.p99, 1)} ms beside it (p50 ${number(quiet.p50, 1)}, ${number(loud.p50, 1)}; at most ${number(loud.most, 1)}); the attack was answered ${JSON.stringify(answers)}`);
            rows.push({ ...ratioRow(`neighbours: p99 beside ${name}, ${number(quiet.p99, 1)} ms before, ${number(loud.p99, 1)} ms during`, loud.p99 / quiet.p99, AIM, { atMost: true }), quiet, loud, answers });
        }
    } finally {
        await names.stop();
        await platform.stop();
    }
    return rows;
}
