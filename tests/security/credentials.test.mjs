// What lets somebody in is changed in one place (lib/account/credential.h): who may, what
// ends with it, and who is told.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { enrol, sql } from "../lib/factors.mjs";
import { mailsTo, mailTo, tokenOf } from "../lib/mail.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const other = "another lamp quarter";
const path = (id) => `/api/platform-users/${id}`;
const patch = (id, body, token = tenant.token, where = path) => request("PATCH", where(id), { token, body });
const refresh = (it) => request("POST", "/api/auth/refresh", { body: { refresh_token: it.refresh_token } });
const signIn = (it, word = password) => request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: it.email, password: word } });
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
const good = (answer, status = 200) => assert.equal(answer.status, status, answer.text);
const admin = () => makeUser(tenant, "admin", { kind: "admin" });

async function keyOf(user, permissions) {
    const made = await request("POST", "/api/security/api-keys", { token: user.access_token, body: { name: "n", permissions } });
    good(made, 201);
    return made.data.key;
}

async function makeOperator(role) {
    const email = `${role}-${Date.now()}-${Math.random().toString(36).slice(2)}@platform.test`;
    const made = await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: `A ${role}`, kind: "operator", roles: [role], password } });
    good(made, 201);
    return { ...made.data, email, ...(await login(email, password)) };
}

test("ones_own_password_address_status_and_roles_are_not_changed_as_users_are", async () => {
    const me = await admin();
    const renew = async () => (me.access_token = (await login(me.email, password, { tenant: tenant.slug })).access_token);
    for (const where of [path, (id) => `/api/admin-users/${id}`]) {
        for (const body of [{ password: other }, { email: `moved-${me.email}` }, { status: "inactive" }, { roles: ["staff"] }, { mustChangePassword: true }])
            refused(await patch(me.id, body, me.access_token, where), 409, "own_account");
        const whole = { email: `moved-${me.email}`, name: "Me", phone: null, kind: "admin", status: "active", roles: ["admin"], locale: "en", mustChangePassword: false };
        refused(await request("PUT", where(me.id), { token: me.access_token, body: whole }), 409, "own_account");
        good(await request("PUT", where(me.id), { token: me.access_token, body: { ...whole, email: me.email } }));
        await renew();
    }
    for (const action of ["activate", "deactivate"]) {
        const answer = await request("POST", `${path(me.id)}/${action}`, { token: me.access_token, body: {} });
        assert.equal(answer.error?.code, action === "activate" ? "already_active" : "own_account", answer.text);
        await renew();
    }
    refused(await request("POST", `/api/admin-users/${me.id}/reset-password`, { token: me.access_token, body: { password: other } }), 409, "own_account");
    refused(await request("POST", `/api/admin-users/${me.id}/require-mfa`, { token: me.access_token }), 409, "own_account");
    good(await signIn(me));
    good(await patch(me.id, { name: "Only the name" }, me.access_token));
});

test("an_operator_who_acts_as_a_user_changes_nothing_that_lets_in", async () => {
    const staff = await makeUser(tenant, "staff");
    const acting = (await request("POST", `/api/tenants/${tenant.id}/impersonate`, { token: await operator(), body: { userId: tenant.owner.user.id, reason: "Ticket 1" } })).data.access_token;
    for (const id of [tenant.owner.user.id, staff.id])
        for (const body of [{ password: other }, { email: `x-${staff.email}` }, { status: "suspended" }, { roles: ["customer"] }, { mustChangePassword: true }])
            refused(await patch(id, body, acting), 403, "impersonation_refused");
    for (const [where, body] of [[`${path(staff.id)}/reset-password`, { password: other }], [`${path(staff.id)}/deactivate`, {}], ["/api/platform-users", { email: `y-${staff.email}`, name: "Y", kind: "owner", password: other }]])
        refused(await request("POST", where, { token: acting, body }), 403, "impersonation_refused");
    refused(await request("PUT", `/api/admin-users/${staff.id}/permissions`, { token: acting, body: { permissions: ["crm.leads:read"] } }), 403, "impersonation_refused");
    const file = await request("POST", "/api/platform-users/bulk-import", { token: acting, raw: `email,name\r\nz-${staff.email},Z\r\n`, headers: { "content-type": "text/csv" } });
    refused(file, 403, "impersonation_refused");
    refused(await request("DELETE", path(staff.id), { token: acting }), 403, "impersonation_refused");
    good(await patch(staff.id, { name: "Renamed to help" }, acting));
});

test("a_key_changes_what_lets_in_only_when_it_was_given_exactly_that", async () => {
    const owner = { access_token: tenant.token }, maker = await admin(), reader = await makeUser(tenant, "customer");
    const changes = [{ password: other }, { email: `k-${reader.email}` }, { status: "suspended" }, { mustChangePassword: true }];
    for (const permissions of [["users.users:update"], ["users.*"], ["*"]]) {
        const key = await keyOf(owner, permissions);
        for (const id of [tenant.owner.user.id, maker.id, reader.id])
            for (const body of changes) assert.match(JSON.stringify((await patch(id, body, key)).error), /"(api_key_refused|permission_lacking)"/);
    }
    const narrow = await keyOf(owner, ["users.users:update", "users.credentials:update"]);
    good(await signIn(reader));
    refused(await patch(maker.id, { password: other }, narrow), 403, "permission_lacking");
    refused(await patch(tenant.owner.user.id, { password: other }, narrow), 403, "permission_lacking");
    const bare = await makeUser(tenant, "staff", { roles: [] }), exact = await keyOf(owner, ["users.users:update", "users.credentials:update", "crm.*"]);
    refused(await patch(bare.id, { password: other }, await keyOf(owner, ["users.users:update", "crm.*"])), 403, "api_key_refused");
    good(await patch(bare.id, { password: other }, exact));
});

test("a_new_password_by_an_administrator_ends_the_sessions_and_the_owner_is_told", async () => {
    for (const give of [(id) => patch(id, { password: other }), async (id) => request("PUT", path(id), { token: tenant.token, body: { ...(await request("GET", path(id), { token: tenant.token })).data, password: other } }),
        (id) => request("POST", `/api/platform-users/${id}/reset-password`, { token: tenant.token, body: { password: other } })]) {
        const staff = await makeUser(tenant, "staff"), cookie = await pageCookie(staff.email, password, { tenant: tenant.slug });
        const answer = await give(staff.id);
        assert.ok([200, 204].includes(answer.status), answer.text);
        refused(await request("GET", "/api/auth/me", { token: staff.access_token }), 401, "session_revoked");
        assert.equal((await refresh(staff)).status, 401);
        assert.equal((await request("GET", "/account", { tenant: tenant.slug, headers: { cookie } })).status, 303);
        refused(await signIn(staff), 401, "invalid_credentials");
        good(await signIn(staff, other));
        const mail = await mailTo(staff.email);
        assert.match(mail.subject, /password .* was changed/);
        assert.match(mail.text, /Owner gave your account/);
        const { data } = await request("GET", `/api/audit/logs?resourceId=${staff.id}&limit=20`, { token: tenant.token });
        assert.ok(data.some((it) => it.actor.id === tenant.owner.user.id && /updated|password_reset/.test(it.type)), JSON.stringify(data));
    }
});

test("another_address_is_told_at_the_old_one_and_the_new_one_and_ends_the_sessions", async () => {
    const staff = await makeUser(tenant, "staff"), moved = `moved-${staff.email}`;
    good(await patch(staff.id, { email: moved }));
    assert.equal((await refresh(staff)).status, 401);
    for (const address of [staff.email, moved]) assert.match((await mailTo(address)).text, new RegExp(`Owner changed the address.*${moved.replaceAll(".", "\\.")}`));
    const taken = await makeUser(tenant, "staff");
    refused(await patch(taken.id, { email: moved }), 409, "email_taken");
    assert.deepEqual(mailsTo(taken.email), [], "nobody is told of what did not happen");
});

test("inactive_and_active_again_brings_nothing_back_to_life", async () => {
    const word = { patch: (id, status) => patch(id, { status }), action: (id, status) => request("POST", `${path(id)}/${status === "active" ? "activate" : "deactivate"}`, { token: tenant.token, body: {} }) };
    for (const change of Object.values(word)) {
        for (const status of ["inactive", "suspended"]) {
            const user = await admin(), key = await keyOf(user, ["crm.leads:read"]), cookie = await pageCookie(user.email, password, { tenant: tenant.slug });
            await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: user.email } });
            const link = tokenOf(await mailTo(user.email));
            good(await change(user.id, status));
            refused(await request("GET", "/api/auth/me", { token: user.access_token }), 401, "session_revoked");
            good(await change(user.id, "active"));
            assert.equal((await refresh(user)).status, 401);
            assert.equal((await request("GET", "/account", { tenant: tenant.slug, headers: { cookie } })).status, 303);
            refused(await request("GET", "/api/crm/leads", { token: key }), 401, "api_key_revoked");
            refused(await request("POST", "/api/auth/reset-password", { tenant: tenant.slug, body: { token: link, password: other } }), 410, "link_used");
            good(await signIn(user));
        }
    }
});

test("who_acts_as_somebody_stops_when_they_lose_what_let_them", async () => {
    const staff = await makeUser(tenant, "staff"), superadmin = await operator();
    const ends = { inactive: (it) => patch(it.id, { status: "inactive" }, superadmin, (id) => `/api/admin-users/${id}`), demoted: (it) => patch(it.id, { roles: ["auditor"] }, superadmin, (id) => `/api/admin-users/${id}`),
        password: (it) => patch(it.id, { password: other }, superadmin, (id) => `/api/admin-users/${id}`), deleted: (it) => request("DELETE", `/api/admin-users/${it.id}`, { token: superadmin }),
        "own password": (it) => request("POST", "/api/auth/change-password", { token: it.access_token, body: { currentPassword: password, newPassword: other } }) };
    for (const [name, end] of Object.entries(ends)) {
        const by = await makeOperator("support");
        const acting = await request("POST", `/api/tenants/${tenant.id}/impersonate`, { token: by.access_token, body: { userId: staff.id, reason: "Ticket 1" } });
        good(acting);
        good(await request("GET", "/api/auth/me", { token: acting.data.access_token }));
        const done = await end(by);
        assert.ok([200, 204].includes(done.status), `${name}: ${done.text}`);
        assert.equal((await request("GET", "/api/auth/me", { token: acting.data.access_token })).status, 401, name);
    }
});

test("a_second_factor_is_asked_again_before_users_are_changed", async () => {
    const user = await admin(), victim = await makeUser(tenant, "staff");
    await enrol(user);
    sql(`update everyone.sessions set confirmed_at = now() - interval '1 hour' where user_id = '${user.id}'`);
    for (const body of [{ password: other }, { email: `f-${victim.email}` }, { roles: ["customer"] }, { status: "inactive" }])
        refused(await patch(victim.id, body, user.access_token), 403, "step_up_required");
    for (const [method, where, body] of [["POST", "/api/platform-users", { email: `n-${victim.email}`, name: "N", roles: ["staff"], password: other }], ["PUT", path(victim.id), { email: victim.email, name: "V", phone: null, kind: "staff", status: "active", roles: ["staff"], locale: "en", mustChangePassword: false, password: other }], ["DELETE", path(victim.id)], ["POST", `${path(victim.id)}/deactivate`, {}]])
        refused(await request(method, where, { token: user.access_token, body }), 403, "step_up_required");
});

test("an_invitation_is_void_once_the_account_came_in_by_another_way", async () => {
    const invite = async () => {
        const email = `invited-${Math.random().toString(36).slice(2)}@${tenant.slug}.test`;
        const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "I", roles: ["staff"], invite: true } });
        good(made, 201);
        return { ...made.data, email, link: tokenOf(await mailTo(email)) };
    };
    const accept = (it) => request("POST", "/api/auth/accept-invitation", { tenant: tenant.slug, body: { token: it.link, password: other } });
    const active = await invite();
    good(await patch(active.id, { status: "active" }));
    refused(await accept(active), 410, "link_used");
    const given = await invite();
    good(await patch(given.id, { password, status: "active" }));
    refused(await accept(given), 410, "link_used");
    good(await signIn(given));
});

test("a_password_that_must_be_changed_opens_nothing_but_its_change", async () => {
    const user = await admin(), key = await keyOf(user, ["crm.leads:read"]);
    good(await patch(user.id, { mustChangePassword: true }));
    refused(await request("GET", "/api/crm/leads", { token: user.access_token }), 401, "token_stale");
    const session = (await refresh(user)).data, cookie = await pageCookie(user.email, password, { tenant: tenant.slug });
    const calls = [["GET", "/api/crm/leads"], ["GET", "/api/auth/me"], ["PATCH", "/api/auth/me", { name: "X" }], ["POST", "/api/crm/leads", { name: "x" }], ["GET", "/api/auth/sessions"], ["POST", "/api/auth/mfa", { name: "Phone" }], ["GET", "/api/audit/logs"]];
    for (const [method, where, body] of calls) {
        refused(await request(method, where, { token: session.access_token, body }), 403, "password_change_required");
        if (method === "GET") refused(await request(method, where, { tenant: tenant.slug, headers: { cookie } }), 403, "password_change_required");
    }
    refused(await request("GET", "/api/crm/leads", { token: key }), 403, "password_change_required");
    for (const where of ["/admin", "/account", "/account/email", "/admin/crm/leads"]) {
        const page = await request("GET", where, { tenant: tenant.slug, headers: { cookie } });
        assert.deepEqual([page.status, page.headers.location], [303, "/account/password"], where);
    }
    good(await request("GET", "/account/password", { tenant: tenant.slug, headers: { cookie } }));
    good(await request("POST", "/api/auth/change-password", { token: session.access_token, body: { currentPassword: password, newPassword: other } }), 204);
    const free = (await refresh(session)).data;
    good(await request("GET", "/api/crm/leads", { token: free.access_token }));
    good(await request("GET", "/api/crm/leads", { token: key }));
});

test("a_key_of_somebody_who_must_set_up_a_factor_opens_nothing_before", async () => {
    const user = await admin(), key = await keyOf(user, ["crm.leads:read"]);
    good(await request("GET", "/api/crm/leads", { token: key }));
    good(await request("POST", `/api/platform-users/${user.id}/require-mfa`, { token: tenant.token }));
    refused(await request("GET", "/api/crm/leads", { token: key }), 403, "mfa_enrolment_required");
    await enrol(await login(user.email, password, { tenant: tenant.slug }));
    good(await request("GET", "/api/crm/leads", { token: key }));
});

test("a_first_password_works_for_a_week", async () => {
    const user = await makeUser(tenant, "staff");
    good(await request("POST", `/api/platform-users/${user.id}/reset-password`, { token: tenant.token, body: { password: other } }), 200);
    const set = (days) => sql(`update everyone.users set password_set_at = now() - interval '${days} days' where id = '${user.id}'`);
    set(6);
    good(await signIn(user, other));
    set(8);
    refused(await signIn(user, other), 403, "password_expired");
    refused(await signIn(user, "quite another word"), 401, "invalid_credentials");
    await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: user.email } });
    good(await request("POST", "/api/auth/reset-password", { tenant: tenant.slug, body: { token: tokenOf(await mailTo(user.email, 2)), password: "chosen by oneself" } }), 204);
    set(1000);
    good(await signIn(user, "chosen by oneself"));
});

test("a_current_password_cannot_be_guessed", async () => {
    const guess = { "/api/auth/change-password": (word) => ({ currentPassword: word, newPassword: other }), "/api/auth/change-email": (word) => ({ email: "new@credentials.test", currentPassword: word }) };
    for (const [where, body] of Object.entries(guess)) {
        const user = await makeUser(tenant, "staff"), answers = [];
        for (let i = 0; i < 8; i++) answers.push(await request("POST", where, { token: user.access_token, body: body(`wrong word ${i}`) }));
        assert.equal(answers[0].error.code, "validation_failed", answers[0].text);
        assert.ok(answers.some((it) => it.error.code === "locked_out" && it.status === 429), answers.at(-1).text);
        assert.ok(answers.filter((it) => it.status === 422).length <= 6, "after five it takes ever longer");
        refused(await request("POST", where, { token: user.access_token, body: body(password) }), 429, "locked_out");
        refused(await signIn(user), 429, "locked_out");
    }
});

test("every_session_ends_however_much_it_is_used", async () => {
    const hours = (id) => Number(sql(`select round(extract(epoch from ends_at - created_at) / 3600) from everyone.sessions where user_id = '${id}' order by created_at desc limit 1`));
    const by = await makeOperator("support"), user = await makeUser(tenant, "staff");
    assert.deepEqual([hours(by.id), hours(user.id)], [12, 720]);
    const policy = (await request("GET", "/api/security/policy", { token: tenant.token })).data;
    good(await request("PUT", "/api/security/policy", { token: tenant.token, body: { ...policy, sessionHours: 8 } }));
    const late = await makeUser(tenant, "staff");
    assert.equal(hours(late.id), 8);
    sql(`update everyone.sessions set ends_at = now() + interval '1 minute' where user_id = '${late.id}'`);
    const again = (await refresh(late)).data;
    assert.equal(sql(`select expires_at <= ends_at from everyone.sessions where user_id = '${late.id}'`), "t", "use does not prolong it beyond its end");
    sql(`update everyone.sessions set ends_at = now() - interval '1 second', expires_at = now() - interval '1 second' where user_id = '${late.id}'`);
    assert.equal((await refresh(again)).status, 401);
});

test("the_owner_is_told_of_factors_and_of_devices_that_nobody_knows", async () => {
    const user = await makeUser(tenant, "staff"), agent = (it) => request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password }, headers: { "user-agent": it } });
    good(await agent("curl/8.0"));
    assert.match((await mailTo(user.email)).subject, /new device/);
    good(await agent("curl/8.1"));
    const app = await enrol(user);
    assert.match((await mailTo(user.email, 2)).subject, /was added/, "the second curl was known");
    good(await request("DELETE", `/api/auth/mfa/${app.id}`, { token: user.access_token }), 204);
    assert.match((await mailTo(user.email, 3)).subject, /was removed/);
});

test("only_lib_account_writes_what_lets_somebody_in", () => {
    // What the engine writes by the fields of a resource is GUARDED there; these are the statements by hand.
    const columns = /\b(email|status|password_hash|must_change_password|mfa_required|email_verified_at|email_proven_at)\b\s*=/;
    const sources = ["lib", "cgi-bin", "tools"].flatMap((root) => readdirSync(root, { recursive: true }).filter((it) => it.endsWith(".c")).map((it) => `${root}/${it}`));
    const found = [];
    for (const path of sources.filter((it) => !it.startsWith("lib/account/"))) {
        const sql = readFileSync(path, "utf8").replace(/\\n"\s*"/g, "\n").replace(/"\s*"/g, "");
        for (const [, statement] of sql.matchAll(/\bupdate (?:everyone\.)?users(?: \w+)?\nset ([^]*?)(?:\nwhere|\nfrom|")/g)) if (columns.test(statement)) found.push(`${path}: ${statement}`);
        for (const [statement] of sql.matchAll(/\b(?:insert into|update|delete from) (?:everyone\.)?(?:mfa_factors|recovery_codes|user_roles)\b/g)) found.push(`${path}: ${statement}`);
        if (/\binsert into (?:everyone\.)?users\b/.test(sql)) found.push(`${path}: insert into users`);
    }
    assert.deepEqual(found, []);
});

// The last: what operators had before is stale afterwards.
test("operators_need_a_second_factor_unless_the_platform_says_otherwise", async () => {
    const token = await operator(), path = "/api/platform/settings/operators";
    const { data } = await request("GET", path, { token });
    assert.equal(data.needFactor, false, "the tests' platform says otherwise");
    const by = await makeOperator("support"), first = await makeOperator("superadmin");
    await enrol(first);
    const put = (needFactor) => request("PUT", path, { token: first.access_token, body: { ...data, needFactor } });
    try {
        good(await put(true));
        const session = await login(by.email, password);
        refused(await request("GET", "/api/tenants", { token: session.access_token }), 403, "mfa_enrolment_required");
        await enrol(session);
        good(await request("GET", "/api/tenants", { token: (await refresh(session)).data.access_token }));
        sql("update public.tenants set settings = settings - 'operators' where kind = 'platform'");
        assert.equal((await request("GET", path, { token: first.access_token })).data.needFactor, true, "as it is when nobody said anything");
    } finally {
        good(await put(false));
    }
});
