// Operators who act as users: their rights, their end, and what the log says.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { decodeJwt } from "jose";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { apiRoutes, bodyOf } from "../lib/routes.mjs";

let tenant, token, staff;
before(async () => {
    tenant = await makeTenant();
    staff = await makeUser(tenant, "staff");
    token = await operator();
});
const reason = "Ticket 12: a lead cannot be saved";
const begin = (userId, extra = {}, by = token, of = tenant) => request("POST", `/api/tenants/${of.id}/impersonate`, { token: by, body: { userId, reason, ...extra } });
const leads = (by) => request("GET", "/api/crm/leads", { token: by });
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
async function act(userId, extra) {
    const answer = await begin(userId, extra);
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}
async function makeOperator(role) {
    const email = `${role}-${Date.now()}@platform.test`;
    const made = await request("POST", "/api/admin-users", { token, body: { email, name: `A ${role}`, kind: "operator", roles: [role], password } });
    assert.equal(made.status, 201, made.text);
    return { ...made.data, token: (await login(email, password)).access_token };
}

test("an_operator_acts_with_the_rights_of_the_user_and_no_more", async () => {
    const acting = await act(staff.id, { minutes: 5 });
    assert.ok(acting.expires_in <= 300, String(acting.expires_in));
    assert.equal(acting.refresh_token, undefined);
    assert.equal((await leads(acting.access_token)).status, 200);
    refused(await request("POST", "/api/crm/leads", { token: acting.access_token, body: { name: "x" } }), 403, "permission_missing");
    refused(await request("GET", "/api/tenants", { token: acting.access_token }), 403, "permission_missing");
    refused(await begin(staff.id, {}, acting.access_token), 403, "wrong_audience");
    const claims = decodeJwt(acting.access_token);
    assert.equal(claims.userId, staff.id);
    assert.equal(claims.impersonatorId, decodeJwt(token).userId);
});

test("the_log_names_both", async () => {
    const acting = await act(tenant.owner.user.id);
    const lead = await request("POST", "/api/crm/leads", { token: acting.access_token, body: { name: "By support" } });
    assert.equal(lead.status, 201, lead.text);
    const me = decodeJwt(token);
    const [change] = (await request("GET", `/api/audit/logs?resourceId=${lead.data.id}`, { token: tenant.token })).data;
    assert.deepEqual([change.actor.id, change.impersonatorId, change.actor.name], [tenant.owner.user.id, me.userId, `${me.name} as Owner`]);
    for (const by of [tenant.token, token]) {
        const [begun] = (await request("GET", `/api/audit/logs?type=user.impersonated&resourceId=${tenant.owner.user.id}`, { token: by })).data;
        const { data } = await request("GET", `/api/audit/logs/${begun.id}`, { token: by });
        assert.deepEqual([data.actor.id, data.data.reason, data.data.user], [me.userId, reason, `owner@${tenant.slug}.test`]);
    }
});

test("what_is_the_users_alone_is_refused", async () => {
    const acting = await act(tenant.owner.user.id);
    const own = apiRoutes.filter((it) => it.inPerson && it.scope !== "platform");
    assert.ok(own.some((it) => it.path === "/api/auth/change-password") && own.some((it) => it.path === "/api/security/api-keys"));
    for (const route of own) {
        const body = ["POST", "PUT", "PATCH"].includes(route.method) ? bodyOf(route.body, { method: route.method }) : undefined;
        refused(await request(route.method, route.path.replace(/:\w+/g, tenant.id), { token: acting.access_token, body }), 403, "impersonation_refused");
    }
});

test("a_reason_is_asked_and_the_time_is_short", async () => {
    for (const extra of [{ reason: undefined }, { reason: "" }, { reason: "x" }, { minutes: 61 }, { minutes: 0 }]) {
        const answer = await begin(staff.id, extra);
        assert.equal(answer.status, 422, `${JSON.stringify(extra)}: ${answer.text}`);
    }
});

test("only_who_may_and_never_an_operator_or_a_stranger", async () => {
    const auditor = await makeOperator("auditor"), support = await makeOperator("support"), other = await makeTenant();
    refused(await begin(staff.id, {}, auditor.token), 403, "permission_missing");
    refused(await begin(staff.id, {}, tenant.token), 403, "wrong_audience");
    assert.equal((await begin(staff.id, {}, support.token)).status, 200);
    refused(await begin(support.id, {}, token, { id: decodeJwt(token).tenantId }), 403, "impersonation_forbidden");
    refused(await begin(staff.id, {}, token, other), 404, "not_found");
    await request("POST", `/api/platform-users/${staff.id}/deactivate`, { token: tenant.token });
    refused(await begin(staff.id), 404, "not_found");
    await request("POST", `/api/platform-users/${staff.id}/activate`, { token: tenant.token });
});

test("a_tenant_may_forbid_it", async () => {
    const own = await makeTenant();
    const { data } = await request("GET", "/api/settings/security", { token: own.token });
    assert.equal(data.allowImpersonation, true);
    const put = await request("PUT", "/api/settings/security", { token: own.token, body: { ...data, allowImpersonation: false } });
    assert.equal(put.status, 200, put.text);
    refused(await begin(own.owner.user.id, {}, token, own), 403, "impersonation_forbidden");
});

test("it_ends_when_told_and_when_the_user_is_deactivated", async () => {
    const first = await act(staff.id);
    assert.equal((await request("POST", "/api/auth/logout", { token: first.access_token })).status, 204);
    refused(await leads(first.access_token), 401, "session_revoked");
    const second = await act(staff.id);
    await request("POST", `/api/platform-users/${staff.id}/deactivate`, { token: tenant.token });
    assert.equal((await leads(second.access_token)).status, 401);
    await request("POST", `/api/platform-users/${staff.id}/activate`, { token: tenant.token });
});

test("the_tenant_sees_the_session_and_can_end_it", async () => {
    const acting = await act(tenant.owner.user.id);
    const { data } = await request("GET", "/api/auth/sessions", { token: tenant.token });
    const shown = data.find((it) => it.id === acting.sessionId);
    assert.equal(shown.impersonatorName, decodeJwt(token).name);
    assert.equal((await request("DELETE", `/api/auth/sessions/${acting.sessionId}`, { token: tenant.token })).status, 204);
    refused(await leads(acting.access_token), 401, "session_revoked");
});
