// API keys: what they open, for whom, from where, and until when.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { until } from "../lib/worker.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const path = "/api/security/api-keys";
const ask = (token, body) => request("POST", path, { token, body: { name: "Key", permissions: ["crm.leads:read"], ...body } });
async function make(token, body) {
    const made = await ask(token, body);
    assert.equal(made.status, 201, made.text);
    return made.data;
}
const leads = (key, options = {}) => request("GET", "/api/crm/leads", { token: key, ...options });
const refused = async (answer, status, code) => assert.deepEqual([(await answer).status, (await answer).error?.code], [status, code], (await answer).text);

test("a_key_opens_what_it_was_given_and_is_shown_once", async () => {
    const made = await make(tenant.token, { name: "Export" });
    assert.match(made.key, /^tulou_[0-9A-Za-z]{70}$/);
    assert.ok(made.key.startsWith(made.prefix));
    assert.equal((await leads(made.key)).status, 200);
    await refused(request("POST", "/api/crm/leads", { token: made.key, body: { name: "x" } }), 403, "permission_missing");
    for (const at of [path, `${path}/${made.id}`]) {
        const shown = await request("GET", at, { token: tenant.token });
        assert.equal(shown.status, 200);
        assert.ok(!shown.text.includes(made.key) && shown.text.includes(made.prefix));
    }
    const log = await request("GET", `/api/audit/logs?resourceId=${made.id}`, { token: tenant.token });
    assert.equal(log.data[0].type, "api_key.created");
    const one = await request("GET", `/api/audit/logs/${log.data[0].id}`, { token: tenant.token });
    assert.ok(one.data.data.after.name && !/hash|\*\*\*/i.test(one.text), one.text);
});

test("events_say_which_key_it_was", async () => {
    const made = await make(tenant.token, { name: "Writer", permissions: ["crm.leads:*"] });
    const lead = await request("POST", "/api/crm/leads", { token: made.key, body: { name: "By key" } });
    assert.equal(lead.status, 201, lead.text);
    const log = await request("GET", `/api/audit/logs?resourceId=${lead.data.id}`, { token: tenant.token });
    assert.deepEqual(log.data[0].actor, { kind: "api_key", id: made.id, name: "Writer" });
});

test("nobody_gives_a_key_what_they_lack", async () => {
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "key_maker", name: "K", permissions: ["crm.leads:read", "access.api_keys:*"] } });
    assert.equal(role.status, 201, role.text);
    const user = await makeUser(tenant, "key_maker");
    await refused(ask(user.access_token, { permissions: ["crm.leads:delete"] }), 403, "permission_lacking");
    await refused(ask(user.access_token, { permissions: ["*"] }), 403, "permission_lacking");
    assert.equal((await ask(user.access_token, { permissions: ["no.such:thing"] })).error.details[0].code, "invalid_permission");
    assert.equal((await ask(user.access_token, { permissions: [] })).error.details[0].code, "required");
    assert.equal((await ask(user.access_token, { networks: ["10.0.0.1/8"] })).error.details[0].code, "invalid_network");
    assert.equal((await ask(user.access_token, { expiresAt: "2001-01-01T00:00:00Z" })).error.details[0].code, "in_the_past");
});

test("what_the_maker_loses_the_key_loses_at_once", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const made = await make(user.access_token, { permissions: ["crm.*", "users.*"] });
    assert.equal((await leads(made.key)).status, 200);
    assert.equal((await request("GET", "/api/platform-users", { token: made.key })).status, 200);
    const roles = await request("PUT", `/api/rbac/users/${user.id}/roles`, { token: tenant.token, body: { roles: ["staff"] } });
    assert.equal(roles.status, 200, roles.text);
    assert.equal((await leads(made.key)).status, 200, "staff reads leads");
    await refused(request("GET", "/api/platform-users", { token: made.key }), 403, "permission_missing");
    await refused(request("POST", "/api/crm/leads", { token: made.key, body: { name: "x" } }), 403, "permission_missing");
    assert.ok((await request("POST", `/api/platform-users/${user.id}/deactivate`, { token: tenant.token })).status < 300);
    await refused(leads(made.key), 401, "api_key_revoked");
    assert.ok((await request("POST", `/api/platform-users/${user.id}/activate`, { token: tenant.token })).status < 300);
    await refused(leads(made.key), 401, "api_key_revoked");
    assert.equal((await request("DELETE", `/api/platform-users/${user.id}`, { token: tenant.token })).status, 204);
    await refused(leads(made.key), 401, "api_key_unknown");
});

test("a_revoked_key_opens_nothing_however_many_use_it", async () => {
    for (let round = 0; round < 5; round++) {
        const made = await make(tenant.token);
        let over = false, late = 0;
        const use = async () => {
            for (let tail = 5; tail > 0; ) {
                const after = over;
                const answer = await leads(made.key);
                if (!after) {
                    assert.ok(answer.status === 200 || answer.error?.code === "api_key_revoked", answer.text);
                } else {
                    assert.deepEqual([answer.status, answer.error.code], [401, "api_key_revoked"]);
                    late++;
                    tail--;
                }
            }
        };
        const users = Array.from({ length: 32 }, use);
        for (let i = 0; i < 20; i++) assert.equal((await leads(made.key)).status, 200);
        assert.equal((await request("POST", `${path}/${made.id}/revoke`, { token: tenant.token })).status, 200);
        over = true;
        await Promise.all(users);
        assert.equal(late, 160);
        await refused(request("POST", `${path}/${made.id}/revoke`, { token: tenant.token }), 409, "already_revoked");
        assert.equal((await request("GET", `${path}/${made.id}`, { token: tenant.token })).data.status, "revoked");
    }
});

test("a_rotated_key_has_a_new_secret_which_only_who_holds_its_rights_gets", async () => {
    const made = await make(tenant.token, { name: "Rotated", permissions: ["crm.leads:read", "users.users:read"] });
    const rotate = (token) => request("POST", `${path}/${made.id}/rotate`, { token });
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "key_rotator", name: "K", permissions: ["crm.leads:read", "access.api_keys:*"] } });
    assert.equal(role.status, 201, role.text);
    const lesser = await makeUser(tenant, "key_rotator");
    await refused(rotate(lesser.access_token), 403, "permission_lacking");
    await refused(request("POST", `${path}/${made.id}/rotate`, { token: made.key }), 403, "api_key_refused");
    assert.equal((await leads(made.key)).status, 200);
    const rotated = await rotate(tenant.token);
    assert.equal(rotated.status, 200, rotated.text);
    assert.match(rotated.data.key, /^tulou_[0-9A-Za-z]{70}$/);
    assert.deepEqual([rotated.data.id, rotated.data.name, rotated.data.status], [made.id, "Rotated", "active"]);
    assert.ok(rotated.data.key !== made.key && rotated.data.key.startsWith(rotated.data.prefix));
    await refused(leads(made.key), 401, "api_key_unknown");
    assert.equal((await leads(rotated.data.key)).status, 200);
    const log = await request("GET", `/api/audit/logs?resourceId=${made.id}`, { token: tenant.token });
    assert.ok(log.data.some((it) => it.type === "api_key.rotated"), log.text);
    assert.ok(!log.text.includes(rotated.data.key));
    assert.equal((await request("POST", `${path}/${made.id}/revoke`, { token: tenant.token })).status, 200);
    await refused(rotate(tenant.token), 409, "key_not_active");
    await refused(leads(rotated.data.key), 401, "api_key_revoked");
});

test("an_expired_key_is_over", async () => {
    let made, end, before;
    for (let life = 4000; ; life *= 2) { // longer where a machine is so busy that it was over before it was used
        end = Date.now() + life;
        const asked = await ask(tenant.token, { expiresAt: new Date(end).toISOString() });
        made = asked.data;
        before = made && (await leads(made.key));
        if (Date.now() < end) {
            assert.equal(before?.status, 200, asked.text);
            break;
        }
    }
    const answer = await until(() => leads(made.key), (it) => it.status !== 200);
    assert.ok(Date.now() >= end);
    await refused(answer, 401, "api_key_expired");
    assert.equal((await request("GET", `${path}/${made.id}`, { token: tenant.token })).data.status, "expired");
});

test("a_key_is_good_from_its_networks_alone", async () => {
    const away = await make(tenant.token, { networks: ["192.0.2.0/24", "2001:db8::/32"] });
    await refused(leads(away.key), 403, "network_denied");
    const here = await make(tenant.token, { networks: ["192.0.2.0/24", "127.0.0.0/8"] });
    assert.equal((await leads(here.key)).status, 200);
});

test("a_key_belongs_to_its_tenant", async () => {
    const other = await makeTenant(), made = await make(tenant.token);
    assert.equal((await leads(made.key, { tenant: tenant.slug })).status, 200);
    await refused(leads(made.key, { tenant: other.slug }), 403, "tenant_mismatch");
    await refused(leads(made.key, { headers: { "x-tenant-id": other.id } }), 403, "tenant_mismatch");
    await refused(request("GET", `${path}/${made.id}`, { token: other.token }), 404, "not_found");
    await refused(request("POST", `${path}/${made.id}/revoke`, { token: other.token }), 404, "not_found");
    assert.equal((await leads(made.key)).status, 200);
});

test("what_is_no_key_is_refused_with_a_stable_code", async () => {
    const { key } = await make(tenant.token);
    await refused(leads(key.slice(0, -1)), 401, "api_key_malformed");
    await refused(leads(`${key.slice(0, 10)}${key[10] === "a" ? "b" : "a"}${key.slice(11)}`), 401, "api_key_malformed");
    await refused(leads("tulou_"), 401, "api_key_malformed");
    // Well-formed by the published recipe, but never made here.
    const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const sealed = (text) => {
        let crc = 0xffffffff, out = "";
        for (const byte of Buffer.from(text)) {
            crc ^= byte;
            for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
        }
        for (let rest = ~crc >>> 0, i = 0; i < 6; i++, rest = Math.floor(rest / 62)) out = digits[rest % 62] + out;
        return text + out;
    };
    assert.equal(sealed(key.slice(0, 70)), key, "the recipe is that of the documentation");
    await refused(leads(sealed(`tulou_${"Z".repeat(32)}${tenant.id.replaceAll("-", "")}`)), 401, "api_key_unknown");
    await refused(leads(sealed(`tulou_${"Z".repeat(32)}${"0".repeat(32)}`)), 401, "api_key_unknown");
    const query = await request("GET", `/api/crm/leads?api_key=${key}&access_token=${key}`);
    await refused(query, 401, "not_signed_in");
    await refused(request("GET", "/api/crm/leads", { headers: { cookie: `tulou_session=${key}` } }), 401, "not_signed_in");
});

test("a_key_is_for_programs_not_for_an_account", async () => {
    const { key } = await make(tenant.token, { permissions: ["*"] });
    for (const [method, at, body] of [["GET", "/api/auth/me"], ["PATCH", "/api/auth/me", { name: "X" }], ["GET", "/api/auth/sessions"], ["POST", "/api/auth/logout"],
        ["POST", "/api/auth/change-password", { currentPassword: password, newPassword: "another long phrase" }], ["POST", path, { name: "child", permissions: ["crm.leads:read"] }]])
        await refused(request(method, at, { token: key, body }), 403, "api_key_refused");
    assert.equal((await request("GET", "/admin/crm/leads", { token: key, tenant: tenant.slug })).status, 403);
    const session = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    assert.ok(session.access_token, "the password is as it was");
});

test("a_key_has_a_rate_and_idempotency_of_its_own", async () => {
    const one = await make(tenant.token, { permissions: ["crm.leads:*"] }), two = await make(tenant.token, { permissions: ["crm.leads:*"] });
    assert.match((await leads(one.key)).headers.ratelimit, /^"api-key";r=/);
    const send = (key) => request("POST", "/api/crm/leads", { token: key, body: { name: "Once" }, headers: { "idempotency-key": "same" } });
    const [first, again, other] = [await send(one.key), await send(one.key), await send(two.key)];
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.equal(first.data.id, again.data.id);
    assert.notEqual(first.data.id, other.data.id);
});

test("when_it_was_last_used_is_noted", async () => {
    const made = await make(tenant.token);
    const seen = async () => (await request("GET", `${path}/${made.id}`, { token: tenant.token })).data.lastUsedAt;
    assert.equal(await seen(), null);
    await leads(made.key);
    const first = await seen();
    assert.ok(Math.abs(Date.parse(first) - Date.now()) < 30000, first);
    for (let i = 0; i < 50; i++) await leads(made.key);
    assert.equal(await seen(), first, "not written again within the minute");
    const log = await request("GET", `/api/audit/logs?resourceId=${made.id}`, { token: tenant.token });
    assert.deepEqual(log.data.map((it) => it.type), ["api_key.created"]);
});

test("operators_have_keys_for_the_platform", async () => {
    const token = await operator();
    const made = await make(token, { permissions: ["platform.tenants:read"] });
    const list = await request("GET", "/api/tenants", { token: made.key });
    assert.equal(list.status, 200, list.text);
    await refused(request("POST", `/api/tenants/${tenant.id}/suspend`, { token: made.key, body: {} }), 403, "permission_missing");
    await refused(leads(made.key, { tenant: tenant.slug }), 403, "tenant_mismatch");
    assert.equal((await request("POST", `${path}/${made.id}/revoke`, { token })).status, 200);
});

test("in_a_suspended_tenant_keys_open_nothing", async () => {
    const own = await makeTenant(), made = await make(own.token);
    assert.equal((await leads(made.key)).status, 200);
    await request("POST", `/api/tenants/${own.id}/suspend`, { token: await operator(), body: {} });
    await refused(leads(made.key), 403, "tenant_suspended");
});
