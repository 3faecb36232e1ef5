import assert from "node:assert/strict";
import { before, test } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blake2b } from "@noble/hashes/blake2b";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { folder, login, makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const refresh = (token, agent = "a client", from = "127.0.0.1") => request("POST", "/api/auth/refresh", { from, headers: { "user-agent": agent }, body: { refresh_token: token } });
const tooLate = (token) => sql(`update everyone.used_tokens set created_at = now() - interval '11 seconds' where token_hash = encode(sha256('${token}'), 'hex')`);

test("login_answers_tokens_whose_claims_are_as_documented", async () => {
    const { access_token, token_type, expires_in } = tenant.owner;
    assert.equal(token_type, "Bearer");
    assert.equal(expires_in, 900);
    const claims = decodeJwt(access_token);
    assert.equal(decodeProtectedHeader(access_token).alg, "HS256");
    for (const name of ["userId", "email", "role", "tenantId", "type", "permissions", "sid", "iat", "exp", "iss", "aud"]) assert.ok(name in claims, name);
    assert.equal(claims.tenantId, tenant.id);
    assert.equal(claims.type, "ADMIN_USER");
    assert.equal(claims.exp - claims.iat, 900);
    assert.equal(decodeJwt(await operator()).aud, "PLATFORM_USER");
});

test("an_access_token_is_verified_by_jose_with_the_key_that_its_header_names", async () => {
    const root = Buffer.from(readFileSync(join(folder, "secret.key"), "utf8").trim(), "hex");
    const keyOf = ({ kid }) => blake2b(`access token ${kid}`, { key: root, dkLen: 32 });
    const token = tenant.owner.access_token;
    const { payload } = await jwtVerify(token, keyOf, { algorithms: ["HS256"], audience: "ADMIN_USER", issuer: decodeJwt(token).iss });
    assert.equal(payload.tenantId, tenant.id);
    await assert.rejects(jwtVerify(token, keyOf, { audience: "PLATFORM_USER" }));
    const [head, , mark] = token.split(".");
    const other = Buffer.from(JSON.stringify({ ...payload, permissions: ["*"], role: "superadmin" })).toString("base64url");
    await assert.rejects(jwtVerify([head, other, mark].join("."), keyOf));
    assert.equal((await request("GET", "/api/auth/me", { token: [head, other, mark].join(".") })).status, 401);
});

test("wrong_password_and_unknown_account_answer_the_same", async () => {
    const wrong = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `owner@${tenant.slug}.test`, password: "wrong wrong wrong" } });
    const unknown = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: `nobody@${tenant.slug}.test`, password: "wrong wrong wrong" } });
    assert.equal(wrong.status, 401);
    const strip = ({ requestId, ...rest }) => rest;
    assert.deepEqual(strip(wrong.error), strip(unknown.error));
});

for (const [what, again] of Object.entries({
    another_agent: (token) => refresh(token, "somebody else"),
    another_network: (token) => refresh(token, "a client", "127.0.0.7"),
    the_same_client_later: (token) => (tooLate(token), refresh(token)),
}))
    test(`refresh_token_reuse_by_${what}_revokes_family`, async () => {
        const first = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
        const second = await refresh(first.refresh_token);
        assert.equal(second.status, 200, second.text);
        assert.equal((await request("GET", "/api/auth/me", { token: second.data.access_token })).status, 200);
        const answer = await again(first.refresh_token);
        assert.equal(answer.status, 401);
        assert.equal(answer.error.code, "refresh_token_reused");
        assert.equal((await refresh(second.data.refresh_token)).status, 401, "the family ended");
        assert.equal((await request("GET", "/api/auth/me", { token: second.data.access_token })).error.code, "session_revoked");
    });

test("refresh_token_reuse_after_its_successor_was_used_revokes_family", async () => {
    const first = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const third = await refresh((await refresh(first.refresh_token)).data.refresh_token);
    assert.equal(third.status, 200);
    assert.equal((await refresh(first.refresh_token)).error.code, "refresh_token_reused");
    assert.equal((await refresh(third.data.refresh_token)).status, 401);
});

test("two_windows_of_a_client_that_refresh_at_once_get_the_same_successor", async () => {
    const session = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const answers = await Promise.all(Array.from({ length: 12 }, () => refresh(session.refresh_token)));
    for (const it of answers) assert.equal(it.status, 200, it.text);
    assert.equal(new Set(answers.map((it) => it.data.refresh_token)).size, 1);
    assert.notEqual(answers[0].data.refresh_token, session.refresh_token);
    for (const it of answers) assert.equal((await request("GET", "/api/auth/me", { token: it.data.access_token })).status, 200);
    assert.equal((await refresh(answers[0].data.refresh_token)).status, 200, "and it goes on");
});

const logout = (options) => request("POST", "/api/auth/logout", options);
test("logout_works_with_the_refresh_token_alone_or_beside_an_access_token_that_is_over", async () => {
    for (const way of ["alone", "expired", "used up", "at its host"]) {
        const session = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
        let { refresh_token, access_token } = session;
        if (way === "used up") ({ access_token } = (await refresh(refresh_token)).data);
        const answer = await logout({ body: { refresh_token }, ...(way === "expired" ? { token: `${access_token}x` } : {}), ...(way === "at its host" ? { tenant: tenant.slug } : {}) });
        assert.equal(answer.status, 204, `${way}: ${answer.text}`);
        assert.equal((await request("GET", "/api/auth/me", { token: access_token })).error?.code, "session_revoked", way);
        assert.equal((await refresh(session.refresh_token)).status, 401, way);
    }
    const log = await request("GET", "/api/audit/logs?type=session.ended", { token: tenant.token });
    assert.ok(log.data.filter((it) => it.actor.id === tenant.owner.user.id).length >= 4, log.text);
});

test("logout_without_any_session_says_so_and_a_token_that_is_nobodys_is_over_already", async () => {
    assert.equal((await logout({})).status, 401);
    assert.equal((await logout({ token: "nonsense" })).status, 401);
    for (const refresh_token of ["nonsense", `${tenant.id}.nonsense`]) assert.equal((await logout({ body: { refresh_token } })).status, 204);
    const other = await makeTenant();
    assert.equal((await logout({ tenant: tenant.slug, body: { refresh_token: other.owner.refresh_token } })).error.code, "tenant_mismatch");
    assert.equal((await refresh(other.owner.refresh_token)).status, 200);
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    assert.equal((await logout({ tenant: tenant.slug, headers: { cookie } })).error.code, "csrf_invalid", "nobody is signed out by another site");
});

test("logout_is_204_and_ends_the_session_at_once", async () => {
    const session = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    assert.equal((await request("POST", "/api/auth/logout", { token: session.access_token })).status, 204);
    assert.equal((await request("GET", "/api/auth/me", { token: session.access_token })).status, 401);
    assert.equal((await refresh(session.refresh_token)).status, 401);
});

test("changing_the_password_revokes_the_other_sessions", async () => {
    const user = await makeUser(tenant, "admin");
    const other = await login(user.email, password, { tenant: tenant.slug });
    const change = (body) => request("POST", "/api/auth/change-password", { token: user.access_token, body });
    assert.equal((await change({ currentPassword: "not it at all", newPassword: "a new long password" })).error.details[0].code, "wrong_password");
    assert.equal((await change({ currentPassword: password, newPassword: "short" })).error.details[0].code, "password_too_short");
    assert.equal((await change({ currentPassword: password, newPassword: "a new long password" })).status, 204);
    assert.equal((await request("GET", "/api/auth/me", { token: other.access_token })).status, 401);
    assert.equal((await request("GET", "/api/auth/me", { token: user.access_token })).status, 200);
    await login(user.email, "a new long password", { tenant: tenant.slug });
});

test("own_sessions_are_listed_and_ended", async () => {
    const user = await makeUser(tenant, "staff");
    const other = await login(user.email, password, { tenant: tenant.slug });
    const list = await request("GET", "/api/auth/sessions", { token: user.access_token });
    assert.equal(list.data.length, 2);
    const victim = list.data.find((it) => !it.current);
    assert.equal((await request("DELETE", `/api/auth/sessions/${victim.id}`, { token: user.access_token })).status, 204);
    assert.equal((await request("GET", "/api/auth/me", { token: other.access_token })).error.code, "session_revoked");
});

test("wrong_passwords_lock_the_account_with_a_growing_delay", async () => {
    const user = await makeUser(tenant, "staff");
    const attempt = (word) => request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password: word } });
    for (let i = 0; i < 5; i++) assert.equal((await attempt("wrong wrong wrong")).status, 401);
    const locked = await attempt(password);
    assert.equal(locked.status, 429, "even the right one must wait");
    assert.equal(locked.error.code, "locked_out");
    assert.ok(Number(locked.headers["retry-after"]) >= 1);
    const unlock = (token) => request("POST", `/api/platform-users/${user.id}/unlock`, { token });
    assert.equal((await unlock((await makeUser(tenant, "staff")).access_token)).error.code, "permission_missing");
    const unlocked = await unlock(tenant.token);
    assert.deepEqual([unlocked.status, unlocked.data?.id], [200, user.id], unlocked.text);
    assert.equal((await attempt(password)).status, 200, "nobody waits any more");
    assert.equal((await unlock(tenant.token)).error.code, "not_locked");
});

test("an_administrator_signs_somebody_out_everywhere", async () => {
    const user = await makeUser(tenant, "staff"), other = await login(user.email, password, { tenant: tenant.slug });
    const out = await request("POST", `/api/platform-users/${user.id}/sign-out`, { token: tenant.token });
    assert.equal(out.status, 200, out.text);
    for (const token of [user.access_token, other.access_token]) assert.equal((await request("GET", "/api/auth/me", { token })).error.code, "session_revoked");
    assert.equal((await refresh(other.refresh_token)).status, 401);
    await login(user.email, password, { tenant: tenant.slug });
});

test("an_address_in_two_tenants_chooses_the_workspace", async () => {
    const other = await makeTenant();
    const email = `both-${Date.now()}@example.com`;
    for (const it of [tenant, other])
        await request("POST", "/api/platform-users", { token: it.token, body: { email, name: "Both", password, roles: ["staff"] } });
    const asked = await request("POST", "/api/auth/login", { body: { email, password } });
    assert.equal(asked.status, 409);
    assert.equal(asked.error.code, "workspace_required");
    assert.deepEqual(asked.error.details.map((it) => it.code).sort(), [tenant.slug, other.slug].sort());
    const chosen = await request("POST", "/api/auth/login", { body: { email, password, tenant: other.slug } });
    assert.equal(chosen.data.user.tenantId, other.id);
});

test("a_role_that_is_taken_away_is_gone_with_the_next_request", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    assert.equal((await request("GET", "/api/audit/logs", { token: user.access_token })).status, 200);
    assert.equal((await request("PUT", `/api/rbac/users/${user.id}/roles`, { token: tenant.token, body: { roles: ["customer"] } })).status, 200);
    assert.equal((await request("GET", "/api/audit/logs", { token: user.access_token })).error.code, "token_stale");
    const fresh = await refresh(user.refresh_token);
    assert.equal((await request("GET", "/api/audit/logs", { token: fresh.data.access_token })).status, 403);
});
