// A POST that is sent again with its key has one effect and one answer, whoever is killed
// in between; and a key holds nothing that others wait for.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { Document } from "../lib/openapi.mjs";
import { NameServer } from "../lib/dns.mjs";
import { workersOf } from "../lib/programs.mjs";
import { connect, until } from "../lib/worker.mjs";
import { pages } from "../lib/workspaces.mjs";

const names = new NameServer();
let tenant, db;
before(async () => {
    await names.start();
    tenant = await makeTenant();
    db = await connect(folder);
    await request("PUT", `/api/tenants/${tenant.id}/features`, { token: await operator(), body: { features: { custom_domains: true } } });
});
after(async () => {
    await names.stop();
    await db.end();
});

const post = (path, options, key, token = tenant.token) => request("POST", path, { token, ...options, headers: { "idempotency-key": key, ...options.headers } });
const kept = async (key) => (await db.query("select status, answer, claim from everyone.idempotency_keys where key = $1", [key])).rows;
// As if its lease were over.
const expire = (key) => db.query("update everyone.idempotency_keys set lease_until = now() - interval '1 second' where key = $1", [key]);
const leadsNamed = async (name) => (await request("GET", `/api/crm/leads?name=${encodeURIComponent(name)}`, { token: tenant.token })).json.meta.total;
const running = (area) => until(() => workersOf(area), (pids) => pids.length > 0);
const killAll = (area) => workersOf(area).forEach((pid) => process.kill(pid, "SIGKILL"));

async function claimDomain(label = "mute") {
    const domain = `${label}-${randomUUID().slice(0, 8)}.example.com`;
    const made = await request("POST", `/api/tenants/${tenant.id}/domains`, { token: tenant.token, body: { domain } });
    assert.equal(made.status, 201, made.text);
    names.mute.add(made.data.recordName.toLowerCase());
    names.mute.add(domain);
    return { ...made.data, verify: `/api/tenants/${tenant.id}/domains/${made.data.id}/verify` };
}

test("a_file_that_is_sent_again_is_imported_once", async () => {
    const send = () => post("/api/platform-users/bulk-import", { raw: `email,name\r\nidem@${tenant.slug}.test,Idem\r\n`, headers: { "content-type": "text/csv" } }, "import-1");
    const first = await send(), again = await send();
    assert.deepEqual([first.status, first.data.created], [202, 1], first.text);
    assert.deepEqual([again.status, again.text, again.headers["idempotency-replayed"]], [202, first.text, "true"]);
});

test("an_api_key_that_is_asked_for_again_is_the_same_and_nobody_reads_it_where_the_answer_is_kept", async () => {
    const send = () => post("/api/security/api-keys", { body: { name: "Once", permissions: ["crm.leads:read"] } }, "key-1");
    const first = await send(), again = await send();
    assert.equal(first.status, 201, first.text);
    assert.deepEqual([again.status, again.text, again.headers.location], [201, first.text, first.headers.location]);
    const [row] = await kept("key-1");
    assert.ok(row.answer.length > 0 && !row.answer.includes(first.data.key) && !row.answer.includes(first.data.id));
});

test("where_no_key_is_kept_it_is_refused_and_the_document_says_so", async () => {
    const document = new Document((await request("GET", "/api/openapi.json", {})).json);
    for (const it of document.operations().filter((one) => one.method === "POST")) {
        const takes = it.parameters.some((one) => one.name === "Idempotency-Key");
        assert.equal(/It takes no Idempotency-Key/.test(it.description), !takes, it.title);
    }
    const refused = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password }, headers: { "idempotency-key": "login-1" } });
    assert.deepEqual([refused.status, refused.error?.code], [400, "idempotency_not_supported"], refused.text);
});

test("while_a_keyed_request_waits_for_others_nobody_waits_for_it", async () => {
    const domains = [];
    for (let i = 0; i < 16; i++) domains.push(await claimDomain());
    let answered = 0;
    const verifying = domains.map((it, i) => post(it.verify, {}, `verify-${i}`).then((answer) => (answered++, answer)));
    await until(async () => (await db.query("select count(*)::int as n from everyone.idempotency_keys where key like 'verify-%' and status is null")).rows[0].n, (n) => n === 16);
    // A repeat does not wait for what may take long, and says when to come again.
    const early = await post(domains[0].verify, {}, "verify-0");
    assert.deepEqual([early.status, early.error?.code], [409, "idempotency_in_progress"], early.text);
    assert.ok(Number(early.headers["retry-after"]) >= 1);
    const { rows: [held] } = await db.query("select count(*)::int as n from pg_stat_activity where usename like 'tulou\\_%' and usename <> 'tulou_owner' and state like 'idle in transaction%'");
    assert.equal(held.n, 0, "a transaction is open while its request waits for a name server");
    // Another tenant's transactions in the same program.
    const other = await makeTenant();
    const logo = await request("PATCH", `/api/tenants/${other.id}`, { token: await operator(), body: { name: "Meanwhile" } });
    assert.equal(logo.status, 200, logo.text);
    assert.equal(answered, 0, "all of them still wait");
    for (const answer of await Promise.all(verifying)) assert.equal(answer.status, 409, answer.text);
});

// What stands still between the claim and the commit: nobody else may write leads.
async function withLeadsLocked(work) {
    const lock = await connect(folder);
    try {
        await lock.query("begin");
        await lock.query("lock table everyone.leads in exclusive mode");
        await work((count) => until(async () => (await db.query("select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%leads%'")).rows[0].n, (n) => n === count));
    } finally {
        await lock.query("rollback");
        await lock.end();
    }
}

test("whoever_is_killed_in_between_the_work_is_done_once", async () => {
    const send = () => post("/api/crm/leads", { body: { name: "Killed" } }, "killed-1");
    await running("crm");
    await withLeadsLocked(async (waiting) => {
        const cut = send().catch(() => ({}));
        await waiting(1);
        killAll("crm");
        assert.notEqual((await cut).status, 201);
    });
    await running("crm");
    const early = await until(send, (it) => it.status < 500);
    assert.deepEqual([early.status, early.error?.code], [409, "idempotency_in_progress"], early.text);
    await expire("killed-1");
    const made = await until(send, (it) => it.status !== 503);
    assert.equal(made.status, 201, made.text);
    assert.equal((await send()).text, made.text);
    assert.equal(await leadsNamed("Killed"), 1);
});

test("of_two_who_hold_a_claim_one_after_the_other_only_one_commits", async () => {
    const send = () => post("/api/crm/leads", { body: { name: "Slow" } }, "slow-1");
    let answers;
    await withLeadsLocked(async (waiting) => {
        const first = send();
        await waiting(1);
        await expire("slow-1");
        answers = [first, send()];
        await waiting(2);
    });
    const statuses = (await Promise.all(answers)).map((it) => it.status).sort();
    assert.deepEqual(statuses, [201, 409]);
    assert.equal(await leadsNamed("Slow"), 1);
    assert.equal((await send()).status, 201);
});

test("what_called_others_and_was_cut_off_is_not_done_again", async () => {
    const domain = await claimDomain("cut"), send = () => post(domain.verify, {}, "cut-1");
    await running("tenants");
    const cut = send().catch(() => ({}));
    await until(() => kept("cut-1"), (rows) => rows.length === 1);
    killAll("tenants");
    await cut;
    await running("tenants");
    await expire("cut-1");
    const again = await until(send, (it) => it.status < 500);
    assert.deepEqual([again.status, again.error?.code], [409, "idempotency_interrupted"], again.text);
});

test("a_request_that_fails_gives_its_key_back", async () => {
    const send = (body) => post("/api/crm/leads", { body }, "failed-1");
    assert.equal((await send({ name: "" })).status, 422);
    const taken = await makeUser(tenant, "staff");
    const user = (email) => post("/api/platform-users", { body: { email, name: "X", kind: "staff", password } }, "failed-2");
    assert.equal((await user(taken.email)).status, 409);
    assert.deepEqual(await kept("failed-2"), []);
    assert.equal((await user(`fresh@${tenant.slug}.test`)).status, 201);
    assert.equal((await send({ name: "Now" })).status, 201);
});

// Pages send a token with their forms, which is such a key.
test("a_refused_edit_shows_the_form_with_everything_typed", async () => {
    const [one, other] = [await makeUser(tenant, "staff"), await makeUser(tenant, "staff")];
    const owner = await pages(tenant.slug, await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }));
    for (const once of [{}, { _once: randomUUID() }]) {
        const answer = await owner.post(`/admin/users/${one.id}`, { ...once, email: other.email, name: "Typed By Hand", kind: "staff" });
        assert.equal(answer.status, 409, answer.text.slice(0, 300));
        assert.match(answer.text, /value="Typed By Hand"/);
        assert.ok(answer.text.includes(other.email));
    }
});
