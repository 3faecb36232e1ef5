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
    assert.match(await page.textContent("dl.facts"), /Ada Baker/);
    await page.click("text=Edit");
    await page.waitForSelector("#f-contactId-find");
    assert.equal(await page.inputValue("#f-contactId-find"), "Ada Baker");
    await page.fill("#f-contactId-find", "");
    await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.doesNotMatch(await page.textContent("dl.facts"), /Ada Baker/); // its timeline tells of before
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

test("who_adds_a_contact_is_told_of_one_alike_and_two_are_merged_from_the_list", async () => {
    const page = await open(browser);
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    await page.goto(address(tenant.slug, "/admin/crm/contacts/new"));
    await page.fill("[name=name]", "cleo carter");
    await page.waitForSelector("[data-alike] a");
    assert.deepEqual(await page.locator("[data-alike] a").allTextContents(), ["Cleo Carter"]);
    assert.deepEqual(await accessibility(page), []);
    await page.fill("[name=name]", "Cleo Carter-Blum");
    await page.waitForSelector("[data-alike] a", { state: "detached" });
    await Promise.all([page.waitForURL(/contacts\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    await page.waitForSelector(".notice.floating");
    assert.deepEqual(await accessibility(page), []);
    await page.click(".notice-close");
    await page.waitForSelector(".notice.floating", { state: "detached" });
    await page.goto(address(tenant.slug, "/admin/crm/contacts?q=cleo"));
    for (const box of await page.locator("input[name=id]").all()) await box.check();
    await page.click("button[formaction$=bulk-merge]");
    await page.waitForSelector("h1:text('Merge 2 contacts')");
    assert.deepEqual(await accessibility(page), []);
    await page.check(`[name="take.name"] >> nth=1`);
    await page.setViewportSize({ width: 360, height: 800 });
    assert.deepEqual(await accessibility(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll");
    await Promise.all([page.waitForURL(/contacts\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.equal(await page.textContent(".notice.floating a"), "Undo");
    await page.context().close();
});
