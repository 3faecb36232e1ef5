// The tenant's own stages in the place of constant choices, and what new records begin with where
// nobody says.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { areas, resourceNamed } from "../lib/routes.mjs";

let tenant, other, cookie, stages;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const page = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
const post = (path, fields) => request("POST", path, { tenant: tenant.slug, raw: new URLSearchParams(fields).toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
const hiddenOf = (text) => Object.fromEntries([...text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1].replaceAll("&quot;", '"') ?? ""]));
const named = (name) => stages.find((it) => it.name === name);
const made = async (path, body) => {
    const answer = await crm("POST", path, body);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
before(async () => {
    [tenant, other] = [await makeTenant({ currency: "CHF" }), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    stages = (await crm("GET", "stages?limit=100")).data;
});

test("a_tenant_begins_with_stages_of_its_own_and_a_deal_with_the_first", async () => {
    assert.deepEqual(stages.map((it) => [it.name, it.kind]), [["Prospecting", "open"], ["Qualification", "open"], ["Proposal", "open"], ["Negotiation", "open"], ["Won", "won"], ["Lost", "lost"]]);
    const theirs = (await crm("GET", "stages?limit=100", undefined, other.token)).data;
    assert.ok(theirs.length === 6 && theirs.every((it) => !stages.some((mine) => mine.id === it.id)));
    const deal = await made("deals", { name: "First" });
    assert.equal(deal.stageId, named("Prospecting").id);
    const foreign = await crm("POST", "deals", { name: "x", stageId: theirs[0].id });
    assert.deepEqual([foreign.status, foreign.error.details[0].code, foreign.error.details[0].field], [422, "unknown_reference", "stageId"]);
    const moved = await crm("PATCH", `deals/${deal.id}`, { stageId: theirs[0].id });
    assert.deepEqual([moved.status, moved.error.details[0].code], [422, "unknown_reference"]);
});

test("a_tenant_begins_with_stages_in_its_own_language", async () => {
    for (const [locale, first, last] of [["de", "Anbahnung", "Verloren"], ["es-ES", "Prospección", "Perdida"], ["fr", "Prospecting", "Lost"]]) {
        const { token } = await makeTenant({ locale }), names = (await crm("GET", "stages", undefined, token)).data.map((it) => it.name);
        assert.deepEqual([names.length, names[0], names.at(-1)], [6, first, last], locale);
    }
});

test("stages_are_managed_and_a_new_name_shows_everywhere", async () => {
    const pipeline = await made("pipelines", { name: "Renewals", position: 1 });
    const stage = await made("stages", { pipelineId: pipeline.id, name: "Asked", position: 1, color: "#206bc4" });
    const deal = await made("deals", { name: "Renewed", stageId: stage.id });
    assert.equal((await crm("PATCH", `stages/${stage.id}`, { name: "Asked <again>" })).status, 200);
    for (const path of ["/admin/crm/deals", `/admin/crm/deals/${deal.id}`, `/admin/crm/deals/${deal.id}/edit`, "/admin/crm/stages"]) {
        const shown = (await page(path)).text;
        assert.ok(shown.includes("Asked &lt;again&gt;"), path);
    }
    assert.ok((await crm("GET", "deals/export")).text.includes("Asked <again>"));
    assert.equal((await crm("GET", `deals/${deal.id}?include=stage`)).data.stage.name, "Asked <again>");
    assert.deepEqual((await crm("GET", `deals?stageId=${stage.id}`)).data.map((it) => it.id), [deal.id]);
    const twin = await crm("POST", "stages", { pipelineId: pipeline.id, name: "Asked <again>" });
    assert.equal(twin.status, 409, twin.text);
    const used = await crm("DELETE", `stages/${stage.id}`);
    assert.deepEqual([used.status, used.error.code, used.error.details[0].resource], [409, "in_use", "crm.deals"]);
    assert.equal((await crm("DELETE", `pipelines/${pipeline.id}`)).error.code, "in_use");
    assert.equal((await crm("PATCH", `deals/${deal.id}`, { stageId: named("Won").id })).status, 200);
    assert.equal((await crm("DELETE", `stages/${stage.id}`)).status, 204);
    assert.equal((await crm("DELETE", `pipelines/${pipeline.id}`)).status, 204);
});

test("a_stage_says_where_a_deal_may_go_and_a_jump_is_refused_with_what_is_allowed", async () => {
    const pipeline = await made("pipelines", { name: "Strict", position: 2 });
    const stage = (name, position, leadsTo, kind = "open") => made("stages", { pipelineId: pipeline.id, name, position, leadsTo, kind });
    const [first, second, third, gone] = [await stage("One", 1, "next"), await stage("Two", 2, "forward"), await stage("Three", 3, "nowhere"), await stage("Gone", 9, "anywhere", "lost")];
    const deal = await made("deals", { name: "Strict", stageId: first.id });
    const move = (to) => crm("PATCH", `deals/${deal.id}`, { stageId: to });
    for (const to of [third.id, named("Won").id]) {
        const jump = await move(to);
        assert.deepEqual([jump.status, jump.error.code, jump.error.details[0].field, jump.error.details[0].allowed], [409, "invalid_transition", "stageId", [second.id, gone.id]], jump.text);
        assert.match(jump.error.message, /Two, Gone/);
    }
    assert.equal((await crm("GET", `deals/${deal.id}`)).data.stageId, first.id);
    const form = (await page(`/admin/crm/deals/${deal.id}/edit`)).text;
    const options = [...form.match(/<select[^>]*name="stageId"[\s\S]*?<\/select>/)[0].matchAll(/value="([^"]+)"/g)].map((it) => it[1]);
    assert.deepEqual(options, [first.id, second.id, gone.id], "a form offers what may follow");
    const refused = await post(`/admin/crm/deals/${deal.id}`, { ...hiddenOf(form), name: "Strict", stageId: third.id });
    assert.ok(refused.status === 409 && refused.text.includes("can become: Two, Gone"), String(refused.status));
    assert.equal((await move(first.id)).status, 200, "to stay is allowed");
    // Of two at once each goes from where the other left it, which both stages allow: nobody who
    // named no version is told of another.
    for (let i = 0; i < 20; i++) {
        const { id } = await made("deals", { name: "Raced", stageId: first.id });
        for (const answer of await Promise.all([second.id, gone.id].map((to) => crm("PATCH", `deals/${id}`, { stageId: to, ...(to === gone.id ? { lostReason: "Gone" } : {}) })))) assert.equal(answer.status, 200, answer.text);
    }
    assert.equal((await move(second.id)).status, 200);
    await crm("PATCH", `stages/${second.id}`, { leadsTo: "anywhere" });
    assert.equal((await move(third.id)).status, 200);
    const end = await move(first.id);
    assert.deepEqual([end.status, end.error.details[0].allowed], [409, []]);
});

test("a_stage_or_pipeline_is_deleted_when_its_deals_move_to_another_in_one_step", async () => {
    const [old, other] = [await made("pipelines", { name: "Old way", position: 3 }), await made("pipelines", { name: "Other way", position: 4 })];
    const stage = (pipeline, name, kind = "open") => made("stages", { pipelineId: pipeline.id, name, kind });
    const [a, b, won, there, same] = [await stage(old, "Asked"), await stage(old, "Shown"), await stage(old, "Bought", "won"), await stage(other, "First"), await stage(other, "Shown")];
    const deal = (to) => made("deals", { name: "Moved", stageId: to.id }), stageOf = async (it) => (await crm("GET", `deals/${it.id}`)).data.stageId;
    const [one, two, three] = [await deal(a), await deal(b), await deal(won)];
    assert.equal((await crm("DELETE", `stages/${a.id}`)).error.code, "in_use");
    for (const to of [a.id, one.id, "01990000-0000-7000-8000-000000000000"]) assert.deepEqual([(await crm("DELETE", `stages/${a.id}?moveTo=${to}`)).status, await stageOf(one)], [400, a.id]);
    const unlike = await crm("DELETE", `stages/${a.id}?moveTo=${won.id}`);
    assert.deepEqual([unlike.status, unlike.error.code, await stageOf(one)], [409, "stage_of_another_kind", a.id]);
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "stager", name: "Stager", rank: 5, permissions: ["crm.pipelines:*", "crm.deals:read", "crm.deals:update@own"] } });
    const stager = await makeUser(tenant, "stager");
    assert.equal((await crm("DELETE", `stages/${a.id}?moveTo=${b.id}`, undefined, stager.access_token)).status, 403);
    assert.equal((await crm("DELETE", `stages/${a.id}?moveTo=${b.id}`)).status, 204);
    assert.deepEqual([await stageOf(one), (await crm("GET", `stages/${a.id}`)).status], [b.id, 404]);
    assert.ok((await request("GET", `/api/audit/logs?resourceId=${one.id}`, { token: tenant.token })).data.some((it) => it.type === "deal.updated" && it.data.after.stageId === b.id));
    // A pipeline: to the stage of the same name, else the first of the kind; where there is none, nothing happens.
    const left = await crm("DELETE", `pipelines/${old.id}?moveTo=${other.id}`);
    assert.deepEqual([left.status, left.error.code], [409, "stage_of_another_kind"]);
    assert.match(left.error.message, /Bought/);
    assert.deepEqual([await stageOf(one), await stageOf(three)], [b.id, won.id]);
    const bought = await stage(other, "Signed", "won");
    assert.equal((await crm("DELETE", `pipelines/${old.id}?moveTo=${other.id}`)).status, 204);
    assert.deepEqual([await stageOf(one), await stageOf(two), await stageOf(three)], [same.id, same.id, bought.id]);
    assert.equal((await crm("GET", `stages?pipelineId=${old.id}`)).data.length, 0);
    // By page: what stands in the way, and where it may go.
    const ask = (await page(`/admin/crm/stages/${same.id}/delete`)).text;
    assert.ok(ask.includes("2 deals") && ask.includes("First (Other way)") && ask.includes(`value="${there.id}"`) && !ask.includes(`value="${same.id}"`), ask);
    assert.equal((await post(`/admin/crm/stages/${same.id}/delete`, { ...hiddenOf(ask) })).status, 409);
    assert.equal((await post(`/admin/crm/stages/${same.id}/delete`, { ...hiddenOf(ask), moveTo: there.id })).status, 303);
    assert.deepEqual([await stageOf(one), await stageOf(two)], [there.id, there.id]);
    const free = (await page(`/admin/crm/pipelines/${(await made("pipelines", { name: "Free", position: 5 })).id}/delete`)).text;
    assert.ok(!free.includes("moveTo"), "where nothing stands in the way nothing is asked");
});

test("stages_need_their_permission_but_their_names_only_that_of_deals", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "seller", name: "Seller", permissions: ["crm.deals:read", "crm.deals:update"] } });
    const seller = await makeUser(tenant, "seller");
    const deal = await made("deals", { name: "Seen", stageId: named("Proposal").id });
    assert.equal((await crm("GET", "stages", undefined, seller.access_token)).status, 403);
    assert.equal((await crm("PATCH", `stages/${named("Won").id}`, { name: "x" }, seller.access_token)).status, 403);
    assert.equal((await crm("GET", `deals/${deal.id}?include=stage`, undefined, seller.access_token)).data.stage.name, "Proposal");
    const own = await pageCookie(seller.email, password, { tenant: tenant.slug });
    const seen = await request("GET", `/admin/crm/deals/${deal.id}`, { tenant: tenant.slug, headers: { cookie: own } });
    assert.ok(seen.text.includes("Proposal") && !seen.text.includes("/admin/crm/stages/"), "named, without a link to where they may not go");
    const form = (await request("GET", `/admin/crm/deals/${deal.id}/edit`, { tenant: tenant.slug, headers: { cookie: own } })).text;
    assert.match(form, />Negotiation<\/option>/);
});

test("what_nobody_says_is_the_tenants_by_api_and_form", async () => {
    assert.equal((await made("deals", { name: "In francs" })).currency, "CHF");
    assert.equal((await made("leads", { name: "In francs" })).currency, "CHF");
    assert.equal((await made("leads", { name: "In yen", currency: "JPY" })).currency, "JPY");
    for (const path of ["/admin/crm/deals/new", "/admin/crm/leads/new"]) assert.match((await page(path)).text, /name="currency"[^>]*value="CHF"/, path);
    const form = (await page("/admin/crm/deals/new")).text;
    assert.match(form, new RegExp(`<option value="${named("Prospecting").id}" selected>`), "the first stage is chosen");
    const saved = await post("/admin/crm/deals", { ...hiddenOf(form), name: "By form", valueAmount: "12.50" });
    assert.equal(saved.status, 303, saved.text);
    const deal = (await crm("GET", `deals/${saved.headers.location.split("/").pop()}`)).data;
    assert.deepEqual([deal.currency, deal.valueAmount, deal.stageId], ["CHF", 1250, named("Prospecting").id]);
    assert.equal((await request("PATCH", `/api/tenants/${tenant.id}`, { token: await operator(), body: { currency: "SEK" } })).status, 200);
    assert.equal((await made("leads", { name: "In kronor" })).currency, "SEK", "from then on it is the new one");
    assert.equal((await crm("GET", `deals/${deal.id}`)).data.currency, "CHF", "what there is stays");
});

// Every field that is shown on a condition; they come from the areas' own tables.
test("a_field_is_given_only_while_its_condition_holds_and_must_be_then", async () => {
    const resources = areas.flatMap((area) => area.resources).filter((it) => it.fields.some((field) => field.shownWhen));
    assert.ok(resources.length > 0);
    for (const resource of resources)
        for (const field of resource.fields.filter((it) => it.shownWhen)) {
            const { name, of, values, required } = field.shownWhen, beside = resource.fields.find((it) => it.name === name);
            const records = of ? (await request("GET", `${resourceNamed(beside.refers).api}?limit=100`, { token: tenant.token })).data : beside.choices.map((it) => ({ id: it, own: it }));
            const holds = records.filter((it) => values.split(" ").includes(it[of ?? "own"])), fails = records.filter((it) => !holds.includes(it) && it.leadsTo !== "nowhere");
            assert.ok(holds.length > 0 && fails.length > 0, `${resource.name}.${field.name}`);
            const send = (method, path, body) => request(method, `${resource.api}${path}`, { token: tenant.token, body });
            const is = (answer, code) => assert.deepEqual([answer.status, answer.error?.details?.[0]?.field, answer.error?.details?.[0]?.code], [422, field.name, code], answer.text);
            const [on, off] = [{ [name]: holds[0].id }, { [name]: fails[0].id }], given = { [field.name]: field.example ?? "Because" }, base = { name: "Conditional" };
            is(await send("POST", "", { ...base, ...off, ...given }), "not_applicable");
            if (required) is(await send("POST", "", { ...base, ...on }), "required");
            const { data } = await send("POST", "", { ...base, ...off });
            is(await send("PATCH", `/${data.id}`, given), "not_applicable");
            if (required) is(await send("PATCH", `/${data.id}`, on), "required");
            assert.deepEqual((await send("GET", `/${data.id}`)).data, data, "nothing was written");
            const moved = await send("PATCH", `/${data.id}`, { ...on, ...given });
            assert.deepEqual([moved.status, moved.data?.[field.name]], [200, given[field.name]], moved.text);
            if (required) is(await send("PATCH", `/${data.id}`, { [field.name]: null }), "required");
            const facts = async () => (await page(`${resource.page}/${data.id}`)).text.match(/<dl class="facts">[^]*?<\/dl>/)[0]; // the timeline tells of before
            assert.ok((await facts()).includes(field.label));
            const back = await send("PATCH", `/${data.id}`, off);
            assert.deepEqual([back.status, back.data[field.name]], [200, null], "what belongs there no longer goes");
            assert.ok(!(await facts()).includes(field.label), "a page leaves it out");
            // Without scripts the form comes back with the field.
            const form = (await page(`${resource.page}/${data.id}/edit`)).text;
            const part = (text) => text.match(new RegExp(`<div class="field[^>]*data-when="${name}"[^>]*>`))[0];
            assert.match(part(form), / hidden>/);
            const asked = await post(`${resource.page}/${data.id}`, { ...hiddenOf(form), ...base, ...on, [field.name]: "" });
            assert.equal(asked.status, required ? 422 : 303, asked.text);
            if (required) assert.ok(!part(asked.text).includes(" hidden"), "it is shown now");
            const saved = await post(`${resource.page}/${data.id}`, { ...hiddenOf(form), ...base, ...on, ...given });
            assert.equal(saved.status, 303, saved.text);
            const typed = await post(`${resource.page}/${data.id}`, { ...hiddenOf((await page(`${resource.page}/${data.id}/edit`)).text), ...base, ...off, ...given });
            assert.equal(typed.status, 303, "what was typed before is passed over");
            assert.equal((await send("GET", `/${data.id}`)).data[field.name], null);
            const document = (await request("GET", "/api/openapi.json")).json;
            assert.match(document.components.schemas.Deal.properties[field.name].description, /Only while .*lost; required then/);
        }
});
