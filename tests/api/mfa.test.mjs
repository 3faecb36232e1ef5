// Second factors by API: what they open, what they refuse, and that each code is
// good once whatever comes at the same time.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import otplib from "otplib";
import { login, makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { codeOf, enrol, sql, ticketOf, verify } from "../lib/factors.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const member = async (role = "staff") => {
    const user = await makeUser(tenant, role);
    return { ...user, app: await enrol(user) };
};
const me = (token) => request("GET", "/api/auth/me", { token });

test("an_app_of_somebody_else_sets_up_and_signs_in", async () => {
    const user = await makeUser(tenant, "staff");
    const begun = await request("POST", "/api/auth/mfa", { token: user.access_token, body: { name: "Phone" } });
    assert.equal(begun.status, 201);
    const { secret, address, picture, id } = begun.data;
    assert.equal(new URL(address).searchParams.get("secret"), secret);
    assert.match(picture, /^data:image\/svg\+xml;base64,/);
    await login(user.email, password, { tenant: tenant.slug });
    const wrong = await request("POST", `/api/auth/mfa/${id}/confirm`, { token: user.access_token, body: { code: codeOf(secret, 40) } });
    assert.equal(wrong.error.details[0].code, "invalid_code");
    const done = await request("POST", `/api/auth/mfa/${id}/confirm`, { token: user.access_token, body: { code: codeOf(secret) } });
    assert.equal(new Set(done.data.recoveryCodes).size, 10);
    const asked = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password } });
    assert.equal(asked.data.status, "second_factor");
    assert.equal(asked.data.access_token, null);
    assert.deepEqual(asked.data.methods.sort(), ["recovery", "totp"]);
    assert.ok(otplib.authenticator.clone({ window: 1 }).check(codeOf(secret, 1), secret));
    const entered = await verify(asked.data.ticket, codeOf(secret, 1));
    assert.equal(entered.status, 200, entered.text);
    assert.equal((await me(entered.data.access_token)).data.email, user.email);
    const state = await request("GET", "/api/auth/mfa", { token: entered.data.access_token });
    assert.equal(state.data.factors.length, 1);
    assert.equal(state.data.recoveryCodes, 10);
});

test("a_code_is_good_once_and_only_for_its_time_or_the_step_beside_it", async () => {
    const user = await member();
    const again = await verify(await ticketOf(tenant.slug, user.email), codeOf(user.app.secret));
    assert.equal(again.error.code, "code_wrong", "the code that set it up is used");
    for (const steps of [-4, -3, 3, 4]) assert.equal((await verify(await ticketOf(tenant.slug, user.email), codeOf(user.app.secret, steps))).error.code, "code_wrong", `${steps} steps away`);
    sql(`delete from everyone.login_attempts where email = '${user.email}'`);
    const code = codeOf(user.app.secret, 1);
    assert.equal((await verify(await ticketOf(tenant.slug, user.email), code)).status, 200);
    assert.equal((await verify(await ticketOf(tenant.slug, user.email), code)).error.code, "code_wrong");
});

test("of_many_sign_ins_at_once_with_one_code_exactly_one_enters", async () => {
    for (const pick of [(app) => codeOf(app.secret, 1), (app) => app.codes[3]]) {
        const user = await member();
        const tickets = await Promise.all(Array.from({ length: 4 }, () => ticketOf(tenant.slug, user.email)));
        const code = pick(user.app);
        const answers = await Promise.all(tickets.map((it) => verify(it, code)));
        assert.equal(answers.filter((it) => it.status === 200).length, 1, JSON.stringify(answers.map((it) => it.text)));
    }
});

test("recovery_codes_hammered_in_parallel_are_each_used_exactly_once", async () => {
    const user = await member();
    const tickets = [];
    for (let i = 0; i < 40; i++) tickets.push(await ticketOf(tenant.slug, user.email));
    const answers = await Promise.all(tickets.map((it, i) => verify(it, user.app.codes[i % 4])));
    const entered = answers.filter((it) => it.status === 200).length;
    const used = Number(sql(`select count(*) from everyone.recovery_codes where user_id = '${user.id}' and used_at is not null`));
    const opened = Number(sql(`select count(*) from everyone.sessions where user_id = '${user.id}'`));
    assert.equal(entered, used);
    assert.equal(opened, used + 1, "and the one from before");
    assert.ok(entered >= 1 && entered <= 4, `${entered} entered`);
    assert.ok(answers.every((it) => [200, 401, 429].includes(it.status)));
});

test("recovery_codes_are_read_as_people_type_them_and_replaced_as_a_whole", async () => {
    const user = await member();
    const entered = await verify(await ticketOf(tenant.slug, user.email), ` ${user.app.codes[0].toUpperCase().replaceAll("-", " ")}`);
    assert.equal(entered.status, 200, entered.text);
    const fresh = await request("POST", "/api/auth/mfa/recovery-codes", { token: entered.data.access_token });
    assert.equal(fresh.data.recoveryCodes.length, 10);
    assert.equal((await verify(await ticketOf(tenant.slug, user.email), user.app.codes[1])).status, 401);
    assert.equal((await verify(await ticketOf(tenant.slug, user.email), fresh.data.recoveryCodes[1])).status, 200);
});

test("wrong_codes_lock_the_account_and_knowing_the_password_does_not_unlock_it", async () => {
    const user = await member();
    for (let i = 0; i < 5; i++) assert.equal((await verify(await ticketOf(tenant.slug, user.email), "000000")).status, 401);
    const locked = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password } });
    assert.equal(locked.error.code, "locked_out");
    assert.ok(Number(locked.headers["retry-after"]) >= 1);
});

test("of_guesses_sent_at_once_only_the_free_ones_are_looked_at", async () => {
    const user = await member();
    const ticket = await ticketOf(tenant.slug, user.email);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => verify(ticket, String(i).padStart(6, "0"))));
    assert.ok(answers.filter((it) => it.status === 401).length <= 5, "the rest is locked out");
    assert.equal(answers.filter((it) => it.status === 200).length, 0);
});

test("a_ticket_opens_nothing_by_itself_and_is_used_up", async () => {
    const user = await member(), other = await makeTenant();
    const ticket = await ticketOf(tenant.slug, user.email);
    assert.equal((await me(ticket)).status, 401);
    assert.equal((await request("POST", "/api/auth/refresh", { body: { refresh_token: ticket } })).status, 401);
    const page = await request("POST", "/login/continue", { tenant: tenant.slug, raw: `ticket=${encodeURIComponent(ticket)}`,
        headers: { "content-type": "application/x-www-form-urlencoded", origin: `http://${tenant.slug}.localhost:${process.env.TEST_PORT}` } });
    assert.ok(!page.headers["set-cookie"]?.some((it) => it.includes("tulou_session")), "it is no ticket to a workspace");
    assert.equal((await verify(ticket, user.app.codes[0], other.slug)).error.code, "ticket_invalid");
    assert.equal((await verify(`${other.id}.${ticket.split(".")[1]}`, user.app.codes[0])).error.code, "ticket_invalid");
    assert.equal((await verify(ticket, user.app.codes[0])).status, 200);
    assert.equal((await verify(ticket, user.app.codes[1])).error.code, "ticket_invalid");
    const late = await ticketOf(tenant.slug, user.email);
    sql(`update everyone.sign_in_tickets set expires_at = now() where user_id = '${user.id}'`);
    assert.equal((await verify(late, user.app.codes[1])).error.code, "ticket_invalid");
});

test("one_persons_code_or_factor_is_nothing_for_another", async () => {
    const one = await member(), two = await member();
    assert.equal((await verify(await ticketOf(tenant.slug, two.email), one.app.codes[0])).status, 401);
    assert.equal((await verify(await ticketOf(tenant.slug, two.email), codeOf(one.app.secret, 1))).status, 401);
    assert.equal((await request("DELETE", `/api/auth/mfa/${one.app.id}`, { token: two.access_token })).status, 404);
    assert.equal((await request("PATCH", `/api/auth/mfa/${one.app.id}`, { token: two.access_token, body: { name: "Mine" } })).status, 404);
});

test("what_is_dangerous_asks_again_after_ten_minutes", async () => {
    const user = await member();
    const token = user.access_token;
    sql(`update everyone.sessions set confirmed_at = now() - interval '11 minutes' where user_id = '${user.id}'`);
    for (const [method, path] of [["DELETE", `/api/auth/mfa/${user.app.id}`], ["DELETE", "/api/auth/mfa"], ["POST", "/api/auth/mfa/recovery-codes"]])
        assert.equal((await request(method, path, { token })).error.code, "step_up_required", path);
    assert.equal((await request("POST", "/api/auth/mfa", { token, body: { name: "Thief" } })).error.code, "step_up_required");
    assert.equal((await request("GET", "/api/auth/mfa", { token })).status, 200);
    assert.equal((await request("POST", "/api/auth/step-up", { token, body: { code: "000000" } })).error.details[0].code, "invalid_code");
    assert.equal((await request("POST", "/api/auth/step-up", { token, body: { code: codeOf(user.app.secret, 1) } })).status, 204);
    assert.equal((await request("DELETE", `/api/auth/mfa/${user.app.id}`, { token })).status, 204);
    await login(user.email, password, { tenant: tenant.slug });
    assert.equal(sql(`select count(*) from everyone.recovery_codes where user_id = '${user.id}'`), "0");
});

test("secrets_stand_nowhere_in_the_open", async () => {
    const user = await member();
    const stored = sql(`select f::text from everyone.mfa_factors f where user_id = '${user.id}'
        union all select c::text from everyone.recovery_codes c where user_id = '${user.id}'
        union all select e::text from everyone.events e where tenant_id = '${tenant.id}'`);
    for (const secret of [user.app.secret, ...user.app.codes, user.app.codes[0].replaceAll("-", "")]) assert.ok(!stored.includes(secret), "a secret in the database");
    assert.match(sql(`select string_agg(action, ' ') from everyone.events where tenant_id = '${tenant.id}'`), /mfa_factor\.created/);
});

test("a_role_that_must_have_it_sets_it_up_before_all_else", async () => {
    const forced = await makeTenant();
    const user = await makeUser(forced, "staff"), free = await makeUser(forced, "admin", { kind: "admin" });
    const leads = (token) => request("GET", "/api/crm/leads", { token });
    const refreshed = async (it) => (await request("POST", "/api/auth/refresh", { body: { refresh_token: it.refresh_token } })).data;
    assert.equal((await leads(user.access_token)).status, 200);
    const put = await request("PATCH", "/api/security/policy", { token: forced.token, body: { mfaRoles: ["staff"] } });
    assert.deepEqual(put.data.mfaRoles, ["staff"], put.text);
    assert.equal((await leads(free.access_token)).status, 200, "others go on");
    let told = await leads(user.access_token);
    while (told.status === 200) told = await leads(user.access_token);
    assert.equal(told.error.code, "token_stale", "a session that is open is told");
    const session = await refreshed(user);
    assert.equal((await leads(session.access_token)).error.code, "mfa_enrolment_required");
    assert.equal((await request("PATCH", "/api/auth/me", { token: session.access_token, body: { name: "X" } })).error.code, "mfa_enrolment_required");
    const app = await enrol({ access_token: session.access_token });
    assert.equal((await leads(session.access_token)).error.code, "token_stale");
    const open = await refreshed(session);
    assert.equal((await leads(open.access_token)).status, 200);
    assert.equal((await request("DELETE", `/api/auth/mfa/${app.id}`, { token: open.access_token })).error.code, "mfa_required");
    assert.equal((await request("DELETE", "/api/auth/mfa", { token: open.access_token })).error.code, "mfa_required");
    assert.equal((await request("GET", "/api/auth/mfa", { token: open.access_token })).data.factors.length, 1, "nothing was removed");
    const late = await makeUser(forced, "staff");
    assert.equal((await leads(late.access_token)).error.code, "mfa_enrolment_required", "who comes later too");
});

test("an_administrator_asks_for_it_and_takes_it_away_when_a_phone_is_lost", async () => {
    const toggle = (id, enabled, token = tenant.token) => request("POST", `/api/platform-users/${id}/${enabled ? "require" : "reset"}-mfa`, { token });
    const shown = ({ data }) => ({ id: data.id, mfaRequired: data.mfaRequired, mfaEnabled: data.mfaEnabled });
    const user = await makeUser(tenant, "staff");
    const asked = await toggle(user.id, true);
    assert.deepEqual(shown(asked), { id: user.id, mfaRequired: true, mfaEnabled: false }, asked.text);
    assert.equal((await toggle(user.id, true)).error.code, "already_required");
    const session = await login(user.email, password, { tenant: tenant.slug });
    assert.equal((await request("GET", "/api/crm/leads", { token: session.access_token })).error.code, "mfa_enrolment_required");
    await enrol(session);
    assert.equal((await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password } })).data.status, "second_factor");
    const seen = await request("GET", `/api/platform-users/${user.id}`, { token: tenant.token });
    assert.equal(seen.data.mfaEnabled, true);
    assert.equal((await toggle(user.id, false, (await makeUser(tenant, "staff")).access_token)).error.code, "permission_missing");
    assert.deepEqual(shown(await toggle(user.id, false)), { id: user.id, mfaRequired: false, mfaEnabled: false });
    const plain = await login(user.email, password, { tenant: tenant.slug });
    assert.equal((await request("GET", "/api/crm/leads", { token: plain.access_token })).status, 200);
    assert.equal(sql(`select count(*) from everyone.recovery_codes where user_id = '${user.id}'`), "0");
    assert.equal((await toggle(user.id, false)).error.code, "mfa_not_set_up");
});

test("every_dangerous_route_asks_again", async () => {
    const other = await makeTenant(), owner = { ...other.owner, id: other.owner.user.id };
    await enrol(owner);
    sql(`update everyone.sessions set confirmed_at = now() - interval '11 minutes' where user_id = '${owner.id}'`);
    for (const [method, path, body] of [["POST", "/api/security/api-keys", { name: "x", permissions: [] }], ["POST", `/api/admin-users/${owner.id}/reset-mfa`, {}],
        ["POST", `/api/admin-users/${owner.id}/reset-password`, { password }], ["PUT", `/api/rbac/users/${owner.id}/roles`, { roles: ["owner"] }],
        ["PUT", `/api/admin-users/${owner.id}/permissions`, { permissions: [] }]])
        assert.equal((await request(method, path, { token: other.token, body })).error?.code, "step_up_required", path);
});
