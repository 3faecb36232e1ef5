// The page of jobs: what it shows, and what an operator does there, with and
// without JavaScript. The platform's own worker does what is retried.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { folder, operator, password, request } from "../lib/client.mjs";
import { connect, until } from "../lib/worker.mjs";

let browser, db;
before(async () => {
    browser = await launch();
    db = await connect(folder);
    await request("POST", "/api/admin-users", { token: await operator(), body: { email: "jobs@platform.test", name: "Jobs", kind: "operator", roles: ["superadmin"], password } });
});
after(async () => {
    await db.query("delete from everyone.jobs where key = 'page'");
    await db.end();
    await browser.close();
});

async function addDead() {
    const made = await db.query(`insert into everyone.jobs (tenant_id, kind, queue, state, payload, key, attempt, attempts, error, failed_at)
        values ('00000000-0000-7000-8000-000000000001', 'auth.clean_up', 'cleanup', 'dead', '{"token": "s3cr3t", "since": "2026"}', 'page', 20, 20,
                'The disk was full.', now()) returning id`);
    return made.rows[0].id;
}

for (const javaScriptEnabled of [true, false])
    test(`a_dead_letter_is_read_and_retried_and_a_queue_paused_${javaScriptEnabled ? "with" : "without"}_javascript`, async () => {
        const id = await addDead();
        const page = await open(browser, { javaScriptEnabled, viewport: { width: 390, height: 844 } });
        await signIn(page, "", "jobs@platform.test", password);
        await page.goto(address("", "/platform/jobs?status=dead&queue=cleanup"));
        assert.match(await page.textContent("main"), /auth\.clean_up.*The disk was full\./s);
        await page.click(`main a[href="/platform/jobs/${id}"]`);
        await page.waitForURL(/jobs\/[0-9a-f-]{36}$/);
        const shown = await page.textContent("main");
        assert.match(shown, /The disk was full\./);
        assert.ok(shown.includes("***") && !shown.includes("s3cr3t"));
        if (javaScriptEnabled) assert.deepEqual(await accessibility(page), []);
        await Promise.all([page.waitForURL(/platform\/jobs$/), page.click("main form[action$=retry] button")]);
        assert.match(await page.textContent("main"), /in its queue again/);
        await until(() => db.query("select from everyone.jobs where id = $1", [id]), (it) => it.rowCount === 0);
        await page.click("[aria-label='Pause cleanup']");
        await page.waitForSelector("[aria-label='Resume cleanup']");
        if (javaScriptEnabled) assert.deepEqual(await accessibility(page), []);
        await page.click("[aria-label='Resume cleanup']");
        await page.waitForSelector("[aria-label='Pause cleanup']");
        await addDead();
        await page.goto(address("", "/platform/jobs"));
        await page.click("[aria-label='Retry all that failed in cleanup']");
        await page.waitForSelector("text=They are in their queue again. Jobs: 1.");
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });
