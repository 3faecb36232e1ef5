// Single sign-on in the browser: set up by an administrator, used by a stranger.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, password, request } from "../lib/client.mjs";
import { client } from "../lib/liar.mjs";
import { honest } from "../lib/provider.mjs";
import { redirectUri } from "../lib/sso.mjs";

let browser, tenant, there;
const people = {};
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    there = await honest(people, [redirectUri(tenant)]);
});
after(async () => {
    await browser.close();
    await there.stop();
});

const submit = "main form.sheet button[type=submit]";
async function fits(page, javaScriptEnabled) {
    if (!javaScriptEnabled) return;
    assert.deepEqual(await accessibility(page), [], page.url());
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, `${page.url()} is wider than a phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
}

for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "with_javascript" : "without_javascript";
    const name = javaScriptEnabled ? "Example ID" : "Plain ID";
    const options = { javaScriptEnabled, ...(javaScriptEnabled ? {} : { viewport: { width: 390, height: 844 } }) };

    test(`a_provider_is_set_up_tested_and_used_by_page_${how}`, async () => {
        const page = await open(browser, options);
        await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
        await page.goto(address(tenant.slug, "/admin/sso/new"));
        await page.fill("[name=name]", name);
        await page.fill("[name=issuer]", there.issuer);
        await page.fill("[name=clientId]", client.id);
        await page.fill("[name=clientSecret]", client.secret);
        await page.fill("[name=scopes]", "openid email profile groups");
        await page.check("input[type=checkbox][name=createUsers]");
        await page.fill("[name=roleMapping]", "groups staff");
        await page.click(submit);
        await page.waitForSelector("#error-summary");
        assert.equal(await page.inputValue("[name=issuer]"), there.issuer, "what was typed is kept");
        assert.equal(await page.inputValue("[name=clientSecret]"), "", "but the secret");
        await fits(page, javaScriptEnabled);
        await page.fill("[name=clientSecret]", client.secret);
        await page.fill("[name=roleMapping]", "groups=desk: staff\ngroups=heads: admin");
        await page.click(submit);
        await page.waitForURL(/sso\/[0-9a-f-]{36}$/);
        assert.equal(await page.inputValue("#sso-redirect"), redirectUri(tenant));
        assert.ok(!(await page.content()).includes(client.secret));
        await fits(page, javaScriptEnabled);
        await page.click("text=Test the connection");
        await page.waitForSelector("text=The provider answers as it should.");
        await fits(page, javaScriptEnabled);
        await page.context().close();

        const login = `stranger-${how}`;
        people[login] = { email: `${login}@example.com`, email_verified: true, name: "Sam Stranger", groups: ["desk"] };
        const guest = await open(browser, options);
        await guest.goto(address(tenant.slug, "/login?next=/account/security"));
        await fits(guest, javaScriptEnabled);
        await Promise.all([guest.waitForURL(/\/interaction\//), guest.click(`text=Continue with ${name}`)]);
        await guest.click("[name=no]");
        await guest.waitForURL(/\/login$/);
        assert.match(await guest.textContent("main"), /was cancelled/);
        await fits(guest, javaScriptEnabled);
        await guest.goto(address(tenant.slug, "/login?next=/account/security"));
        await guest.click(`text=Continue with ${name}`);
        await guest.waitForURL(/\/interaction\//);
        await guest.fill("[name=login]", login);
        await Promise.all([guest.waitForURL(/\/account\/security$/), guest.click("[name=yes]")]);
        assert.match(await guest.textContent("body"), /Sam Stranger/);
        assert.deepEqual(guest.complaints, []);
        await guest.context().close();

        const admin = await open(browser, options);
        await signIn(admin, tenant.slug, `owner@${tenant.slug}.test`, password);
        await admin.goto(address(tenant.slug, `/admin/users?q=${login}`));
        assert.match(await admin.textContent("main"), new RegExp(name), "the list of users says so");
        const [user] = (await request("GET", `/api/platform-users?email=${login}@example.com`, { token: tenant.token })).data;
        await admin.goto(address(tenant.slug, `/admin/users/${user.id}`));
        assert.match(await admin.textContent("main"), new RegExp(`Single sign-on\\s*${name}`), "and the user's page");
        await admin.goto(address(tenant.slug, "/admin/sso-identities"));
        assert.match(await admin.textContent("main"), /Sam Stranger/);
        await fits(admin, javaScriptEnabled);
        await admin.context().close();
    });
}

test("a_provider_that_is_down_is_named_on_the_login_page_and_by_the_test", async () => {
    const down = await request("POST", "/api/security/sso-providers", { token: tenant.token, body: { name: "Down ID", issuer: "http://127.0.0.1:9", clientId: "x" } });
    const page = await open(browser);
    await page.goto(address(tenant.slug, "/login"));
    await page.click("text=Continue with Down ID");
    await page.waitForSelector("text=Down ID cannot be used at the moment");
    assert.match(page.url(), /\/login$/);
    await fits(page, true);
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, `/admin/sso/${down.data.id}`));
    await page.click("text=Test the connection");
    await page.waitForSelector("text=It would not work.");
    assert.match(await page.textContent("main"), /did not answer/);
    await fits(page, true);
    await page.context().close();
});

test("where_it_is_required_the_login_page_says_so_and_a_password_does_not_let_in", async () => {
    const email = `member@${tenant.slug}.test`;
    await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "Member", roles: ["staff"], password } });
    await request("PATCH", "/api/security/policy", { token: tenant.token, body: { ssoRequired: true } });
    const page = await open(browser);
    await page.goto(address(tenant.slug, "/login"));
    assert.match(await page.textContent("main"), /The password is for its owners/);
    await fits(page, true);
    await page.fill("#f-email", email);
    await page.fill("#f-password", password);
    await page.click(submit);
    await page.waitForSelector("text=by single sign-on alone");
    await page.context().close();
});
