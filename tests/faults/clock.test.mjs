// The machine's clock is set forward and back while the platform runs: libfaketime
// gives another time to all of its programs, PostgreSQL included.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Platform } from "../lib/platform.mjs";

let platform, client, mail, tenant, user, db, until;

const jump = (hours) => writeFileSync(join(platform.folder, "clock"), `${hours >= 0 ? "+" : ""}${hours}h\n`);
before(async () => {
    platform = new Platform();
    jump(0);
    chmodSync(join(platform.folder, "clock"), 0o644);
    await platform.start({ LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1", FAKETIME_TIMESTAMP_FILE: join(platform.folder, "clock"), FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1", FAKETIME_DISABLE_SHM: "1" });
    Object.assign(process.env, platform.environment());
    [client, mail] = [await import("../lib/client.mjs"), await import("../lib/mail.mjs")];
    let connect;
    ({ connect, until } = await import("../lib/worker.mjs"));
    db = await connect(platform.folder);
    tenant = await client.makeTenant();
    user = await client.makeUser(tenant, "staff");
});
after(async () => {
    await db.end();
    await platform.stop();
});

const leads = (token, method = "GET", body) => client.request(method, "/api/crm/leads", { token, body });
const refresh = async (session) => {
    const answer = await client.request("POST", "/api/auth/refresh", { tenant: tenant.slug, body: { refresh_token: session.refresh_token } });
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
};
const wrong = () => client.request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password: "wrong wrong wrong" } });
const serverHour = async () => (await db.query("select round(extract(epoch from clock_timestamp()) / 3600 - $1::numeric) as hours", [Date.now() / 3600000])).rows[0].hours;
const reset = async (count) => {
    assert.equal((await client.request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: user.email } })).status, 204);
    return mail.mailTo(user.email, count);
};

test("two_hours_on_tokens_have_expired_sessions_have_not_and_what_is_due_is_done", async () => {
    await db.query(`insert into everyone.jobs (tenant_id, kind, queue, attempts, state, run_at)
        values ('00000000-0000-7000-8000-000000000001', 'auth.clean_up', 'cleanup', 3, 'scheduled', now() + interval '1 hour')`);
    jump(2);
    assert.equal(Number(await serverHour()), 2);
    assert.equal((await leads(tenant.token)).error.code, "token_expired");
    tenant.owner = await refresh(tenant.owner);
    assert.equal((await leads(tenant.owner.access_token, "POST", { name: "two hours on" })).status, 201);
    await until(() => db.query("select from everyone.jobs where kind = 'auth.clean_up' and state <> 'dead'"), (it) => it.rowCount === 0);
    await reset(1);
    for (let i = 0; i < 8; i++) await wrong();
    assert.equal((await wrong()).error.code, "locked_out");
});

test("four_hours_back_everything_goes_on", async () => {
    jump(-2);
    assert.equal(Number(await serverHour()), -2);
    const early = await leads(tenant.owner.access_token);
    assert.equal(early.status, 401, "it is of a time that has not come");
    tenant.owner = await refresh(tenant.owner);
    assert.equal((await leads(tenant.owner.access_token, "POST", { name: "four hours back" })).status, 201);
    assert.ok(Number((await wrong()).headers["retry-after"] ?? 0) <= 900, "nobody waits until then");
    await reset(2);
    assert.equal((await client.request("GET", "/api/audit/verify", { token: tenant.owner.access_token })).data.intact, true);
    const names = (await leads(tenant.owner.access_token)).data.map((it) => it.name).sort();
    assert.deepEqual(names, ["four hours back", "two hours on"]);
});

test("back_in_the_present_everything_goes_on", async () => {
    jump(0);
    tenant.owner = await refresh(tenant.owner);
    assert.equal((await leads(tenant.owner.access_token, "POST", { name: "now" })).status, 201);
    await reset(3);
    const verified = await client.request("GET", "/api/audit/verify", { token: tenant.owner.access_token });
    assert.equal(verified.data.intact, true, verified.text);
});
