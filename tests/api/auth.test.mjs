import assert from "node:assert/strict";
import { before, test } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blake2b } from "@noble/hashes/blake2b";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { folder, login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const refresh = (token) => request("POST", "/api/auth/refresh", { body: { refresh_token: token } });

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

test("refresh_token_reuse_revokes_family", async () => {
    const first = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const second = await refresh(first.refresh_token);
    assert.equal(second.status, 200, second.text);
    assert.equal((await request("GET", "/api/auth/me", { token: second.data.access_token })).status, 200);
    const again = await refresh(first.refresh_token);
    assert.equal(again.status, 401);
    assert.equal(again.error.code, "refresh_token_reused");
    assert.equal((await refresh(second.data.refresh_token)).status, 401, "the family ended");
    assert.equal((await request("GET", "/api/auth/me", { token: second.data.access_token })).error.code, "session_revoked");
});

test("of_parallel_uses_of_one_refresh_token_at_most_one_wins", async () => {
    const session = await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const answers = await Promise.all(Array.from({ length: 12 }, () => refresh(session.refresh_token)));
    assert.equal(answers.filter((it) => it.status === 200).length, 1);
    assert.ok(answers.every((it) => it.status === 200 || it.status === 401));
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
