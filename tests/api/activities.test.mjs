// What is done and to be done with leads, contacts, companies and deals, and the notice before it is due.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { folder, makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { connect, until } from "../lib/worker.mjs";

let tenant, other;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const soon = (minutes) => new Date(Date.now() + minutes * 60000).toISOString();
const notices = async (token) => (await request("GET", "/api/notifications?limit=100", { token })).data.filter((it) => it.type === "crm.activity_due");
before(async () => { [tenant, other] = [await makeTenant(), await makeTenant()]; });

test("an_activity_is_on_a_record_that_one_sees_and_is_found_by_it", async () => {
    const lead = await made("leads", { name: "Nora Blum" }), company = await made("companies", { name: "Blum Optics" });
    const call = await made("activities", { type: "call", subject: "Call about the offer", leadId: lead.id, companyId: company.id, dueAt: soon(60) });
    assert.deepEqual([call.status, call.doneAt, call.contactId, typeof call.ownerId], ["open", null, null, "string"]);
    await made("activities", { subject: "Something else", companyId: company.id });
    assert.deepEqual((await crm("GET", `activities?leadId=${lead.id}`)).data.map((it) => it.id), [call.id]);
    assert.equal((await crm("GET", `activities?q=offer&include=lead`)).data[0].lead.name, "Nora Blum");
    const alone = await crm("POST", "activities", { subject: "On nothing" });
    assert.deepEqual([alone.status, alone.error.details[0].field, alone.error.details[0].code], [422, "leadId", "required"], alone.text);
    assert.equal((await crm("PATCH", `activities/${call.id}`, { leadId: null, companyId: null })).status, 422);
    const theirs = await made("leads", { name: "Theirs" }, other.token);
    assert.equal((await crm("POST", "activities", { subject: "x", leadId: theirs.id })).error.details[0].code, "unknown_reference");
    assert.equal((await crm("GET", `activities/${call.id}`, undefined, other.token)).status, 404);
});

test("it_is_done_and_opened_again_one_or_many_at_once_and_says_when", async () => {
    const lead = await made("leads", { name: "Done" }), one = await made("activities", { subject: "One", leadId: lead.id }), two = await made("activities", { subject: "Two", leadId: lead.id });
    const done = await crm("POST", `activities/${one.id}/complete`);
    assert.deepEqual([done.status, done.data.status, typeof done.data.doneAt], [200, "done", "string"], done.text);
    assert.equal((await crm("POST", `activities/${one.id}/complete`)).error.code, "activity_done");
    const open = await crm("POST", `activities/${one.id}/reopen`);
    assert.deepEqual([open.data.status, open.data.doneAt], ["open", null]);
    const many = await crm("POST", "activities/bulk", { action: "complete", ids: [one.id, two.id] });
    assert.equal(many.status, 200, many.text);
    assert.deepEqual((await crm("GET", `activities?leadId=${lead.id}&status=done`)).data.length, 2);
    const logged = await made("activities", { type: "note", subject: "Met", leadId: lead.id, status: "done" });
    assert.equal(typeof logged.doneAt, "string");
    const types = (await request("GET", `/api/audit/logs?resourceId=${one.id}`, { token: tenant.token })).data.map((it) => it.type);
    assert.deepEqual(types, ["activity.completed", "activity.reopened", "activity.completed", "activity.created"]);
    await crm("DELETE", `leads/${lead.id}`);
    assert.equal((await crm("GET", `activities/${one.id}`)).data.leadId, null, "it stays without what it was on");
});

test("who_sees_their_own_alone_meets_no_other_activity", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "alone", name: "Alone", rank: 10, permissions: ["crm.activities:*@own", "crm.leads:*@own"] } });
    const { access_token: token } = await makeUser(tenant, "alone"), lead = await made("leads", { name: "Not theirs" });
    const hidden = await made("activities", { subject: "Hidden", leadId: lead.id }), mine = await made("leads", { name: "Mine" }, token), own = await made("activities", { subject: "Own", leadId: mine.id }, token);
    assert.deepEqual((await crm("GET", "activities", undefined, token)).data.map((it) => it.id), [own.id]);
    assert.equal((await crm("POST", `activities/${hidden.id}/complete`, undefined, token)).status, 404);
    assert.equal((await crm("POST", "activities", { subject: "x", leadId: lead.id }, token)).error.details[0].code, "unknown_reference");
});

test("its_owner_is_reminded_before_it_is_due_exactly_once", async () => {
    const lead = await made("leads", { name: "Reminded" }), person = await makeUser(tenant, "admin");
    const it = await made("activities", { subject: "Ring them", leadId: lead.id, dueAt: soon(20), reminderMinutes: 30, ownerId: person.user.id });
    const [notice] = await until(() => notices(person.access_token), (all) => all.length > 0);
    assert.deepEqual([notice.title, notice.link], ["Due soon: Ring them", `/admin/crm/activities/${it.id}`]);
    const { dueAt } = it, database = await connect(folder);
    try {
        const waiting = async (id) => (await database.query("select count(*)::int as n from everyone.jobs where kind = 'crm.remind' and payload ->> 'activity' = $1 and run_at < now() + interval '1 hour'", [id])).rows[0].n;
        for (const change of [{ subject: "Ring them again" }, { dueAt: soon(500) }, { dueAt }]) assert.equal((await crm("PATCH", `activities/${it.id}`, change)).status, 200);
        await until(() => waiting(it.id), (n) => n === 0);
        assert.equal((await notices(person.access_token)).length, 1, "for that time it went out before");
        const moved = await made("activities", { subject: "Moved", leadId: lead.id, dueAt: soon(600), reminderMinutes: 30, ownerId: person.user.id }), later = await made("activities", { subject: "Done before", leadId: lead.id, dueAt: soon(600), reminderMinutes: 10, ownerId: person.user.id });
        await crm("PATCH", `activities/${moved.id}`, { dueAt: soon(700) });
        await crm("POST", `activities/${later.id}/complete`);
        await database.query("update everyone.jobs set run_at = now() where kind = 'crm.remind' and payload ->> 'activity' = any ($1)", [[moved.id, later.id]]);
        await until(async () => (await database.query("select count(*)::int as n from everyone.jobs where kind = 'crm.remind' and payload ->> 'activity' = any ($1)", [[moved.id, later.id]])).rows[0].n, (n) => n === 0);
        assert.deepEqual((await notices(person.access_token)).map((n) => n.title), ["Due soon: Moved", "Due soon: Ring them"], "of what is done nobody is told, of another time once");
    } finally {
        await database.end();
    }
});

test("by_page_a_record_shows_what_refers_to_it_and_adds_to_that", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const page = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
    const company = await made("companies", { name: "Related Ltd" }), contact = await made("contacts", { name: "Ada Related", companyId: company.id });
    const call = await made("activities", { type: "call", subject: "Ring <Ada>", contactId: contact.id, companyId: company.id });
    const shown = (await page(`/admin/crm/companies/${company.id}`)).text;
    for (const part of [`/admin/crm/contacts/${contact.id}"`, `/admin/crm/activities/${call.id}"`, `/admin/crm/contacts?companyId=${company.id}`, `/admin/crm/activities/new?companyId=${company.id}`, "Ring &lt;Ada&gt;"]) assert.ok(shown.includes(part), part);
    assert.ok((await page(`/admin/crm/activities/new?contactId=${contact.id}`)).text.includes("Ada Related"), "the form knows on whom");
    assert.ok((await page(`/admin/crm/contacts/${contact.id}`)).text.includes(`/admin/crm/activities/${call.id}"`));
});
