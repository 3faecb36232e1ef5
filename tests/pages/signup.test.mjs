// Signing up in the browser, and the first steps in the workspace that comes of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, chooseAction, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, operator, password, request } from "../lib/client.mjs";
import { linkOf, mailTo } from "../lib/mail.mjs";
import { setSignup, signUp, unique } from "../lib/signup.mjs";

let browser;
before(async () => {
    browser = await launch();
    await setSignup();
});
after(async () => {
    await setSignup({ enabled: false });
    await browser.close();
});

const submit = "main form[action='/signup'] button[type=submit]";
async function fits(page, javaScriptEnabled) {
    if (!javaScriptEnabled) return;
    assert.deepEqual(await accessibility(page), [], page.url());
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.documentElement.scrollWidth <= 390); // a chart is drawn anew a moment later
    await page.setViewportSize({ width: 1280, height: 800 });
}
async function type(page, values) {
    for (const [name, value] of Object.entries(values)) await page.fill(`[name=${name}]`, value);
}

for (const javaScriptEnabled of [true, false]) {
    const how = `${javaScriptEnabled ? "with" : "without"}_javascript`;
    const options = { javaScriptEnabled, colorScheme: javaScriptEnabled ? "light" : "dark", ...(javaScriptEnabled ? {} : { viewport: { width: 390, height: 844 } }) };

    test(`somebody_signs_up_and_lands_in_the_workspace_${how}`, async () => {
        const page = await open(browser, options), word = unique(), taken = (await signUp()).data.slug;
        await page.goto(address("", "/login"));
        await page.click("text=New here? Sign up");
        await page.waitForURL(/\/signup$/);
        await fits(page, javaScriptEnabled);
        await type(page, { organisation: `Bäcker ${word}`, name: "Ina Berg", email: "no address", password: "qwertyuiop" });
        if (javaScriptEnabled) {
            await page.waitForFunction((wanted) => document.querySelector("[name=slug]").value === wanted, `backer-${word}`);
            await page.waitForSelector("text=This address is free.");
            await page.fill("[name=slug]", taken);
            await page.waitForSelector("text=Another workspace has this address.");
        }
        await page.click(submit);
        await page.waitForSelector("#error-summary");
        await fits(page, javaScriptEnabled);
        assert.equal(await page.inputValue("[name=organisation]"), `Bäcker ${word}`);
        await type(page, { slug: taken, email: `ina@${word}.test`, password });
        await page.click(submit);
        await page.waitForSelector("text=Another workspace has this address.");
        await page.waitForSelector(`text=backer-${word}`);
        assert.equal(await page.inputValue("[name=email]"), `ina@${word}.test`);
        await fits(page, javaScriptEnabled);
        await type(page, { slug: "", password });
        await page.click(submit);
        if (!javaScriptEnabled) {
            await page.waitForSelector("text=Your workspace is ready");
            await page.click("text=Enter the workspace");
        }
        await page.waitForURL((url) => url.hostname === `backer-${word}.localhost` && url.pathname === "/admin");
        await page.waitForSelector("text=Getting started");
        await page.waitForSelector("text=Confirm your e-mail address");
        await fits(page, javaScriptEnabled);
        assert.equal(await page.locator(".todo").count(), 5);
        assert.equal(await page.locator(".todo-done").count(), 0);
        await page.click("text=Say who you are");
        await page.waitForURL(/\/admin\/organisation$/);
        await fits(page, javaScriptEnabled);
        await type(page, { address: "1 Hill Street" });
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("text=Organisation saved.");
        await page.goto(address(`backer-${word}`, "/admin/plan"));
        assert.match(await page.textContent("main"), /On trial until/);
        await fits(page, javaScriptEnabled);
        await page.goto(linkOf(await mailTo(`ina@${word}.test`)).href);
        await page.click("main form.sheet button[type=submit]");
        await page.waitForFunction(() => location.pathname !== "/verify-email" || document.body.textContent.includes("confirmed"));
        await page.goto(address(`backer-${word}`, "/admin"));
        assert.doesNotMatch(await page.textContent("main"), /Confirm your e-mail address/);
        assert.equal(await page.locator(".todo-done").count(), 1);
        await page.click("text=Put this away");
        await page.waitForSelector("text=The checklist is put away.");
        assert.equal(await page.locator(".todo").count(), 0);
        await page.click("text=Show the first steps again");
        await page.waitForSelector("text=Getting started");
        if (javaScriptEnabled) assert.deepEqual(page.complaints.filter((it) => !/409|422/.test(it)), []);
        await page.context().close();
    });
}

test("while_it_is_off_the_page_says_so_and_nothing_leads_there", async () => {
    await setSignup({ enabled: false });
    const page = await open(browser);
    for (const path of ["/", "/login"]) {
        await page.goto(address("", path));
        assert.equal(await page.locator("a[href='/signup']").count(), 0, path);
    }
    await page.goto(address("", "/signup"));
    assert.match(await page.textContent("main"), /New workspaces are made by the people who run this place/);
    await fits(page, true);
    await setSignup();
    await page.goto(address("", "/"));
    assert.equal(await page.locator("a[href='/signup']").count(), 1);
    const { slug } = await makeTenant();
    await page.goto(address(slug, "/login"));
    assert.equal(await page.locator("a[href='/signup']").count(), 0);
    await page.context().close();
});

test("an_operator_sees_how_far_a_tenant_is_and_restores_one", async () => {
    const email = `op-${unique()}@platform.test`, { data } = await signUp(), gone = await makeTenant();
    await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Op", kind: "operator", roles: ["superadmin"], password } });
    const page = await open(browser);
    await signIn(page, "", email, password);
    await page.goto(address("", `/platform/tenants/${data.id}`));
    await page.waitForSelector("text=First steps: 0 of 5 done");
    await page.waitForSelector("text=without that it is erased");
    await fits(page, true);
    await chooseAction(page, "Extend the trial");
    await page.fill("[name=days]", "400");
    await page.click("main form.sheet button[type=submit]");
    await page.waitForSelector("#error-summary");
    await page.fill("[name=days]", "20");
    await page.click("main form.sheet button[type=submit]");
    await page.waitForSelector("text=The trial is longer now");
    await page.goto(address("", `/platform/tenants/${gone.id}/delete`));
    assert.match(await page.textContent("main"), /it can be restored as it was. Then all of it is erased/);
    await fits(page, true);
    await page.fill("[name=confirm]", gone.slug);
    await page.click("main form.sheet button[type=submit]");
    await page.waitForURL(/\/platform\/deleted-tenants/);
    await fits(page, true);
    await page.click(`main a[href^="/platform/deleted-tenants/${gone.id}"]`);
    await page.waitForSelector("text=It comes back as it was");
    await fits(page, true);
    await page.click("main form[action$='/restore'] button[type=submit]");
    await page.waitForSelector("text=Tenant restored.");
    assert.equal((await request("GET", "/api/crm/leads", { token: gone.token })).status, 200);
    await page.goto(address("", "/platform/settings"));
    await page.click("main >> text=Sign-up");
    await page.waitForSelector("text=Days of the trial");
    await fits(page, true);
    await page.context().close();
});
