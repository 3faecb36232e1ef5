// What became of leads and deals: where customers come from, how long things stay, what is won. The
// history of stages and statuses is kept by the database, whoever writes.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { folder, makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { connect } from "../lib/worker.mjs";

let tenant, stages, db;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const good = async (status, ...args) => {
    const answer = await crm(...args);
    assert.equal(answer.status, status, answer.text);
    return answer.data;
};
const stageNamed = (name) => stages.find((it) => it.name === name).id;
const deal = (stage, more = {}) => good(201, "POST", "deals", { name: stage, stageId: stageNamed(stage), ...(stage === "Lost" ? { lostReason: "Price" } : {}), ...more });
const move = (id, stage, more = {}) => good(200, "POST", `deals/${id}/move`, { stageId: stageNamed(stage), ...more });
const analytics = (query = "", token) => good(200, "GET", `analytics${query}`, undefined, token);

before(async () => {
    tenant = await makeTenant();
    stages = (await crm("GET", "stages?limit=100")).data;
    db = await connect(folder);
});
test.after(() => db.end());

test("sources_say_what_became_of_their_leads", async () => {
    for (const [source, status] of [["website", "new"], ["website", "lost"], ["referral", "qualified"]]) await good(201, "POST", "leads", { name: source, source, status });
    const made = await good(201, "POST", "leads", { name: "Becomes one", source: "website", status: "qualified" });
    await good(200, "POST", `leads/${made.id}/convert`, {});
    const { leads } = await analytics(), website = leads.sources.find((it) => it.source === "website");
    assert.deepEqual([website.count, website.convertedCount, website.conversionRate], [3, 1, 3333]);
    assert.deepEqual(website.statuses.filter((it) => it.count > 0), [{ status: "new", count: 1 }, { status: "converted", count: 1 }, { status: "lost", count: 1 }]);
    const qualified = leads.statuses.find((it) => it.status === "qualified");
    assert.deepEqual([qualified.leftCount, qualified.wonCount, qualified.lostCount, qualified.knownCount], [1, 1, 0, 1]);
    await db.query("update everyone.leads set created_at = now() - interval '40 days' where tenant_id = $1 and source = 'website'", [tenant.id]);
    assert.deepEqual((await analytics("?days=30")).leads.sources.map((it) => it.source), ["referral"]);
});

test("each_stay_in_a_stage_is_kept_whoever_moves_the_deal", async () => {
    const one = await deal("Proposal"), two = await deal("Proposal");
    await db.query("update everyone.deal_moves set moved_at = moved_at - make_interval(hours => case when deal_id = $2 then 10 else 20 end) where tenant_id = $1", [tenant.id, one.id]);
    await move(one.id, "Negotiation");
    await good(200, "PATCH", `deals/${two.id}`, { stageId: stageNamed("Lost"), lostReason: "Price" });
    await good(200, "PATCH", `deals/${one.id}`, { name: "The same stage" });
    const { deals } = await analytics(), of = (name) => deals.stages.find((it) => it.name === name);
    const { leftCount, wonCount, lostCount, knownCount } = of("Proposal");
    assert.deepEqual([leftCount, wonCount, lostCount, knownCount], [2, 0, 1, 2]);
    assert.ok(Math.abs(of("Proposal").averageSeconds - 15 * 3600) < 60 && Math.abs(of("Proposal").medianSeconds - 15 * 3600) < 60, JSON.stringify(of("Proposal")));
    assert.equal(of("Negotiation").leftCount, 0);
    const { rows } = await db.query("select count(*)::int from everyone.deal_moves where tenant_id = $1", [tenant.id]);
    assert.ok(rows[0].count >= 4);
});

test("a_deal_is_closed_while_its_stage_ends_it", async () => {
    const it = await deal("Proposal");
    assert.equal(it.closedAt, null);
    const won = await move(it.id, "Won");
    assert.ok(Date.parse(won.closedAt));
    assert.equal((await good(200, "PATCH", `deals/${it.id}`, { name: "Still won" })).closedAt, won.closedAt);
    const lost = await move(it.id, "Lost", { lostReason: "They left" });
    assert.ok(lost.closedAt > won.closedAt);
    assert.equal((await move(it.id, "Proposal", { lostReason: null })).closedAt, null);
    assert.ok((await deal("Won")).closedAt);
    assert.equal((await crm("POST", "deals", { name: "x", closedAt: "2020-01-01T00:00:00Z" })).data.closedAt, null);
});

test("won_and_lost_are_counted_by_month_and_owner_within_sight", async () => {
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "seller", name: "Seller", rank: 10, permissions: ["crm.deals:read@own", "crm.analytics:read"] } });
    assert.equal(role.status, 201, role.text);
    const seller = await makeUser(tenant, "seller"), before = (await analytics()).deals;
    await deal("Won", { ownerId: seller.id });
    await deal("Won", { ownerId: seller.id });
    await deal("Lost", { ownerId: seller.id });
    await deal("Won", { ownerId: null });
    const { deals } = await analytics(), sum = (list, key) => list.reduce((all, it) => all + it[key], 0);
    const owner = deals.owners.find((it) => it.ownerId === seller.id);
    assert.deepEqual([owner.wonCount, owner.lostCount, owner.winRate], [2, 1, 6667]);
    assert.equal(typeof owner.name, "string");
    assert.equal(sum(deals.months, "wonCount"), sum(before.months, "wonCount") + 3);
    const theirs = await analytics("", seller.access_token);
    assert.equal(theirs.leads, null);
    assert.deepEqual(theirs.deals.owners.map((it) => [it.ownerId, it.name, it.wonCount]), [[seller.id, null, 2]]);
    assert.equal(sum(theirs.deals.months, "lostCount"), 1);
    assert.equal((await crm("GET", "analytics?days=0")).status, 400);
});

test("what_users_did_is_counted_as_far_as_one_sees_it", async () => {
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "worker", name: "Worker", rank: 10, permissions: ["crm.leads:read@own", "crm.leads:create@own", "crm.leads:update@own", "crm.analytics:read"] } });
    assert.equal(role.status, 201, role.text);
    const worker = await makeUser(tenant, "worker"), token = worker.access_token;
    for (let i = 0; i < 2; i++) await good(201, "POST", "leads", { name: "Theirs" }, token);
    const { id } = await good(201, "POST", "leads", { name: "Changed" }, token);
    await good(200, "PATCH", `leads/${id}`, { name: "Changed twice" }, token);
    const of = (data) => data.people.map((it) => [it.userId, it.madeCount, it.changedCount]);
    assert.deepEqual(of(await analytics()).find(([user]) => user === worker.id), [worker.id, 3, 1]);
    assert.deepEqual(of(await analytics("", token)), [[worker.id, 3, 1]]);
    assert.ok((await analytics()).people.length > 1);
});

test("the_page_has_a_table_for_each_chart_and_leads_to_the_rows", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const get = async (path) => {
        const answer = await request("GET", path, { tenant: tenant.slug, headers: { cookie } });
        assert.equal(answer.status, 200, path);
        return answer.text;
    };
    const html = await get("/admin/crm/analytics");
    assert.equal((html.match(/<figure class="bars">/g) ?? []).length, 6);
    const { deals } = await analytics(), won = deals.months.reduce((all, it) => all + it.wonCount, 0);
    const path = html.match(/href="([^"]*closedAt\[lt\][^"]*stageId\[in\][^"]*)"/)[1].replaceAll("&amp;", "&");
    const rows = await request("GET", path.replace("/admin/", "/api/"), { token: tenant.token });
    assert.equal(rows.data?.length, won, `${path}: ${rows.text}`);
    await get(path);
});
