// Nobody is left without a way on: menus, refusals, and what a page asks for in somebody's name.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, pageCookie, password, port, request } from "../lib/client.mjs";

let tenant, owner;
const cookieOf = (email) => pageCookie(email, password, { tenant: tenant.slug });
const page = (path, cookie) => request("GET", path, { tenant: tenant.slug, headers: cookie ? { cookie } : {} });
const menu = (text) => text.match(/<nav id="menu"[\s\S]*?<\/nav>/)[0];
before(async () => {
    tenant = await makeTenant();
    owner = await cookieOf(`owner@${tenant.slug}.test`);
});

test("who_has_no_page_has_their_account_and_may_sign_out", async () => {
    const customer = await makeUser(tenant, "customer", { kind: "customer" });
    const cookie = await cookieOf(customer.email);
    const start = (await page("/", cookie)).text;
    for (const path of ["/account", "/account/password", "/account/security"]) assert.match(menu(start), new RegExp(`href="${path}"`));
    assert.match(start, /action="\/logout"/);
    assert.doesNotMatch(start, /href="\/api\/docs"/);
    assert.match((await page("/search", cookie)).text, /class="found-link" href="\/account\/security"/);
    assert.doesNotMatch(menu((await page("/account", owner)).text), /href="\/account"/, "others have them in the head alone");
});

test("an_address_that_is_nobodys_has_the_looks_of_its_host_and_leads_back", async () => {
    const stranger = await page("/no/such/page");
    assert.equal(stranger.status, 404);
    assert.match(stranger.text, new RegExp(`<title>There is nothing here · Tenant ${tenant.slug}</title>`));
    assert.match(stranger.text, /href="\/login"/);
    const known = await page("/no/such/page", owner);
    assert.equal(known.status, 404);
    assert.match(menu(known.text), /href="\/admin\/audit"/);
    assert.equal((await page("/no/such/page", "tulou_session=nonsense")).status, 404);
    const api = await request("GET", "/api/no/such", { tenant: tenant.slug, token: tenant.token });
    assert.deepEqual([api.status, api.error.code], [404, "not_found"]);
    const elsewhere = await request("GET", "/", { tenant: "nobody-has-this" });
    assert.equal(elsewhere.status, 404);
    assert.match(elsewhere.text, new RegExp(`href="http://localhost:${port}"`), "all of that host is unknown");
});

test("a_link_that_no_longer_works_leads_to_a_new_one", async () => {
    const reset = await page("/reset-password?token=nonsense");
    assert.equal(reset.status, 404);
    assert.match(reset.text, /btn btn-primary" href="\/forgot-password"[^>]*>Ask for a new link</);
});

test("the_menu_says_where_a_page_belongs", async () => {
    const current = async (path) => menu((await page(path, owner)).text).match(/href="([^"]+)" aria-current="page"/)?.[1];
    assert.equal(await current("/admin"), "/admin");
    assert.equal(await current("/admin/audit"), "/admin/audit");
    assert.equal(await current("/admin/permissions"), "/admin/roles");
    assert.equal(await current("/account"), undefined);
});

test("each_way_to_a_page_begins_at_the_overview", async () => {
    const ways = async (path) => [...((await page(path, owner)).text.match(/<ol class="crumbs">[\s\S]*?<\/ol>/)?.[0] ?? "").matchAll(/>([^<>]+)<\/(?:a|span)>/g)].map((it) => it[1]);
    assert.deepEqual(await ways("/admin"), []);
    assert.deepEqual(await ways("/admin/audit"), ["Overview", "Audit log"]);
    assert.deepEqual(await ways("/admin/permissions"), ["Overview", "Roles", "Permissions"]);
    assert.deepEqual(await ways("/admin/crm/leads/new"), ["Overview", "Leads", "New lead"]);
    assert.deepEqual(await ways("/account/two-step"), ["Overview", "My account", "Two-step sign-in"]);
});

test("no_page_asks_for_records_that_one_may_not_read", async () => {
    const staff = await makeUser(tenant, "staff");
    const own = (await request("GET", "/api/auth/me", { tenant: tenant.slug, token: staff.access_token })).data;
    const lead = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Owned", ownerId: own.id } });
    assert.equal(lead.status, 201, lead.text);
    const cookie = await cookieOf(staff.email);
    const path = `/admin/crm/leads/${lead.data.id}`;
    assert.doesNotMatch((await page("/admin/crm/leads", cookie)).text, /name="ownerId/);
    assert.match((await page("/admin/crm/leads", owner)).text, /name="ownerId\[q\]"/);
    assert.doesNotMatch((await page(path, cookie)).text, new RegExp(`href="/admin/users/${own.id}"`));
    assert.match((await page(path, owner)).text, new RegExp(`href="/admin/users/${own.id}"`));
});

test("the_main_action_stands_last_and_what_endangers_first", async () => {
    const user = await makeUser(tenant, "staff");
    const shown = (await page(`/admin/users/${user.id}`, owner)).text.match(/<div class="heading-actions">[\s\S]*?<\/details>[\s\S]*?<\/div>/)[0].replace(/<summary[\s\S]*?<\/summary>/, ""); // some stand behind More
    const kinds = [...shown.matchAll(/class="btn([^"]*)"/g)].map((it) => it[1].trim());
    assert.equal(kinds[0], "btn-quiet-danger");
    assert.equal(kinds.at(-1), "btn-primary");
    assert.equal(kinds.filter((it) => it === "btn-primary").length, 1);
});

test("operators_see_whose_an_administrator_is", async () => {
    const found = await request("GET", `/api/admin-users?q=owner@${tenant.slug}.test`, { token: await operator() });
    assert.equal(found.data[0].tenantName, `Tenant ${tenant.slug}`);
});
