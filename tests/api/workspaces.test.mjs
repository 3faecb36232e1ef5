// One person, several tenants: accounts linked by a session of each, and going from
// one to the other without another password.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { login, makeTenant, operator, pageCookie, password, request } from "../lib/client.mjs";
import { enrol, sql } from "../lib/factors.mjs";
import { invited, pages } from "../lib/workspaces.mjs";

let a, b, c;
before(async () => {
    [a, b, c] = [await makeTenant(), await makeTenant(), await makeTenant()];
});
const path = "/api/auth/workspaces";
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);

// An account of an address that its person took by an invitation.
const account = invited;
const fresh = () => `ada-${randomUUID().slice(0, 8)}@adviser.test`;
const link = (one, other) => request("POST", path, { token: one.session.access_token, body: { access_token: other.session.access_token } });
const list = (token) => request("GET", path, { token });
const go = (token, id) => request("POST", `${path}/${id}/switch`, { token });
const leads = (token) => request("GET", "/api/crm/leads", { token });

async function pair(options) {
    const email = fresh(), one = await account(a, email, options), other = await account(b, email, options);
    const linked = await link(one, other);
    assert.equal(linked.status, 200, linked.text);
    return { email, one, other, id: linked.data[0].id };
}

test("who_was_signed_in_to_both_goes_from_one_to_the_other_and_back", async () => {
    const { one, other, id } = await pair();
    const seen = (await list(one.session.access_token)).data;
    assert.deepEqual(seen.map((it) => [it.tenantId, it.slug, it.userId]), [[b.id, b.slug, other.id]]);
    assert.deepEqual((await list(other.session.access_token)).data.map((it) => it.tenantId), [a.id]);
    const there = await go(one.session.access_token, id);
    assert.equal(there.status, 200, there.text);
    assert.equal((await request("GET", "/api/auth/me", { token: there.data.access_token })).data.tenantId, b.id);
    const fresher = await request("POST", "/api/auth/refresh", { body: { refresh_token: there.data.refresh_token } });
    assert.equal(fresher.status, 200, fresher.text);
    const [back] = (await list(there.data.access_token)).data;
    const home = await go(there.data.access_token, back.id);
    assert.equal((await request("GET", "/api/auth/me", { token: home.data.access_token })).data.tenantId, a.id);
});

test("linked_twice_or_by_many_at_once_it_is_one_link_and_links_meet", async () => {
    const email = fresh(), all = [];
    for (const tenant of [a, b, c]) all.push(await account(tenant, email));
    const answers = await Promise.all(Array.from({ length: 18 }, (_, i) => link(all[i % 3], all[(i + 1 + (i % 2)) % 3])));
    for (const it of answers) assert.equal(it.status, 200, it.text);
    for (const it of all) assert.equal((await list(it.session.access_token)).data.length, 2);
    assert.equal(sql(`select count(*) || ' ' || count(distinct l.person_id) from everyone.account_links l join everyone.users u on u.tenant_id = l.tenant_id and u.id = l.user_id where u.email = '${email}'`), "3 1");
});

test("both_sides_write_it_down_and_neither_names_the_other", async () => {
    const { one, other, id } = await pair();
    await go(one.session.access_token, id);
    await request("DELETE", `${path}/${id}`, { token: one.session.access_token });
    for (const [tenant, self, elsewhere] of [[a, one, b], [b, other, a]]) {
        const log = await request("GET", "/api/audit/logs?limit=50", { token: tenant.token });
        const ours = log.data.filter((it) => it.type.startsWith("account_link.") || it.type.startsWith("session.workspace"));
        assert.ok(ours.some((it) => it.type === "account_link.created" && it.actor.id === self.id), log.text);
        assert.ok(!JSON.stringify(log.data).includes(elsewhere.id) && !JSON.stringify(log.data).includes(elsewhere.slug));
    }
    const there = await request("GET", "/api/audit/logs?type=account_link.deleted", { token: b.token });
    assert.ok(there.data.some((it) => it.actor.id === other.id), there.text);
});

test("whoever_leaves_is_in_the_log_of_the_workspace_that_they_left_by_whichever_way", async () => {
    const left = async (one) => (await request("GET", "/api/audit/logs?type=session.workspace_left&limit=100", { token: a.token })).data.filter((it) => it.actor.id === one.id).length;
    const { email, one, other, id } = await pair();
    assert.equal((await go(one.session.access_token, id)).status, 200);
    assert.equal(await left(one), 1, "by API");
    const page = await pages(a.slug, await pageCookie(email, password, { tenant: a.slug }));
    assert.equal((await page.switchTo(id)).status, 200);
    assert.equal(await left(one), 2, "by page");
    await enrol(other.session);
    const second = await login(email, password, { tenant: a.slug });
    assert.equal((await go(second.access_token, id)).data.status, "second_factor");
    assert.equal(await left(one), 3, "by way of a second step");
});

test("every_session_that_is_ended_is_one_row_of_the_log", async () => {
    const { email, one } = await pair(), rows = async () => (await request("GET", "/api/audit/logs?limit=100", { token: a.token })).data
        .filter((it) => ["session.ended", "session.revoked"].includes(it.type) && [one.id, a.owner.user.id].includes(it.actor.id)).map((it) => [it.type, it.actor.id, it.resource.id]);
    const before = (await rows()).length, sid = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sid;
    const sessions = [];
    for (let i = 0; i < 3; i++) sessions.push((await login(email, password, { tenant: a.slug })).access_token);
    assert.equal((await request("POST", "/api/auth/logout", { token: sessions[0] })).status, 204);
    assert.equal((await request("DELETE", `/api/auth/sessions/${sid(sessions[2])}`, { token: sessions[1] })).status, 204);
    assert.equal((await request("DELETE", `/api/admin-users/${one.id}/sessions/${sid(sessions[1])}`, { token: a.token })).status, 204);
    const page = await pages(a.slug, await pageCookie(email, password, { tenant: a.slug }));
    assert.equal((await page.post("/logout", {})).headers.location, "/login");
    const all = (await rows()).reverse().slice(before);
    assert.deepEqual(all.slice(0, 3), [["session.ended", one.id, sid(sessions[0])], ["session.revoked", one.id, sid(sessions[2])], ["session.revoked", a.owner.user.id, sid(sessions[1])]]);
    assert.deepEqual(all.slice(3).map((it) => it.slice(0, 2)), [["session.ended", one.id]]);
});

test("the_second_factor_of_the_target_is_asked_once_in_a_chain", async () => {
    const { one, other, id } = await pair();
    const secret = await enrol(other.session);
    const first = await go(one.session.access_token, id);
    assert.equal(first.status, 200, first.text);
    assert.deepEqual([first.data.status, first.data.access_token], ["second_factor", null]);
    const wrong = await request("POST", "/api/auth/mfa/verify", { body: { ticket: first.data.ticket, code: "000000" } });
    refused(wrong, 401, "code_wrong");
    const there = await request("POST", "/api/auth/mfa/verify", { body: { ticket: first.data.ticket, code: secret.codes[0] } });
    assert.equal(there.status, 200, there.text);
    const again = await go(one.session.access_token, id);
    assert.equal(again.data.status, "signed_in", "it was shown in this chain");
    // Another chain has not shown it, and a factor shown elsewhere is not this account's.
    const second = await login(one.email, password, { tenant: a.slug });
    assert.equal((await go(second.access_token, id)).data.status, "second_factor");
});

test("the_user_and_each_tenant_end_the_link_at_once_and_what_it_opened", async () => {
    for (const end of ["user", "source", "target"]) {
        const { one, other, id } = await pair();
        const there = (await go(one.session.access_token, id)).data;
        assert.equal((await leads(there.access_token)).status, 200);
        const answer = end === "user" ? await request("DELETE", `${path}/${id}`, { token: one.session.access_token })
            : await request("POST", `/api/platform-users/${end === "source" ? one.id : other.id}/unlink`, { token: end === "source" ? a.token : b.token });
        assert.equal(answer.status, end === "user" ? 204 : 200, answer.text);
        assert.equal((await leads(there.access_token)).status, 401, end);
        assert.equal((await request("POST", "/api/auth/refresh", { body: { refresh_token: there.refresh_token } })).status, 401, end);
        refused(await go(one.session.access_token, id), 404, "not_found");
        assert.deepEqual((await list(one.session.access_token)).data, []);
        assert.deepEqual((await list(other.session.access_token)).data, []);
        assert.equal((await leads(one.session.access_token)).status, 200, "one's own session goes on");
    }
    const lone = await account(a, fresh());
    assert.equal((await request("POST", `/api/platform-users/${lone.id}/unlink`, { token: a.token })).status, 200, "and does not say whether there was one");
});

test("operators_are_not_linked", async () => {
    const email = fresh(), made = await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Op", kind: "operator", roles: ["support"], password } });
    assert.equal(made.status, 201, made.text);
    sql(`update everyone.users set email_verified_at = now(), email_proven_at = now(), password_foreign = false where email = '${email}'`);
    const one = await account(a, email), session = (await request("POST", "/api/auth/login", { body: { email, password, tenant: "platform" } })).data;
    refused(await request("POST", path, { token: one.session.access_token, body: { access_token: session.access_token } }), 409, "link_refused");
});
