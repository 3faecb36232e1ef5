// Saved views: what a list shows, under a name. Private until shared, shared by who may, shown
// first to a role, and never changed by looking at it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { Page } from "../lib/forms.mjs";
import { areas } from "../lib/routes.mjs";

let tenant, other, seller, page, sellerPage;
const ask = (method, path, body, token = tenant.token) => request(method, path, { token, body });
const make = async (body, token) => {
    const answer = await ask("POST", "/api/views", { resource: "crm.leads", ...body }, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const seen = async (token) => (await ask("GET", "/api/views?limit=100&resource=crm.leads", undefined, token)).data.map((it) => it.name);
const tabs = (html) => [...html.matchAll(/<a href="([^"]*)"( aria-current="page")?>([^<]*)</g)].map(([, path, current, title]) => ({ path, current: !!current, title }));
const tabsOf = (html) => tabs(html.slice(html.indexOf('aria-label="Views"')).split("</nav>")[0]);
const unescape = (text) => text.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/").replaceAll("&#x3D;", "=");

before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    const role = await ask("POST", "/api/rbac/roles", { key: "seller", name: "Seller", rank: 10, permissions: ["crm.leads:read@own", "crm.leads:create@own"] });
    assert.equal(role.status, 201, role.text);
    seller = await makeUser(tenant, "seller");
    page = await Page.signIn(tenant.slug, `owner@${tenant.slug}.test`, password);
    sellerPage = await Page.signIn(tenant.slug, seller.email, password);
});

test("a_view_is_its_owners_until_it_is_shared_and_shared_by_who_may", async () => {
    const mine = await make({ name: "Mine", query: "?sort=-valueAmount&page=3&status=new&_x=1&view=all" });
    assert.deepEqual([mine.query, mine.shared], ["sort=-valueAmount&status=new", false]);
    const theirs = await make({ name: "Theirs", query: "status=new" }, seller.access_token);
    assert.deepEqual([await seen(), await seen(seller.access_token)], [["Mine"], ["Theirs"]]);
    for (const [method, body] of [["GET"], ["PATCH", { name: "Taken" }], ["DELETE"]])
        assert.equal((await ask(method, `/api/views/${mine.id}`, body, seller.access_token)).status, 404, method);
    const forbidden = await ask("PATCH", `/api/views/${theirs.id}`, { shared: true }, seller.access_token);
    assert.equal(forbidden.status, 403, forbidden.text);
    assert.equal((await ask("PATCH", `/api/views/${mine.id}`, { shared: true })).status, 200);
    assert.deepEqual(await seen(seller.access_token), ["Mine", "Theirs"]);
    const refused = await ask("PATCH", `/api/views/${mine.id}`, { name: "Changed by others" }, seller.access_token);
    assert.deepEqual([refused.status, refused.error.code], [403, "not_yours"]);
    assert.equal((await ask("DELETE", `/api/views/${mine.id}`, undefined, seller.access_token)).status, 403);
    // What others share is changed by who may share; what they keep to themselves is not.
    assert.equal((await ask("PATCH", `/api/views/${theirs.id}`, { name: "Changed" })).status, 404);
    // Nothing of it is another tenant's.
    assert.deepEqual(await seen(other.token), []);
    assert.equal((await ask("GET", `/api/views/${mine.id}`, undefined, other.token)).status, 404);
    for (const it of [mine.id]) assert.equal((await ask("DELETE", `/api/views/${it}`)).status, 204);
    assert.equal((await ask("DELETE", `/api/views/${theirs.id}`, undefined, seller.access_token)).status, 204);
});

test("what_a_view_finds_is_cut_by_the_sight_of_who_looks", async () => {
    const view = await make({ name: "All new ones", query: "status=new", shared: true });
    for (const [name, token] of [["Of the owner", tenant.token], ["Of the seller", seller.access_token]])
        assert.equal((await ask("POST", "/api/crm/leads", { name }, token)).status, 201);
    const rowsOf = async (who) => {
        const opened = await who.get(`/views/${view.id}/open`);
        assert.equal(opened.status, 303, opened.text);
        return (await who.get(opened.headers.location)).text;
    };
    const [whole, own] = [await rowsOf(page), await rowsOf(sellerPage)];
    assert.ok(whole.includes("Of the owner") && whole.includes("Of the seller"));
    assert.ok(!own.includes("Of the owner") && own.includes("Of the seller"));
    assert.equal((await ask("DELETE", `/api/views/${view.id}`)).status, 204);
});

test("a_view_is_made_from_what_the_list_shows_and_looking_changes_none", async () => {
    assert.ok(!(await page.get("/admin/crm/leads")).text.includes('aria-label="Views"'));
    const list = (await page.get("/admin/crm/leads?status=new&sort=name&fields=name,status&page=1&_x=2")).text;
    const query = unescape(list.match(/name="query" value="([^"]*)"/)[1]);
    assert.equal(query, "fields=name%2Cstatus&sort=name&status=new");
    const kept = await page.post("/views/keep", { resource: "crm.leads", query, name: "By name" });
    assert.equal(kept.status, 303, kept.text);
    const at = kept.headers.location, id = at.match(/view=([0-9a-f-]+)/)[1];
    assert.equal(at, `/admin/crm/leads?${query}&view=${id}`);
    const shown = (await page.get(at)).text;
    assert.deepEqual(tabsOf(shown).map((it) => [it.title, it.current]), [["All leads", false], ["By name", true]]);
    assert.ok(!shown.includes("Changed, not saved"));
    // Another filter is a draft, which nobody keeps by looking.
    const draft = (await page.get(`/admin/crm/leads?status=lost&view=${id}`)).text;
    assert.ok(draft.includes("Changed, not saved"));
    assert.equal((await ask("GET", `/api/views/${id}`)).data.query, query);
    assert.equal((await page.get(`/views/${id}/open`)).headers.location, at);
    // No name twice, in words and back at the list.
    const twice = await page.post("/views/keep", { resource: "crm.leads", query: "status=lost", name: "By name" });
    assert.deepEqual([twice.status, twice.headers.location], [303, "/admin/crm/leads?status=lost"]);
    // Saved it is when somebody says so, by its owner.
    const saved = await page.post(`/views/${id}/keep`, { query: "status=lost" });
    assert.equal(saved.headers.location, `/admin/crm/leads?status=lost&view=${id}`);
    assert.equal((await ask("GET", `/api/views/${id}`)).data.query, "status=lost");
    assert.equal((await sellerPage.post(`/views/${id}/keep`, { query: "" })).status, 404);
    // An address that is shared shows the list to who does not have the view.
    const theirs = (await sellerPage.get(`/admin/crm/leads?status=lost&view=${id}`));
    assert.equal(theirs.status, 200);
    assert.ok(!theirs.text.includes("By name"));
    assert.equal((await ask("DELETE", `/api/views/${id}`)).status, 204);
});

test("who_has_a_role_sees_its_default_first_and_everything_when_they_ask", async () => {
    const [first, second] = [await make({ name: "First", query: "status=new", shared: true, defaultRole: "seller" }), await make({ name: "Second", query: "status=lost", shared: true })];
    const opened = await sellerPage.get("/admin/crm/leads");
    assert.deepEqual([opened.status, opened.headers.location], [303, `/views/${first.id}/open`]);
    assert.equal((await page.get("/admin/crm/leads")).status, 200, "of another role");
    const all = await sellerPage.get("/admin/crm/leads?view=all");
    assert.deepEqual(tabsOf(all.text).map((it) => [it.title, it.current]), [["All leads", true], ["First", false], ["Second", false]]);
    // The newer takes its place.
    assert.equal((await ask("PATCH", `/api/views/${second.id}`, { defaultRole: "seller" })).status, 200);
    assert.equal((await ask("GET", `/api/views/${first.id}`)).data.defaultRole, null);
    assert.equal((await sellerPage.get("/admin/crm/leads")).headers.location, `/views/${second.id}/open`);
    for (const [body, code] of [[{ shared: false }, "not_shared"], [{ defaultRole: "nobody" }, "unknown_reference"]]) {
        const refused = await ask("PATCH", `/api/views/${second.id}`, body);
        assert.deepEqual([refused.status, refused.error.details[0].code], [422, code]);
    }
    for (const it of [first, second]) assert.equal((await ask("DELETE", `/api/views/${it.id}`)).status, 204);
});

test("a_view_of_a_field_that_is_no_more_opens_without_it_and_says_so", async () => {
    const field = await ask("POST", "/api/custom-fields", { resource: "crm.leads", key: "region", label: "Region", type: "text", filtered: true, listed: true });
    assert.equal(field.status, 201, field.text);
    const view = await make({ name: "North", query: "custom.region=north&status=new&fields=name,custom.region" });
    assert.equal((await ask("DELETE", `/api/custom-fields/${field.data.id}`)).status, 204);
    const opened = await page.get(`/views/${view.id}/open`);
    assert.equal(opened.headers.location, `/admin/crm/leads?fields=name&status=new&view=${view.id}`);
    assert.ok(String(opened.headers["set-cookie"]).includes("notice="));
    for (const [query, field] of [["nothing=1", "query"], ["status=blue", "query"], ["sort=phone", "query"]]) {
        const refused = await ask("POST", "/api/views", { resource: "crm.leads", name: "Wrong", query });
        assert.deepEqual([refused.status, refused.error.details[0].field], [422, field], query);
    }
    assert.equal((await ask("POST", "/api/views", { resource: "crm.nothing", name: "Wrong" })).error.details[0].code, "unknown_list");
    assert.equal((await ask("DELETE", `/api/views/${view.id}`)).status, 204);
});

test("every_list_with_a_page_can_have_views", async () => {
    const lists = areas.flatMap((area) => area.resources.map((it) => ({ ...it, full: `${area.name}.${it.name}` }))).filter((it) => it.page && it.scope === "tenant" && !it.personal && !it.parent && it.operations & 1);
    assert.ok(lists.length > 10);
    for (const it of lists) {
        const view = await make({ resource: it.full, name: "One", query: "limit=50" });
        const shown = await page.get((await page.get(`/views/${view.id}/open`)).headers.location);
        if (shown.status === 200 && !shown.text.includes('<div class="empty">')) assert.ok(shown.text.includes(`/views/${view.id}/open`), it.full);
        assert.equal((await ask("DELETE", `/api/views/${view.id}`)).status, 204);
    }
});

test("shared_views_stay_when_their_owner_goes_and_private_ones_go_too", async () => {
    const role = await ask("POST", "/api/rbac/roles", { key: "sharer", name: "Sharer", rank: 10, permissions: ["crm.leads:read", "views.views:share"] });
    assert.equal(role.status, 201, role.text);
    const leaver = await makeUser(tenant, "sharer");
    const shared = await make({ name: "Stays", query: "", shared: true }, leaver.access_token), gone = await make({ name: "Goes", query: "" }, leaver.access_token);
    assert.equal((await ask("DELETE", `/api/platform-users/${shared.ownerId}`)).status, 204);
    assert.equal((await ask("GET", `/api/views/${shared.id}`)).data.ownerId, null);
    assert.equal((await ask("GET", `/api/views/${gone.id}`)).status, 404);
    assert.equal((await ask("PATCH", `/api/views/${shared.id}`, { name: "Stays with us" })).status, 200);
    assert.equal((await ask("DELETE", `/api/views/${shared.id}`)).status, 204);
});

test("a_list_has_several_orders_and_its_columns_in_the_order_that_is_chosen", async () => {
    for (const [name, company] of [["Zoe", "Alpha"], ["Yan", "Alpha"], ["Xia", "Beta"]]) assert.equal((await ask("POST", "/api/crm/leads", { name, company, source: "event" })).status, 201);
    // As the form sends it without scripts: selects one by one, what is empty too.
    const shown = (await page.get("/admin/crm/leads?source=event&sort=company&sort=-name&sort=&fields=company&fields=name&fields=status")).text;
    assert.deepEqual([...shown.matchAll(/<tr role="row">.*?<\/tr>/gs)].slice(1).map(([row]) => ["Zoe", "Yan", "Xia"].find((it) => row.includes(it))), ["Zoe", "Yan", "Xia"]);
    const heads = shown.slice(shown.indexOf("<thead"), shown.indexOf("</thead>"));
    assert.ok(heads.indexOf("Company") < heads.indexOf("Name") && heads.indexOf("Name") < heads.indexOf("Status"), "columns as chosen");
    assert.match(heads, /aria-sort="ascending"[^>]*><a class="sort"[^>]*>Company/);
    for (const [id, value] of [["list-sort-1", "company"], ["list-sort-2", "-name"], ["list-sort-3", ""]])
        assert.match(shown, new RegExp(`id="${id}"[^>]*>(?:(?!</select>)[^])*<option value="${value}" selected>`), id);
    // One place forward, by an address; it is kept as other choices of columns are.
    const forward = unescape(shown.match(/<a href="([^"]*)" aria-label="Move Status forward"/)[1]);
    assert.match(forward, /fields=company(,|%2C)status(,|%2C)name&_view=kept$/);
    const kept = await page.get(forward);
    assert.equal(kept.status, 303);
    assert.match(String(kept.headers["set-cookie"]), /view=0~company\+-name\.company\.status\.name;/);
    const recalled = await request("GET", "/admin/crm/leads?source=event", { tenant: tenant.slug, headers: { cookie: `${page.cookie}; view=0~company+-name.company.status.name` } });
    assert.match(recalled.text, /id="list-sort-2"[^>]*>(?:(?!<\/select>)[^])*<option value="-name" selected>/);
    assert.equal((await ask("GET", "/api/crm/leads?sort=company,-name&source=event&fields=name")).data.map((it) => it.name).join(), "Zoe,Yan,Xia");
});
