// One client does not spoil the day of others: what one may ask has bounds.
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { base, makeTenant, makeUser, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { listen, socket } from "../lib/stream.mjs";

const fill = (tenant, count) => sql(`insert into everyone.leads (tenant_id, name, source, status, currency)
    select '${tenant.id}', 'ddd ' || n, 'other', case when n % 2 = 0 then 'new' else 'lost' end, 'EUR' from generate_series(1, ${count}) n`);

test("counts_and_searches_end_at_a_bound_and_say_so", async () => {
    const tenant = await makeTenant();
    const list = async (query) => (await request("GET", `/api/crm/leads${query}`, { token: tenant.token })).json;
    fill(tenant, 10050);
    for (const query of ["?limit=10", "?limit=10&q=ddd", "?limit=10&q=d", "?limit=10&sort=name"]) {
        const { meta, data } = await list(query);
        assert.equal(data.length, 10, query);
        assert.equal(meta.total, 10000, query);
        assert.equal(meta.totalPages, 1000, query);
        assert.equal(meta.totalIsAtLeast, true, query);
        assert.ok(meta.nextCursor, query);
    }
    const half = await list("?limit=10&status=new");
    assert.deepEqual([half.meta.total, half.meta.totalIsAtLeast], [5025, undefined]);
    // What lies behind the bound can be reached.
    assert.equal((await list("?limit=100&page=101")).data.length, 50);
    const found = await list("?limit=100&q=ddd%2010050");
    assert.deepEqual([found.data.length, found.meta.total], [1, 1]);
    const exported = await request("GET", "/api/crm/leads/export", { token: tenant.token });
    assert.equal(exported.text.trim().split("\r\n").length, 10051);
});

test("what_one_may_not_see_takes_no_place_among_what_a_search_finds", async () => {
    const tenant = await makeTenant({ planLevel: 3 });
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "owns", name: "Owns", rank: 10, permissions: ["crm.leads:*@own"] } });
    assert.equal(role.status, 201, role.text);
    const me = await makeUser(tenant, "owns");
    const made = await request("POST", "/api/crm/leads", { token: me.access_token, body: { name: "ddd of mine" } });
    fill(tenant, 10050); // newer, of nobody
    for (const query of ["q=ddd", "q=dd", "q=ddd&status=new", "q=ddd&sort=name", "q=ddd&limit=1"]) {
        const { data, json: { meta } } = await request("GET", `/api/crm/leads?${query}`, { token: me.access_token });
        assert.deepEqual([data.map((it) => it.id), meta.total], [[made.data.id], 1], query);
    }
});

test("a_small_tenant_counts_exactly_whatever_another_has", async () => {
    const tenant = await makeTenant();
    fill(tenant, 1001);
    for (const query of ["", "?status=new", "?q=ddd"]) {
        const { meta } = (await request("GET", `/api/crm/leads${query}`, { token: tenant.token })).json;
        assert.deepEqual([meta.total, meta.totalIsAtLeast], [query === "?status=new" ? 500 : 1001, undefined]);
    }
});

test("one_tenants_event_that_cannot_be_sealed_stops_nobody_elses", async () => {
    const bad = await makeTenant(), good = await makeTenant();
    sql(`insert into everyone.events (tenant_id, actor_kind, action, at) values ('${bad.id}', 'user', 'x', 'infinity')`);
    await request("POST", "/api/crm/leads", { token: good.token, body: { name: "Sealed" } });
    for (;;) {
        const open = sql(`select count(*) from house.events_open where tenant_id = '${good.id}'`);
        if (open === "0") break;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const verified = await request("GET", "/api/audit/verify", { token: good.token });
    assert.equal(verified.status, 200, verified.text);
    assert.equal(verified.data.intact ?? verified.data.ok ?? !verified.data.brokenSeq, true, verified.text);
    assert.match(sql(`select message from house.seal_failures where tenant_id = '${bad.id}'`), /infinity/);
    // As the application's role nobody makes such an event.
    for (const columns of ["seq", "prev_hash", "hash", "at"])
        assert.throws(() => sql(`set role tulou_tenant; select set_config('app.tenant_id', '${bad.id}', false);
            insert into shared.events (tenant_id, actor_kind, action, ${columns}) values ('${bad.id}', 'user', 'x', null)`), /permission denied/);
});

test("a_tenant_has_two_exports_at_once_and_others_theirs", async () => {
    const greedy = await makeTenant(), other = await makeTenant();
    fill(greedy, 8000);
    const ask = (tenant) => request("GET", "/api/crm/leads/export", { token: tenant.token });
    const asked = Array.from({ length: 8 }, () => ask(greedy));
    assert.equal((await ask(other)).status, 200);
    const answers = await Promise.all(asked);
    const refused = answers.filter((it) => it.status !== 200);
    assert.ok(refused.length > 0 && refused.length <= 6, answers.map((it) => it.status).join());
    for (const it of refused) assert.deepEqual([it.status, it.error.code, it.headers["retry-after"]], [429, "too_many_exports", "5"], it.text);
    for (const it of answers.filter((one) => one.status === 200)) assert.equal(it.text.trim().split("\r\n").length, 8001);
    assert.equal((await ask(greedy)).status, 200);
    assert.equal((await request("GET", "/api/audit/logs/export?format=jsonl", { token: greedy.token })).status, 200);
});

test("a_user_has_twenty_streams_of_either_kind_and_no_more", async () => {
    const tenant = await makeTenant(), user = await makeUser(tenant, "staff");
    const open = [];
    // Of many that come at once, twenty stay.
    const streams = await Promise.all(Array.from({ length: 25 }, () => listen({ tenant: tenant.slug, token: user.access_token })));
    for (const it of streams) (it.status === 200 ? open : []).push(it);
    assert.equal(open.length, 20);
    const refused = streams.find((it) => it.status !== 200);
    assert.equal(refused.status, 429);
    assert.match(refused.text(), /too_many_streams/);
    const late = await socket({ tenant: tenant.slug, token: user.access_token });
    assert.equal(await late.ended, 4429);
    // Another user of the same tenant has his own, and one that is closed makes room.
    const other = await listen({ tenant: tenant.slug, token: tenant.token });
    assert.equal(other.status, 200);
    await open.pop().stop();
    let again;
    do again = await listen({ tenant: tenant.slug, token: user.access_token });
    while (again.status === 429);
    assert.equal(again.status, 200);
    await Promise.all([...open, other, again].map((it) => it.stop()));
});

test("a_body_larger_than_its_address_takes_is_not_read", async () => {
    const tenant = await makeTenant(), other = await makeTenant();
    const put = (size, who = tenant) => request("PUT", `/api/tenants/${tenant.id}/settings`, { token: who?.token, tenant: tenant.slug, body: { settings: { b1: { x: "A".repeat(size) } } } });
    const large = await put(70000);
    assert.deepEqual([large.status, large.error.code, large.error.message], [413, "body_too_large", "The body is larger than 65536 bytes."], large.text);
    assert.equal((await put(50000)).status, 422);
    assert.equal((await put(900000, null)).status, 401);
    assert.equal((await put(900000, other)).error.code, "tenant_mismatch");
    const lead = (size) => request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x".repeat(size) } });
    assert.deepEqual([(await lead(120000)).status, (await lead(140000)).error.code], [422, "body_too_large"]);
    // Without a length nothing tells it before it is there.
    const pieces = await new Promise((resolve, reject) => {
        const call = http.request({ host: "127.0.0.1", port, method: "POST", path: "/api/crm/leads", headers: { host: `${tenant.slug}.${base}:${port}`, authorization: `Bearer ${tenant.token}`, "content-type": "application/json" } }, (answer) => {
            let text = "";
            answer.on("data", (it) => (text += it)).on("end", () => resolve([answer.statusCode, JSON.parse(text).error.code]));
        }).on("error", reject);
        for (let i = 0; i < 10; i++) call.write("x".repeat(20000));
        call.end();
    });
    assert.deepEqual(pieces, [413, "body_too_large"]);
});
