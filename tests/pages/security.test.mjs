// What lets somebody in, on one page: for themselves and for administrators.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { address, launch, open, signIn } from "../lib/browser.mjs";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";

let browser, tenant, user;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    user = await makeUser(tenant, "admin", { kind: "admin", name: "Iris" });
    const key = await request("POST", "/api/security/api-keys", { token: user.access_token, body: { name: "Nightly", permissions: ["crm.leads:read"] } });
    assert.equal(key.status, 201, key.text);
    await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password: "wrong" } });
    const acting = await request("POST", `/api/tenants/${tenant.id}/impersonate`, { token: await operator(), body: { userId: user.id, reason: "Ticket 31" } });
    assert.equal(acting.status, 200, acting.text);
});
after(() => browser.close());

const works = async (token) => (await request("GET", "/api/crm/leads", { token })).status === 200;

test("one_sees_ones_own_and_signs_other_sessions_out", async () => {
    const elsewhere = await login(user.email, password, { tenant: tenant.slug });
    const page = await open(browser);
    await signIn(page, tenant.slug, user.email, password);
    await page.click(".user-button");
    await page.click("#user-menu >> text=Security");
    await page.waitForURL(/\/account\/security$/);
    const text = await page.textContent("main");
    for (const expected of [/This session/, /Nightly/, /the password alone opens/, /never used/, /Failed/, /Worked/, /of the platform acts as the user: Ticket 31/]) assert.match(text, expected);
    const others = page.locator("main form button", { hasText: "Sign out" });
    for (let left = await others.count(); left > 0; left--) {
        await others.first().click();
        await page.waitForFunction((count) => document.querySelectorAll("main form button").length === count, left - 1);
    }
    assert.ok(!(await works(elsewhere.access_token)));
    assert.ok(!(await works(user.access_token)));
    assert.equal((await page.goto(address(tenant.slug, "/account/security"))).status(), 200, "this session goes on");
    await page.context().close();
});

test("administrators_see_each_user_and_sign_them_out", async () => {
    const session = await login(user.email, password, { tenant: tenant.slug });
    const page = await open(browser, { javaScriptEnabled: false });
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/security"));
    assert.match(await page.textContent(".figures"), /2 Users with a password alone[^]*1 Failed sign-ins in a day/);
    await page.click("text=Iris");
    await page.waitForURL(new RegExp(`/admin/security/${user.id}$`));
    assert.ok(await works(session.access_token));
    await Promise.all([page.waitForResponse((it) => it.request().method() === "POST"), page.locator("main form button").first().click()]);
    assert.match(await page.textContent("main"), /was signed out/);
    assert.ok(!(await works(session.access_token)));
    await page.context().close();
});

test("security_of_another_tenant_or_of_the_mightier_is_closed", async () => {
    const other = await makeTenant(), page = await open(browser);
    await signIn(page, tenant.slug, user.email, password);
    assert.equal((await page.goto(address(tenant.slug, `/admin/security/${other.owner.user.id}`))).status(), 404);
    assert.equal((await page.goto(address(tenant.slug, "/admin/security/nonsense"))).status(), 404);
    // An administrator sees the owner, who is ranked above, but does not sign them out.
    await page.goto(address(tenant.slug, `/admin/security/${tenant.owner.user.id}`));
    await Promise.all([page.waitForResponse((it) => it.request().method() === "POST" && it.status() === 403), page.locator("main form button").first().click()]);
    assert.ok(await works(tenant.token));
    await page.context().close();
});

test("a_password_can_be_looked_at_while_it_is_typed_and_is_said_to_be_weak_or_strong", async () => {
    const page = await open(browser), own = await makeUser(tenant, "staff");
    await signIn(page, tenant.slug, own.email, password);
    await page.goto(address(tenant.slug, "/account/password"));
    const field = page.locator("input[autocomplete=new-password]").first(), said = page.locator(".password-strength [role=status]").first();
    const type = () => field.getAttribute("type");
    assert.equal(await page.locator("input[autocomplete=current-password]").count(), 1);
    assert.equal(await page.locator("input[autocomplete=current-password] ~ .password-strength, .password-box:has(input[autocomplete=current-password]) + .password-strength").count(), 0, "what one has is not judged");
    const seen = [];
    for (const word of ["aaaaaaaaaaaa", "abcdefghijkl", "correct horse", "nine quick otters juggle"]) {
        await field.fill(word);
        seen.push(await said.textContent());
    }
    assert.deepEqual(seen, ["This password is very weak.", "This password is very weak.", "This password is weak.", "This password is very strong."]);
    await field.fill("");
    assert.equal(await said.textContent(), "");
    assert.equal(await page.locator(".password-strength meter").first().isVisible(), false);
    const show = page.locator(".password-box", { has: field }).getByRole("button", { name: "Show what is typed" });
    assert.equal(await type(), "password");
    await show.click();
    assert.equal(await type(), "text");
    assert.equal(await page.evaluate(() => document.activeElement.autocomplete), "new-password", "one types on");
    await page.locator(".password-box", { has: field }).getByRole("button", { name: "Hide what is typed" }).click();
    assert.equal(await type(), "password");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});
