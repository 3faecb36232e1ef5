// Boards: columns with their figures, and one order of the cards whoever moves them, and however
// many at once. Every resource that has one is walked.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { address } from "../lib/browser.mjs";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { areas } from "../lib/routes.mjs";

let tenant, other, cookie, stages;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const stageNamed = (name) => stages.find((it) => it.name === name).id;
const columnOf = async (value, query = "", token) => (await crm("GET", `deals/board${query}`, undefined, token)).data.columns.find((it) => it.value === value);
const cardsIn = async (stage) => (await crm("GET", `deals?stageId=${stage}&sort=-rank&limit=100&fields=id`)).data.map((it) => it.id);
const move = (id, stageId, afterId, token) => crm("POST", `deals/${id}/move`, { stageId, afterId }, token);

before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    stages = (await crm("GET", "stages?limit=100")).data;
});

test("the_columns_say_how_many_there_are_and_what_they_are_worth_in_each_currency", async () => {
    const stage = stageNamed("Proposal"), mark = randomUUID();
    for (const [value, currency] of [[100, "EUR"], [250, "EUR"], [7, "CHF"], [null, "JPY"]])
        await made("deals", { name: `${mark} of ${currency}`, stageId: stage, valueAmount: value, currency });
    await made("deals", { name: "Another", stageId: stage, valueAmount: 5, currency: "EUR" });
    const board = (await crm("GET", "deals/board")).data;
    assert.equal(board.by, "stageId");
    assert.deepEqual(board.columns.map((it) => [it.value, it.label]), stages.map((it) => [it.id, it.name]));
    const all = await columnOf(stage), found = await columnOf(stage, `?q=${mark}`), filtered = await columnOf(stage, "?currency=EUR");
    assert.deepEqual([all.count, all.isMore, all.sums], [5, false, [{ currency: "CHF", amount: 7 }, { currency: "EUR", amount: 355 }]]);
    assert.deepEqual([found.count, found.sums], [4, [{ currency: "CHF", amount: 7 }, { currency: "EUR", amount: 350 }]]);
    assert.deepEqual([filtered.count, filtered.sums], [3, [{ currency: "EUR", amount: 355 }]]);
    const theirs = (await request("GET", "/api/crm/deals/board", { token: other.token })).data;
    assert.ok(theirs.columns.every((it) => it.count === 0 && it.sums.length === 0));
    assert.equal((await crm("GET", "deals/board?colour=red")).status, 400);
});

test("who_sees_their_own_deals_or_no_amounts_has_a_board_of_these", async () => {
    const stage = stageNamed("Negotiation");
    await made("deals", { name: "Not theirs", stageId: stage, valueAmount: 1000, currency: "EUR" });
    const signed = async (name, permissions) => {
        const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: name, name, rank: 10, permissions } });
        assert.equal(role.status, 201, role.text);
        return (await makeUser(tenant, name)).access_token;
    };
    const own = await signed("own", ["crm.deals:read@own", "crm.deals:create@own", "crm.deals:update@own", "crm.deals:amounts@own"]);
    const blind = await signed("blind", ["crm.deals:read"]);
    const mine = await made("deals", { name: "Mine", stageId: stage, valueAmount: 3, currency: "EUR" }, own);
    assert.deepEqual([(await columnOf(stage, "", own)).count, (await columnOf(stage, "", own)).sums], [1, [{ currency: "EUR", amount: 3 }]]);
    assert.deepEqual([(await columnOf(stage, "", blind)).count, (await columnOf(stage, "", blind)).sums], [2, []]);
    const foreign = (await cardsIn(stage)).find((it) => it !== mine.id);
    assert.equal((await move(foreign, stage, null, own)).status, 404);
    const behind = await move(mine.id, stage, foreign, own);
    assert.deepEqual([behind.status, behind.error.details[0].field, behind.error.details[0].code], [422, "afterId", "unknown_reference"], behind.text);
    assert.equal((await move(mine.id, stage, null, blind)).status, 403);
    assert.equal((await request("POST", `/api/crm/deals/${mine.id}/move`, { token: other.token, body: { stageId: stage } })).status, 404);
});

test("a_card_goes_where_it_is_put_and_its_place_is_no_change_of_the_deal", async () => {
    const [from, to] = [stageNamed("Prospecting"), stageNamed("Qualification")], deals = [];
    for (let i = 0; i < 4; i++) deals.push((await made("deals", { name: `Card ${i}`, stageId: from })).id);
    const [a, b, c, d] = deals;
    assert.deepEqual(await cardsIn(from), [d, c, b, a], "what is new stands on top");
    const before = (await crm("GET", `deals/${d}`)).data;
    assert.equal((await move(d, from, b)).status, 200);
    assert.deepEqual(await cardsIn(from), [c, b, d, a]);
    const after = (await crm("GET", `deals/${d}`)).data, events = await request("GET", `/api/audit/logs?resourceId=${d}`, { token: tenant.token });
    assert.equal(after.updatedAt, before.updatedAt);
    assert.deepEqual(events.data.map((it) => it.type), ["deal.created"], events.text);
    assert.equal((await move(d, to)).data.stageId, to);
    assert.equal((await move(a, to, d)).status, 200);
    assert.equal((await move(c, to)).status, 200);
    assert.deepEqual([await cardsIn(from), await cardsIn(to)], [[b], [c, d, a]]);
    for (const [id, where, behind] of [[c, from, d], [c, to, c], [c, to, randomUUID()]]) {
        const refused = await move(id, where, behind);
        assert.deepEqual([refused.status, refused.error.details[0].field], [422, "afterId"], refused.text);
    }
    const lost = await move(c, stageNamed("Lost"));
    assert.deepEqual([lost.status, lost.error.details[0].field], [422, "lostReason"], lost.text);
    assert.equal((await crm("POST", `deals/${c}/move`, { stageId: stageNamed("Lost"), lostReason: "Too dear" })).data.lostReason, "Too dear");
    for (const id of [b, d, a, c]) await crm("DELETE", `deals/${id}`);
});

test("many_moves_in_turn_leave_the_order_that_they_say", async () => {
    const { default: check } = await import("fast-check");
    const stage = stageNamed("Qualification"), ids = [];
    for (let i = 0; i < 6; i++) ids.unshift((await made("deals", { name: `Turn ${i}`, stageId: stage })).id);
    let expected = [...ids];
    const place = check.record({ card: check.nat(5), behind: check.integer({ min: -1, max: 5 }) });
    await check.assert(check.asyncProperty(check.array(place, { minLength: 1, maxLength: 8 }), async (moves) => {
        for (const { card, behind } of moves) {
            const id = ids[card], after = behind < 0 ? null : ids[behind];
            if (after === id) continue;
            assert.equal((await move(id, stage, after)).status, 200);
            expected = expected.filter((it) => it !== id);
            expected.splice(after ? expected.indexOf(after) + 1 : 0, 0, id);
        }
        assert.deepEqual(await cardsIn(stage), expected);
    }), { numRuns: 12, seed: 9, endOnFailure: true });
    for (let i = 0; i < 60; i++) assert.equal((await move(i % 2 ? ids[1] : ids[2], stage, ids[0])).status, 200, "always room at one place");
    assert.deepEqual((await cardsIn(stage)).slice((await cardsIn(stage)).indexOf(ids[0]), (await cardsIn(stage)).indexOf(ids[0]) + 3), [ids[0], ids[1], ids[2]]);
    for (const id of ids) await crm("DELETE", `deals/${id}`);
});

test("cards_that_are_moved_at_once_all_arrive_and_stand_in_one_order", async () => {
    const stage = stageNamed("Qualification"), ids = [];
    for (let i = 0; i < 8; i++) ids.push((await made("deals", { name: `At once ${i}` })).id);
    const [anchor, ...rest] = ids;
    assert.equal((await move(anchor, stage)).status, 200);
    const answers = await Promise.all(rest.map((id) => move(id, stage, anchor)));
    assert.deepEqual(answers.map((it) => it.status), rest.map(() => 200));
    const order = await cardsIn(stage);
    assert.equal(order[0], anchor);
    assert.deepEqual([...order.slice(1)].sort(), [...rest].sort());
    const last = order.at(-1), between = await move(last, stage, order[1]);
    assert.equal(between.status, 200, "there is room between any two");
    assert.deepEqual(await cardsIn(stage), [order[0], order[1], last, ...order.slice(2, -1)]);
    const twice = await Promise.all([move(last, stage, order[2]), move(last, stage, order[3])]);
    assert.deepEqual(twice.map((it) => it.status), [200, 200], "two people move one card");
    assert.deepEqual([...(await cardsIn(stage))].sort(), [...ids].sort());
});

test("a_board_without_ranks_obeys_the_life_of_its_choice", async () => {
    const lead = await made("leads", { name: "On the board", valueAmount: 900, currency: "EUR" });
    const count = async (value) => (await crm("GET", "leads/board")).data.columns.find((it) => it.value === value).count;
    assert.equal(await count("new"), 1);
    assert.equal((await crm("POST", `leads/${lead.id}/move`, { status: "qualified" })).data.status, "qualified");
    assert.deepEqual([await count("new"), await count("qualified")], [0, 1]);
    const jump = await crm("POST", `leads/${lead.id}/move`, { status: "new" });
    assert.deepEqual([jump.status, jump.error.code], [409, "invalid_transition"]);
});

test("every_board_has_a_page_that_shows_cards_pages_of_a_column_and_a_form_that_moves_them", async () => {
    const boards = areas.flatMap((area) => area.routes).filter((it) => it.method === "GET" && it.path.endsWith("/board") && it.path.startsWith("/admin/"));
    assert.deepEqual(boards.map((it) => it.path).sort(), ["/admin/crm/deals/board", "/admin/crm/leads/board"]);
    const page = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
    const stage = stageNamed("Won");
    for (let i = 0; i < 25; i++) await made("deals", { name: `Won <${i}>`, stageId: stage, valueAmount: 100, currency: "EUR" });
    const shown = (await page("/admin/crm/deals/board?q=Won")).text;
    assert.equal(shown.match(/Won &lt;\d+&gt;<\/a>/g)?.length, 20);
    assert.match(shown, /<span class="board-count">25<\/span>/);
    assert.match(shown, /25\.00 EUR/);
    const more = shown.match(/href="([^"]+)" data-more/)[1].replaceAll("&amp;", "&");
    const rest = (await page(more)).text;
    assert.equal(rest.match(/Won &lt;\d+&gt;<\/a>/g)?.length, 5);
    const form = shown.match(/href="([^"]+)" data-move/)[1].replaceAll("&amp;", "&"), asked = (await page(form)).text;
    const id = form.match(/deals\/([0-9a-f-]{36})\/move/)[1];
    const fields = Object.fromEntries([...asked.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([it]) => [it.match(/name="([^"]*)"/)[1], it.match(/value="([^"]*)"/)?.[1].replaceAll("&amp;", "&")]));
    const sent = await request("POST", `/admin/crm/deals/${id}/move`, { tenant: tenant.slug, raw: new URLSearchParams({ ...fields, stageId: stageNamed("Proposal") }).toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    assert.deepEqual([sent.status, new URL(sent.headers.location, address("", "/")).pathname], [303, "/admin/crm/deals/board"], sent.text.slice(0, 400));
    assert.equal((await crm("GET", `deals/${id}`)).data.stageId, stageNamed("Proposal"));
});
