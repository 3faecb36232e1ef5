import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { makeTenant, request } from "../lib/client.mjs";

let tenant, token;
before(async () => {
    tenant = await makeTenant();
    token = tenant.token;
});
const api = (method, path, options = {}) => request(method, `/api/crm/leads${path}`, { token, ...options });
const create = async (body) => (await api("POST", "", { body })).data;

test("a_lead_lives_from_creation_to_deletion", async () => {
    const made = await api("POST", "", { body: { name: " Nora ", email: "NORA@Example.com", valueAmount: 100 } });
    assert.equal(made.status, 201);
    assert.equal(made.headers.location, `/api/crm/leads/${made.data.id}`);
    assert.equal(made.data.email, "nora@example.com");
    assert.equal(made.data.name, "Nora");
    assert.equal(made.data.status, "new");
    const changed = await api("PATCH", `/${made.data.id}`, { body: { email: null, status: "lost" } });
    assert.equal(changed.data.email, null);
    assert.equal(changed.data.valueAmount, 100);
    const part = await api("PUT", `/${made.data.id}`, { body: { name: "Other" } });
    assert.deepEqual([part.status, part.error?.details.map((it) => [it.field, it.code])], [422, ["email", "phone", "company", "source", "status", "valueAmount", "currency", "ownerId"].map((it) => [it, "required"])], part.text);
    const replaced = await api("PUT", `/${made.data.id}`, { body: { ...changed.data, name: "Other", valueAmount: null } });
    assert.deepEqual([replaced.data.name, replaced.data.valueAmount, replaced.data.status, replaced.data.createdAt], ["Other", null, "lost", changed.data.createdAt], replaced.text);
    assert.equal((await api("DELETE", `/${made.data.id}`)).status, 204);
    assert.equal((await api("GET", `/${made.data.id}`)).status, 404);
});

test("etags_prevent_lost_updates", async () => {
    const lead = await create({ name: "E" });
    const got = await api("GET", `/${lead.id}`);
    assert.equal((await api("GET", `/${lead.id}`, { headers: { "if-none-match": got.headers.etag } })).status, 304);
    const first = await api("PATCH", `/${lead.id}`, { body: { company: "A" }, headers: { "if-match": got.headers.etag } });
    assert.equal(first.status, 200);
    const second = await api("PATCH", `/${lead.id}`, { body: { company: "B" }, headers: { "if-match": got.headers.etag } });
    assert.equal(second.status, 412);
    assert.equal((await api("DELETE", `/${lead.id}`, { headers: { "if-match": got.headers.etag } })).status, 412);
    assert.equal((await api("DELETE", `/${lead.id}`, { headers: { "if-match": first.headers.etag } })).status, 204);
});

test("the_same_idempotency_key_has_one_effect_and_one_answer", async () => {
    const key = randomUUID();
    const send = (name) => api("POST", "", { body: { name }, headers: { "idempotency-key": key } });
    const answers = await Promise.all(Array.from({ length: 16 }, () => send("Once")));
    assert.deepEqual([...new Set(answers.map((it) => it.status))], [201]);
    assert.equal(new Set(answers.map((it) => it.data.id)).size, 1);
    assert.equal((await send("Other")).error.code, "idempotency_key_reused");
    assert.equal((await api("GET", "?name=Once")).meta?.total ?? (await api("GET", "?name=Once")).json.meta.total, 1);
});

test("lists_page_sort_filter_and_follow_cursors", async () => {
    const own = await makeTenant();
    const at = (query) => request("GET", `/api/crm/leads${query}`, { token: own.token });
    for (let i = 0; i < 25; i++)
        await request("POST", "/api/crm/leads", { token: own.token, body: { name: `L${String(i).padStart(2, "0")}`, valueAmount: i % 5 ? i : undefined, status: i % 2 ? "new" : "lost" } });
    const page = await at("?page=2&limit=10&sort=name");
    assert.deepEqual(page.data.map((it) => it.name), Array.from({ length: 10 }, (_, i) => `L${i + 10}`));
    assert.deepEqual([page.json.meta.total, page.json.meta.totalPages], [25, 3]);
    for (const sort of ["name", "-name", "valueAmount", "-valueAmount", "createdAt", "-createdAt", "status"]) {
        const seen = [];
        let cursor = null;
        for (let i = 0; i < 10; i++) {
            const part = await at(`?limit=7&sort=${sort}${cursor ? `&after=${cursor}` : ""}`);
            assert.equal(part.status, 200, part.text);
            seen.push(...part.data.map((it) => it.id));
            cursor = part.json.meta.nextCursor;
            if (!cursor) break;
        }
        assert.equal(seen.length, 25, sort);
        assert.equal(new Set(seen).size, 25, sort);
    }
    assert.equal((await at("?status=lost")).json.meta.total, 13);
    assert.equal((await at("?status[in]=lost,new&currency=EUR&valueAmount[gte]=20")).json.meta.total, 4);
    assert.equal((await at("?valueAmount[null]=true")).json.meta.total, 5);
    assert.deepEqual(Object.keys((await at("?fields=name&limit=1")).data[0]), ["id", "name"]);
});

test("a_search_finds_what_has_each_of_its_words_whichever_the_language", async () => {
    const own = await makeTenant(), names = ["Li Wei", "Ali Weiss", "田中太郎", "中村花子 Li", "김민준", "ﾀﾅｶ商店", "Ann-Marie O'Neil", "50%_off"];
    for (const name of names) await request("POST", "/api/crm/leads", { token: own.token, body: { name, company: name === "Ali Weiss" ? "Zed & Li" : undefined } });
    const wanted = {
        li: ["Li Wei", "Ali Weiss", "中村花子 Li"], // two letters begin a word
        "wei li": ["Li Wei", "Ali Weiss"], w: ["Li Wei", "Ali Weiss"], lis: [], eis: ["Ali Weiss"], "ann neil": ["Ann-Marie O'Neil"],
        田: ["田中太郎"], 田中: ["田中太郎"], 中: ["田中太郎", "中村花子 Li"], 太郎: ["田中太郎"], 郎: ["田中太郎"], 中太郎: ["田中太郎"], 郎田: [], "花子 li": ["中村花子 Li"], li花: ["中村花子 Li"],
        민준: ["김민준"], タナ: ["ﾀﾅｶ商店"], タナカ商: ["ﾀﾅｶ商店"], "%": [], "50%": ["50%_off"], "0%_": ["50%_off"], "_": [], "  ": names,
    };
    for (const [query, expected] of Object.entries(wanted)) {
        const found = await request("GET", `/api/crm/leads?sort=createdAt&q=${encodeURIComponent(query)}`, { token: own.token });
        assert.deepEqual(found.data.map((it) => it.name), expected, query);
    }
    const wei = (await request("GET", "/api/crm/leads?q=wei%20li&limit=1", { token: own.token })).data[0];
    await request("PATCH", `/api/crm/leads/${wei.id}`, { token: own.token, body: { name: "山田" } });
    assert.deepEqual((await request("GET", "/api/crm/leads?q=%E5%B1%B1%E7%94%B0", { token: own.token })).data.map((it) => it.id), [wei.id]);
});

test("csv_out_is_safe_for_spreadsheets", async () => {
    await create({ name: "=1+1", company: 'Quote " and, comma' });
    const csv = await api("GET", "/export?sort=name");
    assert.match(csv.headers["content-type"], /text\/csv/);
    assert.ok(csv.text.includes(`"'=1+1"`));
    assert.ok(csv.text.includes('"Quote "" and, comma"'));
});

test("every_change_is_an_event_with_before_and_after", async () => {
    const lead = await create({ name: "Audited" });
    await api("PATCH", `/${lead.id}`, { body: { status: "contacted" } });
    await api("DELETE", `/${lead.id}`);
    const log = await request("GET", `/api/audit/logs?resourceId=${lead.id}&sort=createdAt`, { token });
    assert.deepEqual(log.data.map((it) => it.type), ["lead.created", "lead.updated", "lead.deleted"]);
    const one = await request("GET", `/api/audit/logs/${log.data[1].id}`, { token });
    assert.deepEqual(one.data.data, { before: { id: lead.id, status: "new" }, after: { id: lead.id, status: "contacted" } });
    assert.equal(one.data.actor.name, "Owner");
});

test("methods_that_an_address_lacks_answer_405_with_allow", async () => {
    const answer = await api("PUT", "", { body: {} });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, "GET, HEAD, POST");
    assert.equal((await api("HEAD", "")).status, 200);
    assert.equal((await api("OPTIONS", "")).status, 204);
});
