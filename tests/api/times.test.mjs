// Times: the bounds of lists by API, the days of pages, the clocks by which people type them, and
// the index that answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeTenant, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { connect } from "../lib/worker.mjs";

let tenant, db;
const logs = async (query) => (await request("GET", `/api/audit/logs?${new URLSearchParams({ limit: "100", ...query })}`, { token: tenant.token })).data;
const times = (events) => events.map((it) => it.createdAt);

before(async () => {
    tenant = await makeTenant({ timeZone: "Europe/Madrid" });
    for (const name of ["First", "Second", "Third"]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name } });
    db = await connect(process.env.TEST_VAR);
    // Of other days, as a year of business leaves them; ids say the time too.
    for (const at of ["2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"])
        await db.query("insert into everyone.events (tenant_id, id, at, actor_kind, action, resource_type) values ($1, (left(house.uuid7_at($2)::text, 24) || right(gen_random_uuid()::text, 12))::uuid, $2, 'system', 'test.aged', 'test')", [tenant.id, at]);
});

after(() => db.end());

test("bounds_of_time_take_exactly_what_lies_between", async () => {
    const made = await logs({ type: "lead.created" });
    assert.equal(made.length, 3);
    const [third, second, first] = times(made);
    assert.deepEqual(times(await logs({ type: "lead.created", "createdAt[gte]": second })), [third, second]);
    assert.deepEqual(times(await logs({ type: "lead.created", "createdAt[gt]": second })), [third]);
    assert.deepEqual(times(await logs({ type: "lead.created", "createdAt[lte]": second })), [second, first]);
    assert.deepEqual(times(await logs({ type: "lead.created", "createdAt[lt]": second })), [first]);
    assert.deepEqual(times(await logs({ createdAt: second })), [second]);
    assert.equal((await logs({ "createdAt[gte]": "0001-01-01T00:00:00Z", "createdAt[lte]": "9999-12-31T23:59:59Z", type: "test.aged" })).length, 4, "far bounds take all");
    assert.deepEqual(await logs({ "createdAt[lt]": "1969-12-31T00:00:00Z" }), []);
    const bad = await request("GET", "/api/audit/logs?createdAt[gte]=yesterday", { token: tenant.token });
    assert.deepEqual([bad.status, bad.error.code], [400, "bad_parameter"]);
});

// 29 March 2026 has 23 hours in Madrid.
test("days_chosen_on_the_page_are_those_of_the_tenants_zone_and_meant_whole", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const page = async (query) => (await request("GET", `/admin/audit?${query}`, { tenant: tenant.slug, headers: { cookie } })).text;
    const shown = await page("createdAt[min]=2026-03-29&createdAt[max]=2026-03-29");
    assert.equal(shown.match(/was aged/g).length, 2);
    assert.match(shown, /29 Mar 2026, 00:00/);
    assert.match(shown, /29 Mar 2026, 23:59/);
    assert.match(shown, /type="date" name="createdAt\[min\]" value="2026-03-29"/);
    assert.match(shown, /type="date" name="createdAt\[max\]" value="2026-03-29"/);
    assert.match(shown, /export\.csv\?createdAt%5Bgte%5D=2026-03-28T23%3A00%3A00Z&amp;createdAt%5Blt%5D=2026-03-29T22%3A00%3A00Z/, "the export is of the same days");
    assert.equal((await page("createdAt[min]=&createdAt[max]=2026-03-28")).match(/was aged/g).length, 1);
    assert.match(await page("createdAt[min]=2026-02-30"), /was aged|added the lead/, "what is no day asks for nothing");
});

test("the_index_of_the_ids_answers_for_times", async () => {
    await db.query("begin");
    await db.query("set local role tulou_tenant");
    await db.query("set local search_path to shared");
    await db.query("set local enable_seqscan = off"); // the table is small here
    await db.query("select set_config('app.tenant_id', $1, true)", [tenant.id]);
    const plan = (await db.query("explain select id from events where (at) >= timestamptz '2026-03-29Z' and id >= house.uuid7_at(timestamptz '2026-03-29Z' - interval '1 minute') order by id desc limit 20")).rows.map((it) => it["QUERY PLAN"]).join("\n");
    await db.query("rollback");
    assert.match(plan, /Index Scan Backward using .*\n.*Index Cond: .*id >= /, plan);
});

test("times_are_typed_by_the_clocks_that_pages_show", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const form = await request("GET", "/admin/api-keys/new", { tenant: tenant.slug, headers: { cookie } });
    assert.match(form.text, /name="expiresAt"[\s\S]{0,400}Europe\/Madrid/);
    const send = (expiresAt) => request("POST", "/admin/api-keys", { tenant: tenant.slug, headers: { cookie, "content-type": "application/x-www-form-urlencoded", origin: `http://${tenant.slug}.localhost:${port}` },
        raw: new URLSearchParams({ _csrf: form.text.match(/name="_csrf" value="([^"]+)"/)[1], name: "Summer", permissions: "crm.leads:read", expiresAt }).toString() });
    const wrong = await send("2099-07-01T25:00");
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /value="2099-07-01T25:00"/, "what was typed is kept");
    assert.equal((await send("2099-07-01T12:00")).status, 200);
    const [key] = (await request("GET", "/api/security/api-keys", { token: tenant.token })).data;
    assert.equal(key.expiresAt, "2099-07-01T10:00:00Z");
    assert.match((await request("GET", `/admin/api-keys/${key.id}`, { tenant: tenant.slug, headers: { cookie } })).text, /1 Jul 2099, 12:00/);
});

test("a_form_saved_as_it_came_keeps_the_seconds", async () => {
    const trialEndsAt = "2099-07-01T10:00:15Z", token = await operator(), email = "seconds@platform.test";
    await request("PATCH", `/api/tenants/${tenant.id}`, { token, body: { trialEndsAt } });
    await request("POST", "/api/admin-users", { token, body: { email, name: "Operator", kind: "operator", roles: ["superadmin"], password } });
    const cookie = await pageCookie(email, password);
    const form = await request("GET", `/platform/tenants/${tenant.id}/edit`, { headers: { cookie } });
    const [, typed] = form.text.match(/name="trialEndsAt" type="datetime-local" value="([^"]*)" step="1"/) ?? [];
    const saved = await request("POST", `/platform/tenants/${tenant.id}`, { headers: { cookie, "content-type": "application/x-www-form-urlencoded", origin: `http://localhost:${port}` },
        raw: new URLSearchParams({ _csrf: form.text.match(/name="_csrf" value="([^"]+)"/)[1], name: "Renamed", trialEndsAt: typed }).toString() });
    assert.equal(saved.status, 303, saved.text);
    const { data } = await request("GET", `/api/tenants/${tenant.id}`, { token });
    assert.deepEqual([data.name, data.trialEndsAt], ["Renamed", trialEndsAt]);
});
