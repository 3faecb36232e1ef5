// Every page that the areas declare, at a desk and on a phone, in light and in
// dark: no rule of WCAG 2.2 AA broken, nothing wider than the screen, no error
// in the console. The pages come from the areas' own tables.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, accessibilityInBoth, address, launch, open, signIn } from "../lib/browser.mjs";
import { folder, makeTenant, operator, password, request } from "../lib/client.mjs";
import { upload } from "../lib/files.mjs";
import { areas } from "../lib/routes.mjs";
import { connect } from "../lib/worker.mjs";

const pages = areas.flatMap((area) => area.routes).filter((it) => it.answer === "page" && it.method === "GET");
let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    const lead = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Nora", email: "nora@example.com", valueAmount: 100 } });
    await upload(`/api/crm/leads/${lead.data.id}/attachments`, tenant.token, "offer.txt", "An offer.");
    await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "Walked", permissions: ["crm.leads:read"] } });
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "desk", name: "Desk", permissions: ["crm.leads:read"] } });
    await request("POST", "/api/admin-users", { token: await operator(), body: { email: "walker@platform.test", name: "Walker", kind: "operator", roles: ["superadmin"], password } });
    const db = await connect(folder);
    await db.query("insert into everyone.jobs (tenant_id, kind, queue, state, attempts, error, failed_at) values ($1, 'walked', 'walked', 'dead', 3, 'It failed.', now())", [tenant.id]);
    await db.end();
});
after(() => browser.close());

// A path with ids: each of the first record that the list above it links to, or the page above
// that, where the list is a part of it.
async function resolve(page, host, path, known) {
    while (path?.includes(":")) {
        const list = path.slice(0, path.indexOf("/:"));
        if (!known.has(list)) {
            const answer = await page.goto(address(host, list));
            if (answer.status() !== 200) await page.goto(address(host, list.slice(0, list.lastIndexOf("/"))));
            known.set(list, await page.locator(`main a[href^="${list}/"]`).evaluateAll((all, prefix) => all.map((it) => it.getAttribute("href")).find((it) => /^[0-9a-f-]{36}/.test(it.slice(prefix.length + 1))), list));
        }
        const link = known.get(list);
        path = link ? path.replace(/^.*?:\w+/, link.split("?")[0].slice(0, list.length + 37)) : undefined;
    }
    return path;
}

const looks = [{ viewport: { width: 1280, height: 800 } }, { viewport: { width: 390, height: 844 } }];

// As it stands in a window of this size, with what is drawn once it has been fetched. The page
// of the API's document is a library's, which has one look and scrolls.
async function lookAt(page, look, path) {
    await page.setViewportSize(look.viewport);
    const title = `${path} at ${look.viewport.width}`, ours = path !== "/api/docs";
    if (!ours || (await page.locator(".chart-area").count())) await page.waitForLoadState("networkidle");
    if (!ours) await page.waitForSelector(".opblock");
    assert.deepEqual(await (ours ? accessibilityInBoth(page) : accessibility(page)), [], title);
    assert.deepEqual(page.complaints, [], title);
    if (ours) assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= look.viewport.width, `${title} is wider than the screen`);
}

// A page is loaded once for both looks: what a look changes is the style's alone, and most of a
// look's cost is the page's arrival and rules that are new to the browser there. This walk takes
// every second page, loads it in the first look and goes on to the other.
async function walkEverySecond(first, [one, other], { host, email, word, wanted }) {
    const page = await open(browser, one);
    await signIn(page, host, email, word);
    const known = new Map(); // the record of each list
    let seen = 0;
    for (const route of pages.filter(wanted).filter((_, at) => at % 2 === first)) {
        const path = await resolve(page, host, route.path, known);
        if (!path) continue;
        await page.setViewportSize(one.viewport);
        page.complaints.length = 0;
        const answer = await page.goto(address(host, path));
        assert.equal(answer.status(), 200, path);
        for (const look of [one, other]) await lookAt(page, look, path);
        seen++;
    }
    assert.ok(seen > 5, `${seen} pages`);
    await page.context().close();
}

const walk = (host, email, word, wanted) => Promise.all([looks, [...looks].reverse()].map((order, first) => walkEverySecond(first, order, { host, email, word, wanted })));

test("the_pages_of_a_tenant_are_accessible_and_fit", async () => {
    await walk(tenant.slug, `owner@${tenant.slug}.test`, password, (it) => !it.path.startsWith("/platform") && it.path !== "/login" && it.path !== "/");
});

test("the_pages_of_operators_are_accessible_and_fit", async () => {
    await walk("", "walker@platform.test", password, (it) => it.path.startsWith("/platform"));
});

test("the_pages_before_sign_in_are_accessible_and_fit", async () => {
    for (const look of looks) {
        const page = await open(browser, look);
        for (const path of ["/", "/login"]) {
            await page.goto(address(tenant.slug, path));
            assert.deepEqual(await accessibilityInBoth(page), [], path);
            assert.deepEqual(page.complaints, [], path);
        }
        await page.context().close();
    }
});
