// What every page has: the palette and the search page, lists that stay as they were
// chosen, forms that outlive their session, and what opens on a page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibilityInBoth, address, launch, open, signIn } from "../lib/browser.mjs";
import { makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";

let browser, tenant, other;
before(async () => {
    browser = await launch();
    [tenant, other] = [await makeTenant(), await makeTenant()];
    for (const own of [tenant, other]) await request("POST", "/api/crm/leads", { token: own.token, body: { name: `Quillon of ${own.slug}`, company: "Quarry 100% & Sons" } });
});
after(() => browser.close());
const owner = async (options) => {
    const page = await open(browser, options);
    await signIn(page, tenant.slug, `owner@${tenant.slug}.test`, password);
    return page;
};
const found = (page) => page.locator(".found-name").allTextContents();

test("the_palette_opens_by_keyboard_finds_and_leads_there", async () => {
    const page = await owner();
    await page.keyboard.press("Control+k");
    await page.waitForSelector("dialog.palette[open] .found-link");
    assert.ok((await found(page)).includes("Audit log"), "without words: the menu");
    await page.keyboard.type("quillon");
    await page.waitForSelector(`.found-link:has-text("Quillon of ${tenant.slug}")`);
    assert.deepEqual(await found(page), [`Quillon of ${tenant.slug}`]);
    await page.keyboard.press("ArrowDown");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Quillon/);
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "INPUT", "round again");
    await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.keyboard.press("Enter")]);
    assert.equal(await page.locator("dialog.palette[open]").count(), 0);
    await page.click("[data-palette]");
    await page.waitForSelector("dialog.palette[open] .found-link");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("dialog.palette[open]").count(), 0);
    assert.deepEqual(page.complaints, []);
});

// With what the page itself weighs, packed as browsers take it; all but the dashboard's charts.
test("a_page_weighs_less_than_100_kilobytes_to_whom_nothing_is_known", async () => {
    const page = await owner(), { cookies, origins } = await page.context().storageState();
    for (const path of ["/login", "/admin/crm/leads", "/admin/crm/deals/new"]) {
        const fresh = await open(browser, path === "/login" ? {} : { storageState: { cookies, origins } });
        await fresh.goto(address(tenant.slug, path), { waitUntil: "load" });
        const bytes = await fresh.evaluate(() => performance.getEntries().reduce((sum, it) => sum + (it.transferSize ?? 0), 0));
        assert.ok(bytes > 10000 && bytes < 100000, `${path}: ${bytes} bytes`);
        await fresh.context().close();
    }
    await page.context().close();
});

test("the_search_works_without_javascript", async () => {
    const page = await owner({ javaScriptEnabled: false });
    await page.click(".seek-button");
    await page.fill("#search-q", "100% & sons");
    await Promise.all([page.waitForURL(/search\?q=/), page.press("#search-q", "Enter")]);
    assert.deepEqual(await found(page), [`Quillon of ${tenant.slug}`]);
    await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.click(".found-link")]);
});

test("the_search_shows_what_one_may_open_and_nothing_else", async () => {
    const search = async (host, token, q) => (await request("GET", `/search?q=${encodeURIComponent(q)}`, { tenant: host, token })).text;
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "reader", name: "Reader", permissions: ["users.users:read"] } });
    const reader = await makeUser(tenant, "reader");
    const mine = await search(tenant.slug, tenant.token, "quillon");
    assert.ok(mine.includes(`Quillon of ${tenant.slug}`) && !mine.includes(`Quillon of ${other.slug}`));
    assert.ok(!(await search(tenant.slug, reader.access_token, "quillon")).includes("Quillon of"), "without the permission");
    assert.match(await search(tenant.slug, reader.access_token, `owner@${tenant.slug}`), /found-detail/);
    assert.match(await search(tenant.slug, tenant.token, "new le"), /href="\/admin\/crm\/leads\/new"/);
    assert.doesNotMatch(await search(tenant.slug, reader.access_token, "new le"), /leads\/new"/);
    assert.match(await search(tenant.slug, tenant.token, "<b>%_\\"), /Nothing is called/);
    assert.match(await search(tenant.slug, tenant.token, "qu"), /from three letters on/);
    const every = await search(undefined, await operator(), other.slug);
    assert.match(every, new RegExp(`/platform/tenants/${other.id}"`));
    assert.equal((await request("GET", "/search?q=x", { tenant: tenant.slug })).status, 303, "signed in only");
});

test("a_reseller_finds_its_own_tenants", async () => {
    const reseller = await makeTenant({ kind: "reseller" });
    const child = await makeTenant({ token: reseller.token });
    const answer = (await request("GET", `/search?q=${child.slug}`, { tenant: reseller.slug, token: reseller.token })).text;
    assert.match(answer, new RegExp(`/platform/tenants/${child.id}"`));
    assert.doesNotMatch((await request("GET", `/search?q=${other.slug}`, { tenant: reseller.slug, token: reseller.token })).text, /\/platform\/tenants\/[0-9a-f]/);
});

for (const javaScriptEnabled of [true, false])
    test(`a_list_stays_as_it_was_chosen_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const page = await owner({ javaScriptEnabled });
        const heads = async () => (await page.locator("thead th:not(.rows-tick, .rows-own)").allTextContents()).map((it) => it.trim());
        const choose = async (rows, phone) => {
            await page.click(".drop:has(#list-limit) > summary");
            await page.selectOption("#list-limit", rows);
            await page.setChecked("[name=fields][value=phone]", phone);
            await Promise.all([page.waitForResponse((it) => it.url().includes("_view") && it.status() === 303), page.click("button[name=_view]")]);
            await page.waitForLoadState("networkidle");
        };
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        const plain = await heads();
        await choose("50", true);
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        assert.deepEqual(await heads(), [...plain.slice(0, 2), "Phone", ...plain.slice(2)]);
        assert.equal(await page.inputValue("#list-limit"), "50");
        await page.goto(address(tenant.slug, "/admin/crm/leads?fields=name"));
        assert.deepEqual(await heads(), ["Name"], "an address says more than what was chosen");
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        assert.ok((await heads()).includes("Phone"), "and changes nothing");
        await choose("20", false);
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        assert.deepEqual(await heads(), plain);
        await page.context().addCookies([{ name: "view", value: "9999.nothing", url: address(tenant.slug, "/admin/crm/leads") }]);
        assert.equal((await page.goto(address(tenant.slug, "/admin/crm/leads"))).status(), 200, "what is no choice is none");
    });

for (const javaScriptEnabled of [true, false])
    test(`what_was_typed_outlives_the_session_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const page = await owner({ javaScriptEnabled });
        await page.goto(address(tenant.slug, "/admin/crm/leads/new"));
        await page.fill("[name=name]", "Typed \"late\" <b>");
        await page.context().clearCookies({ name: "tulou_session" });
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("form[action='/admin/crm/leads'] [name=name][type=hidden]", { state: "attached" });
        assert.match(await page.textContent("main"), /Nothing that you typed is lost/);
        const [tab] = await Promise.all([page.context().waitForEvent("page"), page.click("main a[target=_blank]")]);
        await tab.fill("#f-email", `owner@${tenant.slug}.test`);
        await tab.fill("#f-password", password);
        await Promise.all([tab.waitForURL((url) => url.pathname !== "/login"), tab.click("main form[action='/login'] button[type=submit]")]);
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("h1:has-text('Send this again?')");
        await Promise.all([page.waitForURL(/leads\/[0-9a-f-]{36}$/), page.click("main form.sheet button[type=submit]")]);
        assert.equal(await page.textContent("h1"), "Typed \"late\" <b>");
    });

test("what_another_site_sends_is_not_kept_for_later", async () => {
    const send = (headers) => request("POST", "/admin/crm/leads", { tenant: tenant.slug, headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, raw: "name=Planted&password=secret%20words" });
    const own = await send({ origin: address(tenant.slug, "") });
    assert.ok(own.status === 401 && own.text.includes("Planted") && !own.text.includes("secret words"));
    for (const headers of [{}, { origin: "https://elsewhere.example" }]) {
        const answer = await send(headers);
        assert.equal(answer.status, 303);
        assert.ok(!answer.text.includes("Planted"));
    }
});

async function check(page, title) {
    assert.deepEqual(await accessibilityInBoth(page), [], title);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= page.viewportSize().width, `${title} is wider than the screen`);
}

for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }])
    test(`what_opens_on_a_page_is_accessible_at_${viewport.width}`, async () => {
        const page = await owner({ viewport });
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        await page.click(".user-button");
        await page.waitForSelector(".user-menu:popover-open");
        await check(page, "the user's menu");
        await page.keyboard.press("Escape");
        if (viewport.width < 600) {
            await page.click(".menu-button");
            await page.waitForSelector(".menu:popover-open");
            await check(page, "the menu");
            await page.keyboard.press("Escape");
        }
        for (const it of ["Export as XLSX", "Rows on a page"]) { // what else can be done, and the view
            await page.click(`.drop:has-text("${it}") > summary`);
            await check(page, it);
            await page.keyboard.press("Escape");
        }
        await page.keyboard.press("Control+k");
        await page.waitForSelector("dialog.palette[open] .found-link");
        await check(page, "the palette");
        await page.keyboard.type("quillon");
        await page.waitForSelector(".found-link:has-text('Quillon')");
        await check(page, "the palette with results");
        await page.goto(address(tenant.slug, "/admin/crm/leads/new"));
        await page.fill("[name=email]", "no address");
        await page.click("main form.sheet button[type=submit]");
        await page.waitForSelector("#error-summary");
        assert.equal(await page.locator("[aria-invalid=true]").count(), 2, "all at once");
        await check(page, "a form with errors");
        await page.goto(address(tenant.slug, "/admin/users"));
        await page.goto(address(tenant.slug, "/search?q=nothing-of-that-name"));
        await check(page, "a search without result");
        assert.equal((await page.goto(address(tenant.slug, "/admin/crm/leads/0193aaaa-0000-7000-8000-000000000001"))).status(), 404);
        await check(page, "a page that is not there");
    });

test("filters_fold_and_lines_have_headings_on_a_phone", async () => {
    const page = await owner({ viewport: { width: 360, height: 780 } });
    await page.goto(address(tenant.slug, "/admin/crm/leads"));
    assert.equal(await page.isVisible("#filter-status"), false);
    await page.click("#list-filters > summary");
    await Promise.all([page.waitForResponse((it) => it.url().includes("status=new")), page.selectOption("#filter-status", "new")]);
    await page.waitForSelector("#list-filters[open] > summary:has-text('Filters (1)')");
    await check(page, "open filters");
    await page.goto(address(tenant.slug, "/admin/crm/deals/new"));
    const heads = await page.locator(".rows-lines td:has(input)").evaluateAll((all) => all.map((cell) => getComputedStyle(cell, "::before").content));
    assert.deepEqual(heads.slice(0, 3), ['"Name"', '"Quantity"', '"Unit price"']);
    await page.context().close();
});

test("no_word_is_broken_in_a_list_of_many_columns", async () => {
    const make = async (path, body) => (await request("POST", `/api/crm/${path}`, { token: tenant.token, body })).data;
    const companyId = (await make("companies", { name: "Evergreen Refurbishments" })).id, contactId = (await make("contacts", { name: "Wilhelmina Featherstonehaugh" })).id;
    await make("deals", { name: "Maintenance", companyId, contactId, valueAmount: 123456789, expectedCloseOn: "2027-03-31" });
    const brokenWords = (cells) => cells.flatMap((cell) => {
        const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
        for (let node; (node = walker.nextNode());)
            for (const word of node.data.matchAll(/\S+/g)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                if (new Set([...range.getClientRects()].map((it) => Math.round(it.top))).size > 1) broken.push(word[0]);
            }
        return broken;
    });
    const page = await owner({ viewport: { width: 1280, height: 800 } });
    for (const width of [1280, 1000, 700]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(address(tenant.slug, "/admin/crm/deals"));
        assert.deepEqual(await page.locator(".rows tbody td").evaluateAll(brokenWords), [], `at ${width}`);
        await check(page, `a wide list at ${width}`);
    }
    await page.context().close();
});

for (const javaScriptEnabled of [true, false])
    test(`rows_of_a_record_are_added_moved_and_saved_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const page = await owner({ javaScriptEnabled });
        await page.goto(address(tenant.slug, "/admin/crm/deals/new"));
        await page.fill("#f-name", "With rows");
        await page.fill("[name='lines[0].name']", "One");
        await page.click("[name=_rows][value='lines.add']");
        await page.waitForSelector("[name='lines[1].name']");
        if (javaScriptEnabled) assert.equal(await page.evaluate(() => document.activeElement.name), "lines[1].name", "one goes on there");
        await page.fill("[name='lines[1].name']", "Two");
        await page.click("[aria-label='Move row 2 up']");
        await page.waitForSelector("[name='lines[0].name'][value=Two]");
        await Promise.all([page.waitForURL(/deals\/[0-9a-f-]{36}$/), page.press("[name='lines[1].name']", "Enter")]);
        assert.deepEqual(await page.locator(".rows-lines td[data-label=Name]").allTextContents(), ["Two", "One"]);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });

test("menu_bar_and_heads_stay_in_sight_and_what_was_opened_closes", { timeout: 120000 }, async () => {
    const many = [];
    for (let i = 0; i < 20; i++) many.push(request("POST", "/api/crm/leads", { token: tenant.token, body: { name: `Row ${i}`, email: `row.${i}@example.com`, company: "Evergreen Foods" } }));
    await Promise.all(many);
    const page = await owner({ viewport: { width: 1280, height: 700 } });
    await page.goto(address(tenant.slug, "/admin/crm/leads"));
    await page.check("tbody tr:nth-child(9) [name=id]");
    await page.waitForSelector(".table-scroll.fits");
    await page.evaluate(() => scrollTo(0, 400));
    const seen = async (selector) => page.locator(selector).evaluate((it) => {
        const { left, top, width, height } = it.getBoundingClientRect();
        return it.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
    for (const part of [".menu .sign", ".user-button", ".crumbs a", "th a.sort >> nth=0", "[data-bulk-button] >> nth=0"])
        assert.ok(await seen(part), `${part} is in sight`);
    await page.click(".user-button");
    await Promise.all([page.waitForURL(/\/account$/), page.click(".user-menu a[href='/account']")]);
    await page.waitForSelector("h1:has-text('account')");
    assert.equal(await page.locator("[popover]:popover-open").count(), 0);
    await page.goto(address(tenant.slug, "/admin/crm/leads"));
    await page.fill("#list-q", "quillon");
    await page.waitForFunction(() => [...document.querySelectorAll("body > [role=status]")].some((it) => it.textContent === "1 in all"));
    await page.context().close();
});

test("columns_are_shown_where_there_is_room_and_always_when_chosen", { timeout: 120000 }, async () => {
    await request("POST", "/api/crm/deals", { token: tenant.token, body: { name: "Roomy", valueAmount: 123456789, expectedCloseOn: "2027-03-31" } });
    const page = await owner({ viewport: { width: 1000, height: 800 } });
    const heads = async (width, path) => {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(address(tenant.slug, path));
        return (await page.locator("thead th:visible").allTextContents()).map((it) => it.trim());
    };
    const wide = await heads(1920, "/admin/crm/deals"), narrow = await heads(1000, "/admin/crm/deals"), desk = await heads(1280, "/admin/crm/deals");
    assert.ok(wide.includes("Owner") && !narrow.includes("Owner") && narrow.length < desk.length && desk.length <= wide.length, String([narrow, desk, wide]));
    assert.ok((await heads(1000, "/admin/crm/deals?fields=name,ownerId")).includes("Owner"));
    await page.goto(address(tenant.slug, "/admin/api-keys/new"));
    for (const width of [390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `a time and its zone at ${width}`);
    }
    await page.context().close();
});

test("one_goes_from_record_to_record_of_the_list_one_came_from_also_by_keys", { timeout: 120000 }, async () => {
    for (const name of ["Way one", "Way two", "Way three"]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name } });
    const page = await owner(), list = "/admin/crm/leads?q=way&limit=2&sort=name";
    const title = () => page.textContent("#main h1");
    await page.goto(address(tenant.slug, list));
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await Promise.all([page.waitForURL(/[0-9a-f-]{36}$/), page.keyboard.press("Enter")]);
    await page.waitForSelector(".way [rel=next][href]");
    assert.equal(await title(), "Way one");
    assert.equal(await page.locator(".way [rel=prev][aria-disabled]").count(), 1);
    await page.keyboard.press("j");
    await page.waitForSelector("h1:has-text('Way three')");
    await page.click(".way [rel=next]"); // on the next page of the list
    await page.waitForSelector("h1:has-text('Way two')");
    await page.keyboard.press("k");
    await page.waitForSelector("h1:has-text('Way three')");
    assert.deepEqual(await accessibilityInBoth(page), []);
    await page.keyboard.press("u");
    await page.waitForURL((url) => url.search.includes("q=way"));
    await page.keyboard.press("Control+k");
    await page.waitForSelector(".found-title:has-text('Opened lately')");
    assert.deepEqual((await found(page)).slice(0, 3), ["Way three", "Way two", "Way one"]);
    await page.keyboard.type("new le");
    await page.waitForFunction(() => document.querySelector(".palette .found-name")?.textContent === "New lead");
    await Promise.all([page.waitForURL(/leads\/new$/), page.keyboard.press("Enter")]);
    await page.goto(address(tenant.slug, list));
    await page.keyboard.press("?");
    await page.waitForSelector("dialog.keys[open]");
    assert.deepEqual(await accessibilityInBoth(page), [], "the keys");
    await page.uncheck("dialog.keys input");
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    assert.match(page.url(), /q=way/, "single keys are switched off");
    await page.evaluate(() => localStorage.clear());
    await page.keyboard.press("n");
    await page.waitForURL(/leads\/new$/);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("who_leaves_with_typed_changes_is_asked_and_rows_are_edited_from_the_list", { timeout: 120000 }, async () => {
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Typed lead" } });
    const page = await owner();
    await page.goto(address(tenant.slug, "/admin/crm/leads?q=typed+lead"));
    await page.hover("tbody tr");
    await Promise.all([page.waitForURL(/edit$/), page.click("tbody [aria-label='Edit Typed lead']")]);
    await page.click(".menu a[href='/admin/users']");
    await page.waitForURL(/admin\/users$/);
    await page.goBack();
    await page.waitForSelector("#f-company");
    await page.fill("#f-company", "Not saved yet");
    await page.click(".menu a[href='/admin/users']");
    await page.waitForSelector("dialog.ask[open]");
    assert.deepEqual(await accessibilityInBoth(page), []);
    await page.keyboard.press("Escape");
    assert.match(page.url(), /edit$/);
    assert.equal(await page.inputValue("#f-company"), "Not saved yet");
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/leads\/[0-9a-f-]{36}$/);
    await page.goto(page.url() + "/edit");
    await page.fill("#f-company", "Given up");
    await page.click(".menu a[href='/admin/users']");
    await page.click("dialog.ask .btn-quiet-danger");
    await page.waitForURL(/admin\/users$/);
    await page.context().close();
});

for (const javaScriptEnabled of [true, false])
    test(`folded_groups_stay_folded_and_a_page_that_is_no_more_leads_to_the_last_${javaScriptEnabled ? "with" : "without"}_javascript`, { timeout: 120000 }, async () => {
        const page = await owner({ javaScriptEnabled });
        await page.goto(address(tenant.slug, "/admin/crm/leads?page=99&limit=2"));
        assert.doesNotMatch(page.url(), /page=99/);
        assert.ok((await page.locator("tbody tr").count()) > 0);
        await page.click("#menu summary:has-text('People')");
        if (javaScriptEnabled) await page.waitForFunction(() => document.cookie.includes("folds=")); // a toggle is told later
        await page.goto(address(tenant.slug, "/admin/crm/leads"));
        assert.equal(await page.isVisible("#menu a[href='/admin/users']"), !javaScriptEnabled);
        await page.goto(address(tenant.slug, "/admin/users"));
        assert.ok(await page.isVisible("#menu a[href='/admin/users']"), "the group of the page is open");
        await page.context().close();
    });

test("cards_of_the_dashboard_lead_to_the_rows_they_count_and_words_stand_for_codes", async () => {
    const html = async (path) => (await request("GET", path, { tenant: tenant.slug, token: tenant.token })).text;
    for (const name of ["Kept", "Given up"]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name, status: name === "Kept" ? "new" : "lost" } });
    const start = await html("/admin?days=7"), counted = (page) => Number(/pager-count">(?:[^<]* of )?(\d+)/.exec(page)[1]);
    for (const label of ["Open leads", "New leads"]) {
        const [, path, value] = new RegExp(`href="([^"]+)"><span class="figure-label">${label}</span> <span class="figure-value">(\\d+)`).exec(start);
        assert.equal(counted(await html(path.replaceAll("&amp;", "&"))), Number(value), label);
    }
    assert.match(start, /more than in the 7 days before/);
    const user = await html("/admin/users/new"), matrix = await html("/admin/permissions"), key = await html("/admin/api-keys/new");
    assert.match(user, /name="roles" value="admin"> <span>Administrator</);
    assert.match(user, /<option value="de">Deutsch</);
    for (const page of [matrix, key]) assert.ok(/>Leads</.test(page) && /See</.test(page) && !/>\s*crm\.leads:read/.test(page));
    assert.doesNotMatch(matrix, /platform\.jobs/, "what no tenant can hold is not shown to it");
});
