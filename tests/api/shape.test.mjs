// What holds for every operation: versions, parameters, conditions, and what stands in an error.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, password, port, request } from "../lib/client.mjs";

let tenant, lead;
const api = (method, path, options = {}) => request(method, path, { token: tenant.token, ...options });
before(async () => {
    tenant = await makeTenant();
    lead = (await api("POST", "/api/crm/leads", { body: { name: "Nora Blum", email: "nora@example.com", valueAmount: 5 } })).data;
});

const refused = (answer, status, code, detail) => {
    assert.deepEqual([answer.status, answer.error?.code], [status, code], answer.text);
    if (detail) assert.deepEqual({ ...answer.error.details[0], message: undefined }, { ...detail, message: undefined });
};

test("the_version_is_said_and_another_is_refused", async () => {
    assert.equal((await api("GET", "/api/crm/leads")).headers["tulou-version"], "1");
    assert.equal((await api("GET", "/api/crm/leads", { headers: { "tulou-version": "1" } })).status, 200);
    refused(await api("GET", "/api/crm/leads", { headers: { "tulou-version": "2" } }), 400, "unknown_version");
    assert.equal((await request("GET", "/api/nothing")).headers["tulou-version"], "1");
});

test("a_parameter_that_is_wrong_is_400_with_its_name", async () => {
    refused(await api("GET", "/api/crm/leads?limit=0"), 400, "bad_parameter", { in: "query", field: "limit", code: "too_small" });
    refused(await api("GET", "/api/crm/leads?currency=EUR&valueAmount[gte]=abc"), 400, "bad_parameter", { in: "query", field: "valueAmount[gte]", code: "not_a_number" });
    refused(await api("GET", "/api/crm/leads?nothing=1"), 400, "unknown_parameter", { in: "query", field: "nothing", code: "unknown_parameter" });
    refused(await api("GET", "/api/crm/leads?status=new&status=lost"), 400, "repeated_parameter", { in: "query", field: "status", code: "repeated_parameter" });
    refused(await api("GET", "/api/crm/leads?limit=5&limit=6"), 400, "repeated_parameter");
    refused(await api("GET", "/api/crm/leads?after=x"), 400, "bad_cursor", { in: "query", field: "after", code: "bad_cursor" });
    refused(await api("GET", "/api/notifications?limit=0"), 400, "bad_parameter", { in: "query", field: "limit", code: "too_small" });
    refused(await api("GET", "/api/notifications?limit=1&limit=2"), 400, "repeated_parameter");
    refused(await api("POST", "/api/crm/leads", { body: { name: "" } }), 422, "validation_failed", { in: "body", field: "name", code: "required" });
    assert.equal((await api("GET", "/api/crm/leads?status[in]=new&status[in]=lost")).status, 200);
});

test("a_list_counts_where_it_is_asked_and_goes_on_without", async () => {
    const { meta } = (await api("GET", "/api/crm/leads?limit=1&count=false")).json;
    assert.deepEqual([meta.page, meta.limit, meta.total], [1, 1, undefined]);
    assert.ok((await api("GET", "/api/crm/leads?limit=1")).json.meta.total >= 1);
    refused(await api("GET", "/api/crm/leads?count=1"), 400, "bad_parameter");
    await api("POST", "/api/crm/leads", { body: { name: "Another" } });
    const { nextCursor } = (await api("GET", "/api/crm/leads?limit=1")).json.meta;
    assert.deepEqual(Object.keys((await api("GET", `/api/crm/leads?limit=1&after=${nextCursor}`)).json.meta), ["limit", "nextCursor"]);
    refused(await api("GET", `/api/crm/leads?page=2&after=${nextCursor}`), 400, "bad_parameter", { in: "query", field: "page", code: "invalid" });
});

test("one_record_by_some_of_its_fields_has_the_version_of_all", async () => {
    const path = `/api/crm/leads/${lead.id}`, whole = await api("GET", path), some = await api("GET", `${path}?fields=name,email`);
    assert.deepEqual(some.data, { id: lead.id, name: "Nora Blum", email: "nora@example.com" });
    assert.equal(some.headers.etag, whole.headers.etag);
    assert.equal(whole.headers["cache-control"], "private, no-cache");
    refused(await api("GET", `${path}?fields=nothing`), 400, "bad_parameter", { in: "query", field: "fields", code: "invalid" });
});

test("a_condition_or_a_key_that_cannot_be_kept_is_refused", async () => {
    const match = { headers: { "if-match": '"0"' } };
    refused(await api("POST", "/api/crm/leads", { ...match, body: { name: "x" } }), 400, "if_match_not_supported");
    refused(await api("GET", "/api/crm/leads", match), 400, "if_match_not_supported");
    refused(await api("GET", `/api/crm/leads/${lead.id}`, match), 412, "version_mismatch");
    refused(await api("PATCH", `/api/crm/leads/${lead.id}`, { ...match, body: { name: "x" } }), 412, "version_mismatch");
    refused(await api("PATCH", `/api/crm/leads/${lead.id}`, { headers: { "idempotency-key": "k" }, body: { name: "x" } }), 400, "idempotency_not_supported");
});

test("every_401_says_how_to_sign_in", async () => {
    const wrong = await request("POST", "/api/auth/login", { body: { email: `owner@${tenant.slug}.test`, password: "not this one", tenant: tenant.slug } });
    assert.deepEqual([wrong.status, wrong.headers["www-authenticate"]], [401, "Bearer"], wrong.text);
    assert.equal((await request("GET", "/api/auth/me", { token: "x" })).headers["www-authenticate"], 'Bearer error="invalid_token"');
});

// As no client of ours would send it.
const raw = (line) => new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
    let text = "";
    socket.on("data", (data) => (text += data)).on("error", reject).on("close", () => resolve(text));
});

test("what_the_front_refuses_itself_looks_the_same_and_has_its_number", async () => {
    for (const [path, status, code] of [["/api/crm/leads/%zz", 400, "bad_request"], ["/api/crm/leads/%00", 400, "bad_request"], [`/api/crm/leads?q=${"a".repeat(40000)}`, 414, "path_too_long"]]) {
        const text = await raw(path), [head, body] = text.split("\r\n\r\n"), json = JSON.parse(body);
        assert.match(head, new RegExp(`^HTTP/1.1 ${status}`));
        assert.deepEqual([json.error.code, json.error.statusCode], [code, status]);
        assert.equal(head.match(/X-Request-Id: (\S+)/)?.[1], json.error.requestId, head);
    }
});

test("who_replaces_says_all_of_it_and_who_patches_says_what_changes", async () => {
    const path = "/api/settings/security";
    assert.equal((await api("PATCH", path, { body: { sessionDays: 9 } })).data.sessionDays, 9);
    const part = await api("PUT", path, { body: { ssoRequired: false } });
    refused(part, 422, "validation_failed");
    assert.ok(part.error.details.some((it) => it.field === "sessionDays" && it.code === "required"), part.text);
    assert.equal((await api("PATCH", path, { body: { passwordMinLength: 14 } })).data.sessionDays, 9);
    const whole = await api("PUT", path, { body: { ...(await api("GET", path)).data, sessionDays: 8 } });
    assert.deepEqual([whole.data.sessionDays, whole.data.passwordMinLength], [8, 14], whole.text);
    for (const [part, body, kept] of [["profile", { phone: "+34600100200" }, "name"], ["branding", { footer: "F" }, "primaryColor"]]) {
        const own = `/api/tenants/${tenant.id}/${part}`, before = (await api("GET", own)).data;
        const after = await api("PATCH", own, { body });
        assert.deepEqual(after.data, { ...before, ...body }, after.text);
        assert.equal((await api("PUT", own, { body })).status, 422);
        assert.equal(after.data[kept], before[kept]);
    }
});

test("of_patches_at_once_each_is_kept", async () => {
    const own = `/api/tenants/${tenant.id}/profile`;
    const bodies = [{ phone: "+34600100201" }, { address: "1 Hill" }, { email: "o@example.com" }, { name: "All kept" }];
    await Promise.all(bodies.map((body) => api("PATCH", own, { body })));
    const { phone, address, email, name } = (await api("GET", own)).data;
    assert.deepEqual([{ phone }, { address }, { email }, { name }], bodies);
});

test("what_a_get_answered_may_be_sent_back", async () => {
    const path = `/api/crm/leads/${lead.id}`, { data } = await api("GET", path);
    assert.deepEqual({ ...(await api("PUT", path, { body: data })).data, updatedAt: null }, { ...data, updatedAt: null });
    const patched = await api("PATCH", path, { body: { id: tenant.id, createdAt: "2001-01-01T00:00:00Z", company: "Blum" } });
    assert.deepEqual([patched.data.id, patched.data.createdAt, patched.data.company], [data.id, data.createdAt, "Blum"], patched.text);
});

test("an_error_leads_to_what_it_means_and_its_details_say_where_it_stands", async () => {
    const { error } = await api("GET", "/api/crm/leads?nothing=1");
    assert.equal(error.documentationUrl, "/api/docs/errors#unknown_parameter");
    const page = await request("GET", "/api/docs/errors");
    assert.deepEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"]);
    for (const code of ["unknown_parameter", "validation_failed", "not_found", "path_too_long"]) assert.ok(page.text.includes(`id="${code}"`), code);
    const own = (await api("POST", "/api/crm/leads", { body: { name: "Won", status: "new" } })).data;
    const jump = await api("PATCH", `/api/crm/leads/${own.id}`, { body: { status: "converted" } });
    refused(jump, 409, "invalid_transition", { in: "body", field: "status", code: "invalid_transition", allowed: jump.error.details[0].allowed });
    const company = (await api("POST", "/api/crm/companies", { body: { name: "Held" } })).data;
    await api("POST", "/api/crm/deals", { body: { name: "Holds", companyId: company.id } });
    const held = await api("DELETE", `/api/crm/companies/${company.id}`);
    refused(held, 409, "in_use", { in: "path", field: "id", code: "in_use", resource: held.error.details[0].resource, count: 1 });
});

// Page after page by cursor, and by number.
async function pagesOf(path, limit) {
    const byCursor = [], byNumber = [];
    for (let after = ""; ;) {
        const { json } = await api("GET", `${path}&limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`);
        byCursor.push(...json.data);
        if (!(after = json.meta.nextCursor)) break;
    }
    for (let page = 1, more = true; more; page++) {
        const { json } = await api("GET", `${path}&limit=${limit}&page=${page}`);
        byNumber.push(...json.data);
        more = page < json.meta.totalPages;
    }
    assert.deepEqual(byCursor, byNumber, path);
    return byCursor;
}

test("what_has_no_value_comes_last_either_way", async () => {
    const mark = "Nulls last";
    for (const value of [30, null, 10, null, 20, 20, null]) await api("POST", "/api/crm/leads", { body: { name: "Row", company: mark, valueAmount: value } });
    const list = `/api/crm/leads?company=${encodeURIComponent(mark)}&fields=valueAmount`;
    for (const limit of [1, 2, 3, 7, 50]) {
        assert.deepEqual((await pagesOf(`${list}&sort=valueAmount`, limit)).map((it) => it.valueAmount), [10, 20, 20, 30, null, null, null]);
        const down = await pagesOf(`${list}&sort=-valueAmount`, limit);
        assert.deepEqual(down.map((it) => it.valueAmount), [30, 20, 20, 10, null, null, null]);
        assert.ok(down.at(-3).id > down.at(-1).id && down[1].id > down[2].id, "those alike by their id");
        assert.deepEqual((await pagesOf(`${list}&sort=-valueAmount,id`, limit)).map((it) => it.valueAmount), [30, 20, 20, 10, null, null, null]);
        assert.deepEqual((await pagesOf(`${list}&sort=-valueAmount,name&q=row`, limit)).map((it) => it.valueAmount), [30, 20, 20, 10, null, null, null]);
    }
});

test("a_client_fetches_what_has_changed_since", async () => {
    const mine = async (query) => (await api("GET", `/api/crm/companies?${query}`)).data;
    const made = [];
    for (const name of ["Changed A", "Changed B", "Changed C"]) made.push((await api("POST", "/api/crm/companies", { body: { name } })).data);
    const since = (await mine("sort=-updatedAt&limit=1"))[0].updatedAt;
    await api("PATCH", `/api/crm/companies/${made[0].id}`, { body: { name: "Changed again" } });
    assert.deepEqual((await mine(`updatedAt[gt]=${since}&sort=updatedAt`)).map((it) => it.name), ["Changed again"]);
    assert.equal((await mine("sort=-updatedAt"))[0].id, made[0].id);
    assert.deepEqual((await mine(`id[in]=${made.map((it) => it.id)}&sort=-id`)).map((it) => it.id), made.map((it) => it.id).reverse());
    assert.deepEqual((await mine(`sort=id&limit=2&id[in]=${made.map((it) => it.id)}`)).map((it) => it.id), made.slice(0, 2).map((it) => it.id));
});

test("every_list_that_grows_is_paged_both_ways_and_a_closed_one_has_no_meta", async () => {
    for (let i = 0; i < 4; i++) await request("POST", "/api/auth/login", { body: { email: `owner@${tenant.slug}.test`, password, tenant: tenant.slug } });
    const { id } = (await api("GET", "/api/auth/me")).data;
    for (const path of ["/api/auth/sessions", "/api/security/sessions", `/api/admin-users/${id}/sessions`, `/api/platform-users/${id}/activity`, `/api/admin-users/${id}/activity`]) {
        const all = await api("GET", `${path}?limit=100`);
        assert.ok(all.json.meta.total >= 5 && all.json.meta.total === all.data.length && all.json.meta.nextCursor === null, `${path} ${all.text.slice(0, 300)}`);
        const paged = await pagesOf(`${path}?count=true`, 2);
        assert.deepEqual(paged.map((it) => it.id), all.data.map((it) => it.id), path);
        assert.deepEqual(Object.keys((await api("GET", `${path}?limit=2&count=false`)).json.meta), ["page", "limit", "nextCursor"]);
        const { nextCursor } = (await api("GET", `${path}?limit=2`)).json.meta;
        assert.deepEqual(Object.keys((await api("GET", `${path}?limit=2&after=${nextCursor}`)).json.meta), ["limit", "nextCursor"]);
        refused(await api("GET", `${path}?page=2&after=${nextCursor}`), 400, "bad_parameter", { in: "query", field: "page", code: "invalid" });
        refused(await api("GET", `${path}?after=nothing`), 400, "bad_cursor", { in: "query", field: "after", code: "bad_cursor" });
        refused(await api("GET", `${path}?limit=101`), 400, "bad_parameter", { in: "query", field: "limit", code: "too_big" });
    }
    const users = `/api/tenants/${tenant.id}/users`;
    assert.deepEqual((await request("GET", users, { token: await operator() })).json.meta, { page: 1, limit: 20, total: 1, totalPages: 1, nextCursor: null });
    for (const path of ["/api/rbac/permissions", "/api/auth/workspaces", "/api/notifications/preferences", `/api/tenants/${tenant.id}/features`, `/api/tenants/${tenant.id}/domains`, `/api/crm/leads/${lead.id}/attachments`]) {
        const answer = await api("GET", path);
        assert.deepEqual([answer.status, Object.keys(answer.json)], [200, ["success", "data"]], `${path} ${answer.text.slice(0, 200)}`);
    }
});

test("metadata_is_an_object_of_few_short_texts", async () => {
    const path = `/api/tenants/${tenant.id}`, patch = async (metadata) => request("PATCH", path, { token: await operator(), body: { metadata } });
    const full = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key ${i}`, "é".repeat(500)]));
    assert.deepEqual((await patch(full)).data.metadata, full);
    refused(await patch({ more: "x" }), 422, "validation_failed", { in: "body", field: "metadata", code: "invalid_value" });
    refused(await patch({ ...full, more: "x" }), 422, "validation_failed", { in: "body", field: "metadata", code: "too_long" });
    assert.deepEqual((await patch({ ...Object.fromEntries(Object.keys(full).map((key) => [key, null])), source: "fair" })).data.metadata, { source: "fair" });
    refused(await patch({ long: "é".repeat(501) }), 422, "validation_failed", { in: "body", field: "metadata.long", code: "too_long" });
    for (const other of [1, true, {}, ["x"]]) refused(await patch({ other }), 422, "validation_failed", { in: "body", field: "metadata.other", code: "wrong_type" });
    for (const whole of [true, "s", [1, 2]]) refused(await patch(whole), 422, "validation_failed", { in: "body", field: "metadata", code: "wrong_type" });
});

test("amounts_are_compared_within_one_currency", async () => {
    for (const query of ["valueAmount=5", "valueAmount[gte]=1", "valueAmount[in]=5,6", "valueAmount[lt]=9&currency[ne]=USD"]) refused(await api("GET", `/api/crm/leads?${query}`), 400, "bad_parameter", { in: "query", field: "currency", code: "required" });
    assert.equal((await api("GET", "/api/crm/leads?valueAmount[gte]=5&currency=EUR&limit=1")).status, 200);
    assert.equal((await api("GET", "/api/crm/leads?valueAmount[gte]=5&currency=USD")).data.length, 0);
    assert.equal((await api("GET", "/api/crm/leads?valueAmount[null]=true")).status, 200);
});

test("the_roles_of_a_user_are_read_where_they_are_set", async () => {
    const user = await makeUser(tenant, "staff"), path = `/api/rbac/users/${user.id}/roles`;
    const before = await api("GET", path);
    assert.deepEqual(before.data, { roles: ["staff"] });
    const both = { body: { roles: ["customer", "staff"] } };
    refused(await api("PUT", path, { ...both, headers: { "if-match": '"0"' } }), 412, "version_mismatch");
    assert.equal((await api("PUT", path, { ...both, headers: { "if-match": before.headers.etag } })).status, 200);
    assert.deepEqual((await api("GET", path)).data, both.body);
    assert.equal((await request("GET", path, { token: (await makeTenant()).token })).status, 404);
});
