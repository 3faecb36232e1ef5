// What one record refers to: by name wherever it is read, and nothing that is not the tenant's own
// wherever it is written. Every reference of every resource is tried; they come from the areas' own
// tables.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { areas, bodyOf } from "../lib/routes.mjs";
import { connect } from "../lib/worker.mjs";

const [GET, MERGE] = [2, 16]; // of enum operation
const world = {};
let counter = 0;
let db;
const resources = areas.flatMap((area) => area.resources.map((it) => ({ ...it, full: `${area.name}.${it.name}` })));
const named = (name) => resources.find((it) => it.full === name);
const makerOf = (resource) => areas.flatMap((area) => area.routes).find((it) => it.method === "POST" && it.path === resource.api);
// Those that a client writes, in a tenant, by an address of the engine's.
const written = resources.flatMap((resource) => resource.fields
    .filter((it) => it.refers && !it.readOnly && !it.hidden && resource.scope === "tenant" && makerOf(resource))
    .map((field) => ({ resource, field, target: named(field.refers) })));
const title = ({ resource, field }) => `${resource.full}.${field.name}`;
const token = () => world.a.token;
const crm = (method, path, options = {}) => request(method, `/api/crm/${path}`, { token: token(), ...options });
const page = (path, cookie = world.cookie) => request("GET", path, { tenant: world.a.slug, headers: { cookie } });

// What a record needs, what it must refer to made before it.
async function bodyFor(resource, as, given = {}) {
    const body = { ...bodyOf(makerOf(resource).body), ...given };
    if (typeof body.name === "string") body.name = `${body.name} ${++counter}`;
    for (const field of resource.fields.filter((it) => it.refers && it.required && !it.readOnly && !(it.name in given)))
        body[field.name] = (await make(named(field.refers), as)).id;
    return body;
}

async function make(resource, as) {
    const made = await request("POST", resource.api, { token: as.token, body: await bodyFor(resource, as) });
    assert.equal(made.status, 201, `${resource.full}: ${made.text}`);
    return made.data;
}

before(async () => {
    db = await connect(folder);
    [world.a, world.b] = [await makeTenant({ planLevel: 3 }), await makeTenant({ planLevel: 3 })];
    world.operator = await operator();
    world.cookie = await pageCookie(`owner@${world.a.slug}.test`, password, { tenant: world.a.slug });
    const { data: company } = await crm("POST", "companies", { body: { name: "Blum <Optics>" } });
    const { data: contact } = await crm("POST", "contacts", { body: { name: "Nora Blum", companyId: company.id } });
    const owner = await makeUser(world.a, "staff", { name: "Olga Owner" });
    const { data: deal } = await crm("POST", "deals", { body: { name: "Lenses", companyId: company.id, contactId: contact.id, ownerId: owner.id, valueAmount: 125000 } });
    Object.assign(world, { company, contact, owner, deal });
});
after(() => db.end());

test("every_reference_to_what_is_not_there_is_refused_by_its_name", async () => {
    assert.ok(written.length >= 6, "there are references to try");
    for (const it of written) {
        const gone = await make(it.target, world.a);
        assert.equal((await request("DELETE", `${it.target.api}/${gone.id}`, { token: token() })).status, 204);
        const foreign = await make(it.target, world.b);
        const record = await make(it.resource, world.a);
        for (const id of [gone.id, foreign.id, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f"]) {
            const body = await bodyFor(it.resource, world.a, { [it.field.name]: id });
            const answers = [await request("POST", it.resource.api, { token: token(), body })];
            if (!it.field.createOnly && it.resource.operations & MERGE) answers.push(await request("PATCH", `${it.resource.api}/${record.id}`, { token: token(), body: { [it.field.name]: id } }));
            for (const answer of answers) {
                assert.equal(answer.status, 422, `${title(it)}: ${answer.text}`);
                assert.equal(answer.error.details[0].code, "unknown_reference", title(it));
                assert.equal(answer.error.details[0].field, it.field.name, title(it));
            }
        }
    }
});

test("every_reference_is_included_by_name_in_a_list_and_in_one_record", async () => {
    for (const it of written) {
        const target = await make(it.target, world.a);
        const body = await bodyFor(it.resource, world.a, { [it.field.name]: target.id });
        const made = await request("POST", it.resource.api, { token: token(), body });
        assert.equal(made.status, 201, `${title(it)}: ${made.text}`);
        const name = it.field.name.replace(/Id$/, "");
        const label = target[it.target.fields.find((f) => f.column === (it.target.label ?? it.target.fields[0].column)).name];
        if (!(it.resource.operations & GET)) continue;
        const one = await request("GET", `${it.resource.api}/${made.data.id}?include=${name}`, { token: token() });
        assert.deepEqual(one.data[name], { id: target.id, name: label }, title(it));
        const list = await request("GET", `${it.resource.api}?include=${name}&fields=createdAt&id=${made.data.id}`, { token: token() });
        assert.deepEqual(list.data[0][name], { id: target.id, name: label }, title(it));
    }
});

test("what_is_included_is_checked_and_null_where_there_is_nothing", async () => {
    assert.equal((await crm("GET", "deals?include=nobody")).error.code, "bad_parameter");
    assert.equal((await crm("GET", `deals/${world.deal.id}?include=nobody`)).error.code, "bad_parameter");
    const { data: bare } = await crm("POST", "deals", { body: { name: "Bare" } });
    assert.equal((await crm("GET", `deals/${bare.id}?include=owner,contact`)).data.contact, null);
});

test("the_version_of_a_record_with_names_is_good_for_a_change", async () => {
    const got = await crm("GET", `deals/${world.deal.id}?include=company`);
    const same = await crm("GET", `deals/${world.deal.id}?include=company`, { headers: { "if-none-match": got.headers.etag } });
    assert.equal(same.status, 304);
    await crm("PATCH", `companies/${world.company.id}`, { body: { name: "Blum & <Optics>" } });
    assert.notEqual((await crm("GET", `deals/${world.deal.id}?include=company`)).headers.etag, got.headers.etag, "a name that changed is another version");
    const changed = await crm("PATCH", `deals/${world.deal.id}`, { body: { probability: 40 }, headers: { "if-match": got.headers.etag } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal((await crm("PATCH", `deals/${world.deal.id}`, { body: { probability: 50 }, headers: { "if-match": got.headers.etag } })).status, 412);
});

test("pages_and_csv_say_names_and_no_ids", async () => {
    const list = (await page("/admin/crm/deals")).text, detail = (await page(`/admin/crm/deals/${world.deal.id}`)).text;
    for (const text of [list, detail]) {
        assert.match(text, />Blum &amp; &lt;Optics&gt;</);
        assert.match(text, new RegExp(`href="/admin/crm/contacts/${world.contact.id}"[^>]*>Nora Blum<`));
        assert.match(text, />Olga Owner</);
        for (const id of [world.company.id, world.contact.id, world.owner.id]) assert.doesNotMatch(text, new RegExp(`>[^<]*${id}`));
    }
    const csv = await crm("GET", "deals/export");
    const [head, ...lines] = csv.text.trim().split("\r\n");
    assert.match(head, /,company,contact,/);
    assert.ok(lines.some((it) => it.includes("Nora Blum") && it.includes("Olga Owner")));
    for (const id of [world.company.id, world.contact.id, world.owner.id]) assert.ok(!csv.text.includes(id));
});

test("what_the_reader_may_not_see_has_no_name", async () => {
    const role = await request("POST", "/api/rbac/roles", { token: token(), body: { key: "dealer", name: "Dealer", permissions: ["crm.deals:*"] } });
    assert.equal(role.status, 201, role.text);
    const dealer = await makeUser(world.a, "dealer");
    const answer = await request("GET", `/api/crm/deals/${world.deal.id}?include=company,owner`, { token: dealer.access_token });
    assert.deepEqual(answer.data.company, { id: world.company.id, name: null });
    assert.deepEqual(answer.data.owner, { id: world.owner.id, name: null });
    const csv = await request("GET", "/api/crm/deals/export", { token: dealer.access_token });
    assert.ok(csv.text.includes("(not visible)") && !csv.text.includes("Optics") && !csv.text.includes(world.company.id));
    const cookie = await pageCookie(dealer.email, password, { tenant: world.a.slug });
    for (const path of ["/admin/crm/deals", `/admin/crm/deals/${world.deal.id}`]) {
        const { text } = await page(path, cookie);
        assert.match(text, /\(not visible\)/);
        assert.ok(!text.includes("Optics") && !text.includes(`/admin/crm/companies/${world.company.id}`));
    }
});

test("what_others_refer_to_says_what_stands_in_the_way", async () => {
    const refused = await crm("DELETE", `companies/${world.company.id}`);
    assert.equal(refused.status, 409, refused.text);
    assert.equal(refused.error.code, "in_use");
    const ways = Object.fromEntries(refused.error.details.map((it) => [it.resource, it.count]));
    assert.deepEqual(ways, { "crm.contacts": 1, "crm.deals": 1 });
    assert.deepEqual(refused.error.details.map((it) => it.message).sort(), ["1 contact", "1 deal"]);
    const form = new URLSearchParams({ confirm: "yes", _csrf: (await page(`/admin/crm/companies/${world.company.id}/delete`)).text.match(/name="_csrf" value="([^"]+)"/)[1] });
    const shown = await request("POST", `/admin/crm/companies/${world.company.id}/delete`, { tenant: world.a.slug, raw: form.toString(), headers: { cookie: world.cookie, "content-type": "application/x-www-form-urlencoded" } });
    assert.equal(shown.status, 409, shown.text);
    assert.match(shown.text, new RegExp(`href="/admin/crm/contacts\\?companyId=${world.company.id}">1 contact</a>`));
    assert.equal((await page(`/admin/crm/contacts?companyId=${world.company.id}`)).status, 200);
});

test("what_deletion_sets_to_null_is_null", async () => {
    const lead = (await crm("POST", "leads", { body: { name: "Former" } })).data;
    const contact = (await crm("POST", "contacts", { body: { name: "From a lead", leadId: lead.id } })).data;
    assert.equal((await crm("DELETE", `leads/${lead.id}`)).status, 204);
    assert.equal((await crm("GET", `contacts/${contact.id}`)).data.leadId, null);
});

// A name is looked up by the primary key for the rows that are answered, and the list's own index
// gives their order.
test("a_list_with_names_reads_by_indexes_alone", async () => {
    await db.query("begin");
    try {
        await db.query("set local enable_seqscan = off");
        await db.query("set local role tulou_tenant");
        await db.query("set local search_path = shared");
        await db.query("select set_config('app.tenant_id', $1, true)", [world.a.id]);
        const { rows } = await db.query(`explain select id, (select coalesce(nullif((companies.name)::text, ''), '(no name)') from companies where companies.id = deals.company_id and companies.tenant_id = deals.tenant_id) from deals order by (created_at) desc, (id) desc limit 20`);
        const plan = rows.map((it) => it["QUERY PLAN"]).join("\n");
        assert.match(plan, /Index Cond: \(\(tenant_id = deals.tenant_id\) AND \(id = deals.company_id\)\)/);
        assert.match(plan, /Index Scan Backward using deals_created_idx/);
        assert.doesNotMatch(plan, /Seq Scan|Sort/);
    } finally {
        await db.query("rollback");
    }
});

// ---- choosing one, without scripts ----
const fieldsOf = (text) => new URLSearchParams([...text.matchAll(/<input type="hidden" name="(_\w+)" value="([^"]*)"/g)].map((it) => [it[1], it[2]]));
async function submit(path, form, fields) {
    const body = fieldsOf((await page(form)).text);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return request("POST", path, { tenant: world.a.slug, raw: body.toString(), headers: { cookie: world.cookie, "content-type": "application/x-www-form-urlencoded" } });
}
const radios = (text, name) => [...text.matchAll(new RegExp(`<input type="radio"[^>]*name="${name}" value="([^"]*)"( checked)?> <span>([^<]*)<`, "g"))].map((it) => ({ id: it[1], checked: !!it[2], title: it[3] }));

test("a_form_searches_for_what_it_refers_to", async () => {
    for (const name of ["Picker Alpha", "Picker Beta"]) await crm("POST", "contacts", { body: { name } });
    const searched = await submit("/admin/crm/deals", "/admin/crm/deals/new", { name: "Chosen", "_find.contactId": "picker" });
    assert.equal(searched.status, 422, searched.text);
    const found = radios(searched.text, "contactId");
    assert.deepEqual(found.map((it) => it.title).sort(), ["None", "Picker Alpha", "Picker Beta"]);
    assert.match(searched.text, /name="name" type="text" value="Chosen"/, "what was typed is kept");
    const saved = await submit("/admin/crm/deals", "/admin/crm/deals/new", { name: "Chosen", contactId: found.find((it) => it.title === "Picker Beta").id });
    assert.equal(saved.status, 303, saved.text);
    const form = (await page(`${saved.headers.location}/edit`)).text;
    assert.deepEqual(radios(form, "contactId").filter((it) => it.checked).map((it) => it.title), ["Picker Beta"]);
});

test("words_that_are_the_whole_name_of_one_record_choose_it", async () => {
    const saved = await submit("/admin/crm/deals", "/admin/crm/deals/new", { name: "Named", "_find.contactId": "picker ALPHA" });
    assert.equal(saved.status, 303, saved.text);
    assert.match((await page(saved.headers.location)).text, />Picker Alpha</);
    const vague = await submit("/admin/crm/deals", "/admin/crm/deals/new", { name: "Vague", "_find.contactId": "picker" });
    assert.equal(vague.status, 422);
    assert.equal(radios(vague.text, "contactId").length, 3);
    const none = await submit("/admin/crm/deals", "/admin/crm/deals/new", { name: "None", "_find.contactId": "nobody at all" });
    assert.match(none.text, /Nothing matches “nobody at all”/);
});

test("a_list_is_filtered_by_the_name_of_what_it_refers_to", async () => {
    const { data } = await crm("GET", "deals?contactId[q]=picker%20alpha&include=contact");
    assert.deepEqual(data.map((it) => it.contact.name), ["Picker Alpha"]);
    assert.equal((await crm("GET", "deals?name[q]=x")).error.code, "unknown_parameter");
    const shown = (await page("/admin/crm/deals?contactId%5Bq%5D=picker%20alpha")).text;
    assert.match(shown, /name="contactId\[q\]" value="picker alpha"/);
    assert.match(shown, /1 in all/);
    const exactly = (await page(`/admin/crm/deals?contactId=${world.contact.id}`)).text;
    assert.match(exactly, new RegExp(`name="contactId" value="${world.contact.id}" checked> <span>Nora Blum<`));
    const dealer = await request("GET", "/api/rbac/roles", { token: token() });
    assert.ok(dealer.data.some((it) => it.key === "dealer"));
    const blind = await makeUser(world.a, "dealer");
    assert.equal((await request("GET", "/api/crm/deals?contactId[q]=picker", { token: blind.access_token })).status, 403, "no name is guessed by a filter");
});

test("deletion_does_to_every_reference_what_its_field_says", async () => {
    for (const it of written) {
        const target = await make(it.target, world.a);
        const made = await request("POST", it.resource.api, { token: token(), body: await bodyFor(it.resource, world.a, { [it.field.name]: target.id }) });
        assert.equal(made.status, 201, `${title(it)}: ${made.text}`);
        const gone = await request("DELETE", `${it.target.api}/${target.id}`, { token: token() });
        const list = await request("GET", `${it.resource.api}?id=${made.data.id}`, { token: token() });
        if (it.field.onDelete === "refuse") {
            assert.equal(gone.error?.code, "in_use", title(it));
            assert.ok(gone.error.details.some((row) => row.resource === it.resource.full && row.count === 1), title(it));
        } else {
            assert.equal(gone.status, 204, `${title(it)}: ${gone.text}`);
            assert.deepEqual(list.data.map((row) => row[it.field.name]), it.field.onDelete === "cascade" ? [] : [null], title(it));
        }
    }
});
