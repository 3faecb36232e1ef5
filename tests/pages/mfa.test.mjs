// Two-step sign-in by page, with and without JavaScript. The QR code is read by
// jsQR from what the browser draws, the code made by otplib.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import jsQR from "jsqr";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, makeUser, password } from "../lib/client.mjs";
import { codeOf, enrol, sql } from "../lib/factors.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

// What stands in a picture, as a phone's camera would see it.
async function readQr(page) {
    const { data, width, height } = await page.evaluate(() => {
        const image = document.querySelector("img.qr"), canvas = document.createElement("canvas");
        canvas.width = canvas.height = 480;
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0, 480, 480);
        return { data: [...context.getImageData(0, 0, 480, 480).data], width: 480, height: 480 };
    });
    return jsQR(Uint8ClampedArray.from(data), width, height)?.data;
}

async function submit(page, selector = "main form.sheet button[type=submit]") {
    await Promise.all([page.waitForNavigation(), page.click(selector)]);
}

for (const javaScriptEnabled of [true, false])
    test(`an_app_is_set_up_and_asked_for_at_sign_in_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const user = await makeUser(tenant, "staff");
        const page = await open(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
        const fits = async (title) => {
            if (!javaScriptEnabled) return;
            assert.deepEqual(await accessibility(page), [], title);
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, `${title} is wider than the screen`);
            assert.deepEqual(page.complaints, [], title);
        };
        await signIn(page, tenant.slug, user.email, password);
        await page.goto(address(tenant.slug, "/account/two-step"));
        await page.click("main form[action='/account/two-step/app'] button");
        await page.waitForSelector("img.qr");
        await fits("the new app");
        const secret = await page.inputValue("#app-secret");
        if (javaScriptEnabled) assert.equal(new URL(await readQr(page)).searchParams.get("secret"), secret, "the QR code says the same");
        await page.fill("#f-code", "000000");
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("#f-code-error");
        page.complaints.length = 0; // the browser's line about the 422
        await fits("a wrong code");
        await page.fill("#f-code", codeOf(secret));
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector(".codes");
        await fits("the codes");
        const codes = await page.locator(".codes code").allTextContents();
        assert.equal(codes.length, 10);

        await page.context().clearCookies();
        await page.goto(address(tenant.slug, "/login?next=/account/two-step"));
        await page.fill("#f-email", user.email);
        await page.fill("#f-password", "not the password");
        await submit(page);
        assert.match(await page.textContent("#error-summary"), /password is wrong/);
        await page.fill("#f-password", password);
        await submit(page);
        page.complaints.length = 0;
        await fits("the second step");
        await page.fill("#f-code", "111111");
        page.complaints.length = 0;
        await submit(page);
        assert.match(await page.textContent("#error-summary"), /not a right code/);
        page.complaints.length = 0;
        await page.fill("#f-code", codes[0]);
        await submit(page);
        assert.equal(new URL(page.url()).pathname, "/account/two-step", await page.textContent("main"));
        assert.match(await page.textContent("main"), /9 of your recovery codes/);
        await fits("the list");
    });

test("what_is_dangerous_asks_for_a_code_and_leads_back", async () => {
    const user = await makeUser(tenant, "staff"), app = await enrol(user), page = await open(browser);
    await page.goto(address(tenant.slug, "/login"));
    await page.fill("#f-email", user.email);
    await page.fill("#f-password", password);
    await submit(page);
    await page.fill("#f-code", app.codes[0]);
    await submit(page);
    sql(`update everyone.sessions set confirmed_at = now() - interval '11 minutes' where user_id = '${user.id}'`);
    await page.goto(address(tenant.slug, `/account/two-step/factors/${app.id}`));
    assert.deepEqual(await accessibility(page), []);
    await page.click("main form[action$='/remove'] button");
    await page.waitForURL(/account\/confirm/);
    assert.deepEqual(await accessibility(page), []);
    await page.fill("#f-code", codeOf(app.secret, 1));
    await submit(page);
    assert.equal(new URL(page.url()).pathname, `/account/two-step/factors/${app.id}`);
    await page.click("main form[action$='/remove'] button");
    await page.waitForURL(/account\/two-step$/);
    assert.match(await page.textContent("main"), /Your password alone opens this account/);
});
