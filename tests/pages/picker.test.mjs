// A record is chosen by its name, with and without scripts, from the keyboard too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, password, request } from "../lib/client.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    for (const name of ["Ada Archer", "Ada Baker", "Cleo Carter"]) await request("POST", "/api/crm/contacts", { token: tenant.token, body: { name } });
});
after(() => browser.close());

test("a_contact_is_found_while_one_types_and_chosen_by_keyboard", async () => {
    const page = await open(browser);
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/crm/deals/new"));
    await page.fill("[name=name]", "By keyboard");
    await page.focus("#f-contactId-find");
    await page.keyboard.type("ada");
    await page.waitForSelector("#f-contactId-list [role=option] >> nth=1");
    assert.deepEqual(await page.locator("#f-contactId-list [role=option]").allTextContents(), ["Ada Archer", "Ada Baker"]);
    assert.deepEqual(await accessibility(page), []);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await page.inputValue("#f-contactId-find"), "Ada Baker");
    await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.match(await page.textContent("main"), /Ada Baker/);
    await page.click("text=Edit");
    await page.waitForSelector("#f-contactId-find");
    assert.equal(await page.inputValue("#f-contactId-find"), "Ada Baker");
    await page.fill("#f-contactId-find", "");
    await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.doesNotMatch(await page.textContent("main"), /Ada Baker/);
    await page.context().close();
});

test("without_javascript_what_was_found_comes_back_with_the_form", async () => {
    const page = await open(browser, { javaScriptEnabled: false });
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/crm/deals/new"));
    await page.fill("[name=name]", "By radio");
    await page.fill("#f-contactId-find", "ada");
    await page.click("main form.sheet button.btn-primary");
    await page.waitForSelector("#error-summary");
    await page.check("text=Ada Archer");
    await page.fill("#f-contactId-find", "");
    await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.match(await page.textContent("main"), /Ada Archer/);
    await page.context().close();
});
