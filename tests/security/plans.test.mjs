// How PostgreSQL answers what the engine asks: every list by default and by each sort and filter,
// with its count, search, export and references, by what the tenant's own fields say, the rows of
// each parent, each record by its id, each change, and what stands in the way of a deletion. Nothing may read a table from its beginning, every table of the
// tenants is entered by an index that begins with the tenant, and no list is sorted after it was
// read. The resources come from the areas' own tables: a new one is tried without anyone naming it.
//
// Sequential reading and sorting are made dear, and plans are made without knowing the values, so
// that small tables have the plans of large ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import pg from "pg";
import { Platform } from "../lib/platform.mjs";
import { apiRoutes, areas, bodyOf, exampleOf, resourceNamed } from "../lib/routes.mjs";

const platform = new Platform(), log = join(platform.folder, "log", "postgres.log");
await platform.choosePorts();
Object.assign(process.env, platform.environment());
await platform.start();
after(() => platform.stop());
const { login, makeTenant, password, request } = await import("../lib/client.mjs");
const tenant = await makeTenant({ planLevel: 3 });

const ofTenants = areas.flatMap((area) => area.resources.map((it) => Object.assign(it, { area: area.name }))).filter((it) => it.api && it.scope === "tenant");
const resources = ofTenants.filter((it) => !it.parent), children = ofTenants.filter((it) => it.parent);
// What a record of the tenant's own fields says, one of each type that is filtered by an index.
const own = { p_text: "Porto", p_number: 2, p_date: "2026-11-03", p_choice: "one", p_flag: true, p_email: "a@example.com", p_money: { amount: 100, currency: "EUR" } };
const hasOwn = (resource) => resource.fields.some((it) => it.type === "custom");
// Again where an area has not noticed yet that its connections are gone, or the owner's roles
// have changed.
async function ask(method, path, options) {
    for (;;) {
        const answer = await request(method, path, { token: tenant.token, ...options });
        if (answer.error?.code === "token_stale") tenant.token = (await login(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug })).access_token;
        else if (answer.status < 500) return answer;
    }
}
const offers = (method, path) => apiRoutes.find((it) => it.method === method && it.path === path);
const value = (field) => field.refers || field.type === "uuid" ? "01990000-0000-7000-8000-000000000000" : field.type === "time" ? "2026-01-01T00:00:00Z"
    : field.type === "date" ? "2026-01-01" : field.type === "bool" ? "true" : field.type === "email" || field.name === "email" ? "a@example.com" : field.choices?.[0] ?? exampleOf(field) ?? "1";

// From now on each statement of the areas is explained into the log.
async function explainAll() {
    const owner = new pg.Client({ host: `${platform.folder}/run`, database: "tulou", user: "tulou_owner" });
    await owner.connect();
    for (const [name, setting] of Object.entries({ session_preload_libraries: "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_format": "json",
        "auto_explain.log_nested_statements": "on", plan_cache_mode: "force_generic_plan", enable_seqscan: "off", enable_sort: "off" }))
        await owner.query(`alter role tulou_tenant set ${name} = '${setting}'`);
    await owner.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tulou_tenant'");
    await owner.end();
}

const recordsOf = {}, nameOf = (resource) => `${resource.area}.${resource.name}`;
// Where it is listed: rows of a parent below one of these.
const listOf = (resource) => resource.parent ? resource.api.replace(":id", recordsOf[`${resource.area}.${resource.parent}`]) : resource.api;
const offersOne = (method, resource) => apiRoutes.find((it) => it.method === method && it.path.startsWith(`${resource.api}/:`) && !it.path.slice(resource.api.length + 1).includes("/"));

async function addOwnFields(resource) {
    const types = { p_text: "text", p_number: "number", p_date: "date", p_choice: "choice", p_flag: "boolean", p_email: "email", p_money: "money" };
    for (const [key, type] of Object.entries(types)) {
        const made = await ask("POST", "/api/custom-fields", { body: { resource: nameOf(resource), key, label: key, type, filtered: true, listed: true, ...(type === "choice" ? { choices: [{ value: "one", label: "One" }] } : {}) } });
        assert.equal(made.status, 201, made.text);
    }
}

async function make(resource) {
    const route = offers("POST", resource.api);
    if (!route?.body) return null;
    const body = { ...bodyOf(route.body), ...(hasOwn(resource) ? { custom: own } : {}) };
    for (const field of route.body.filter((it) => it.refers && !it.readOnly)) {
        const target = resourceNamed(field.refers), known = recordsOf[field.refers];
        if (known) body[field.name] = known;
        else if (field.required) body[field.name] = (await ask("GET", `${target.api}?limit=1`)).json?.data?.[0]?.id;
    }
    return (await ask("POST", listOf(resource), { body })).json?.data?.id ?? null;
}

function pathsOf(resource) {
    const named = (flag) => resource.fields.filter((it) => it[flag]), list = [""];
    for (const field of named("sorted")) list.push(`?sort=${field.name}`, `?sort=-${field.name}`);
    for (const field of named("filtered")) list.push(`?${field.name}=${encodeURIComponent(value(field))}${field.currency ? `&${field.currency}=EUR` : ""}`);
    if (named("searched").length) list.push("?q=example", "?q=wu");
    if (named("includes").length) list.push(`?include=${named("includes").map((it) => it.includes).join(",")}`);
    if (hasOwn(resource)) list.push("?sort=custom.p_text", "?sort=-custom.p_text", "?sort=-custom.p_number", "?sort=custom.p_date", "?custom.p_text=Porto", "?custom.p_text[in]=Porto,Lima", "?custom.p_number[gte]=1", "?custom.p_number=2", "?custom.p_date[lte]=2026-12-01", "?custom.p_choice=one", "?custom.p_flag=true", "?custom.p_email=a@example.com",
        "?custom.p_money.amount[gte]=1&custom.p_money.currency=EUR", "?custom.p_text=Porto&custom.p_number[lt]=9", "?fields=name,custom.p_text,custom.p_money.amount");
    return list;
}

async function exercise(resource) {
    const at = listOf(resource), one = `${at}/${recordsOf[nameOf(resource)] ?? "01990000-0000-7000-8000-000000000000"}`;
    if (offers("GET", resource.api)) for (const path of pathsOf(resource)) assert.equal((await ask("GET", at + path)).status, 200, at + path);
    if (offers("GET", `${resource.api}/export`)) await ask("GET", `${at}/export`);
    if (offersOne("GET", resource)) await ask("GET", one);
    const own = hasOwn(resource) ? [{ custom: { p_text: "Lima", p_number: null } }] : [];
    if (offersOne("PATCH", resource)) for (const body of [{}, ...own]) await ask("PATCH", one, { body, headers: { "content-type": "application/merge-patch+json" } });
}

// Those of the log since then: [{sql, plan}].
function plansSince(offset) {
    const found = [];
    for (const [, text] of readFileSync(log, "utf8").slice(offset).matchAll(/LOG: {2}duration: [\d.]+ ms {2}plan:\n((?:\t.*\n)+)/g)) {
        const it = JSON.parse(text.replace(/^\t/gm, ""));
        found.push({ sql: it["Query Text"], plan: it.Plan });
    }
    return found;
}

const nodesOf = (plan) => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
// What is read to be sorted: not behind a limit, and not what a condition looks up.
const sortedBy = (sort) => (sort.Plans ?? []).filter((it) => it["Node Type"] !== "Limit" && !/Plan$/.test(it["Parent Relationship"])).flatMap((it) => [it, ...sortedBy(it)]);
const conditionsOf = (node) => [node["Index Cond"], ...(node.Plans ?? []).filter((it) => /Bitmap/.test(it["Node Type"])).map(conditionsOf)].filter(Boolean).join(" ");

// Not the engine's: which sessions ended lately, in all tenants, and whom roles and their heirs
// concern.
const apart = /^select s\.id, s\.revoked_at|^with recursive/;

// What is wrong with a plan; tables: those whose rows are tenants'.
function complaints({ sql, plan }, tables) {
    const wrong = [];
    if (apart.test(sql.trim())) return wrong;
    for (const node of nodesOf(plan)) {
        const table = node["Relation Name"];
        if (!table || !tables.has(table) || node["Node Type"] === "ModifyTable") continue;
        if (node["Node Type"] === "Seq Scan") wrong.push(`reads ${table} from its beginning`);
        else if (!/tenant_id/.test(conditionsOf(node)) && !/\bid = /.test(conditionsOf(node))) wrong.push(`enters ${table} without the tenant: ${node["Node Type"]} ${node["Index Name"] ?? ""}`);
    }
    for (const sort of nodesOf(plan).filter((it) => it["Node Type"] === "Sort"))
        for (const scan of sortedBy(sort).filter((it) => tables.has(it["Relation Name"])))
            if (!/\bid = |search_text ~~/.test(conditionsOf(scan) + scan.Filter)) wrong.push(`sorts ${scan["Relation Name"]} after reading it`);
    return wrong.map((it) => `${it}\n    ${sql.replace(/\s+/g, " ").slice(0, 700)}`);
}

test("every statement of the engine is answered by an index of the tenant", async () => {
    for (const it of resources.filter(hasOwn)) await addOwnFields(it);
    for (let turn = 0; turn < 2; turn++) for (const it of [...resources, ...children]) recordsOf[nameOf(it)] = (await make(it)) ?? recordsOf[nameOf(it)];
    await explainAll();
    const offset = readFileSync(log, "utf8").length;
    for (const it of ofTenants) await exercise(it);
    for (const it of [...children, ...resources]) if (recordsOf[nameOf(it)] && offersOne("DELETE", it)) await ask("DELETE", `${listOf(it)}/${recordsOf[nameOf(it)]}`);
    const owner = new pg.Client({ host: `${platform.folder}/run`, database: "tulou", user: "tulou_owner" });
    await owner.connect();
    const tables = new Set((await owner.query("select name from house.tenant_tables")).rows.map((it) => it.name));
    await owner.end();
    const plans = plansSince(offset), asked = new Set(plans.map((it) => it.sql));
    assert.ok(plans.some((it) => /custom_values/.test(it.sql)), "the tenant's own fields were asked for");
    const silent = ofTenants.filter((it) => offers("GET", it.api) && ![...asked].some((sql) => sql.includes(`from ${it.table}`)));
    assert.deepEqual(silent.map((it) => it.name), [], "each resource was asked for");
    const wrong = [...new Set(plans.flatMap((it) => complaints(it, tables)))];
    assert.equal(wrong.length, 0, wrong.join("\n"));
});
