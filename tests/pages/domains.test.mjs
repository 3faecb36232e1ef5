// A domain of a tenant's own by page, and the platform at it, in a browser that
// finds it here.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, operator, password, port, request } from "../lib/client.mjs";
import { NameServer } from "../lib/dns.mjs";
import { sql } from "../lib/factors.mjs";

const names = new NameServer();
const domain = `club-${randomUUID().slice(0, 8)}.example.com`;
const at = (path) => `http://${domain}:${port}${path}`;
let browser, tenant;
before(async () => {
    await names.start();
    browser = await launch(["--host-resolver-rules=MAP *.example.com 127.0.0.1", `--unsafely-treat-insecure-origin-as-secure=http://${domain}:${port}`]);
    tenant = await makeTenant();
    assert.equal((await request("PUT", `/api/tenants/${tenant.id}/features`, { token: await operator(), body: { features: { custom_domains: true } } })).status, 200);
});
after(async () => {
    await browser.close();
    await names.stop();
});

const fits = async (page) => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= page.viewportSize().width, page.url());
async function clean(page) {
    assert.deepEqual(await accessibility(page), [], page.url());
    await fits(page);
}

test("a_domain_is_added_proved_made_primary_and_removed_by_page", async () => {
    const page = await open(browser, { viewport: { width: 390, height: 844 } });
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/domains"));
    await page.waitForSelector("text=No domain of your own yet");
    await clean(page);
    await page.fill("#f-domain", "not a domain");
    await page.click("main form.sheet button[type=submit]");
    await page.waitForSelector("#error-summary");
    assert.equal(await page.inputValue("#f-domain"), "not a domain");
    await page.fill("#f-domain", domain);
    await page.click("main form.sheet button[type=submit]");
    await page.waitForURL(/\/admin\/domains\/[0-9a-f-]{36}$/);
    await clean(page);
    assert.equal(await page.inputValue("#proof-name"), `_tulou.${domain}`);
    const token = await page.inputValue("#proof-value");
    await page.click("text=Verify now");
    await page.waitForSelector(".notice-warning");
    names.set("TXT", `_tulou.${domain}`, token);
    await page.click("text=Verify now");
    await page.waitForSelector(".notice-success");
    await page.waitForSelector("main .status-good");
    await page.goto(address(tenant.slug, "/admin/domains"));
    await page.waitForSelector("text=Primary");
    await clean(page);
    await page.context().close();
});

test("sign_in_forms_and_live_updates_work_at_the_domain", async () => {
    const page = await open(browser);
    await page.goto(at("/login"));
    await page.fill("#f-email", `owner@${tenant.slug}.test`);
    await page.fill("#f-password", password);
    await Promise.all([page.waitForURL((url) => url.pathname !== "/login"), page.click("main button[type=submit]")]);
    assert.equal(new URL(page.url()).hostname, domain);
    await page.goto(at("/account"));
    await page.fill("#f-name", "Owner of a domain");
    await page.click("text=Save profile");
    await page.waitForSelector(".notice-success");
    // A notification comes by itself: the stream is of this very host.
    await page.goto(at("/admin/crm/leads"));
    const user = tenant.owner.user.id;
    sql(`insert into everyone.notifications (tenant_id, user_id, type, title) values ('${tenant.id}', '${user}', 'auth.password_changed', 'Hello')`);
    await page.waitForFunction(() => document.querySelector(".bell-count")?.textContent.trim() > "0");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("from_the_bare_domain_and_by_an_operator_one_comes_to_the_domain", async () => {
    // The password in two tenants, so that the bare domain asks which.
    const other = await makeTenant(), email = `both-${randomUUID().slice(0, 8)}@example.com`;
    for (const it of [tenant, other]) assert.equal((await request("POST", "/api/platform-users", { token: it.token, body: { email, name: "Both", kind: "staff", roles: ["staff"], password } })).status, 201);
    const page = await open(browser);
    await page.goto(address("", "/login"));
    await page.fill("#f-email", email);
    await page.fill("#f-password", password);
    await page.click("main button[type=submit]");
    await page.waitForSelector("text=Your account opens these workspaces");
    await Promise.all([page.waitForURL((url) => url.hostname === domain), page.click(`text=Tenant ${tenant.slug}`)]);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("operators_see_a_tenants_domains_and_go_to_it_by_one", async () => {
    const email = `helper-${Date.now()}@platform.test`;
    assert.equal((await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Helper", kind: "operator", roles: ["support"], password } })).status, 201);
    const page = await open(browser);
    await signIn(page, "", email, password);
    await page.click(".switcher-button");
    await clean(page);
    await page.fill("#switcher-q", domain);
    await Promise.all([page.waitForURL(new RegExp(tenant.id)), page.press("#switcher-q", "Enter")]);
    await page.waitForSelector(`text=${domain}`);
    await clean(page);
    await page.goto(address("", "/platform/go?q=nothing-like-it"));
    assert.match(page.url(), /\/platform\/tenants\?q=nothing-like-it/);
    await page.context().close();
});

test("a_tenant_removes_its_domain", async () => {
    const page = await open(browser, { javaScriptEnabled: false });
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/domains"));
    await page.click(`text=${domain}`);
    await page.click("main >> text=Remove");
    await page.click("main button[type=submit]");
    await page.waitForSelector("text=No domain of your own yet");
    assert.equal((await request("GET", "/api/tenant", { domain })).status, 404);
    await page.context().close();
});
