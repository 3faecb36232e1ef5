// What people do: make and suspend a tenant, work with leads, import users, tick
// permissions; with and without JavaScript.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { login, makeTenant, operator, password, request } from "../lib/client.mjs";
import { linkOf, mailTo } from "../lib/mail.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
    await request("POST", "/api/admin-users", { token: await operator(), body: { email: "worker@platform.test", name: "Worker", kind: "operator", roles: ["superadmin"], password } });
});
after(() => browser.close());
const owner = async (options) => {
    const page = await open(browser, options);
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    return page;
};

test("an_operator_makes_a_tenant_and_suspends_it", async () => {
    const page = await open(browser), slug = `p${Date.now().toString(36)}`;
    await signIn(page, "", "worker@platform.test", password);
    await page.goto(address("", "/platform/tenants/new"));
    await page.fill("[name=name]", `Paged ${slug}`);
    await page.waitForFunction((made) => document.querySelector("[name=slug]").value === made, `paged-${slug}`); // made of the name
    await page.fill("[name=slug]", tenant.slug);
    await page.waitForSelector("text=Another workspace has this address");
    await page.fill("[name=slug]", slug);
    await page.waitForSelector(`text=${address(slug, "")}: This address is free`);
    await page.click("main button[type=submit]");
    await page.waitForSelector("text=Give the owner's e-mail address too");
    await page.fill("[name=ownerEmail]", `owner@${slug}.test`);
    await Promise.all([page.waitForURL(/tenants\/[0-9a-f-]{36}$/), page.click("main button[type=submit]")]);
    assert.match(await page.textContent("main"), new RegExp(`Invitation sent to: owner@${slug}.test`));
    await page.goto(linkOf(await mailTo(`owner@${slug}.test`)).href, { referer: "" });
    assert.match(await page.textContent("main"), new RegExp(`Paged ${slug}`));
    await page.goto(address("", "/platform/tenants?sort=-createdAt"));
    await Promise.all([page.waitForURL(/tenants\/[0-9a-f-]{36}/), page.click(`main a:has-text('Paged ${slug}')`)]);
    await page.goto(`${page.url().split("?")[0]}/suspend`);
    await page.fill("[name=reason]", "unpaid");
    await Promise.all([page.waitForURL(/tenants\/[0-9a-f-]{36}$/), page.click("main form[action$=suspend] button[type=submit]")]);
    assert.match(await page.textContent("main"), /Suspended/i);
    const notice = await request("GET", "/login", { tenant: slug });
    assert.match(notice.text, /suspended/);
});

test("a_lead_is_made_refused_changed_and_deleted_by_page", async () => {
    const page = await owner();
    await page.goto(address(tenant.slug, "/admin/crm/leads/new"));
    await page.fill("[name=name]", "Paged Lead");
    await page.fill("[name=email]", "not an address");
    await page.click("main form.sheet button[type=submit]");
    await page.waitForSelector("#error-summary");
    assert.equal(await page.inputValue("[name=name]"), "Paged Lead", "what was typed is kept");
    await page.fill("[name=email]", "paged@example.com");
    await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.click("main form.sheet button[type=submit]")]);
    assert.match(await page.textContent("main"), /paged@example.com/);
    const record = page.url();
    await page.goto(`${record}/edit`);
    await page.fill("[name=company]", "Paged Inc");
    await Promise.all([page.waitForURL(record), page.click("main form.sheet button[type=submit]")]);
    assert.match(await page.textContent("main"), /Paged Inc/);
    await page.goto(`${record}/delete`);
    await Promise.all([page.waitForURL(/leads(\?.*)?$/), page.click("main form.sheet button[type=submit]")]);
    assert.equal((await page.goto(record)).status(), 404);
});

test("of_two_who_change_a_record_at_once_the_second_chooses_for_each_field", async () => {
    const made = (await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Before", email: "before@example.com" } })).data;
    for (const javaScriptEnabled of [true, false]) {
        const page = await owner({ javaScriptEnabled });
        await page.goto(address(tenant.slug, `/admin/crm/leads/${made.id}/edit`));
        const name = `Theirs ${javaScriptEnabled}`, phone = javaScriptEnabled ? "+34600100300" : "+34600100301";
        await request("PATCH", `/api/crm/leads/${made.id}`, { token: tenant.token, body: { name, phone } });
        await page.fill("[name=name]", "Mine");
        await page.fill("[name=company]", "Mine Inc");
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("text=choose which of the two stays");
        assert.match(await page.textContent("main"), new RegExp(`Theirs: ${name}`));
        assert.equal(await page.inputValue("[name=name]"), "Mine");
        if (javaScriptEnabled) assert.deepEqual(await accessibility(page), []);
        await page.check("[name='_side.name'][value=theirs]");
        await page.check("[name='_side.phone'][value=theirs]");
        await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.click("main form.sheet button[type=submit]")]);
        const now = (await request("GET", `/api/crm/leads/${made.id}`, { token: tenant.token })).data;
        assert.deepEqual([now.name, now.phone, now.company], [name, phone, "Mine Inc"]);
        await page.context().close();
    }
});

test("what_was_typed_outlives_its_tab_for_the_one_who_typed_it", async () => {
    const page = await owner(), path = address(tenant.slug, "/admin/crm/leads/new");
    await page.goto(path);
    await page.fill("[name=name]", "Half typed");
    const again = await page.context().newPage();
    await page.close();
    await again.goto(path);
    await again.click("text=Bring it back");
    assert.equal(await again.inputValue("[name=name]"), "Half typed");
    assert.deepEqual(await accessibility(again), []);
    await Promise.all([again.waitForURL(/leads\/[0-9a-f-]{36}$/), again.click("main form.sheet button[type=submit]")]);
    await again.goto(path);
    assert.equal(await again.locator(".draft").count(), 0, "what was saved is no draft");
    await again.fill("[name=name]", "To be dropped");
    await again.click("main .sheet-foot >> text=Cancel");
    await again.waitForURL(/leads(\?.*)?$/);
    await again.goto(path);
    assert.equal(await again.locator(".draft").count(), 0, "nor what was cancelled");
    await again.context().close();
});

async function importing(page, path, text) {
    await page.goto(address(tenant.slug, `${path}/import`));
    await page.setInputFiles("[name=file]", { name: "some.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await Promise.all([page.waitForURL(/imports\/[0-9a-f-]{36}$/), page.click("main form.sheet button[type=submit]")]);
}

test("users_are_imported_with_a_report_of_refused_rows", async () => {
    const page = await owner();
    await importing(page, "/admin/users", `email,name,kind\nim@${tenant.slug}.test,Imported,staff\nbad,Bad,staff\n`);
    await page.click("button[value=start]");
    await page.waitForSelector("#report-title");
    assert.match(await page.textContent("#report-title"), /1 added, 0 changed, 0 passed over, 1 refused/);
    assert.match(await page.textContent("main"), /This is not an e-mail address/);
});

test("a_file_is_looked_at_tried_imported_and_taken_back_without_javascript", async () => {
    const page = await owner({ javaScriptEnabled: false });
    await page.goto(address(tenant.slug, "/admin/crm/leads"));
    await page.click("a[href$='/leads/import']");
    await importing(page, "/admin/crm/leads", "Person;Mail\nTaken back;back@page.test\n;bad\n");
    await page.selectOption("[name='column.0']", "name");
    await page.selectOption("[name='column.1']", "email");
    await page.selectOption("[name=key]", "email");
    await page.click("button[value=try]");
    assert.match(await page.textContent("#report-title"), /Tried: 1 would be added, 0 changed, 0 passed over, 1 refused/);
    await page.click("button[value=start]");
    assert.match(await page.textContent("#report-title"), /1 added, 0 changed, 0 passed over, 1 refused/);
    assert.match(await page.textContent("main"), /Refused rows as CSV/);
    await page.click("button[value=revert]");
    for (let i = 0; i < 100 && !/1 rows were taken back, 0 stayed/.test(await page.textContent("#report-title")); i++) await page.reload();
    assert.match(await page.textContent("#report-title"), /1 rows were taken back, 0 stayed/);
    assert.deepEqual(page.complaints, []);
});

test("a_long_import_shows_its_progress_and_its_end_by_itself", async () => {
    const page = await owner(), token = await operator();
    const rows = Array.from({ length: 700 }, (_, i) => `long${i}@${tenant.slug}.test,Long ${i},customer\n`).join("");
    await importing(page, "/admin/users", `email,name,kind\n${rows}bad,Bad,staff\n`);
    assert.deepEqual(await accessibility(page), []);
    assert.equal((await request("POST", "/api/platform/jobs/pause-queue", { token, body: { queue: "import" } })).status, 204);
    try {
        await page.click("button[value=start]");
        await page.waitForSelector("progress");
        assert.match(await page.textContent("#report-title"), /^0 of 701 rows$/);
        assert.deepEqual(await accessibility(page), []);
    } finally {
        assert.equal((await request("POST", "/api/platform/jobs/resume-queue", { token, body: { queue: "import" } })).status, 204);
    }
    await page.waitForFunction(() => document.getElementById("report-title")?.textContent === "700 added, 0 changed, 0 passed over, 1 refused");
    assert.match(await page.textContent("main"), /This is not an e-mail address/);
    assert.deepEqual(page.complaints, []);
});

test("permissions_are_ticked_on_the_matrix", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "ticked", name: "Ticked", permissions: [] } });
    const page = await owner();
    await page.goto(address(tenant.slug, "/admin/permissions"));
    await page.check('[name="ticked/users.users:read"]');
    await page.selectOption('[name="ticked/crm.leads:read"]', "team");
    await Promise.all([page.waitForNavigation(), page.click("main form button[type=submit]")]);
    assert.ok(await page.isChecked('[name="ticked/users.users:read"]'));
    assert.equal(await page.inputValue('[name="ticked/crm.leads:read"]'), "team");
    const roles = await request("GET", "/api/rbac/roles?key=ticked", { token: (await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password } })).data.access_token });
    assert.deepEqual(roles.data[0].permissions.toSorted(), ["crm.leads:read@team", "users.users:read"]);
});

test("a_field_is_shown_while_its_condition_holds_and_asked_for_then", async () => {
    const { data: { access_token: token } } = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password } });
    const stages = (await request("GET", "/api/crm/stages?limit=100", { token })).data, stage = (kind) => stages.find((it) => it.kind === kind).id;
    const page = await owner(), reason = page.locator("[name=lostReason]");
    await page.goto(address(tenant.slug, "/admin/crm/deals/new"));
    await page.fill("[name=name]", "Conditional");
    assert.equal(await reason.isVisible(), false);
    await page.selectOption("[name=stageId]", stage("lost"));
    assert.ok(await reason.isVisible());
    assert.deepEqual(await accessibility(page), []);
    await page.selectOption("[name=stageId]", stage("open"));
    assert.equal(await reason.isVisible(), false);
    await page.selectOption("[name=stageId]", stage("lost"));
    await page.fill("[name=lostReason]", "Too dear");
    await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.click("main form.sheet button.btn-primary")]);
    assert.match(await page.textContent("main"), /Too dear/);
    assert.deepEqual(page.complaints, []);
    // Without scripts the form comes back with it.
    const plain = await owner({ javaScriptEnabled: false });
    await plain.goto(address(tenant.slug, "/admin/crm/deals/new"));
    assert.equal(await plain.locator("[name=lostReason]").isVisible(), false);
    await plain.fill("[name=name]", "Plain and lost");
    await plain.selectOption("[name=stageId]", stage("lost"));
    await plain.click("main form.sheet button.btn-primary");
    await plain.waitForSelector("#error-summary");
    await plain.fill("[name=lostReason]", "Too late");
    await Promise.all([plain.waitForURL(/deals\/[0-9a-f-]{36}$/), plain.click("main form.sheet button.btn-primary")]);
    assert.match(await plain.textContent("main"), /Too late/);
});

test("it_works_without_javascript", async () => {
    const page = await owner({ javaScriptEnabled: false });
    await page.goto(address(tenant.slug, "/admin/crm/leads/new"));
    await page.fill("[name=name]", "Plain Lead");
    await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.click("main form.sheet button[type=submit]")]);
    await page.goto(address(tenant.slug, "/admin/crm/leads?q=plain"));
    assert.match(await page.textContent("main"), /Plain Lead/);
    if (process.env.SCREENSHOT) {
        mkdirSync("docs", { recursive: true });
        await page.screenshot({ path: "docs/screenshot.png" });
    }
});

test("a_first_password_must_be_changed_at_the_first_sign_in_by_page", async () => {
    const email = `first@${tenant.slug}.test`;
    const token = (await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password } })).data.access_token;
    await request("POST", "/api/platform-users", { token, body: { email, name: "First", roles: ["admin"], kind: "admin", password, mustChangePassword: true } });
    const page = await open(browser);
    await signIn(page, tenant.slug, email, password);
    assert.match(page.url(), /account\/password$/);
    await page.fill("[name=currentPassword]", password);
    await page.fill("[name=newPassword]", "quite another phrase");
    await Promise.all([page.waitForURL((url) => url.pathname !== "/account/password"), page.click("main form button[type=submit]")]);
    assert.equal((await page.goto(address(tenant.slug, "/admin"))).status(), 200);
});

for (const javaScriptEnabled of [true, false])
    test(`a_list_is_narrowed_by_least_and_most_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const own = await makeTenant({ currency: "EUR" });
        for (const [name, value] of [["Small", 9999], ["Middle", 10050], ["Large", 500000]]) await request("POST", "/api/crm/leads", { token: own.token, body: { name, valueAmount: value } });
        const page = await open(browser, { javaScriptEnabled });
        await signIn(page, own.slug, `owner@${own.slug}.test`, password);
        await page.goto(address(own.slug, "/admin/crm/leads"));
        const shown = () => page.locator("tbody .rows-first").allTextContents();
        await page.fill("#filter-valueAmount", "100");
        if (javaScriptEnabled) await page.press("#filter-valueAmount", "Enter");
        else await page.click(".tools-apply");
        await page.waitForURL(/value/);
        await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
        assert.deepEqual((await shown()).map((it) => it.trim()), ["Large", "Middle"]);
        await page.fill("#filter-valueAmount-to", "100.5");
        if (javaScriptEnabled) await page.press("#filter-valueAmount-to", "Enter");
        else await page.click(".tools-apply");
        await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
        assert.deepEqual((await shown()).map((it) => it.trim()), ["Middle"]);
        assert.deepEqual([await page.inputValue("#filter-valueAmount"), await page.inputValue("#filter-valueAmount-to")], ["100.00", "100.50"]);
        const csv = await page.evaluate(async () => (await fetch(document.querySelector("a[download]").href)).text()).catch(() => undefined);
        if (javaScriptEnabled) assert.ok(csv.includes("Middle") && !csv.includes("Large"), csv);
        await page.goto(address(own.slug, "/admin/crm/leads?valueAmount[min]=much&valueAmount[max]=1e9"));
        assert.equal((await shown()).length, 3, "what is no amount asks for nothing");
        await page.context().close();
    });

test("a_card_of_the_board_is_dragged_moved_by_keys_and_asked_for_what_it_needs", async () => {
    const token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token, deal = async (name) => (await request("POST", "/api/crm/deals", { token, body: { name, valueAmount: 5000, currency: "EUR" } })).data.id;
    const first = await deal("Carried by mouse"), second = await deal("Carried by keys");
    const stageOf = async (id) => (await request("GET", `/api/crm/deals/${id}?include=stage`, { token })).data.stage.name;
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
        const page = await owner({ viewport });
        await page.goto(address(tenant.slug, "/admin/crm/deals/board"));
        await page.waitForSelector("[data-board][data-ready]");
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        await accessibility(page);
        await page.close();
    }
    const page = await owner();
    await page.goto(address(tenant.slug, "/admin/crm/deals/board"));
    await page.waitForSelector("[data-board][data-ready]");
    const moved = (act) => Promise.all([page.waitForResponse(/\/move$/), act()]);
    const column = (name) => page.locator(`[data-column][aria-label="${name}"]`), card = (id) => page.locator(`[data-card="${id}"]`);
    await moved(() => card(first).dragTo(column("Qualification").locator("[data-cards]"), { sourcePosition: { x: 20, y: 30 } }));
    assert.equal(await stageOf(first), "Qualification");
    await page.waitForFunction(() => document.querySelector('[aria-label="Qualification"] .board-sum')?.textContent === "50.00 EUR");
    await card(second).locator("[data-move]").focus();
    for (const key of ["Space", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    assert.match(await page.textContent("[data-board-told]"), /^Proposal, place 1$/);
    await page.keyboard.press("Escape");
    assert.equal(await column("Prospecting").locator(`[data-card="${second}"]`).count(), 1, "it is where it was");
    for (const key of ["Space", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    await moved(() => page.keyboard.press("Space"));
    assert.equal(await stageOf(second), "Qualification");
    for (const key of ["Space", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    await Promise.all([page.waitForURL(/\/move\?/), page.keyboard.press("Space")]);
    await page.fill("[name=lostReason]", "Too dear");
    await Promise.all([page.waitForURL(/\/board/), page.click("main form.sheet button.btn-primary")]);
    assert.equal(await stageOf(second), "Lost");
    await page.close();
});
