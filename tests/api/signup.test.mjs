// Signing up: one tenant for one slug, whole or not at all, and little that a
// stranger can do with it before the address is proven.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { linkOf, mailTo, mailsTo, tokenOf } from "../lib/mail.mjs";
import { setSignup, signUp, unique } from "../lib/signup.mjs";
import { connect, until } from "../lib/worker.mjs";

let db, operatorToken;
before(async () => {
    db = await connect(folder);
    operatorToken = await operator();
    await setSignup();
});
after(async () => {
    await setSignup({ enabled: false });
    await db.end();
});

const tenantOf = async (slug) => (await db.query("select * from public.tenants where slug = $1", [slug])).rows[0];
const verify = (mail) => request("POST", "/api/auth/verify-email", { body: { token: tokenOf(mail) } });

test("nobody_signs_up_while_it_is_off", async () => {
    await setSignup({ enabled: false });
    const refused = await signUp();
    assert.equal(refused.status, 403);
    assert.equal(refused.error.code, "signup_off");
    assert.equal((await request("GET", "/api/signup/slug?slug=acme")).error.code, "signup_off");
    await setSignup();
    const inTenant = await signUp({}, { tenant: (await makeTenant()).slug });
    assert.equal(inTenant.error.code, "signup_off", "a tenant's host takes none");
});

test("whoever_signs_up_has_a_tenant_on_trial_and_is_its_owner", async () => {
    await setSignup({ trialDays: 10, planLevel: 1, unverifiedDays: 5 });
    const made = await signUp({ locale: "de", timeZone: "Europe/Berlin" });
    await setSignup();
    assert.equal(made.status, 201, made.text);
    const { slug } = made.data;
    assert.match(made.data.url, new RegExp(`^http://${slug}\\.localhost`));
    const row = await tenantOf(slug);
    assert.equal(row.status, "trial");
    assert.equal(row.plan_level, 1);
    assert.equal(row.locale, "de");
    const days = (time) => Math.round((new Date(time) - Date.now()) / 86400000);
    assert.deepEqual([days(made.data.trialEndsAt), days(made.data.verifyBy)], [10, 5]);
    const owner = await login(`ana@${slug}.test`, password, { tenant: slug });
    const me = await request("GET", "/api/auth/me", { tenant: slug, token: owner.access_token });
    assert.equal(me.data.role ?? me.data.roles?.[0], "owner", me.text);
    assert.equal((await request("POST", "/api/crm/leads", { token: owner.access_token, body: { name: "First" } })).status, 201, "it works at once");
    const mail = await mailTo(`ana@${slug}.test`);
    assert.match(mail.subject, /bestätigen/);
    assert.ok(!mail.text.includes("Maple Books") && !mail.text.includes("Ana"), "nothing that a stranger typed");
    assert.equal(linkOf(mail).hostname, `${slug}.localhost`);
    assert.equal((await verify(mail)).status, 200);
    assert.equal((await tenantOf(slug)).verify_by, null);
});

test("an_idempotency_key_makes_one_workspace_of_what_is_sent_again", async () => {
    const key = unique(), slug = `s${key}`, send = (name) => signUp({ slug, name, email: `ana@${slug}.test` }, { headers: { "idempotency-key": key } });
    const answers = await Promise.all(Array.from({ length: 6 }, () => send("Ana Ruiz")));
    for (const it of answers) assert.deepEqual([it.status, it.text], [201, answers[0].text]);
    assert.equal(answers.filter((it) => it.headers["idempotency-replayed"] === "true").length, 5);
    assert.equal((await mailsTo(`ana@${slug}.test`)).length, 1);
    assert.equal((await send("Another")).error.code, "idempotency_key_reused");
    // What was kept tells nobody which password was sent.
    const { rows: [kept] } = await db.query("select request_sha256, answer from everyone.idempotency_keys where key = $1", [key]);
    const sha = (text) => createHash("sha256").update(text).digest("hex");
    const body = JSON.stringify({ organisation: "Maple Books", slug, name: "Ana Ruiz", email: `ana@${slug}.test`, password });
    assert.notEqual(kept.request_sha256, sha(`POST /api/signup?\n${sha(body)}`));
    assert.ok(!kept.answer.includes(password));
});

test("of_many_who_want_one_slug_at_once_exactly_one_gets_it", async () => {
    const slug = `h${unique()}`;
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => signUp({ slug, email: `n${i}@${slug}.test` })));
    const won = answers.filter((it) => it.status === 201), lost = answers.filter((it) => it.status !== 201);
    assert.equal(won.length, 1, answers.map((it) => it.status).join(" "));
    for (const it of lost) {
        assert.equal(it.status, 409, it.text);
        assert.equal(it.error.code, "slug_taken");
        assert.equal(it.error.details[0].field, "slug");
    }
    const { rows } = await db.query("select (select count(*) from everyone.users where email like $1) users, (select count(*) from everyone.links where email like $1) links, (select count(*) from everyone.sign_in_tickets t join everyone.users u on u.id = t.user_id where u.email like $1) tickets", [`%@${slug}.test`]);
    assert.deepEqual(rows[0], { users: "1", links: "1", tickets: "1" }, "of those who lost nothing is left");
    await until(() => Array.from({ length: 30 }, (_, i) => mailsTo(`n${i}@${slug}.test`).length).reduce((a, b) => a + b), (it) => it === 1);
});

test("a_slug_that_is_reserved_taken_or_none_is_told_from_a_free_one", async () => {
    const look = async (query) => (await request("GET", `/api/signup/slug?${query}`)).data;
    const { slug } = (await signUp()).data;
    assert.equal((await look(`slug=${slug}`)).problem, "slug_taken");
    assert.equal((await look("slug=admin")).problem, "slug_reserved");
    assert.equal((await look("slug=xn--bcher-kva")).problem, "slug_reserved");
    assert.equal((await look("slug=No%20Slug")).problem, "invalid_slug");
    assert.deepEqual([(await look("slug=free-as-a-bird")).free, (await look("slug=free-as-a-bird")).problem], [true, null]);
    for (const [reserved, code] of [["admin", "slug_reserved"], ["xn--bcher-kva", "slug_reserved"]])
        assert.equal((await signUp({ slug: reserved })).error.code, code);
});

test("a_slug_is_made_of_the_name_whatever_its_letters", async () => {
    const made = async (name) => (await request("GET", `/api/signup/slug?organisation=${encodeURIComponent(name)}`)).data.suggestion;
    assert.equal(await made("Café Zürich & Söhne Größe"), "cafe-zurich-sohne-grosse");
    assert.equal(await made("Ørsted Łódź"), "orsted-lodz");
    assert.equal(await made("3rd Floor"), "org-3rd-floor");
    assert.equal(await made("1860"), "org-1860");
    assert.equal(await made("北京"), "workspace");
    assert.equal(await made("HP"), "hp-org");
    assert.equal(await made("Admin"), "admin-2", "reserved ones are left out");
    assert.match(await made("An Organisation With A Very Long Name Indeed Inc"), /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/);
    const name = `Twin ${unique()}`, slug = name.toLowerCase().replace(" ", "-");
    const first = await signUp({ slug: null, organisation: name }), second = await signUp({ slug: null, organisation: name });
    assert.deepEqual([first.data.slug, second.data.slug], [slug, `${slug}-2`]);
});

test("an_address_with_an_account_is_answered_as_one_without", async () => {
    const there = await makeTenant();
    const known = await signUp({ email: `owner@${there.slug}.test` }), unknown = await signUp();
    assert.deepEqual([known.status, unknown.status], [201, 201]);
    assert.deepEqual(Object.keys(known.data), Object.keys(unknown.data));
    const owner = await login(`owner@${there.slug}.test`, password, { tenant: there.slug });
    assert.ok(owner.access_token, "the account that was there is as it was");
});

test("the_workspaces_of_strangers_do_not_crowd_out_those_of_the_address", async () => {
    const there = await makeTenant(), email = `owner@${there.slug}.test`;
    for (let i = 0; i < 3; i++) {
        const made = await signUp({ email, password: "a stranger's own word" });
        await login(email, "a stranger's own word", { tenant: made.data.slug });
    }
    await db.query("delete from public.signups");
    for (let i = 0; i < 3; i++) {
        const made = await signUp({ email, password: "a stranger's own word" });
        await login(email, "a stranger's own word", { tenant: made.data.slug });
    }
    const answer = await request("POST", "/api/auth/login", { body: { email, password } });
    assert.equal(answer.status, 200, answer.text);
});

test("an_address_and_a_network_get_only_so_many_sign_ups_a_day", async () => {
    const email = `many@${unique()}.test`;
    const answers = await Promise.all(Array.from({ length: 12 }, () => signUp({ email })));
    assert.equal(answers.filter((it) => it.status === 201).length, 3);
    const refused = answers.filter((it) => it.status !== 201);
    assert.ok(refused.every((it) => it.status === 429 && it.error.code === "too_many_signups" && it.headers["retry-after"]), refused[0].text);
    await until(() => mailsTo(email).length, (it) => it === 3);
    await db.query("delete from public.signups");
    await setSignup({ networkLimit: 4 });
    const more = await Promise.all(Array.from({ length: 12 }, () => signUp()));
    assert.equal(more.filter((it) => it.status === 201).length, 4);
    await setSignup();
    await db.query("update public.signups set created_at = now() - interval '25 hours'");
    assert.equal((await signUp({ email })).status, 201, "a day later it begins anew");
});

test("what_is_typed_is_checked_all_at_once", async () => {
    const answer = await signUp({ organisation: "win at www.casino.test", email: "no address", password: "qwertyuiop" });
    assert.equal(answer.status, 422);
    const good = await signUp({ organisation: "win at www.casino.test", name: "http://casino.test" });
    assert.deepEqual(good.error.details.map((it) => [it.field, it.code]), [["organisation", "invalid_name"], ["name", "invalid_name"]]);
    const weak = await signUp({ password: "qwertyuiop" });
    assert.deepEqual([weak.status, weak.error.details[0].field], [422, "password"]);
    const personal = await signUp({ email: "rosalind@example.com", password: "rosalind12" });
    assert.equal(personal.status, 422, "a password made of the address");
});

test("an_unverified_tenant_writes_to_nobody_but_to_prove_an_address", async () => {
    const { data } = await signUp();
    const owner = await login(`ana@${data.slug}.test`, password, { tenant: data.slug });
    const tenant = { ...data, token: owner.access_token };
    const stranger = `victim@${unique()}.test`;
    const made = await request("POST", "/api/platform-users", { token: tenant.token, body: { email: stranger, name: "V", kind: "staff", roles: ["staff"], status: "pending" } });
    assert.equal(made.status, 201, made.text);
    const invited = await request("POST", `/api/platform-users/${made.data.id}/invite`, { token: tenant.token });
    assert.deepEqual([invited.status, invited.error.code], [403, "tenant_unverified"]);
    const people = [];
    for (let i = 0; i < 12; i++) people.push(await makeUser(tenant, "staff"));
    const asked = await Promise.all(people.map((it) => request("POST", "/api/auth/forgot-password", { tenant: data.slug, body: { email: it.email } })));
    assert.ok(asked.every((it) => it.status === 204), "the answer is the same");
    const { rows } = await db.query("select count(*)::int as links from everyone.links where tenant_id = $1", [data.id]);
    assert.equal(rows[0].links, 10, "ten links a day in all, however many ask at once");
    await verify(await mailTo(`ana@${data.slug}.test`));
    assert.equal((await request("POST", `/api/platform-users/${made.data.id}/invite`, { token: tenant.token })).status, 200);
    assert.match((await mailTo(stranger)).text, /accept-invitation/);
    assert.equal(mailsTo(stranger).length, 1);
});

test("a_new_password_proves_the_address_too", async () => {
    const { data } = await signUp();
    await request("POST", "/api/auth/forgot-password", { tenant: data.slug, body: { email: `ana@${data.slug}.test` } });
    const mail = await mailTo(`ana@${data.slug}.test`, 2);
    assert.equal((await request("POST", "/api/auth/reset-password", { body: { token: tokenOf(mail), password: "ocean lamp quarter" } })).status, 204);
    assert.equal((await tenantOf(data.slug)).verify_by, null);
});

test("what_nobody_confirmed_is_erased_and_what_an_operator_activated_stays", async () => {
    const lost = (await signUp()).data, kept = (await signUp()).data, proven = (await signUp()).data;
    assert.equal((await request("POST", `/api/tenants/${kept.id}/activate`, { token: operatorToken, body: {} })).status, 200);
    await verify(await mailTo(`ana@${proven.slug}.test`));
    await db.query("update public.tenants set verify_by = now() - interval '1 minute' where id = any($1) and verify_by is not null", [[lost.id, kept.id, proven.id]]);
    await db.query("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'tenants.erase', 'tenants', 3)");
    await until(() => tenantOf(lost.slug), (it) => !it);
    assert.ok(await tenantOf(kept.slug));
    assert.ok(await tenantOf(proven.slug));
    assert.equal((await signUp({ slug: lost.slug })).status, 201, "the slug is free again");
});
