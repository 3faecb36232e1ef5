// Rows that belong to one record: the lines of a deal are written whole with it, in one
// transaction, and go with it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { areas, bodyOf } from "../lib/routes.mjs";

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
    assert.match(shown, /data-label="Name">Frames<\/td><td class="rows-end" data-label="Quantity">3<\/td><td class="rows-end" data-label="Unit price">12\.50 EUR</);
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

test("notes_are_appended_listed_in_pages_and_shown_with_their_deal", async () => {
    const { data: deal } = await api("POST", "", { body: { name: "Noted" } });
    const { data: second } = await api("POST", "", { body: { name: "Other" } });
    for (const text of ["First", "Second", "Third"]) {
        const made = await api("POST", `/${deal.id}/notes`, { body: { text } });
        assert.equal(made.status, 201, made.text);
        assert.equal(made.data.dealId, deal.id);
    }
    const list = await api("GET", `/${deal.id}/notes?limit=2&include=createdBy`);
    assert.deepEqual(list.data.map((it) => it.text), ["Third", "Second"]);
    assert.equal(list.data[0].createdBy.name, "Owner");
    assert.equal(list.json.meta.total, 3);
    const rest = await api("GET", `/${deal.id}/notes?limit=2&after=${list.json.meta.nextCursor}`);
    assert.deepEqual(rest.data.map((it) => it.text), ["First"]);
    assert.deepEqual((await api("GET", `/${second.id}/notes`)).data, []);
    assert.deepEqual((await api("GET", `/${second.id}/notes?dealId=${deal.id}`)).data, [], "nothing through another parent");
    assert.equal((await api("POST", `/${second.id}/notes`, { body: { text: "x", dealId: deal.id } })).status === 201
        ? (await api("GET", `/${deal.id}/notes`)).json.meta.total : 3, 3, "a body does not say of which deal");
    for (const [method, options] of [["GET", {}], ["POST", { body: { text: "x" } }]])
        assert.equal((await request(method, `/api/crm/deals/${deal.id}/notes`, { token: other.token, ...options })).status, 404);
    assert.equal((await api("POST", `/${deal.id}/notes`, { body: { text: "" } })).error.details[0].field, "text");
    const shown = (await page(`/admin/crm/deals/${deal.id}`)).text;
    assert.match(shown, /Third[\s\S]*Second[\s\S]*First/);
    assert.match(shown, /Owner · /);
    const form = new URLSearchParams([...shown.matchAll(/<input type="hidden" name="(_csrf|_once)" value="([^"]*)"/g)].map((it) => [it[1], it[2]]));
    const post = () => request("POST", `/admin/crm/deals/${deal.id}/notes`, { tenant: tenant.slug, raw: form.toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    form.set("text", "");
    const refused = await post();
    assert.equal(refused.status, 422, refused.text);
    assert.match(refused.text, /id="f-text-error"/);
    form.set("text", "By page <b>");
    assert.equal((await post()).status, 303);
    assert.match((await page(`/admin/crm/deals/${deal.id}`)).text, /By page &lt;b&gt;/);
    assert.equal((await api("DELETE", `/${deal.id}`)).status, 204);
    assert.equal((await api("GET", `/${deal.id}/notes`)).status, 404, "they go with their deal");
});

test("whoever_may_only_read_a_deal_appends_nothing_to_it", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "onlooker", name: "Onlooker", permissions: ["crm.deals:read"] } });
    const onlooker = await makeUser(tenant, "onlooker");
    const { data: deal } = await api("POST", "", { body: { name: "Watched" } });
    assert.equal((await request("GET", `/api/crm/deals/${deal.id}/notes`, { token: onlooker.access_token })).status, 200);
    assert.equal((await request("POST", `/api/crm/deals/${deal.id}/notes`, { token: onlooker.access_token, body: { text: "x" } })).status, 403);
    const shown = await request("GET", `/admin/crm/deals/${deal.id}`, { tenant: tenant.slug, headers: { cookie: await pageCookie(onlooker.email, password, { tenant: tenant.slug }) } });
    assert.equal(shown.status, 200);
    assert.doesNotMatch(shown.text, /Add deal note/);
});

// Every resource that belongs to records of another, as the areas' tables say.
const bodyFor = (path) => bodyOf(areas.flatMap((area) => area.routes).find((it) => it.method === "POST" && it.path === path).body);
const parts = areas.flatMap((area) => area.resources.filter((it) => it.parent).map((part) => ({ part, parent: area.resources.find((it) => it.name === part.parent) })));

test("no_row_is_reached_through_another_record_or_tenant", async () => {
    assert.ok(parts.length > 0);
    for (const { part, parent } of parts) {
        const make = async () => (await request("POST", parent.api, { token: tenant.token, body: bodyFor(parent.api) })).data;
        const [own, another, gone] = [await make(), await make(), await make()];
        const at = (record) => part.api.replace(":id", record.id), body = bodyFor(part.api);
        const column = part.fields.find((it) => it.column === part.parentColumn).name;
        const made = await request("POST", at(own), { token: tenant.token, body });
        assert.equal(made.status, 201, `${part.name}: ${made.text}`);
        assert.equal(made.data[column], own.id, part.name);
        assert.equal((await request("GET", at(own), { token: tenant.token })).json.meta.total, 1, part.name);
        for (const query of ["", `?${column}=${own.id}`, `?id=${made.data.id}`])
            assert.deepEqual((await request("GET", `${at(another)}${query}`, { token: tenant.token })).data, [], `${part.name}${query}`);
        assert.equal((await request("DELETE", `${parent.api}/${gone.id}`, { token: tenant.token })).status, 204);
        for (const [record, as] of [[gone, tenant], [own, other], [{ id: "01a1fc30-19fe-74cc-bfd1-e408edb75d4f" }, tenant], [{ id: "nothing" }, tenant]])
            for (const answer of [await request("GET", at(record), { token: as.token }), await request("POST", at(record), { token: as.token, body })])
                assert.equal(answer.status, 404, `${part.name} of ${record.id}: ${answer.text}`);
        assert.equal((await request("GET", at(own), { token: tenant.token })).json.meta.total, 1, `${part.name}: nothing was added`);
    }
});
