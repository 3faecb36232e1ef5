// Signing in by a tenant's own OpenID provider, which here is npm's oidc-provider.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { login, makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { codeOf, enrol, sql } from "../lib/factors.mjs";
import { honest } from "../lib/provider.mjs";
import { addProvider, atProvider, redirectUri, signIn, Visitor } from "../lib/sso.mjs";

let tenant, people, provider, there;
before(async () => {
    tenant = await makeTenant();
    people = {};
    there = await honest(people, [redirectUri(tenant)]);
    provider = await addProvider(tenant, there.issuer, { scopes: "openid email profile groups" });
});
after(() => there.stop());

let count = 0;
function person(claims = {}) {
    const id = `person-${++count}`;
    people[id] = { email: `${id}@${tenant.slug}.test`, email_verified: true, name: `Person ${count}`, groups: [], ...claims };
    return { id, ...people[id] };
}
const change = async (body, of = provider) => {
    const answer = await request("PATCH", `/api/security/sso-providers/${of.id}`, { token: tenant.token, body });
    assert.equal(answer.status, 200, answer.text);
};
const userOf = async (email) => (await request("GET", `/api/platform-users?email=${email}`, { token: tenant.token })).data[0];
// A change of rights makes the owner's token old.
const again = async () => (tenant.token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token);
const rolesOf = async (email) => (await userOf(email)).roles.sort();

test("an_unknown_person_becomes_a_user_and_is_the_same_one_next_time", async () => {
    const one = person();
    const { visitor, answer } = await signIn(tenant, provider, one.id, "/account/security");
    assert.equal(answer.headers.location, "/account/security");
    assert.ok(visitor.signedIn);
    assert.equal((await visitor.get("/account")).status, 200);
    const user = await userOf(one.email);
    assert.deepEqual([user.name, user.status, user.roles, user.sso, user.kind], [one.name, "active", ["staff"], [provider.name], "staff"]);
    assert.ok(user.emailVerifiedAt);
    people[one.id].email = `moved-${one.email}`;
    assert.ok((await signIn(tenant, provider, one.id)).visitor.signedIn);
    assert.equal((await userOf(one.email)).id, user.id, "the subject counts, whatever the address is now");
    const linked = await request("GET", `/api/security/sso-identities?userId=${user.id}`, { token: tenant.token });
    assert.equal(linked.data.length, 1);
    assert.deepEqual([linked.data[0].issuer, linked.data[0].subject], [there.issuer, one.id]);
    const log = await request("GET", "/api/audit/logs?type=session.created&limit=1&fields=data,actor", { token: tenant.token });
    assert.deepEqual(log.data[0].data, { method: "sso" });
    const attempts = await request("GET", `/api/security/login-attempts?email=${one.email}`, { token: tenant.token });
    assert.ok(attempts.data.every((it) => it.succeeded) && attempts.data.length === 2, JSON.stringify(attempts.data));
});

test("an_account_that_is_there_is_linked_by_its_verified_address", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin", mustChangePassword: true });
    const one = person({ email: user.email });
    const { visitor } = await signIn(tenant, provider, one.id);
    const page = await visitor.get("/admin/users");
    assert.equal(page.status, 200, "no password has to be changed first");
    const after = await userOf(user.email);
    assert.deepEqual([after.id, after.roles], [user.id, ["admin"]]);
    const unlink = (await request("GET", `/api/security/sso-identities?userId=${user.id}`, { token: tenant.token })).data[0];
    assert.equal((await request("DELETE", `/api/security/sso-identities/${unlink.id}`, { token: tenant.token })).status, 204);
    assert.deepEqual((await userOf(user.email)).sso, []);
});

test("who_was_invited_comes_in_by_the_provider", async () => {
    const email = `invited@${tenant.slug}.test`;
    const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "Ada", roles: ["staff"], invite: true } });
    assert.equal(made.data.status, "pending", made.text);
    assert.ok((await signIn(tenant, provider, person({ email }).id)).visitor.signedIn);
    assert.equal((await userOf(email)).status, "active");
});

test("without_just_in_time_users_or_a_role_strangers_stay_out", async () => {
    const one = person();
    await change({ createUsers: false });
    const first = await signIn(tenant, provider, one.id);
    assert.match(await first.visitor.notice(), /no account for you here yet/);
    await change({ createUsers: true, defaultRole: null });
    const second = await signIn(tenant, provider, one.id);
    assert.match(await second.visitor.notice(), /no role here/);
    assert.equal(await userOf(one.email), undefined);
    await change({ defaultRole: "staff", emailDomains: ["Example.org"] });
    const third = await signIn(tenant, provider, one.id);
    assert.match(await third.visitor.notice(), /not one of those/);
    await change({ emailDomains: ["example.org", `${tenant.slug}.test`] });
    assert.ok((await signIn(tenant, provider, one.id)).visitor.signedIn);
    await change({ emailDomains: [] });
});

test("roles_come_from_claims_and_follow_them_where_the_tenant_says_so", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "front_desk", name: "Front desk", rank: 20, permissions: ["crm.leads:read"] } });
    await change({ roleMapping: ["groups=urn:x:desk=1: front_desk", "groups=bosses: admin"] });
    const one = person({ groups: ["urn:x:desk=1", "others"] });
    const { visitor } = await signIn(tenant, provider, one.id);
    assert.ok(visitor.signedIn);
    assert.deepEqual(await rolesOf(one.email), ["front_desk"]);
    people[one.id].groups = ["bosses", "urn:x:desk=1"];
    await signIn(tenant, provider, one.id);
    assert.deepEqual(await rolesOf(one.email), ["front_desk"], "given once");
    await change({ rolesFollow: true });
    await signIn(tenant, provider, one.id);
    assert.deepEqual(await rolesOf(one.email), ["admin", "front_desk"]);
    assert.equal((await visitor.get("/admin/users")).status, 200, "open sessions have them at once");
    people[one.id].groups = [];
    await signIn(tenant, provider, one.id);
    assert.deepEqual(await rolesOf(one.email), ["staff"], "the default");
    assert.equal((await visitor.get("/admin/users")).status, 403);
    await change({ defaultRole: null });
    const out = await signIn(tenant, provider, one.id);
    assert.match(await out.visitor.notice(), /no role here/);
    assert.ok(!out.visitor.signedIn);
    assert.deepEqual(await rolesOf(one.email), [], "and none is left");
    const owner = person({ email: `owner@${tenant.slug}.test`, groups: ["bosses"] });
    assert.ok((await signIn(tenant, provider, owner.id)).visitor.signedIn);
    await again();
    assert.deepEqual(await rolesOf(owner.email), ["admin", "owner"], "the last owner stays one");
    await change({ defaultRole: "staff", rolesFollow: false, roleMapping: [] });
});

test("a_role_that_is_gone_gives_nothing", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "passing", name: "Passing", rank: 20, permissions: [] } });
    const role = (await request("GET", "/api/rbac/roles?key=passing", { token: tenant.token })).data[0];
    await change({ roleMapping: ["groups=x: passing"] });
    assert.equal((await request("DELETE", `/api/rbac/roles/${role.id}`, { token: tenant.token })).status, 204);
    await again();
    const { visitor } = await signIn(tenant, provider, person({ groups: ["x"] }).id);
    assert.match(await visitor.notice(), /no role here/);
    await change({ roleMapping: [] });
});

test("two_sign_ins_of_a_new_person_at_once_make_one_account", async () => {
    const one = person();
    const all = await Promise.all(Array.from({ length: 6 }, () => signIn(tenant, provider, one.id)));
    assert.equal(all.filter((it) => it.visitor.signedIn).length, 6);
    assert.equal(sql(`select count(*) from everyone.users where tenant_id = '${tenant.id}' and email = '${one.email}'`), "1");
    assert.equal(sql(`select count(*) from everyone.sso_identities where tenant_id = '${tenant.id}' and subject = '${one.id}'`), "1");
});

test("the_number_of_users_that_a_tenant_may_have_holds_here_too", async () => {
    sql(`update everyone.tenant_quotas set most = used where tenant_id = '${tenant.id}' and key = 'users'`);
    const { visitor } = await signIn(tenant, provider, person().id);
    assert.match(await visitor.notice(), /as many users/);
    sql(`update everyone.tenant_quotas set most = used + 1000 where tenant_id = '${tenant.id}' and key = 'users'`);
});

test("keys_that_the_provider_changes_are_known_at_once", async () => {
    const one = person();
    assert.ok((await signIn(tenant, provider, one.id)).visitor.signedIn);
    await there.rotate("two");
    assert.ok((await signIn(tenant, provider, one.id)).visitor.signedIn);
});

for (const [alg, auth] of [["PS256", "client_secret_post"], ["ES256", "none"], ["EdDSA", "client_secret_basic"]])
    test(`tokens_of_${alg}_and_clients_of_${auth}_work_too`, async () => {
        const other = await honest(people, [redirectUri(tenant)], { alg, auth, idTokenClaims: false });
        try {
            const own = await addProvider(tenant, other.issuer, auth === "none" ? { clientSecret: undefined } : {});
            const one = person();
            const { visitor, answer } = await signIn(tenant, own, one.id);
            assert.ok(visitor.signedIn, `${answer.headers.location} ${await visitor.notice()}`);
            assert.equal((await userOf(one.email)).name, one.name, "the address came by the user info");
        } finally {
            await other.stop();
        }
    });

test("a_wrong_client_secret_is_said_in_the_log_and_to_nobody_else", async () => {
    const own = await addProvider(tenant, there.issuer, { clientSecret: "wrong" });
    const { visitor } = await signIn(tenant, own, person().id);
    assert.match(await visitor.notice(), /did not work/);
    const log = await request("GET", "/api/audit/logs?type=sso_provider.sign_in_refused&limit=1&fields=data", { token: tenant.token });
    assert.match(log.data[0].data.reason, /token endpoint answered with status 401 \(invalid_client\)/);
    await request("DELETE", `/api/security/sso-providers/${own.id}`, { token: tenant.token });
});

test("who_says_no_at_the_provider_is_back_at_the_login_page", async () => {
    const visitor = new Visitor(tenant);
    await visitor.start(provider);
    const parameters = await atProvider(visitor.answer.headers.location, { no: true });
    assert.equal(parameters.error, "access_denied");
    assert.equal((await visitor.callback(parameters)).headers.location, "/login");
    assert.match(await visitor.notice(), /was cancelled/);
});

test("an_own_second_factor_is_asked_unless_the_provider_asked_for_one", async () => {
    const user = await makeUser(tenant, "staff");
    const app = await enrol(user);
    const one = person({ email: user.email });
    const first = await signIn(tenant, provider, one.id);
    assert.equal(first.answer.status, 200);
    assert.ok(!first.visitor.signedIn);
    assert.match(first.answer.text, /One more step/);
    const ticket = first.answer.text.match(/name="ticket" value="([^"]+)"/)[1];
    const verified = await request("POST", "/api/auth/mfa/verify", { tenant: tenant.slug, body: { ticket, code: codeOf(app.secret, 1) } });
    assert.equal(verified.status, 200, verified.text);
    await change({ mfaValues: ["mfa"] });
    assert.equal((await signIn(tenant, provider, one.id)).answer.status, 200, "it did not");
    people[one.id].amr = ["pwd", "mfa"];
    assert.ok((await signIn(tenant, provider, one.id)).visitor.signedIn);
    await change({ mfaValues: [] });
});

test("a_factor_that_the_tenant_demands_may_be_the_providers", async () => {
    const policy = (body) => request("PATCH", "/api/security/policy", { token: tenant.token, body });
    const one = person({ amr: ["mfa"] });
    assert.equal((await policy({ mfaRoles: ["staff"] })).status, 200);
    const without = await signIn(tenant, provider, one.id);
    assert.match((await without.visitor.get("/admin/crm/leads")).headers.location ?? "", /two-step/, "it must be set up here");
    await change({ mfaValues: ["mfa"] });
    const { visitor } = await signIn(tenant, provider, one.id);
    assert.equal((await visitor.get("/admin/crm/leads")).status, 200);
    await policy({ mfaRoles: ["staff", "customer"] });
    assert.equal((await visitor.get("/admin/crm/leads")).status, 200, "also when the rules are looked at again");
    await policy({ mfaRoles: [] });
    await change({ mfaValues: [] });
});

test("where_sso_is_required_only_owners_sign_in_otherwise", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const policy = (body) => request("PATCH", "/api/security/policy", { token: tenant.token, body });
    assert.equal((await policy({ ssoRequired: true })).status, 200);
    const by = (email) => request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email, password } });
    const refused = await by(user.email);
    assert.deepEqual([refused.status, refused.error?.code], [403, "sso_required"], refused.text);
    assert.equal((await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password: "wrong" } })).status, 401, "only who knows the password is told");
    assert.equal((await by(`owner@${tenant.slug}.test`)).status, 200);
    const enrolled = await makeTenant();
    assert.equal((await request("PATCH", "/api/security/policy", { token: enrolled.token, body: { ssoRequired: true } })).status, 200);
    const alone = await makeUser(enrolled, "staff");
    assert.ok(alone.access_token, "without a provider nobody is locked out");
    assert.ok((await signIn(tenant, provider, person({ email: user.email }).id)).visitor.signedIn);
    await policy({ ssoRequired: false });
    assert.equal((await login(user.email, password, { tenant: tenant.slug })).user.email, user.email);
});

test("the_bare_domain_sends_everybody_to_their_tenants_host", async () => {
    const answer = await request("GET", `/api/auth/sso/${tenant.slug}/start`);
    assert.equal(answer.status, 303);
    assert.match(answer.headers.location, new RegExp(`^http://${tenant.slug}\\.localhost:\\d+/api/auth/sso/${tenant.slug}/start$`));
    assert.equal((await request("GET", "/api/auth/sso/no-such-tenant/start")).status, 404);
    const first = await new Visitor(tenant).get(`/api/auth/sso/${tenant.slug}/start`);
    assert.ok(first.headers.location.startsWith(there.issuer), "without a name the first provider is meant");
});

test("next_leads_nowhere_else", async () => {
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
        const { answer } = await signIn(tenant, provider, person().id, next);
        assert.equal(answer.headers.location, "/");
    }
});

test("the_test_of_the_connection_says_what_is_there", async () => {
    const answer = await request("POST", `/api/security/sso-providers/${provider.id}/test`, { token: tenant.token });
    assert.deepEqual([answer.data.works, answer.data.problem, answer.data.keys, answer.data.redirectUri], [true, null, 1, redirectUri(tenant)], answer.text);
    assert.ok(answer.data.tokenEndpoint.startsWith(there.issuer));
});

test("changes_need_a_second_look_and_a_person", async () => {
    const admin = await makeUser(tenant, "admin", { kind: "admin" });
    await enrol(admin);
    sql(`update everyone.sessions set confirmed_at = now() - interval '1 hour' where user_id = '${admin.id}'`);
    const body = { name: "New", issuer: "https://id.example.com", clientId: "x" };
    const late = await request("POST", "/api/security/sso-providers", { token: admin.access_token, body });
    assert.equal(late.error?.code, "step_up_required", late.text);
    const made = await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "all", permissions: ["*"] } });
    const key = await request("POST", "/api/security/sso-providers", { token: made.data.key, body });
    assert.equal(key.error?.code, "api_key_refused", key.text);
    assert.equal((await request("GET", "/api/security/sso-providers", { token: made.data.key })).status, 200);
});

test("a_tenant_has_at_most_ten_providers", async () => {
    const own = await makeTenant();
    for (let i = 0; i < 10; i++) await addProvider(own, "https://id.example.com", { name: `P${i}` });
    const more = await request("POST", "/api/security/sso-providers", { token: own.token, body: { name: "P10", issuer: "https://id.example.com", clientId: "x" } });
    assert.equal(more.error?.code, "too_many_providers", more.text);
});
