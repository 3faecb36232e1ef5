// What people type: addresses, names, passwords and numbers as the world writes them.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { login, makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { connect } from "../lib/worker.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const api = (method, path, body, options = {}) => request(method, path, { tenant: tenant.slug, token: tenant.token, body, ...options });
const lead = async (body) => {
    const made = await api("POST", "/api/crm/leads", body);
    assert.equal(made.status, 201, made.text);
    return made.data;
};
const found = async (query) => (await api("GET", `/api/crm/leads?${query}`)).json.meta.total;
const codes = (answer) => answer.error?.details?.map((it) => it.code);

test("addresses_with_internationalised_domains_are_taken_in_the_form_of_the_dns", async () => {
    const made = await api("POST", "/api/platform-users", { email: "Max@Müller.example", name: "Max" });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.data.email, "max@xn--mller-kva.example");
    const again = await api("POST", "/api/platform-users", { email: "max@mu\u0308ller.example", name: "Max" });
    assert.equal(again.status, 409, again.text);
    assert.equal((await api("GET", `/api/platform-users?email=${encodeURIComponent("max@müller.example")}`)).json.meta.total, 1);
    const file = "email,name\r\nanna@bücher.example,Anna\r\n";
    const imported = await api("POST", "/api/platform-users/bulk-import", undefined, { raw: file, headers: { "content-type": "text/csv" } });
    assert.ok(imported.status < 300, imported.text);
    assert.deepEqual(imported.data.refused, []);
});

test("an_address_that_no_mail_reaches_is_refused_by_every_way", async () => {
    for (const email of ["a..b@x.test", ".a@x.test", "a.@x.test", "a@host", "a@127.0.0.1", "ä@x.test", "a@x..test"]) {
        for (const [path, body] of [["/api/platform-users", { email, name: "A", invite: true }], ["/api/crm/leads", { email, name: "A" }],
            ["/api/auth/password/forgot", { email }]]) {
            const answer = await api("POST", path, body);
            if (path.includes("forgot") && answer.status === 404) continue;
            assert.equal(answer.status, 422, `${path} ${email}: ${answer.text}`);
            assert.deepEqual(codes(answer), ["invalid_email"], `${path} ${email}`);
        }
        const file = `email,name\r\n${email},A\r\n`;
        const imported = await api("POST", "/api/platform-users/bulk-import", undefined, { raw: file, headers: { "content-type": "text/csv" } });
        assert.deepEqual(imported.data.refused.map((it) => it.code), ["invalid_email"], email);
    }
});

test("the_same_text_in_two_forms_is_one_text", async () => {
    const made = await lead({ name: "Jose\u0301 Nfd", company: "A\u030Angstrom" });
    assert.equal(made.name, "Jos\u00e9 Nfd");
    assert.equal(made.company, "\u00c5ngstrom");
    for (const query of ["q=Jos%C3%A9%20Nfd", "q=Jose%CC%81%20Nfd", "name=Jos%C3%A9%20Nfd", "name=Jose%CC%81%20Nfd", "name[in]=Jose%CC%81%20Nfd"])
        assert.equal(await found(query), 1, query);
});

test("a_password_is_one_whatever_keyboard_typed_it", async () => {
    const made = await api("POST", "/api/platform-users", { email: "cafe@x.test", name: "A", kind: "staff", password: "cafe\u0301 du matin 12" });
    assert.equal(made.status, 201, made.text);
    for (const typed of ["caf\u00e9 du matin 12", "cafe\u0301 du matin 12", "caf\u00e9\u00a0du matin 12"])
        assert.ok((await login(made.data.email, typed, { tenant: tenant.slug })).access_token);
});

test("names_are_characters_that_people_see", async () => {
    for (const name of ["\u200b", "\u00a0", "\u3164", "\ufeff", "\u2060", "\u2800", " \u200d\u00ad "]) {
        for (const [path, body] of [["/api/crm/leads", { name }], ["/api/platform-users", { name, email: "seen@x.test" }], ["/api/rbac/roles", { key: "seen", name }]]) {
            const answer = await api("POST", path, body);
            assert.equal(answer.status, 422, `${path} ${JSON.stringify(name)}: ${answer.text}`);
            assert.deepEqual(codes(answer), ["required"], path);
        }
    }
    for (const name of ["a\u0007", "a\u0085b", "a\u2028b", "pay\u202egnp.exe", "\u2066x\u2069"]) {
        const answer = await api("POST", "/api/crm/leads", { name });
        assert.deepEqual(codes(answer), ["control_character"], JSON.stringify(name));
    }
    assert.equal((await lead({ name: "\u00a0Trim\u3000\u200b" })).name, "Trim");
    for (const name of ["می‌خواهم", "👩‍💻", "Jean\u00a0Luc", "李"])
        assert.equal((await lead({ name })).name, name);
});

test("whole_numbers_are_those_of_json_schema", async () => {
    const send = (value) => request("POST", "/api/crm/leads", { tenant: tenant.slug, token: tenant.token, raw: `{"name":"N","valueAmount":${value}}` });
    for (const [written, value] of [["1.0", 1], ["1e3", 1000], ["12.50e1", 125], ["2500000000000.0", 2500000000000], ["0.0", 0]]) {
        const made = await send(written);
        assert.equal(made.status, 201, `${written}: ${made.text}`);
        assert.equal(made.data.valueAmount, value, written);
    }
    for (const written of ["1.5", "1e-1", "1e19", "0.1"]) {
        const answer = await send(written);
        assert.equal(answer.status, 422, written);
        assert.deepEqual(codes(answer), ["wrong_type"], written);
    }
});


const utf16 = (text, big) => {
    const data = Buffer.from(`\ufeff${text}`, "utf16le");
    return big ? data.swap16() : data;
};
const importFile = (raw, type = "text/csv") => api("POST", "/api/platform-users/bulk-import", undefined, { raw, headers: { "content-type": type } });
const namesOf = async (email) => (await api("GET", `/api/platform-users?email=${encodeURIComponent(email)}`)).data.map((it) => it.name);

test("files_of_every_spreadsheet_are_imported", async () => {
    const files = [
        ["semi", "email;name\r\nsemi@csv.test;Jürgen, Semi\r\n"], ["tab", "email\tname\r\ntab@csv.test\tJürgen; Tab\r\n"],
        ["comma", "email,name\r\ncomma@csv.test,Jürgen Comma\r\n"], ["sep", "sep=;\r\nemail;name\r\nsep@csv.test;Jürgen, Sep\r\n"],
        ["bom", "\ufeffemail;name\r\nbom@csv.test;Jürgen Bom\r\n"], ["le", utf16("email\tname\r\nle@csv.test\tJürgen Le\r\n")],
        ["be", utf16("email;name\r\nbe@csv.test;Jürgen Be\r\n", true)], ["latin", Buffer.from("email;name\r\nlatin@csv.test;Jürgen Latin\r\n", "latin1")],
        ["said", Buffer.from("email,name\r\nsaid@csv.test,Jürgen Said\r\n", "latin1"), "text/csv; charset=Windows-1252"],
        ["upper", Buffer.from("EMAIL,Name,\r\nupper@csv.test,Jürgen Upper,\r\n")],
    ];
    for (const [name, raw, type] of files) {
        const answer = await importFile(raw, type);
        assert.equal(answer.status, 202, `${name}: ${answer.text}`);
        assert.deepEqual([answer.data.created, answer.data.refused], [1, []], name);
        const [found] = await namesOf(`${name}@csv.test`);
        assert.match(found, /^Jürgen/, name);
    }
    const unread = await importFile("email,name\n", "text/csv; charset=koi8-r");
    assert.deepEqual([unread.status, codes(unread)], [422, ["csv_charset"]]);
});

test("nothing_of_a_file_is_passed_over_in_silence", async () => {
    for (const [raw, code, place] of [["email,email,name\r\na@csv.test,b@csv.test,T\r\n", "csv_column_twice", /Line 1, column 2/],
        ["email,name,NAME\r\na@csv.test,A,B\r\n", "csv_column_twice", /Line 1, column 3/],
        ["\r\nemail,name,shoe size\r\na@csv.test,A,43\r\n", "csv_column_unknown", /Line 2, column 3.*shoe size/], ["name\r\nA\r\n", "csv_column_missing", /email/],
        ["email,\"name\"x\r\n", "csv_quote", /Line 1/]]) {
        const answer = await importFile(raw);
        assert.equal(answer.status, 422, raw);
        assert.deepEqual(codes(answer), [code]);
        assert.match(answer.error.details[0].message, place);
    }
    const answer = await importFile('email,name\r\nextra@csv.test,Doe, Jane\r\n\r\n"quoted@csv.test","Two\r\nlines"\r\nfine@csv.test,Fine,,\r\n');
    assert.deepEqual(answer.data.refused.map((it) => [it.line, it.field, it.code]), [[2, "file", "csv_cells_surplus"], [4, "name", "control_character"]]);
    assert.match(answer.data.refused[0].message, /Column 3/);
    assert.equal(answer.data.created, 1);
    assert.deepEqual(await namesOf("extra@csv.test"), []);
});

test("what_goes_out_runs_in_no_spreadsheet_and_numbers_stay_numbers", async () => {
    const own = await makeTenant();
    for (const name of ["=1+1", "x;=1+1", "＝1+1", "＠x", "-12.5", "-cmd"])
        assert.equal((await request("POST", "/api/crm/leads", { token: own.token, body: { name } })).status, 201);
    const csv = await request("GET", "/api/crm/leads/export?fields=name", { token: own.token });
    for (const cell of [`"'=1+1"`, `"x;'=1+1"`, `"'＝1+1"`, `"'＠x"`, ",-12.5\r\n", `"'-cmd"`]) assert.ok(csv.text.includes(cell), cell);
});

test("customers_open_no_dashboard_and_no_figures_of_the_tenant", async () => {
    const own = await makeTenant();
    const cookieOf = async (email) => {
        const form = await request("GET", "/login", { tenant: own.slug });
        const jar = form.headers["set-cookie"].map((it) => it.split(";")[0]).join("; ");
        const csrf = /name="_csrf" value="([^"]+)"/.exec(form.text)[1];
        const done = await request("POST", "/login", { tenant: own.slug, raw: new URLSearchParams({ _csrf: csrf, email, password }).toString(),
            headers: { cookie: jar, "content-type": "application/x-www-form-urlencoded" } });
        assert.equal(done.status, 303, done.text);
        return { cookie: done.headers["set-cookie"].map((it) => it.split(";")[0]).join("; "), lands: done.headers.location };
    };
    const customer = await makeUser(own, "customer", { kind: "customer" }), staff = await makeUser(own, "staff");
    const theirs = await cookieOf(customer.email);
    assert.notEqual(theirs.lands, "/admin");
    const page = await request("GET", "/admin", { tenant: own.slug, headers: { cookie: theirs.cookie } });
    assert.equal(page.status, 403);
    assert.doesNotMatch(page.text, /Active users|Open leads|Events today/);
    for (const path of ["/api/platform-users/analytics", "/api/admin-users/analytics", `/api/tenants/${own.id}/analytics`, "/api/crm/leads", "/api/audit/logs"])
        assert.equal((await request("GET", path, { token: customer.access_token })).status, 403, path);
    const working = await cookieOf(staff.email);
    assert.equal((await request("GET", "/admin", { tenant: own.slug, headers: { cookie: working.cookie } })).status, 200);
});

test("a_value_with_a_comma_can_be_looked_for", async () => {
    const own = await makeTenant();
    for (const name of ["Blum, Optics", "Apple", 'Say "x", y', "Blum"])
        assert.equal((await request("POST", "/api/crm/leads", { token: own.token, body: { name } })).status, 201);
    const names = async (query) => {
        const answer = await request("GET", `/api/crm/leads?${query}`, { token: own.token });
        return answer.status === 200 ? answer.data.map((it) => it.name).sort() : answer.error.code;
    };
    const list = (...values) => values.map((it) => `name[in]=${encodeURIComponent(it)}`).join("&");
    assert.deepEqual(await names(list('"Blum, Optics",Apple')), ["Apple", "Blum, Optics"]);
    assert.deepEqual(await names(list('Apple, "Blum, Optics"')), ["Apple", "Blum, Optics"]);
    assert.deepEqual(await names(list('"Say ""x"", y"')), ['Say "x", y']);
    assert.deepEqual(await names(list("Blum, Optics", "Apple")), ["Apple", "Blum, Optics"]);
    assert.deepEqual(await names(list('Say "x", y', "Apple", "Apple")), ["Apple", 'Say "x", y']);
    assert.deepEqual(await names(list("Blum,Apple")), ["Apple", "Blum"]);
    assert.deepEqual(await names(`${list("Apple", "Blum")}&name[ne]=Blum`), ["Apple"]);
    for (const broken of ['"Blum, Optics', '"Blum"x,Apple', '"']) assert.equal(await names(list(broken)), "bad_parameter", broken);
    assert.equal(await names(list(...Array.from({ length: 101 }, (_, i) => `n${i}`))), "bad_query");
});

test("lists_are_sorted_as_people_look_things_up", async () => {
    const own = await makeTenant();
    const names = ["Zebra", "apple pie", "\u00c4rger", "Apple", "\u00e9mile", "\u00c9COLE", "zebra", "Strasse", "Stra\u00dfe", "10", "2", "Oslo"];
    for (const name of names) assert.equal((await request("POST", "/api/crm/leads", { token: own.token, body: { name, company: name } })).status, 201);
    const expected = [...names].sort(new Intl.Collator("und").compare);
    assert.deepEqual(expected.slice(2, 5), ["Apple", "apple pie", "\u00c4rger"]);
    for (const key of ["name", "company"])
        for (const sort of [key, `-${key}`]) {
            const wanted = sort === key ? expected : [...expected].reverse();
            const at = (query) => request("GET", `/api/crm/leads?sort=${sort}&fields=name&${query}`, { token: own.token });
            assert.deepEqual((await at("limit=100")).data.map((it) => it.name), wanted, sort);
            const paged = [];
            for (let after = ""; after !== null; ) {
                const page = await at(`limit=3${after && `&after=${encodeURIComponent(after)}`}`);
                paged.push(...page.data.map((it) => it.name));
                after = page.json.meta.nextCursor;
            }
            assert.deepEqual(paged, wanted, `${sort} by cursor`);
        }
    const range = await request("GET", "/api/crm/leads?name[gte]=apple&name[lt]=p&sort=name&fields=name", { token: own.token });
    assert.deepEqual(range.data.map((it) => it.name), ["Apple", "apple pie", "\u00c4rger", "\u00c9COLE", "\u00e9mile", "Oslo"]);
    assert.equal((await request("GET", "/api/crm/leads?name=apple", { token: own.token })).json.meta.total, 0, "equal is the same text");
});

test("an_index_serves_the_order_of_language_behind_the_policies", async () => {
    const db = await connect(process.env.TEST_VAR);
    await db.query("begin");
    // So many that another index is no choice, whatever other tests left and whenever it was last counted.
    await db.query("insert into everyone.leads (tenant_id, name, source, status, currency) select $1, 'planned ' || n, 'other', 'new', 'EUR' from generate_series(1, 3000) n", [tenant.id]);
    await db.query("analyze shared.leads");
    for (const it of ["set local role tulou_tenant", "set local search_path to shared", "set local enable_seqscan = off", "set local enable_sort = off"]) await db.query(it);
    await db.query("select set_config('app.tenant_id', $1, true)", [tenant.id]);
    const name = '(name collate "und-x-icu")', place = `('M', '${tenant.id}')`;
    for (const [where, order, expected] of [["", "", /Index (Only )?Scan using leads_name_idx/], [`where (${name}, (id)) > ${place}`, "", /Index Cond: .*ROW\(name, id\) > /],
        [`where (${name}, (id)) < ${place}`, "desc", /Scan Backward using leads_name_idx[^]*Index Cond: .*ROW\(name, id\) < /], [`where ${name} = 'Apple'`, "", /Index Cond: .*name = 'Apple'/]]) {
        const { rows } = await db.query(`explain select id, name from leads ${where} order by ${name} ${order}, (id) ${order} limit 20`);
        const plan = rows.map((it) => it["QUERY PLAN"]).join("\n");
        assert.match(plan, expected, plan);
        assert.doesNotMatch(plan, /Sort|Filter/, plan);
    }
    await db.query("rollback");
    await db.end();
});
