// Mail over a real server: what arrives, and what becomes of a message while the
// server is rude, broken, silent or away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import PostalMime from "postal-mime";
import { Platform } from "../lib/platform.mjs";
import { Authority, BrokenServer, MailServer, SilentServer, refusal, stages } from "../lib/smtp.mjs";

const secret = "mail-server-pass-7134";
let platform, port, good, strange, misnamed, client, db, connect, said, until, settings, tenant, server;

before(async () => {
    platform = new Platform();
    const authority = new Authority(platform.folder, "authority");
    [good, misnamed, strange] = [authority.certify("localhost"), authority.certify("elsewhere.test"), new Authority(platform.folder, "stranger").certify("localhost")];
    const probe = await new MailServer(good).start();
    port = probe.port;
    await probe.stop();
    settings = { TULOU_SMTP_URL: `smtp://localhost:${port}`, TULOU_SMTP_TLS: "yes", TULOU_SMTP_USER: "tulou", TULOU_SMTP_PASSWORD: secret, TULOU_SMTP_SECONDS: "4",
        TULOU_CA_FILE: authority.file, TULOU_MAIL_FROM: "post@house.test" };
    await platform.start(settings);
    Object.assign(process.env, platform.environment());
    client = await import("../lib/client.mjs");
    ({ connect, said, until } = await import("../lib/worker.mjs"));
    db = await connect(platform.folder);
    tenant = await client.makeTenant();
});
afterEach(async () => {
    await server?.stop();
    server = undefined;
    await db.query("delete from everyone.jobs where kind = 'mail.send'");
});
after(async () => {
    await db?.end();
    await platform.stop();
});

const serve = async (it) => (server = await it.start(port));
const jobs = async () => (await db.query("select * from everyone.jobs where kind = 'mail.send' order by created_at")).rows.map((it) => ({ ...it, error: said(it.error) }));
const allGone = () => until(jobs, (rows) => rows.length === 0);
const attempted = (attempt) => until(jobs, (rows) => rows.length > 0 && rows.every((it) => it.attempt >= attempt && ["scheduled", "dead"].includes(it.state)));
// As if the time had come at which they are tried again.
async function skipTheWait() {
    await db.query("update everyone.jobs set run_at = now() where kind = 'mail.send' and state = 'scheduled'");
    await db.query("notify jobs, 'scheduled'");
}
// Somebody who has a message coming, and their address.
async function invite(extra = {}, token = tenant.token) {
    const email = `${Math.random().toString(36).slice(2)}@readers.test`;
    const made = await client.request("POST", "/api/platform-users", { token, body: { email, name: "Ada Reader", kind: "staff", invite: true, ...extra } });
    assert.equal(made.status, 201, made.text);
    return email;
}
const linkOf = (mail) => mail.text.match(/https?:\/\/\S+\?token=\S+/)[0];

test("a_message_arrives_whole_whatever_its_words_are", async () => {
    await serve(new MailServer(good));
    // Of a name that begins a paragraph with a dot, and of one line longer than SMTP allows.
    const inviter = await client.makeUser(tenant, "admin", { kind: "admin", name: ".\u00a0=?UTF-8?Q?x?= \"Über\" <b>&amp; 漢字 😀" });
    for (const name of ["Zoë Ångström-Łukasiewicz, 漢字 𝒳 and, very, \"quoted\" \\ (comment)", "漢".repeat(200), "plain ".repeat(33).trim(), "."]) {
        const email = await invite({ name }, inviter.access_token);
        const [message] = await until(() => server.to(email), (it) => it.length === 1);
        const { raw } = message, text = raw.toString("latin1"), mail = await PostalMime.parse(raw);
        assert.deepEqual([message.from, message.to, message.secure, message.user], ["post@house.test", [email], true, "tulou"]);
        assert.deepEqual([mail.from.address, mail.to.length, mail.to[0].address, mail.to[0].name], ["post@house.test", 1, email, name]);
        assert.equal(mail.subject, `You are invited to Tenant ${tenant.slug}`);
        assert.ok(mail.text.includes(`\n.\u00a0=?UTF-8?Q?x?= "Über" <b>&amp; 漢字 😀 invites you to Tenant ${tenant.slug}.`), mail.text);
        assert.ok(mail.text.includes(`Hello ${name},`));
        assert.ok(mail.html.includes("=?UTF-8?Q?x?= &quot;Über&quot; &lt;b&gt;&amp;amp; 漢字 😀 invites you"), mail.html);
        assert.ok(mail.html.includes(`href="${linkOf(mail)}"`), "one link in both parts");
        assert.equal(mail.attachments.length, 0);
        assert.match(mail.messageId, /^<[0-9a-f-]{36}@house\.test>$/);
        assert.ok(Math.abs(new Date(mail.date) - Date.now()) < 86400000);
        assert.doesNotMatch(text, /[^\r\n\t -~]/, "all of it is ASCII");
        assert.doesNotMatch(text.replaceAll("\r\n", ""), /[\r\n]/);
        assert.ok(text.split("\r\n").every((line) => line.length <= 998));
        const accepted = await client.request("POST", "/api/auth/accept-invitation", { tenant: tenant.slug, body: { token: new URL(linkOf(mail)).searchParams.get("token"), password: "ocean lamp quarter" } });
        assert.equal(accepted.status, 204, accepted.text);
    }
    await allGone();
    assert.ok(server.passwords.every((it) => it === secret));
});

// What is said of a message that did not go, and that it goes once the cause is mended.
async function goesAfterwards(email, expected) {
    const [job] = await attempted(1);
    assert.equal(job.state, "scheduled");
    assert.match(job.error, expected);
    assert.ok(!job.error.includes(secret));
    await server.stop();
    await serve(new MailServer(good));
    await skipTheWait();
    await allGone();
    assert.equal(server.to(email).length, 1);
}

test("without_starttls_nothing_is_said", async () => {
    const refused = await serve(new MailServer({ ...good, hideSTARTTLS: true, disabledCommands: ["STARTTLS"], allowInsecureAuth: true }));
    await goesAfterwards(await invite(), /does not offer TLS, which is required/);
    assert.deepEqual([refused.passwords, refused.messages], [[], []]);
});

test("a_server_whose_certificate_is_not_good_gets_nothing", async () => {
    for (const certificate of [strange, misnamed]) {
        const refused = await serve(new MailServer(certificate));
        await goesAfterwards(await invite(), /certificate|SSL/i);
        assert.deepEqual([refused.passwords, refused.messages], [[], []]);
        await server.stop();
    }
});

test("a_sign_in_that_the_server_refuses_is_for_the_operator_to_mend", async () => {
    await serve(new MailServer({ ...good, onAuth: (auth, session, done) => done(refusal(535, "5.7.8 who are you")) }));
    await goesAfterwards(await invite(), /the user or the password was refused|535/);
    await server.stop();
    await serve(new MailServer({ ...good, onMailFrom: (address, session, done) => done(refusal(530, "5.7.0 sign in first")) }));
    await goesAfterwards(await invite(), /^the mail server answered: 530 5\.7\.0 sign in first$/);
    const log = readFileSync(join(platform.folder, "log/worker.log"), "utf8");
    assert.ok(log.includes("job failed") && !log.includes(secret));
});

test("what_is_refused_for_good_is_a_dead_letter_with_the_servers_words", async () => {
    const token = await client.operator();
    for (const stage of ["onRecipient", "onMessage"]) {
        await serve(new MailServer(good));
        server[stage] = () => {
            throw refusal(550, `5.1.1 not here, said at ${stage}`);
        };
        const email = await invite();
        const [job] = await until(jobs, (rows) => rows[0]?.state === "dead");
        assert.deepEqual([job.attempt, job.error], [1, `the mail server answered: 550 5.1.1 not here, said at ${stage}`]);
        const shown = await client.request("GET", `/api/platform/jobs/${job.id}`, { token });
        assert.deepEqual([shown.data.error, shown.data.payload], [job.error, { template: "invitation", to: email, sealed: "***" }]);
        server[stage] = () => {};
        assert.equal((await client.request("POST", `/api/platform/jobs/${job.id}/retry`, { token })).status, 200);
        await allGone();
        assert.equal(server.to(email).length, 1);
        await server.stop();
    }
});

test("a_greylisting_server_gets_the_message_again_and_has_it_once", async () => {
    for (const stage of ["onRecipient", "onMessage"]) {
        await serve(new MailServer(good));
        let refusals = 0;
        server[stage] = () => {
            if (++refusals <= 2) throw refusal(451, "4.7.1 later, please");
        };
        const email = await invite();
        const [first] = await attempted(1);
        assert.deepEqual([first.state, first.error], ["scheduled", "the mail server answered: 451 4.7.1 later, please"]);
        assert.ok(first.run_at > first.failed_at);
        await skipTheWait();
        await attempted(2);
        await skipTheWait();
        await allGone();
        assert.deepEqual([refusals, server.to(email).length], [3, 1]);
        await server.stop();
    }
});

test("after_an_hour_without_a_server_each_message_arrives_once", async () => {
    const emails = [];
    for (let i = 0; i < 15; i++) emails.push(await invite());
    const waited = new Map(emails.map((it) => [it, 0]));
    for (let attempt = 1; [...waited.values()].some((it) => it < 3600); attempt++) {
        const rows = await attempted(attempt);
        assert.equal(rows.length, emails.length, "none is lost");
        for (const row of rows) {
            assert.equal(row.state, "scheduled", `attempt ${row.attempt}: ${row.error}`);
            assert.match(row.error, /^mail server: /);
            waited.set(row.payload.to, waited.get(row.payload.to) + (row.run_at - row.failed_at) / 1000);
        }
        if ([...waited.values()].some((it) => it < 3600)) await skipTheWait();
    }
    await serve(new MailServer(good));
    await skipTheWait();
    await allGone();
    for (const email of emails) assert.equal(server.to(email).length, 1);
    assert.equal(server.messages.length, emails.length);
    assert.equal(new Set(await Promise.all(server.messages.map(async (it) => (await PostalMime.parse(it.raw)).messageId))).size, emails.length);
});

// ---- with TLS from the first byte on ----

test("over_smtps_messages_arrive_and_a_bad_certificate_is_refused", async () => {
    await db.end();
    await platform.halt();
    await platform.start({ ...settings, TULOU_SMTP_URL: `smtps://localhost:${port}` });
    db = await connect(platform.folder);
    for (const certificate of [strange, misnamed]) {
        await serve(new MailServer({ ...certificate, secure: true }));
        const email = await invite();
        const [job] = await attempted(1);
        assert.match(job.error, /certificate|SSL/i);
        assert.deepEqual(server.messages, []);
        await server.stop();
        await serve(new MailServer({ ...good, secure: true }));
        await skipTheWait();
        await allGone();
        assert.deepEqual([server.to(email).length, server.messages[0].secure, server.passwords[0]], [1, true, secret]);
        await server.stop();
    }
});

test("a_server_that_hangs_up_or_falls_silent_anywhere_delays_a_message_and_loses_none", async () => {
    for (const how of ["close", "silence"]) {
        await serve(new BrokenServer(good, how));
        const emails = [];
        for (let i = 0; i < stages.length; i++) emails.push(await invite());
        const rows = await attempted(1);
        assert.deepEqual([...server.reached].sort(), [...stages].sort(), how);
        for (const row of rows) {
            assert.equal(row.state, "scheduled", row.error);
            assert.match(row.error, how === "silence" ? /^mail server: no answer came in time$/ : /^mail server: /);
        }
        assert.deepEqual(server.taken, []);
        await skipTheWait();
        await allGone();
        assert.equal(server.taken.length, emails.length);
        for (const email of emails) assert.equal(server.taken.filter((it) => it.includes(email)).length, 1, "each is taken once");
        await server.stop();
    }
});

test("while_the_mail_server_is_silent_other_work_goes_on", async () => {
    await serve(new SilentServer());
    for (let i = 0; i < 30; i++) await invite();
    await until(jobs, (rows) => rows.some((it) => it.state === "running"));
    const busy = (await jobs()).filter((it) => it.attempt === 0 || it.state === "running").length;
    await db.query("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'auth.clean_up', 'cleanup', 3)");
    await until(() => db.query("select from everyone.jobs where kind = 'auth.clean_up'"), (it) => it.rowCount === 0);
    assert.ok(busy >= 20 && (await jobs()).some((it) => it.attempt === 0), "while messages still wait for their first attempt");
});
