// Records from workbooks, and from CSV with all its oddities.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import spectrum from "csv-spectrum";
import ExcelJS from "exceljs";
import JSZip from "jszip";
import { base, makeTenant, password, port, request } from "../lib/client.mjs";
import { formOf } from "../lib/files.mjs";
import { Page } from "../lib/forms.mjs";
import { until } from "../lib/worker.mjs";

const type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const send = (tenant, bytes, query = "", api = "/api/crm/leads") => request("POST", `${api}/import${query}`, { token: tenant.token, ...formOf("people.xlsx", bytes, { type }) });
const refusals = (answer) => answer.data.refused.map((it) => [it.line, it.field, it.code]);
const list = async (tenant, query, api = "/api/crm/leads") => (await request("GET", `${api}?${query}`, { token: tenant.token })).data;

async function bookOf(fill, options) {
    const book = new ExcelJS.Workbook(options);
    await fill(book.addWorksheet("First"), book);
    return Buffer.from(await book.xlsx.writeBuffer());
}
// A workbook of these parts, written by hand.
async function archive(sheet, { strings, styles, workbook, more = {} } = {}) {
    const zip = new JSZip(), relation = (id, kind, target) => `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${kind}" Target="${target}"/>`;
    zip.file("xl/workbook.xml", workbook ?? `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>`);
    zip.file("xl/_rels/workbook.xml.rels", `<Relationships>${relation("a", "worksheet", "worksheets/sheet1.xml")}${strings ? relation("b", "sharedStrings", "sharedStrings.xml") : ""}${styles ? relation("c", "styles", "/xl/styles.xml") : ""}</Relationships>`);
    zip.file("xl/worksheets/sheet1.xml", sheet);
    if (strings) zip.file("xl/sharedStrings.xml", strings);
    if (styles) zip.file("xl/styles.xml", styles);
    for (const [name, content] of Object.entries(more)) zip.file(name, content);
    return zip.generateAsync({ type: "nodebuffer", compression: "DEFLATE" });
}
const text = (place, value) => `<c r="${place}" t="inlineStr"><is><t>${value}</t></is></c>`;
const named = (rows) => `<worksheet><sheetData><row r="1">${text("A1", "name")}</row>${rows}</sheetData></worksheet>`;

test("cells_of_every_kind_become_the_values_that_people_see", async () => {
    const tenant = await makeTenant(), token = tenant.token;
    for (const [key, label, kind] of [["size", "Size", "number"], ["since", "Since", "date"], ["vip", "VIP", "boolean"]])
        await request("POST", "/api/custom-fields", { token, body: { resource: "crm.leads", key, label, type: kind } });
    await request("PATCH", `/api/tenants/${tenant.id}/profile`, { token, body: { locale: "de" } }); // 1.234 is a thousand to people there, and never in a cell
    const sent = await send(tenant, await bookOf(async (sheet) => {
        sheet.addRow(["Name", "E-Mail", "Telefon", "Wert", "Size", "Since", "VIP", "Firma"]);
        sheet.addRow(["Ánna 李", "anna@cells.test", 34600100200, 1234.5, 1.234, new Date("2026-11-21T00:00:00Z"), true, { formula: "1+1", result: "Blum & Co" }]);
        sheet.addRow([]);
        sheet.addRow([{ richText: [{ text: "Rich " }, { text: "text", font: { bold: true } }] }, "", "", 12, 0.1 + 0.2, "21.11.2026", "nein", "two\nlines"]);
        sheet.addRow(["", "nobody@cells.test", "", "", "x"]);
        sheet.getCell("F2").numFmt = "dd.mm.yyyy";
    }));
    assert.equal(sent.status, 202, sent.text);
    assert.deepEqual(refusals(sent).toSorted(), [[4, "company", "control_character"], [5, "custom.size", "wrong_type"], [5, "name", "required"]]);
    const [anna] = await list(tenant, "email=anna@cells.test");
    assert.deepEqual([anna.name, anna.phone, anna.valueAmount, anna.company, anna.custom], ["Ánna 李", "34600100200", 123450, "Blum & Co", { size: 1.234, since: "2026-11-21", vip: true }]);
    assert.equal(sent.data.fileName, "people.xlsx");
});

test("our_own_workbook_comes_back_as_it_was", async () => {
    const tenant = await makeTenant(), token = tenant.token;
    await request("POST", "/api/crm/leads", { token, body: { name: "=Round _x0041_ trip", email: "round@sheet.test", valueAmount: 123456, currency: "KWD", source: "referral" } });
    const before = await list(tenant, "");
    for (const values of ["raw", "shown"]) {
        const file = await fetch(`http://127.0.0.1:${port}/api/crm/leads/export?format=xlsx&values=${values}`, { headers: { authorization: `Bearer ${token}`, host: `${base}:${port}` } });
        const back = await send(tenant, Buffer.from(await file.arrayBuffer()), "?key=id&mode=upsert");
        assert.deepEqual([back.data?.updated, refusals(back)], [1, []], back.text);
        const [now] = await list(tenant, "");
        assert.deepEqual({ ...now, updatedAt: "" }, { ...before[0], updatedAt: "" }, values);
    }
});

test("days_are_counted_from_1900_or_1904_and_only_styles_make_them", async () => {
    const tenant = await makeTenant(), api = "/api/crm/deals";
    const styles = `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="&quot;d&quot;0.0;[Red]yyyy"/><numFmt numFmtId="171" formatCode="[$-407]d. mmmm yyyy"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs></styleSheet>`;
    const row = (at, name, style, value) => `<row r="${at}">${text(`A${at}`, name)}<c r="B${at}" s="${style}"><v>${value}</v></c></row>`;
    const sheet = `<worksheet><sheetData><row r="1">${text("A1", "name")}${text("B1", "expectedCloseOn")}</row>${row(2, "built in", 1, 46347)}${row(3, "own", 3, "46347.0000001")}${row(4, "no day", 2, 46347)}${row(5, "plain", 0, 46347)}</sheetData></worksheet>`;
    const sent = await send(tenant, await archive(sheet, { styles }), "", api);
    assert.deepEqual(refusals(sent), [[4, "expectedCloseOn", "invalid_date"], [5, "expectedCloseOn", "invalid_date"]], sent.text);
    const old = await send(tenant, await archive(sheet, { styles, workbook: `<w:workbook xmlns:w="w" xmlns:r="r"><w:workbookPr date1904="1"/><w:sheets><w:sheet name="hidden" state="hidden" sheetId="1" r:id="b"/><w:sheet name="S" sheetId="2" r:id="a"/></w:sheets></w:workbook>` }), "", api);
    assert.equal(old.data.created, 2, old.text);
    assert.deepEqual((await list(tenant, "name=own&sort=createdAt", api)).map((it) => it.expectedCloseOn), ["2026-11-21", "2030-11-22"]);
});

test("what_is_no_workbook_or_a_bomb_ends_as_a_refusal", async () => {
    const tenant = await makeTenant();
    const code = async (bytes) => {
        const answer = await send(tenant, bytes);
        if (answer.status === 422) return answer.error.details[0].code;
        const { data } = await until(() => request("GET", answer.headers.location, { token: tenant.token }), (it) => ["done", "failed"].includes(it.data.status));
        return data.refused.map((it) => `${it.line} ${it.code}`).join();
    };
    const good = await archive(named(`<row r="2">${text("A2", "Good")}</row>`));
    const cut = Buffer.from(good.subarray(0, good.length - 30)), zeros = "0".repeat(18 << 20);
    assert.equal(await code(cut), "xlsx_broken");
    assert.equal(await code(Buffer.from("PK\x03\x04 and nothing")), "xlsx_broken");
    assert.equal(await code(Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0])), "xlsx_old");
    assert.equal(await code(await archive("<worksheet/>")), "csv_empty");
    assert.equal(await code(await archive(named(""), { workbook: "<workbook/>" })), "xlsx_broken");
    assert.equal(await code(await archive(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${named("")}`)), "xlsx_broken");
    // Thousand times what it weighs: in the sheet, in what cells share, in one token, and beside both, where nobody looks.
    assert.equal(await code(await archive(named(`<row r="2">${text("A2", "First")}</row>${"<row/>".repeat(1 << 20)}`))), "1048576 xlsx_too_large");
    assert.equal(await code(await archive(named(""), { strings: `<sst>${`<si><t>${"0".repeat(30000)}</t></si>`.repeat(800)}</sst>` })), "xlsx_too_large");
    // One text that many cells share.
    const shared = Array.from({ length: 160 }, (_, i) => `<row r="${i + 2}"><c r="A${i + 2}" t="s"><v>0</v></c></row>`).join("");
    assert.match(await code(await archive(named(shared), { strings: `<sst><si><t>${"0".repeat(120000)}</t></si></sst>` })), /xlsx_too_large$/);
    assert.equal(await code(await archive(`<worksheet><sheetData><row r="1" x="${zeros}"/></sheetData></worksheet>`)), "xlsx_too_large");
    assert.equal(await code(await archive(named(`<row r="2">${text("A2", "Good")}</row>`), { more: { "xl/media/bomb": zeros } })), "");
    // Rows that turn back, cells without end, a text that there is not.
    assert.equal(await code(await archive(named(`<row r="5">${text("A5", "A")}</row><row r="4">${text("A4", "B")}</row>`))), "6 xlsx_broken");
    assert.equal(await code(await archive(named(`<row r="2">${text("ZZ2", "A")}</row>`))), "2 csv_too_many_cells");
    assert.equal(await code(await archive(named(`<row r="2"><c r="A2" t="s"><v>7</v></c></row>`))), "2 xlsx_broken");
    assert.equal(await code(await archive(named(`<row r="2">${text("A2", "0".repeat(140000))}</row>`))), "2 xlsx_broken");
});

test("a_long_workbook_is_worked_on_after_the_answer_and_the_same_again_adds_nothing", async () => {
    const tenant = await makeTenant();
    const bytes = await bookOf((sheet) => {
        sheet.addRow(["name", "email", "company"]);
        for (let i = 0; i < 1500; i++) sheet.addRow([`Lead ${i}`, i % 500 === 7 ? "bad" : `l${i}@long.test`, `Company ${i % 40}`]);
    });
    for (const [created, skipped] of [[1497, 0], [0, 1497]]) {
        const sent = await send(tenant, bytes, "?key=email");
        assert.deepEqual([sent.status, sent.data.total], [202, 1500], sent.text);
        const ended = await until(async () => (await request("GET", sent.headers.location, { token: tenant.token })).data, (it) => it.status === "done");
        assert.deepEqual([ended.created, ended.skipped, ended.refused.map((it) => it.line)], [created, skipped, [9, 509, 1009]]);
    }
});

test("the_oddities_of_csv_are_read_as_csv_spectrum_says", async () => {
    const tests = await new Promise((resolve, reject) => { spectrum((error, all) => (error ? reject(error) : resolve(all))); });
    assert.ok(tests.length >= 10);
    const { token } = await makeTenant();
    // Records that there are not are looked for: each row is refused, and comes back as it was read.
    for (const it of tests) {
        const rows = [JSON.parse(it.json)].flat(), titles = Object.keys(rows[0]);
        const mapping = Object.fromEntries(titles.map((title, at) => [title, at === 0 ? "email" : null]));
        const sent = await request("POST", `/api/crm/leads/import?mode=update&key=email&mapping=${encodeURIComponent(JSON.stringify(mapping))}`, { token, raw: it.csv.toString(), headers: { "content-type": "text/csv" } });
        assert.equal(sent.data?.refusedCount, rows.length, `${it.name}: ${sent.text}`);
        const back = parse((await request("GET", `${sent.headers.location}/refused`, { token })).text, { columns: true });
        if (it.name === "location_coordinates") rows[0][titles[0]] = "2095257564"; // its two files differ there
        assert.deepEqual(back.map((row) => Object.fromEntries(titles.map((title) => [title, row[title]]))), rows, it.name);
    }
});

test("the_same_first_line_again_is_read_as_it_was_chosen_before", async () => {
    const tenant = await makeTenant(), page = await Page.signIn(tenant.slug, tenant.owner.user.email, password);
    const other = await makeTenant(), theirs = await Page.signIn(other.slug, other.owner.user.email, password);
    const begin = async (by, raw) => {
        await by.get("/admin/crm/leads/import");
        by.csrf ??= (await by.get("/account")).text.match(/name="_csrf" value="([^"]*)"/)[1];
        const form = formOf("people.csv", raw, { type: "text/csv", fields: { _csrf: by.csrf } });
        const sent = await request("POST", "/admin/crm/leads/import", { tenant: by.tenant, raw: form.raw, headers: { ...form.headers, cookie: by.cookie, origin: `http://${by.tenant}.${base}:${port}` } });
        assert.equal(sent.status, 303, sent.text.slice(0, 500));
        return { path: sent.headers.location, text: (await by.get(sent.headers.location)).text };
    };
    const chosen = ({ text }) => [...text.matchAll(/<select[^>]*name="([^"]+)"[\s\S]*?<\/select>/g)].map(([all, name]) => [name, all.match(/<option value="([^"]*)" selected/)?.[1] ?? all.match(/<option[^>]*value="([^"]*)"[^>]*selected/)?.[1]]);
    const first = await begin(page, "Wer,Woher\r\nAnna,x\r\n");
    assert.deepEqual(chosen(first).slice(0, 2), [["column.0", ""], ["column.1", ""]]);
    const done = await page.post(first.path, { "column.0": "name", "column.1": "company", mode: "upsert", key: "id", unknown: "skip", dates: "ymd", amounts: "minor", do: "start" });
    assert.equal(done.status, 422, "the key is none of its columns");
    const good = await page.post(first.path, { "column.0": "name", "column.1": "company", mode: "insert", key: "", unknown: "skip", dates: "ymd", amounts: "minor", do: "start" });
    assert.equal(good.status, 303, good.text.slice(0, 500));
    const again = chosen(await begin(page, "Wer,Woher\r\nBernd,y\r\n"));
    assert.deepEqual([again.slice(0, 2), again.find(([name]) => name === "unknown"), again.find(([name]) => name === "amounts")], [[["column.0", "name"], ["column.1", "company"]], ["unknown", "skip"], ["amounts", "minor"]]);
    assert.deepEqual(chosen(await begin(page, "Wer,Wohin\r\nBernd,y\r\n")).slice(0, 2), [["column.0", ""], ["column.1", ""]]);
    assert.deepEqual(chosen(await begin(theirs, "Wer,Woher\r\nBernd,y\r\n")).slice(0, 2), [["column.0", ""], ["column.1", ""]]);
    // The API guesses by titles alone, whatever people chose by page.
    assert.equal((await request("POST", "/api/crm/leads/import", { token: tenant.token, raw: "Wer,Woher\r\nBernd,y\r\n", headers: { "content-type": "text/csv" } })).status, 422);
});
