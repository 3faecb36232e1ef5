// Fills a started platform with a believable year of business: tenants of every
// kind, their people, and leads that came in over twelve months. Everything is
// made through the API, so every rule applies; only the dates of old leads and the
// log of those days are written in the database. May be run again: what is there stays.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { join, resolve } from "node:path";
import { dealAlong, leadAlong, makeRates, makeRules, spreadSql } from "./demo_crm.mjs";
import { factorsAreFree, takeOver } from "./first_login.mjs";

const port = Number(process.env.PORT || 8080), folder = resolve(process.env.TULOU_VAR || "var"), domain = process.env.TULOU_DOMAIN || "localhost";
const address = ["", "0.0.0.0"].includes(process.env.TULOU_ADDRESS ?? "") ? "127.0.0.1" : process.env.TULOU_ADDRESS;
const password = process.env.DEMO_PASSWORD ?? "tulou-demo-2026";

const tenants = [
    { slug: "northside", name: "Northside Club", kind: "business", planLevel: 2, timeZone: "Europe/Madrid", currency: "EUR", leads: 60, colour: "#1f5fa8" },
    { slug: "lakeview", name: "Lakeview Library", kind: "business", planLevel: 1, timeZone: "America/Chicago", currency: "USD", leads: 25, colour: "#0f6b5c" },
    { slug: "brightwork", name: "Brightwork", kind: "business", planLevel: 2, timeZone: "Europe/Berlin", currency: "EUR", leads: 240, colour: "#6d3fb8", crm: true },
    { slug: "harbor", name: "Harbor Partners", kind: "reseller", planLevel: 3, timeZone: "Europe/London", currency: "GBP", leads: 30, colour: "#8a3b12" },
    { slug: "dockside", name: "Dockside Gym", kind: "business", parent: "harbor", timeZone: "Europe/London", currency: "GBP", leads: 20 },
    ...["Alder Court", "Birch Studio", "Cedar Books", "Delta Rowing", "Elm Street Dance", "Fern Clinic", "Granite Climbing", "Hazel Catering", "Iris Optics", "Juniper Travel"]
        .map((name) => ({ slug: name.toLowerCase().split(" ")[0] + "-demo", name, kind: "business", timeZone: "UTC", currency: "EUR", leads: 8, trial: name < "C" })),
];
const words = {
    first: ["Ana", "Ben", "Carla", "Deniz", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mara", "Nils", "Olga", "Pablo"],
    last: ["Albers", "Brandt", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen", "Kowalski", "Lopez", "Meyer", "Novak", "Okoro", "Peters"],
    company: ["Atlas Freight", "Bluebird Cafe", "Corner Press", "Dune Design", "Evergreen Foods", "Foundry Works", "Gull Marine", "Hillside Farm"],
    source: ["website", "website", "website", "referral", "referral", "social", "email", "phone", "event", "partner"],
    status: ["new", "new", "contacted", "contacted", "qualified", "unqualified", "converted", "lost"],
    deal: ["Yearly supplies", "New shop", "Refurbishment", "Trial order", "Second location", "Maintenance", "Summer season", "Training days"],
    line: ["Delivery", "Installation", "Material", "Advice", "Spare parts", "Training day"],
    reason: ["Too dear", "Chose another supplier", "No budget this year", "Never heard back"],
    note: ["They decide at the end of the month.", "Asked for a second offer.", "Budget is approved.", "Call again after the holidays."],
};

// The same choices at every run.
let seed = 20261121;
const next = () => (seed = (seed * 48271) % 2147483647);
const pick = (list) => list[Math.floor((next() / 2147483647) * list.length)];

function call(method, path, { token, body, host = domain } = {}) {
    const data = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((done, fail) => {
        const request = http.request({ host: address, port, method, path, headers: { host: `${host}:${port}`, ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(data ? { "content-type": "application/json", "content-length": Buffer.byteLength(data) } : {}) } }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => done({ status: response.statusCode, ...(text ? JSON.parse(text) : {}) }));
        });
        request.on("error", () => fail(new Error(`nothing answers on port ${port}: make start first`)));
        request.end(data);
    });
}

async function must(expected, ...args) {
    for (;;) {
        const answer = await call(...args);
        if (expected.includes(answer.status)) return answer;
        if (answer.status !== 429) throw new Error(`${args[0]} ${args[1]}: ${answer.status} ${JSON.stringify(answer.error)}`);
        await new Promise((done) => setTimeout(done, 2000)); // the limit of sign-ins asks for patience
    }
}

async function signIn(email, word, host) {
    const answer = await must([200, 401, 403], "POST", "/api/auth/login", { body: { email, password: word }, host });
    return answer.status === 200 ? answer.data.access_token : undefined;
}

// Whoever began is a demo operator by now; or they are of the first sign-in, whose
// password becomes that of the demo; or of those who run the platform already.
async function superadmin() {
    const own = await signIn("superadmin@platform.test", password);
    if (own) return own;
    const token = process.env.DEMO_ADMIN_EMAIL ? await signIn(process.env.DEMO_ADMIN_EMAIL, process.env.DEMO_ADMIN_PASSWORD) : await firstSuperadmin();
    if (!token) throw new Error("the first password was changed: set DEMO_ADMIN_EMAIL and DEMO_ADMIN_PASSWORD");
    await factorsAreFree(call, token);
    return token;
}

async function firstSuperadmin() {
    const file = join(folder, "first-login.json");
    if (existsSync(file)) return takeOver(call, JSON.parse(readFileSync(file, "utf8")), password);
    return signIn("superadmin@platform.local", password);
}

const operators = [["superadmin", "Superadmin"], ["support", "Support"], ["finance", "Finance"], ["auditor", "Auditor"]];
async function makeOperators(token) {
    for (const [role, name] of operators)
        await must([201, 409], "POST", "/api/admin-users", { token, body: { email: `${role}@platform.test`, name, kind: "operator", roles: [role], password } });
}

async function makeTenant(token, it, parents) {
    const found = await must([200], "GET", `/api/tenants?slug=${it.slug}`, { token });
    if (found.data.length > 0) return found.data[0].id;
    const made = await must([201], "POST", "/api/tenants", { token, body: { name: it.name, slug: it.slug, kind: it.kind, planLevel: it.planLevel ?? 0, timeZone: it.timeZone, currency: it.currency,
        email: `office@${it.slug}.test`, ...(it.colour ? { address: `${it.name}, 1 Main Street` } : {}), ...(it.parent ? { parentId: parents.get(it.parent) } : {}), ownerName: "Owner", ownerEmail: `owner@${it.slug}.test`, ownerPassword: password } });
    if (!it.trial) await must([200], "POST", `/api/tenants/${made.data.id}/activate`, { token, body: {} });
    if (it.colour) await must([200], "PATCH", `/api/tenants/${made.data.id}/branding`, { token, body: { primaryColor: it.colour } });
    return made.data.id;
}

async function makePeople(it, token) {
    for (const role of ["admin", "staff", "customer"])
        await must([201, 409], "POST", "/api/platform-users", { token, body: { email: `${role}@${it.slug}.test`, name: `${pick(words.first)} ${pick(words.last)}`, kind: role, roles: [role], password } });
}

// Staff see what their team owns, and change what is theirs.
async function makeTeams(it, token) {
    const staff = (await must([200], "GET", "/api/platform-users?kind=staff&limit=5", { token })).data;
    const admins = (await must([200], "GET", "/api/platform-users?kind=admin&limit=5", { token })).data;
    const { data } = await must([201, 409], "POST", "/api/teams", { token, body: { name: "Front desk", about: "Takes in new leads." } });
    for (const user of data ? [...staff, ...admins] : []) await must([201], "POST", "/api/team-members", { token, body: { teamId: data.id, userId: user.id } });
    return [...staff, ...admins, ...admins];
}

async function makeLeads(it, token) {
    const owners = await makeTeams(it, token);
    const there = await must([200], "GET", "/api/crm/leads?limit=1", { token });
    for (let i = there.meta.total; i < it.leads; i++) {
        const first = pick(words.first), last = pick(words.last);
        const company = pick(words.company), source = pick(words.source), status = pick(words.status);
        // No lead comes in as converted.
        const { data } = await must([201], "POST", "/api/crm/leads", { token, body: { name: `${first} ${last}`, email: `${first}.${last}.${i}@example.com`.toLowerCase(), company, source, ownerId: i % 3 ? pick(owners).id : null,
            status: it.crm ? "new" : status === "converted" ? "qualified" : status, valueAmount: 5000 + (next() % 400) * 500, currency: it.currency } });
        if (it.crm) await leadAlong(data, status, { must, token, deal: pick(words.deal) });
        else if (status === "converted") await must([200], "PATCH", `/api/crm/leads/${data.id}`, { token, body: { status } });
    }
}

// Companies with their people, and deals with them.
async function makeDeals(it, token) {
    const path = (name) => `/api/crm/${name}`;
    const make = async (name, body) => (await must([201], "POST", path(name), { token, body })).data;
    const there = await must([200], "GET", `${path("deals")}?limit=1`, { token });
    const owners = (await must([200], "GET", "/api/platform-users?limit=20", { token })).data.filter((user) => user.kind !== "customer");
    const stages = (await must([200], "GET", `${path("stages")}?limit=100`, { token })).data;
    const companies = [];
    for (let i = there.meta.total; i < Math.ceil(it.leads / (it.crm ? 2 : 4)); i++) {
        if (companies.length < words.company.length) {
            const name = words.company[companies.length], domain = `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.example`;
            const body = { website: `https://${domain}`, email: `office@${domain}`, ownerId: pick(owners).id };
            const [known] = (await must([200], "GET", `${path("companies")}?name=${encodeURIComponent(name)}&limit=1`, { token })).data; // of a lead that was converted
            companies.push(known ? (await must([200], "PATCH", `${path("companies")}/${known.id}`, { token, body })).data : await make("companies", { name, ...body }));
        }
        const company = pick(companies), first = pick(words.first), last = pick(words.last);
        const contact = await make("contacts", { name: `${first} ${last}`, email: `${first}.${last}.${i}@${company.website.slice(8)}`.toLowerCase(), companyId: company.id, type: pick(["customer", "partner", "vendor"]), ownerId: pick(owners).id });
        const stage = pick(it.crm ? [...stages, ...stages.filter((one) => one.kind !== "open"), ...stages.filter((one) => one.kind === "won")] : stages);
        const body = { name: pick(words.deal), companyId: company.id, contactId: contact.id, ownerId: pick(owners).id, stageId: stage.id, ...(stage.kind === "lost" ? { lostReason: pick(words.reason) } : {}), probability: next() % 101,
            valueAmount: 50000 + (next() % 400) * 5000, currency: it.currency, expectedCloseOn: `2027-0${1 + (next() % 9)}-15`,
            lines: [{ name: pick(words.line), quantity: 1 + (next() % 20), unitPriceAmount: 500 + (next() % 90) * 250 }, { name: pick(words.line), unitPriceAmount: 10000 }] };
        const deal = it.crm ? await dealAlong(body, stages, { must, token, next, pick, reasons: words.reason }) : await make("deals", body);
        if (i % 2 === 0) await make(`deals/${deal.id}/notes`, { text: pick(words.note) });
    }
}

// The target without its password, which would be seen in the list of processes.
function withoutPassword(target) {
    if (/^postgres(ql)?:\/\//.test(target)) {
        const url = new URL(target), secret = decodeURIComponent(url.password);
        url.password = "";
        return [url.href, secret];
    }
    const part = /\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|\S+)/;
    return [target.replace(part, ""), target.match(part)?.[1].replace(/^'|'$/g, "").replace(/\\(.)/g, "$1") ?? ""];
}

function inDatabase(sql) {
    const [target, secret] = withoutPassword(process.env.DATABASE_URL || `host='${join(folder, "run")}' dbname=tulou user=tulou_owner`);
    const done = spawnSync("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target], { input: sql, encoding: "utf8", env: { ...process.env, ...(secret ? { PGPASSWORD: secret } : {}) } });
    if (done.status !== 0) throw new Error(`the year could not be written: ${done.stderr}`);
}

// Over the last year, more of them lately, as a business that grows has it.
function spreadOverTheYear() {
    const quiet = (table, state) => ["event", "touch"].map((it) => `alter table ${table} ${state} trigger ${it};`).join("\n");
    inDatabase(`begin;
        ${quiet("everyone.leads", "disable")} ${quiet("public.tenants", "disable")}
        update everyone.leads set created_at = d, updated_at = d
        from (select tenant_id t, id i, now() - interval '365 days' * power(random(), 1.6) d from everyone.leads) dates
        where tenant_id = t and id = i and created_at > now() - interval '1 hour' and email like '%@example.com';
        update public.tenants set created_at = now() - interval '365 days' * power(random(), 1.3)
        where created_at > now() - interval '1 hour' and kind <> 'platform';
        ${quiet("everyone.leads", "enable")} ${quiet("public.tenants", "enable")}
        ${spreadSql(quiet)}
        commit;`);
}

// The log of that year: sign-ins by day, fewer at the weekend, and each lead when
// it came. What the API wrote a moment ago stays: events never change. Ids sort by
// time, so those of the past get ids of the past.
function fillTheLog() {
    const slugs = tenants.map((it) => `'${it.slug}'`).join(", ");
    inDatabase(`with here as (
            select t.id, t.created_at from public.tenants t
            where t.slug in (${slugs})
            and not exists (select from everyone.events e where e.tenant_id = t.id and e.request_id = 'demo')
        ), people as (
            select u.tenant_id, u.id, u.name, row_number() over (partition by u.tenant_id order by u.id) - 1 as n, count(*) over (partition by u.tenant_id) as many
            from everyone.users u join here h on h.id = u.tenant_id
        ), moments as (
            select h.id as tenant_id, day + interval '7 hours' + random() * interval '12 hours' as at, 'session.created' as action, 'session' as type, gen_random_uuid()::text as thing, (random() * 100)::int as who
            from here h, generate_series(date_trunc('day', now()) - interval '180 days', date_trunc('day', now()) - interval '1 day', '1 day') day,
                 generate_series(1, case when extract(isodow from day) > 5 then 6 else 24 end) nth
            where random() + nth * 0 < -- asked anew for each of them
               0.25 + 0.5 * (1 - extract(epoch from now() - day) / extract(epoch from interval '180 days'))
            union all
            select l.tenant_id, l.created_at, 'lead.created', 'lead', l.id::text, (random() * 100)::int
            from everyone.leads l join here h on h.id = l.tenant_id
            where l.created_at < now() - interval '1 hour'
        )
        insert into everyone.events (tenant_id, id, at, actor_kind, actor_id, actor_name, action, resource_type, resource_id, ip, request_id)
        select m.tenant_id, (overlay(lpad(to_hex((extract(epoch from m.at) * 4096000)::bigint), 15, '0') placing '7' from 13 for 0) || substr(gen_random_uuid()::text, 20))::uuid,
               m.at, 'user', p.id, p.name, m.action, m.type, m.thing, '192.0.2.' || (1 + m.who), 'demo'
        from moments m join people p on p.tenant_id = m.tenant_id and p.n = m.who % p.many;`);
}

async function main() {
    const token = await superadmin(), ids = new Map();
    await makeOperators(token);
    for (const it of tenants) {
        ids.set(it.slug, await makeTenant(token, it, ids));
        const owner = await signIn(`owner@${it.slug}.test`, password, `${it.slug}.${domain}`);
        if (!owner) throw new Error(`owner@${it.slug}.test has another password than DEMO_PASSWORD`);
        await makePeople(it, owner);
        await makeLeads(it, owner);
        await makeDeals(it, owner);
        if (it.crm) await makeRates(it, { must, token: owner });
        if (it.crm) await makeRules({ must, token: owner });
        console.log(`${it.slug}: ready`);
    }
    spreadOverTheYear();
    fillTheLog();
    console.log(`Sign in at http://northside.${domain}:${port}/ as owner@northside.test with ${process.env.DEMO_PASSWORD ? "DEMO_PASSWORD" : password}.`);
}

main().catch((problem) => {
    console.error(`tulou: ${problem.message}`);
    process.exit(1);
});
