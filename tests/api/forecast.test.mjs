// The forecast of deals: by month and currency, weighted, converted with the rate of the day, and
// never more than the one who asks may see.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";

let tenant, stages;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const stageNamed = (name) => stages.find((it) => it.name === name).id;
const forecast = async (query = "?from=2031-01-15&months=3", token) => {
    const answer = await crm("GET", `forecast${query}`, undefined, token);
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
};
const part = (data, begins) => data.parts.find((it) => it.beginsOn === begins);
const deal = (currency, valueAmount, expectedCloseOn, more = {}, token) => made("deals", { name: `${currency} ${valueAmount}`, currency, valueAmount, expectedCloseOn, stageId: stageNamed("Proposal"), ...more }, token);
const rate = (currency, day, value) => made("exchange-rates", { currency, day, rate: value });

before(async () => {
    tenant = await makeTenant();
    stages = (await crm("GET", "stages?limit=100")).data;
});

test("each_currency_is_added_up_for_itself_and_converted_with_the_rate_of_its_day", async () => {
    await deal("EUR", 1000, "2031-02-10", { probability: 30 });
    await deal("EUR", 501, "2031-02-28"); // by its stage: 50
    await deal("USD", 20000, "2031-02-05", { probability: 100 });
    await deal("USD", 20000, "2031-02-20", { probability: 50 });
    await deal("JPY", 3000, "2031-02-01", { probability: 100 });
    await deal("CHF", 700, "2031-02-01", { probability: 100 });
    await deal("KWD", 5000, "2031-03-31", { probability: 100 });
    for (const [currency, day, value] of [["USD", "2031-01-01", 0.5], ["USD", "2031-02-10", 0.25], ["USD", "2031-02-21", 100], ["JPY", "2031-02-01", 0.006], ["KWD", "2031-01-01", 3], ["CHF", "2031-02-02", 1]]) await rate(currency, day, value);
    const data = await forecast();
    assert.equal(data.currency, "EUR");
    assert.deepEqual(data.parts.map((it) => [it.kind, it.beginsOn, it.endsBefore]), [
        ["overdue", null, "2031-01-01"], ["month", "2031-01-01", "2031-02-01"], ["month", "2031-02-01", "2031-03-01"], ["month", "2031-03-01", "2031-04-01"], ["undated", null, null]]);
    const february = part(data, "2031-02-01");
    assert.deepEqual(february.sums.map((it) => [it.currency, it.openCount, it.openAmount, it.weightedAmount, it.converted.openAmount, it.converted.weightedAmount, it.withoutRateCount]), [
        ["CHF", 1, 700, 700, 0, 0, 1], // the rate came a day later
        ["EUR", 2, 1501, 551, 1501, 551, 0], // 300 and 250.5
        ["JPY", 1, 3000, 3000, 1800, 1800, 0], // 3,000 yen are 18.00 EUR
        ["USD", 2, 40000, 30000, 15000, 12500, 0]]); // a half until the 10th, then a quarter
    assert.deepEqual([february.total.openAmount, february.total.weightedAmount, february.total.withoutRateCount], [18301, 14851, 1]);
    assert.equal(part(data, "2031-03-01").total.openAmount, 1500, "5.000 KWD are 15.00 EUR");
    assert.deepEqual(part(data, "2031-01-01").sums, []);
});

test("won_deals_count_whole_lost_ones_not_and_what_is_missing_is_said", async () => {
    await deal("EUR", 100, "2032-01-01", { stageId: stageNamed("Won"), probability: 10 });
    await deal("EUR", 1000, "2032-01-31", { stageId: stageNamed("Lost"), lostReason: "Price" });
    await deal("EUR", null, "2032-01-31");
    const stage = await made("stages", { pipelineId: stages[0].pipelineId, name: "Unsure", position: 9 });
    await deal("EUR", 40, "2032-01-31", { stageId: stage.id });
    const january = part(await forecast("?from=2032-01-01&months=1"), "2032-01-01");
    const { currency, openCount, wonCount, openAmount, weightedAmount, wonAmount, withoutAmountCount, withoutChanceCount } = january.sums[0];
    assert.deepEqual([currency, openCount, wonCount, openAmount, weightedAmount, wonAmount, withoutAmountCount, withoutChanceCount], ["EUR", 2, 1, 40, 0, 100, 1, 1]);
    assert.equal(january.sums.length, 1);
});

test("what_is_overdue_or_has_no_day_stands_for_itself", async () => {
    const before = await forecast("?from=2033-01-01&months=1");
    await deal("EUR", 7, "2032-12-31");
    await deal("EUR", 9, "2032-12-31", { stageId: stageNamed("Won") });
    await deal("EUR", 8, null);
    const after = await forecast("?from=2033-01-01&months=1");
    const open = (data) => data.parts.filter((it) => it.kind !== "month").map((it) => it.total.openCount);
    assert.deepEqual(open(after), open(before).map((it) => it + 1));
    assert.equal(after.parts[0].total.wonCount, 0);
});

test("who_sees_their_own_amounts_forecasts_these_alone", async () => {
    const role = async (key, permissions) => {
        const answer = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key, name: key, rank: 10, permissions } });
        assert.equal(answer.status, 201, answer.text);
        return (await makeUser(tenant, key)).access_token;
    };
    const own = await role("own", ["crm.deals:read", "crm.deals:create@own", "crm.deals:amounts@own"]);
    const blind = await role("blind", ["crm.deals:read"]), amounts = await role("amounts", ["crm.deals:amounts"]);
    await deal("EUR", 11, "2034-01-01");
    const mine = (await forecast("?from=2034-01-01&months=1", own)).parts[1];
    assert.deepEqual(mine.sums, []);
    const owner = (await request("GET", "/api/auth/me", { token: own })).data.id;
    await deal("EUR", 13, "2034-01-01", { ownerId: owner });
    assert.equal((await forecast("?from=2034-01-01&months=1", own)).parts[1].total.openAmount, 13);
    assert.equal((await forecast("?from=2034-01-01&months=1")).parts[1].total.openAmount, 24);
    assert.equal((await forecast(`?from=2034-01-01&months=1&ownerId=${owner}`)).parts[1].total.openAmount, 13);
    for (const token of [blind, amounts]) assert.equal((await crm("GET", "forecast", undefined, token)).status, 403);
});

test("one_pipeline_alone_and_wrong_parameters", async () => {
    const { id } = await made("pipelines", { name: "Renewals", position: 5 });
    const stage = await made("stages", { pipelineId: id, name: "Asked", probability: 10 });
    await deal("EUR", 50, "2035-01-01", { stageId: stage.id });
    await deal("EUR", 70, "2035-01-01");
    assert.equal((await forecast(`?from=2035-01-01&months=1&pipelineId=${id}`)).parts[1].total.weightedAmount, 5);
    assert.equal((await forecast("?from=2035-01-01&months=1")).parts[1].total.openAmount, 120);
    for (const query of ["?months=0", "?months=37", "?from=2035-02-30", "?pipelineId=x", "?colour=red"]) assert.equal((await crm("GET", `forecast${query}`)).status, 400, query);
});

test("a_rate_is_of_another_currency_once_a_day_and_comes_from_a_file", async () => {
    await rate("SEK", "2031-01-01", 0.09);
    const again = await crm("POST", "exchange-rates", { currency: "SEK", day: "2031-01-01", rate: 0.1 });
    assert.deepEqual([again.status, again.error.code], [409, "day_taken"], again.text);
    const same = await crm("POST", "exchange-rates", { currency: "EUR", day: "2031-01-01", rate: 1 });
    assert.equal(same.status, 422, same.text);
    for (const value of [0, -1]) assert.equal((await crm("POST", "exchange-rates", { currency: "NOK", day: "2031-01-01", rate: value })).status, 422);
    const file = await request("POST", "/api/crm/exchange-rates/import", { token: tenant.token, raw: "currency,day,rate\nDKK,2031-01-01,0.134\nDKK,2031-01-02,none\n", headers: { "content-type": "text/csv" } });
    assert.equal(file.status, 202, file.text);
    const { data } = await crm("GET", "exchange-rates?currency=DKK");
    assert.deepEqual(data.map((it) => [it.currency, it.day, it.rate, it.toCurrency]), [["DKK", "2031-01-01", 0.134, "EUR"]]);
});

test("the_page_draws_the_months_and_leads_to_their_deals", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const get = async (path) => {
        const answer = await request("GET", path, { tenant: tenant.slug, headers: { cookie } });
        assert.equal(answer.status, 200, path);
        return answer.text;
    };
    const html = await get("/admin/crm/forecast?from=2031-01-01&months=3");
    assert.match(html, /<svg width="100%"/);
    for (const told of ["Feb 2031", "148.51 EUR", "1 deal is not among the amounts", "Feb 2031 · USD"]) assert.ok(html.includes(told), told);
    const paths = [...html.matchAll(/href="(\/admin\/crm\/deals\?[^"]+)"[^>]*>([^<]+)</g)].map((it) => [it[2], it[1].replaceAll("&amp;", "&")]);
    const list = await get(paths.find(([title]) => title === "Feb 2031 · USD")[1]);
    assert.equal((list.match(/USD 20000/g) ?? []).length > 0, true);
    assert.ok(!list.includes("EUR 1000"));
});
