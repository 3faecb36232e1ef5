// Merging: two to twenty records become one, whatever referred to the others refers to it, their ids
// lead there, and it can all be undone.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { folder, makeTenant, makeUser, pageCookie, password, port, request } from "../lib/client.mjs";
import { upload } from "../lib/files.mjs";
import { connect, until } from "../lib/worker.mjs";

let db, tenant, other, cookie;
before(async () => {
    db = await connect(folder);
    await db.query("set search_path to everyone, public");
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
});
after(() => db.end());

const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
async function made(path, body, token) {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data.id;
}
const merge = (path, ids, winnerId = ids[0], more = {}, token) => crm("POST", `${path}/merge`, { ids, winnerId, ...more }, token);
async function merged(...args) {
    const answer = await merge(...args);
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}
async function undo(id) {
    const answer = await request("POST", `/api/bulk-runs/${id}/undo`, { token: tenant.token, body: {} });
    assert.equal(answer.status, 200, answer.text);
    return until(async () => (await request("GET", `/api/bulk-runs/${id}`, { token: tenant.token })).data, (it) => it.status === "undone");
}
const tables = ["leads", "contacts", "companies", "deals", "deal_lines", "deal_notes", "activities", "files", "custom_values", "merged_records"];
// All that the tenant has there, but for when it was changed.
async function everything() {
    const all = {};
    for (const table of tables)
        all[table] = (await db.query(`select to_jsonb(t) - 'updated_at' as row from ${table} t where tenant_id = $1 order by to_jsonb(t)::text`, [tenant.id])).rows.map((it) => JSON.stringify(it.row)).sort();
    return all;
}
const one = async (table, id) => (await db.query(`select * from ${table} where id = $1`, [id])).rows[0];

test("the_winner_takes_what_it_lacks_and_what_is_chosen_and_the_preview_says_the_same", async () => {
    const a = await made("leads", { name: "Nora Blum", phone: "+34600100200" });
    const b = await made("leads", { name: "N. Blum", email: "nora@example.com", valueAmount: 500, currency: "USD", phone: "+34600999999", status: "contacted" });
    const c = await made("leads", { name: "Blum, Nora", email: "later@example.com", company: "Blum Optics" });
    const before = await everything();
    const tried = await merged("leads", [a, b, c], a, { take: { name: c, status: b }, dryRun: true });
    assert.deepEqual(await everything(), before, "only tried");
    assert.equal(tried.runId, null);
    const done = await merged("leads", [a, b, c], a, { take: { name: c, status: b } });
    assert.deepEqual({ ...tried.record, updatedAt: null }, { ...done.record, updatedAt: null }, "preview and result");
    assert.deepEqual([tried.mergedIds, tried.moved], [done.mergedIds, done.moved]);
    assert.deepEqual(Object.fromEntries(["id", "name", "email", "phone", "company", "valueAmount", "currency", "status"].map((it) => [it, done.record[it]])),
        { id: a, name: "Blum, Nora", email: "nora@example.com", phone: "+34600100200", company: "Blum Optics", valueAmount: 500, currency: "USD", status: "contacted" });
    assert.deepEqual((await crm("GET", `leads/${a}`)).data, done.record);
    assert.deepEqual(done.mergedIds, [b, c]);
    const told = (await db.query("select action, resource_id, changes from events where tenant_id = $1 and resource_id = any($2) and action = 'lead.merged'", [tenant.id, [b, c]])).rows.map((it) => [it.action, it.changes.after.winner_id]);
    assert.deepEqual(told, [["lead.merged", a], ["lead.merged", a]]);
    assert.equal((await undo(done.runId)).kept, 0);
    assert.deepEqual(await everything(), before, "as it was");
});

test("all_that_refers_refers_to_the_winner_and_comes_back", async () => {
    const field = await request("POST", "/api/custom-fields", { token: tenant.token, body: { resource: "crm.leads", key: "introducer", label: "Introduced by", type: "reference", refersTo: "crm.contacts" } });
    assert.equal(field.status, 201, field.text);
    const [x, y] = [await made("companies", { name: "Blum" }), await made("companies", { name: "Blum Optics" })];
    const [a, b, c] = [await made("contacts", { name: "Nora", companyId: x }), await made("contacts", { name: "Nora Blum", companyId: y }), await made("contacts", { name: "N. Blum", companyId: y })];
    const lead = await made("leads", { name: "Came by her", custom: { introducer: b } });
    const line = { name: "Lenses", quantity: 2, unitPriceAmount: 100 };
    const d = await made("deals", { name: "One", contactId: b, companyId: y, lines: [line, { name: "Frames" }] });
    const e = await made("deals", { name: "Two", contactId: c, companyId: y, lines: [line] });
    await crm("POST", `deals/${e}/notes`, { text: "Called." });
    for (const [path, id] of [["contacts", b], ["contacts", a], ["deals", e]])
        assert.equal((await upload(`/api/crm/${path}/${id}/attachments`, tenant.token, "terms.txt", `What was agreed ${id}.`)).status, 201);
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    for (const id of [a, c]) assert.equal((await upload(`/api/crm/contacts/${id}/photo`, tenant.token, "photo.png", png)).status, 200);
    await made("activities", { type: "call", subject: "Called her", contactId: b });
    const before = await everything();
    const runs = [];
    const people = await merged("contacts", [a, b, c], a, { take: { photo: c } });
    assert.deepEqual(people.moved.map((it) => `${it.count} ${it.resource} ${it.field}`).sort(), ["1 crm.activities contactId", "1 crm.leads custom.introducer", "2 crm.deals contactId", "2 files null"], "a file and a photo");
    runs.push(people.runId);
    runs.push((await merged("companies", [y, x], y)).runId);
    runs.push((await merged("deals", [e, d], e)).runId);
    assert.equal((await one("leads", lead)).custom.introducer, a);
    const deal = (await crm("GET", `deals/${e}`)).data;
    assert.deepEqual([deal.contactId, deal.companyId, deal.lines.map((it) => it.name)], [a, y, ["Lenses", "Lenses", "Frames"]]);
    assert.equal((await one("contacts", a)).company_id, y);
    assert.equal((await crm("GET", `contacts/${a}/attachments`)).data.length, 2);
    const photos = (await db.query("select count(*)::int as count from files where record_id = $1 and field = 'photo'", [a])).rows[0].count;
    assert.equal(photos, 1, "one photo");
    for (const id of runs.reverse()) assert.equal((await undo(id)).kept, 0);
    assert.deepEqual(await everything(), before, "as it was");
});

test("old_ids_lead_to_the_winner_through_chains_as_far_as_one_sees_it", async () => {
    const ids = [];
    for (let i = 0; i < 4; i++) ids.push(await made("contacts", { name: `Chain ${i}` }));
    for (let i = 0; i < 3; i++) await merged("contacts", [ids[i], ids[i + 1]], ids[i + 1]);
    const led = await crm("GET", `contacts/${ids[0]}?fields=name`);
    assert.deepEqual([led.status, led.data.id, led.headers["content-location"]], [200, ids[3], `/api/crm/contacts/${ids[3]}`], led.text);
    assert.equal((await crm("GET", `contacts/${ids[0]}`, undefined, other.token)).status, 404, "of another tenant");
    assert.equal((await crm("PATCH", `contacts/${ids[0]}`, { name: "x" })).status, 404, "nobody changes one record by the id of another");
    assert.equal((await crm("DELETE", `contacts/${ids[0]}`)).status, 404);
    const page = await request("GET", `/admin/crm/contacts/${ids[1]}`, { tenant: tenant.slug, headers: { cookie } });
    assert.deepEqual([page.status, page.headers.location], [303, `/admin/crm/contacts/${ids[3]}`]);
    const role = { key: "reader", name: "Reader", rank: 10, permissions: ["crm.contacts:read@own"] };
    assert.equal((await request("POST", "/api/rbac/roles", { token: tenant.token, body: role })).status, 201);
    const reader = (await makeUser(tenant, "reader")).access_token;
    assert.equal((await crm("GET", `contacts/${ids[0]}`, undefined, reader)).status, 404, "sight cuts");
    await crm("DELETE", `contacts/${ids[3]}`);
    assert.equal((await crm("GET", `contacts/${ids[0]}`)).status, 404);
});

test("what_cannot_be_merged_is_refused_and_nothing_is_changed", async () => {
    const [a, b] = [await made("leads", { name: "A" }), await made("leads", { name: "B" })];
    const foreign = (await crm("POST", "leads", { name: "Theirs" }, other.token)).data.id;
    const before = await everything();
    const refused = async (answer, status, code, field) => {
        const it = await answer;
        assert.deepEqual([it.status, it.error?.code, it.error?.details?.[0]?.field], [status, code, field], it.text);
    };
    await refused(merge("leads", [a]), 422, "validation_failed", "ids");
    await refused(merge("leads", [a, a]), 422, "validation_failed", "ids");
    await refused(merge("leads", [a, b], randomUUID()), 422, "validation_failed", "winnerId");
    await refused(merge("leads", [a, b], a, { take: { nothing: a } }), 422, "validation_failed", "take.nothing");
    await refused(merge("leads", [a, b], a, { take: { name: foreign } }), 422, "validation_failed", "take.name");
    await refused(merge("leads", [a, randomUUID()]), 404, "not_found");
    await refused(merge("leads", [a, foreign]), 404, "not_found");
    const signed = async (key, permissions) => {
        assert.equal((await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key, name: key, rank: 10, permissions } })).status, 201);
        return makeUser(tenant, key);
    };
    const half = (await signed("changer", ["crm.leads:read", "crm.leads:update"])).access_token;
    await refused(merge("leads", [a, b], a, {}, half), 403, "permission_missing");
    const own = (await signed("owning", ["crm.leads:read", "crm.leads:create@own", "crm.leads:update@own", "crm.leads:delete@own"])).access_token;
    const mine = await made("leads", { name: "Mine" }, own);
    await refused(merge("leads", [mine, a], mine, {}, own), 403, "not_yours");
    await crm("DELETE", `leads/${mine}`);
    const [d, e] = [await made("deals", { name: "D", lines: [{ name: "x", unitPriceAmount: 1 }], currency: "EUR" }), await made("deals", { name: "E", lines: [{ name: "y", unitPriceAmount: 1 }], currency: "USD" })];
    await refused(merge("deals", [d, e]), 422, "validation_failed", "take.lines");
    const chosen = await merged("deals", [d, e], d, { take: { lines: d } });
    assert.deepEqual(chosen.record.lines.map((it) => it.name), ["x"]);
    await undo(chosen.runId);
    assert.deepEqual((await crm("GET", `deals/${e}`)).data.lines.map((it) => it.name), ["y"]);
    for (const id of [d, e]) await crm("DELETE", `deals/${id}`);
    assert.deepEqual(await everything(), before);
});

test("the_hidden_amount_of_a_deal_is_neither_chosen_nor_shown_but_not_lost", async () => {
    assert.equal((await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "blind", name: "Blind", rank: 10, permissions: ["crm.deals:read", "crm.deals:update", "crm.deals:delete"] } })).status, 201);
    const blind = (await makeUser(tenant, "blind")).access_token;
    const [a, b] = [await made("deals", { name: "A" }), await made("deals", { name: "B", valueAmount: 700, currency: "USD" })];
    const refused = await merge("deals", [a, b], a, { take: { valueAmount: b } }, blind);
    assert.deepEqual([refused.status, refused.error?.details?.[0].field], [422, "take.valueAmount"], refused.text);
    const done = await merge("deals", [a, b], a, {}, blind);
    assert.ok(done.status === 200 && !("valueAmount" in done.data.record), done.text);
    const row = await one("deals", a);
    assert.deepEqual([Number(row.value), row.currency], [700, "USD"]);
});

// Within a transaction that is taken back: nobody else meets the table.
test("a_log_that_nobody_may_change_stays_with_the_record_that_it_tells_of", async () => {
    await db.query("begin");
    try {
        await db.query(`create table everyone.walked_logs (
            tenant_id uuid not null, id uuid not null default house.uuid7(), deal_id uuid not null, primary key (tenant_id, id),
            foreign key (tenant_id, deal_id) references everyone.deals (tenant_id, id) on delete cascade) partition by list (tenant_id);
            create index on everyone.walked_logs (tenant_id, deal_id);
            call house.tenant_table('walked_logs', append_only => true);
            set local role tulou_tenant; set local search_path to shared, public`);
        await db.query("select set_config('app.tenant_id', $1, true)", [tenant.id]);
        const places = (await db.query("select place from house.merge_places('deals', 'crm.deals')")).rows.map((it) => it.place);
        assert.ok(places.includes("deal_notes") && places.includes("files") && !places.includes("walked_logs"), places.join());
    } finally {
        await db.query("rollback");
    }
});

test("unique_values_of_the_tenants_own_go_over_and_come_back", async () => {
    const field = await request("POST", "/api/custom-fields", { token: tenant.token, body: { resource: "crm.companies", key: "vat", label: "VAT", type: "text", isUnique: true } });
    assert.equal(field.status, 201, field.text);
    const [a, b] = [await made("companies", { name: "A", custom: { vat: "ES1" } }), await made("companies", { name: "B", custom: { vat: "ES2" } })];
    const before = await everything();
    const done = await merged("companies", [a, b], a, { take: { "custom.vat": b } });
    assert.equal(done.record.custom.vat, "ES2");
    assert.equal((await undo(done.runId)).kept, 0);
    assert.deepEqual(await everything(), before);
    const again = await merged("companies", [a, b], a, { take: { "custom.vat": b } });
    await crm("PATCH", `companies/${a}`, { website: "https://blum.example" });
    const undone = await undo(again.runId);
    assert.deepEqual([undone.restored, undone.kept, undone.refused.map((it) => it.code).sort()], [0, 2, ["changed_since", "custom_value_taken"]], JSON.stringify(undone.refused));
    assert.equal((await crm("GET", `companies/${b}`)).data.id, a, "its id still leads there");
});

test("what_refers_elsewhere_since_is_kept_and_named", async () => {
    const [a, b, c] = [await made("contacts", { name: "A" }), await made("contacts", { name: "B" }), await made("contacts", { name: "C" })];
    const [d, e] = [await made("deals", { name: "Moved on", contactId: b }), await made("deals", { name: "Stayed", contactId: b })];
    const done = await merged("contacts", [a, b], a);
    await crm("PATCH", `deals/${d}`, { contactId: c });
    const undone = await undo(done.runId);
    assert.deepEqual([undone.restored, undone.kept, undone.refused.map((it) => [it.id, it.name, it.code])], [2, 1, [[d, "Moved on", "changed_since"]]]);
    assert.deepEqual([(await one("deals", d)).contact_id, (await one("deals", e)).contact_id], [c, b]);
});

test("merges_at_once_of_the_same_records_lose_none", async () => {
    const ids = [], deals = [];
    for (let i = 0; i < 6; i++) ids.push(await made("contacts", { name: `At once ${i}` }));
    for (const id of ids) deals.push(await made("deals", { name: `Of ${id}`, contactId: id }));
    const pairs = [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 4], [1, 4], [0, 5]];
    const answers = await Promise.all(pairs.map(([p, q]) => merge("contacts", [ids[p], ids[q]], ids[p])));
    for (const it of answers) assert.ok([200, 404].includes(it.status), it.text);
    const left = (await db.query("select id from contacts where id = any($1)", [ids])).rows.map((it) => it.id);
    assert.equal(left.length, ids.length - answers.filter((it) => it.status === 200).length);
    for (const id of deals) assert.ok(left.includes((await one("deals", id)).contact_id), "a deal has a contact that is there");
    for (const id of ids) assert.ok(left.includes((await crm("GET", `contacts/${id}`)).data?.id), "each id leads to one that is there");
});

// Whatever is merged in whatever order, with whatever chosen: undone backwards, all is as it was.
test("any_merges_undone_backwards_leave_all_as_it_was", async () => {
    const value = { name: fc.string({ minLength: 1, maxLength: 8, unit: "grapheme-ascii" }).map((it) => it.trim() || "x"), phone: fc.option(fc.constantFrom("+34600100200", "+34600100201")), status: fc.constantFrom("active", "inactive") };
    const plan = fc.record({ people: fc.array(fc.record(value), { minLength: 4, maxLength: 6 }), deals: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
        merges: fc.array(fc.record({ chosen: fc.uniqueArray(fc.nat(5), { minLength: 2, maxLength: 3 }), winner: fc.nat(2), name: fc.nat(2) }), { minLength: 1, maxLength: 3 }) });
    await fc.assert(fc.asyncProperty(plan, async ({ people, deals, merges }) => {
        let ids = [];
        for (const it of people) ids.push(await made("contacts", it));
        for (const at of deals) await made("deals", { name: "Of one", contactId: ids[at % ids.length] });
        const before = await everything(), runs = [];
        for (const { chosen, winner, name } of merges) {
            const own = [...new Set(chosen.map((at) => ids[at % ids.length]))];
            if (own.length < 2) continue;
            const wins = own[winner % own.length], more = { take: { name: own[name % own.length] } };
            const tried = await merged("contacts", own, wins, { ...more, dryRun: true }), done = await merged("contacts", own, wins, more);
            assert.deepEqual({ ...tried.record, updatedAt: null }, { ...done.record, updatedAt: null }, "preview and result");
            assert.deepEqual(tried.moved, done.moved);
            runs.push(done.runId);
            ids = ids.filter((id) => id === wins || !own.includes(id));
        }
        for (const id of runs.reverse()) assert.equal((await undo(id)).kept, 0);
        assert.deepEqual(await everything(), before);
    }), { numRuns: 2 });
});

// ---- by page ----

const open = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
async function post(path, fields) {
    const _csrf = (await open("/admin/crm/leads")).text.match(/name="_csrf" value="([^"]*)"/)[1];
    return request("POST", path, { tenant: tenant.slug, raw: new URLSearchParams([["_csrf", _csrf], ...fields]).toString(),
        headers: { cookie, origin: `http://${tenant.slug}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" } });
}
const noticeOf = async (answer) => (await request("GET", answer.headers.location, { tenant: tenant.slug, headers: { cookie: [cookie, ...answer.headers["set-cookie"].map((it) => it.split(";")[0])].join("; ") } })).text;

test("by_page_those_ticked_are_compared_and_merged_as_chosen_and_the_next_page_offers_to_undo", async () => {
    const company = await made("companies", { name: "Optics" });
    const [a, b] = [await made("contacts", { name: "Nora Blum", phone: "+34600100200" }), await made("contacts", { name: "N. Blum", email: "nora@example.com", companyId: company })];
    await made("deals", { name: "Of the second", contactId: b });
    const path = "/admin/crm/contacts/bulk-merge", chosen = [["id", a], ["id", b], ["next", "/admin/crm/contacts"]];
    assert.match((await open("/admin/crm/contacts")).text, /formaction="\/admin\/crm\/contacts\/bulk-merge"/);
    const asked = await post(path, chosen);
    assert.equal(asked.status, 200, asked.text);
    assert.match(asked.text, /<h1>Merge 2 contacts<\/h1>/);
    assert.match(asked.text, new RegExp(`name="winner" value="${a}" checked`));
    assert.match(asked.text, new RegExp(`name="take.email" value="${b}"[^>]*checked`), "what the winner lacks");
    assert.match(asked.text, /name="take.companyId"[^]*Optics/);
    assert.match(asked.text, /<li>1 Deal/i);
    assert.doesNotMatch(asked.text, /name="take.status"/, "in which they are the same");
    assert.match((await noticeOf(await post(path, [["id", a]]))), /Tick two or more/);
    const done = await post(path, [...chosen, ["before", a], ["winner", b], ["take.name", a], ["take.phone", a], ["_confirmed", "yes"]]);
    assert.deepEqual([done.status, done.headers.location], [303, `/admin/crm/contacts/${b}`], done.text);
    const now = await one("contacts", b);
    assert.deepEqual([now.name, now.phone, now.email], ["N. Blum", "+34600100200", "nora@example.com"], "what was the former winner's by nothing but that is not");
    const link = (await noticeOf(done)).match(/Merged: 2 contacts\. <a href="(\/bulk-runs\/[^"]+\/undo)">Undo<\/a>/i);
    assert.ok(link);
    assert.equal((await post(link[1], [["_confirmed", "yes"]])).status, 303);
    await until(() => one("contacts", a), (it) => it !== undefined);
});

test("a_record_deleted_by_page_comes_back_by_the_link_of_the_next_page", async () => {
    const id = await made("leads", { name: "Deleted by mistake" }), before = await one("leads", id);
    assert.match((await open(`/admin/crm/leads/${id}/delete`)).text, /can be undone for thirty days/);
    const gone = await post(`/admin/crm/leads/${id}/delete`, [["confirm", "yes"]]);
    assert.equal(gone.status, 303, gone.text);
    const link = (await noticeOf(gone)).match(/Lead deleted\. <a href="(\/bulk-runs\/[^"]+\/undo)">Undo<\/a>/);
    assert.ok(link);
    assert.equal((await post(link[1], [["_confirmed", "yes"]])).status, 303);
    const back = await until(() => one("leads", id), (it) => it !== undefined);
    assert.deepEqual({ ...back, updated_at: null }, { ...before, updated_at: null });
    const company = await made("companies", { name: "In use" });
    await made("contacts", { name: "Holds it", companyId: company });
    const refused = await post(`/admin/crm/companies/${company}/delete`, [["confirm", "yes"]]);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /1 contact/i);
    const runs = await db.query("select count(*)::int as count from bulk_runs where tenant_id = $1 and resource = 'crm.companies' and action = 'delete'", [tenant.id]);
    assert.equal(runs.rows[0].count, 0, "nothing is kept of what was refused");
});

// ---- what is there already ----

test("whoever_adds_a_record_is_told_of_those_alike_that_they_may_see", async () => {
    const mark = randomUUID().slice(0, 8), email = `nora-${mark}@example.com`;
    const id = await made("leads", { name: `Nora ${mark}`, email });
    const alike = async (query, token) => (await crm("GET", `leads/alike?${new URLSearchParams(query)}`, undefined, token)).data?.records;
    assert.deepEqual(await alike({ email, name: "Nobody" }), [{ id, name: `Nora ${mark}`, field: "email" }]);
    assert.deepEqual(await alike({ email: email.toUpperCase() }), [{ id, name: `Nora ${mark}`, field: "email" }]);
    assert.deepEqual(await alike({ name: `nora ${mark}` }), [{ id, name: `Nora ${mark}`, field: "name" }]);
    for (const query of [{ email: `nora-${mark}@` }, { email: "" }, { name: mark }, { name: "N" }, {}]) assert.deepEqual(await alike(query), [], JSON.stringify(query));
    assert.deepEqual(await alike({ email }, other.token), []);
    assert.equal((await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "own_reader", name: "Own", rank: 10, permissions: ["crm.leads:read@own"] } })).status, 201);
    assert.deepEqual(await alike({ email }, (await makeUser(tenant, "own_reader")).access_token), [], "sight cuts");
    assert.equal((await crm("GET", "leads/alike?phone=1")).status, 400);
    const form = await open("/admin/crm/leads/new");
    assert.match(form.text, /data-alike="\/api\/crm\/leads\/alike" data-names="email,name"/);
    assert.doesNotMatch((await open(`/admin/crm/leads/${id}/edit`)).text, /data-alike/);
    const saved = await noticeOf(await post("/admin/crm/leads", [["name", "Another"], ["email", email]]));
    assert.match(saved, new RegExp(`Lead saved\\. But this may have been there already: Nora ${mark}\\. <a href="/admin/crm/leads\\?email=`));
});
