// An operator acts as a user by page: asked for a reason, told by every page,
// and themselves again when they stop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, operator, password, request } from "../lib/client.mjs";

let browser, tenant;
const email = `helper-${Date.now()}@platform.test`;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    const made = await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Helper", kind: "operator", roles: ["support"], password } });
    assert.equal(made.status, 201, made.text);
});
after(() => browser.close());

for (const javaScriptEnabled of [true, false])
    test(`an_operator_acts_as_a_user_and_stops_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const page = await open(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
        await signIn(page, "", email, password);
        await page.goto(address("", `/platform/tenants/${tenant.id}`));
        await page.click("text=Act as a user");
        await page.waitForURL(/impersonate$/);
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("#error-summary");
        await page.fill("#people-q", "owner@");
        await page.click("text=Find people");
        await page.check(`[name=email][value="owner@${tenant.slug}.test"]`);
        await page.fill("[name=reason]", "Ticket 9");
        const posted = page.waitForRequest(/login\/impersonate$/), arrived = page.waitForURL((url) => url.hostname === `${tenant.slug}.localhost`);
        await page.click("main form.sheet button[type=submit]");
        if (!javaScriptEnabled) await page.click("main form.sheet button:has-text('Begin')"); // by itself with scripts
        const ticket = new URLSearchParams((await posted).postData()).get("ticket");
        await arrived;
        for (const path of ["/admin/crm/leads", "/account", "/admin/users"]) {
            await page.goto(address(tenant.slug, path));
            assert.match(await page.textContent(".acting"), /Helper, you are acting as Owner .*until /, path);
            if (javaScriptEnabled) assert.deepEqual(await accessibility(page), [], path);
            if (javaScriptEnabled) assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, path);
        }
        // Nothing lies over the button, however wide the window is: it is what a pointer there meets.
        for (const width of [320, 390, 640, 768, 991, 992, 1024, 1280, 1440, 1920, 2560]) {
            await page.setViewportSize({ width, height: 844 });
            await page.goto(address(tenant.slug, "/admin/users"));
            const stop = page.locator(".acting button");
            const box = await stop.boundingBox();
            for (const [x, y] of [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]].map(([a, b]) => [box.x + a * box.width, box.y + b * box.height])) {
                const met = await page.evaluate(([left, top]) => document.elementFromPoint(left, top)?.closest("button")?.textContent ?? document.elementFromPoint(left, top)?.outerHTML, [x, y]);
                assert.equal(met, "Stop", `${width} wide`);
            }
            await stop.click({ trial: true });
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${width}: no wider than the screen`);
            await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
            assert.deepEqual(await stop.boundingBox(), box, `${width}: it stays where it is`);
        }
        assert.equal((await page.goto(address(tenant.slug, "/account/password"))).status(), 403);
        const cookie = (await page.context().cookies(address(tenant.slug, "/"))).find((it) => it.name === "tulou_session").value;
        await page.click(".acting button");
        await page.waitForSelector("text=You no longer act as Owner");
        const old = await request("GET", "/admin/crm/leads", { tenant: tenant.slug, headers: { cookie: `tulou_session=${cookie}` } });
        assert.equal(old.status, 303, "the session is over");
        await page.click("text=Back to the platform");
        await page.waitForURL((url) => url.hostname === "localhost");
        assert.equal(await page.locator(".acting").count(), 0);
        // The ticket was good once, and for this door alone.
        for (const door of ["/login/impersonate", "/login/continue"]) {
            const again = await request("POST", door, { tenant: tenant.slug, raw: `ticket=${ticket}`, headers: { "content-type": "application/x-www-form-urlencoded", origin: address("", "") } });
            assert.ok(!again.headers["set-cookie"]?.some((it) => it.startsWith("tulou_session=")), door);
        }
        await page.context().close();
    });

test("a_ticket_from_elsewhere_opens_nothing", async () => {
    const answer = await request("POST", "/login/impersonate", { tenant: tenant.slug, raw: "ticket=guessed", headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://elsewhere.example" } });
    assert.equal(answer.status, 403);
});

test("who_works_in_two_tenants_chooses_one_by_page", async () => {
    const other = await makeTenant(), both = `both-${Date.now()}@people.test`;
    for (const it of [tenant, other]) {
        const made = await request("POST", "/api/platform-users", { tenant: it.slug, token: it.token, body: { email: both, name: "Both", kind: "staff", roles: ["staff"], password } });
        assert.equal(made.status, 201, made.text);
    }
    const page = await open(browser);
    await page.goto(address("", "/login"));
    await page.fill("#f-email", both);
    await page.fill("#f-password", password);
    await page.click("main button[type=submit]");
    await Promise.all([page.waitForURL((url) => url.hostname === `${other.slug}.localhost` && url.pathname !== "/login/continue"), page.click(`text=Tenant ${other.slug}`)]);
    assert.equal((await page.goto(address(other.slug, "/admin/crm/leads"))).status(), 200);
    await page.context().close();
});
