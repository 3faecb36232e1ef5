// Records from files, of every resource that imports: found by its routes.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { killWorker, workerOf } from "../lib/programs.mjs";
import { apiRoutes, bodyOf } from "../lib/routes.mjs";
import { until } from "../lib/worker.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const send = (api, raw, query = "", token = tenant.token, type = "text/csv") => request("POST", `${api}/import${query}`, { token, raw, headers: { "content-type": type } });
const leads = (raw, query, token) => send("/api/crm/leads", raw, query, token);
const list = async (query, token = tenant.token) => (await request("GET", `/api/crm/leads?${query}`, { token })).data;
const refusals = (answer) => answer.data.refused.map((it) => [it.line, it.field, it.code]);
const mapping = (of) => `mapping=${encodeURIComponent(JSON.stringify(of))}`;

test("a_row_goes_the_way_of_a_post_whatever_its_titles_and_forms_are", async () => {
    const raw = "Nombre;E-Mail;Quelle;Wert;Currency;Owner;Telefon\r\nÁngel Ruiz;Angel@Forms.test;Empfehlung;1.234,50;EUR;Owner;+34 600 100 200\r\nKurt;;website;12;JPY;;\r\n";
    const answer = await leads(raw);
    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual(refusals(answer), []);
    assert.deepEqual(answer.data.mapping, ["name", "email", "source", "valueAmount", "currency", "ownerId", "phone"]);
    assert.deepEqual([answer.data.status, answer.data.total, answer.data.created], ["done", 2, 2]);
    const [angel] = await list("email=angel@forms.test");
    assert.deepEqual([angel.name, angel.source, angel.valueAmount, angel.currency, angel.phone, angel.ownerId], ["Ángel Ruiz", "referral", 123450, "EUR", "+34600100200", tenant.owner.user.id]);
    const [kurt] = await list("name=Kurt");
    assert.deepEqual([kurt.valueAmount, kurt.currency, kurt.source, kurt.status], [12, "JPY", "website", "new"]);
});

test("what_is_refused_is_told_by_line_and_field_and_comes_back_as_a_file", async () => {
    const raw = "name,email,valueAmount,source\r\nGood,good@told.test,1,other\r\n,x,abc,nowhere\r\nFine,fine@told.test,,\r\n";
    const answer = await leads(raw);
    assert.deepEqual([answer.data.created, answer.data.refusedCount], [2, 1]);
    assert.deepEqual(refusals(answer).toSorted(), [[3, "email", "invalid_email"], [3, "name", "required"], [3, "source", "not_a_choice"], [3, "valueAmount", "invalid_amount"]]);
    const file = await request("GET", `/api/crm/leads/imports/${answer.data.id}/refused`, { token: tenant.token });
    assert.equal(file.status, 200);
    assert.match(file.text, /^name,email,valueAmount,source,Line,Column,Reason\r\n"",x,abc,nowhere,3,/);
    assert.equal(file.text.trim().split("\r\n").length, 2);
});

test("the_same_file_twice_adds_nothing_when_a_key_is_chosen", async () => {
    const raw = "name,email,company\r\nTwice,twice@key.test,One\r\nOther,other@key.test,One\r\n";
    assert.equal((await leads(raw, "?key=email")).data.created, 2);
    const again = await leads(raw, "?key=email");
    assert.deepEqual([again.data.created, again.data.skipped, again.data.refusedCount], [0, 2, 0]);
    const changed = await leads(`${raw.replaceAll("One", "Two")}New,new@key.test,Two\r\n`, "?key=email&mode=upsert");
    assert.deepEqual([changed.data.created, changed.data.updated], [1, 2]);
    assert.deepEqual((await list("company=Two&sort=name")).map((it) => it.name), ["New", "Other", "Twice"]);
    const only = await leads("email,company\r\ntwice@key.test,Three\r\nnobody@key.test,Three\r\n", "?key=email&mode=update");
    assert.deepEqual([only.data.updated, refusals(only)], [1, [[3, "email", "no_such_record"]]]);
    const inside = await leads("name,email\r\nSame,same@key.test\r\nSame,same@key.test\r\n", "?key=email");
    assert.deepEqual([inside.data.created, inside.data.skipped], [1, 1]);
    const [id] = (await list("email=same@key.test")).map((it) => it.id);
    assert.equal((await leads(`id,name\r\n${id},Renamed\r\n`, "?key=id&mode=update")).data.updated, 1);
    assert.equal((await list("email=same@key.test"))[0].name, "Renamed");
    assert.equal((await leads("name,email\r\nA,a@b.test\r\n", "?mode=upsert")).status, 422);
    assert.equal((await leads("name,phone\r\nA,1\r\n", "?key=phone")).status, 422);
});

test("a_dry_run_writes_nothing_and_says_what_would_become_of_each_row", async () => {
    const answer = await leads("name,email\r\nTried,tried@dry.test\r\n,tried2@dry.test\r\n", "?dryRun=true");
    assert.deepEqual([answer.data.status, answer.data.dryRun, answer.data.created, answer.data.refusedCount], ["ready", true, 1, 1]);
    assert.deepEqual(await list("email=tried@dry.test"), []);
});

test("columns_are_mapped_as_one_likes_and_none_is_passed_over_in_silence", async () => {
    assert.equal((await leads("Person,Note\r\nA,B\r\n")).status, 422);
    const answer = await leads("Person,Note\r\nMapped,B\r\n", `?${mapping({ Person: "name", Note: null })}`);
    assert.deepEqual([answer.data.created, answer.data.mapping], [1, ["name", null]]);
    for (const wrong of [{ Person: "nothing" }, { Nobody: "name" }, { Person: "createdAt" }])
        assert.equal((await leads("Person,Note\r\nMapped,B\r\n", `?${mapping({ Note: null, ...wrong })}`)).status, 400, JSON.stringify(wrong));
});

test("the_tenants_own_fields_are_imported_like_all_others", async () => {
    for (const [key, label, type, more] of [["shoe", "Shoe size", "number"], ["since", "Kunde seit", "date"], ["budget", "Budget", "money"], ["vip", "VIP", "boolean"], ["tier", "Tier", "choice", { choices: [{ value: "gold", label: "Gold customer" }] }]]) {
        const made = await request("POST", "/api/custom-fields", { token: tenant.token, body: { resource: "crm.leads", key, label, type, ...more } });
        assert.equal(made.status, 201, made.text);
    }
    const answer = await leads("name;Shoe size;Kunde seit;Budget;VIP;tier\r\nOwn;43,5;21.11.2026;1.000,50 EUR;ja;Gold Customer\r\nBad;x;1;y;perhaps;wood\r\n");
    assert.equal(answer.status, 202, answer.text);
    const [own] = await list("name=Own");
    assert.deepEqual(own.custom, { shoe: 43.5, since: "2026-11-21", budget: { amount: 100050, currency: "EUR" }, vip: true, tier: "gold" });
    assert.deepEqual(answer.data.refused.map((it) => it.field).toSorted(), ["custom.budget.amount", "custom.shoe", "custom.since", "custom.tier", "custom.vip"]);
});

test("what_is_referred_to_is_found_by_name_refused_left_out_or_made", async () => {
    const company = await request("POST", "/api/crm/companies", { token: tenant.token, body: { name: "Known Ltd" } });
    const contacts = (raw, query) => send("/api/crm/contacts", raw, query);
    const file = (name) => `name,company,owner\r\n${name},known ltd,owner@${tenant.slug}.test\r\n${name} two,${name} Unknown,\r\n`;
    const refused = await contacts(file("Ref"));
    assert.deepEqual([refused.data.created, refusals(refused)], [1, [[3, "companyId", "unknown_reference"]]]);
    const [found] = (await request("GET", "/api/crm/contacts?name=Ref", { token: tenant.token })).data;
    assert.deepEqual([found.companyId, found.ownerId], [company.data.id, tenant.owner.user.id]);
    assert.equal((await contacts(file("Skip"), "?unknown=skip")).data.created, 2);
    assert.equal((await contacts(file("Make"), "?unknown=create")).data.created, 2);
    const made = (await request("GET", "/api/crm/companies?name=Make%20Unknown", { token: tenant.token })).data;
    const [two] = (await request("GET", "/api/crm/contacts?name=Make%20two", { token: tenant.token })).data;
    assert.deepEqual([made.length, two.companyId], [1, made[0].id]);
});

test("dates_that_may_be_two_are_settled_by_the_others_or_asked_for", async () => {
    const deals = (raw, query) => send("/api/crm/deals", raw, query);
    const on = async (name) => (await request("GET", `/api/crm/deals?name=${name}`, { token: tenant.token })).data[0].expectedCloseOn;
    assert.deepEqual(refusals(await deals("name,expectedCloseOn\r\nD1,02/03/2027\r\n")), [[2, "expectedCloseOn", "ambiguous_date"]]);
    assert.equal((await deals("name,expectedCloseOn\r\nD2,02/03/2027\r\nD3,25/03/2027\r\n")).data.created, 2);
    assert.equal((await deals("name,expectedCloseOn\r\nD4,02/03/2027\r\n", "?dates=mdy")).data.created, 1);
    assert.deepEqual([await on("D2"), await on("D4")], ["2027-03-02", "2027-02-03"]);
});

test("our_own_export_comes_back_as_it_was", async () => {
    const own = await makeTenant();
    await request("POST", "/api/crm/leads", { token: own.token, body: { name: "=Round trip", email: "round@trip.test", valueAmount: 123456, currency: "EUR" } });
    const file = await request("GET", "/api/crm/leads/export", { token: own.token });
    const answer = await leads(file.text, "?key=id&mode=upsert", own.token);
    assert.deepEqual([answer.data.updated, refusals(answer)], [1, []], answer.text);
    const [lead] = await list("email=round@trip.test", own.token);
    assert.deepEqual([lead.name, lead.valueAmount], ["=Round trip", 123456]);
});

test("a_long_file_is_worked_on_after_the_answer", async () => {
    const own = await makeTenant();
    const raw = `name,email\r\n${Array.from({ length: 1200 }, (_, i) => `Lead ${i},${i % 100 === 0 ? "bad" : `l${i}@${own.slug}.test`}\r\n`).join("")}`;
    const begun = await leads(raw, "?key=email", own.token);
    assert.deepEqual([begun.status, begun.data.status, begun.data.total], [202, "running", 1200]);
    const read = () => request("GET", begun.headers.location, { token: own.token });
    const ended = await until(async () => (await read()).data, (it) => it.status === "done");
    assert.deepEqual([ended.handled, ended.created, ended.refusedCount], [1200, 1188, 12]);
    assert.equal((await request("GET", "/api/crm/leads?limit=1", { token: own.token })).json.meta.total, 1188);
    const told = await request("GET", "/api/audit/logs?type=lead_import.finished", { token: own.token });
    assert.deepEqual(told.data?.map((it) => it.resource.id), [begun.data.id], told.text);
    const listed = await request("GET", "/api/crm/leads/imports", { token: own.token });
    assert.deepEqual(listed.data.map((it) => [it.id, it.created]), [[begun.data.id, 1188]]);
});

test("an_import_is_taken_back_but_for_what_changed_since", async () => {
    const own = await makeTenant(), token = own.token;
    const there = (await request("POST", "/api/crm/leads", { token, body: { name: "There", email: "there@back.test", company: "Before" } })).data;
    const sent = await leads("name,email,company\r\nThere again,there@back.test,After\r\nNew,new@back.test,After\r\nTouched,touched@back.test,After\r\n", "?key=email&mode=upsert", token);
    assert.deepEqual([sent.data.created, sent.data.updated], [2, 1], sent.text);
    const [touched] = await list("email=touched@back.test", token);
    await request("PATCH", `/api/crm/leads/${touched.id}`, { token, body: { phone: "+34600100999" } });
    const revert = () => request("POST", `${sent.headers.location}/revert`, { token });
    assert.equal((await revert()).status, 202);
    const ended = await until(async () => (await request("GET", sent.headers.location, { token })).data, (it) => it.status === "reverted");
    assert.deepEqual([ended.reverted, ended.kept.map((it) => [it.line, it.recordId, it.code])], [2, [[4, touched.id, "changed_since"]]]);
    assert.deepEqual((await list("sort=name", token)).map((it) => [it.name, it.company]), [["There", "Before"], ["Touched", "After"]]);
    assert.equal((await list("name=There", token))[0].id, there.id);
    assert.equal((await revert()).status, 409);
});

test("whoever_may_not_import_imports_nothing_and_sees_no_import", async () => {
    const routes = apiRoutes.filter((it) => it.method === "POST" && it.path.endsWith("/import"));
    assert.ok(routes.length >= 5);
    const staff = await makeUser(tenant, "staff", { kind: "staff" }), other = await makeTenant();
    for (const { path } of routes) {
        const api = path.replace(/\/import$/, ""), body = bodyOf(apiRoutes.find((it) => it.method === "POST" && it.path === api).body);
        const raw = `${Object.keys(body).join(",")}\r\n${Object.values(body).join(",")}\r\n`, mine = await send(api, raw);
        assert.equal(mine.status, 202, mine.text);
        assert.equal((await send(api, raw, "", staff.access_token)).status, 403, path);
        for (const tail of ["", "/refused"]) {
            assert.equal((await request("GET", `${path}s/${mine.data.id}${tail}`, { token: other.token })).status, 404, path);
            assert.equal((await request("GET", `${path}s/${mine.data.id}${tail}`, { token: staff.access_token })).status, 403, path);
        }
        assert.deepEqual((await request("GET", `${path}s`, { token: other.token })).data, []);
    }
});

test("each_row_is_made_once_with_its_event_whoever_is_killed", async () => {
    const own = await makeTenant(), token = own.token;
    const raw = `name,email\r\n${Array.from({ length: 2500 }, (_, i) => `Lead ${i},l${i}@${own.slug}.test\r\n`).join("")}`;
    const begun = await leads(raw, "", token);
    let killed = 0, seen = begun.data;
    while (seen.status === "running") {
        const { handled } = seen;
        if (killed < 3 && workerOf("worker")) {
            killWorker("worker");
            killed++;
            // As if its lease were over.
            sql("update everyone.jobs set lease_until = now() where kind = 'core.import' and state = 'running'; notify jobs, 'scheduled'");
        }
        seen = await until(async () => (await request("GET", begun.headers.location, { token })).data, (it) => it.status === "done" || it.handled > handled);
    }
    assert.ok(killed > 0, "the worker was killed while there was work");
    assert.deepEqual([seen.handled, seen.created, seen.refusedCount], [2500, 2500, 0]);
    assert.equal(sql(`select count(*), count(distinct email) from everyone.leads where tenant_id = '${own.id}'`), "2500|2500");
    assert.equal(sql(`select count(*), count(distinct resource_id) from everyone.events where tenant_id = '${own.id}' and resource_type = 'lead' and action like '%created'`), "2500|2500");
});

// Many new records go into one statement: what only the database refuses is told by its own line,
// and what stands beside it is made.
test("what_the_database_refuses_is_one_line_and_its_neighbours_are_made", async () => {
    const own = await makeTenant(), token = own.token;
    const field = await request("POST", "/api/custom-fields", { token, body: { resource: "crm.leads", key: "number", label: "Number", type: "text", isUnique: true } });
    assert.equal(field.status, 201, field.text);
    const rows = Array.from({ length: 90 }, (_, i) => `Lead ${i},${i % 3 ? `l${i}@${own.slug}.test` : ""},${i === 41 || i === 77 ? "n40" : `n${i}`},${i % 7 ? "Some Ltd" : ""}`);
    const sent = await leads(`name,email,number,company\r\n${rows.join("\r\n")}\r\n`, "", token);
    assert.deepEqual(refusals(sent), [[43, "custom.number", "custom_value_taken"], [79, "custom.number", "custom_value_taken"]], sent.text);
    assert.deepEqual([sent.data.created, sent.data.refusedCount], [88, 2]);
    const made = await list("limit=100&sort=name", token);
    assert.deepEqual(made.map((it) => it.name), rows.map((_, i) => `Lead ${i}`).filter((_, i) => i !== 41 && i !== 77).toSorted((a, b) => a.localeCompare(b, "und")));
    assert.deepEqual(made.filter((it) => it.name === "Lead 0" || it.name === "Lead 1").map((it) => [it.email, it.company, it.custom.number, it.source, it.status, it.ownerId]),
        [[null, null, "n0", "other", "new", own.owner.user.id], [`l1@${own.slug}.test`, "Some Ltd", "n1", "other", "new", own.owner.user.id]]);
    const events = await request("GET", "/api/audit/logs?type=lead.created&limit=100", { token });
    assert.equal(new Set(events.data.map((it) => it.resource.id)).size, 88);
    // A row changes what another one of the same statement makes.
    const twice = await leads(`name,email\r\nOne,same@${own.slug}.test\r\nTwo,other@${own.slug}.test\r\nOne more,same@${own.slug}.test\r\n`, "?key=email&mode=upsert", token);
    assert.deepEqual([twice.data.created, twice.data.updated], [2, 1], twice.text);
    assert.deepEqual((await list(`email=same@${own.slug}.test`, token)).map((it) => it.name), ["One more"]);
    const back = await request("POST", `${sent.headers.location}/revert`, { token });
    assert.equal(back.status, 202, back.text);
    const ended = await until(async () => (await request("GET", sent.headers.location, { token })).data, (it) => it.status === "reverted");
    assert.deepEqual([ended.reverted, ended.kept], [88, []]);
});
