// From one of our hosts to another in a browser that is signed in at both. Below one
// registrable domain it sends the other host's cookie along, below localhost it does not.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { address, launch, open, signIn } from "./browser.mjs";
import { base, makeTenant, operator, password, request } from "./client.mjs";
import { invited } from "./workspaces.mjs";

const at = (tenant) => (url) => url.hostname === `${tenant.slug}.${base}`;
const isIn = async (page, tenant, email) => {
    await page.goto(address(tenant.slug, "/account"));
    await page.waitForSelector(`text=Signed in as ${email}`);
};
const press = (page, button, where) => Promise.all([page.waitForURL(where), page.click(button)]);

export function handoverTests(more = []) {
    let browser, a, b;
    const email = `ada-${randomUUID().slice(0, 8)}@adviser.test`, owner = (tenant) => `owner@${tenant.slug}.test`;
    before(async () => {
        browser = await launch(more);
        [a, b] = [await makeTenant(), await makeTenant()];
        for (const it of [a, b]) await invited(it, email);
    });
    after(() => browser.close());

    // Somebody else is signed in there already.
    async function signedInAs(page, tenant, who) {
        await page.context().clearCookies({ domain: `${tenant.slug}.${base}` });
        await signIn(page, tenant.slug, who, password);
        await isIn(page, tenant, who);
    }
    // What the browser sends along tells the two kinds of domains apart.
    async function sends(page, door) {
        const request = await page.waitForRequest((it) => it.method() === "POST" && new URL(it.url()).pathname === door);
        return (await request.allHeaders()).cookie?.includes("tulou_session=") ?? false;
    }
    const siblings = base !== "localhost";

    test("workspaces_are_linked_and_switched_by_who_is_signed_in_at_both", async () => {
        const page = await open(browser);
        await signedInAs(page, b, email);
        await signedInAs(page, a, email);
        await page.goto(address(a.slug, "/account/workspaces"));
        await page.fill("#f-workspace", b.slug);
        const linkSends = sends(page, "/login/link");
        await press(page, "main form[action$='/link'] button[type=submit]", (url) => at(b)(url) && url.pathname === "/account/workspaces/join");
        assert.equal(await linkSends, siblings);
        await press(page, "text=Link the accounts", (url) => url.pathname === "/account/workspaces");
        await page.waitForSelector(".notice-success");
        await signedInAs(page, b, owner(b));
        await page.goto(address(a.slug, "/account/workspaces"));
        const switchSends = sends(page, "/login/switch");
        await press(page, "main >> text=Go there", at(b));
        assert.equal(await switchSends, siblings);
        await isIn(page, b, email);
        // Of http anywhere but at localhost Chromium says that it ignores this header.
        assert.deepEqual(page.complaints.filter((it) => !it.startsWith("The Cross-Origin-Opener-Policy header has been ignored")), []);
        await page.context().close();
    });

    test("a_workspace_is_chosen_at_the_bare_domain_by_who_is_signed_in_there_as_somebody_else", async () => {
        const page = await open(browser);
        await signedInAs(page, a, owner(a));
        await page.goto(address("", "/login"));
        await page.fill("#f-email", email);
        await page.fill("#f-password", password);
        await page.click("main button[type=submit]");
        const cookie = sends(page, "/login/continue");
        await press(page, `main form[action*='//${a.slug}.'] button`, at(a));
        assert.equal(await cookie, siblings);
        await isIn(page, a, email);
        await page.context().close();
    });

    test("an_operator_acts_as_a_user_where_somebody_is_signed_in", async () => {
        const page = await open(browser), helper = `op-${randomUUID().slice(0, 8)}@platform.test`;
        const made = await request("POST", "/api/admin-users", { token: await operator(), body: { email: helper, name: "Helper", kind: "operator", roles: ["support"], password } });
        assert.equal(made.status, 201, made.text);
        await signedInAs(page, a, email);
        await page.goto(address("", "/login"));
        await page.fill("#f-email", helper);
        await page.fill("#f-password", password);
        await press(page, "main button[type=submit]", (url) => url.pathname !== "/login");
        await page.goto(address("", `/platform/tenants/${a.id}/impersonate`));
        await page.check(`[name=email][value="${owner(a)}"]`);
        await page.fill("[name=reason]", "Ticket 9");
        const cookie = sends(page, "/login/impersonate");
        await press(page, "main form.sheet button[type=submit]", at(a)); // the ticket goes on by itself
        assert.equal(await cookie, siblings);
        await page.waitForSelector(".acting");
        await page.context().close();
    });
}
