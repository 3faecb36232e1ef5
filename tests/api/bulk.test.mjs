// Many records at once: new values, deletion, what a job goes on with, and putting it all back.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, login, makeTenant, makeUser, pageCookie, password, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { upload } from "../lib/files.mjs";
import { killWorker, workerOf } from "../lib/programs.mjs";
import { connect, until } from "../lib/worker.mjs";

const leads = "/api/crm/leads";
let db, tenant, other, cookie;
before(async () => {
    db = await connect(folder);
    await db.query("set search_path to everyone, public");
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
});
after(() => db.end());

const api = (method, path, body, token = tenant.token) => request(method, path, { token, body });
const bulk = (body, path = leads, token = tenant.token) => api("POST", `${path}/bulk`, body, token);
const run = async (id, token = tenant.token) => (await api("GET", `/api/bulk-runs/${id}`, undefined, token)).data;
const ended = (id, state = "done", token) => until(() => run(id, token), (it) => it.status === state);
const rowsOf = async (table, ids) => (await db.query(`select to_jsonb(t) - 'updated_at' as row from ${table} t where id = any($1) order by id`, [ids])).rows.map((it) => it.row);
async function make(count, more = {}, mark = randomUUID()) {
    await db.query("insert into leads (tenant_id, name, company) select $1, $2 || ' ' || n, $3 from generate_series(1, $4) n", [tenant.id, mark, more.company ?? null, count]);
    const ids = (await db.query("select id from leads where tenant_id = $1 and name like $2 order by id", [tenant.id, `${mark}%`])).rows.map((it) => it.id);
    return { mark, ids };
}
async function undo(id) {
    const answer = await api("POST", `/api/bulk-runs/${id}/undo`, {});
    assert.deepEqual([answer.status, answer.data?.status], [200, "undoing"], answer.text);
    return ended(id, "undone");
}

test("many_get_new_values_and_each_that_cannot_is_named_with_the_reason", async () => {
    const { ids } = await make(3);
    await db.query("update leads set status = 'converted' where id = $1", [ids[1]]);
    const answer = await bulk({ ids: [...ids, randomUUID()], action: "update", set: { status: "contacted", company: "Blum Optics" } });
    assert.deepEqual(answer.data.results.map((it) => [it.status, it.code]), [[200, null], [409, "invalid_transition"], [200, null], [404, "not_found"]], answer.text);
    assert.deepEqual([answer.data.done, answer.data.failed], [2, 2]);
    const now = (await rowsOf("leads", ids)).map((it) => [it.status, it.company]);
    assert.deepEqual(now, [["contacted", "Blum Optics"], ["converted", null], ["contacted", "Blum Optics"]]);
    const kept = await run(answer.data.runId);
    assert.deepEqual([kept.resource, kept.action, kept.status, kept.total, kept.handled, kept.done], ["crm.leads", "update", "done", 4, 4, 2]);
    assert.deepEqual(kept.refused.map((it) => [it.state, it.code]), [["refused", "invalid_transition"], ["refused", "not_found"]]);
});

test("what_cannot_be_set_for_many_is_refused_before_any_is_changed", async () => {
    const { ids } = await make(1);
    const refused = async (set, field, code) => {
        const answer = await bulk({ ids, action: "update", ...set });
        assert.deepEqual([answer.status, answer.error?.details?.[0].field, answer.error?.details?.[0].code], [422, field, code], answer.text);
    };
    await refused({}, "set", "required");
    await refused({ set: {} }, "set", "required");
    await refused({ set: { nothing: 1 } }, "nothing", "unknown_field");
    await refused({ set: { status: "gone" } }, "status", "not_a_choice");
    await refused({ set: { name: null } }, "name", "not_nullable");
    const lines = await bulk({ ids, action: "update", set: { lines: [] } }, "/api/crm/deals");
    assert.equal(lines.error?.details?.[0].field, "lines", lines.text);
    const deletion = await bulk({ ids, action: "delete", set: { name: "x" } });
    assert.deepEqual([deletion.status, deletion.error?.details?.[0].field], [422, "set"], deletion.text);
    const customer = await makeUser(tenant, "customer", { kind: "customer" });
    assert.equal((await bulk({ ids, action: "update", set: { company: "x" } }, leads, customer.access_token)).status, 403);
    const tried = await bulk({ ids, action: "update", set: { company: "x" }, dryRun: true });
    assert.deepEqual([tried.data.done, tried.data.runId], [1, null], tried.text);
    assert.equal((await rowsOf("leads", ids))[0].company, null);
});

test("more_than_a_hundred_are_left_to_a_job_that_does_each_once_whoever_is_killed", { timeout: 180000 }, async () => {
    const { mark, ids } = await make(620, { company: "Before" });
    await db.query("update leads set status = 'converted' where id = $1", [ids[300]]);
    const before = await rowsOf("leads", ids);
    const answer = await bulk({ filter: { q: mark }, action: "update", set: { status: "qualified", company: "After" } });
    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual([answer.data.results, answer.data.done], [[], 0]);
    assert.equal(answer.headers.location, `/api/bulk-runs/${answer.data.runId}`);
    await make(1, {}, mark); // comes too late: what is meant was settled
    let killed = 0, seen = await run(answer.data.runId);
    while (seen.status === "running") {
        const handled = seen.handled;
        seen = await until(() => run(answer.data.runId), (it) => it.status !== "running" || it.handled > handled);
        if (seen.status === "running" && killed < 2 && workerOf("worker")) {
            killWorker("worker");
            killed++;
            sql("update everyone.jobs set lease_until = now() where kind = 'bulk.run' and state = 'running'; notify jobs, 'scheduled'");
        }
    }
    assert.ok(killed > 0, "the worker was killed while there was work");
    assert.deepEqual([seen.total, seen.handled, seen.done], [620, 620, 620], "from converted the owner may go to qualified");
    const events = await db.query("select count(*)::int as count, count(distinct resource_id)::int as records from events where tenant_id = $1 and resource_id = any($2) and actor_name = 'Owner'", [tenant.id, ids]);
    assert.deepEqual(events.rows[0], { count: 620, records: 620 }, "each was changed once, by who asked");
    assert.equal((await db.query("select count(*)::int as count from leads where tenant_id = $1 and name like $2 and company = 'After'", [tenant.id, `${mark}%`])).rows[0].count, 620);
    await api("PATCH", `${leads}/${ids[5]}`, { phone: "+34600100200" });
    await api("DELETE", `${leads}/${ids[6]}`);
    const undone = await undo(answer.data.runId);
    assert.deepEqual([undone.restored, undone.kept], [618, 2]);
    assert.deepEqual(undone.refused.map((it) => [it.id, it.name, it.state, it.code]), [[ids[5], `${mark} 6`, "kept", "changed_since"], [ids[6], `${mark} 7`, "kept", "not_found"]]);
    const now = await rowsOf("leads", ids);
    assert.deepEqual(now.filter((it) => it.id !== ids[5]), before.filter((it) => it.id !== ids[5] && it.id !== ids[6]), "as they were");
    assert.equal(now.find((it) => it.id === ids[5]).company, "After");
    const again = await api("POST", `/api/bulk-runs/${answer.data.runId}/undo`, {});
    assert.deepEqual([again.status, again.error?.code], [409, "not_undoable"], again.text);
});

test("a_deletion_brings_back_all_that_went_along", async () => {
    const contact = (await api("POST", "/api/crm/contacts", { name: "Nora Blum" })).data.id;
    const make = async (name) => (await api("POST", "/api/crm/deals", { name, contactId: contact, valueAmount: 12500, lines: [{ name: "Lenses", quantity: 2, unitPriceAmount: 100 }, { name: "Frames" }] })).data.id;
    const deals = [await make("One"), await make("Two")], lead = (await api("POST", leads, { name: "Lead" })).data.id;
    assert.equal((await api("POST", `/api/crm/deals/${deals[0]}/notes`, { text: "Called." })).status, 201);
    const attached = await upload(`/api/crm/deals/${deals[0]}/attachments`, tenant.token, "terms.txt", "What was agreed.");
    assert.equal(attached.status, 201, attached.text);
    await db.query("update contacts set lead_id = $1 where id = $2", [lead, contact]);
    const tables = async () => ({ deals: await rowsOf("deals", deals), contacts: await rowsOf("contacts", [contact]), leads: await rowsOf("leads", [lead]),
        parts: (await db.query("select to_jsonb(l) as line from deal_lines l where deal_id = any($1) order by id", [deals])).rows.concat((await db.query("select to_jsonb(n) as note from deal_notes n where deal_id = any($1) order by id", [deals])).rows) });
    const before = await tables();
    assert.equal(before.parts.length, 5);
    const gone = await bulk({ ids: deals, action: "delete" }, "/api/crm/deals");
    const goneLead = await bulk({ ids: [lead], action: "delete" });
    assert.deepEqual([gone.data.done, goneLead.data.done], [2, 1], gone.text);
    assert.equal((await rowsOf("deals", deals)).length, 0);
    assert.equal((await rowsOf("contacts", [contact]))[0].lead_id, null);
    assert.ok((await db.query("select due_at > now() + interval '30 days' as kept from house.file_leavings where id = $1", [attached.data.id])).rows[0].kept, "its content stays");
    for (const it of [gone, goneLead]) assert.equal((await undo(it.data.runId)).kept, 0);
    assert.deepEqual(await tables(), before);
    const content = await request("GET", `/api/crm/deals/${deals[0]}/attachments/${attached.data.id}/content`, { token: tenant.token });
    assert.deepEqual([content.status, content.text], [200, "What was agreed."]);
    assert.equal((await api("GET", `${leads}?q=Lead&limit=1`)).data[0].id, lead, "it is found again");
});

test("what_cannot_be_made_again_is_kept_and_named", async () => {
    const company = (await api("POST", "/api/crm/companies", { name: "Blum Optics" })).data.id;
    const contact = (await api("POST", "/api/crm/contacts", { name: "Nora Blum", companyId: company })).data.id;
    const gone = await bulk({ ids: [contact], action: "delete" }, "/api/crm/contacts");
    await api("DELETE", `/api/crm/companies/${company}`);
    const undone = await undo(gone.data.runId);
    assert.deepEqual([undone.restored, undone.kept, undone.refused[0].name, undone.refused[0].state], [0, 1, "Nora Blum", "kept"], JSON.stringify(undone));
});

test("what_has_rules_of_its_own_is_not_put_back_past_them", async () => {
    const team = (await api("POST", "/api/teams", { name: "Northern sales" })).data.id;
    const role = (await api("POST", "/api/rbac/roles", { key: "bulk_desk", name: "Desk" })).data.id;
    tenant.token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token; // rights were changed
    for (const [path, id] of [["/api/teams", team], ["/api/rbac/roles", role]]) {
        const gone = await bulk({ ids: [id], action: "delete" }, path);
        assert.equal(gone.data.done, 1, gone.text);
        tenant.token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token;
        const kept = await run(gone.data.runId);
        assert.equal(kept.undoableUntil, null, `members and grants are asked for each (${path})`);
        const refused = await api("POST", `/api/bulk-runs/${kept.id}/undo`, {});
        assert.deepEqual([refused.status, refused.error?.code], [409, "not_undoable"], refused.text);
    }
});

test("a_run_is_its_makers_alone_and_a_key_sees_what_it_did_itself", async () => {
    const { ids } = await make(2);
    const mine = (await bulk({ ids: [ids[0]], action: "update", set: { company: "Mine" } })).data.runId;
    const colleague = await makeUser(tenant, "admin", { kind: "admin" });
    const keyed = (await api("POST", "/api/security/api-keys", { name: "Nightly", permissions: ["crm.leads:read", "crm.leads:update"] })).data.key;
    const its = (await bulk({ ids: [ids[1]], action: "update", set: { company: "Key" } }, leads, keyed)).data.runId;
    for (const token of [colleague.access_token, other.token])
        for (const [method, path] of [["GET", ""], ["POST", "/undo"]])
            assert.equal((await api(method, `/api/bulk-runs/${mine}${path}`, method === "POST" ? {} : undefined, token)).status, 404);
    assert.equal((await api("GET", `/api/bulk-runs/${mine}`, undefined, keyed)).status, 404);
    assert.deepEqual((await api("GET", "/api/bulk-runs", undefined, keyed)).data.map((it) => it.id), [its]);
    assert.equal((await run(its)).done, 1, "its maker sees it");
});

test("a_job_goes_on_within_the_rights_that_are_left", async () => {
    const role = (await api("POST", "/api/rbac/roles", { key: "mover", name: "Mover", permissions: ["crm.leads:read", "crm.leads:update"] })).data;
    const user = await makeUser(tenant, "mover", { kind: "staff", roles: [role.key] });
    const { mark } = await make(150);
    sql("insert into job_pauses (queue) values ('bulk') on conflict do nothing; update everyone.jobs set state = 'paused' where queue = 'bulk' and state = 'ready'");
    const begun = await bulk({ filter: { q: mark }, action: "update", set: { company: "Never" } }, leads, user.access_token);
    assert.equal(begun.status, 202, begun.text);
    await api("PATCH", `/api/rbac/roles/${role.id}`, { permissions: ["crm.leads:read"] });
    sql("delete from job_pauses where queue = 'bulk'; select house.jobs_resume()");
    const kept = await until(async () => (await db.query("select status, handled, done from bulk_runs where id = $1", [begun.data.runId])).rows[0], (it) => it.status === "done");
    assert.deepEqual([kept.handled, kept.done], [150, 0]);
    assert.equal((await db.query("select count(*)::int as count from leads where name like $1 and company is not null", [`${mark}%`])).rows[0].count, 0);
    tenant.token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token; // rights were changed
});

// ---- by page ----

const headers = () => ({ cookie, origin: `http://${tenant.slug}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" });
const open = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
async function post(path, fields) {
    const _csrf = (await open("/admin/crm/leads")).text.match(/name="_csrf" value="([^"]*)"/)[1];
    return request("POST", path, { tenant: tenant.slug, headers: headers(), raw: new URLSearchParams([["_csrf", _csrf], ...fields]).toString() });
}

test("by_page_ticked_fields_are_set_and_the_next_page_offers_to_undo", async () => {
    const { mark, ids } = await make(2);
    const chosen = [...ids.map((id) => ["id", id]), ["next", `/admin/crm/leads?q=${mark}`]];
    const asked = await post("/admin/crm/leads/bulk-update", chosen);
    assert.equal(asked.status, 200, asked.text);
    assert.match(asked.text, /<h1>Change 2 leads<\/h1>/);
    assert.match(asked.text, /name="_set" value="status"/);
    const deal = (await api("POST", "/api/crm/deals", { name: "With lines" })).data.id;
    const ofDeal = await post("/admin/crm/deals/bulk-update", [["id", deal]]);
    assert.match(ofDeal.text, /name="_set" value="stageId"/);
    assert.doesNotMatch(ofDeal.text, /name="_set" value="lines"/, "rows of a table of their own are not set for many");
    const none = await post("/admin/crm/leads/bulk-update", [...chosen, ["_confirmed", "yes"], ["company", "Ignored"]]);
    assert.equal(none.status, 422);
    assert.match(none.text, /Tick at least one field/);
    const wrong = await post("/admin/crm/leads/bulk-update", [...chosen, ["_confirmed", "yes"], ["_set", "email"], ["email", "nobody"], ["_set", "company"], ["company", "Typed"]]);
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /value="Typed"/);
    const done = await post("/admin/crm/leads/bulk-update", [...chosen, ["_confirmed", "yes"], ["_set", "valueAmount"], ["valueAmount", "1200.50"], ["_set", "company"], ["company", "Blum"], ["phone", "+34600100200"]]);
    assert.equal(done.status, 303, done.text);
    assert.deepEqual((await rowsOf("leads", ids)).map((it) => [it.company, it.value, it.phone]), ids.map(() => ["Blum", 120050, null]));
    const shown = await request("GET", done.headers.location, { tenant: tenant.slug, headers: { cookie: [cookie, ...done.headers["set-cookie"].map((it) => it.split(";")[0])].join("; ") } });
    const link = shown.text.match(/Changed: 2 leads\. <a href="(\/bulk-runs\/[^"]+\/undo)">Undo<\/a>/);
    assert.ok(link, shown.text.slice(0, 3000));
    assert.match((await open(link[1])).text, /<h1>Undo: /);
    assert.equal((await post(link[1], [["_confirmed", "yes"]])).status, 303);
    await until(() => rowsOf("leads", ids), (rows) => rows.every((it) => it.company === null && it.value === null));
});

// What a field is called must not be what the field of an earlier request was called.
test("by_page_one_field_after_the_other_is_set_and_no_other", async () => {
    const { mark, ids } = await make(1), next = ["next", `/admin/crm/leads?q=${mark}`];
    const values = { company: ["Blum", "company"], phone: ["+34600100200", "phone"], email: ["n@example.com", "email"], source: ["event", "source"], valueAmount: ["12.50", "value"] };
    const expected = { company: null, phone: null, email: null, source: "other", value: null };
    for (let round = 0; round < 3; round++)
        for (const [name, [text, column]] of Object.entries(values)) {
            const typed = Object.entries(values).filter(([other]) => other !== name).map(([other]) => [other, "not ticked"]);
            const done = await post("/admin/crm/leads/bulk-update", [["id", ids[0]], next, ["_confirmed", "yes"], ["_set", name], [name, text], ...typed]);
            assert.equal(done.status, 303, `${name}: ${done.text.slice(0, 2000)}`);
            expected[column] = column === "value" ? 1250 : text;
            const [row] = await rowsOf("leads", ids);
            assert.deepEqual(Object.fromEntries(Object.keys(expected).map((it) => [it, row[it]])), expected, name);
        }
});

test("by_page_more_than_a_hundred_are_asked_by_their_number_and_lead_to_the_progress", async () => {
    const { mark, ids } = await make(103);
    const fields = [["all", "yes"], ["next", `/admin/crm/leads?q=${mark}`]];
    const asked = await post("/admin/crm/leads/bulk-delete", fields);
    assert.match(asked.text, /<h1>Delete 103 leads\?<\/h1>/);
    assert.match(asked.text, /name="count" value="103"/);
    await make(1, {}, mark);
    const more = await post("/admin/crm/leads/bulk-delete", [...fields, ["count", "103"], ["confirm", "yes"]]);
    assert.equal(more.status, 200, "there are others than one was asked about");
    assert.match(more.text, /Delete 104 leads\?/);
    const done = await post("/admin/crm/leads/bulk-delete", [...fields, ["count", "104"], ["confirm", "yes"]]);
    assert.equal(done.status, 303, done.text);
    const page = done.headers.location;
    assert.match(page, /^\/bulk-runs\//);
    await ended(page.split("/").pop());
    assert.equal((await rowsOf("leads", ids)).length, 0);
    assert.match((await open(page)).text, /Done with 104 records, refused for 0\./);
    assert.match((await open("/bulk-runs")).text, /crm\.leads/);
});
