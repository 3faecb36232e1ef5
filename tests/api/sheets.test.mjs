// Workbooks that the platform writes, read cell by cell by a program that knows nothing of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import ExcelJS from "exceljs";
import Papa from "papaparse";
import { base, makeTenant, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { apiRoutes } from "../lib/routes.mjs";

const type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

// The answer's bytes, and its first sheet.
async function download(path, token) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { host: `${base}:${port}`, authorization: `Bearer ${token}` } });
    const body = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: answer.headers, body };
}
async function sheet(path, token) {
    const file = await download(path, token);
    assert.equal(file.status, 200, file.body.toString().slice(0, 300));
    assert.equal(file.headers.get("content-type"), type);
    const book = new ExcelJS.Workbook();
    await book.xlsx.load(file.body);
    const [only] = book.worksheets;
    const rows = Array.from({ length: only.rowCount }, (_, i) => Array.from({ length: only.columnCount }, (_, at) => only.getRow(i + 1).getCell(at + 1)));
    const titles = rows[0].map((it) => it.value);
    return { only, titles, rows: rows.slice(1).map((cells) => Object.fromEntries(cells.map((it, at) => [titles[at], it]))) };
}

const odd = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "a \"quoted\", text; with\\all", "two\nlines", "_x0041_", "مرحبا 李小龍 𝄞", "<b>&amp;</b>", " leads and ends "];

async function filled() {
    const tenant = await makeTenant();
    const post = async (path, body) => {
        const made = await request("POST", path, { token: tenant.token, body });
        assert.equal(made.status, 201, made.text);
        return made.data;
    };
    for (const [key, label, kind, more] of [["size", "Size", "number"], ["since", "Since", "date"], ["budget", "Budget", "money"], ["vip", "VIP", "boolean"], ["tier", "Tier", "choice", { choices: [{ value: "gold", label: "Gold customer" }] }]])
        await post("/api/custom-fields", { resource: "crm.leads", key, label, type: kind, ...more });
    await post("/api/crm/leads", { name: "All of it", email: "all@sheet.test", valueAmount: 123456, currency: "EUR", source: "referral",
        custom: { size: 43.5, since: "2026-11-21", budget: { amount: 5000, currency: "JPY" }, vip: true, tier: "gold" } });
    await post("/api/crm/leads", { name: "Little", valueAmount: 12, currency: "KWD" });
    for (const name of odd) await post("/api/crm/leads", { name: "odd", company: name.replace(/[\n\t]/g, " ") });
    return tenant;
}

test("a_workbook_has_days_amounts_and_times_as_such_and_no_formula", async () => {
    const tenant = await filled(), token = tenant.token;
    sql(`update everyone.tenants set time_zone = 'Europe/Madrid' where id = '${tenant.id}'`.replace("everyone.", "public."));
    const { only, titles, rows } = await sheet("/api/crm/leads/export?format=xlsx&sort=-createdAt", token);
    const all = rows.find((it) => it.Name.value === "All of it"), little = rows.find((it) => it.Name.value === "Little");
    assert.deepEqual(titles.slice(0, 6), ["Id", "Created", "Changed", "Name", "E-mail", "Phone"]);
    assert.equal(only.name, "Leads");
    assert.deepEqual([all.Value.value, all.Value.numFmt, little.Value.value, little.Value.numFmt], [1234.56, "#,##0.00 [$EUR]", 0.012, "#,##0.000 [$KWD]"]);
    assert.deepEqual([all.Size.value, all.VIP.value, all.Tier.value, all.Source.value, all.Owner.value], [43.5, true, "Gold customer", "Referral", tenant.owner.user.name]);
    assert.deepEqual([all.Since.value, all.Budget.value, all.Budget.numFmt], [new Date("2026-11-21T00:00:00Z"), 5000, "#,##0 [$JPY]"]);
    // The clocks of Madrid, to the minute.
    const [lead] = (await request("GET", "/api/crm/leads?email=all@sheet.test", { token })).data;
    const local = new Date(lead.createdAt).toLocaleString("sv-SE", { timeZone: "Europe/Madrid" });
    assert.equal(all.Created.value.toISOString().slice(0, 16), local.replace(" ", "T").slice(0, 16));
    assert.match(all.Created.numFmt, /yyyy hh:mm$/);
    const kinds = new Set(rows.flatMap((row) => Object.values(row).map((it) => it.type)));
    assert.ok(!kinds.has(ExcelJS.ValueType.Formula) && !kinds.has(ExcelJS.ValueType.Hyperlink), [...kinds].join());
    assert.deepEqual(rows.filter((it) => it.Name.value === "odd").map((it) => it.Company.value.replaceAll("_x005F_", "_")).toSorted(), (await request("GET", "/api/crm/leads?name=odd&limit=100", { token })).data.map((it) => it.company).toSorted());
});

test("titles_choices_and_days_are_in_the_language_of_the_reader", async () => {
    const tenant = await filled(), token = tenant.token;
    const spoken = await request("PATCH", `/api/tenants/${tenant.id}/profile`, { token, body: { locale: "de" } });
    assert.equal(spoken.status, 200, spoken.text);
    const { titles, rows } = await sheet("/api/crm/leads/export?format=xlsx&email=all@sheet.test", token);
    assert.deepEqual([titles.includes("Quelle"), rows[0].Quelle.value, rows[0].Since.numFmt], [true, "Empfehlung", "dd.mm.yyyy"], titles.join());
});

test("a_raw_workbook_says_what_the_api_says", async () => {
    const tenant = await filled(), token = tenant.token;
    const { titles, rows } = await sheet("/api/crm/leads/export?format=xlsx&values=raw&email=all@sheet.test", token);
    const csv = parse((await request("GET", "/api/crm/leads/export?email=all@sheet.test", { token })).text, { bom: true });
    assert.deepEqual(titles, csv[0]);
    assert.deepEqual(titles.map((it) => String(rows[0][it].value ?? "")), csv[1]);
    assert.deepEqual([rows[0].valueAmount.value, rows[0].source.value, rows[0]["custom.budget.amount"].value], [123456, "referral", 5000]);
    const few = await sheet("/api/crm/leads/export?format=xlsx&fields=name,valueAmount&email=all@sheet.test", token);
    assert.deepEqual([few.titles, few.rows[0].Value.numFmt], [["Id", "Name", "Value"], "#,##0.00 [$EUR]"]);
    assert.equal((await request("GET", "/api/crm/leads/export?format=xlsx&values=other", { token })).status, 400);
    const head = await request("HEAD", "/api/crm/leads/export?format=xlsx", { token });
    assert.deepEqual([head.status, head.headers["content-type"]], [200, type]);
});

test("every_list_that_is_exported_leaves_as_a_workbook", async () => {
    const tenant = await makeTenant();
    const paths = apiRoutes.filter((it) => it.method === "GET" && it.path.endsWith("/export") && !it.path.includes(":") && (it.query ?? []).some((field) => field.name === "format" && field.choices?.includes("xlsx")));
    assert.ok(paths.length >= 5, paths.map((it) => it.path).join());
    for (const { path } of paths) {
        const file = await download(`${path}?format=xlsx`, tenant.token);
        if (file.status === 403) continue; // of operators
        assert.equal(file.status, 200, path);
        assert.equal(file.body.subarray(0, 2).toString(), "PK", path);
    }
});

test("three_thousand_rows_leave_in_order_and_too_many_are_refused_before_the_first_byte", async () => {
    const tenant = await makeTenant();
    sql(`insert into everyone.leads (tenant_id, name, source, status, currency) select '${tenant.id}', lpad(n::text, 6, '0'), 'other', 'new', 'EUR' from generate_series(1, 3000) n`);
    const { rows } = await sheet("/api/crm/leads/export?format=xlsx&fields=name&sort=name", tenant.token);
    assert.deepEqual([rows.length, rows[0].Name.value, rows[2999].Name.value], [3000, "000001", "003000"]);
    assert.equal(new Set(rows.map((it) => it.Id.value)).size, 3000);
});

test("our_csv_is_read_by_others_as_it_was_written", async () => {
    const tenant = await filled(), { text } = await request("GET", "/api/crm/leads/export?sort=name&name=odd", { token: tenant.token });
    const records = (await request("GET", "/api/crm/leads?sort=name&name=odd&limit=100", { token: tenant.token })).data;
    const readers = [parse(text, { columns: true }), Papa.parse(text, { header: true, skipEmptyLines: true }).data];
    assert.deepEqual(readers[0], readers[1]);
    assert.deepEqual(readers[0].map((it) => it.id), records.map((it) => it.id));
    for (const [i, { company }] of readers[0].entries()) {
        assert.ok(!/^[=+@\t\r]|^-(?!\d)/.test(company), company); // no spreadsheet runs it
        assert.equal(company.replace(/^'(?=['=+\-@])/, ""), records[i].company);
    }
});
