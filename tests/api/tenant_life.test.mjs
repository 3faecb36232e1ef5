// From the trial to the end: what happens to a tenant by itself, once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folder, login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { enrol } from "../lib/factors.mjs";
import { mailTo, mailsTo } from "../lib/mail.mjs";
import { connect, until } from "../lib/worker.mjs";

const platform = "00000000-0000-7000-8000-000000000001";
let db, token;
before(async () => {
    db = await connect(folder);
    token = await operator();
});
after(() => db.end());

const tenantOf = async (id) => (await db.query("select * from public.tenants where id = $1", [id])).rows[0];
const addJob = (kind, payload = {}, times = 1) => db.query("insert into everyone.jobs (tenant_id, kind, queue, attempts, payload) select $1, $2, 'tenants', 3, $3 from generate_series(1, $4::int)", [platform, kind, payload, times]);
const idle = (kinds) => until(async () => (await db.query("select count(*)::int n from everyone.jobs where kind = any($1)", [kinds])).rows[0].n, (it) => it === 0);
const sweepTrials = async (times = 1) => {
    await addJob("tenants.trials", {}, times);
    await idle(["tenants.trials", "tenants.trial"]);
};
const notices = async (tenant) => (await db.query("select title from everyone.notifications where tenant_id = $1 and type = 'tenants.trial' order by id", [tenant.id])).rows.map((it) => it.title);
const putOnTrial = (tenant, ends) => db.query(`update public.tenants set status = 'trial', trial_ends_at = now() + interval '${ends}' where id = $1`, [tenant.id]);
const onTrial = async (ends, extra = {}) => {
    const tenant = await makeTenant(extra);
    await putOnTrial(tenant, ends);
    return tenant;
};

test("a_trial_ends_once_however_often_and_at_once_the_jobs_run", async () => {
    const tenant = await makeTenant(), other = await makeTenant(), staff = await makeUser(tenant, "staff");
    await putOnTrial(tenant, "-1 minute");
    await sweepTrials(8);
    await addJob("tenants.trial", { tenant: tenant.id }, 8);
    await idle(["tenants.trial"]);
    const row = await tenantOf(tenant.id);
    assert.deepEqual([row.status, row.status_reason], ["suspended", "trial_ended"]);
    assert.deepEqual(await notices(tenant), ["Your trial is over"]);
    const mail = await mailTo(`owner@${tenant.slug}.test`);
    assert.match(mail.subject, /is over/);
    assert.equal(mailsTo(`owner@${tenant.slug}.test`).length, 1);
    assert.equal((await tenantOf(other.id)).status, "trial", "a trial without an end goes on");
    await until(() => request("GET", "/api/crm/leads", { token: staff.access_token }), (it) => it.status === 403);
    const owner = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    assert.equal((await request("GET", "/api/crm/leads", { token: owner.access_token })).status, 200, "the owner reads");
    assert.equal((await request("GET", "/api/crm/leads/export", { token: owner.access_token })).status, 200, "and exports");
    assert.equal((await request("POST", "/api/crm/leads", { token: owner.access_token, body: { name: "x" } })).error.code, "tenant_suspended");
});

test("owners_are_told_some_days_before_once_for_each_end", async () => {
    const tenant = await onTrial("2 days", { locale: "de" }), later = await onTrial("4 days");
    await sweepTrials(4);
    await sweepTrials(4);
    assert.equal((await notices(tenant)).length, 1);
    assert.match((await notices(tenant))[0], /ends on/);
    assert.match((await mailTo(`owner@${tenant.slug}.test`)).subject, /Die Testzeit von .* endet am/);
    assert.deepEqual(await notices(later), []);
    const extended = await request("POST", `/api/tenants/${tenant.id}/extend-trial`, { token, body: { days: 1 } });
    assert.equal(extended.status, 200, extended.text);
    await sweepTrials();
    assert.equal((await notices(tenant)).length, 2, "of another end they are told anew");
    assert.equal((await tenantOf(tenant.id)).status, "trial");
});

test("an_operator_makes_a_trial_longer_and_opens_one_that_is_over", async () => {
    const tenant = await onTrial("-1 day");
    await sweepTrials();
    const extended = await request("POST", `/api/tenants/${tenant.id}/extend-trial`, { token, body: { days: 5 } });
    assert.equal(extended.data.status, "trial", extended.text);
    assert.equal(Math.round((new Date(extended.data.trialEndsAt) - Date.now()) / 86400000), 5);
    assert.equal((await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x" } })).status, 201);
    await request("POST", `/api/tenants/${tenant.id}/suspend`, { token, body: { reason: "abuse" } });
    const refused = await request("POST", `/api/tenants/${tenant.id}/extend-trial`, { token, body: { days: 5 } });
    assert.deepEqual([refused.status, refused.error.code], [409, "not_on_trial"]);
    await request("POST", `/api/tenants/${tenant.id}/activate`, { token, body: {} });
    assert.equal((await tenantOf(tenant.id)).trial_ends_at, null, "who is active has no trial that ends");
    const missing = await request("POST", `/api/tenants/${tenant.owner.user?.id ?? platform}/extend-trial`, { token, body: { days: 5 } });
    assert.equal(missing.status, 404);
});

test("the_checklist_is_computed_recorded_and_put_away", async () => {
    const tenant = await makeTenant(), path = `/api/tenants/${tenant.id}/onboarding`;
    const look = async (body = {}) => (await request("POST", path, { token: tenant.token, body })).data;
    assert.deepEqual(await look(), { profile: false, branding: false, users: false, plan: false, data: false, complete: false, dismissed: false });
    const profile = await request("PATCH", `/api/tenants/${tenant.id}/profile`, { token: tenant.token, body: { name: "Maple", email: "office@maple.test", address: "1 Hill", timeZone: "Europe/Madrid" } });
    assert.equal(profile.status, 200, profile.text);
    assert.equal((await look()).profile, true);
    await request("PATCH", `/api/tenants/${tenant.id}/branding`, { token: tenant.token, body: { name: "Maple" } });
    await makeUser(tenant, "staff");
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x" } });
    assert.deepEqual(await look({ dismissed: true }), { profile: true, branding: true, users: true, plan: false, data: true, complete: false, dismissed: true });
    await request("POST", `/api/tenants/${tenant.id}/activate`, { token, body: {} });
    assert.deepEqual(await look({ dismissed: false }), { profile: true, branding: true, users: true, plan: true, data: true, complete: true, dismissed: false });
    assert.deepEqual((await tenantOf(tenant.id)).onboarding, { profile: true, branding: true, users: true, plan: true, data: true });
});

// ---- the end ----

async function tablesWithTenant() {
    const { rows } = await db.query(`select n.nspname || '.' || quote_ident(c.relname) as name, a.attname as column
        from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
        where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
        and (a.attname = 'tenant_id' or (a.attname in ('id', 'parent_id') and c.relname = 'tenants'))`);
    return rows;
}

async function traces(id) {
    const found = [];
    const tables = await tablesWithTenant();
    assert.ok(tables.length > 50, `only ${tables.length} tables`);
    for (const { name, column } of tables) {
        const { rows } = await db.query(`select count(*)::int n from ${name} where ${column} = $1`, [id]);
        if (rows[0].n > 0) found.push(`${name}: ${rows[0].n}`);
    }
    return found;
}

const remove = (tenant) => request("DELETE", `/api/tenants/${tenant.id}?confirm=${tenant.slug}`, { token });
const restore = (tenant) => request("POST", `/api/tenants/${tenant.id}/restore`, { token });
const age = (tenant, days) => db.query(`update public.tenants set deleted_at = now() - interval '${days}' where id = $1`, [tenant.id]);
const sweepDeleted = async () => {
    await addJob("tenants.erase");
    await idle(["tenants.erase", "tenants.erase_one"]);
};
// Something in as many tables as a tenant fills by itself.
async function fill(tenant) {
    await makeUser(tenant, "staff");
    const admin = await makeUser(tenant, "admin", { kind: "admin" });
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "desk", name: "Desk", permissions: ["crm.leads:read"] } });
    const again = async () => (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token;
    const keyed = { token: await again(), headers: { "idempotency-key": "erase-1" }, body: { name: "Nora" } };
    assert.equal((await request("POST", "/api/crm/leads", keyed)).status, 201);
    await request("POST", "/api/security/api-keys", { token: keyed.token, body: { name: "Key", permissions: ["crm.leads:read"] } });
    await request("POST", "/api/security/ip-rules", { token: keyed.token, body: { network: "127.0.0.0/8" } });
    await request("PATCH", `/api/tenants/${tenant.id}/branding`, { token: keyed.token, body: { name: "Shown" } });
    await request("POST", `/api/tenants/${tenant.id}/domains`, { token: keyed.token, body: { domain: `${tenant.slug}.example.com` } });
    await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: admin.email } });
    await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: admin.email, password: "wrong word here" } });
    await enrol(admin);
    await db.query("insert into everyone.jobs (tenant_id, kind, queue, state, attempts) values ($1, 'left.over', 'left', 'dead', 1)", [tenant.id]);
}

test("a_deleted_tenant_comes_back_as_it_was_within_its_grace", async () => {
    const tenant = await onTrial("5 days");
    await makeUser(tenant, "staff");
    assert.equal((await remove(tenant)).status, 204);
    const listed = await request("GET", `/api/tenants/deleted/${tenant.id}`, { token });
    assert.equal(listed.data.slug, tenant.slug);
    assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 404);
    await age(tenant, "29 days");
    await sweepDeleted();
    assert.equal((await restore(tenant)).status, 200);
    const row = await tenantOf(tenant.id);
    assert.deepEqual([row.status, row.deleted_at], ["trial", null]);
    assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 200);
    await remove(tenant);
    await age(tenant, "31 days");
    assert.equal((await restore(tenant)).status, 404, "its grace is over");
});

test("after_its_grace_nothing_of_a_tenant_is_left_and_nothing_of_others_is_touched", async () => {
    const tenant = await makeTenant({ planLevel: 1 }), other = await makeTenant({ planLevel: 1 });
    await fill(tenant);
    await fill(other);
    for (const it of [tenant, other]) {
        mkdirSync(join(folder, "tenants", it.id, "logos/deep"), { recursive: true });
        writeFileSync(join(folder, "tenants", it.id, "logos/deep/file"), "x");
    }
    if (process.getuid() === 0) execFileSync("chown", ["-R", "--reference", join(folder, "files"), join(folder, "tenants")]);
    const had = await traces(tenant.id);
    assert.ok(had.length > 35, `too little was there to be erased: ${had}`);
    const before = (await traces(other.id)).filter((it) => !/events|event_heads|event_seals/.test(it));
    await remove(tenant);
    await age(tenant, "31 days");
    await sweepDeleted();
    await until(() => tenantOf(tenant.id), (it) => !it);
    assert.deepEqual(await traces(tenant.id), []);
    assert.deepEqual([existsSync(join(folder, "tenants", tenant.id)), existsSync(join(folder, "tenants", other.id, "logos/deep/file"))], [false, true]);
    assert.deepEqual((await traces(other.id)).filter((it) => !/events|event_heads|event_seals/.test(it)), before);
    const { rows } = await db.query("select changes from everyone.events where tenant_id = $1 and action = 'tenant.erased' and resource_id = $2", [platform, tenant.id]);
    assert.equal(rows.length, 1, "one line in the platform's log");
    assert.equal(rows[0].changes.before.slug, tenant.slug);
    assert.equal(rows[0].changes.before.rows.users, 3);
    const fresh = (await login(`owner@${other.slug}.test`, password, { tenant: other.slug })).access_token;
    for (const [whose, id] of [[fresh, other.id], [token, platform]]) {
        await until(async () => (await db.query("select count(*)::int n from house.events_open where tenant_id = $1", [id])).rows[0].n, (it) => it === 0);
        const verified = await request("GET", "/api/audit/verify", { token: whose });
        assert.equal(verified.status, 200, verified.text);
        assert.ok(verified.data.intact && verified.data.checked > 0, verified.text);
    }
    await sweepDeleted();
    await addJob("tenants.erase_one", { tenant: other.id });
    await idle(["tenants.erase_one"]);
    assert.ok(await tenantOf(other.id), "who is not deleted is not erased, whoever asks");
});

test("a_tenant_with_a_schema_of_its_own_is_erased_with_it", async () => {
    const id = "01a1fc30-0000-74cc-bfd1-e408edb75d4f", schema = `tenant_${id.replaceAll("-", "")}`;
    await db.query(`call house.tenant_schema_create('${id}')`);
    await db.query("insert into public.tenants (id, parent_id, kind, name, slug, isolation, deleted_at) values ($1, $2, 'business', 'Apart', 'apart-one', 'schema', now() - interval '40 days')", [id, platform]);
    const { rows: [user] } = await db.query("insert into everyone.users (tenant_id, email, name) values ($1, 'a@apart.test', 'A') returning id", [id]);
    await db.query("insert into everyone.user_roles (tenant_id, user_id, role_key) values ($1, $2, 'owner')", [id, user.id]);
    assert.equal((await db.query(`select count(*)::int n from ${schema}.users`)).rows[0].n, 1);
    await sweepDeleted();
    assert.equal(await tenantOf(id), undefined);
    assert.deepEqual(await traces(id), []);
    assert.equal((await db.query("select count(*)::int n from pg_namespace where nspname = $1", [schema])).rows[0].n, 0);
    assert.equal((await db.query("select count(*)::int n from house.tenant_schemas where tenant_id = $1", [id])).rows[0].n, 0);
    await makeUser(await makeTenant(), "staff");
});

test("a_reseller_goes_after_its_children", async () => {
    const reseller = await makeTenant({ kind: "reseller" });
    const child = await makeTenant({ token: reseller.token });
    const refused = await remove(reseller);
    assert.deepEqual([refused.status, refused.error.code], [409, "tenant_has_children"]);
    await remove(child);
    assert.equal((await remove(reseller)).status, 204);
    await age(child, "31 days");
    await age(reseller, "32 days");
    await sweepDeleted();
    assert.equal(await tenantOf(child.id), undefined);
    await sweepDeleted();
    assert.equal(await tenantOf(reseller.id), undefined);
});

test("no_event_of_a_tenant_that_is_there_can_be_deleted", async () => {
    const tenant = await makeTenant();
    await assert.rejects(db.query("delete from everyone.events where tenant_id = $1", [tenant.id]), /append only/);
});
