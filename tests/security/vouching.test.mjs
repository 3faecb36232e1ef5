// What one tenant says of a person proves nothing in another; and what a session
// opened ends with it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { login, makeTenant, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { liar } from "../lib/liar.mjs";
import { addProvider, signInAtLiar } from "../lib/sso.mjs";
import { form, invited, pages, resetByMail, ticketOf, verifyByMail } from "../lib/workspaces.mjs";

let a, b, c, lies;
before(async () => {
    [a, b, c] = [await makeTenant(), await makeTenant(), await makeTenant()];
    lies = await liar();
});
after(() => lies.stop());
const path = "/api/auth/workspaces";
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
const fresh = (who = "ada") => `${who}-${randomUUID().slice(0, 8)}@adviser.test`;
const sid = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sid;
const link = (one, token) => request("POST", path, { token: one.session.access_token, body: { access_token: token } });
const list = (token) => request("GET", path, { token });
const me = (token) => request("GET", "/api/auth/me", { token });
const refresh = (session) => request("POST", "/api/auth/refresh", { body: { refresh_token: session.refresh_token } });

async function go(token, tenant) {
    const there = (await list(token)).data.find((it) => it.tenantId === tenant.id);
    const answer = await request("POST", `${path}/${there.id}/switch`, { token });
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}
// One person in several tenants, each account linked with the first.
async function person(...tenants) {
    const email = fresh(), all = [];
    for (const it of tenants) all.push(await invited(it, email));
    for (const it of all.slice(1)) assert.equal((await link(all[0], it.session.access_token)).status, 200);
    return { email, all };
}
// What the database knows of a session, for when it is not what it should be.
const inDatabase = (session) => sql(`select s.revoked_at, s.revoked_why, s.parent_id, s.created_at, clock_timestamp() from everyone.sessions s where s.id = '${sid(session.access_token)}'`);
async function over(session, what) {
    const { status } = await me(session.access_token);
    assert.equal(status, 401, status === 401 ? what : `${what}: ${JSON.stringify(inDatabase(session))}`);
    if (session.refresh_token) assert.equal((await refresh(session)).status, 401, what);
}
async function lives(session, what) {
    const answer = await me(session.access_token);
    assert.equal(answer.status, 200, `${what}: ${answer.text}`);
}

// ---- what a session opened ends with it ----

const ends = {
    "its own signing out": ({ first }) => request("POST", "/api/auth/logout", { token: first.access_token }),
    "another session of its user": async ({ first, email }) => request("DELETE", `/api/auth/sessions/${sid(first.access_token)}`, { token: (await login(email, password, { tenant: a.slug })).access_token }),
    "an administrator": ({ first, one }) => request("DELETE", `/api/admin-users/${one.id}/sessions/${sid(first.access_token)}`, { token: a.token }),
    "a password changed elsewhere": async ({ email }) => request("POST", "/api/auth/change-password", { token: (await login(email, password, { tenant: a.slug })).access_token, body: { currentPassword: password, newPassword: "another word of my own" } }),
    "a password set by mail": async ({ email }) => (await resetByMail(a, email, "a word that came by mail"), { status: 204 }),
    "a password set by an administrator": ({ one }) => request("POST", `/api/platform-users/${one.id}/reset-password`, { token: a.token, body: { password: "an administrator knows this" } }),
    "deactivation": ({ one }) => request("POST", `/api/platform-users/${one.id}/deactivate`, { token: a.token, body: {} }),
    "deletion": ({ one }) => request("DELETE", `/api/platform-users/${one.id}`, { token: a.token }),
    "a refresh token that was used twice": async ({ first }) => {
        sql(`insert into everyone.used_tokens (tenant_id, session_id, token_hash, created_at) values ('${a.id}', '${sid(first.access_token)}', encode(sha256('${a.id}.stolen'), 'hex'), now() - interval '1 hour')`);
        return request("POST", "/api/auth/refresh", { body: { refresh_token: `${a.id}.stolen` } });
    },
};
for (const [what, end] of Object.entries(ends))
    test(`what_a_session_opened_in_other_workspaces_ends_with_it_by_${what.replaceAll(" ", "_")}`, async () => {
        const { email, all: [one, other] } = await person(a, b, c);
        const first = await login(email, password, { tenant: a.slug });
        const second = await go(first.access_token, b), third = await go(second.access_token, c);
        await lives(third, "before");
        const answer = await end({ first, email, one });
        assert.ok([200, 204, 401].includes(answer.status), answer.text);
        for (const [it, name] of [[first, "itself"], [second, "what it opened"], [third, "and that"]]) await over(it, name);
        await lives(other.session, "one's own session there");
    });

test("the_one_who_changes_a_password_keeps_this_session_and_what_it_opened_even_where_it_was_opened_itself", async () => {
    const { email } = await person(a, b);
    const first = await login(email, password, { tenant: a.slug });
    const second = await go(first.access_token, b), back = await go(second.access_token, a), again = await go(back.access_token, b);
    const changed = await request("POST", "/api/auth/change-password", { token: back.access_token, body: { currentPassword: password, newPassword: "another word of my own" } });
    assert.equal(changed.status, 204, changed.text);
    await over(first, "another session");
    await over(second, "what that opened");
    await lives(back, "this one");
    await lives(again, "what this one opened");
});

test("a_ticket_of_a_session_that_is_over_opens_nothing", async () => {
    const { email } = await person(a, b), cookie = await pageCookie(email, password, { tenant: a.slug });
    const page = await pages(a.slug, cookie), [{ id }] = (await list((await login(email, password, { tenant: a.slug })).access_token)).data;
    const ticket = ticketOf(await page.switchTo(id));
    assert.equal((await page.post("/logout", {})).status, 303);
    const late = await form(b.slug, "/login/switch", { ticket }, { from: a.slug });
    assert.ok(!late.headers["set-cookie"]?.some((it) => it.startsWith("tulou_session=")), "not let in");
    assert.equal(late.headers.location, "/login");
});

// ---- an operator's sessions as others ----

async function makeOperator() {
    const email = fresh("op"), made = await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Op", kind: "operator", roles: ["support"], password } });
    assert.equal(made.status, 201, made.text);
    return { ...made.data, email, session: await login(email, password) };
}
async function acting(by, tenant = a, user = a.owner.user.id) {
    const answer = await request("POST", `/api/tenants/${tenant.id}/impersonate`, { token: by, body: { userId: user, reason: "a test of it", minutes: 60 } });
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}
const operatorEnds = {
    "signing out": (it) => request("POST", "/api/auth/logout", { token: it.session.access_token }),
    "deactivation": async (it) => request("PATCH", `/api/admin-users/${it.id}`, { token: await operator(), body: { status: "inactive" } }),
    "suspension": async (it) => request("PATCH", `/api/admin-users/${it.id}`, { token: await operator(), body: { status: "suspended" } }),
    "demotion": async (it) => request("PUT", `/api/rbac/users/${it.id}/roles`, { token: await operator(), body: { roles: ["auditor"] } }),
    "deletion": async (it) => request("DELETE", `/api/admin-users/${it.id}`, { token: await operator() }),
    "another password": (it) => request("POST", "/api/auth/change-password", { token: it.session.access_token, body: { currentPassword: password, newPassword: "another word of my own" } }),
    "a password of an administrator": async (it) => request("POST", `/api/platform-users/${it.id}/reset-password`, { token: await operator(), body: { password: "an administrator knows this" } }),
};
for (const [what, end] of Object.entries(operatorEnds))
    test(`acting_as_a_user_ends_with_the_operators_${what.replaceAll(" ", "_")}`, async () => {
        const it = await makeOperator(), token = await acting(it.session.access_token), other = await acting(await operator());
        await lives(token, "before");
        const answer = await end(it);
        assert.ok([200, 204].includes(answer.status), answer.text);
        await over(token, "as a user");
        await lives(other, "another operator's goes on");
        assert.equal(sql(`select count(*) from everyone.sessions where impersonator_id = '${it.id}' and revoked_at is null`), "0");
    });

test("acting_as_users_ends_when_the_tenant_forbids_it", async () => {
    const tenant = await makeTenant(), token = await acting(await operator(), tenant, tenant.owner.user.id);
    const allow = (value) => request("PUT", "/api/security/policy", { token: tenant.token, body: { ...policy, allowImpersonation: value } });
    const policy = (await request("GET", "/api/security/policy", { token: tenant.token })).data;
    const set = await allow(false);
    assert.equal(set.status, 200, set.text);
    assert.ok([401, 403].includes((await me(token.access_token)).status));
    assert.equal((await allow(true)).status, 200);
    assert.equal((await me(token.access_token)).status, 401, "and does not come back");
    await lives(tenant.owner, "the user");
});

// ---- what a tenant says of a person ----

const links = (email) => sql(`select count(*) from everyone.account_links l join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id where u.email = '${email}'`);
// The pages of somebody whom the tenant's provider vouches for.
async function bySso(tenant, provider, email) {
    lies.person = { sub: `sub of ${email} ${provider.id}`, email, email_verified: true };
    const { visitor, answer } = await signInAtLiar(tenant, provider, lies);
    assert.ok(visitor.signedIn, answer.headers.location);
    return pages(tenant.slug, `tulou_session=${visitor.cookies.get("tulou_session")}`);
}

test("who_comes_by_a_tenants_provider_reaches_no_linked_workspace", async () => {
    const { email, all: [one] } = await person(a, b), provider = await addProvider(a, lies.issuer, { createUsers: false });
    const [{ id }] = (await list(one.session.access_token)).data;
    const page = await bySso(a, provider, email);
    assert.equal((await page.switchTo(id)).status, 404);
    assert.ok(!page.text.includes(b.slug), "nor is told which");
    assert.equal((await page.post(`/account/workspaces/${id}/unlink`, {})).status, 404);
    const asked = await page.post("/account/workspaces/link", { workspace: c.slug });
    assert.ok(!asked.text.includes("ticket"), asked.text);
    await go(one.session.access_token, b);
});

// By the same hands: an administrator's word opens nothing but the choice of another.
const chosen = "one that these hands chose";
async function chosenAnew(tenant, email, session, word) {
    const changed = await request("POST", "/api/auth/change-password", { token: session.access_token, body: { currentPassword: word, newPassword: chosen } });
    assert.equal(changed.status, 204, changed.text);
    return login(email, chosen, { tenant: tenant.slug });
}

test("an_address_that_a_provider_asserts_is_no_proof_even_with_a_session_by_password", async () => {
    const email = fresh(), victim = await invited(b, email), tenant = await makeTenant(), provider = await addProvider(tenant, lies.issuer);
    const page = await bySso(tenant, provider, email);
    assert.equal((await page.post("/account/workspaces/link", { workspace: b.slug })).headers.location, "/account/workspaces");
    const [{ id }] = (await request("GET", `/api/platform-users?q=${encodeURIComponent(email)}`, { token: tenant.token })).data;
    const word = await request("POST", `/api/platform-users/${id}/reset-password`, { token: tenant.token, body: { password: "an administrator knows this" } });
    assert.equal(word.status, 200, word.text);
    let session = await login(email, "an administrator knows this", { tenant: tenant.slug });
    refused(await link({ session }, victim.session.access_token), 403, "password_change_required");
    session = await chosenAnew(tenant, email, session, "an administrator knows this");
    refused(await link({ session }, victim.session.access_token), 409, "link_password_foreign");
    refused(await link(victim, session.access_token), 409, "link_password_foreign");
    assert.equal(links(email), "0");
});

const foreign = {
    "made with a password": async (tenant, email) => {
        const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "Eve", kind: "staff", roles: ["staff"], password } });
        assert.equal(made.status, 201, made.text);
        return made.data.id;
    },
    "imported and given a password": async (tenant, email) => {
        const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "Eve", kind: "staff", roles: ["staff"] } });
        assert.equal(made.status, 201, made.text);
        assert.equal((await request("POST", `/api/platform-users/${made.data.id}/reset-password`, { token: tenant.token, body: { password } })).status, 200);
        return made.data.id;
    },
    "moved to the address": async (tenant, email) => {
        const own = await invited(tenant, fresh("mallory"));
        sql(`update everyone.users set email = '${email}' where id = '${own.id}'`);
        return own.id;
    },
};
for (const [what, make] of Object.entries(foreign))
    test(`an_account_that_an_administrator_${what.replaceAll(" ", "_")}_links_only_after_a_password_by_mail`, async () => {
        const email = fresh(), victim = await invited(b, email), tenant = await makeTenant();
        await make(tenant, email);
        let session = await login(email, password, { tenant: tenant.slug }), word = password;
        if (session.user.mustChangePassword) {
            refused(await link({ session }, victim.session.access_token), 403, "password_change_required");
            session = await chosenAnew(tenant, email, session, word);
            word = chosen;
        }
        refused(await link({ session }, victim.session.access_token), 409, "link_password_foreign");
        // Neither a confirmed address nor another password by the same hands is enough.
        await verifyByMail(tenant, email, session.access_token);
        refused(await link({ session }, victim.session.access_token), 409, "link_password_foreign");
        const changed = await request("POST", "/api/auth/change-password", { token: session.access_token, body: { currentPassword: word, newPassword: "another word of these hands" } });
        assert.equal(changed.status, 204, changed.text);
        session = await login(email, "another word of these hands", { tenant: tenant.slug });
        refused(await link({ session }, victim.session.access_token), 409, "link_password_foreign");
        const old = session;
        session = await resetByMail(tenant, email, "a word that came by mail");
        assert.equal((await me(old.access_token)).status, 401);
        assert.equal((await link({ session }, victim.session.access_token)).status, 200);
        await go(session.access_token, b);
    });

test("who_came_by_a_provider_links_after_a_password_by_mail", async () => {
    const email = fresh(), other = await invited(b, email), tenant = await makeTenant(), provider = await addProvider(tenant, lies.issuer);
    await bySso(tenant, provider, email);
    const session = await resetByMail(tenant, email);
    assert.equal((await link({ session }, other.session.access_token)).status, 200);
    await go(session.access_token, b);
});

test("a_link_ends_when_somebody_else_gets_the_account_and_does_not_come_back", async () => {
    const ways = {
        password: (tenant, one) => request("POST", `/api/platform-users/${one.id}/reset-password`, { token: tenant.token, body: { password: "an administrator knows this" } }),
        address: (tenant, one) => sql(`update everyone.users set email = '${fresh()}' where id = '${one.id}'`),
    };
    for (const [what, change] of Object.entries(ways)) {
        const { email, all: [one, other] } = await person(a, b);
        await change(b, other);
        assert.deepEqual((await list(one.session.access_token)).data, [], what);
        assert.equal(links(email), "1", what);
    }
});

// ---- where the form comes from ----

const origin = (slug) => `http://${slug}.localhost:${port}`;
const post = (tenant, path, fields, headers) => request("POST", path, { tenant: tenant.slug, raw: new URLSearchParams(fields).toString(), headers: { "content-type": "application/x-www-form-urlencoded", ...headers } });
const linkCookie = (answer) => answer.headers["set-cookie"]?.some((it) => it.startsWith("tulou_link=") && !it.startsWith("tulou_link=;")) ?? false;

test("only_a_page_of_ours_brings_the_one_who_asks_to_be_linked", async () => {
    const { email } = await person(a, b), page = await pages(a.slug, await pageCookie(email, password, { tenant: a.slug }));
    const ticket = ticketOf(await page.post("/account/workspaces/link", { workspace: c.slug }));
    const cookie = await pageCookie(`owner@${c.slug}.test`, password, { tenant: c.slug });
    for (const from of ["https://evil.test", "null", "http://localhost.evil.test", undefined, `http://${a.slug}.localhost.evil.test`]) {
        const answer = await post(c, "/login/link", { ticket }, { cookie, ...(from ? { origin: from } : {}) });
        assert.deepEqual([answer.status, linkCookie(answer)], [403, false], `${from}: ${answer.text}`);
    }
    const answer = await post(c, "/login/link", { ticket }, { cookie, origin: origin(a.slug) });
    assert.deepEqual([answer.status, linkCookie(answer)], [303, true], answer.text);
});

test("the_doors_from_other_hosts_open_to_browsers_that_are_signed_in_there", async () => {
    const { email, all: [one, other] } = await person(a, b), [{ id }] = (await list(one.session.access_token)).data;
    const page = await pages(a.slug, await pageCookie(email, password, { tenant: a.slug }));
    const cookie = await pageCookie(`owner@${b.slug}.test`, password, { tenant: b.slug });
    const arrives = (answer) => answer.headers["set-cookie"]?.some((it) => it.startsWith("tulou_session=")) ?? false;
    const switched = await post(b, "/login/switch", { ticket: ticketOf(await page.switchTo(id)) }, { cookie, origin: origin(a.slug) });
    assert.deepEqual([switched.status, arrives(switched)], [303, true], switched.text);
    const asked = await post(b, "/login/link", { ticket: ticketOf(await page.post("/account/workspaces/link", { workspace: b.slug })) }, { cookie, origin: origin(a.slug) });
    assert.deepEqual([asked.status, asked.headers.location], [303, "/account/workspaces/join"], asked.text);
    for (const path of ["/login/continue", "/login/impersonate"]) {
        const bare = `http://localhost:${port}`, guessed = await post(b, path, { ticket: "guessed" }, { cookie, origin: bare });
        assert.notEqual(guessed.error?.code ?? guessed.text.match(/csrf_invalid|too old/)?.[0], "csrf_invalid", path);
        assert.ok(path === "/login/continue" ? guessed.status === 303 : /used before/.test(guessed.text), guessed.text);
        assert.equal((await post(b, path, { ticket: "guessed" }, { cookie, origin: "https://evil.test" })).status, 403, path);
    }
    assert.equal((await me(other.session.access_token)).status, 200);
});
