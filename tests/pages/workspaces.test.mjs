// Linking two workspaces in one browser, and going from one to the other.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { accessibility, address, chooseAction, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, password, request } from "../lib/client.mjs";
import { invited } from "../lib/workspaces.mjs";

let browser;
before(async () => {
    browser = await launch();
});
after(() => browser.close());

async function world() {
    const tenants = [await makeTenant(), await makeTenant()], email = `ada-${randomUUID().slice(0, 8)}@adviser.test`;
    for (const it of tenants) it.user = (await invited(it, email, { name: "Ada" })).id;
    return { tenants, email };
}
async function clean(page) {
    assert.deepEqual(await accessibility(page), [], page.url());
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= page.viewportSize().width, page.url());
}
const on = (tenant) => (url) => url.hostname === `${tenant.slug}.localhost`;

for (const javaScriptEnabled of [true, false])
    test(`two_workspaces_are_linked_and_switched_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const { tenants: [a, b], email } = await world();
        const page = await open(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
        const press = async (text, where) => {
            await page.click(text);
            if (!javaScriptEnabled) await page.click("main form.sheet-narrow button[type=submit]");
            await page.waitForURL(where);
        };
        await signIn(page, a.slug, email, password);
        await page.goto(address(a.slug, "/account/workspaces"));
        assert.equal(await page.locator(".switcher-button").count(), 0, "nowhere to go yet");
        if (javaScriptEnabled) await clean(page);
        await page.fill("#f-workspace", "no-such-workspace-x");
        await page.click("main form[action$='/link'] button[type=submit]");
        await page.waitForSelector("#error-summary");
        await page.fill("#f-workspace", b.slug);
        await press("main form[action$='/link'] button[type=submit]", on(b));
        // Not signed in there: the password of that account is asked once.
        await page.fill("#f-email", email);
        await page.fill("#f-password", password);
        await Promise.all([page.waitForURL(/\/account\/workspaces\/join/), page.click("main button[type=submit]")]);
        if (javaScriptEnabled) await clean(page);
        await page.click("text=Link the accounts");
        await page.waitForSelector(".notice-success");
        await page.waitForSelector(`main >> text=${a.slug}`);
        if (javaScriptEnabled) await clean(page);
        // Signed out here; from the other workspace one comes back without the password.
        await page.context().clearCookies({ domain: `${b.slug}.localhost` });
        await page.goto(address(a.slug, "/account"));
        if (javaScriptEnabled) {
            await page.click(".switcher-button");
            await clean(page);
        } else {
            await page.goto(address(a.slug, "/account/workspaces"));
        }
        await press(javaScriptEnabled ? "#switcher button" : "main >> text=Go there", on(b));
        await page.goto(address(b.slug, "/account"));
        await page.waitForSelector(`text=Signed in as ${email}`);
        if (javaScriptEnabled) assert.deepEqual(page.complaints.filter((it) => !/422/.test(it)), []);
        // The tenant ends it: the session that came by it is over.
        await request("POST", `/api/platform-users/${b.user}/unlink`, { token: b.token });
        await page.goto(address(b.slug, "/account"));
        await page.waitForURL(/\/login/);
        await page.context().close();
    });

test("an_administrator_ends_the_links_of_a_user_by_page", async () => {
    const { tenants: [a] } = await world();
    const page = await open(browser);
    await signIn(page, a.slug, `owner@${a.slug}.test`, password);
    await page.goto(address(a.slug, `/admin/users/${a.user}`));
    await chooseAction(page, "Unlink");
    await clean(page);
    await page.click("main button[type=submit]");
    await page.waitForSelector(".notice-success");
    await page.context().close();
});
