// The bell and the page of notifications, with and without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, makeUser, password, request } from "../lib/client.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

async function told() {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const answer = await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    assert.equal(answer.status, 204);
    return user;
}

for (const javaScriptEnabled of [true, false])
    test(`the_bell_counts_leads_to_the_page_and_falls_silent_${javaScriptEnabled ? "with" : "without"}_script`, async () => {
        const user = await told();
        const page = await open(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
        await signIn(page, tenant.slug, user.email, "another correct horse");
        assert.equal((await page.textContent("#bell .bell-count")).trim(), "1");
        assert.equal(await page.getAttribute("#bell", "aria-label"), "Notifications, 1 unread");
        await Promise.all([page.waitForURL(/\/notifications$/), page.click("#bell")]);
        await page.waitForSelector(".notice-unread");
        if (javaScriptEnabled) assert.deepEqual(await accessibility(page), []);
        await Promise.all([page.waitForURL(/\/account$/), page.click("main .notice-unread button")]);
        await page.waitForSelector("#bell .bell-count", { state: "hidden" });
        assert.equal(await page.getAttribute("#bell", "aria-label"), "Notifications");
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });

test("preferences_are_kept_by_page", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const page = await open(browser);
    await signIn(page, tenant.slug, user.email, password);
    await page.goto(address(tenant.slug, "/notifications/preferences"));
    const box = "[name='in_app/auth.password_changed']";
    assert.equal(await page.isChecked(box), true);
    await page.uncheck(box);
    await page.click("main form button[type=submit]");
    await page.waitForSelector(".notice-success");
    await page.goto(address(tenant.slug, "/notifications/preferences"));
    assert.equal(await page.isChecked(box), false);
    assert.equal(await page.isChecked("[name='in_app/users.rights_changed']"), true);
    await page.context().close();
});
