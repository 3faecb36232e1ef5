// Rules that hold under any parallelism, and those of who may do what.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const user = (it, body) => request("POST", "/api/platform-users", { token: it.token, body: { name: "U", password, ...body } });

test("the_quota_of_users_is_exact_under_parallel_creates", async () => {
    const own = await makeTenant();
    await request("PATCH", `/api/tenants/${own.id}/quotas`, { token: await operator(), body: { users: 5 } });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => user(own, { email: `q${i}@${own.slug}.test`, roles: ["staff"] })));
    assert.equal(answers.filter((it) => it.status === 201).length, 4, "the owner is the fifth");
    assert.ok(answers.filter((it) => it.status !== 201).every((it) => it.status === 403 && it.error.code === "quota_exceeded"));
});

test("the_last_owner_stays_under_parallel_demotions", async () => {
    const own = await makeTenant();
    const second = (await user(own, { email: `o2@${own.slug}.test`, kind: "owner", roles: ["owner"] })).data;
    const first = (await request("GET", "/api/platform-users?kind=owner&sort=email", { token: own.token })).data.find((it) => it.id !== second.id);
    const answers = await Promise.all([first.id, second.id].map((id) => request("PUT", `/api/rbac/users/${id}/roles`, { token: own.token, body: { roles: ["admin"] } })));
    assert.equal(answers.filter((it) => it.status === 200).length <= 1, true, answers.map((it) => it.text).join());
    const owners = (await request("GET", "/api/platform-users", { token: (await login(`o2@${own.slug}.test`, password, { tenant: own.slug })).access_token })).data;
    assert.ok(owners.some((it) => it.roles.includes("owner")));
});

test("nobody_grants_what_they_lack_or_touches_whom_is_above", async () => {
    const admin = await makeUser(tenant, "admin", { kind: "admin" });
    const as = (method, path, body) => request(method, path, { token: admin.access_token, body });
    assert.equal((await as("POST", "/api/platform-users", { email: `x@${tenant.slug}.test`, name: "X", kind: "owner", roles: ["owner"], password })).error.code, "rank_too_high");
    const owner = (await request("GET", "/api/platform-users?kind=owner", { token: tenant.token })).data[0];
    assert.equal((await as("PATCH", `/api/platform-users/${owner.id}`, { name: "Hacked" })).error.code, "rank_too_high");
    assert.equal((await as("POST", "/api/rbac/roles", { key: "too_much", name: "X", permissions: ["billing.invoices:read"] })).status >= 400, true);
    assert.equal((await as("POST", "/api/rbac/roles", { key: "all_of_it", name: "X", permissions: ["*"] })).error.code, "permission_lacking");
});

test("a_custom_role_gives_just_what_it_says", async () => {
    const made = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "reader", name: "Reader", permissions: ["crm.leads:read"] } });
    assert.equal(made.status, 201, made.text);
    const reader = await makeUser(tenant, "reader");
    assert.equal((await request("GET", "/api/crm/leads", { token: reader.access_token })).status, 200);
    assert.equal((await request("POST", "/api/crm/leads", { token: reader.access_token, body: { name: "x" } })).status, 403);
});

test("resellers_see_and_manage_only_their_children", async () => {
    const reseller = await makeTenant({ kind: "reseller" });
    const child = await makeTenant({ token: reseller.token });
    const list = await request("GET", "/api/tenants", { token: reseller.token });
    assert.deepEqual(list.data.map((it) => it.id).sort(), [child.id, reseller.id].sort());
    assert.equal((await request("GET", `/api/tenants/${tenant.id}`, { token: reseller.token })).status, 404);
    assert.equal((await request("POST", `/api/tenants/${child.id}/suspend`, { token: reseller.token, body: {} })).status, 200);
    assert.equal((await request("POST", `/api/tenants/${tenant.id}/suspend`, { token: reseller.token, body: {} })).status, 404);
    assert.equal((await request("POST", "/api/crm/leads", { token: child.token, body: { name: "x" } })).error.code, "tenant_suspended");
});

test("branding_is_inherited_from_the_reseller", async () => {
    const reseller = await makeTenant({ kind: "reseller" });
    const child = await makeTenant({ token: reseller.token });
    await request("PATCH", `/api/tenants/${reseller.id}/branding`, { token: reseller.token, body: { primaryColor: "#123456", loginText: "Welcome" } });
    const seen = await request("GET", "/api/tenant", { tenant: child.slug });
    assert.equal(seen.data.branding.primaryColor, "#123456");
    await request("PATCH", `/api/tenants/${child.id}/branding`, { token: child.token, body: { primaryColor: "#654321" } });
    const own = await request("GET", "/api/tenant", { tenant: child.slug });
    assert.deepEqual([own.data.branding.primaryColor, own.data.branding.loginText], ["#654321", "Welcome"]);
});

test("a_tenant_is_found_in_all_four_ways", async () => {
    assert.equal((await request("GET", "/api/tenant", { tenant: tenant.slug })).data.id, tenant.id);
    assert.equal((await request("GET", "/api/tenant", { headers: { "x-tenant-slug": tenant.slug } })).data.id, tenant.id);
    assert.equal((await request("GET", "/api/tenant", { headers: { "x-tenant-id": tenant.id } })).data.id, tenant.id);
    assert.equal((await request("GET", "/api/auth/me", { token: tenant.token })).data.tenantId, tenant.id);
    assert.equal((await request("GET", "/api/tenant", { tenant: "nobody-here" })).error.code, "tenant_unknown");
});

test("deletion_asks_for_the_slug_and_can_be_undone", async () => {
    const own = await makeTenant(), token = await operator();
    assert.equal((await request("DELETE", `/api/tenants/${own.id}?confirm=wrong`, { token })).status, 422);
    assert.equal((await request("DELETE", `/api/tenants/${own.id}?confirm=${own.slug}`, { token })).status, 204);
    assert.equal((await request("GET", "/api/tenant", { tenant: own.slug })).status, 404);
    assert.equal((await request("POST", `/api/tenants/${own.id}/restore`, { token })).status, 200);
    assert.equal((await request("GET", "/api/crm/leads", { token: own.token })).status, 200);
});

test("import_reports_every_refused_row_and_makes_the_others", async () => {
    const own = await makeTenant();
    const raw = `email,name,phone,kind\na@${own.slug}.test,Ann,,staff\nbad,Bob,,staff\na@${own.slug}.test,Again,,staff\nc@${own.slug}.test,,,odd\n`;
    const answer = await request("POST", "/api/platform-users/bulk-import", { token: own.token, raw, headers: { "content-type": "text/csv" } });
    assert.equal(answer.data.created, 1, answer.text);
    assert.deepEqual(answer.data.refused.map((it) => [it.line, it.field, it.code]),
        [[3, "email", "invalid_email"], [4, "email", "email_taken"], [5, "kind", "not_a_choice"], [5, "name", "required"]]);
});

test("the_audit_chain_is_sealed_and_verifies", async () => {
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "sealed" } });
    for (let sealed = 0; sealed === 0; ) {
        const answer = await request("GET", "/api/audit/verify", { token: tenant.token });
        assert.equal(answer.data.intact, true, answer.text);
        sealed = answer.data.checked;
    }
});

test("metrics of all areas are for this machine or for who has the token", async () => {
    await request("GET", "/api/crm/leads");
    const own = await request("GET", "/metrics");
    assert.equal(own.status, 200);
    for (const area of ["crm", "console"]) assert.match(own.text, new RegExp(`tulou_area_up\\{area="${area}"\\} 1\\n`));
    const counted = /tulou_requests_total\{area="crm",method="GET",route="\/api\/crm\/leads",status="4xx"\} (\d+)/;
    assert.ok(Number(counted.exec(own.text)[1]) >= 1);
    assert.match(own.text, /tulou_request_seconds_bucket\{area="crm",method="GET",route="\/api\/crm\/leads",le="\+Inf"\} \d+/);
    for (const name of ["tulou_requests_total", "tulou_request_seconds"])
        assert.equal(own.text.split(`# TYPE ${name} `).length, 2, `${name} is one family`);
    const passedOn = await request("GET", "/metrics", { headers: { "x-forwarded-for": "198.51.100.7" } });
    assert.equal(passedOn.status, 403);
    assert.ok(!passedOn.text.includes("tulou_"));
});
