// Forgotten password, invitation, verified and changed address, in the browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { hasLink, linkOf, mailTo } from "../lib/mail.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

const submit = "main form.sheet button[type=submit]";
const follow = async (page, address, count = 1) => page.goto(linkOf(await mailTo(address, count, hasLink)).href);
async function fits(page, javaScriptEnabled) {
    if (!javaScriptEnabled) return;
    assert.deepEqual(await accessibility(page), [], page.url());
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, `${page.url()} is wider than a phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
}

for (const javaScriptEnabled of [true, false]) {
    const how = `${javaScriptEnabled ? "with" : "without"}_javascript`;
    const options = { javaScriptEnabled, ...(javaScriptEnabled ? {} : { viewport: { width: 390, height: 844 } }) };

    test(`a_forgotten_password_is_replaced_by_page_${how}`, async () => {
        const user = await makeUser(tenant, "staff");
        const page = await open(browser, options);
        await page.goto(address(tenant.slug, "/login"));
        await page.click("text=Forgotten password?");
        await page.waitForURL(/forgot-password$/);
        await page.fill("[name=email]", "no address");
        await page.click(submit);
        await page.waitForSelector("#error-summary");
        await page.fill("[name=email]", user.email);
        await fits(page, javaScriptEnabled);
        await page.click(submit);
        await page.waitForSelector("text=is on its way");
        await fits(page, javaScriptEnabled);
        await follow(page, user.email);
        assert.match(await page.textContent("main"), /At least 12 characters/);
        await page.fill("[name=password]", "qwertyuiop123");
        await page.click(submit);
        await page.waitForSelector("text=tried first");
        await fits(page, javaScriptEnabled);
        await page.fill("[name=password]", "ocean lamp quarter");
        await Promise.all([page.waitForURL(/\/login$/), page.click(submit)]);
        assert.match(await page.textContent("main"), /new password is saved/);
        await signIn(page, tenant.slug, user.email, "ocean lamp quarter");
        await page.context().close();
        const other = await open(browser, options);
        const answer = await follow(other, user.email);
        assert.equal(answer.status(), 410);
        assert.match(await other.textContent("h1"), /This link was used already/);
        await fits(other, javaScriptEnabled);
        await other.context().close();
    });

    test(`an_invitation_is_sent_sent_again_and_accepted_by_page_${how}`, async () => {
        const email = `invited-${how}@${tenant.slug}.test`;
        const page = await open(browser, options);
        await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
        await page.goto(address(tenant.slug, "/admin/users/new"));
        await page.fill("[name=email]", email);
        await page.fill("[name=name]", "Ada New");
        await page.check("[name=invite]");
        await page.click(submit);
        await page.waitForURL(/users\/[0-9a-f-]{36}$/);
        assert.match(await page.textContent("main"), /Pending/);
        await page.click("main summary >> text=More");
        await page.waitForSelector("main details >> text=Unlink");
        await fits(page, javaScriptEnabled);
        await page.click("main summary >> text=More");
        await page.click("main >> text=Send an invitation");
        await page.waitForSelector("text=The invitation is on its way");
        await fits(page, javaScriptEnabled);
        await page.context().close();
        const guest = await open(browser, options);
        await follow(guest, email, 2);
        assert.equal(await guest.inputValue("[name=name]"), "Ada New");
        await guest.fill("[name=name]", "Ada Lovely");
        await guest.fill("[name=password]", "short");
        await guest.click(submit);
        await guest.waitForSelector("#error-summary");
        assert.equal(await guest.inputValue("[name=name]"), "Ada Lovely", "what was typed is kept");
        await fits(guest, javaScriptEnabled);
        await guest.fill("[name=password]", "ocean lamp quarter");
        await Promise.all([guest.waitForURL((url) => !/accept-invitation|login/.test(url.pathname)), guest.click(submit)]);
        const [made] = (await request("GET", `/api/platform-users?email=${email}`, { token: tenant.token })).data;
        assert.deepEqual(made.roles, ["staff"], "nothing was ticked: the usual role of the kind");
        assert.match(await guest.textContent(".user-head"), /Ada Lovely/, "who accepts is signed in");
        await guest.context().close();
    });

    test(`many_are_invited_by_page_${how}`, async () => {
        const page = await open(browser, options);
        await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
        await page.goto(address(tenant.slug, "/admin/users"));
        await page.click("main >> text=Invite people");
        await page.waitForURL(/users\/invite$/);
        await page.click(submit);
        await page.waitForSelector("#error-summary");
        await page.fill("[name=people]", `Lea Marin <lea-${how}@${tenant.slug}.test>\nowner@${tenant.slug}.test\nnobody at all`);
        await fits(page, javaScriptEnabled);
        await page.click(submit);
        await page.waitForSelector("text=One invitation is on its way");
        assert.deepEqual(await page.locator("main .rows-item .status").allTextContents(), ["Invited", "Is here already", "Not invited"]);
        await fits(page, javaScriptEnabled);
        await page.click(`text=lea-${how}@`);
        await page.waitForSelector("h1:has-text('Lea Marin')");
        await page.context().close();
    });

    test(`an_address_is_confirmed_and_changed_by_page_${how}`, async () => {
        const user = await makeUser(tenant, "admin", { kind: "admin" }), fresh = `fresh-${user.email}`;
        const page = await open(browser, options);
        await signIn(page, tenant.slug, user.email, password);
        await page.goto(address(tenant.slug, "/account"));
        await page.click("text=Send a link to confirm it");
        await page.waitForSelector("text=is on its way");
        await follow(page, user.email);
        await fits(page, javaScriptEnabled);
        await page.click(submit);
        await page.waitForSelector("text=is confirmed");
        await page.goto(address(tenant.slug, "/account"));
        assert.ok(!(await page.textContent("main")).includes("not confirmed"));
        await page.click("text=Change e-mail address");
        await page.waitForURL(/account\/email$/);
        await page.fill("[name=email]", fresh);
        await page.fill("[name=currentPassword]", "wrong wrong wrong");
        await page.click(submit);
        await page.waitForSelector("text=This is not your password");
        await page.fill("[name=currentPassword]", password);
        await page.click(submit);
        await page.waitForURL(/account$/);
        await follow(page, fresh);
        await page.click(submit);
        await page.waitForSelector("text=is confirmed");
        await page.goto(address(tenant.slug, "/account"));
        assert.match(await page.textContent("main"), new RegExp(`Signed in as ${fresh}`));
        await page.context().close();
    });
}
