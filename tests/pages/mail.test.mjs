// The messages that are kept for want of a mail server, as operators see them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, operator, password, request } from "../lib/client.mjs";
import { mailTo, tokenOf } from "../lib/mail.mjs";

let browser, tenant;
const makeOperator = (email, role) => operator().then((token) => request("POST", "/api/admin-users", { token, body: { email, name: "Mail", kind: "operator", roles: [role], password } }));
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    await makeOperator("mail@platform.test", "superadmin");
    await makeOperator("mail-auditor@platform.test", "auditor");
});
after(() => browser.close());

test("operators_read_what_would_have_been_sent", async () => {
    const email = `owner@${tenant.slug}.test`;
    assert.equal((await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email } })).status, 204);
    const mail = await mailTo(email), page = await open(browser, { viewport: { width: 390, height: 844 } });
    await signIn(page, "", "mail@platform.test", password);
    await page.goto(address("", "/platform/mail"));
    assert.deepEqual(await accessibility(page), []);
    await page.getByRole("link", { name: mail.subject }).first().click();
    await page.locator("h1", { hasText: mail.subject }).waitFor(); // htmx puts it in when it is there
    assert.equal(await page.locator("h1").innerText(), mail.subject);
    assert.ok((await page.locator("main").innerText()).includes(tokenOf(mail)));
    assert.deepEqual(await accessibility(page), []);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, "fits a phone");
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    assert.equal(file.suggestedFilename(), `${mail.id}.eml`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("who_may_read_everything_else_does_not_read_mail", async () => {
    const page = await open(browser);
    await signIn(page, "", "mail-auditor@platform.test", password);
    assert.equal((await page.goto(address("", "/platform/mail"))).status(), 403);
    await page.context().close();
});
