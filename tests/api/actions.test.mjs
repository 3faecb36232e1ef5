// Every action of every resource, from every state that its records may have, by API, by page and
// with many at once. Resources and actions come from the areas' own tables: a new one is tried
// without anyone naming it here, as long as a record of it can be made.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, login, makeTenant, makeUser, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { areas, bodyOf, exampleOf, resourceNamed } from "../lib/routes.mjs";
import { connect, until } from "../lib/worker.mjs";

const resources = areas.flatMap((area) => area.resources).filter((it) => it.api);
const acting = resources.filter((it) => it.actions);
const bulks = areas.flatMap((area) => area.routes).filter((it) => it.path.startsWith("/api/") && it.path.endsWith("/bulk"));
const world = {};
let db;

before(async () => {
    db = await connect(folder);
    await db.query("set search_path to everyone, public");
    world.operator = await operator();
    [world.a, world.b] = [await makeTenant({ planLevel: 3 }), await makeTenant()];
    world.customer = await makeUser(world.a, "customer", { kind: "customer" });
    const email = `walker-${randomUUID().slice(0, 8)}@platform.test`;
    await request("POST", "/api/admin-users", { token: world.operator, body: { email, name: "Walker", kind: "operator", roles: ["superadmin"], password } });
    world.platformCookie = await pageCookie(email, password);
    world.a.cookie = await pageCookie(`owner@${world.a.slug}.test`, password, { tenant: world.a.slug });
});
after(() => db.end());

// What nobody makes by an address of its own.
const makers = {
    "deleted-tenants": async () => {
        const { id, slug } = await makeTenant();
        await request("DELETE", `/api/tenants/${id}?confirm=${slug}`, { token: world.operator });
        return id;
    },
    notifications: async () => (await db.query(`insert into everyone.notifications (tenant_id, user_id, type, title)
        values ($1, $2, 'tests.walked', 'Walked') returning id`, [world.a.id, world.a.owner.user.id])).rows[0].id,
    "bulk-runs": async () => (await db.query(`insert into everyone.bulk_runs (tenant_id, user_id, actor_id, resource, action, input, actor, status, undoable, total, handled, done)
        values ($1, $2, $2, 'crm.leads', 'update', '{"name": "Walked"}', '{}', 'done', true, 1, 1, 1) returning id`, [world.a.id, world.a.owner.user.id])).rows[0].id,
    jobs: async () => (await db.query(`insert into everyone.jobs (tenant_id, kind, queue, state, attempts, error, failed_at, run_at)
        values ($1, 'tests.walked', 'walked', 'dead', 3, 'It failed.', now(), now() + interval '1 day') returning id`, [world.a.id])).rows[0].id,
};

// What is each one's own is there for nobody else; of the rest it depends on rights.
const barred = (resource) => (resource.personal ? 404 : 403);
const ofPlatform = (resource) => resource.scope === "platform" || resource.permission?.startsWith("platform.");
const tokenFor = (resource) => (ofPlatform(resource) ? world.operator : world.a.token);

async function make(resource) {
    if (makers[resource.name]) return makers[resource.name]();
    const route = areas.flatMap((area) => area.routes).find((it) => it.method === "POST" && it.path === resource.api);
    assert.ok(route, `${resource.name}: say in "makers" how one is made`);
    const body = bodyOf(route.body), token = tokenFor(resource);
    for (const field of route.body.filter((it) => it.required && resourceNamed(it.refers))) body[field.name] = await make(resourceNamed(field.refers));
    const post = () => request("POST", resource.api, { token, body });
    let made = await post();
    const taken = made.error?.details?.find((it) => it.code.endsWith("_taken"))?.field;
    if (taken) { // by the example of before
        body[taken] += ` ${randomUUID()}`;
        made = await post();
    }
    assert.equal(made.status, 201, `${resource.name}: ${made.text}`);
    return made.data.id;
}

const tableOf = (resource) => `${resource.noTenant ? "public" : "everyone"}.${resource.table}`;

// The stored choices that conditions go by: each value is a state.
function states(resource, action) {
    const fields = resource.fields.filter((it) => it.type === "choice" && action.when?.includes(it.column));
    return fields.length ? fields.flatMap((it) => it.choices.map((value) => ({ column: it.column, value }))) : [undefined];
}

// Whether the database lets a record be in that state at all.
const enter = (resource, id, state) => (state
    ? db.query(`update ${tableOf(resource)} set ${state.column} = $2 where id = $1`, [id, state.value]).then(() => true, () => false) : true);

async function isPossible(resource, id, action) {
    const { rows } = await db.query(`select (${action.when ?? "true"}) as possible from ${tableOf(resource)} where id = $1 and (${resource.where ?? "true"})`, [id]);
    return rows[0]?.possible === true;
}

// What it must be told; of what it refers to the first that there is.
async function bodyFor(action) {
    const body = bodyOf(action?.takes);
    for (const field of (action?.takes ?? []).filter((it) => it.required && it.refers))
        body[field.name] = (await request("GET", `${resourceNamed(field.refers).api}?limit=1`, { token: world.a.token })).data[0].id;
    return body;
}
const send = async (resource, id, action, options) => request("POST", `${action.api}/${id}/${action.name}`, { body: await bodyFor(action), ...options });

async function page(resource, id) {
    const platform = ofPlatform(resource);
    return request("GET", `${resource.page}/${id}`, { tenant: platform ? undefined : world.a.slug, headers: { cookie: platform ? world.platformCookie : world.a.cookie } });
}

// Of no record, or of one.
const ofRecord = (action) => !action.onList && action.api;
const actionsOf = (resource, chosen = ofRecord) => resource.actions.filter(chosen);
const givenNames = (action) => (action.gives ?? []).map((it) => it.name);

async function tryFrom(resource, action, state) {
    const title = `${resource.name}: ${action.name} from ${state?.value ?? "its only state"}`;
    const id = await make(resource);
    if (!(await enter(resource, id, state))) return;
    const possible = await isPossible(resource, id, action);
    if (action.onPage) {
        const shown = await page(resource, id);
        if (shown.status === 200) assert.equal(shown.text.includes(`${resource.page}/${id}/${action.name}"`), possible, `${title}: its button`);
    }
    const stale = await send(resource, id, action, { token: tokenFor(resource), headers: { "if-match": '"1"' } });
    assert.equal(stale.status, 412, `${title} of an old version: ${stale.text}`);
    const answer = await send(resource, id, action, { token: tokenFor(resource) });
    if (!possible) {
        assert.deepEqual([answer.status, answer.error?.code], [409, action.refused ?? "action_not_possible"], title);
        return;
    }
    assert.ok(answer.status < 300 || (answer.status === 409 && answer.error.code !== action.refused), `${title}: ${answer.text}`);
    if (answer.status !== 200) return;
    const now = await request("GET", `${action.api}/${id}`, { token: tokenFor(resource) });
    assert.equal(answer.data.id, id, title);
    assert.ok(answer.headers.etag, `${title}: it has a version`);
    if (now.status === 200) assert.deepEqual(Object.keys(answer.data), [...Object.keys(now.data), ...givenNames(action)], `${title}: the whole record, and what it gives`);
    if (!action.outside) for (const { name, nullable } of action.gives ?? []) assert.ok((nullable && answer.data[name] === null) || (answer.data[name] !== null && !now.text.includes(answer.data[name])), `${title}: ${name} is given this once`);
}

test("every_action_is_done_from_the_states_that_it_names_and_refused_from_all_others", async () => {
    assert.ok(acting.length > 0);
    for (const resource of acting)
        for (const action of actionsOf(resource)) for (const state of states(resource, action)) await tryFrom(resource, action, state);
});

test("no_action_is_done_without_its_permission_with_a_wrong_id_or_to_another_tenants_record", async () => {
    for (const resource of acting)
        for (const action of actionsOf(resource)) {
            const title = `${resource.name}: ${action.name}`, id = await make(resource);
            assert.equal((await send(resource, id, action, { token: world.customer.access_token })).status, barred(resource), title);
            const foreign = await send(resource, id, action, { token: world.b.token });
            assert.equal(foreign.status, ofPlatform(resource) ? 403 : 404, `${title}: ${foreign.text}`);
            for (const wrong of [randomUUID(), "nothing"])
                assert.equal((await send(resource, wrong, action, { token: tokenFor(resource) })).status, 404, `${title} of ${wrong}`);
        }
});

test("what_is_done_with_the_list_is_for_those_who_may_and_gives_what_it_says", async () => {
    for (const resource of acting)
        for (const action of actionsOf(resource, (it) => it.onList)) {
            const title = `${resource.name}: ${action.name}`, send = (token) => request("POST", `${resource.api}/${action.name}`, { token, body: bodyOf(action.takes) });
            if (action.needs) assert.equal((await send(world.customer.access_token)).status, 403, title);
            assert.equal((await send(undefined)).status, 401, title);
            const answer = await send(tokenFor(resource));
            assert.equal(answer.status, action.gives ? 200 : 204, `${title}: ${answer.text}`);
            if (action.gives) assert.deepEqual(Object.keys(answer.data), givenNames(action), title);
        }
});

// What is only tried: the row is as it was, no event tells of it and nothing is sent. Jobs of before
// end meanwhile.
const jobIds = async () => (await db.query("select id from everyone.jobs")).rows.map((it) => it.id);
const snapshot = async (resource, id, jobs) => JSON.stringify([
    (await db.query(`select to_jsonb(t) as row from ${tableOf(resource)} t where id = $1`, [id])).rows,
    (await db.query("select count(*) from everyone.events where resource_id = $1::text", [id])).rows,
    (await jobIds()).filter((it) => !jobs.includes(it))]);

// Until it is let go no schedule adds a job, and what earlier ones added has been done.
async function holdSchedules() {
    const holder = await connect(folder);
    await holder.query("begin");
    await holder.query("lock table public.job_schedules in share mode");
    await until(async () => (await db.query("select from everyone.jobs where state in ('ready', 'running') and queue <> 'walked'")).rowCount, (it) => it === 0);
    return () => holder.end();
}

test("what_is_only_tried_changes_nothing_and_says_what_would_be", async (t) => {
    t.after(await holdSchedules());
    let tried = 0;
    for (const resource of acting)
        for (const action of actionsOf(resource, (it) => it.sends && !it.onList)) {
            const title = `${resource.name}: ${action.name}`, id = await make(resource);
            const possible = await isPossible(resource, id, action), jobs = await jobIds(), before = await snapshot(resource, id, jobs);
            const answer = await send(resource, id, action, { token: tokenFor(resource), body: { ...(await bodyFor(action)), dryRun: true } });
            assert.equal(await snapshot(resource, id, jobs), before, title);
            assert.equal(answer.status, possible ? 200 : 409, `${title}: ${answer.text}`);
            tried++;
        }
    assert.ok(tried > 0);
    for (const route of bulks) {
        const resource = resourceOf(route);
        for (const verb of route.body.find((it) => it.name === "action").choices) {
            const title = `${route.path} ${verb}`, action = resource.actions?.find((it) => it.name === verb);
            const id = await make(resource).catch(() => undefined);
            if (!id) continue;
            const jobs = await jobIds(), before = await snapshot(resource, id, jobs), body = { ids: [id], action: verb, ...(await takenBy(resource, verb)) };
            const dry = await bulk(route, { ...body, dryRun: true }, tokenFor(resource));
            if (action?.outside) assert.deepEqual([dry.status, dry.error?.details[0].field], [422, "dryRun"], title);
            else assert.equal(dry.status, 200, `${title}: ${dry.text}`);
            assert.equal(await snapshot(resource, id, jobs), before, title);
            if (action?.outside) continue;
            const real = await bulk(route, body, tokenFor(resource));
            assert.deepEqual({ ...dry.data, runId: real.data.runId }, real.data, `${title}: it says what is done then`);
            assert.deepEqual([dry.data.runId, real.data.runId === null], [null, action !== undefined], `${title}: what can be undone is kept`);
            await signInAgain();
        }
    }
});

test("bulk_does_it_with_what_the_lists_filter_finds_in_ones_own_tenant", async () => {
    const mark = randomUUID(), leads = "/api/crm/leads", token = world.a.token;
    const made = [];
    for (const [i, tenant] of [world.a, world.a, world.a, world.b].entries())
        made.push((await request("POST", leads, { token: tenant.token, body: { name: `${mark} ${i}`, valueAmount: i * 100 } })).data.id);
    const send = (filter, more) => request("POST", `${leads}/bulk`, { token, body: { action: "delete", filter, ...more } });
    const tried = await send({ q: mark, currency: "EUR", "valueAmount[gte]": 100 }, { dryRun: true });
    assert.deepEqual(tried.data?.results.map((it) => [it.id, it.status]).sort(), [made[1], made[2]].map((id) => [id, 204]).sort(), tried.text);
    const done = await send({ q: mark, currency: "EUR", "valueAmount[gte]": 100 });
    assert.deepEqual([done.data.done, done.data.failed], [2, 0], done.text);
    assert.equal((await send({ q: mark, status: "new", "status[in]": ["new", "lost"] })).data.results[0].id, made[0]);
    assert.equal((await request("GET", `${leads}/${made[3]}`, { token: world.b.token })).status, 200, "another tenant's stays");
    const refused = async (answer, field, code) => assert.deepEqual([(await answer).status, (await answer).error?.details?.[0].field, (await answer).error?.details?.[0].code], [422, field, code], (await answer).text);
    await refused(send({}), "filter", "invalid");
    await refused(send("all"), "filter", "invalid");
    await refused(send({ sort: "name" }), "filter.sort", "unknown_field");
    await refused(send({ nothing: "x" }), "filter.nothing", "unknown_parameter");
    await refused(send({ currency: "EUR", "valueAmount[gte]": "much" }), "filter.valueAmount[gte]", "not_a_number");
    await refused(send({ status: null }), "filter.status", "invalid");
    await refused(send({ q: mark }, { ids: [made[3]] }), "filter", "not_with_ids");
    await refused(request("POST", `${leads}/bulk`, { token, body: { action: "delete" } }), "ids", "required");
    assert.deepEqual((await send({ q: randomUUID() })).data, { results: [], done: 0, failed: 0, runId: null });
    await db.query(`insert into everyone.leads (tenant_id, name) select $1, $2 || n from generate_series(1, 101) n`, [world.a.id, mark]);
    assert.equal((await send({ q: mark }, { dryRun: true })).error?.details[0].code, "too_many", "only so many are tried");
    assert.equal((await send({ q: mark })).status, 202);
});

// A change of rights makes tokens stale.
async function signInAgain() {
    world.a.token = (await login(`owner@${world.a.slug}.test`, password, { tenant: world.a.slug })).access_token;
    world.customer.access_token = (await login(world.customer.email, password, { tenant: world.a.slug })).access_token;
}
// What an action takes with many; new values for a field that may be set.
async function takenBy(resource, verb) {
    if (verb !== "update") return bodyFor(resource.actions?.find((it) => it.name === verb));
    const field = resource.fields.find((it) => ["text", "decimal"].includes(it.type) && it.example && !it.readOnly && !it.createOnly && !it.refers);
    return { set: { [field.name]: exampleOf(field) } };
}
const bulk = (route, body, token) => request("POST", route.path, { token, body });
const resourceOf = (route) => resources.find((it) => `${it.api}/bulk` === route.path);

test("bulk_says_of_each_record_what_became_of_it_and_does_nothing_to_anothers", async () => {
    assert.ok(bulks.length > 1);
    for (const route of bulks) {
        const resource = resourceOf(route);
        for (const verb of route.body.find((it) => it.name === "action").choices) {
            const title = `${route.path} ${verb}`, action = resource.actions?.find((it) => it.name === verb);
            const mine = await make(resource).catch(() => undefined);
            if (!mine) continue; // made by no address of its own, and by no action
            const ids = [mine, randomUUID(), mine.toUpperCase()], body = { ids, action: verb, ...(await takenBy(resource, verb)) };
            const barredAll = await bulk(route, body, world.customer.access_token);
            if (resource.personal) assert.ok(barredAll.data.results.every((it) => it.status === 404), title);
            else assert.equal(barredAll.status, 403, title);
            const foreign = await bulk(route, body, world.b.token);
            if (ofPlatform(resource)) assert.equal(foreign.status, 403, title);
            else assert.deepEqual(foreign.data.results.map((it) => [it.status, it.code]), ids.slice(0, 2).map(() => [404, "not_found"]), `${title}: ${foreign.text}`);
            const answer = await bulk(route, body, tokenFor(resource));
            assert.equal(answer.status, 200, `${title}: ${answer.text}`);
            const { results, done, failed } = answer.data;
            assert.deepEqual(results.map((it) => it.id), ids.slice(0, 2), `${title}: each once`);
            assert.deepEqual([results[1].status, results[1].code], [404, "not_found"], title);
            assert.equal(done + failed, 2, title);
            await signInAgain();
            assert.ok(results[0].status < 300 || results[0].status === 409 || results[0].status === 403, `${title}: ${answer.text}`);
        }
        const unknown = await bulk(route, { ids: [randomUUID()], action: "explode" }, tokenFor(resource));
        assert.deepEqual([unknown.status, unknown.error.details?.[0].field], [422, "action"], `${route.path}: ${unknown.text}`);
        for (const ids of [[], Array.from({ length: 1001 }, () => randomUUID())])
            assert.equal((await bulk(route, { ids, action: route.body.find((it) => it.name === "action").choices[0] }, tokenFor(resource))).status, 422, route.path);
    }
});

test("bulk_keeps_an_idempotency_key", async () => {
    const made = await request("POST", "/api/crm/leads", { token: world.a.token, body: { name: "Nora Blum" } });
    const send = () => request("POST", "/api/crm/leads/bulk", { token: world.a.token, headers: { "idempotency-key": "bulk-once" }, body: { ids: [made.data.id], action: "delete" } });
    const [first, again] = [await send(), await send()];
    assert.deepEqual([first.data, again.data], [{ results: [{ id: made.data.id, status: 204, code: null, message: null }], done: 1, failed: 0, runId: first.data.runId }, first.data]);
    assert.equal(again.headers["idempotency-replayed"], "true");
});

test("by_page_many_are_done_after_asking_and_what_cannot_be_is_said", async () => {
    const ids = [await makers.jobs(), await makers.jobs()];
    await db.query("update everyone.jobs set state = 'scheduled' where id = $1", [ids[1]]);
    const headers = { cookie: world.platformCookie, origin: `http://localhost:${port}`, "content-type": "application/x-www-form-urlencoded" };
    const csrf = (await request("GET", "/platform/jobs", { headers })).text.match(/name="_csrf" value="([^"]*)"/)[1];
    const post = (fields) => request("POST", "/platform/jobs/bulk-retry", { headers, raw: new URLSearchParams([["_csrf", csrf], ...ids.map((id) => ["id", id]), ...fields]).toString() });
    const asked = await post([]);
    assert.equal(asked.status, 200, asked.text);
    assert.match(asked.text, /<h1>Retry: 2 jobs<\/h1>/);
    const done = await post([["_confirmed", "yes"]]);
    assert.equal(done.status, 303, done.text);
    const shown = await request("GET", done.headers.location, { headers: { cookie: [headers.cookie, ...done.headers["set-cookie"].map((it) => it.split(";")[0])].join("; ") } });
    assert.match(shown.text, /Retry: 1 queue job\. Not done with 1: It has not failed for good: nothing to retry\./);
    assert.deepEqual((await db.query("select state from everyone.jobs where id = any($1) order by id", [ids])).rows.map((it) => it.state).sort(), ["ready", "scheduled"].sort());
});

test("by_page_all_that_a_list_finds_are_bound_when_they_are_asked_for", async () => {
    const mark = randomUUID(), tenant = world.a.slug;
    await db.query("insert into everyone.leads (tenant_id, name) select $1, $2 || ' ' || n from generate_series(1, 12) n", [world.a.id, mark]);
    const headers = { cookie: world.a.cookie, origin: `http://${tenant}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" };
    const list = await request("GET", `/admin/crm/leads?q=${mark}&limit=10`, { tenant, headers });
    assert.match(list.text, /name="all" value="yes"> <span>All 12 that match</);
    const _csrf = list.text.match(/name="_csrf" value="([^"]*)"/)[1];
    const post = (fields) => request("POST", "/admin/crm/leads/bulk-delete", { tenant, headers, raw: new URLSearchParams([["_csrf", _csrf], ["next", `/admin/crm/leads?q=${mark}&limit=10`], ...fields]).toString() });
    const asked = await post([["all", "yes"]]);
    const ids = [...asked.text.matchAll(/name="id" value="([^"]*)"/g)].map((it) => it[1]);
    assert.deepEqual([asked.status, ids.length], [200, 12], asked.text.slice(0, 300));
    await db.query("insert into everyone.leads (tenant_id, name) values ($1, $2)", [world.a.id, `${mark} later`]);
    assert.equal((await post([["confirm", "yes"], ...ids.map((id) => ["id", id])])).status, 303);
    const left = await request("GET", `/api/crm/leads?q=${mark}`, { token: world.a.token });
    assert.deepEqual(left.data.map((it) => it.name), [`${mark} later`], "what came after the question stays");
});

// ---- states: choices whose field says which may follow which ----

const living = resources.flatMap((resource) => resource.fields.filter((it) => it.transitions).map((field) => ({ resource, field })));
const steps = (field) => field.transitions.flatMap((it) => it.to.split(" ").map((to) => ({ ...it, to })));
const expected = (field, from, to) => from === to || (!from && to === field.initial) || steps(field).some((it) => it.from === from && it.to === to);

async function move(resource, field, id, to, options = {}) {
    return request(options.method ?? "PATCH", `${resource.api}/${id}`, { token: tokenFor(resource), body: { [field.name]: to }, ...options });
}

test("transitions_name_choices_and_every_choice_is_reached", () => {
    assert.ok(living.length > 0);
    for (const { resource, field } of living) {
        for (const it of steps(field)) for (const word of [it.from ?? it.to, it.to]) assert.ok(field.choices.includes(word), `${resource.name}.${field.name}: ${word}`);
        for (const choice of field.choices) assert.ok(choice === field.initial || steps(field).some((it) => it.to === choice), `${resource.name}.${field.name}: nothing leads to ${choice}`);
    }
});

test("a_choice_goes_only_the_ways_that_its_field_names", async () => {
    for (const { resource, field } of living) {
        const id = await make(resource);
        const body = bodyOf(areas.flatMap((it) => it.routes).find((it) => it.method === "POST" && it.path === resource.api).body);
        for (const from of field.choices)
            for (const to of field.choices) {
                const title = `${resource.name}.${field.name} from ${from} to ${to}`;
                assert.ok(await enter(resource, id, { column: field.column, value: from }), title);
                const answer = await move(resource, field, id, to);
                if (expected(field, from, to)) {
                    assert.deepEqual([answer.status, answer.data?.[field.name]], [200, to], `${title}: ${answer.text}`);
                    continue;
                }
                assert.deepEqual([answer.status, answer.error?.code], [409, "invalid_transition"], `${title}: ${answer.text}`);
                const [detail] = answer.error.details, allowed = field.choices.filter((it) => it !== from && expected(field, from, it));
                assert.deepEqual([detail.field, detail.code, detail.allowed], [field.name, "invalid_transition", allowed], title);
                const old = await move(resource, field, id, to, { headers: { "if-match": '"1"' } });
                assert.equal(old.status, 412, `${title}: ${old.text}`);
            }
        for (const to of field.choices) {
            const made = await request("POST", resource.api, { token: tokenFor(resource), body: { ...body, [field.name]: to } });
            if (expected(field, undefined, to)) assert.equal(made.data?.[field.name], to, made.text);
            else assert.deepEqual([made.status, made.error?.code, made.error?.details[0].field], [409, "invalid_transition", field.name], made.text);
        }
    }
});

test("a_transition_that_needs_a_permission_is_open_to_those_who_have_it", async () => {
    for (const { resource, field } of living)
        for (const step of steps(field).filter((it) => it.needs && it.from)) {
            const title = `${resource.name}.${field.name} from ${step.from} to ${step.to}`, id = await make(resource);
            const key = (await request("POST", "/api/security/api-keys", { token: world.a.token, body: { name: "walked", permissions: [`${resource.permission}:update`, `${resource.permission}:read`] } })).data.key;
            assert.ok(await enter(resource, id, { column: field.column, value: step.from }));
            const barred = await move(resource, field, id, step.to, { token: key });
            assert.deepEqual([barred.status, barred.error?.code], [403, "permission_missing"], `${title}: ${barred.text}`);
            assert.ok(barred.error.message.includes(step.needs), title);
            assert.equal((await move(resource, field, id, step.to)).status, 200, title);
        }
});

test("of_writers_at_once_none_goes_a_forbidden_way", async () => {
    for (const { resource, field } of living) {
        const id = await make(resource);
        for (let round = 0; round < 8; round++) {
            await enter(resource, id, { column: field.column, value: field.choices[round % field.choices.length] });
            await Promise.all(field.choices.map((to) => move(resource, field, id, to)));
        }
        const { rows } = await db.query("select changes from everyone.events where resource_id = $1 and actor_kind = 'user' and changes->'after' ? $2 order by id", [id, field.column]);
        for (const { changes: { before, after } } of rows.filter((it) => it.changes.before))
            assert.ok(expected(field, before[field.column], after[field.column]), `from ${before[field.column]} to ${after[field.column]}`);
        assert.ok(rows.length > 8, `${rows.length} changes`);
    }
});

test("a_form_offers_what_may_follow_and_a_refused_one_keeps_what_was_typed", async () => {
    const { data } = await request("POST", "/api/crm/leads", { token: world.a.token, body: { name: "Nora Blum", status: "unqualified" } });
    const headers = { cookie: world.a.cookie, origin: `http://${world.a.slug}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" };
    const form = await request("GET", `/admin/crm/leads/${data.id}/edit`, { tenant: world.a.slug, headers });
    const offered = (text) => [...text.match(/<select[^>]*name="status"[^]*?<\/select>/)[0].matchAll(/<option value="([^"]*)"/g)].map((it) => it[1]);
    assert.deepEqual(offered(form.text), ["contacted", "unqualified", "lost"]);
    const fresh = await request("GET", "/admin/crm/leads/new", { tenant: world.a.slug, headers });
    assert.deepEqual(offered(fresh.text), ["new", "contacted", "qualified", "unqualified", "lost"]);
    const _csrf = form.text.match(/name="_csrf" value="([^"]*)"/)[1];
    const refused = await request("POST", `/admin/crm/leads/${data.id}`, { tenant: world.a.slug, headers, raw: new URLSearchParams({ _csrf, name: "Nora Kept", status: "converted" }).toString() });
    assert.equal(refused.status, 409, refused.text.slice(0, 300));
    assert.match(refused.text, /value="Nora Kept"/);
    assert.match(refused.text, /From unqualified, status can become: contacted, lost\./);
});
