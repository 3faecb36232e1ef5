// Fills a started platform with a believable year of business: tenants of every
// kind, their people, and leads that came in over twelve months. Everything is
// made through the API, so every rule applies; only the dates of old leads are
// set in the database. May be run again: what is there stays.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import { join, resolve } from "node:path";

const port = Number(process.env.PORT ?? 8080), folder = resolve(process.env.TULOU_VAR ?? "var");
const password = process.env.DEMO_PASSWORD ?? "tulou-demo-2026";

const tenants = [
    { slug: "northside", name: "Northside Club", kind: "business", planLevel: 2, timeZone: "Europe/Madrid", currency: "EUR", leads: 60 },
    { slug: "lakeview", name: "Lakeview Library", kind: "business", planLevel: 1, timeZone: "America/Chicago", currency: "USD", leads: 25 },
    { slug: "brightwork", name: "Brightwork", kind: "business", planLevel: 2, timeZone: "Europe/Berlin", currency: "EUR", leads: 240 },
    { slug: "harbor", name: "Harbor Partners", kind: "reseller", planLevel: 3, timeZone: "Europe/London", currency: "GBP", leads: 30 },
    { slug: "dockside", name: "Dockside Gym", kind: "business", parent: "harbor", timeZone: "Europe/London", currency: "GBP", leads: 20 },
    ...["Alder Court", "Birch Studio", "Cedar Books", "Delta Rowing", "Elm Street Dance", "Fern Clinic", "Granite Climbing", "Hazel Catering", "Iris Optics", "Juniper Travel"]
        .map((name) => ({ slug: name.toLowerCase().split(" ")[0] + "-demo", name, kind: "business", timeZone: "UTC", currency: "EUR", leads: 8 })),
];
const words = {
    first: ["Ana", "Ben", "Carla", "Deniz", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam", "Mara", "Nils", "Olga", "Pablo"],
    last: ["Albers", "Brandt", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen", "Kowalski", "Lopez", "Meyer", "Novak", "Okoro", "Peters"],
    company: ["Atlas Freight", "Bluebird Cafe", "Corner Press", "Dune Design", "Evergreen Foods", "Foundry Works", "Gull Marine", "Hillside Farm"],
    source: ["website", "website", "website", "referral", "referral", "social", "email", "phone", "event", "partner"],
    status: ["new", "new", "contacted", "contacted", "qualified", "unqualified", "converted", "lost"],
};

// The same choices at every run.
let seed = 20261121;
const next = () => (seed = (seed * 48271) % 2147483647);
const pick = (list) => list[Math.floor((next() / 2147483647) * list.length)];

function call(method, path, { token, body, host = "localhost" } = {}) {
    const data = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((done, fail) => {
        const request = http.request({ host: "127.0.0.1", port, method, path, headers: { host: `${host}:${port}`, ...(token ? { authorization: `Bearer ${token}` } : {}),
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
    const answer = await must([200, 401], "POST", "/api/auth/login", { body: { email, password: word }, host });
    return answer.status === 200 ? answer.data.access_token : undefined;
}

async function superadmin() {
    const own = await signIn("superadmin@platform.test", password);
    if (own) return own;
    const first = JSON.parse(readFileSync(join(folder, "first-login.json"), "utf8"));
    const token = await signIn(process.env.DEMO_ADMIN_EMAIL ?? first.email, process.env.DEMO_ADMIN_PASSWORD ?? first.password);
    if (!token) throw new Error("the first password was changed: set DEMO_ADMIN_EMAIL and DEMO_ADMIN_PASSWORD");
    return token;
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
        email: `office@${it.slug}.test`, ...(it.parent ? { parentId: parents.get(it.parent) } : {}), ownerName: "Owner", ownerEmail: `owner@${it.slug}.test`, ownerPassword: password } });
    await must([200], "POST", `/api/tenants/${made.data.id}/activate`, { token, body: {} });
    return made.data.id;
}

async function makePeople(it, token) {
    for (const role of ["admin", "staff", "customer"])
        await must([201, 409], "POST", "/api/platform-users", { token, body: { email: `${role}@${it.slug}.test`, name: `${pick(words.first)} ${pick(words.last)}`, kind: role, roles: [role], password } });
}

async function makeLeads(it, token) {
    const there = await must([200], "GET", "/api/crm/leads?limit=1", { token });
    for (let i = there.meta.total; i < it.leads; i++) {
        const first = pick(words.first), last = pick(words.last);
        await must([201], "POST", "/api/crm/leads", { token, body: { name: `${first} ${last}`, email: `${first}.${last}.${i}@example.com`.toLowerCase(), company: pick(words.company), source: pick(words.source),
            status: pick(words.status), value: 5000 + (next() % 400) * 500, currency: it.currency } });
    }
}

// Over the last year, more of them lately, as a business that grows has it.
function spreadOverTheYear() {
    const quiet = (table, state) => ["event", "touch"].map((it) => `alter table ${table} ${state} trigger ${it};`).join("\n");
    const sql = `begin;
        ${quiet("everyone.leads", "disable")} ${quiet("public.tenants", "disable")}
        update everyone.leads set created_at = d, updated_at = d
        from (select tenant_id t, id i, now() - interval '365 days' * power(random(), 1.6) d from everyone.leads) dates
        where tenant_id = t and id = i and created_at > now() - interval '1 hour' and email like '%@example.com';
        update public.tenants set created_at = now() - interval '365 days' * power(random(), 1.3)
        where created_at > now() - interval '1 hour' and kind <> 'platform';
        ${quiet("everyone.leads", "enable")} ${quiet("public.tenants", "enable")}
        commit;`;
    const target = process.env.DATABASE_URL || `host=${join(folder, "run")} dbname=tulou user=tulou_owner`;
    const done = spawnSync("psql", ["-q", "-v", "ON_ERROR_STOP=1", "-d", target], { input: sql, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`the dates could not be set: ${done.stderr}`);
}

async function main() {
    const token = await superadmin(), ids = new Map();
    await makeOperators(token);
    for (const it of tenants) {
        ids.set(it.slug, await makeTenant(token, it, ids));
        const owner = await signIn(`owner@${it.slug}.test`, password, `${it.slug}.localhost`);
        if (!owner) throw new Error(`owner@${it.slug}.test has another password than DEMO_PASSWORD`);
        await makePeople(it, owner);
        await makeLeads(it, owner);
        console.log(`${it.slug}: ready`);
    }
    spreadOverTheYear();
    console.log(`Sign in at http://northside.localhost:${port}/ as owner@northside.test with ${process.env.DEMO_PASSWORD ? "DEMO_PASSWORD" : password}.`);
}

main().catch((problem) => {
    console.error(`tulou: ${problem.message}`);
    process.exit(1);
});
