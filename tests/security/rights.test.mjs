// Ways by which somebody could come to rights that they lack: by roles and what they
// inherit, by accounts of others, keys, imports, providers, tenants below, and by two
// changes at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, login, operator, password } from "../lib/client.mjs";
import * as client from "../lib/client.mjs";
import { liar } from "../lib/liar.mjs";
import { addProvider, signInAtLiar } from "../lib/sso.mjs";
import { connect, until } from "../lib/worker.mjs";
import { Page } from "../lib/forms.mjs";

// Each change of a role makes the tokens of its tenant stale: whoever asks with one signs
// in anew, as an application would refresh it.
const people = new Map(); // by the token that they began with
const known = (token, email, tenant) => people.set(token, { email, tenant, token }) && token;
async function request(method, path, options) {
    const person = people.get(options.token);
    const answer = await client.request(method, path, { ...options, token: person?.token ?? options.token });
    if (!person || answer.error?.code !== "token_stale") return answer;
    person.token = (await login(person.email, password, { tenant: person.tenant })).access_token;
    return client.request(method, path, { ...options, token: person.token });
}
async function makeTenant(options) {
    const tenant = await client.makeTenant(options);
    known(tenant.token, `owner@${tenant.slug}.test`, tenant.slug);
    return tenant;
}
async function makeUser(tenant, role, extra) {
    await request("GET", "/api/auth/me", { token: tenant.token });
    const user = await client.makeUser({ ...tenant, token: people.get(tenant.token).token }, role, extra);
    return { ...user, token: known(user.access_token, user.email, tenant.slug) };
}

const world = {};
let count = 0;
before(async () => {
    world.tenant = await makeTenant();
    world.db = await connect(folder);
});
after(() => world.db.end());

const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
const ok = (answer) => {
    assert.ok(answer.status < 300, answer.text);
    return answer.data;
};
const rights = async (token) => ok(await request("GET", "/api/auth/me", { token })).permissions;

// A role of its own, and a user with it, signed in.
async function employ(permissions, { rank = 10, inherits, tenant = world.tenant } = {}) {
    const key = `r${++count}_${Math.random().toString(36).slice(2, 8)}`;
    const role = ok(await request("POST", "/api/rbac/roles", { tenant: tenant.slug, token: tenant.token, body: { key, name: key, rank, permissions, inherits } }));
    const user = await makeUser(tenant, key);
    return { ...user, role };
}
const again = async (user, tenant = world.tenant) => (await login(user.email, password, { tenant: tenant.slug })).access_token;
const change = (token, role, body, method = "PATCH") => request(method, `/api/rbac/roles/${role.id}`, { token, body });
async function makeKey(token, permissions) {
    return ok(await request("POST", "/api/security/api-keys", { token, body: { name: "k", permissions } })).key;
}
async function makeOperator(permissions, rank = 10) {
    const token = await operator(), key = `op${++count}_${Math.random().toString(36).slice(2, 8)}`, email = `${key}@platform.test`;
    ok(await request("POST", "/api/rbac/roles", { token, body: { key, name: key, rank, permissions } }));
    const made = ok(await request("POST", "/api/admin-users", { token, body: { email, name: key, kind: "operator", roles: [key], password } }));
    return { ...made, key, token: known((await login(email, password)).access_token, email) };
}

// ---- roles ----

test("a_role_that_one_has_inherits_nothing_mightier", async () => {
    const clerk = await employ(["access.roles:*"]);
    for (const inherits of ["owner", "admin"]) refused(await change(clerk.token, clerk.role, { inherits }), 403, "rank_too_high");
    refused(await change(clerk.token, clerk.role, { inherits: "customer" }), 403, "permission_lacking");
    refused(await change(clerk.token, clerk.role, { name: "x", description: null, rank: clerk.role.rank, permissions: ["access.roles:*"], inherits: "owner" }, "PUT"), 403, "rank_too_high");
    refused(await request("POST", "/api/rbac/roles", { token: clerk.token, body: { key: `new_${count}`, name: "x", rank: 5, inherits: "owner" } }), 403, "rank_too_high");
    const key = await makeKey(world.tenant.token, ["access.roles:update", "access.roles:create"]);
    refused(await change(key, clerk.role, { inherits: "owner" }), 403, "permission_lacking");
    refused(await request("POST", "/api/rbac/roles", { token: key, body: { key: `new_${count}`, name: "x", rank: 5, inherits: "owner" } }), 403, "permission_lacking");
    const page = await Page.signIn(world.tenant.slug, clerk.email, password);
    assert.equal((await page.post(`/admin/roles/${clerk.role.id}`, { name: "x", rank: "10", inherits: "owner" })).status, 403);
    assert.deepEqual(await rights(await again(clerk)), ["access.roles:*"]);
});

test("an_operators_own_role_inherits_nothing_mightier", async () => {
    const clerk = await makeOperator(["access.roles:read", "access.roles:update"]);
    const [role] = ok(await request("GET", `/api/rbac/roles?key=${clerk.key}`, { token: clerk.token }));
    refused(await change(clerk.token, role, { inherits: "superadmin" }), 403, "rank_too_high");
    refused(await change(clerk.token, role, { inherits: "auditor" }), 403, "rank_too_high");
    refused(await change(clerk.token, role, { permissions: ["platform.*"] }), 403, "permission_lacking");
});

test("a_role_that_others_inherit_becomes_nothing_that_its_author_lacks", async () => {
    const base = await employ(["crm.leads:read"]), clerk = await employ(["access.roles:*", "crm.leads:read"], { inherits: base.role.key });
    refused(await change(clerk.token, base.role, { permissions: ["crm.leads:read", "crm.leads:delete"] }), 403, "permission_lacking");
    refused(await change(clerk.token, base.role, { inherits: "staff" }), 403, "rank_too_high");
    assert.equal((await change(clerk.token, base.role, { permissions: ["access.roles:read"] })).status, 200, "what its author has may be given");
});

test("a_role_named_before_it_was_there_gives_nothing_that_its_author_lacks", async () => {
    const key = `later_${Date.now()}`, heir = await employ([], { inherits: key }), clerk = await employ(["access.roles:*"]);
    refused(await request("POST", "/api/rbac/roles", { token: clerk.token, body: { key, name: "x", permissions: ["crm.*"] } }), 403, "permission_lacking");
    ok(await request("POST", "/api/rbac/roles", { token: clerk.token, body: { key, name: "x", permissions: ["access.roles:read"] } }));
    assert.deepEqual(await rights(await again(heir)), ["access.roles:read"]);
});

test("nothing_is_taken_from_a_role_or_from_holders_that_its_author_does_not_cover", async () => {
    const clerk = await employ(["access.roles:*", "crm.leads:read"]), seller = await employ(["crm.*"]), desk = await employ(["crm.leads:read"]);
    refused(await change(clerk.token, seller.role, { permissions: [] }), 403, "permission_lacking");
    refused(await change(clerk.token, seller.role, { name: "Nobody" }), 403, "permission_lacking");
    refused(await request("DELETE", `/api/rbac/roles/${seller.role.id}`, { token: clerk.token }), 403, "permission_lacking");
    ok(await request("PUT", `/api/rbac/users/${desk.id}/roles`, { token: world.tenant.token, body: { roles: [desk.role.key, "admin"] } }));
    ok(await change(clerk.token, desk.role, { permissions: ["access.roles:read", "crm.leads:read"] })); // an administrator has both anyway
    const other = await employ(["crm.leads:delete"]);
    ok(await request("PUT", `/api/rbac/users/${other.id}/roles`, { token: world.tenant.token, body: { roles: [desk.role.key, other.role.key] } }));
    refused(await change(clerk.token, desk.role, { permissions: [] }), 403, "permission_lacking");
});

test("the_page_of_ticks_offers_and_takes_nothing_that_one_lacks", async () => {
    const clerk = await employ(["access.roles:*", "crm.leads:read"]), seller = await employ(["crm.leads:read"], { inherits: "staff" }), desk = await employ(["crm.leads:read"]);
    const page = await Page.signIn(world.tenant.slug, clerk.email, password), shown = await page.get("/admin/permissions");
    assert.ok(shown.text.includes(`name="${desk.role.key}/crm.leads:read"`));
    assert.ok(!shown.text.includes(`name="${seller.role.key}/`), "it inherits what the clerk lacks");
    const ticked = Object.fromEntries([...shown.text.matchAll(/<input[^>]*type="checkbox"[^>]*>/g)].filter(([it]) => / checked/.test(it)).map(([it]) => [it.match(/name="([^"]*)"/)[1], "on"]));
    assert.equal((await page.post("/admin/permissions", { ...ticked, [`${desk.role.key}/crm.leads:delete`]: "on", [`${desk.role.key}/crm.leads:read`]: "on" })).status, 303);
    const [stored] = ok(await request("GET", `/api/rbac/roles?key=${desk.role.key}`, { token: world.tenant.token }));
    assert.deepEqual(stored.permissions, ["crm.leads:read"]);
    assert.equal((await page.post("/admin/permissions", { ...ticked, [`${desk.role.key}/access.roles:read`]: "on", [`${seller.role.key}/access.roles:read`]: "on" })).status, 303);
    const [[now], [same]] = [ok(await request("GET", `/api/rbac/roles?key=${desk.role.key}`, { token: world.tenant.token })), ok(await request("GET", `/api/rbac/roles?key=${seller.role.key}`, { token: world.tenant.token }))];
    assert.deepEqual([now.permissions.sort(), same.permissions], [["access.roles:read", "crm.leads:read"], ["crm.leads:read"]]);
});

test("permissions_of_one_user_alone_bring_nothing_besides", async () => {
    const admin = await makeUser(world.tenant, "admin", { kind: "admin" }), user = await makeUser(world.tenant, "staff");
    const key = `own_${user.id.replaceAll("-", "")}`;
    ok(await request("POST", "/api/rbac/roles", { token: world.tenant.token, body: { key, name: "x", rank: 90, inherits: "owner" } }));
    refused(await request("PUT", `/api/admin-users/${user.id}/permissions`, { token: admin.token, body: { permissions: ["crm.leads:read"] } }), 403, "rank_too_high");
    const given = ok(await request("PUT", `/api/admin-users/${user.id}/permissions`, { token: world.tenant.token, body: { permissions: ["crm.leads:read"] } }));
    assert.ok(!given.effective.includes("*"), given.effective.join());
    assert.deepEqual([given.permissions, given.rank], [["crm.leads:read"], 30]);
    const read = ok(await request("GET", `/api/admin-users/${user.id}/permissions`, { token: world.tenant.token }));
    assert.deepEqual([read, read.effective.includes("crm.leads:read")], [given, true]);
    const back = ok(await request("PUT", `/api/admin-users/${user.id}/permissions`, { token: world.tenant.token, body: { ...read, permissions: [] } }));
    assert.deepEqual([back.permissions, back.effective.includes("crm.leads:read")], [[], false]);
});

// ---- accounts ----

test("equal_rank_is_not_enough_to_change_an_account", async () => {
    const hr = await employ(["users.*", "access.roles:assign", "access.sessions:*"]), sec = await employ(["access.*", "tenants.*"]), desk = await employ(["users.users:read"]);
    for (const [method, path, body] of [["PATCH", `/api/platform-users/${sec.id}`, { password: "taken by hr 4711" }], ["PATCH", `/api/platform-users/${sec.id}`, { email: `hr-${count}@${world.tenant.slug}.test` }],
        ["PATCH", `/api/platform-users/${sec.id}`, { status: "suspended" }], ["PATCH", `/api/platform-users/${sec.id}`, { roles: [] }], ["DELETE", `/api/platform-users/${sec.id}`],
        ["POST", `/api/platform-users/${sec.id}/deactivate`], ["POST", `/api/platform-users/${sec.id}/unlink`], ["PUT", `/api/rbac/users/${sec.id}/roles`, { roles: [] }]])
        refused(await request(method, path, { token: hr.token, body }), 403, "permission_lacking");
    ok(await request("PATCH", `/api/platform-users/${desk.id}`, { token: hr.token, body: { name: "Desk" } }));
});

test("a_key_takes_over_nobody_and_gives_nothing_that_it_lacks", async () => {
    const { tenant } = world, staff = await makeUser(tenant, "staff"), nobody = await employ([]);
    const key = await makeKey(tenant.token, ["users.*", "access.roles:assign"]);
    for (const id of [tenant.owner.user.id, staff.id]) refused(await request("PATCH", `/api/platform-users/${id}`, { token: key, body: { password: "stolen by key 4711" } }), 403, "permission_lacking");
    refused(await request("POST", "/api/platform-users", { token: key, body: { email: `k${count}@${tenant.slug}.test`, name: "K", roles: ["owner"], password } }), 403, "permission_lacking");
    refused(await request("PUT", `/api/rbac/users/${nobody.id}/roles`, { token: key, body: { roles: ["staff"] } }), 403, "permission_lacking");
    ok(await request("POST", "/api/platform-users", { token: key, body: { email: `k${count}@${tenant.slug}.test`, name: "K", roles: [], password } }));
});

test("a_key_loses_what_its_maker_loses", async () => {
    const maker = await employ(["crm.leads:read", "access.api_keys:*"]), key = await makeKey(maker.token, ["crm.leads:read"]);
    assert.equal((await request("GET", "/api/crm/leads", { token: key })).status, 200);
    ok(await change(world.tenant.token, maker.role, { permissions: ["access.api_keys:*"] }));
    refused(await request("GET", "/api/crm/leads", { token: key }), 403, "permission_missing");
});

// ---- imports ----

async function importing(token, kind, tenant = world.tenant) {
    const answer = await request("POST", "/api/platform-users/bulk-import", { token, raw: `email,name,kind\r\ni${++count}@${tenant.slug}.test,M,${kind}\r\n`, headers: { "content-type": "text/csv" } });
    const { created, refused: rows } = ok(answer);
    return [created, rows.map((it) => [it.field, it.code])];
}

test("an_import_makes_nobody_mightier_than_whoever_imports", async () => {
    const key = await makeKey(world.tenant.token, ["users.users:import"]), small = await employ(["users.users:import"], { rank: 30 });
    assert.deepEqual(await importing(key, "owner"), [0, [["kind", "permission_lacking"]]]);
    assert.deepEqual(await importing(small.token, "admin"), [0, [["kind", "rank_too_high"]]]);
    assert.deepEqual(await importing(small.token, "staff"), [0, [["kind", "permission_lacking"]]]);
    assert.deepEqual(await importing(world.tenant.token, "owner"), [1, []]);
});

// The rights of a tenant are held as a change of them holds them.
async function holding(tenant, work) {
    const db = await connect(folder);
    try {
        await db.query("begin");
        await db.query("select pg_advisory_xact_lock(hashtextextended('rights ' || $1, 0))", [tenant.id]);
        await work(db);
    } finally {
        await db.end();
    }
}
const waiting = (how = 1) => until(async () => (await world.db.query("select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted")).rows[0].n, (n) => n >= how);

test("an_import_that_waits_gives_nothing_that_its_beginner_lost_meanwhile", async () => {
    const { tenant } = world, admin = await makeUser(tenant, "admin", { kind: "admin" });
    const rows = Array.from({ length: 130 }, (_, i) => `late${i}-${count}@${tenant.slug}.test,L,admin`);
    let id;
    await holding(tenant, async (db) => {
        id = ok(await request("POST", "/api/platform-users/bulk-import", { token: admin.token, raw: ["email,name,kind", ...rows].join("\r\n"), headers: { "content-type": "text/csv" } })).id;
        await waiting();
        await db.query("update everyone.user_roles set role_key = 'staff' where tenant_id = $1 and user_id = $2", [tenant.id, admin.id]);
        await db.query("commit");
    });
    const done = await until(async () => ok(await request("GET", `/api/platform-users/imports/${id}`, { token: tenant.token })), (it) => it.status === "done");
    assert.deepEqual([done.created, done.refused.length, done.refused[0].code], [0, 130, "rank_too_high"]);
});

// ---- two changes at once ----

test("a_role_that_becomes_mightier_while_it_is_given_is_not_given", async () => {
    const { tenant } = world, clerk = await employ(["access.roles:assign", "crm.leads:read"]), desk = await employ(["crm.leads:read"]);
    let given;
    await holding(tenant, async (db) => {
        await db.query("update everyone.roles set permissions = '[\"*\"]' where id = $1", [desk.role.id]);
        given = request("PUT", `/api/rbac/users/${clerk.id}/roles`, { token: clerk.token, body: { roles: [desk.role.key, clerk.role.key] } });
        await waiting();
        await db.query("commit");
    });
    refused(await given, 403, "permission_lacking");
});

test("who_loses_rights_while_giving_them_gives_them_not", async () => {
    const { tenant } = world, clerk = await employ(["access.roles:assign", "crm.leads:read"]), desk = await employ(["crm.leads:read"]), other = await employ([]);
    let given;
    await holding(tenant, async (db) => {
        given = request("PUT", `/api/rbac/users/${other.id}/roles`, { token: clerk.token, body: { roles: [desk.role.key] } });
        await waiting();
        await db.query("update everyone.roles set permissions = '[\"access.roles:assign\"]' where id = $1", [clerk.role.id]);
        await db.query("commit");
    });
    refused(await given, 403, "permission_lacking");
});

test("whoever_becomes_mightier_while_they_are_changed_is_not_changed", async () => {
    const { tenant } = world, hr = await employ(["users.*"]), desk = await employ([]);
    let changed;
    await holding(tenant, async (db) => {
        await db.query("insert into everyone.user_roles (tenant_id, user_id, role_key) values ($1, $2, 'owner')", [tenant.id, desk.id]);
        changed = request("PATCH", `/api/platform-users/${desk.id}`, { token: hr.token, body: { name: "Mine", status: "suspended" } });
        await waiting();
        await db.query("commit");
    });
    refused(await changed, 403, "rank_too_high");
});

// ---- providers ----

test("a_provider_lets_in_nobody_whose_rights_its_author_lacks", async () => {
    const own = await makeTenant(), strange = await liar();
    try {
        const clerk = await employ(["access.sso:*", "crm.leads:read"], { tenant: own }), sec = await employ(["users.*"], { tenant: own }), desk = await employ(["crm.leads:read"], { tenant: own });
        const provider = await addProvider(own, strange.issuer, { defaultRole: desk.role.key, rolesFollow: false }, clerk.token);
        const enter = async (email, sub = email) => {
            strange.person = { sub, email, email_verified: true };
            return (await signInAtLiar(own, provider, strange)).visitor;
        };
        assert.ok(!(await enter(sec.email)).signedIn);
        assert.match(await (await enter(sec.email)).notice(), /has rights that/);
        assert.ok((await enter(desk.email)).signedIn);
        assert.ok((await enter(`new@${own.slug}.test`)).signedIn);
        ok(await change(own.token, desk.role, { permissions: ["crm.*"] })); // its author lacks what the role became
        assert.ok(!(await enter(`newer@${own.slug}.test`)).signedIn);
        assert.ok(!(await enter(desk.email)).signedIn);
        const lesser = await employ(["access.sso:*"], { tenant: own });
        for (const [method, body] of [["PATCH", { enabled: true }], ["DELETE", undefined]]) refused(await request(method, `/api/security/sso-providers/${provider.id}`, { token: lesser.token, body }), 403, "permission_lacking");
    } finally {
        await strange.stop();
    }
});

// ---- from above ----

test("operators_give_and_change_in_tenants_what_they_cover", async () => {
    const { tenant } = world, clerk = await makeOperator(["users.users:*", "access.roles:assign", "platform.tenants:*"], 95), staff = await makeUser(tenant, "staff");
    const body = { email: `op${count}@${tenant.slug}.test`, name: "O", tenantId: tenant.id, password };
    refused(await request("POST", "/api/platform-users", { token: clerk.token, body: { ...body, kind: "owner", roles: ["owner"] } }), 403, "permission_lacking");
    refused(await request("PATCH", `/api/platform-users/${tenant.owner.user.id}`, { token: clerk.token, body: { password: "stolen by clerk 1" } }), 403, "permission_lacking");
    refused(await request("PUT", `/api/rbac/users/${staff.id}/roles`, { token: clerk.token, body: { roles: ["owner"] } }), 403, "permission_lacking");
    refused(await request("POST", "/api/tenants", { token: clerk.token, body: { name: "X", slug: `x${Date.now()}`, ownerEmail: "x@x.test", ownerPassword: password } }), 403, "permission_lacking");
    ok(await request("POST", "/api/tenants", { token: clerk.token, body: { name: "X", slug: `x${Date.now()}` } }));
    const root = await operator();
    ok(await request("POST", "/api/platform-users", { token: root, body: { ...body, kind: "owner", roles: ["owner"] } }));
    ok(await request("PUT", `/api/rbac/users/${staff.id}/roles`, { token: root, body: { roles: ["admin"] } }));
});

test("who_acts_as_an_owner_gives_nothing_that_they_lack_themselves", async () => {
    const { tenant } = world, helper = await makeOperator(["platform.tenants:read", "platform.tenants:impersonate", "crm.*:read"], 99);
    for (const [by, status] of [[helper.token, 403], [await operator(), 201]]) {
        const acting = ok(await request("POST", `/api/tenants/${tenant.id}/impersonate`, { token: by, body: { userId: tenant.owner.user.id, reason: "Ticket 1" } })).access_token;
        const make = (permissions) => request("POST", "/api/rbac/roles", { token: acting, body: { key: `by_${++count}`, name: "B", permissions } });
        const role = await make(["crm.*"]);
        assert.equal(role.status, status, role.text);
        ok(await make(["crm.leads:read"]));
    }
});

test("a_reseller_gives_its_tenants_no_plan_above_its_own", async () => {
    const reseller = await makeTenant({ kind: "reseller", planLevel: 2 }), child = await makeTenant({ token: reseller.token, planLevel: 2 });
    const set = (token, planLevel) => request("PATCH", `/api/tenants/${child.id}`, { token, body: { planLevel } });
    refused(await set(reseller.token, 3), 403, "plan_too_high");
    refused(await request("POST", "/api/tenants", { token: reseller.token, body: { name: "X", slug: `x${Date.now()}`, planLevel: 99 } }), 403, "plan_too_high");
    ok(await set(reseller.token, 1));
    ok(await set(await operator(), 5));
    ok(await request("PATCH", `/api/tenants/${child.id}`, { token: reseller.token, body: { planLevel: 5, name: "What an operator gave stays" } }));
});
