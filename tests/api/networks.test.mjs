// Network rules: whom they keep out, and that nobody shuts themselves out.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";

const path = "/api/security/ip-rules";
let tenant;
before(async () => {
    tenant = await makeTenant();
});
const add = (network, effect = "allow", token = tenant.token) => request("POST", path, { token, body: { network, effect } });
const drop = (id, token = tenant.token) => request("DELETE", `${path}/${id}`, { token });
const leads = (token) => request("GET", "/api/crm/leads", { token });
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);

test("nobody_shuts_themselves_out", async () => {
    refused(await add("198.51.100.0/24"), 409, "would_lock_out");
    refused(await add("127.0.0.0/8", "deny"), 409, "would_lock_out");
    const own = await add("127.0.0.0/8");
    assert.equal(own.status, 201, own.text);
    const other = await add("198.51.100.0/24");
    assert.equal(other.status, 201, other.text);
    refused(await drop(own.data.id), 409, "would_lock_out");
    refused(await request("PATCH", `${path}/${own.data.id}`, { token: tenant.token, body: { network: "10.0.0.0/8" } }), 409, "would_lock_out");
    assert.equal((await leads(tenant.token)).status, 200);
    assert.equal((await drop(other.data.id)).status, 204);
    assert.equal((await drop(own.data.id)).status, 204, "without a rule everybody is let in");
});

test("a_network_is_written_in_one_form", async () => {
    const made = await add("2001:DB8:0:0::/32", "deny");
    assert.equal(made.data.network, "2001:db8::/32", made.text);
    refused(await add("2001:db8::/32", "deny"), 409, "network_taken");
    for (const bad of ["192.0.2.7/24", "192.0.2.0/33", "here", "!127.0.0.1", "127.0.0.1,10.0.0.0/8"])
        assert.equal((await add(bad, "deny")).error.details[0].code, "invalid_network", bad);
    assert.equal((await add("192.0.2.9", "deny")).data.network, "192.0.2.9/32");
});

test("rules_bind_at_sign_in_and_at_each_request_at_once", async () => {
    const own = await makeTenant(), user = await makeUser(own, "staff"), key = await request("POST", "/api/security/api-keys", { token: own.token, body: { name: "k", permissions: ["crm.leads:read"] } });
    assert.equal((await leads(user.access_token)).status, 200);
    // The operator's hand in the tenant is bound by the platform's rules, so it can make what shuts its users out.
    const operatorToken = await operator();
    const acting = await request("POST", `/api/tenants/${own.id}/impersonate`, { token: operatorToken, body: { userId: own.owner.user.id, reason: "their office moved" } });
    assert.equal(acting.status, 200, acting.text);
    const rule = await add("198.51.100.0/24", "allow", acting.data.access_token);
    assert.equal(rule.status, 201, rule.text);
    for (const token of [own.token, user.access_token, key.data.key]) refused(await leads(token), 403, "network_denied");
    assert.equal((await request("GET", "/api/tenant", { tenant: own.slug })).status, 200, "what is public stays so");
    const again = await request("POST", "/api/auth/login", { tenant: own.slug, body: { email: user.email, password } });
    refused(again, 403, "network_denied");
    refused(await request("POST", "/api/auth/refresh", { body: { refresh_token: user.refresh_token } }), 403, "network_denied");
    assert.equal((await leads(acting.data.access_token)).status, 200);
    assert.equal((await drop(rule.data.id, acting.data.access_token)).status, 204);
    for (const token of [own.token, user.access_token, key.data.key]) assert.equal((await leads(token)).status, 200);
    await login(user.email, password, { tenant: own.slug });
    const log = await request("GET", `/api/audit/logs?resourceType=network_rule`, { token: own.token });
    assert.deepEqual(log.data.map((it) => it.type), ["network_rule.deleted", "network_rule.created"]);
});

test("rules_are_a_tenants_own", async () => {
    const one = await makeTenant(), two = await makeTenant();
    const made = await add("127.0.0.0/8", "allow", one.token);
    assert.equal((await request("GET", path, { token: two.token })).data.length, 0);
    refused(await drop(made.data.id, two.token), 404, "not_found");
    const staff = await makeUser(one, "staff");
    refused(await add("10.0.0.0/8", "allow", staff.access_token), 403, "permission_missing");
});
