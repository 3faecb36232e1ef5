// API keys by page: made, shown once, used, revoked.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, password, request } from "../lib/client.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

for (const javaScriptEnabled of [true, false])
    test(`a_key_is_made_shown_once_and_revoked_by_page_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const page = await open(browser, { javaScriptEnabled });
        await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
        await page.goto(address(tenant.slug, "/admin/api-keys"));
        await page.click("text=New API key");
        await page.waitForURL(/api-keys\/new$/);
        await page.fill("[name=name]", "Paged key");
        await page.fill("[name=networks]", "10.0.0.1/8");
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("#error-summary");
        assert.equal(await page.inputValue("[name=name]"), "Paged key", "what was typed is kept");
        await page.fill("[name=networks]", "127.0.0.0/8\n::1/128");
        await page.check('[value="crm.leads:read"]');
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("#given-key");
        if (javaScriptEnabled) assert.deepEqual(await accessibility(page), []);
        const key = await page.inputValue("#given-key");
        assert.equal((await request("GET", "/api/crm/leads", { token: key })).status, 200);
        if (javaScriptEnabled) {
            const [file] = await Promise.all([page.waitForEvent("download"), page.click("main >> text=Download")]);
            assert.equal(readFileSync(await file.path(), "utf8").trim(), key);
        } else assert.equal(await page.locator("main >> text=Download").isVisible(), false);
        await page.click("text=I have copied it");
        await page.waitForURL(/api-keys\/[0-9a-f-]{36}$/);
        assert.ok(!(await page.content()).includes(key));
        assert.match(await page.textContent("main"), /Active/);
        await page.click("main >> text=Revoke");
        await page.waitForURL(/revoke$/);
        await Promise.all([page.waitForURL(/api-keys\/[0-9a-f-]{36}$/), page.click("main form button[type=submit]")]);
        assert.equal((await request("GET", "/api/crm/leads", { token: key })).error.code, "api_key_revoked");
        assert.match(await page.textContent("main"), /Revoked/);
        await page.context().close();
    });
