// The language of the reader: no word of any page, form, error or mail stays English
// where another language is chosen; numbers are written and read as that language does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { collect, entriesOf, problemsOf } from "../../tools/texts.mjs";
import { Platform } from "../lib/platform.mjs";
import { areas } from "../lib/routes.mjs";

// Its own: what operators see of others' tenants is data that no language changes.
const platform = await Platform.own();
after(() => platform.stop());
const { login, makeTenant, makeUser, operator, password, request } = await import("../lib/client.mjs");
const { upload } = await import("../lib/files.mjs");
const { Page } = await import("../lib/forms.mjs");
const { mailTo, mailsTo } = await import("../lib/mail.mjs");
const { setSignup, signUp } = await import("../lib/signup.mjs");
const { connect } = await import("../lib/worker.mjs");

const world = {}, texts = collect();
async function speak(tenant, locale) {
    const answer = await request("PATCH", `/api/tenants/${tenant.id}/profile`, { token: tenant.token, body: { locale } });
    assert.equal(answer.status, 200, answer.text);
}

before(async () => {
    const tenant = (world.tenant = await makeTenant({ name: "Zzz", ownerName: "Zed" }));
    const lead = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Qx", email: "qx@zz.example", valueAmount: 125050 } });
    await upload(`/api/crm/leads/${lead.data.id}/attachments`, tenant.token, "zz.txt", "Zz.");
    await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "Zk", permissions: ["crm.leads:read"] } });
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "zdesk", name: "Zdesk", permissions: ["crm.leads:read"] } });
    world.page = await Page.signIn(tenant.slug, `owner@${tenant.slug}.test`, password);
    // What the tenant calls its own things is data: it begins with names in English.
    world.names = new Set((await Promise.all(["pipelines", "stages"].map((it) => request("GET", `/api/crm/${it}?limit=100`, { token: tenant.token })))).flatMap((it) => it.data.map((record) => record.name)));
    const email = `zz-${tenant.slug}@platform.test`;
    await request("POST", "/api/admin-users", { token: await operator(), body: { email, name: "Zoe", kind: "operator", roles: ["superadmin"], password } });
    world.operator = { email };
});

test("each_text_has_an_entry_in_each_catalogue", () => {
    const problems = problemsOf(texts);
    assert.equal(problems.length, 0, `${problems.slice(0, 20).join("\n")}\n${problems.length} translations are missing. \`make texts\` adds the texts to locale/de.po and locale/es.po; write what stands empty there (German with Sie, Spanish with usted), and keep what is in {{ }}, < > and % as it is.`);
});

// Words of English sentences that neither German nor Spanish has: whatever the catalogues say,
// where one of them stands something was not translated.
const englishWord = /(?<![\w./:@-])(the|and|your|you|of|for|with|this|that|from|by|to|it|have|are|once|who|is|them|its|does)(?![\w./:@-])/i;

// ---- pages ----

// Texts between tags, and attributes that are read to people.
function wordsOf(html) {
    const body = html.replace(/<(script|style|svg)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/g, "");
    const words = [...body.matchAll(/ (?:alt|aria-label|aria-description|placeholder|title|data-label)="([^"]*)"/g)].map((it) => it[1]);
    words.push(...body.split(/<[^>]*>/));
    return new Set(words.map((it) => it.replace(/&[a-z#0-9]+;/g, " ").replace(/\s+/g, " ").trim()).filter((it) => /[A-Za-z]{2}/.test(it)));
}

async function resolve(page, path, known) {
    while (path?.includes(":")) {
        const list = path.slice(0, path.indexOf("/:"));
        if (!known.has(list)) {
            const { text } = await page.get(list);
            known.set(list, [...text.matchAll(new RegExp(`href="${list}/([0-9a-f-]{36})`, "g"))][0]?.[1]);
        }
        path = known.get(list) ? path.replace(/:\w+/, known.get(list)) : undefined;
    }
    return path;
}

const pages = areas.flatMap((area) => area.routes).filter((it) => it.answer === "page" && it.method === "GET" && !["/api/docs", "/logout"].includes(it.path));
const known = new Map();
async function pagesOf(page, wanted) {
    const found = new Map();
    for (const route of pages.filter(wanted)) {
        const path = await resolve(page, route.path, known);
        const answer = path && (await page.get(path));
        if (answer?.status === 200) found.set(path, wordsOf(answer.text));
    }
    return found;
}

// What is the same in every language: names of the test's own things, of products, formats.
const sameEverywhere = /^(Z[a-z]+|Qx|zz.*|.*@.*|[a-z][\w./:*-]*|[\w-]*[./:_*\d][\w./:*-]*|[A-Z]{2,5}|·.*|Español|Deutsch|English|Superadmin|Tulou)$/;

// Words of what was recorded: the kind of record of an event, subjects of mails that went out.
const sameThere = (path, text) => (path === "/admin/audit" && /^[a-z_]+$/.test(text)) || path.startsWith("/platform/mail") || text === "Platform" || world.names.has(text);

async function compare(page, wanted, choose) {
    const english = await pagesOf(page, wanted);
    assert.ok(english.size > 10, `${english.size} pages`);
    for (const language of ["de", "es"]) {
        await choose(language);
        const entries = entriesOf(readFileSync(`locale/${language}.po`, "utf8"));
        const bad = [];
        for (const [path, words] of await pagesOf(page, wanted))
            for (const said of words) {
                const text = said.replace(/ · (Zzz|Platform)$| \([a-z]\w*\)$/, ""); // with the name that a column has in files
                if (sameThere(path, text)) continue;
                if (englishWord.test(text)) bad.push(`${path}: ${text}`);
                if (english.get(path)?.has(said) && (texts.has(text) ? entries.get(text)[0] !== text : !sameEverywhere.test(text))) bad.push(`${path}: ${text}`);
            }
        assert.equal(bad.length, 0, `${language}:\n${bad.slice(0, 40).join("\n")}`);
    }
}

test("no_word_of_a_tenants_pages_stays_english", () => compare(world.page, (it) => it.scope !== "platform", (language) => speak(world.tenant, language)));

test("no_word_of_the_platforms_pages_stays_english", async () => {
    const page = await Page.signIn(undefined, world.operator.email, password), token = await operator();
    const list = await request("GET", `/api/admin-users?email=${encodeURIComponent(world.operator.email)}`, { token });
    const id = list.data.find((it) => it.email === world.operator.email).id;
    await compare(page, () => true, async (locale) => {
        const answer = await request("PATCH", `/api/admin-users/${id}`, { token, body: { locale } });
        assert.equal(answer.status, 200, answer.text);
    });
});

test("before_anybody_is_signed_in_the_tenants_language_counts_and_at_the_platform_the_browsers", async () => {
    const headers = { "accept-language": "es-MX,es;q=0.9,en;q=0.8" };
    const open = (options) => request("GET", "/login", options);
    for (const [locale, word] of [["en", "Sign in"], ["de", "Anmelden"], ["es", "Iniciar sesión"]]) {
        await speak(world.tenant, locale);
        const answer = await open({ tenant: world.tenant.slug, headers });
        assert.match(answer.text, new RegExp(`<html lang="${locale}"[\\s\\S]*<h1>${word}</h1>`), locale);
        assert.equal(answer.headers["content-language"], locale);
    }
    const answers = await Promise.all([open({ headers }), open({ headers: { "accept-language": "de" } }), open({ headers: { "accept-language": "fr" } }), request("GET", "/nowhere", { headers })]);
    assert.deepEqual(answers.map((it) => it.text.match(/<html lang="(\w+)"/)[1]), ["es", "de", "en", "es"]);
    assert.ok(!answers[3].text.includes("There is nothing"), "a page that is not there");
});

// ---- errors ----

// The same wrong input in two languages: no message is the same.
test("no_message_of_a_refused_form_or_body_stays_english", async () => {
    const forms = areas.flatMap((area) => area.routes).filter((it) => it.method === "POST" && it.body && !it.path.startsWith("/api/") && !it.path.includes(":") && it.scope !== "platform" && it.level === "permission");
    const bodies = areas.flatMap((area) => area.routes).filter((it) => ["POST", "PUT"].includes(it.method) && it.body && it.path.startsWith("/api/") && !it.path.includes(":") && it.scope !== "platform" && it.level === "permission");
    const typed = (route) => Object.fromEntries(route.body.filter((it) => !it.readOnly && it.type !== "fileField").map((it) => [it.name, it.type === "text" ? "" : "\u0001?"]));
    const wrong = (route) => Object.fromEntries([...route.body.map((it) => [it.name, it.type === "bool" || it.type === "text" ? { a: 1 } : "?"]), ["nobodyKnowsThis", 1]]);
    const ask = async () => {
        const said = new Map();
        for (const route of forms) {
            const answer = await world.page.post(route.path, typed(route));
            for (const [, text] of answer.text.matchAll(/class="field-error"[^>]*>(?:<svg[\s\S]*?<\/svg>)?<span>([^<]*)</g)) said.set(`${route.path} ${said.size} ${answer.status}`, text);
        }
        for (const route of bodies) {
            const answer = await request(route.method, route.path, { token: world.tenant.token, body: wrong(route) });
            said.set(`${route.path} message`, answer.error?.message);
            for (const it of answer.error?.details ?? []) said.set(`${route.path} ${it.field}`, it.message);
        }
        return said;
    };
    await speak(world.tenant, "en");
    const english = await ask();
    assert.ok(english.size > 50, `${english.size} messages`);
    for (const language of ["de", "es"]) {
        await speak(world.tenant, language);
        const bad = [...(await ask())].filter(([where, text]) => text !== undefined && english.get(where) === text).map((it) => it.join(": "));
        assert.equal(bad.length, 0, `${language}:\n${bad.slice(0, 30).join("\n")}`);
    }
});

test("a_reader_has_errors_in_their_own_language_by_api_and_programs_the_same_code", async () => {
    await speak(world.tenant, "de");
    const token = (await login(`owner@${world.tenant.slug}.test`, password, { tenant: world.tenant.slug })).access_token;
    const ask = (it) => request("GET", "/api/crm/leads/00000000-0000-7000-8000-000000000000", { token: it });
    const german = await ask(token);
    assert.deepEqual([german.status, german.error.code, german.headers["content-language"]], [404, "not_found", "de"]);
    const chosen = await request("PATCH", "/api/auth/me", { token, body: { locale: "es" } });
    assert.equal(chosen.status, 200, chosen.text);
    const spanish = await ask((await login(`owner@${world.tenant.slug}.test`, password, { tenant: world.tenant.slug })).access_token);
    assert.deepEqual([spanish.error.code, spanish.headers["content-language"], spanish.error.message === german.error.message], ["not_found", "es", false]);
    await request("PATCH", "/api/auth/me", { token, body: { locale: null } });
});

// ---- numbers and dates ----

test("numbers_are_typed_and_shown_as_the_language_writes_them", async () => {
    for (const [language, typed, shown, day] of [["de", "1.250,50", "1.250,50 EUR", "1. März 2027"], ["es", "1.250,5", "1.250,50 EUR", "1 mar 2027"], ["en", "1,250.50", "1,250.50 EUR", "1 Mar 2027"]]) {
        await speak(world.tenant, language);
        const made = await world.page.post("/admin/crm/deals", { name: `Z${language}`, valueAmount: typed, currency: "EUR", expectedCloseOn: "2027-03-01" });
        assert.equal(made.status, 303, made.text.slice(0, 3000));
        const list = await request("GET", `/api/crm/deals?q=Z${language}`, { token: world.tenant.token });
        assert.deepEqual(list.data.map((it) => it.valueAmount), [125050], language);
        const { text } = await world.page.get(`/admin/crm/deals/${list.data[0].id}`);
        assert.ok(text.includes(shown) && text.includes(day), `${language}: ${text.match(/<dl[\s\S]*<\/dl>/)?.[0].replace(/<[^>]+>/g, " ")}`);
        const form = await world.page.get(`/admin/crm/deals/${list.data[0].id}/edit`);
        assert.ok(form.text.includes(`value="${language === "en" ? "1250.50" : "1250,50"}"`), language);
    }
    const refused = await world.page.post("/admin/crm/deals", { name: "Zno", valueAmount: "1,250,50", currency: "EUR" });
    assert.equal(refused.status, 422);
});

test("dates_have_the_order_that_the_tenant_chose", async () => {
    const choose = (dateFormat) => request("PATCH", "/api/settings/general", { token: world.tenant.token, body: { dateFormat } });
    await speak(world.tenant, "en");
    const deal = await request("POST", "/api/crm/deals", { token: world.tenant.token, body: { name: "Zdate", valueAmount: 100, currency: "EUR", expectedCloseOn: "2027-03-01" } });
    assert.equal(deal.status, 201, deal.text);
    for (const [order, date, time] of [["month_day_year", "Mar 1, 2027", /[A-Z][a-z]{2} \d{1,2}, \d{4}, \d\d:\d\d/], ["year_month_day", "2027-03-01", /\d{4}-\d\d-\d\d, \d\d:\d\d/], ["day_month_year", "1 Mar 2027", /\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d/]]) {
        const answer = await choose(order);
        assert.equal(answer.status, 200, answer.text);
        const { text } = await world.page.get(`/admin/crm/deals/${deal.data.id}`);
        assert.ok(text.includes(date) && time.test(text), order);
    }
});

// ---- what was kept ----

test("why_a_job_failed_is_said_in_the_language_of_whoever_reads_it", async () => {
    const db = await connect(platform.folder), token = await operator();
    const kept = JSON.stringify(["%s did not answer: %s.", "zz.example", ["no answer came in time"]]);
    const english = "zz.example did not answer: no answer came in time.";
    const { rows } = await db.query("insert into everyone.jobs (tenant_id, kind, queue, state, attempts, error, failed_at) values ('00000000-0000-7000-8000-000000000001', 'zz.kind', 'zz', 'dead', 1, $1, now()) returning id", [kept]);
    const page = await Page.signIn(undefined, world.operator.email, password);
    const id = (await request("GET", `/api/admin-users?email=${encodeURIComponent(world.operator.email)}`, { token })).data.find((it) => it.email === world.operator.email).id;
    const said = { de: "zz.example hat nicht geantwortet: es kam rechtzeitig keine Antwort.", es: "zz.example no respondió: no llegó ninguna respuesta a tiempo.", en: english };
    for (const [locale, text] of Object.entries(said)) {
        assert.equal((await request("PATCH", `/api/admin-users/${id}`, { token, body: { locale } })).status, 200);
        assert.ok((await page.get(`/platform/jobs/${rows[0].id}`)).text.includes(text), locale);
    }
    assert.equal((await request("GET", `/api/platform/jobs/${rows[0].id}`, { token })).data.error, english);
    await db.query("delete from everyone.jobs where id = $1", [rows[0].id]);
    await db.end();
});

// ---- mail ----

test("mail_and_the_bell_speak_the_language_of_whoever_reads_them", async () => {
    await speak(world.tenant, "de");
    const [german, spanish] = [await makeUser(world.tenant, "staff"), await makeUser(world.tenant, "staff", { locale: "es" })];
    for (const user of [german, spanish]) {
        const reset = await request("POST", `/api/platform-users/${user.id}/reset-password`, { token: world.tenant.token, body: { password: "another correct horse" } });
        assert.ok(reset.status < 300, reset.text);
        await request("POST", "/api/auth/forgot-password", { tenant: world.tenant.slug, body: { email: user.email } });
    }
    for (const [user, language] of [[german, "de"], [spanish, "es"]]) {
        const entries = entriesOf(readFileSync(`locale/${language}.po`, "utf8"));
        await mailTo(user.email, 2);
        for (const mail of mailsTo(user.email)) {
            assert.ok(mail.html.includes(`<html lang="${language}">`), mail.subject);
            for (const line of [mail.subject, ...mail.text.split("\n")]) assert.ok(!texts.has(line.trim()) || entries.get(line.trim())[0] === line.trim(), `${mail.subject}: ${line}`);
        }
        const token = (await login(user.email, "another correct horse", { tenant: world.tenant.slug })).access_token;
        const bell = await request("GET", "/api/notifications", { token });
        const words = bell.status === 200 ? bell.data.map((it) => it.title) : [];
        assert.ok(words.every((it) => !texts.has(it)), words.join(", "));
    }
});

test("who_is_invited_and_who_signs_up_is_written_to_in_the_language_of_the_workspace", async () => {
    await setSignup();
    for (const language of ["de", "es"]) {
        await speak(world.tenant, language);
        const email = `zi-${language}@${world.tenant.slug}.test`;
        const invited = await request("POST", "/api/platform-users", { token: world.tenant.token, body: { email, name: "Zed", kind: "staff", invite: true } });
        assert.equal(invited.status, 201, invited.text);
        const address = `zs-${language}@${world.tenant.slug}.test`;
        const signed = await signUp({ email: address, organisation: "Zorg", locale: language });
        assert.equal(signed.status, 201, signed.text);
        for (const mail of [await mailTo(email), await mailTo(address)]) {
            assert.ok(mail.html.includes(`<html lang="${language}">`), `${language}: ${mail.subject}`);
            for (const line of [mail.subject, ...mail.text.split("\n")]) assert.ok(!englishWord.test(line), `${language}: ${line}`);
        }
    }
});

test("what_a_tenant_calls_its_own_fields_stays_as_it_is", async () => {
    const tenant = await makeTenant(), made = await request("POST", "/api/custom-fields", { token: tenant.token, body: { resource: "crm.leads", key: "boss", label: "Company", type: "text" } });
    assert.equal(made.status, 201, made.text);
    await speak(tenant, "de");
    const page = await Page.signIn(tenant.slug, `owner@${tenant.slug}.test`, password);
    const labels = [...(await page.get("/admin/crm/leads/new")).text.matchAll(/<label[^>]*>\s*([^<]*?)\s*</g)].map((it) => it[1]);
    assert.ok(labels.includes("Company") && labels.includes("Firma"), labels.join(", "));
});
