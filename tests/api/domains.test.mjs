// Domains of a tenant's own: claimed by anybody, given to who proves it, and the
// proof looked for again. The DNS is a real server, on loopback.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import http from "node:http";
import { after, before, test } from "node:test";
import { folder, login, makeTenant, makeUser, operator, password, port, request } from "../lib/client.mjs";
import { NameServer } from "../lib/dns.mjs";
import { sql } from "../lib/factors.mjs";
import { Page } from "../lib/forms.mjs";
import { linkOf, mailTo } from "../lib/mail.mjs";
import { socket } from "../lib/stream.mjs";
import { connect, until } from "../lib/worker.mjs";

const names = new NameServer();
let a, b;
before(async () => {
    await names.start();
    [a, b] = [await withDomains(), await withDomains()];
});
after(() => names.stop());

async function withDomains(extra) {
    const tenant = await makeTenant(extra);
    const answer = await request("PUT", `/api/tenants/${tenant.id}/features`, { token: await operator(), body: { features: { custom_domains: true } } });
    assert.equal(answer.status, 200, answer.text);
    return tenant;
}

const fresh = (label = "club") => `${label}-${randomUUID().slice(0, 8)}.example.com`;
const all = (tenant) => `/api/tenants/${tenant.id}/domains`;
const claim = (tenant, domain) => request("POST", all(tenant), { token: tenant.token, body: { domain } });
const act = (tenant, domain, what, method = "POST") => request(method, `${all(tenant)}/${domain.id}${what ? `/${what}` : ""}`, { token: tenant.token });
const get = async (tenant, domain) => (await act(tenant, domain, "", "GET")).data;
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
const current = async (domain) => (await request("GET", "/api/tenant", { domain }));

async function prove(tenant, domain = fresh()) {
    const made = (await claim(tenant, domain)).data;
    names.set("TXT", made.recordName, made.verificationToken);
    const answer = await act(tenant, made, "verify");
    assert.equal(answer.status, 200, answer.text);
    return answer.data;
}

// The worker's schedule comes every five minutes: its job is added here at once.
async function lookAgain(domain) {
    sql(`update everyone.domain_checks set next_at = now() where id = '${domain.id}'`);
    sql("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'tenants.domains_due', 'domains', 3)");
    const db = await connect(folder);
    try {
        await until(async () => (await db.query("select next_at > now() as done from everyone.domain_checks where id = $1", [domain.id])).rows[0], (it) => !it || it.done !== false);
    } finally {
        await db.end();
    }
}

// As a page says it, kept as it was found before.
async function problemInGerman(domain) {
    const speak = (locale) => request("PATCH", `/api/tenants/${a.id}/profile`, { token: a.token, body: { locale } });
    await speak("de");
    const page = await Page.signIn(a.slug, `owner@${a.slug}.test`, password);
    const { text } = await page.get(`/admin/domains/${domain.id}`);
    await speak("en");
    return text.match(/<p>(Der TXT-Eintrag[^<]*)<\/p>/)?.[1];
}

test("a_domain_answers_once_its_record_is_there_and_no_longer_when_removed", async () => {
    const made = await claim(a, `${fresh("Club").toUpperCase()}.`);
    assert.equal(made.status, 201, made.text);
    const domain = made.data;
    assert.equal(domain.domain, domain.domain.toLowerCase());
    assert.ok(!domain.domain.endsWith("."));
    assert.deepEqual([domain.status, domain.primary, domain.recordName], ["pending", false, `_tulou.${domain.domain}`]);
    refused(await current(domain.domain), 404, "tenant_unknown");
    refused(await act(a, domain, "verify"), 409, "domain_unproved");
    names.set("TXT", domain.recordName, "something else");
    const wrong = await act(a, domain, "verify");
    assert.match(wrong.error.message, /holds another value/);
    assert.match((await get(a, domain)).problem, /holds another value/);
    assert.equal(await problemInGerman(domain), `Der TXT-Eintrag ${domain.recordName} enthält einen anderen Wert.`);
    names.set("TXT", domain.recordName, "something else", domain.verificationToken);
    const verified = await act(a, domain, "verify");
    assert.deepEqual([verified.status, verified.data?.status, verified.data?.primary, verified.data?.problem], [200, "verified", true, null], verified.text);
    assert.equal((await current(domain.domain)).data.slug, a.slug, "at once");
    assert.equal((await current(`${domain.domain.toUpperCase()}`)).data.slug, a.slug);
    refused(await current(`www.${domain.domain}`), 404, "tenant_unknown");
    assert.equal((await act(a, domain, "", "DELETE")).status, 204);
    refused(await current(domain.domain), 404, "tenant_unknown");
});

test("names_are_written_in_one_form_and_what_is_no_host_is_refused", async () => {
    const unicode = await claim(a, `Bücher-${randomUUID().slice(0, 6)}.Example.COM`);
    assert.match(unicode.data.domain, /^xn--b.*\.example\.com$/, unicode.text);
    for (const bad of ["club", "com", "no host.example.com", "-a.example.com", "a..example.com", "192.0.2.1", "[::1]", "https://club.example.com/", "club.example.com:80", "_tulou.example.com", "club.nosuchtld", "*.example.com", `${"a".repeat(64)}.example.com`, `${"a.".repeat(124)}com`, "0x7f.1", "xn--a.example.com"]) {
        const answer = await claim(a, bad);
        assert.deepEqual([answer.status, answer.error?.details?.[0]?.code], [422, "invalid_domain"], `${bad}: ${answer.text}`);
    }
    for (const bad of ["localhost", "x.localhost", `${b.slug}.localhost`, "a.b.localhost", "printer.local", "co.uk", "github.io", "foo.test", "1.0.0.127.in-addr.arpa", "a.onion"]) {
        const answer = await claim(a, bad);
        assert.deepEqual([answer.status, answer.error?.details?.[0]?.code], [422, "domain_reserved"], `${bad}: ${answer.text}`);
    }
    const twice = fresh();
    assert.equal((await claim(a, twice)).status, 201);
    refused(await claim(a, twice), 409, "domain_exists");
});

test("a_claim_blocks_nobody_and_of_many_proofs_at_once_one_wins", async () => {
    const domain = fresh(), many = await Promise.all(Array.from({ length: 6 }, () => withDomains()));
    const claims = await Promise.all(many.map((it) => claim(it, domain)));
    for (const it of claims) assert.equal(it.status, 201, it.text);
    names.set("TXT", `_tulou.${domain}`, ...claims.map((it) => it.data.verificationToken));
    const answers = await Promise.all(many.map((it, i) => act(it, claims[i].data, "verify")));
    assert.equal(answers.filter((it) => it.status === 200).length, 1, answers.map((it) => it.text).join("\n"));
    for (const it of answers.filter((one) => one.status !== 200)) refused(it, 409, "domain_taken");
    const winner = answers.findIndex((it) => it.status === 200), loser = winner === 0 ? 1 : 0;
    assert.equal((await current(domain)).data.slug, many[winner].slug);
    assert.match((await get(many[loser], claims[loser].data)).problem, /Another tenant/);
    assert.equal((await act(many[winner], claims[winner].data, "", "DELETE")).status, 204);
    assert.equal((await act(many[loser], claims[loser].data, "verify")).status, 200, "it is free again");
    assert.equal((await current(domain)).data.slug, many[loser].slug);
});

test("of_the_verified_ones_exactly_one_is_primary_whatever_happens_at_once", async () => {
    const tenant = await withDomains();
    const domains = await Promise.all(Array.from({ length: 5 }, () => prove(tenant)));
    const primaries = async () => (await request("GET", all(tenant), { token: tenant.token })).data.filter((it) => it.primary);
    assert.equal((await primaries()).length, 1);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => act(tenant, domains[i % 5], "primary")));
    for (const it of answers) assert.equal(it.status, 200, it.text);
    assert.equal((await primaries()).length, 1);
    assert.equal((await act(tenant, domains[3], "primary")).data.primary, true);
    assert.deepEqual((await primaries()).map((it) => it.id), [domains[3].id]);
    assert.equal((await act(tenant, domains[3], "", "DELETE")).status, 204);
    assert.equal((await primaries()).length, 1, "another follows it");
    const pending = (await claim(tenant, fresh())).data;
    refused(await act(tenant, pending, "primary"), 409, "domain_unverified");
});

test("links_in_mails_lead_to_the_primary_domain", async () => {
    const tenant = await withDomains(), user = await makeUser(tenant, "staff"), domain = await prove(tenant);
    assert.equal((await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: user.email } })).status, 204);
    assert.equal(linkOf(await mailTo(user.email)).host, `${domain.domain}:${port}`);
    // Its proof gone, it may be somebody else's.
    names.set("TXT", domain.recordName);
    await lookAgain(domain);
    assert.equal((await get(tenant, domain)).status, "lost");
    assert.equal((await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email: user.email } })).status, 204);
    assert.equal(linkOf(await mailTo(user.email, 2)).host, `${tenant.slug}.localhost:${port}`);
});

test("the_feature_is_asked_for_claim_proof_and_answer", async () => {
    const plain = await makeTenant();
    refused(await claim(plain, fresh()), 403, "feature_missing");
    const tenant = await withDomains(), domain = await prove(tenant), pending = (await claim(tenant, fresh())).data;
    names.set("TXT", pending.recordName, pending.verificationToken);
    const set = async (on) => assert.equal((await request("PUT", `/api/tenants/${tenant.id}/features`, { token: await operator(), body: { features: { custom_domains: on } } })).status, 200);
    await set(false);
    refused(await current(domain.domain), 404, "tenant_unknown");
    refused(await act(tenant, pending, "verify"), 403, "feature_missing");
    await set(true);
    assert.equal((await current(domain.domain)).data.slug, tenant.slug);
});

test("a_page_with_the_token_is_a_proof_too", async () => {
    const domain = (await claim(a, fresh())).data;
    let body = "another token", status = 200;
    const site = http.createServer((call, answer) => {
        if (call.url !== "/.well-known/tulou-verification" || call.headers.host !== `${domain.domain}:${port}`) answer.statusCode = 404;
        else answer.statusCode = status;
        answer.end(body);
    });
    await new Promise((resolve) => site.listen(port, "127.0.0.2", resolve));
    names.set("A", domain.domain, "127.0.0.2");
    try {
        refused(await act(a, domain, "verify"), 409, "domain_unproved");
        [body, status] = [`${domain.verificationToken}\n`, 404];
        refused(await act(a, domain, "verify"), 409, "domain_unproved");
        body = domain.verificationToken + "x".repeat(5000);
        status = 200;
        refused(await act(a, domain, "verify"), 409, "domain_unproved");
        body = `${domain.verificationToken}\n`;
        assert.equal((await act(a, domain, "verify")).status, 200);
    } finally {
        await new Promise((resolve) => site.close(resolve));
    }
});

test("that_a_domain_leads_here_proves_nothing_about_whose_it_is", async () => {
    const domain = fresh(), [mine, theirs] = [(await claim(a, domain)).data, (await claim(b, domain)).data];
    names.set("A", domain, "127.0.0.1");
    const path = "/.well-known/tulou-verification";
    for (const it of [{ domain }, { domain, headers: { "x-tenant-id": b.id } }, { domain, headers: { "x-tenant-slug": b.slug } }]) {
        const answer = await request("GET", path, it);
        assert.equal(answer.status, 404);
        assert.ok(!answer.text.includes(mine.verificationToken) && !answer.text.includes(theirs.verificationToken));
    }
    refused(await act(b, theirs, "verify"), 409, "domain_unproved");
    names.set("TXT", mine.recordName, mine.verificationToken);
    assert.equal((await act(a, mine, "verify")).status, 200);
    const own = await request("GET", path, { domain });
    assert.deepEqual([own.status, own.text, own.headers["content-type"]], [200, mine.verificationToken, "text/plain; charset=utf-8"]);
    assert.equal((await request("GET", path, { domain, headers: { "x-tenant-slug": b.slug } })).status, 403);
    assert.equal((await request("GET", path, { tenant: a.slug })).status, 404);
    refused(await act(b, theirs, "verify"), 409, "domain_unproved");
    // It leads here and is verified: the record may go.
    names.set("TXT", mine.recordName);
    await lookAgain(mine);
    assert.equal((await get(a, mine)).status, "verified");
});

test("pending_ones_are_looked_for_by_the_clock_and_the_owner_hears_of_it", async () => {
    const tenant = await withDomains(), domain = (await claim(tenant, fresh())).data;
    await lookAgain(domain);
    const waiting = await get(tenant, domain);
    assert.equal(waiting.status, "pending");
    assert.ok(new Date(waiting.nextCheckAt) > new Date());
    names.set("TXT", domain.recordName, domain.verificationToken);
    await lookAgain(domain);
    assert.equal((await get(tenant, domain)).status, "verified");
    assert.match((await mailTo(`owner@${tenant.slug}.test`)).subject, new RegExp(`${domain.domain} is verified`));
    assert.equal((await current(domain.domain)).data.slug, tenant.slug);
    const log = await request("GET", "/api/audit/logs?resourceType=tenant_domain", { token: tenant.token });
    assert.deepEqual(log.data.map((it) => it.type).filter((it) => it.startsWith("tenant_domain.")).slice(-1), ["tenant_domain.created"], log.text);
});

test("nobody_looks_for_ever_but_asking_begins_anew", async () => {
    const domain = (await claim(a, fresh())).data;
    sql(`update everyone.domain_checks set begun_at = now() - interval '8 days' where id = '${domain.id}'`);
    await lookAgain(domain).catch(() => undefined);
    const tired = await get(a, domain);
    assert.deepEqual([tired.status, tired.nextCheckAt], ["expired", null]);
    refused(await act(a, domain, "verify"), 409, "domain_unproved");
    assert.equal((await get(a, domain)).status, "pending");
});

test("a_proof_that_is_gone_is_reported_once_and_given_up_after_two_weeks", async () => {
    const tenant = await withDomains(), domain = await prove(tenant), owner = `owner@${tenant.slug}.test`;
    await mailTo(owner);
    names.silent.add(domain.recordName);
    await lookAgain(domain);
    assert.equal((await get(tenant, domain)).status, "verified", "a server that fails proves nothing");
    names.silent.delete(domain.recordName);
    names.set("TXT", domain.recordName);
    await lookAgain(domain);
    await lookAgain(domain);
    assert.equal((await get(tenant, domain)).status, "lost");
    assert.equal((await current(domain.domain)).data.slug, tenant.slug, "it is not dropped at once");
    assert.match((await mailTo(owner, 2)).subject, /proof of .* is gone/);
    names.set("TXT", domain.recordName, domain.verificationToken);
    assert.equal((await act(tenant, domain, "verify")).data.status, "verified");
    assert.match((await mailTo(owner, 3)).subject, /proved again/);
    names.set("TXT", domain.recordName);
    await lookAgain(domain);
    sql(`update everyone.tenant_domains set lost_at = now() - interval '15 days' where id = '${domain.id}'`);
    await lookAgain(domain);
    assert.equal((await get(tenant, domain)).status, "pending");
    refused(await current(domain.domain), 404, "tenant_unknown");
    assert.match((await mailTo(owner, 5)).subject, /no longer verified/);
});

test("looking_now_may_not_be_asked_without_end", async () => {
    const domain = (await claim(a, fresh())).data;
    const answers = await Promise.all(Array.from({ length: 12 }, () => act(a, domain, "verify")));
    const late = answers.filter((it) => it.status === 429);
    assert.equal(late.length, 2);
    assert.ok(Number(late[0].headers["retry-after"]) > 0);
});

test("sign_in_tokens_cross_origin_calls_and_sockets_work_at_a_domain_of_ones_own", async () => {
    const tenant = await withDomains(), domain = await prove(tenant), host = domain.domain;
    const session = await login(`owner@${tenant.slug}.test`, password, { domain: host });
    assert.equal((await request("GET", "/api/crm/leads", { domain: host, token: session.access_token })).status, 200);
    refused(await request("GET", "/api/crm/leads", { domain: host, token: a.token }), 403, "tenant_mismatch");
    assert.equal((await request("PUT", "/api/settings/api", { token: tenant.token, body: { allowedOrigins: ["https://app.example.com"] } })).status, 200);
    const cross = await request("OPTIONS", "/api/crm/leads", { domain: host, headers: { origin: "https://app.example.com", "access-control-request-method": "GET" } });
    assert.ok(cross.headers["access-control-allow-methods"].includes("GET"), JSON.stringify(cross.headers));
    const answer = await request("GET", "/api/crm/leads", { domain: host, token: session.access_token, headers: { origin: "https://app.example.com" } });
    assert.equal(answer.headers["access-control-allow-origin"], "https://app.example.com");
    const own = await socket({ headers: { host: `${host}:${port}` }, token: session.access_token, origin: `http://${host}:${port}` });
    assert.equal(own.status, 101);
    await own.stop();
    const elsewhere = await socket({ headers: { host: `${host}:${port}` }, token: session.access_token, origin: `http://${tenant.slug}.localhost:${port}` });
    assert.equal(elsewhere.status, 403);
});

test("a_reseller_and_an_operator_care_for_the_domains_of_others", async () => {
    const reseller = await makeTenant({ kind: "reseller" });
    const child = await withDomains({ token: reseller.token });
    for (const token of [reseller.token, await operator()]) {
        const made = await request("POST", all(child), { token, body: { domain: fresh() } });
        assert.equal(made.status, 201, made.text);
        names.set("TXT", made.data.recordName, made.data.verificationToken);
        assert.equal((await request("POST", `${all(child)}/${made.data.id}/verify`, { token })).status, 200);
        assert.equal((await request("POST", `${all(child)}/${made.data.id}/primary`, { token })).data.primary, true);
    }
    refused(await request("GET", all(child), { token: a.token }), 404, "not_found");
});
