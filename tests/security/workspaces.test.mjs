// Links between accounts that must not come about, and that must not outlive what
// they stand on.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { login, makeTenant, operator, pageCookie, password, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { form, invited, pages, ticketOf } from "../lib/workspaces.mjs";

let a, b;
before(async () => {
    [a, b] = [await makeTenant(), await makeTenant()];
});
const path = "/api/auth/workspaces";
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
const fresh = () => `eve-${randomUUID().slice(0, 8)}@adviser.test`;

const account = (tenant, email) => invited(tenant, email, { name: "Eve" });
const link = (one, token) => request("POST", path, { token: one.session.access_token, body: { access_token: token } });
const go = (token, id) => request("POST", `${path}/${id}/switch`, { token });
const count = (email) => sql(`select count(*) from everyone.account_links l join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id where u.email = '${email}'`);

async function pair() {
    const email = fresh(), one = await account(a, email), other = await account(b, email);
    const linked = await link(one, other.session.access_token);
    assert.equal(linked.status, 200, linked.text);
    return { email, one, other, id: linked.data[0].id };
}

test("another_address_an_unverified_one_and_ones_own_tenant_link_nothing", async () => {
    const email = fresh(), one = await account(a, email), stranger = await account(b, fresh());
    refused(await link(one, stranger.session.access_token), 409, "link_email_differs");
    const unverified = await account(b, email);
    sql(`update everyone.users set email_proven_at = null where id = '${unverified.id}'`);
    refused(await link(one, unverified.session.access_token), 409, "link_email_unverified");
    refused(await link(unverified, one.session.access_token), 409, "link_email_unverified");
    refused(await link(one, one.session.access_token), 409, "link_same_tenant");
    assert.equal(count(email), "0");
});

test("only_a_live_session_of_the_other_account_in_person_proves_it", async () => {
    const email = fresh(), one = await account(a, email), other = await account(b, email);
    for (const bad of ["x", `${other.session.access_token}x`, other.session.refresh_token]) {
        const answer = await link(one, bad);
        assert.deepEqual([answer.status, answer.error.details?.[0]?.code], [422, "token_invalid"], answer.text);
    }
    const acting = await request("POST", `/api/tenants/${b.id}/impersonate`, { token: await operator(), body: { userId: other.id, reason: "a test of it" } });
    assert.equal((await link(one, acting.data.access_token)).status, 422);
    refused(await request("POST", path, { token: acting.data.access_token, body: { access_token: one.session.access_token } }), 403, "impersonation_refused");
    assert.equal((await request("POST", "/api/auth/logout", { token: other.session.access_token })).status, 204);
    refused(await link(one, other.session.access_token), 409, "link_session_over");
    assert.equal(count(email), "0");
});

test("neither_an_operator_who_acts_as_the_user_nor_an_api_key_sees_or_uses_it", async () => {
    const { one, id } = await pair();
    const acting = await request("POST", `/api/tenants/${a.id}/impersonate`, { token: await operator(), body: { userId: one.id, reason: "a test of it" } });
    const key = await request("POST", "/api/security/api-keys", { token: a.token, body: { name: "k", permissions: ["*"] } });
    for (const token of [acting.data.access_token, key.data.key])
        for (const answer of [await request("GET", path, { token }), await go(token, id)]) assert.equal(answer.status, 403, answer.text);
});

test("nobody_else_of_the_tenant_learns_where_a_person_is_besides", async () => {
    const { one, other, id } = await pair();
    assert.deepEqual((await request("GET", path, { token: a.token })).data, []);
    refused(await go(a.token, id), 404, "not_found");
    refused(await request("DELETE", `${path}/${id}`, { token: a.token }), 404, "not_found");
    const seen = await request("GET", `/api/platform-users/${one.id}`, { token: a.token });
    assert.ok(!seen.text.includes(b.id) && !seen.text.includes(other.id));
    refused(await request("POST", `/api/platform-users/${other.id}/unlink`, { token: a.token }), 404, "not_found");
    assert.equal((await go(one.session.access_token, id)).status, 200);
});

test("a_changed_address_breaks_the_link_for_good", async () => {
    const { email, one, other, id } = await pair();
    const there = (await go(one.session.access_token, id)).data;
    const changed = await request("PATCH", `/api/platform-users/${other.id}`, { token: b.token, body: { email: fresh() } });
    assert.equal(changed.status, 200, changed.text);
    refused(await go(one.session.access_token, id), 404, "not_found");
    assert.equal((await request("POST", "/api/auth/refresh", { body: { refresh_token: there.refresh_token } })).status, 401);
    await request("PATCH", `/api/platform-users/${other.id}`, { token: b.token, body: { email } });
    sql(`update everyone.users set email_verified_at = now(), email_proven_at = now(), password_foreign = false where id = '${other.id}'`);
    refused(await go(one.session.access_token, id), 404, "not_found");
});

test("a_password_that_an_administrator_sets_opens_the_other_workspace_to_nobody", async () => {
    const email = fresh(), one = await account(a, email), other = await account(b, email);
    assert.equal((await link(one, other.session.access_token)).status, 200);
    const reset = await request("POST", `/api/platform-users/${other.id}/reset-password`, { token: b.token, body: { password: "an administrator knows this" } });
    assert.equal(reset.status, 200, reset.text);
    let thief = await login(email, "an administrator knows this", { tenant: b.slug });
    refused(await request("GET", path, { token: thief.access_token }), 403, "password_change_required");
    const changed = await request("POST", "/api/auth/change-password", { token: thief.access_token, body: { currentPassword: "an administrator knows this", newPassword: "one of these hands" } });
    assert.equal(changed.status, 204, changed.text);
    thief = await login(email, "one of these hands", { tenant: b.slug });
    assert.deepEqual((await request("GET", path, { token: thief.access_token })).data, []);
});

test("suspended_tenants_and_deactivated_users_are_not_entered", async () => {
    const c = await makeTenant(), email = fresh(), one = await account(a, email), other = await account(c, email);
    const [{ id }] = (await link(one, other.session.access_token)).data;
    const set = (verb, path) => request("POST", path, { token: verb, body: {} });
    assert.equal((await set(c.token, `/api/platform-users/${other.id}/deactivate`)).status, 200);
    refused(await go(one.session.access_token, id), 404, "not_found");
    assert.equal((await set(c.token, `/api/platform-users/${other.id}/activate`)).status, 200);
    assert.equal((await go(one.session.access_token, id)).status, 200);
    await request("POST", `/api/tenants/${c.id}/suspend`, { token: await operator(), body: { reason: "test" } });
    refused(await go(one.session.access_token, id), 404, "not_found");
});

test("a_ticket_of_a_switch_works_once_for_its_door_and_not_after_the_link", async () => {
    const shape = (body, origin) => ({ tenant: b.slug, raw: new URLSearchParams(body).toString(), headers: { "content-type": "application/x-www-form-urlencoded", origin } });
    const own = (slug) => `http://${slug}.localhost:${process.env.TEST_PORT}`;
    const guessed = await request("POST", "/login/switch", shape({ ticket: `${b.id}.guessed` }, own(a.slug)));
    assert.equal(guessed.headers.location, "/login");
    // From a page that is not ours it is only asked.
    const asked = await request("POST", "/login/switch", shape({ ticket: `${b.id}.guessed` }, "https://elsewhere.example"));
    assert.equal(asked.status, 200, asked.text);
    assert.ok(!asked.headers["set-cookie"]?.some((it) => it.startsWith("tulou_session=")));
    assert.ok(!asked.text.includes("data-go-on"));
});

test("of_many_who_come_with_one_ticket_at_once_or_later_one_is_let_in", async () => {
    const { email, other, id } = await pair();
    const page = await pages(a.slug, await pageCookie(email, password, { tenant: a.slug }));
    const sessions = () => Number(sql(`select count(*) from everyone.sessions where user_id = '${other.id}' and chain_id is not null`));
    const letIn = (answer) => answer.headers["set-cookie"]?.some((it) => it.startsWith("tulou_session=")) ?? false;
    for (let round = 1; round <= 5; round++) {
        const ticket = ticketOf(await page.switchTo(id));
        const answers = await Promise.all(Array.from({ length: 20 }, () => form(b.slug, "/login/switch", { ticket }, { from: a.slug })));
        assert.deepEqual(answers.map((it) => it.status), Array(20).fill(303), answers.find((it) => it.status !== 303)?.text);
        assert.equal(answers.filter(letIn).length, 1, `round ${round}`);
        const late = await form(b.slug, "/login/switch", { ticket }, { from: a.slug });
        assert.deepEqual([late.status, late.headers.location, letIn(late)], [303, "/login", false]);
        assert.equal(sessions(), round);
    }
    // At another tenant's door it opens nothing, and is still good at its own.
    const ticket = ticketOf(await page.switchTo(id));
    assert.equal(letIn(await form(a.slug, "/login/switch", { ticket }, { from: b.slug })), false);
    assert.equal(letIn(await form(b.slug, "/login/switch", { ticket }, { from: a.slug })), true);
});
