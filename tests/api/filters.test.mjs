// filter=: conditions in groups, the same in lists, exports, boards, bulk, views and pages; days
// relative to today in the tenant's zone; who one is. What may not be asked alone may not be asked
// within a group.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { Page } from "../lib/forms.mjs";

let tenant, other, seller, page;
const ask = (method, path, body, token = tenant.token) => request(method, path, { token, body });
const unescape = (text) => text.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/").replaceAll("&#x3D;", "=").replaceAll("&quot;", '"');
const lead = async (body, token) => {
    const made = await ask("POST", "/api/crm/leads", body, token);
    assert.equal(made.status, 201, made.text);
    return made.data;
};
const found = async (filter, more = "", token) => {
    const answer = await ask("GET", `/api/crm/leads?filter=${encodeURIComponent(filter)}&sort=name&limit=100${more}`, undefined, token);
    assert.equal(answer.status, 200, `${filter}: ${answer.text}`);
    return answer.data.map((it) => it.name).join(" ");
};

before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    const role = await ask("POST", "/api/rbac/roles", { key: "seller", name: "Seller", rank: 10, permissions: ["crm.leads:read@own", "crm.leads:create@own"] });
    assert.equal(role.status, 201, role.text);
    seller = await makeUser(tenant, "seller");
    page = await Page.signIn(tenant.slug, `owner@${tenant.slug}.test`, password);
    await lead({ name: "A", status: "new", valueAmount: 100, currency: "EUR", email: "a@example.com" });
    await lead({ name: "B", status: "contacted", valueAmount: 900, currency: "EUR" });
    await lead({ name: "C", status: "lost", valueAmount: 900, currency: "CHF", company: "Blum, (Sons) \"& Co\"" });
    await lead({ name: "D", source: "event" }, seller.access_token);
    await ask("POST", "/api/crm/leads", { name: "Anothers" }, other.token);
});

test("groups_hold_as_they_say", async () => {
    assert.equal(await found("status:new"), "A D");
    assert.equal(await found("status[in]:(new,lost)"), "A C D");
    assert.equal(await found("or(status:lost,and(status:new,email[null]:true))"), "C D");
    assert.equal(await found("not(status[in]:(new,lost))"), "B");
    assert.equal(await found("not(company:Blum)"), "A B C D", "what has no value is not that");
    assert.equal(await found("and(currency:EUR,or(valueAmount[gt]:500,valueAmount[lt]:200))"), "A B");
    assert.equal(await found('company:"Blum, (Sons) ""& Co"""'), "C");
    assert.equal(await found('company[in]:("Blum, (Sons) ""& Co""",Other)'), "C");
    assert.equal(await found("or(status:new,status:lost)", "&status[ne]=lost"), "A D", "beside other filters");
    assert.equal(await found("or(name:A,name:C)", "&q=Blum"), "C", "within a search");
});

test("days_are_relative_to_today_and_people_may_be_oneself", async () => {
    assert.equal(await found("createdAt[within]:today"), "A B C D");
    assert.equal(await found("createdAt[within]:last-7-days", "&createdAt[within]=this-year"), "A B C D");
    for (const none of ["past", "future", "tomorrow", "last-year"]) assert.equal(await found(`createdAt[within]:${none}`), "", none);
    assert.equal(await found("ownerId:me"), "A B C");
    assert.equal(await found("not(ownerId:me)"), "D");
    assert.equal(await found("ownerId:me", "", seller.access_token), "D");
});

test("what_is_wrong_is_said_with_a_stable_code", async () => {
    const deep = `${"and(".repeat(6)}name:A${")".repeat(6)}`, many = `or(${Array(21).fill("name:A").join(",")})`;
    for (const [filter, code, more = ""] of [["status", "filter_syntax"], ["and(status:new", "filter_syntax"], [deep, "filter_too_deep"], [many, "filter_too_large"], ["nothing:1", "unknown_field"],
        ["status[what]:1", "unknown_field"], ["status:blue", "invalid_choice"], ["name[within]:today", "invalid"], ["createdAt[within]:soon", "invalid_period"], ["ownerId:you", "invalid_id"],
        [`or(${Array(20).fill("name:A").join(",")})`, "invalid", "&status=new"], ["phone:1", "unknown_field"]]) {
        const refused = await ask("GET", `/api/crm/leads?filter=${encodeURIComponent(filter)}${more}`);
        assert.equal(refused.status, 400, `${filter}: ${refused.text}`);
        assert.deepEqual([refused.error.code, refused.error.details[0].in], ["bad_parameter", "query"], filter);
        if (!code.startsWith("invalid")) assert.equal(refused.error.details[0].code, code, filter);
    }
    const amount = await ask("GET", `/api/crm/leads?filter=${encodeURIComponent("or(valueAmount[gt]:5,currency:EUR)")}`);
    assert.deepEqual([amount.status, amount.error.details[0].field], [400, "currency"], "one beside it, or around it");
});

test("a_group_shows_nothing_that_may_not_be_seen", async () => {
    assert.equal(await found("or(name:A,name:D,not(name:nobody))", "", seller.access_token), "D");
    assert.equal(await found("or(name:Anothers,not(name:nobody))"), "A B C D");
    const role = await ask("POST", "/api/rbac/roles", { key: "blind", name: "Blind", rank: 10, permissions: ["crm.deals:read"] });
    assert.equal(role.status, 201, role.text);
    const blind = (await makeUser(tenant, "blind")).access_token;
    for (const filter of ["or(valueAmount[gt]:5,name:A)", "not(valueAmount[null]:true)", "companyId[q]:blum"])
        assert.equal((await ask("GET", `/api/crm/deals?filter=${encodeURIComponent(filter)}`, undefined, blind)).status, 403, filter);
});

test("exports_boards_bulk_and_views_take_the_same", async () => {
    const filter = "or(name:A,name:B)", asked = encodeURIComponent(filter);
    const file = await ask("GET", `/api/crm/leads/export?filter=${asked}`);
    assert.deepEqual(file.text.trim().split("\n").slice(1).map((it) => it.includes("A,") || it.includes("B,")), [true, true]);
    const board = await ask("GET", `/api/crm/leads/board?filter=${asked}`);
    assert.equal(board.status, 200, board.text);
    assert.equal(board.data.columns.reduce((sum, it) => sum + it.count, 0), 2);
    const done = await ask("POST", "/api/crm/leads/bulk", { action: "update", filter: { filter }, set: { source: "referral" } });
    assert.equal(done.status, 200, done.text);
    assert.equal(await found("source:referral"), "A B");
    const view = await ask("POST", "/api/views", { resource: "crm.leads", name: "Two", query: `filter=${asked}` });
    assert.equal(view.status, 201, view.text);
    const list = (await page.get((await page.get(`/views/${view.data.id}/open`)).headers.location)).text;
    assert.deepEqual([...list.matchAll(/class="rows-first [^>]*>.*?<a href="\/admin\/crm\/leads\/[^"]*">([^<]*)</g)].map((it) => it[1]).sort(), ["A", "B"]);
});

test("a_page_adds_and_takes_away_conditions_by_addresses", async () => {
    const asks = (await page.get("/admin/crm/leads?sort=name&_field=status")).text;
    for (const name of ["_way", "_value", "_place"]) assert.ok(asks.includes(`name="${name}"`), name);
    const add = async (at, fields) => {
        const url = new URL(at, "http://x");
        for (const [name, value] of fields) url.searchParams.append(name, value);
        const went = await page.get(url.pathname + url.search);
        assert.equal(went.status, 303, went.text);
        return went.headers.location;
    };
    const filterOf = (address) => new URL(address, "http://x").searchParams.get("filter");
    let at = await add("/admin/crm/leads?sort=name", [["_field", "status"], ["_way", "in"], ["_value", "new"], ["_value", "lost"], ["_place", "0"]]);
    assert.equal(filterOf(at), "status[in]:(new,lost)");
    at = await add(at, [["_field", "valueAmount"], ["_way", "range"], ["_from", "1.50"], ["_to", ""], ["_place", "o"]]);
    assert.equal(filterOf(at), "and(status[in]:(new,lost),or(and(valueAmount[gte]:150,currency:EUR)))");
    at = await add(at, [["_field", "createdAt"], ["_way", "within"], ["_days", "7"], ["_place", "1"]]);
    assert.equal(filterOf(at), "and(status[in]:(new,lost),or(and(valueAmount[gte]:150,currency:EUR),createdAt[within]:last-7-days))");
    const shown = (await page.get(at)).text;
    for (const words of ["Status: New, Lost", "Any of these", "Value: from 1.50", "Created: Last 7 days"]) assert.ok(shown.includes(`<span>${words}</span>`), words);
    const links = [...shown.matchAll(/<a href="([^"]*)" aria-label="Remove: ([^"]*)"/g)].map((it) => [it[2], filterOf(unescape(it[1]))]);
    assert.deepEqual(links.find(([words]) => words === "Any of these")[1], "status[in]:(new,lost)");
    assert.deepEqual(links.find(([words]) => words === "Created: Last 7 days")[1], "and(status[in]:(new,lost),and(valueAmount[gte]:150,currency:EUR))");
    // Nothing typed adds nothing; what is no such field is passed over.
    assert.equal(filterOf(await add("/admin/crm/leads", [["_field", "status"], ["_way", "in"]])), null);
    assert.equal(filterOf(await add("/admin/crm/leads", [["_field", "phone"], ["_way", "is"], ["_text", "1"]])), null);
});
