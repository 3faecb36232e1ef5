// Rows that belong to one record: the lines of a deal are written whole with it, in one
// transaction, and go with it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { areas, bodyOf } from "../lib/routes.mjs";

let tenant, other, cookie;
const api = (method, path, options = {}) => request(method, `/api/crm/deals${path}`, { token: tenant.token, ...options });
const page = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
const plain = (rows) => rows.map(({ id, ...row }) => (assert.match(id, /^[0-9a-f-]{36}$/), row)); // without the ids, which each has
const lines = [{ name: "Lenses", quantity: 20, unitPriceAmount: 12500 }, { name: "Advice", quantity: 1, unitPriceAmount: null }];
before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
});

test("lines_are_written_read_and_replaced_whole", async () => {
    const made = await api("POST", "", { body: { name: "Shop", lines: [lines[0], { name: "Advice" }] } });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(plain(made.data.lines), lines, "in their order, with what is initial");
    const got = await api("GET", `/${made.data.id}`);
    assert.deepEqual(plain(got.data.lines), lines);
    assert.equal((await api("GET", "?limit=1")).data[0].lines, undefined, "a list has them when it is asked to");
    assert.deepEqual(plain((await api("GET", `?id=${made.data.id}&fields=lines`)).data[0].lines), lines);
    const kept = await api("PATCH", `/${made.data.id}`, { body: { probability: 10 } });
    assert.deepEqual(plain(kept.data.lines), lines, "a change of something else leaves them");
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
    assert.deepEqual([got.name, plain(got.lines)], ["Kept", lines]);
    const foreign = await request("PATCH", `/api/crm/deals/${made.id}`, { token: other.token, body: { lines: [] } });
    assert.equal(foreign.status, 404);
    assert.deepEqual(plain((await api("GET", `/${made.id}`)).data.lines), lines, "nobody else empties them");
});

test("rows_with_an_id_stay_and_change_and_what_is_not_named_goes", async () => {
    const made = (await api("POST", "", { body: { name: "Kept rows", lines: [{ name: "A" }, { name: "B" }, { name: "C" }] } })).data;
    const [a, b, c] = made.lines;
    const changed = await api("PATCH", `/${made.id}`, { body: { lines: [{ ...c, quantity: 3 }, { name: "D" }, { id: a.id, name: "A" }] } });
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual(changed.data.lines.map((it) => it.name), ["C", "D", "A"]);
    assert.deepEqual([changed.data.lines[0].id, changed.data.lines[2].id], [c.id, a.id], "they are the same rows");
    assert.equal(changed.data.lines[0].quantity, 3);
    assert.equal((await api("GET", `/${made.id}/lines/${b.id}`)).status, 404);
    const whole = (await api("GET", `/${made.id}`)).data;
    const put = await api("PUT", `/${made.id}`, { body: whole });
    assert.deepEqual(put.data.lines, whole.lines, "what was read may be sent back");
    const foreign = (await api("POST", "", { body: { name: "Foreign", lines: [{ name: "F" }] } })).data.lines[0];
    for (const lines of [[{ ...foreign, name: "Taken" }], [b], [a, a], [{ id: "01a1fc30-19fe-74cc-bfd1-e408edb75d4f", name: "x" }]]) {
        const refused = await api("PATCH", `/${made.id}`, { body: { lines } });
        assert.deepEqual([refused.status, refused.error.details[0].code], [422, "unknown_reference"], refused.text);
        assert.equal(refused.error.details[0].field, `lines[${lines.length - 1}].id`);
    }
    assert.equal((await api("POST", "", { body: { name: "x", lines: [a] } })).status, 422, "no row of another");
    assert.equal((await api("PATCH", `/${made.id}`, { body: { lines: [{ id: a.id }] } })).error.details[0].field, "lines[0].name", "each is given whole");
    assert.deepEqual((await api("GET", `/${made.id}`)).data.lines, whole.lines);
});

test("a_line_has_an_address_and_makes_a_new_version_of_its_deal", async () => {
    const made = await api("POST", "", { body: { name: "Addressed", currency: "USD", lines: [{ name: "A" }] } }), id = made.data.id;
    const added = await api("POST", `/${id}/lines`, { body: { name: "B", quantity: 2 } });
    assert.equal(added.status, 201, added.text);
    assert.deepEqual([added.data.position, added.data.currency, added.data.dealId], [2, "USD", id]);
    const at = added.headers.location.slice("/api/crm/deals".length);
    assert.deepEqual((await api("GET", at)).data, added.data);
    const changed = await api("PATCH", at, { body: { quantity: 5 }, headers: { "if-match": added.headers.etag } });
    assert.deepEqual([changed.status, changed.data.quantity, changed.data.name], [200, 5, "B"]);
    assert.equal((await api("PATCH", at, { body: { quantity: 6 }, headers: { "if-match": added.headers.etag } })).status, 412);
    const stale = await api("PATCH", `/${id}`, { body: { name: "x" }, headers: { "if-match": made.headers.etag } });
    assert.equal(stale.status, 412, "the deal shows its lines");
    assert.deepEqual((await api("GET", `/${id}/lines`)).data.map((it) => it.name), ["A", "B"]);
    assert.equal((await api("PATCH", at, { body: { position: 1, quantity: 0 } })).status, 422);
    assert.equal((await api("DELETE", at)).status, 204);
    assert.equal((await api("DELETE", at)).status, 404);
    await api("PATCH", `/${id}`, { body: { lines: Array.from({ length: 99 }, (_, i) => ({ name: `${i}` })) } });
    const tries = await Promise.all([1, 2, 3, 4].map(() => api("POST", `/${id}/lines`, { body: { name: "More" } })));
    assert.deepEqual(tries.map((it) => it.status).sort(), [201, 422, 422, 422], "a list takes no more at once than one by one");
    assert.equal((await api("GET", `/${id}`)).data.lines.length, 100);
});

test("lines_are_met_by_whoever_may_meet_them_in_their_deal", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "blind", name: "Blind", permissions: ["crm.deals:read", "crm.deals:update", "crm.deals:delete"] } });
    const blind = await makeUser(tenant, "blind"), { data: deal } = await api("POST", "", { body: { name: "Priced", lines: [lines[0]] } });
    const at = `/api/crm/deals/${deal.id}/lines`, one = `${at}/${deal.lines[0].id}`, call = (method, path, body) => request(method, path, { token: blind.access_token, body });
    assert.equal((await call("GET", `/api/crm/deals/${deal.id}`)).data.lines, undefined);
    for (const [method, path, body] of [["GET", at], ["GET", one], ["POST", at, { name: "x" }], ["PATCH", one, { name: "x" }], ["DELETE", one]]) {
        const refused = await call(method, path, body);
        assert.deepEqual([refused.status, refused.error.code], [403, "permission_missing"], `${method} ${refused.text}`);
    }
    assert.deepEqual((await api("GET", `/${deal.id}`)).data.lines, deal.lines);
});

test("lines_are_shown_and_edited_in_the_page_of_their_deal", async () => {
    const fieldsIn = (text) => new URLSearchParams([...text.matchAll(/<input (?:type="hidden"|class="form-control") (?:type="\w+" )?name="(_\w+|lines[^"]*|name)" value="([^"]*)"/g)].map((it) => [it[1], it[2].replaceAll("&quot;", '"')]));
    const form = async (path) => fieldsIn((await page(path)).text);
    const post = (path, body) => request("POST", path, { tenant: tenant.slug, raw: body.toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    const press = async (path, body, button) => {
        body.set("_rows", button);
        const answer = await post(path, body);
        assert.equal(answer.status, 200, answer.text);
        const next = fieldsIn(answer.text);
        assert.match(answer.text, new RegExp(`name="name"[^>]* value="${body.get("name")}"`), "what was typed is kept");
        next.set("name", body.get("name"));
        next.set("currency", "EUR");
        return next;
    };
    let made = await form("/admin/crm/deals/new");
    assert.ok(made.has("lines[0].unitPriceAmount"), "there is an empty row");
    made.set("name", "By page");
    made.set("currency", "EUR");
    made.set("lines[0].name", "Frames");
    made.set("lines[0].quantity", "3");
    made.set("lines[0].unitPriceAmount", "12.50");
    made = await press("/admin/crm/deals", made, "lines.add");
    assert.ok(made.has("lines[1].name"));
    made.set("lines[1].name", "Cloth");
    made = await press("/admin/crm/deals", made, "lines.up.1");
    assert.deepEqual([made.get("lines[0].name"), made.get("lines[1].name"), made.has("lines[2].name")], ["Cloth", "Frames", true]);
    made = await press("/admin/crm/deals", made, "lines.down.0");
    const saved = await post("/admin/crm/deals", made);
    assert.equal(saved.status, 303, saved.text);
    const shown = (await page(saved.headers.location)).text, id = saved.headers.location.split("/").at(-1);
    assert.match(shown, /data-label="Name">Frames<\/td><td class="rows-end" data-label="Quantity">3<\/td><td class="rows-end" data-label="Unit price">12\.50 EUR</);
    const before = (await api("GET", `/${id}`)).data.lines;
    const edited = await form(`${saved.headers.location}/edit`);
    assert.deepEqual([edited.get("lines[0].unitPriceAmount"), edited.get("lines[1].name")], ["12.50", "Cloth"]);
    edited.set("currency", "EUR");
    edited.set("name", "By page");
    edited.set("lines[0].name", "");
    edited.set("lines[0].quantity", "many");
    const refused = await post(saved.headers.location, edited);
    assert.equal(refused.status, 422);
    assert.match(refused.text, /name="lines\[0\].quantity" value="many"/, "what was typed is kept");
    const less = await press(saved.headers.location, edited, "lines.remove.0");
    assert.equal(less.get("lines[0].name"), "Cloth");
    assert.deepEqual((await api("GET", `/${id}`)).data.lines, before, "the buttons of rows save nothing");
    for (const nonsense of ["lines.up.999", "lines.remove.-1", "lines.", "other.add", "lines.up.0", "lines.down.9999999999999999999"]) await press(saved.headers.location, edited, nonsense);
    assert.equal((await post(saved.headers.location, less)).status, 303);
    assert.deepEqual((await api("GET", `/${id}`)).data.lines, [before[1]], "the row itself stays");
});

test("a_note_is_changed_by_its_author_alone_and_deleted_by_who_may_delete_the_deal", async () => {
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "writer", name: "Writer", permissions: ["crm.deals:read", "crm.deals:update"] } });
    const writer = await makeUser(tenant, "writer"), own = await pageCookie(writer.email, password, { tenant: tenant.slug });
    const { data: deal } = await api("POST", "", { body: { name: "Written about" } });
    const write = async (as, text) => (await request("POST", `/api/crm/deals/${deal.id}/notes`, { token: as, body: { text } })).data;
    const mine = await write(writer.access_token, "Mine"), theirs = await write(tenant.token, "Theirs");
    assert.equal(mine.editedAt, null);
    const call = (method, as, note, body) => request(method, `/api/crm/deals/${deal.id}/notes/${note.id}`, { token: as, body });
    const changed = await call("PATCH", writer.access_token, mine, { text: "Mine, better" });
    assert.deepEqual([changed.status, changed.data.text], [200, "Mine, better"]);
    assert.ok(changed.data.editedAt >= mine.createdAt);
    for (const [method, as, note] of [["PATCH", tenant.token, mine], ["PATCH", writer.access_token, theirs], ["DELETE", writer.access_token, theirs]]) {
        const refused = await call(method, as, note, method === "PATCH" ? { text: "x" } : undefined);
        assert.deepEqual([refused.status, refused.error.code], [403, "not_yours"], `${method} ${refused.text}`);
    }
    // By page: the ways that one has, and no others.
    let once = 0;
    const open = (path, fields, as = own) => request(fields ? "POST" : "GET", path, { tenant: tenant.slug, ...(fields ? { raw: new URLSearchParams({ ...fields, _once: `n${once++}` }).toString() } : {}), headers: { cookie: as, ...(fields ? { "content-type": "application/x-www-form-urlencoded" } : {}) } });
    const path = `/admin/crm/deals/${deal.id}`, at = (note) => `${path}/notes/${note.id}`;
    const shown = (await open(path)).text;
    assert.ok(shown.includes(`${at(mine)}/edit`) && shown.includes(`${at(mine)}/delete`) && !shown.includes(at(theirs)), shown);
    assert.match(shown, /<span title="[^"]+">edited<\/span>/);
    assert.ok((await page(path)).text.includes(`${at(mine)}/delete`) && !(await page(path)).text.includes(`${at(mine)}/edit`), "who may delete the deal");
    const form = (await open(`${at(mine)}/edit`)).text, hidden = Object.fromEntries([...form.matchAll(/<input type="hidden" name="(_\w+)" value="([^"]*)"/g)].map((it) => [it[1], it[2].replaceAll("&quot;", '"')]));
    assert.match(form, /Mine, better<\/textarea>/);
    const empty = await open(at(mine), { ...hidden, text: "" });
    assert.ok(empty.status === 422 && empty.text.includes('id="f-text-error"'), empty.text);
    assert.equal((await open(at(mine), { ...hidden, text: "By page" })).status, 303);
    assert.equal((await open(at(mine), { ...hidden, text: "Late" })).status, 412);
    assert.equal((await call("GET", writer.access_token, mine)).data.text, "By page");
    for (const [way, fields] of [[`${at(theirs)}/edit`], [at(theirs), { ...hidden, text: "x" }], [`${at(theirs)}/delete`], [`${at(theirs)}/delete`, { ...hidden, confirm: "yes" }]])
        assert.equal((await open(way, fields)).status, 403, way);
    assert.equal((await open(`${at(mine)}/delete`)).status, 200);
    assert.equal((await open(`${at(mine)}/delete`, { ...hidden, confirm: "yes" })).status, 303);
    assert.equal((await call("GET", writer.access_token, mine)).status, 404);
    const last = await write(writer.access_token, "Last");
    assert.equal((await call("DELETE", tenant.token, last)).status, 204);
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
    const once = (it) => form.set("_once", it.text.match(/parts-form[^]*?name="_once" value="([^"]*)"/)[1]);
    once(await page(`/admin/crm/deals/${deal.id}`));
    form.set("text", "**Bold** [bad](javascript:alert(1)) <script>");
    form.set("_preview", "text");
    const preview = await post(), html = /<strong>Bold<\/strong> <a href="">bad<\/a> &lt;script&gt;/;
    assert.equal(preview.status, 200, "it is shown again, and nothing is saved");
    assert.match(preview.text, html);
    assert.match(preview.text, /<textarea[^>]*>&#10;\*\*Bold\*\* /, "what was typed is kept");
    assert.equal((await api("GET", `/${deal.id}/notes`)).json.meta.total, 4);
    form.delete("_preview");
    once(preview);
    assert.equal((await post()).status, 303);
    assert.match((await page(`/admin/crm/deals/${deal.id}`)).text, html);
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
const [OP_GET, OP_CREATE, OP_MERGE, OP_DELETE] = [2, 4, 16, 32]; // resource/resource.h
const parts = areas.flatMap((area) => area.resources.filter((it) => it.parent && it.operations & OP_CREATE).map((part) => ({ part, parent: area.resources.find((it) => it.name === part.parent) })));

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
        const one = async (method, record, as) => request(method, `${at(record)}/${made.data.id}`, { token: as.token, body: method === "PATCH" ? {} : undefined });
        const ways = [["GET", OP_GET], ["PATCH", OP_MERGE], ["DELETE", OP_DELETE]].filter(([, operation]) => part.operations & operation).map(([method]) => method);
        for (const [record, as] of [[another, tenant], [gone, tenant], [own, other]])
            for (const method of ways) assert.equal((await one(method, record, as)).status, 404, `${part.name}: ${method} through ${record.id}`);
        for (const method of ways.filter((it) => it !== "DELETE")) assert.equal((await one(method, own, tenant)).status, 200, `${part.name}: ${method}`);
        for (const [record, as] of [[gone, tenant], [own, other], [{ id: "01a1fc30-19fe-74cc-bfd1-e408edb75d4f" }, tenant], [{ id: "nothing" }, tenant]])
            for (const answer of [await request("GET", at(record), { token: as.token }), await request("POST", at(record), { token: as.token, body })])
                assert.equal(answer.status, 404, `${part.name} of ${record.id}: ${answer.text}`);
        assert.equal((await request("GET", at(own), { token: tenant.token })).json.meta.total, 1, `${part.name}: nothing was added`);
    }
});

test("a_total_is_computed_from_the_lines_wherever_the_deal_is_shown", async () => {
    const made = await api("POST", "", { body: { name: "Summed", currency: "EUR", lines: [...lines, { name: "Frames", quantity: 3, unitPriceAmount: 150 }], totalAmount: 1 } });
    assert.deepEqual([made.status, made.data.totalAmount, made.data.status], [201, 250450, "open"], made.text);
    const one = await api("GET", `/${made.data.id}`);
    assert.deepEqual((await api("GET", `?id=${made.data.id}&fields=name,totalAmount`)).data[0].totalAmount, 250450);
    assert.match((await api("GET", `/export?id=${made.data.id}`)).text, /(^|,)250450(,|\r)/m);
    assert.match((await page(`/admin/crm/deals/${made.data.id}`)).text, /2,504\.50/);
    const changed = await api("PATCH", `/${made.data.id}`, { body: { lines: [lines[0]], totalAmount: 7 }, headers: { "if-match": one.headers.etag } });
    assert.deepEqual([changed.status, changed.data.totalAmount], [200, 250000], "what is computed is not written");
    assert.notEqual(changed.headers.etag, one.headers.etag);
    assert.equal((await api("PATCH", `/${made.data.id}`, { body: { name: "x" }, headers: { "if-match": one.headers.etag } })).status, 412);
    for (const query of ["sort=totalAmount", "sort=-status", "totalAmount=250000", "totalAmount[gte]=1", "status=open"]) assert.equal((await api("GET", `?${query}`)).status, 400, `${query} has no index`);
    const most = await api("POST", "", { body: { name: "Most", lines: Array.from({ length: 100 }, () => ({ name: "x", quantity: 1000000, unitPriceAmount: 100000000000000 })) } });
    assert.deepEqual([most.status, most.data.totalAmount], [201, Number.MAX_SAFE_INTEGER], "no sum is too large to be read");
    const { components } = (await request("GET", "/api/openapi.json")).json;
    assert.ok(components.schemas.DealInput?.properties.totalAmount.readOnly ?? Object.entries(components.schemas).some(([name, it]) => name.startsWith("Deal") && it.additionalProperties === false && it.properties.totalAmount?.readOnly));
});
