// What a plan promises is kept: each quota that is shown, exactly, whoever comes at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTenant, operator, pageCookie, password, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { pngOf, upload } from "../lib/files.mjs";
import { mailsTo } from "../lib/mail.mjs";

const setQuotas = async (tenant, body) => assert.equal((await request("PATCH", `/api/tenants/${tenant.id}/quotas`, { token: await operator(), body })).status, 200);
// As the operator sees it: his own calls are not the tenant's.
const used = async (tenant, key) => (await request("GET", `/api/tenants/${tenant.id}/quotas`, { token: await operator() })).data.used[key];
const addUser = (tenant, email, body) => request("POST", "/api/platform-users", { token: tenant.token, body: { name: "U", email: `${email}@${tenant.slug}.test`, ...body } });
const exceeded = (answer, words) => {
    assert.deepEqual([answer.status, answer.error?.code], [403, "quota_exceeded"], answer.text);
    assert.match(answer.error.message, words);
    const { key, limit, used: taken } = answer.error.quota;
    assert.ok(typeof key === "string" && [limit, taken].every(Number.isInteger), answer.text);
    return answer.error.quota;
};
const until = async (read, good) => {
    for (;;) {
        const value = await read();
        if (good(value)) return value;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
};

test("customers_are_counted_exactly_also_when_a_kind_changes", async () => {
    const tenant = await makeTenant();
    await setQuotas(tenant, { customers: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => addUser(tenant, `c${i}`, { kind: "customer", roles: ["customer"], password })));
    const made = answers.filter((it) => it.status === 201);
    assert.equal(made.length, 3);
    answers.filter((it) => it.status !== 201).forEach((it) => exceeded(it, /allows 3 customers, of which 3 are used/));
    assert.equal(await used(tenant, "customers"), 3);
    const staff = await addUser(tenant, "staff", { kind: "staff", roles: ["staff"], password });
    exceeded(await request("PATCH", `/api/platform-users/${staff.data.id}`, { token: tenant.token, body: { kind: "customer" } }), /customers/);
    assert.equal((await request("PATCH", `/api/platform-users/${made[0].data.id}`, { token: tenant.token, body: { kind: "staff" } })).status, 200);
    assert.equal(await used(tenant, "customers"), 2);
    assert.equal((await request("DELETE", `/api/platform-users/${made[1].data.id}`, { token: tenant.token })).status, 204);
    assert.equal(await used(tenant, "customers"), 1);
});

test("e_mails_of_the_month_end_with_the_plan_but_links_to_come_in_still_go", async () => {
    const tenant = await makeTenant();
    const before = await used(tenant, "emailsPerMonth");
    await setQuotas(tenant, { emailsPerMonth: before + 2 });
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => addUser(tenant, `i${i}`, { kind: "staff", roles: ["staff"], invite: true })));
    assert.equal(answers.filter((it) => it.status === 201).length, 2, answers.map((it) => it.text).join("\n"));
    answers.filter((it) => it.status !== 201).forEach((it) => exceeded(it, /e-mails a month/));
    assert.equal(await used(tenant, "emailsPerMonth"), before + 2);
    // Nothing is left of a user whose invitation could not go.
    assert.equal(Number(sql(`select count(*) from everyone.users where tenant_id = '${tenant.id}'`)), 3);
    const owner = `owner@${tenant.slug}.test`, had = mailsTo(owner).length;
    await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: owner } });
    await until(() => mailsTo(owner).length, (count) => count > had);
    assert.equal(await used(tenant, "emailsPerMonth"), before + 3);
    // A new month begins with none used.
    sql(`update everyone.tenant_quotas set period = '2001-01-01' where tenant_id = '${tenant.id}' and key = 'emails_per_month'`);
    assert.equal(await used(tenant, "emailsPerMonth"), 0);
    assert.equal((await addUser(tenant, "next", { kind: "staff", roles: ["staff"], invite: true })).status, 201);
    assert.equal(await used(tenant, "emailsPerMonth"), 1);
});

test("limits_are_read_and_written_in_one_shape", async () => {
    const tenant = await makeTenant(), token = await operator(), path = `/api/tenants/${tenant.id}/quotas`;
    const before = (await request("GET", path, { token })), part = await request("PUT", path, { token, body: { users: 5 } });
    assert.deepEqual([part.status, part.error.details.map((it) => it.field)], [422, ["storageBytes", "apiCallsPerDay", "customers", "emailsPerMonth"]], part.text);
    const all = await request("PUT", path, { token, body: { ...before.data, users: 5 }, headers: { "if-match": before.headers.etag } });
    assert.deepEqual([all.status, all.data], [200, { ...before.data, users: 5 }], all.text);
    assert.deepEqual((await request("PATCH", path, { token, body: { users: null } })).data, { ...before.data, users: null });
    assert.equal((await request("PATCH", path, { token: tenant.token, body: { users: 7 } })).status, 403);
});

test("a_new_tenant_invites_a_hundred_a_day", async () => {
    const tenant = await makeTenant();
    const user = await addUser(tenant, "invited", { kind: "staff", roles: ["staff"], invite: true });
    assert.equal(user.status, 201, user.text);
    sql(`insert into everyone.links (tenant_id, user_id, purpose, email, token_hash, expires_at)
        select '${tenant.id}', '${user.data.id}', 'invitation', 'x@y.test', '${tenant.slug}' || n, now() from generate_series(1, 99) n`.replace("insert", "set session_replication_role = replica; insert"));
    const refused = await addUser(tenant, "more", { kind: "staff", roles: ["staff"], invite: true });
    assert.deepEqual([refused.status, refused.error.code], [429, "too_many_links"], refused.text);
    sql(`update tenants set status = 'active', created_at = now() - interval '8 days' where id = '${tenant.id}'`);
    assert.equal((await addUser(tenant, "more", { kind: "staff", roles: ["staff"], invite: true })).status, 201);
});

test("api_calls_of_a_day_are_served_exactly_and_pages_go_on", async () => {
    const tenant = await makeTenant();
    await setQuotas(tenant, { apiCallsPerDay: 40 });
    // What processes served before the limit was there is brought first.
    sql(`update everyone.tenant_quotas set used = 0 where tenant_id = '${tenant.id}' and key = 'api_calls_per_day'`);
    const first = Array.from({ length: 12 }, (_, i) => request("GET", i % 2 ? "/api/crm/leads" : "/api/platform-users", { token: tenant.token }));
    await Promise.all(first);
    await until(() => used(tenant, "apiCallsPerDay"), (count) => count >= 12);
    const before = await used(tenant, "apiCallsPerDay");
    const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => request("GET", i % 2 ? "/api/crm/leads" : "/api/platform-users", { token: tenant.token })));
    const served = answers.filter((it) => it.status === 200).length;
    assert.ok(served >= 1 && served <= 40, `${served} were served after ${before}`);
    const refused = answers.find((it) => it.status !== 200);
    assert.deepEqual(exceeded(refused, /allows 40 API calls a day, of which 40 are used/), { key: "apiCallsPerDay", limit: 40, used: 40 });
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal(await used(tenant, "apiCallsPerDay"), 40);
    assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 403);
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const page = await request("GET", "/admin/plan", { tenant: tenant.slug, headers: { cookie } });
    assert.equal(page.status, 200);
    assert.match(page.text.replace(/\s+/g, " "), /API calls today<\/dt><dd>40 of 40/);
    // A stranger uses nothing up, and the next day begins anew.
    assert.equal((await request("GET", "/api/tenant", { tenant: tenant.slug })).status, 200);
    sql(`update everyone.tenant_quotas set period = '2001-01-01' where tenant_id = '${tenant.id}' and key = 'api_calls_per_day'`);
    assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 200);
});

test("without_a_limit_calls_are_counted_all_the_same", async () => {
    const tenant = await makeTenant();
    for (let i = 0; i < 7; i++) assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 200);
    await until(() => used(tenant, "apiCallsPerDay"), (count) => count >= 7);
    assert.equal(await used(tenant, "apiCallsPerDay"), 7);
});

test("files_take_of_the_storage_that_the_plan_gives", async () => {
    const tenant = await makeTenant(), put = (edge) => upload(`/api/tenants/${tenant.id}/logo`, tenant.token, "a.png", pngOf(edge, edge));
    const stored = () => Number(sql(`select bytes from everyone.files where tenant_id = '${tenant.id}' and field = 'logo'`));
    assert.equal((await put(20)).status, 204);
    const size = stored();
    assert.equal(await used(tenant, "storageBytes"), size);
    await setQuotas(tenant, { storageBytes: size + 10 });
    assert.deepEqual(exceeded(await put(500), /bytes of files/), { key: "storageBytes", limit: size + 10, used: size });
    assert.equal(stored(), size, "the one before stays");
    const again = await put(20);
    assert.equal(again.status, 204, `another of the same size in its place: ${again.text}`);
    assert.equal(await used(tenant, "storageBytes"), size);
});
