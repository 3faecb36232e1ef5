// Pages that change by themselves: the bell, the audit log, the jobs; also after
// the realtime program was killed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { address, launch, open, signIn } from "../lib/browser.mjs";
import { folder, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { killWorker } from "../lib/programs.mjs";

const other = "another correct horse";
let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

// Signed in as somebody; resolves once the page listens.
async function listening(user, path, host = tenant.slug, word = password) {
    const page = await open(browser);
    await signIn(page, host, user.email, word);
    const ready = page.waitForEvent("websocket").then((ws) => ws.waitForEvent("framereceived", (frame) => String(frame.payload).includes('"ready"')));
    page.heard = (text) => page.live.waitForEvent("framereceived", (frame) => String(frame.payload).includes(text));
    page.on("websocket", (ws) => (page.live = ws));
    await page.goto(address(host, path));
    await ready;
    return page;
}
const change = async (user, from, to) => {
    const answer = await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: from, newPassword: to } });
    assert.equal(answer.status, 204, answer.text);
};

test("the_bell_counts_while_the_page_stays_open", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const page = await listening(user, "/account");
    // From elsewhere: here the session goes on, since it is another's that changes it.
    const told = await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { roles: ["admin", "staff"] } });
    assert.equal(told.status, 200, told.text);
    await page.waitForSelector("#bell .bell-count:not([hidden])");
    assert.equal((await page.textContent("#bell .bell-count")).trim(), "1");
    assert.equal(await page.getAttribute("#bell", "aria-label"), "Notifications, 1 unread");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("the_page_of_notifications_shows_one_that_comes", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    await change(user, password, other);
    const page = await listening(user, "/notifications", tenant.slug, other);
    await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { roles: ["admin", "staff"] } });
    await page.waitForSelector("text=Your rights were changed");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

test("the_audit_log_shows_what_happens_also_after_the_program_was_killed", async () => {
    const page = await listening({ email: `owner@${tenant.slug}.test` }, "/admin/audit");
    const seen = async (name) => {
        const made = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name } });
        await page.waitForFunction((count) => document.querySelectorAll("#list-form td[data-label=What]").length >= count && document.querySelector("#list-form").textContent.includes("added the lead"), 1);
        return made.data.id;
    };
    await seen("First");
    const before = await page.locator("#list-form tbody tr", { hasText: "added the lead" }).count();
    killWorker("realtime");
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "While it was away" } });
    await page.waitForFunction((count) => [...document.querySelectorAll("#list-form tbody tr")].filter((it) => it.textContent.includes("added the lead")).length > count, before);
    await page.context().close();
});

test("nothing_is_taken_away_from_under_the_hands", async () => {
    const page = await listening({ email: `owner@${tenant.slug}.test` }, "/admin/audit");
    const link = page.locator("#list-form tbody a").first();
    await link.focus();
    const fetched = [];
    page.on("request", (it) => it.resourceType() === "fetch" && fetched.push(it.url()));
    await page.evaluate(() => (globalThis.mark = document.activeElement));
    for (let i = 0; i < 3; i++) {
        const heard = page.heard("lead.created");
        await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Meanwhile" } });
        await heard;
    }
    assert.equal(await page.evaluate(() => document.activeElement === globalThis.mark), true);
    assert.deepEqual(fetched, []);
    const refreshed = page.waitForRequest((it) => it.resourceType() === "fetch");
    await page.evaluate(() => document.activeElement.blur());
    await refreshed;
    await page.context().close();
});

test("operators_see_jobs_come_and_go", async () => {
    const email = `live-${Date.now()}@platform.test`;
    await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Live", kind: "operator", roles: ["superadmin"], password } });
    const page = await listening({ email }, "/platform/jobs", "");
    const refreshed = page.waitForRequest((it) => it.resourceType() === "fetch" && it.url().endsWith("/platform/jobs"));
    execFileSync("psql", ["-XqAt", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou", "-c", `insert into everyone.jobs (tenant_id, kind, queue, state, run_at, attempts)
        values ('00000000-0000-7000-8000-000000000001', 'test.later', 'test', 'scheduled', now() + interval '1 day', 1)`]);
    await refreshed;
    await page.waitForSelector("[data-follow=jobs] a:text-is('test')");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});
