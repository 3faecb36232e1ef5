// Forgotten passwords, invitations, verified and changed addresses, by links
// that come in messages of the real worker.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { linkOf, mailsTo, mailTo, tokenOf } from "../lib/mail.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});

const ask = (email, options = { tenant: tenant.slug }) => request("POST", "/api/auth/forgot-password", { body: { email }, ...options });
const reset = (token, word, options = { tenant: tenant.slug }) => request("POST", "/api/auth/reset-password", { body: { token, password: word }, ...options });
const accept = (token, body = {}) => request("POST", "/api/auth/accept-invitation", { tenant: tenant.slug, body: { token, password: "a word of my own", ...body } });
const verify = (token) => request("POST", "/api/auth/verify-email", { tenant: tenant.slug, body: { token } });
const signIn = (email, word) => request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email, password: word } });
const me = async (token) => (await request("GET", "/api/auth/me", { token })).data;

async function resetToken(email, count = 1) {
    assert.equal((await ask(email)).status, 204);
    return tokenOf(await mailTo(email, count));
}

test("a_forgotten_password_is_replaced_by_the_link_and_everybody_else_is_signed_out", async () => {
    const user = await makeUser(tenant, "staff");
    assert.equal((await ask(user.email)).status, 204);
    const mail = await mailTo(user.email);
    assert.equal(linkOf(mail).hostname, `${tenant.slug}.localhost`);
    assert.equal(linkOf(mail).pathname, "/reset-password");
    assert.ok(mail.html.includes(linkOf(mail).searchParams.get("token")));
    assert.equal((await reset(tokenOf(mail), "ocean lamp quarter")).status, 204);
    assert.equal((await request("GET", "/api/auth/me", { token: user.access_token })).status, 401);
    assert.equal((await signIn(user.email, password)).status, 401);
    const again = await login(user.email, "ocean lamp quarter", { tenant: tenant.slug });
    assert.ok((await me(again.access_token)).emailVerifiedAt, "who has the link reads what comes to the address");
    assert.match((await mailTo(user.email, 2)).subject, /password .* was changed/);
    assert.equal((await reset(tokenOf(mail), "another lamp quarter")).error.code, "link_used");
    const events = await request("GET", "/api/audit/logs?type=user.password_recovered", { token: tenant.token });
    assert.equal(events.data.filter((it) => it.actor.id === user.id).length, 1);
    assert.ok(!events.text.includes(tokenOf(mail)));
});

test("an_address_without_an_account_gets_the_same_answer_and_no_message", async () => {
    const user = await makeUser(tenant, "staff"), nobody = `nobody@${tenant.slug}.test`;
    const answers = [await ask(nobody), await ask(user.email), await ask(nobody, {}), await request("POST", "/api/auth/forgot-password", { body: { email: nobody, tenant: "no-such-tenant" } })];
    const plain = ({ status, text, headers }) => ({ status, text, names: Object.keys(headers).sort() });
    for (const answer of answers) assert.deepEqual(plain(answer), plain(answers[0]));
    assert.equal(answers[0].status, 204);
    await mailTo(user.email);
    assert.deepEqual(mailsTo(nobody), []);
    assert.equal((await ask("no address")).status, 422);
});

test("at_the_bare_domain_each_tenant_of_the_address_writes", async () => {
    const other = await makeTenant();
    const user = await makeUser(tenant, "staff");
    const made = await request("POST", "/api/platform-users", { tenant: other.slug, token: other.token, body: { email: user.email, name: "The same", kind: "staff", password } });
    assert.equal(made.status, 201);
    assert.equal((await ask(user.email, {})).status, 204);
    await mailTo(user.email, 2);
    assert.deepEqual(mailsTo(user.email).map((it) => linkOf(it).hostname).sort(), [`${other.slug}.localhost`, `${tenant.slug}.localhost`].sort());
});

test("a_newer_link_ends_the_older_one_and_only_a_few_are_sent", async () => {
    const user = await makeUser(tenant, "staff");
    const first = await resetToken(user.email), second = await resetToken(user.email, 2);
    assert.equal((await reset(first, "ocean lamp quarter")).error.code, "link_used");
    for (let i = 0; i < 6; i++) assert.equal((await ask(user.email)).status, 204);
    const last = tokenOf(await mailTo(user.email, 5));
    assert.equal((await reset(second, "ocean lamp quarter")).status, 410);
    assert.equal((await reset(last, "ocean lamp quarter")).status, 204);
    assert.match((await mailTo(user.email, 6)).subject, /was changed/, "five links, then the notice");
});

test("of_many_who_use_a_link_at_once_one_has_it", async () => {
    for (let round = 0; round < 3; round++) {
        const user = await makeUser(tenant, "staff");
        const token = await resetToken(user.email);
        const words = Array.from({ length: 16 }, (_, i) => `ocean lamp number ${i} and ${round}`);
        const answers = await Promise.all(words.map((it) => reset(token, it)));
        const won = words.filter((_, i) => answers[i].status === 204);
        assert.equal(won.length, 1, JSON.stringify(answers.map((it) => it.status)));
        for (const answer of answers.filter((it) => it.status !== 204)) assert.equal(answer.error.code, "link_used", answer.text);
        assert.equal((await signIn(user.email, won[0])).status, 200);
    }
});

test("links_made_and_used_at_once_never_wait_for_each_other", async () => {
    const user = await makeUser(tenant, "staff");
    const token = await resetToken(user.email);
    const answers = await Promise.all([...Array.from({ length: 6 }, (_, i) => reset(token, `ocean lamp number ${i}`)), ...Array.from({ length: 6 }, () => ask(user.email))]);
    for (const answer of answers) assert.ok([204, 410].includes(answer.status), answer.text);
    assert.ok(answers.slice(0, 6).filter((it) => it.status === 204).length <= 1);
});

test("whoever_is_locked_out_by_others_recovers_by_link", async () => {
    const user = await makeUser(tenant, "staff");
    const strangers = Array.from({ length: 12 }, () => signIn(user.email, "wrong wrong wrong"));
    await Promise.all(strangers);
    for (let i = 0; i < 6; i++) await signIn(user.email, "wrong wrong wrong");
    assert.equal((await signIn(user.email, password)).error.code, "locked_out");
    assert.equal((await reset(await resetToken(user.email), "ocean lamp quarter")).status, 204);
    assert.equal((await signIn(user.email, "ocean lamp quarter")).status, 200);
});

test("the_rules_of_passwords_hold_for_links_and_a_refused_one_uses_nothing_up", async () => {
    const user = await makeUser(tenant, "staff");
    const token = await resetToken(user.email);
    for (const [word, code] of [["short", "password_too_short"], ["qwertyuiop123", "password_common"], [user.email, "password_personal"]]) {
        const answer = await reset(token, word);
        assert.equal(answer.status, 422, answer.text);
        assert.equal(answer.error.details[0].code, code);
    }
    assert.equal((await reset(token, "ocean lamp quarter")).status, 204);
});

async function invite(extra = {}) {
    const email = `invited-${Math.random().toString(36).slice(2)}@${tenant.slug}.test`;
    const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "Somebody new", kind: "staff", invite: true, ...extra } });
    return { ...made.data, email, answer: made };
}

test("who_is_invited_chooses_name_and_password_and_comes_in", async () => {
    const user = await invite();
    assert.equal(user.answer.status, 201, user.answer.text);
    assert.equal(user.status, "pending");
    const mail = await mailTo(user.email);
    assert.match(mail.text, /Owner invites you to Tenant/);
    assert.equal(linkOf(mail).pathname, "/accept-invitation");
    assert.equal((await ask(user.email)).status, 204);
    assert.equal((await accept(tokenOf(mail), { password: "short" })).status, 422);
    assert.equal((await accept(tokenOf(mail), { name: "Ada Invited" })).status, 204);
    assert.equal((await accept(tokenOf(mail))).error.code, "link_used");
    const own = await me((await login(user.email, "a word of my own", { tenant: tenant.slug })).access_token);
    assert.equal(own.name, "Ada Invited");
    assert.equal(own.role, "staff");
    assert.ok(own.emailVerifiedAt);
    assert.equal(mailsTo(user.email).length, 1, "who never came in has no password to forget");
    assert.equal((await request("POST", `/api/platform-users/${user.id}/invite`, { token: tenant.token })).error.code, "not_invitable");
});

test("many_are_invited_at_once_by_role_and_each_address_is_answered_for", async () => {
    const at = (name) => `${name}-${Math.random().toString(36).slice(2)}@${tenant.slug}.test`;
    const there = await makeUser(tenant, "staff"), nora = at("nora.blum"), ben = at("ben");
    const people = [{ email: nora.toUpperCase() }, { email: ben, name: "Benjamin Okoro" }, { email: nora }, { email: there.email }, { email: "no address" }];
    const many = (roles = ["staff"], more = people) => request("POST", "/api/invitations", { tenant: tenant.slug, token: tenant.token, body: { people: more, roles } });
    const [first, second] = await Promise.all([many(), many()]);
    for (const it of [first, second]) assert.equal(it.status, 200, it.text);
    assert.deepEqual([first, second].map((it) => it.data.invited).sort(), [0, 2], "sent twice at once, each is invited once");
    const { results } = [first, second].find((it) => it.data.invited === 2).data;
    assert.deepEqual(results.map((it) => [it.email, it.outcome, it.code]), [[nora, "invited", null], [ben, "invited", null], [there.email, "known", null], ["no address", "refused", "invalid_email"]]);
    assert.match(results[0].name, /^Nora Blum/);
    assert.equal((await many()).data.invited, 0);
    const made = (await request("GET", `/api/platform-users/${results[1].userId}`, { token: tenant.token })).data;
    assert.deepEqual([made.name, made.kind, made.status, made.roles], ["Benjamin Okoro", "staff", "pending", ["staff"]]);
    assert.equal((await accept(tokenOf(await mailTo(nora)))).status, 204);
    assert.equal(mailsTo(nora).length, 1);
    const admin = await makeUser(tenant, "admin", { kind: "admin" });
    const mightier = await request("POST", "/api/invitations", { tenant: tenant.slug, token: admin.access_token, body: { people: [{ email: at("x") }], roles: ["owner"] } });
    assert.equal(mightier.status, 403, mightier.text);
    const staff = await request("POST", "/api/invitations", { tenant: tenant.slug, token: there.access_token, body: { people: [{ email: at("x") }], roles: ["staff"] } });
    assert.equal(staff.error.code, "permission_missing");
    assert.equal((await many(["no_such_role"])).error.details[0].code, "unknown_role");
    const other = await makeTenant();
    const abroad = await request("POST", "/api/invitations", { tenant: tenant.slug, token: tenant.token, body: { people: [{ email: at("x") }], roles: ["staff"], tenantId: other.id } });
    assert.equal(abroad.status, 404);
});

test("an_invitation_is_sent_again_a_few_times_and_the_last_one_counts", async () => {
    const user = await invite({ locale: "de" });
    const again = () => request("POST", `/api/platform-users/${user.id}/invite`, { token: tenant.token });
    const first = tokenOf(await mailTo(user.email));
    for (let i = 0; i < 4; i++) assert.equal((await again()).status, 200);
    const refused = await again();
    assert.equal(refused.status, 429);
    assert.equal(refused.error.code, "too_many_links");
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    const last = await mailTo(user.email, 5);
    assert.match(last.text, /lädt Sie/);
    assert.equal((await accept(first)).error.code, "link_used");
    assert.equal((await accept(tokenOf(last))).status, 204);
});

test("an_invitation_comes_with_no_password_and_from_who_may_invite", async () => {
    const both = await invite({ password: "a first long password" });
    assert.equal(both.answer.status, 422);
    assert.equal(both.answer.error.details[0].code, "not_with_invitation");
    const mighty = await makeUser(tenant, "admin", { kind: "admin" });
    const owner = await request("POST", "/api/platform-users", { token: mighty.access_token, body: { email: `o@${tenant.slug}.test`, name: "O", kind: "owner", invite: true } });
    assert.equal(owner.status, 403);
    assert.deepEqual(mailsTo(`o@${tenant.slug}.test`), []);
});

test("operators_invite_into_a_tenant_in_its_name", async () => {
    const email = `by-operator@${tenant.slug}.test`;
    const made = await request("POST", "/api/platform-users", { token: await operator(), body: { email, name: "New", kind: "admin", invite: true, tenantId: tenant.id } });
    assert.equal(made.status, 201, made.text);
    const mail = await mailTo(email);
    assert.equal(linkOf(mail).hostname, `${tenant.slug}.localhost`);
    assert.match(mail.subject, new RegExp(`Tenant ${tenant.slug}`));
    assert.equal((await accept(tokenOf(mail))).status, 204);
});

test("the_owner_of_a_new_tenant_is_invited_where_no_password_is_given", async () => {
    const slug = `w${Date.now().toString(36)}`, email = `ana@${slug}.test`;
    const free = async () => (await request("GET", `/api/tenants/slug?slug=${slug}`, { token: await operator() })).data;
    assert.equal((await free()).free, true);
    const made = await request("POST", "/api/tenants", { token: await operator(), body: { name: "Wizard Club", slug, ownerEmail: email, ownerName: "Ana Ruiz", locale: "es" } });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.data.invited, email);
    const taken = await free();
    assert.deepEqual([taken.free, taken.problem], [false, "slug_taken"]);
    const mail = await mailTo(email);
    assert.equal(linkOf(mail).hostname, `${slug}.localhost`);
    assert.match(mail.text, /Wizard Club/);
    assert.match(mail.text, /invita/, "in the tenant's language");
    assert.equal((await request("POST", "/api/auth/login", { tenant: slug, body: { email, password } })).status, 401);
    assert.equal((await request("POST", "/api/auth/accept-invitation", { tenant: slug, body: { token: tokenOf(mail), password: "a word of my own" } })).status, 204);
    const owner = await me((await login(email, "a word of my own", { tenant: slug })).access_token);
    assert.deepEqual([owner.name, owner.role], ["Ana Ruiz", "owner"]);
    assert.equal((await request("GET", `/api/tenants/slug?slug=${slug}`, { token: tenant.token })).status, 403);
});

test("an_address_is_confirmed_by_its_link", async () => {
    const user = await makeUser(tenant, "staff");
    assert.equal((await me(user.access_token)).emailVerifiedAt, null);
    const send = () => request("POST", "/api/auth/send-verification", { token: user.access_token });
    assert.equal((await send()).status, 204);
    const answer = await verify(tokenOf(await mailTo(user.email)));
    assert.deepEqual([answer.status, answer.data], [200, { email: user.email }]);
    assert.ok((await me(user.access_token)).emailVerifiedAt);
    assert.equal((await send()).error.code, "already_verified");
});

test("the_address_changes_when_the_new_one_is_confirmed_and_the_old_one_is_told", async () => {
    const user = await makeUser(tenant, "staff"), fresh = `fresh-${user.email}`;
    const change = (email, word = password) => request("POST", "/api/auth/change-email", { token: user.access_token, body: { email, currentPassword: word } });
    assert.equal((await change(fresh, "wrong wrong wrong")).error.details[0].code, "wrong_password");
    assert.equal((await change(user.email)).error.details[0].code, "unchanged");
    assert.equal((await change(fresh)).status, 204);
    const token = tokenOf(await mailTo(fresh));
    assert.equal((await signIn(fresh, password)).status, 401, "not yet");
    assert.equal((await verify(token)).data.email, fresh);
    const own = await me((await login(fresh, password, { tenant: tenant.slug })).access_token);
    assert.equal(own.id, user.id);
    assert.ok(own.emailVerifiedAt);
    assert.equal((await signIn(user.email, password)).status, 401);
    assert.match((await mailTo(user.email)).text, new RegExp(fresh));
    assert.equal((await verify(token)).error.code, "link_used");
});

test("asking_for_an_address_that_another_has_tells_nothing_until_it_is_confirmed", async () => {
    const user = await makeUser(tenant, "staff"), other = await makeUser(tenant, "staff");
    const answer = await request("POST", "/api/auth/change-email", { token: user.access_token, body: { email: other.email, currentPassword: password } });
    assert.equal(answer.status, 204);
    const confirmed = await verify(tokenOf(await mailTo(other.email)));
    assert.equal(confirmed.status, 409);
    assert.equal(confirmed.error.code, "email_taken");
    assert.equal((await me(user.access_token)).email, user.email);
});

test("an_address_that_an_administrator_sets_is_not_confirmed", async () => {
    const user = await makeUser(tenant, "staff");
    await request("POST", "/api/auth/send-verification", { token: user.access_token });
    const token = tokenOf(await mailTo(user.email));
    await verify(token);
    const changed = await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { email: `set-${user.email}` }, headers: { "content-type": "application/merge-patch+json" } });
    assert.equal(changed.status, 200, changed.text);
    assert.equal(changed.data.emailVerifiedAt, null);
});
