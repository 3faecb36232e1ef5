// Everything about a record in its order: events in words with what changed, what refers to it, files.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { apiRoutes, areas } from "../lib/routes.mjs";

let tenant, other, owner;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const timeline = async (path, token) => {
    const answer = await crm("GET", `${path}${path.includes("?") ? "" : "/timeline"}`, undefined, token);
    assert.equal(answer.status, 200, answer.text);
    return answer;
};
const changes = (item) => item.changes.map((it) => [it.label, it.from, it.to]);
before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    owner = tenant.owner.user;
});

test("changes_are_told_field_by_field_with_names_in_the_place_of_ids", async () => {
    const person = await makeUser(tenant, "admin", { name: "Olga Peters" }), lead = await made("leads", { name: "Deniz Hansen", status: "contacted", valueAmount: 116500, currency: "EUR" });
    await crm("PATCH", `leads/${lead.id}`, { status: "qualified", valueAmount: 190000, ownerId: person.id ?? person.user.id });
    const { data } = await timeline(`leads/${lead.id}`);
    assert.deepEqual(data.map((it) => [it.kind, it.type, it.text]), [["event", "lead.updated", `${owner.name} changed the lead Deniz Hansen.`], ["event", "lead.created", `${owner.name} added the lead Deniz Hansen.`]]);
    assert.deepEqual(changes(data[0]), [["Status", "Contacted", "Qualified"], ["Value", "1,165.00 EUR", "1,900.00 EUR"], ["Owner", owner.name, "Olga Peters"]]);
    assert.deepEqual([data[0].actor.id, data[0].resource.id, data[1].changes], [owner.id, lead.id, []]);
    assert.equal((await crm("GET", `leads/${lead.id}/timeline`, undefined, other.token)).status, 404);
});

test("activities_notes_lines_and_files_stand_in_it_and_pages_follow_each_other_without_gaps", async () => {
    const deal = await made("deals", { name: "Lenses" });
    await made("activities", { type: "call", subject: "Ring them", dealId: deal.id });
    await made(`deals/${deal.id}/notes`, { text: "They decide in March." });
    await made(`deals/${deal.id}/lines`, { name: "Lens", quantity: 2 });
    const form = new FormData();
    form.append("file", new Blob(["an offer"], { type: "text/plain" }), "offer.txt");
    const bytes = new Response(form);
    const upload = await request("POST", `/api/crm/deals/${deal.id}/attachments`, { token: tenant.token, raw: Buffer.from(await bytes.clone().arrayBuffer()), headers: { "content-type": bytes.headers.get("content-type") } });
    assert.equal(upload.status, 201, upload.text);
    const { data, json } = await timeline(`deals/${deal.id}`);
    assert.deepEqual(data.map((it) => it.text), [`${owner.name} attached offer.txt.`, `${owner.name} added the deal line Lens.`, `${owner.name} added the deal note They decide in March.`, `${owner.name} added the activity Ring them.`, `${owner.name} added the deal Lenses.`]);
    assert.equal(json.meta.nextCursor, null);
    assert.deepEqual(data[3].changes.slice(0, 3).map((it) => [it.label, it.to]), [["Type", "Call"], ["Subject", "Ring them"], ["Status", "To do"]]);
    const walked = [];
    for (let after = ""; after !== null; ) {
        const part = await timeline(`deals/${deal.id}/timeline?limit=2${after && `&after=${after}`}`);
        walked.push(...part.data);
        after = part.json.meta.nextCursor;
    }
    assert.deepEqual(walked, data);
    assert.equal((await crm("GET", `deals/${deal.id}/timeline?after=x`)).error.code, "bad_cursor");
});

test("what_one_may_not_see_of_a_record_or_beside_it_is_not_told", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "poor", name: "Poor", rank: 10, permissions: ["crm.deals:read", "crm.activities:read@own"] } });
    const { access_token: token } = await makeUser(tenant, "poor"), company = await made("companies", { name: "Hidden Ltd" }), deal = await made("deals", { name: "Amounts", valueAmount: 100, currency: "EUR" });
    await crm("PATCH", `deals/${deal.id}`, { valueAmount: 98765, companyId: company.id, name: "Amounts 2" });
    await made("activities", { subject: "Secret call", dealId: deal.id });
    await made(`deals/${deal.id}/lines`, { name: "Secret line" });
    const mine = await timeline(`deals/${deal.id}`), theirs = await timeline(`deals/${deal.id}`, token);
    assert.ok(["987.65", "Hidden Ltd", "Secret call", "Secret line"].every((it) => mine.text.includes(it)), mine.text);
    assert.ok(["987.65", "98765", "Hidden Ltd", "Secret call", "Secret line"].every((it) => !theirs.text.includes(it)), theirs.text);
    assert.deepEqual(changes(theirs.data[0]), [["Name", "Amounts", "Amounts 2"], ["Company", null, "(not visible)"]]);
});

test("the_timeline_of_the_crm_is_that_of_the_record_that_is_named", async () => {
    const lead = await made("leads", { name: "Named" });
    const [one, two] = [await crm("GET", `timeline?leadId=${lead.id}`), await timeline(`leads/${lead.id}`)];
    assert.deepEqual([one.status, one.data], [200, two.data], one.text);
    assert.equal((await crm("GET", "timeline")).status, 422);
    assert.equal((await crm("GET", `timeline?leadId=${lead.id}`, undefined, other.token)).status, 404);
});

test("every_resource_with_events_and_a_page_has_one_there_too", async () => {
    const kept = areas.flatMap((area) => area.resources).filter((it) => it.scope === "tenant" && it.api && !it.parent && !it.noEvents && !it.personal && !it.noTenant && (it.operations & 2));
    assert.ok(kept.length > 5);
    for (const { api } of kept) assert.ok(apiRoutes.some((it) => it.path === `${api}/:id/timeline`), api);
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), lead = await made("leads", { name: "On <page>" });
    for (let i = 0; i < 22; i++) await crm("PATCH", `leads/${lead.id}`, { company: `Company ${i}` });
    const page = async (path) => (await request("GET", path, { tenant: tenant.slug, headers: { cookie } })).text;
    const shown = await page(`/admin/crm/leads/${lead.id}`), older = shown.match(/href="([^"]*_timeline=[^"]*)"/)?.[1];
    assert.ok(shown.includes("Company 21") && shown.includes("On &lt;page&gt;") && !shown.includes(`${owner.name} added the lead`));
    assert.ok((await page(older.replaceAll("&amp;", "&").split("#")[0])).includes(`${owner.name} added the lead On &lt;page&gt;.`));
});

test("the_audit_log_and_the_dashboard_say_what_changed_of_which_record", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), lead = await made("leads", { name: "Audited", status: "contacted" });
    const page = async (path) => (await request("GET", path, { tenant: tenant.slug, headers: { cookie } })).text;
    await crm("PATCH", `leads/${lead.id}`, { status: "lost", ownerId: null });
    const [event] = (await request("GET", `/api/audit/logs?resourceId=${lead.id}&limit=1`, { token: tenant.token })).data;
    for (const path of ["/admin/audit", "/admin"]) {
        const text = await page(path);
        assert.ok(text.includes(`${owner.name} changed the lead Audited.`) && text.includes(`Status: Contacted → Lost; Owner: ${owner.name} → –`), path);
    }
    const detail = await page(`/admin/audit/${event.id}`);
    for (const text of [detail, await page("/admin")]) assert.ok(text.includes(`/admin/crm/leads/${lead.id}"`), "the way to the record");
    assert.ok(detail.includes("What changed") && /Status<\/span>.*Contacted.*Lost/.test(detail) && !detail.includes("&quot;owner_id&quot;"), "no JSON");
});
