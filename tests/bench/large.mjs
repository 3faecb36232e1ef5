// A tenant with a million leads among ten million: the first page, a page far
// behind by its cursor, and searches for words of every kind. One request after the
// other, so that what is measured is the answer and not who else waits; the CPU of
// PostgreSQL stands beside it, since others use the machine too.
import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { meter } from "./lib/cost.mjs";
import { connect } from "./lib/data.mjs";
import { number } from "./lib/report.mjs";

const OF_OTHERS = 50000, AT_ONCE = 500000, FREE_BYTES = 30e9;

// Names as people and companies have them, some of two letters and some of other
// scripts; so many of each that rare and frequent words are among them.
const rows = `
    insert into shared.leads (tenant_id, id, name, email, phone, company, source, status, value, currency, owner_id, created_at, updated_at)
    select ($1::uuid[])[1 + (n - 1) / $4], (left(house.uuid7_at(at)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid,
           (array['Anna', 'Li', 'Ben', 'Ming', 'Noor', 'José', '田中', '김', 'Ed', 'Carla', 'Oluwaseun', '佐藤', 'Mia'])[1 + n % 13] || ' '
               || (array['Schmidt', 'Wu', 'Garcia', 'Ito', '太郎', '민준', 'Okafor', 'Ng', 'Müller', 'Rossi', '花子'])[1 + n / 13 % 11] || case when n % 50 = 0 then ' ' || to_hex(n) else '' end,
           'lead' || n || '@example.test', '+34' || 600000000 + n, initcap(substr(md5((n % 5000)::text), 1, 7)) || (array[' GmbH', ' Ltd', ' SA', '商店'])[1 + n % 4],
           'other', (array['new', 'contacted', 'qualified', 'lost'])[1 + n % 4], n::bigint * 100, 'EUR',
           ($5::uuid[])[1 + n % 20], at, at
    from generate_series($2::int, $3::int) n
    cross join lateral (select timestamptz '2020-01-01' + n * interval '1 minute' as at) moment`;

// $4 leads for each of the tenants, numbered through; every twentieth row has an owner of $5.
async function fill(bench, owner, tenants, each, owners = []) {
    for (let done = 0, all = tenants.length * each; done < all; done += AT_ONCE) {
        assert.ok(statfsSync(bench.folder).bavail * statfsSync(bench.folder).bsize > FREE_BYTES, "too little room on the disk");
        await owner.query(rows, [tenants, done + 1, Math.min(done + AT_ONCE, all), each, owners]);
        if (done % (AT_ONCE * 4) === 0) bench.say(`${done} of ${all} leads`);
    }
}

// Indexes are made when the rows are there, which is many times quicker.
async function withoutIndexes(bench, owner, work) {
    const { rows: indexes } = await owner.query(`select format('%I.%I', n.nspname, c.relname) as name, pg_get_indexdef(i.indexrelid) as definition
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where i.indrelid = 'everyone.leads'::regclass and not i.indisunique`);
    for (const { name } of indexes) await owner.query(`drop index ${name}`);
    await work();
    await owner.query("set maintenance_work_mem = '1GB'");
    for (const { name, definition } of indexes) {
        bench.say(`index ${name}`);
        await owner.query(definition.replace(" ON ONLY ", " ON "));
    }
    await owner.query("call house.align_names('shared', 'leads')");
}

// Who sees their own leads, their team's and all of them.
async function makePeople(bench, tenant) {
    const { makeUser } = await import("../lib/client.mjs");
    const post = async (path, body) => {
        const answer = await bench.request("POST", path, { token: tenant.token, body });
        assert.equal(answer.status, 201, answer.text);
        return answer.data;
    };
    const people = { all: { token: tenant.token } }, team = await post("/api/teams", { name: "Large" });
    for (const scope of ["own", "team"]) {
        await post("/api/rbac/roles", { key: `sees_${scope}`, name: scope, rank: 10, permissions: [`crm.leads:*@${scope}`, "users.users:read"] });
        people[scope] = await makeUser(tenant, `sees_${scope}`);
        people[scope].token = people[scope].access_token;
        await post("/api/team-members", { teamId: team.id, userId: people[scope].id });
    }
    return people;
}

// Triggers, foreign keys and the log are left out: nothing that is measured reads them.
export async function makeLarge(bench, ours, others) {
    const owner = await connect(bench.platform.folder), [tenant] = await bench.makeFilled(1, 2000, 990);
    tenant.people = await makePeople(bench, tenant);
    const { rows: strangers } = await owner.query("select gen_random_uuid() as id from generate_series(1, $1::int)", [Math.ceil(others / OF_OTHERS)]);
    await owner.query("set session_replication_role = replica; set synchronous_commit = off");
    await withoutIndexes(bench, owner, async () => {
        await fill(bench, owner, strangers.map((it) => it.id), OF_OTHERS);
        await fill(bench, owner, [tenant.id], ours, [tenant.people.own.id, tenant.people.team.id]);
    });
    bench.say("vacuum analyze");
    await owner.query("vacuum analyze shared.leads");
    await owner.end();
    return tenant;
}

// Cursors are JSON of the sort and the values: that of the 20 × 10,000th.
async function farCursor(bench, tenant, behind) {
    const owner = await connect(bench.platform.folder), place = JSON.parse(Buffer.from(tenant.cursors[0], "base64url"));
    const { rows: [row] } = await owner.query("select created_at::text as at, id from shared.leads where tenant_id = $1 order by created_at desc, id desc offset $2 limit 1", [tenant.id, behind]);
    await owner.end();
    return Buffer.from(JSON.stringify([place[0], row.at, row.id])).toString("base64url");
}

async function measure(bench, door, token, paths, seconds) {
    const times = [], read = meter({ PostgreSQL: door.groups.PostgreSQL }), end = Date.now() + seconds * 1000;
    for (let i = 0; i < paths.length || Date.now() < end; i++) {
        const began = performance.now(), answer = await bench.request("GET", paths[i % paths.length], { token });
        times.push(performance.now() - began);
        assert.equal(answer.status, 200, answer.text);
    }
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), cpu: read().PostgreSQL / times.length / 1000, count: times.length };
}

// What is asked: a name, the paths, whose sight, and what may take how long.
async function questionsOf(bench, tenant, ours) {
    const list = (query) => `/api/crm/leads?limit=20${query}`, search = (...words) => words.map((it) => list(`&q=${encodeURIComponent(it)}`));
    const page = { share: "p99", aim: 25 }, found = { share: "p95", aim: 50 };
    return [
        { name: "first page, counted", paths: [list("")], ...page },
        { name: "page 2 by cursor", paths: [list(`&after=${await farCursor(bench, tenant, 20)}`)], ...page },
        { name: "page 10,000 by cursor", paths: [list(`&after=${await farCursor(bench, tenant, Math.min(ours / 2, 200000))}`)], ...page },
        { name: "first page, own", paths: [list("")], sight: "own", ...page },
        { name: "first page, team", paths: [list("")], sight: "team", ...page },
        { name: "sorted", paths: ["name", "-valueAmount", "company", "status"].map((it) => list(`&sort=${it}`)), ...found },
        { name: "filtered", paths: ["status=qualified", "valueAmount[gte]=99000000", "status=lost&sort=-valueAmount", "company=none", "createdAt[gte]=2021-11-20T00:00:00Z"].map((it) => list(`&${it}`)), ...found },
        { name: "search, rare words", paths: search("lead77777@", "c8f", "600077", "lead12345 li"), ...found },
        { name: "search, frequent words", paths: search("schmidt", "example", "garcia anna"), ...found },
        { name: "search, frequent words, sorted by value", paths: search("schmidt", "example").map((it) => `${it}&sort=-valueAmount`), ...found },
        { name: "search, two letters", paths: search("wu", "ed ng", "li"), ...found },
        { name: "search, CJK", paths: search("田中", "太郎", "花子", "김", "田中太"), ...found },
        { name: "search, own", paths: search("schmidt", "li", "田中", "lead77777@"), sight: "own", ...found },
        { name: "search, team", paths: search("schmidt", "li", "田中", "lead77777@"), sight: "team", ...found },
    ];
}

// What was just made is found by its words, and stands first.
async function findsNew(bench, token) {
    const name = `Needle${Date.now().toString(36)}`, made = await bench.request("POST", "/api/crm/leads", { token, body: { name: `${name} 佐々木` } });
    assert.equal(made.status, 201, made.text);
    for (const words of [name, name.slice(2, 9), `${name.slice(0, 2)} ${name}`, `佐々 ${name}`, "々木 needle"]) {
        const { data } = (await bench.request("GET", `/api/crm/leads?q=${encodeURIComponent(words)}`, { token })).json;
        assert.equal(data[0]?.id, made.data.id, words);
    }
}

export async function measureLarge(bench, tenant, ours, only = () => true) {
    const door = bench.doorOf("crm"), rows = [];
    await findsNew(bench, tenant.token);
    for (const { name, paths, sight = "all", share, aim } of (await questionsOf(bench, tenant, ours)).filter((it) => only(it.name))) {
        const { token } = tenant.people[sight];
        await measure(bench, door, token, paths, 0); // once, to warm up
        const it = await measure(bench, door, token, paths, bench.seconds);
        bench.say(`${name}: p50 ${number(it.p50, 1)} ms, p95 ${number(it.p95, 1)} ms, p99 ${number(it.p99, 1)} ms, PostgreSQL ${number(it.cpu, 2)} ms of CPU, ${it.count} requests`);
        rows.push({ name: `${number(ours)} leads: ${name}, ${share}`, value: `${number(it[share], 1)} ms`, ms: it[share], cpu: it.cpu, aim: `<= ${aim} ms`, good: it[share] <= aim });
    }
    return rows;
}

export async function run(bench) {
    const ours = bench.quick ? 100000 : 1000000, tenant = await makeLarge(bench, ours, ours * (bench.quick ? 2 : 9));
    return measureLarge(bench, tenant, ours);
}
