// Rows that belong to one record: the lines of a deal are written whole with it, in one
// transaction, and go with it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, pageCookie, password, request } from "../lib/client.mjs";

let tenant, other, cookie;
const api = (method, path, options = {}) => request(method, `/api/crm/deals${path}`, { token: tenant.token, ...options });
const page = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
const lines = [{ name: "Lenses", quantity: 20, unitPrice: 12500 }, { name: "Advice", quantity: 1, unitPrice: null }];
before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
});

test("lines_are_written_read_and_replaced_whole", async () => {
    const made = await api("POST", "", { body: { name: "Shop", lines: [lines[0], { name: "Advice" }] } });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(made.data.lines, lines, "in their order, with what is initial");
    const got = await api("GET", `/${made.data.id}`);
    assert.deepEqual(got.data.lines, lines);
    assert.equal((await api("GET", "?limit=1")).data[0].lines, undefined, "a list has them when it is asked to");
    assert.deepEqual((await api("GET", `?id=${made.data.id}&fields=lines`)).data[0].lines, lines);
    const kept = await api("PATCH", `/${made.data.id}`, { body: { probability: 10 } });
    assert.deepEqual(kept.data.lines, lines, "a change of something else leaves them");
    const changed = await api("PATCH", `/${made.data.id}`, { body: { lines: [{ name: "One" }] }, headers: { "if-match": kept.headers.etag } });
    assert.deepEqual(changed.data.lines.map((it) => it.name), ["One"]);
    assert.notEqual(changed.headers.etag, kept.headers.etag, "other lines are another version");
    assert.equal((await api("PATCH", `/${made.data.id}`, { body: { lines: [] }, headers: { "if-match": kept.headers.etag } })).status, 412);
    assert.deepEqual((await api("PATCH", `/${made.data.id}`, { body: { lines: [] } })).data.lines, []);
    assert.equal((await api("DELETE", `/${made.data.id}`)).status, 204);
});

test("a_wrong_line_is_named_and_nothing_is_written", async () => {
    const made = (await api("POST", "", { body: { name: "Kept", lines } })).data;
    for (const [line, field] of [[{ name: "" }, "lines[1].name"], [{ name: "x", quantity: 0 }, "lines[1].quantity"], [{ name: "x", colour: "red" }, "lines[1].colour"]]) {
        const answer = await api("PATCH", `/${made.id}`, { body: { name: "Changed", lines: [lines[0], line] } });
        assert.equal(answer.status, 422, answer.text);
        assert.equal(answer.error.details[0].field, field);
    }
    const many = await api("PATCH", `/${made.id}`, { body: { lines: Array.from({ length: 101 }, () => ({ name: "x" })) } });
    assert.equal(many.error.details[0].code, "too_long");
    const got = (await api("GET", `/${made.id}`)).data;
    assert.deepEqual([got.name, got.lines], ["Kept", lines]);
    const foreign = await request("PATCH", `/api/crm/deals/${made.id}`, { token: other.token, body: { lines: [] } });
    assert.equal(foreign.status, 404);
    assert.deepEqual((await api("GET", `/${made.id}`)).data.lines, lines, "nobody else empties them");
});

test("lines_are_shown_and_edited_in_the_page_of_their_deal", async () => {
    const form = async (path) => new URLSearchParams([...(await page(path)).text.matchAll(/<input (?:type="hidden"|class="form-control") (?:type="\w+" )?name="(_\w+|lines[^"]*|name)" value="([^"]*)"/g)].map((it) => [it[1], it[2].replaceAll("&quot;", '"')]));
    const post = (path, body) => request("POST", path, { tenant: tenant.slug, raw: body.toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    const made = await form("/admin/crm/deals/new");
    assert.ok(made.has("lines[2].unitPrice"), "there are empty rows");
    made.set("name", "By page");
    made.set("currency", "EUR");
    made.set("lines[0].name", "Frames");
    made.set("lines[0].quantity", "3");
    made.set("lines[0].unitPrice", "12.50");
    made.set("lines[2].name", "Cloth");
    const saved = await post("/admin/crm/deals", made);
    assert.equal(saved.status, 303, saved.text);
    const shown = (await page(saved.headers.location)).text;
    assert.match(shown, />Frames<\/td><td class="rows-end">3<\/td><td class="rows-end">12\.50 EUR</);
    const edited = await form(`${saved.headers.location}/edit`);
    assert.deepEqual([edited.get("lines[0].unitPrice"), edited.get("lines[1].name")], ["12.50", "Cloth"]);
    edited.set("lines[0].name", "");
    edited.set("lines[0].quantity", "many");
    edited.set("name", "By page");
    edited.set("currency", "EUR");
    const refused = await post(saved.headers.location, edited);
    assert.equal(refused.status, 422);
    assert.match(refused.text, /name="lines\[0\].quantity" value="many"/, "what was typed is kept");
    edited.set("lines[0].quantity", "");
    edited.set("lines[0].unitPrice", "");
    assert.equal((await post(saved.headers.location, edited)).status, 303);
    const id = saved.headers.location.split("/").at(-1);
    assert.deepEqual((await api("GET", `/${id}`)).data.lines, [{ name: "Cloth", quantity: 1, unitPrice: null }]);
});
