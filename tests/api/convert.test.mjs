// A qualified lead becomes a contact, at a company, with a deal: all of it or nothing, once.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";

let tenant, other;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const lead = (more, token) => made("leads", { name: "Nora Blum", status: "qualified", ...more }, token);
const convert = (id, body = {}, token) => crm("POST", `leads/${id}/convert`, body, token);
const count = async (path, token) => (await crm("GET", path, undefined, token)).json.meta.total;
before(async () => { [tenant, other] = [await makeTenant(), await makeTenant()]; });

test("a_lead_becomes_a_contact_a_company_and_a_deal_with_what_was_known_of_it", async () => {
    const { id } = await lead({ email: "nora@example.com", phone: "+34600100200", company: "Blum Optics", valueAmount: 250000, currency: "CHF" });
    const answer = await convert(id, { dealName: "Lenses" });
    assert.equal(answer.status, 200, answer.text);
    const { status, contactId, companyId, dealId, ownerId } = answer.data;
    assert.equal(status, "converted");
    const [contact, company, deal] = [(await crm("GET", `contacts/${contactId}`)).data, (await crm("GET", `companies/${companyId}`)).data, (await crm("GET", `deals/${dealId}`)).data];
    assert.deepEqual([contact.name, contact.email, contact.phone, contact.companyId, contact.leadId, contact.ownerId], ["Nora Blum", "nora@example.com", "+34600100200", companyId, id, ownerId]);
    assert.deepEqual([company.name, company.ownerId], ["Blum Optics", ownerId]);
    assert.deepEqual([deal.name, deal.contactId, deal.companyId, deal.valueAmount, deal.currency, deal.ownerId], ["Lenses", contactId, companyId, 250000, "CHF", ownerId]);
    const types = async (of) => (await request("GET", `/api/audit/logs?resourceId=${of}`, { token: tenant.token })).data.map((it) => it.type);
    assert.deepEqual([await types(id), await types(contactId), await types(dealId)], [["lead.converted", "lead.created"], ["contact.created"], ["deal.created"]]);
});

test("who_is_there_is_found_by_address_and_name_or_said_and_no_deal_is_made_unasked", async () => {
    const known = await made("contacts", { name: "N. Blum", email: "known@example.com" }), firm = await made("companies", { name: "Known Ltd" });
    const found = await convert((await lead({ email: "known@example.com", company: "Known Ltd" })).id, { withDeal: false });
    assert.deepEqual([found.data.contactId, found.data.companyId, found.data.dealId], [known.id, firm.id, null], found.text);
    const said = await convert((await lead({ email: "someone@example.com", company: "Another Ltd" })).id, { contactId: known.id, companyId: firm.id });
    assert.deepEqual([said.data.contactId, said.data.companyId], [known.id, firm.id]);
    assert.equal((await crm("GET", `deals/${said.data.dealId}`)).data.name, "Nora Blum");
    const plain = await convert((await lead({})).id);
    assert.deepEqual([plain.data.companyId, typeof plain.data.contactId], [null, "string"]);
    const foreign = await made("contacts", { name: "Theirs", email: "theirs@example.com" }, other.token), theirs = await lead({ email: "theirs@example.com" });
    assert.equal((await convert(theirs.id, { contactId: foreign.id })).error.details[0].field, "contactId");
    assert.notEqual((await convert(theirs.id)).data.contactId, foreign.id, "nobody is found in another tenant");
});

test("it_happens_once_and_wholly_or_not_at_all", async () => {
    const { id } = await lead({ email: "once@example.com", company: "Once Ltd" });
    const answers = await Promise.all(Array.from({ length: 6 }, () => convert(id)));
    assert.deepEqual(answers.map((it) => it.status).sort(), [200, 409, 409, 409, 409, 409]);
    assert.ok(answers.filter((it) => it.status === 409).every((it) => it.error.code === "lead_not_qualified"));
    assert.deepEqual([await count("contacts?email=once@example.com"), await count("companies?name=Once%20Ltd")], [1, 1]);
    assert.equal((await convert((await made("leads", { name: "New" })).id)).error.code, "lead_not_qualified");
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "sorter", name: "Sorter", rank: 10, permissions: ["crm.leads:*", "crm.contacts:*", "crm.companies:*", "crm.deals:read"] } });
    const { access_token: token } = await makeUser(tenant, "sorter"), half = await lead({ email: "half@example.com", company: "Half Ltd" });
    const refused = await convert(half.id, {}, token);
    assert.deepEqual([refused.status, refused.error.code], [403, "permission_missing"], refused.text);
    assert.deepEqual([await count("contacts?email=half@example.com"), await count("companies?name=Half%20Ltd"), (await crm("GET", `leads/${half.id}`)).data.status], [0, 0, "qualified"]);
    assert.equal((await convert(half.id, { withDeal: false }, token)).status, 200);
});

test("what_one_may_not_see_or_say_stays_out_of_it", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "alone", name: "Alone", rank: 10, permissions: ["crm.leads:*@own", "crm.contacts:*@own", "crm.companies:*@own", "crm.deals:read@own", "crm.deals:create@own"] } });
    const { access_token: token } = await makeUser(tenant, "alone");
    const hidden = await made("contacts", { name: "Hidden", email: "hidden@example.com" });
    const mine = await lead({ email: "hidden@example.com", valueAmount: 700, currency: "EUR" }, token), answer = await convert(mine.id, {}, token);
    assert.equal(answer.status, 200, answer.text);
    assert.notEqual(answer.data.contactId, hidden.id);
    assert.equal((await crm("GET", `deals/${answer.data.dealId}`)).data.valueAmount, null, "who may not say what deals are worth says nothing of it");
});

test("by_page_it_is_asked_and_leads_on_to_the_deal", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), { id } = await lead({ email: "page@example.com" });
    const page = (path, fields) => request(fields ? "POST" : "GET", path, { tenant: tenant.slug, ...(fields && { raw: new URLSearchParams(fields).toString() }), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    const at = `/admin/crm/leads/${id}`, asked = (await page(`${at}/convert`)).text.split("<form class=\"sheet")[1];
    assert.ok((await page(at)).text.includes(`${at}/convert"`), "its button");
    const hidden = Object.fromEntries([...asked.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1]]));
    const sent = await page(`${at}/convert`, { ...hidden, withDeal: "true", dealName: "By page" });
    assert.deepEqual([sent.status, sent.headers.location], [303, at], sent.text.slice(0, 300));
    const deal = (await crm("GET", "deals?name=By%20page")).data[0];
    const notice = sent.headers["set-cookie"].map((it) => it.split(";")[0]).join("; ");
    const next = await request("GET", at, { tenant: tenant.slug, headers: { cookie: `${cookie}; ${notice}` } });
    assert.ok(next.text.includes(`/admin/crm/deals/${deal.id}"`), "the notice leads to the deal");
});
