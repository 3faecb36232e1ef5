// The fields that a tenant adds to a resource: what is defined counts at once, for that tenant
// alone, on every resource that allows it; these come from the areas' own tables.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, makeTenant, makeUser, request } from "../lib/client.mjs";
import { areas, bodyOf } from "../lib/routes.mjs";
import { Page } from "../lib/forms.mjs";
import { connect, until } from "../lib/worker.mjs";

const world = {};
let db;
const resources = areas.flatMap((area) => area.resources.map((it) => ({ ...it, full: `${area.name}.${it.name}` })));
const allowing = resources.filter((it) => it.fields.some((field) => field.type === "custom"));
const makerOf = (resource) => areas.flatMap((area) => area.routes).find((it) => it.method === "POST" && it.path === resource.api);
const api = (method, path, body, as = world.a) => request(method, path, { token: as.token, body });
const define = (body, as) => api("POST", "/api/custom-fields", { resource: "crm.leads", ...body }, as);
const lead = (custom, as) => api("POST", "/api/crm/leads", { name: "Nora Blum", ...(custom && { custom }) }, as);
const fieldsOf = (answer) => answer.error.details.map((it) => `${it.field} ${it.code}`);
// Of each type one value that is good, and one that is not.
const types = {
    text: ["Blue", 7], number: [12.5, "12.5"], money: [{ amount: 12500, currency: "EUR" }, { amount: 12500 }], date: ["2026-11-30", "2026-11-31"],
    choice: ["gold", "lead"], boolean: [true, "true"], email: ["nora@example.com", "nora"], url: ["https://example.com/", "example"],
};
const extra = { choice: { choices: [{ value: "gold", label: "Gold customer" }, { value: "silver" }] }, reference: { refersTo: "crm.contacts" } };

before(async () => {
    db = await connect(folder);
    [world.a, world.b] = [await makeTenant({ planLevel: 3 }), await makeTenant({ planLevel: 3 })];
});
after(() => db.end());

test("each_type_is_checked_and_comes_back_as_it_was_given_on_each_resource", async () => {
    assert.ok(allowing.length >= 4);
    for (const resource of allowing) {
        for (const type of Object.keys(types)) {
            const made = await define({ resource: resource.full, key: `a_${type}`, label: `A ${type}`, type, ...extra[type] });
            assert.equal(made.status, 201, made.text);
        }
        const good = Object.fromEntries(Object.entries(types).map(([type, [value]]) => [`a_${type}`, value]));
        const wrong = Object.fromEntries(Object.entries(types).map(([type, [, value]]) => [`a_${type}`, value]));
        const body = bodyOf(makerOf(resource).body);
        const refused = await api("POST", resource.api, { ...body, custom: { ...wrong, nothing: 1 } });
        assert.equal(refused.status, 422, refused.text);
        assert.deepEqual(fieldsOf(refused).map((it) => it.split(" ")[0].replace(".currency", "")).sort(),
            [...Object.keys(wrong), "nothing"].map((it) => `custom.${it}`).sort());
        const made = await api("POST", resource.api, { ...body, custom: good });
        assert.equal(made.status, 201, made.text);
        assert.deepEqual(made.data.custom, good, resource.full);
        assert.deepEqual((await api("GET", `${resource.api}/${made.data.id}`)).data.custom, good);
        const listed = (await api("GET", `${resource.api}?fields=custom`)).data.find((it) => it.id === made.data.id);
        assert.deepEqual(listed.custom, good);
    }
});

test("a_patch_changes_what_it_names_and_null_takes_away_and_a_replacement_empties_nothing", async () => {
    const made = (await lead({ a_text: "Blue", a_number: 3, a_money: { amount: 1, currency: "EUR" } })).data;
    const at = `/api/crm/leads/${made.id}`;
    const patched = await api("PATCH", at, { custom: { a_text: null, a_date: "2026-12-01" } });
    assert.deepEqual(patched.data.custom, { a_number: 3, a_date: "2026-12-01", a_money: { amount: 1, currency: "EUR" } });
    const { id, createdAt, updatedAt, ...whole } = patched.data;
    assert.deepEqual((await api("PUT", at, { ...whole, custom: { a_number: 4 } })).data.custom, { ...whole.custom, a_number: 4 });
    delete whole.custom;
    assert.equal((await api("PUT", at, whole)).data.custom.a_number, 4);
    assert.deepEqual((await api("PATCH", at, { custom: { a_number: null, a_date: null, a_money: null } })).data.custom, {});
    assert.deepEqual((await lead()).data.custom, {});
    assert.equal((await api("PATCH", at, { custom: null })).status, 422);
    assert.deepEqual(fieldsOf(await api("PATCH", at, { custom: { a_money: { amount: 1, currency: "EUR", more: 1 } } })), ["custom.a_money.more unknown_field"]);
});

test("what_is_required_must_be_given_and_a_default_stands_in_for_the_rest", async () => {
    await define({ key: "needed", label: "Needed", type: "text", required: true }, world.b);
    await define({ key: "usual", label: "Usual", type: "choice", defaultValue: "b", choices: [{ value: "a" }, { value: "b" }] }, world.b);
    assert.deepEqual(fieldsOf(await lead(undefined, world.b)), ["custom.needed required"]);
    const made = await lead({ needed: "Here" }, world.b);
    assert.deepEqual(made.data.custom, { needed: "Here", usual: "b" });
    const at = `/api/crm/leads/${made.data.id}`;
    assert.deepEqual(fieldsOf(await api("PATCH", at, { custom: { needed: null } }, world.b)), ["custom.needed not_nullable"]);
    assert.equal((await api("PATCH", at, { name: "Nora" }, world.b)).status, 200);
});

test("a_definition_that_contradicts_itself_or_the_values_there_are_is_refused", async () => {
    const refused = async (body, ...details) => assert.deepEqual(fieldsOf(await define(body)), details);
    await refused({ key: "Large", label: "x", type: "text" }, "key invalid_key");
    await refused({ key: "x", label: "x", type: "text", resource: "users.platform-users" }, "resource not_a_choice");
    await refused({ key: "x", label: "x", type: "choice" }, "choices required");
    await refused({ key: "x", label: "x", type: "text", choices: [{ value: "a" }] }, "choices not_for_this_type");
    await refused({ key: "x", label: "x", type: "reference" }, "refersTo required");
    await refused({ key: "x", label: "x", type: "reference", refersTo: "crm.nothing" }, "refersTo not_a_choice");
    await refused({ key: "x", label: "x", type: "number", defaultValue: "many" }, "defaultValue not_a_number");
    await refused({ key: "x", label: "x", type: "money", defaultValue: "1" }, "defaultValue no_default");
    assert.equal((await define({ key: "a_text", label: "Again", type: "text" })).status, 409);
    const { data: field } = await define({ key: "grade", label: "Grade", type: "choice", choices: [{ value: "a" }, { value: "b" }] });
    const at = `/api/custom-fields/${field.id}`;
    assert.equal((await api("PATCH", at, { type: "text", choices: [] })).status, 200);
    assert.equal((await api("PATCH", at, { type: "choice", choices: [{ value: "a" }, { value: "b" }] })).status, 200);
    await lead({ grade: "a" });
    assert.equal((await api("PATCH", at, { type: "text", choices: [] })).error.code, "custom_field_in_use");
    assert.equal((await api("PATCH", at, { choices: [{ value: "b" }] })).error.code, "choice_in_use");
    assert.equal((await api("PATCH", at, { choices: [{ value: "a", label: "Best" }, { value: "c" }] })).status, 200);
    assert.equal((await lead({ grade: "c" })).status, 201);
    assert.equal((await api("PATCH", at, { key: "other" })).status, 422);
});

test("an_archived_field_is_shown_nowhere_and_comes_back_with_its_values", async () => {
    const { data: field } = await define({ key: "old", label: "Old", type: "text" });
    const { data: made } = await lead({ old: "kept" });
    const at = `/api/crm/leads/${made.id}`;
    await api("PATCH", `/api/custom-fields/${field.id}`, { archived: true });
    assert.deepEqual((await api("GET", at)).data.custom, {});
    assert.deepEqual(fieldsOf(await lead({ old: "new" })), ["custom.old unknown_field"]);
    await api("PATCH", `/api/custom-fields/${field.id}`, { archived: false });
    assert.deepEqual((await api("GET", at)).data.custom, { old: "kept" });
});

test("a_deleted_field_hides_its_values_at_once_and_a_job_removes_them", async () => {
    const { data: field } = await define({ key: "gone", label: "Gone", type: "text" });
    const { data: made } = await lead({ gone: "away", a_text: "stays" });
    const stored = async () => (await db.query("select custom from everyone.leads where id = $1", [made.id])).rows[0].custom;
    assert.equal((await api("DELETE", `/api/custom-fields/${field.id}`)).status, 204);
    assert.deepEqual((await api("GET", `/api/crm/leads/${made.id}`)).data.custom, { a_text: "stays" });
    const again = await define({ key: "gone", label: "Again", type: "number" });
    assert.ok(again.status === 201 || again.error.code === "custom_field_leaving", again.text);
    await until(stored, (custom) => !("gone" in custom));
    assert.deepEqual(await stored(), { a_text: "stays" });
    await until(() => define({ key: "gone", label: "Again", type: "number" }), (it) => it.status === 201 || it.error.code === "key_taken");
});

test("nothing_of_another_tenant_is_known_on_any_resource", async () => {
    const [page, document] = [await Page.signIn(world.b.slug, `owner@${world.b.slug}.test`, "correct horse battery"), await request("GET", "/api/openapi.json", { token: world.b.token })];
    for (const resource of allowing) {
        const { data: field } = await define({ resource: resource.full, key: "secret", label: "Their secret", type: "text", filtered: true, listed: true, isUnique: true });
        const { data: whom } = await define({ resource: resource.full, key: "secret_whom", label: "Whom", type: "reference", refersTo: "crm.contacts" });
        const body = bodyOf(makerOf(resource).body), mine = { ...body, custom: resource.full === "crm.leads" ? { needed: "x" } : {} };
        const { data: made } = await api("POST", resource.api, { ...body, custom: { secret: "ours" } }), foreign = world.b, at = `${resource.api}/${made.id}`;
        assert.deepEqual(fieldsOf(await api("POST", resource.api, { ...mine, custom: { ...mine.custom, secret: "theirs" } }, foreign)), ["custom.secret unknown_field"]);
        const own = await api("POST", resource.api, mine, foreign);
        assert.equal(own.status, 201, own.text);
        assert.deepEqual(fieldsOf(await api("PATCH", `${resource.api}/${own.data.id}`, { custom: { secret: "theirs" } }, foreign)), ["custom.secret unknown_field"]);
        for (const query of ["custom.secret=ours", "custom.secret[null]=false", "sort=custom.secret", "fields=custom.secret", "include=custom.secret_whom"])
            for (const path of [resource.api, `${resource.api}/export`]) if (path === resource.api || !query.startsWith("include")) assert.equal((await api("GET", `${path}?${query}`, undefined, foreign)).status, 400, `${path}?${query}`);
        for (const path of [`${resource.api}?q=ours`, `${resource.api}?fields=custom`, `${resource.api}/export`]) assert.ok(!(await api("GET", path, undefined, foreign)).text.includes("secret"), path);
        assert.ok(!(await api("GET", "/api/custom-fields?limit=100", undefined, foreign)).text.includes("Their secret"));
        for (const path of ["", "/new", `/${own.data.id}`, `/${own.data.id}/edit`, "/export.csv"]) assert.ok(!(await page.get(resource.page + path)).text.includes("secret"), path);
        for (const [method, to, sent] of [["GET", at], ["PATCH", at, { custom: mine.custom }], ["DELETE", at], ...[field, whom].flatMap(({ id }) => [["GET"], ["PATCH", { label: "Mine" }], ["DELETE"]].map(([way, it]) => [way, `/api/custom-fields/${id}`, it]))])
            assert.equal((await api(method, to, sent, foreign)).status, 404, `${method} ${to}`);
        // The same key is their own there, with other values, and unique by itself.
        assert.equal((await define({ resource: resource.full, key: "secret", label: "Own", type: "text", isUnique: true }, foreign)).status, 201);
        assert.equal((await api("PATCH", `${resource.api}/${own.data.id}`, { custom: { secret: "ours" } }, foreign)).status, 200);
        assert.deepEqual((await api("GET", at)).data.custom.secret, "ours");
    }
    assert.ok(!document.text.includes("secret_whom"));
});

test("a_reference_leads_to_what_one_sees_in_ones_own_tenant_alone", async () => {
    const contact = async (as) => (await api("POST", "/api/crm/contacts", { name: "Nora" }, as)).data;
    for (const resource of allowing) {
        await define({ resource: resource.full, key: "who", label: "Who", type: "reference", refersTo: "crm.contacts" });
        const [own, foreign, gone] = [await contact(world.a), await contact(world.b), await contact(world.a)];
        await api("DELETE", `/api/crm/contacts/${gone.id}`);
        const body = bodyOf(makerOf(resource).body);
        const made = await api("POST", resource.api, { ...body, custom: { who: own.id } });
        assert.deepEqual(made.data?.custom, { who: own.id }, made.text);
        for (const id of [foreign.id, gone.id]) {
            assert.deepEqual(fieldsOf(await api("POST", resource.api, { ...body, custom: { who: id } })), ["custom.who unknown_reference"]);
            assert.deepEqual(fieldsOf(await api("PATCH", `${resource.api}/${made.data.id}`, { custom: { who: id } })), ["custom.who unknown_reference"]);
        }
    }
});

test("lists_filter_sort_and_search_by_them_and_show_some_of_them", async () => {
    const add = async (name, custom) => (await api("POST", "/api/crm/contacts", { name, custom })).data;
    const [one, two] = [await add("Filter One", { a_text: "Zebra stripes", a_number: 10, a_choice: "gold", a_boolean: true, a_date: "2026-11-02", a_money: { amount: 5, currency: "EUR" } }),
        await add("Filter Two", { a_text: "amber", a_number: 9.5, a_choice: "silver", a_boolean: false, a_date: "2026-11-03", a_money: { amount: 7, currency: "USD" } })];
    const ids = async (query) => (await api("GET", `/api/crm/contacts?fields=name&${query}`)).data.map((it) => it.id);
    for (const query of ["custom.a_text=Zebra%20stripes", "custom.a_number[gte]=9.75", "custom.a_choice[in]=gold", "custom.a_boolean=true&custom.a_text[null]=false",
        "custom.a_date[lte]=2026-11-02", "custom.a_money.amount[lt]=6&custom.a_money.currency=EUR&custom.a_date[gt]=2026-11-01", "q=stripes"])
        assert.ok((await ids(query)).includes(one.id) && !(await ids(query)).includes(two.id), query);
    const sorted = async (sort) => (await ids(`q=filter&sort=${sort}&custom.a_number[null]=false`));
    assert.deepEqual(await sorted("custom.a_number"), [two.id, one.id], "as numbers, not as texts");
    assert.deepEqual(await sorted("-custom.a_text"), [one.id, two.id]);
    const first = await api("GET", "/api/crm/contacts?q=filter&sort=-custom.a_date&limit=1&custom.a_date[null]=false");
    const next = await api("GET", `/api/crm/contacts?q=filter&sort=-custom.a_date&limit=1&custom.a_date[null]=false&after=${first.json.meta.nextCursor}`);
    assert.deepEqual([first.data[0].id, next.data[0].id], [two.id, one.id]);
    const some = (await api("GET", "/api/crm/contacts?q=filter&fields=custom.a_text,custom.a_money.amount&sort=custom.a_text")).data;
    assert.deepEqual(some.map((it) => it.custom), [{ a_text: "amber", a_money: { amount: 7, currency: "USD" } }, { a_text: "Zebra stripes", a_money: { amount: 5, currency: "EUR" } }]);
    const single = await api("GET", `/api/crm/contacts/${one.id}?fields=custom.a_date`);
    assert.deepEqual(single.data, { id: one.id, custom: { a_date: "2026-11-02" } });
    for (const query of ["custom.nothing=1", "sort=custom.nothing", "fields=custom.nothing", "custom.a_number=many"])
        assert.equal((await api("GET", `/api/crm/contacts?${query}`)).status, 400, query);
    assert.equal((await api("GET", "/api/crm/contacts?custom.a_text=x", undefined, world.b)).status, 400, "no field of that tenant");
});

test("a_field_that_is_a_filter_is_found_by_an_index_that_follows_each_change", async () => {
    const add = async (custom) => (await api("POST", "/api/crm/companies", { name: "Indexed", custom })).data.id;
    const { data: field } = await define({ resource: "crm.companies", key: "place", label: "Place", type: "text" });
    const { data: level } = await define({ resource: "crm.companies", key: "level", label: "Level", type: "number", filtered: true });
    const [one, two, three] = [await add({ place: "Porto", level: 1.5 }), await add({ place: "Lima", level: 20 }), await add({})];
    const indexed = async (id) => (await db.query("select indexed from everyone.custom_fields where id = $1", [id])).rows[0].indexed;
    const entries = async (id) => (await db.query("select record_id, text_value, number_value from everyone.custom_values where field_id = $1 order by record_id", [id])).rows
        .map((it) => [it.record_id, it.text_value ?? it.number_value]);
    const found = async (query) => (await api("GET", `/api/crm/companies?${query}&sort=createdAt`)).data.map((it) => it.id);
    assert.deepEqual([await indexed(field.id), await indexed(level.id)], [false, true], "of a new field there are no values");
    assert.deepEqual(await found("custom.place=Porto"), [one], "without an index too");
    await api("PATCH", `/api/custom-fields/${field.id}`, { filtered: true });
    await until(() => indexed(field.id), (it) => it);
    assert.deepEqual(await entries(field.id), [[one, "Porto"], [two, "Lima"]]);
    assert.deepEqual([await found("custom.place=Porto"), await found("custom.place[in]=Lima,Porto"), await found("custom.level[gte]=2"), await found("custom.level[in]=1.5")],
        [[one], [one, two], [two], [one]]);
    await api("PATCH", `/api/crm/companies/${one}`, { custom: { place: "Oslo", level: null } });
    await api("PATCH", `/api/crm/companies/${three}`, { custom: { place: "Oslo" } });
    await api("DELETE", `/api/crm/companies/${two}`);
    assert.deepEqual([await entries(field.id), await entries(level.id)], [[[one, "Oslo"], [three, "Oslo"]], []]);
    assert.deepEqual([await found("custom.place=Oslo"), await found("custom.place=Porto")], [[one, three], []]);
    assert.equal((await api("PATCH", `/api/crm/companies/${one}`, { custom: { place: "x".repeat(1000) } })).status, 200, "what is longer than the index takes");
    assert.deepEqual([await found(`custom.place=${"x".repeat(1000)}`), await found(`custom.place=${"x".repeat(999)}`)], [[one], []]);
    await api("PATCH", `/api/custom-fields/${field.id}`, { filtered: false });
    assert.deepEqual(await entries(field.id), []);
    assert.deepEqual(await found("custom.place=Oslo"), [three]);
});

test("bounds_hold_for_what_is_written_from_now_on_and_stand_in_the_document", async () => {
    const bounds = { number: ["0.5", "10", 0, 10.5, 0.5], money: ["100", "500", { amount: 99, currency: "EUR" }, { amount: 501, currency: "EUR" }, { amount: 500, currency: "EUR" }],
        date: ["2026-01-01", "2026-12-31", "2025-12-31", "2027-01-01", "2026-01-01"], text: ["2", "4", "a", "abcde", "äöüß"] };
    for (const [type, [minimum, maximum, low, high, good]] of Object.entries(bounds)) {
        const key = `bound_${type}`, { data: field } = await define({ key, label: key, type });
        const { data: before } = await lead({ [key]: low });
        assert.equal((await api("PATCH", `/api/custom-fields/${field.id}`, { minimum, maximum })).status, 200);
        for (const value of [low, high]) assert.equal(fieldsOf(await lead({ [key]: value }))[0].split(" ")[0].replace(".amount", ""), `custom.${key}`, type);
        assert.equal((await lead({ [key]: good })).status, 201);
        assert.equal((await api("PATCH", `/api/crm/leads/${before.id}`, { name: "Still" })).status, 200, "what was there may stay");
        assert.equal((await api("PATCH", `/api/custom-fields/${field.id}`, { minimum: maximum, maximum: minimum })).status, 422);
        assert.deepEqual(fieldsOf(await api("PATCH", `/api/custom-fields/${field.id}`, { minimum: "x" }))[0], `minimum ${type === "date" ? "invalid_date" : "not_a_number"}`);
    }
    assert.deepEqual(fieldsOf(await define({ key: "x", label: "x", type: "boolean", minimum: "1" })), ["minimum not_for_this_type"]);
    assert.deepEqual(fieldsOf(await define({ key: "x", label: "x", type: "number", minimum: "3", defaultValue: "2" })), ["defaultValue too_small"]);
    const { components: { schemas } } = (await request("GET", "/api/openapi.json", { token: world.a.token })).json, { properties } = schemas.LeadCreateCustom;
    assert.deepEqual([properties.bound_number.minimum, properties.bound_number.maximum, properties.bound_text.minLength, properties.bound_text.maxLength, schemas.LeadCreateCustomBound_money.properties.amount.maximum], [0.5, 10, 2, 4, 500]);
});

test("of_a_unique_field_no_two_records_have_a_value_whoever_comes_first", async () => {
    const taken = (answer, key) => assert.deepEqual([answer.status, answer.error?.code, answer.error?.details?.[0]?.field], [409, "custom_value_taken", `custom.${key}`], answer.text);
    for (const [type, one, same, other] of [["text", "One", "One", "one"], ["number", 1.5, 1.50, 2], ["email", "n@example.com", "N@Example.com", "m@example.com"], ["money", { amount: 1, currency: "EUR" }, { currency: "EUR", amount: 1 }, { amount: 1, currency: "USD" }]]) {
        const key = `only_${type}`;
        assert.equal((await define({ key, label: key, type, isUnique: true })).status, 201);
        const { data: first } = await lead({ [key]: one }), at = `/api/crm/leads/${first.id}`;
        taken(await lead({ [key]: same }), key);
        const { data: second } = await lead({ [key]: other });
        taken(await api("PATCH", `/api/crm/leads/${second.id}`, { custom: { [key]: one } }), key);
        assert.equal((await api("PATCH", at, { custom: { [key]: same } })).status, 200, "a record has its own");
        assert.equal((await api("PATCH", at, { custom: { [key]: null } })).status, 200);
        assert.equal((await api("PATCH", `/api/crm/leads/${second.id}`, { custom: { [key]: one } })).status, 200, "what was given up is free");
    }
    const many = await Promise.all(Array.from({ length: 8 }, () => lead({ only_text: "Raced" })));
    assert.deepEqual(many.map((it) => it.status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
    const long = "x".repeat(900);
    assert.deepEqual([(await lead({ only_text: `${long}a` })).status, (await lead({ only_text: `${long}b` })).status, (await lead({ only_text: `${long}a` })).status], [201, 201, 409]);
    assert.deepEqual(fieldsOf(await define({ key: "x", label: "x", type: "boolean", isUnique: true })), ["isUnique not_for_this_type"]);
    // Later, where there are values: they must differ first.
    const { data: field } = await define({ key: "later", label: "Later", type: "text" }), at = `/api/custom-fields/${field.id}`;
    const [a, b] = [(await lead({ later: "same" })).data, (await lead({ later: "same" })).data];
    assert.equal((await api("PATCH", at, { isUnique: true })).error.code, "custom_values_repeat");
    await api("PATCH", `/api/crm/leads/${b.id}`, { custom: { later: "other" } });
    assert.equal((await api("PATCH", at, { isUnique: true })).status, 200);
    taken(await api("PATCH", `/api/crm/leads/${b.id}`, { custom: { later: "same" } }), "later");
    await api("DELETE", `/api/crm/leads/${a.id}`);
    assert.equal((await api("PATCH", `/api/crm/leads/${b.id}`, { custom: { later: "same" } })).status, 200);
    assert.equal((await api("PATCH", at, { isUnique: false })).status, 200);
    assert.equal((await lead({ later: "same" })).status, 201);
});

test("searches_find_what_is_searched_and_shown_and_no_longer_what_is_not", async () => {
    const found = async (q) => (await api("GET", `/api/crm/leads?q=${q}`)).data.length;
    const { data: field } = await define({ key: "nick", label: "Nick", type: "text" }), at = `/api/custom-fields/${field.id}`;
    const { data: level } = await define({ key: "grade2", label: "Grade", type: "choice", choices: [{ value: "g1", label: "Zirconium class" }] });
    const { data: made } = await lead({ nick: "Quixotic", grade2: "g1" }), seen = async () => (await api("GET", `/api/crm/leads/${made.id}`)).data.updatedAt;
    assert.deepEqual([await found("quixotic"), await found("zirconium"), await found("nora")].map((it) => it > 0), [true, true, true], "a choice is found by what people read");
    const before = await seen();
    for (const [off, on] of [[{ searched: false }, { searched: true }], [{ archived: true }, { archived: false }], [{ seenWith: "crm.leads:private" }, { seenWith: null }]]) {
        assert.equal((await api("PATCH", at, off)).status, 200);
        await until(() => found("quixotic"), (it) => it === 0);
        assert.equal((await api("PATCH", at, on)).status, 200);
        await until(() => found("quixotic"), (it) => it === 1);
    }
    await api("PATCH", `/api/custom-fields/${level.id}`, { choices: [{ value: "g1", label: "Vanadium class" }] });
    await until(() => found("vanadium"), (it) => it === 1);
    assert.equal(await found("zirconium"), 0);
    assert.equal(await seen(), before, "the record itself did not change");
    assert.deepEqual((await api("GET", `/api/audit/logs?resourceId=${made.id}`)).data.map((it) => it.type), ["lead.created"]);
    await define({ key: "quiet", label: "Quiet", type: "text", searched: false });
    await lead({ quiet: "Hushhushword" });
    assert.equal(await found("hushhushword"), 0);
});

test("what_becomes_required_later_is_asked_of_new_records_and_not_taken_from_old_ones", async () => {
    const { data: field } = await define({ key: "must", label: "Must", type: "text" });
    const { data: old } = await lead(), at = `/api/crm/leads/${old.id}`;
    await api("PATCH", `/api/custom-fields/${field.id}`, { required: true });
    assert.deepEqual(fieldsOf(await lead()), ["custom.must required"]);
    const { id, createdAt, updatedAt, ...whole } = (await api("GET", at)).data;
    assert.deepEqual([(await api("PATCH", at, { name: "Old" })).status, (await api("PUT", at, whole)).status], [200, 200]);
    assert.equal((await api("PATCH", at, { custom: { must: "Here" } })).status, 200);
    assert.deepEqual(fieldsOf(await api("PATCH", at, { custom: { must: null } })), ["custom.must not_nullable"]);
    await api("PATCH", `/api/custom-fields/${field.id}`, { required: false });
});

test("events_tell_of_the_fields_that_everybody_sees_what_changed", async () => {
    const { data: secret } = await define({ key: "wage", label: "Wage", type: "number", seenWith: "crm.leads:private" });
    const { data: gone } = await define({ key: "faded", label: "Faded", type: "text" });
    const { data: made } = await lead({ wage: 4711, faded: "Old", a_text: "Blue" });
    await api("PATCH", `/api/crm/leads/${made.id}`, { custom: { a_text: "Green", wage: 815 } });
    await api("PATCH", `/api/custom-fields/${gone.id}`, { archived: true });
    const told = async () => (await api("GET", `/api/audit/logs?resourceId=${made.id}&sort=createdAt`)).data.map((it) => [it.data.before?.custom ?? null, it.data.after.custom]);
    assert.deepEqual(await told(), [[null, { a_text: "Blue", wage: 4711 }], [{ a_text: "Blue", wage: 4711 }, { a_text: "Green", wage: 815 }]]);
    await api("POST", "/api/rbac/roles", { key: "looker", name: "Looker", rank: 10, permissions: ["access.audit:*", "crm.leads:read"] });
    const { access_token: token } = await makeUser(world.a, "looker");
    const theirs = (await api("GET", `/api/audit/logs?resourceId=${made.id}&sort=createdAt`, undefined, { token })).data;
    assert.deepEqual(theirs.map((it) => it.data.after.custom), [{ a_text: "Blue" }, { a_text: "Green" }]);
    await api("DELETE", `/api/custom-fields/${secret.id}`);
});

test("a_reference_of_ones_own_is_included_by_name", async () => {
    await define({ resource: "crm.companies", key: "guide", label: "Guide", type: "reference", refersTo: "crm.contacts" });
    const guide = (await api("POST", "/api/crm/contacts", { name: "Guide <Nora>" })).data;
    const made = (await api("POST", "/api/crm/companies", { name: "Guided", custom: { guide: guide.id } })).data, bare = (await api("POST", "/api/crm/companies", { name: "Bare" })).data;
    const named = { id: guide.id, name: "Guide <Nora>" };
    for (const fields of ["", "&fields=name"]) {
        const one = (await api("GET", `/api/crm/companies/${made.id}?include=custom.guide${fields}`)).data;
        assert.deepEqual(one["custom.guide"], named);
        const list = (await api("GET", `/api/crm/companies?include=owner,custom.guide&limit=100${fields}`)).data;
        assert.deepEqual([made, bare].map((it) => list.find((other) => other.id === it.id)["custom.guide"]), [named, null]);
    }
    for (const include of ["custom.place", "custom.nothing", "custom.guide,custom.guide"]) assert.equal((await api("GET", `/api/crm/companies?include=${include}`)).status, 400, include);
    const document = (await request("GET", "/api/openapi.json", { token: world.a.token })).json;
    assert.ok(document.components.schemas.Company.properties["custom.guide"]);
    await api("POST", "/api/rbac/roles", { key: "companies_only", name: "Companies only", rank: 10, permissions: ["crm.companies:read"] });
    const { access_token: token } = await makeUser(world.a, "companies_only");
    assert.deepEqual((await api("GET", `/api/crm/companies/${made.id}?include=custom.guide`, undefined, { token })).data["custom.guide"], { id: guide.id, name: null }, "not to whom may not see it");
});

test("a_list_by_a_field_that_is_a_filter_walks_its_index_page_by_page", async () => {
    const long = "z".repeat(250), values = { place2: ["äpfel", "Zebra", "apfel", null, "Birne", null, `${long}b`, `${long}a`], level2: [3, 1.5, -2, null, 10, null, 3, 0], money2: [5, 7, null, 1, 2, null, 9, 5] };
    for (const [key, type] of [["place2", "text"], ["level2", "number"], ["money2", "money"]]) await define({ resource: "crm.deals", key, label: key, type, filtered: true });
    const made = [];
    for (let i = 0; i < 8; i++) {
        const custom = Object.fromEntries(Object.entries(values).filter(([, it]) => it[i] !== null).map(([key, it]) => [key, key === "money2" ? { amount: it[i], currency: "EUR" } : it[i]]));
        made.push((await api("POST", "/api/crm/deals", { name: `Walked ${i}`, valueAmount: i < 7 ? 7 : 8, currency: "EUR", custom })).data.id);
    }
    const of = (ids) => ids.map((id) => made.indexOf(id));
    async function walk(sort, more = "") {
        const found = [];
        for (let after = "", last = 0; after !== undefined && last < 20; last++) {
            const answer = await api("GET", `/api/crm/deals?sort=${sort}&limit=2&count=false${more}${after}`);
            assert.equal(answer.status, 200, answer.text);
            found.push(...answer.data.map((it) => it.id).filter((id) => made.includes(id)));
            after = answer.json.meta.nextCursor ? `&after=${answer.json.meta.nextCursor}` : undefined;
        }
        return of(found);
    }
    const rest = (down, key) => values[key].map((it, i) => (it === null ? i : -1)).filter((i) => i >= 0).sort((x, y) => (down ? y - x : x - y));
    // Of texts that begin with the same 200 letters the id decides.
    assert.deepEqual(await walk("custom.place2"), [2, 0, 4, 1, 6, 7, ...rest(false, "place2")], "in the order of language");
    assert.deepEqual(await walk("-custom.place2"), [7, 6, 1, 4, 0, 2, ...rest(true, "place2")]);
    assert.deepEqual(await walk("custom.level2"), [2, 7, 1, 0, 6, 4, ...rest(false, "level2")]);
    assert.deepEqual(await walk("-custom.level2"), [4, 6, 0, 1, 7, 2, ...rest(true, "level2")]);
    assert.deepEqual(await walk("-custom.money2.amount"), [6, 1, 7, 0, 4, 3, ...rest(true, "money2")]);
    assert.deepEqual(await walk("custom.level2", "&valueAmount=7&currency=EUR"), [2, 1, 0, 6, 4, ...rest(false, "level2")], "with other conditions");
    const second = await api("GET", "/api/crm/deals?sort=custom.level2&limit=2&page=2");
    assert.deepEqual(of(second.data.map((it) => it.id)), [1, 0]);
    // Whose records: of one's own alone.
    await api("POST", "/api/rbac/roles", { key: "own_deals", name: "Own deals", rank: 10, permissions: ["crm.deals:read@own", "crm.deals:create@own"] });
    const seller = await makeUser(world.a, "own_deals"), own = await api("POST", "/api/crm/deals", { name: "Mine", custom: { level2: 2 } }, { token: seller.access_token });
    assert.deepEqual((await api("GET", "/api/crm/deals?sort=custom.level2", undefined, { token: seller.access_token })).data.map((it) => it.id), [own.data.id]);
});

test("pages_and_files_have_each_field_as_one_of_their_own", async () => {
    await define({ resource: "crm.contacts", key: "shown", label: "Shown <in> lists", type: "choice", listed: true, filtered: true, choices: [{ value: "x1", label: "The first" }] });
    const page = await Page.signIn(world.a.slug, `owner@${world.a.slug}.test`, "correct horse battery");
    const form = await page.get("/admin/crm/contacts/new");
    assert.match(form.text, /name="custom\.a_text"/);
    const refused = await page.post("/admin/crm/contacts", { name: "By page", "custom.a_text": "Teal", "custom.a_number": "much", "custom.a_money.amount": "12.50", "custom.a_money.currency": "USD", "custom.shown": "x1" });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /href="#f-custom\.a_number"/);
    assert.match(refused.text, /value="Teal"/, "what was typed is kept");
    const saved = await page.post("/admin/crm/contacts", { name: "By page", "custom.a_text": "Teal", "custom.a_number": "3", "custom.a_money.amount": "12.50", "custom.a_money.currency": "USD", "custom.shown": "x1" });
    assert.equal(saved.status, 303, saved.text);
    const at = saved.headers.location, id = at.split("/").pop();
    const stored = async () => (await api("GET", `/api/crm/contacts/${id}`)).data.custom;
    assert.deepEqual(await stored(), { a_text: "Teal", a_number: 3, a_money: { amount: 1250, currency: "USD" }, shown: "x1" });
    const detail = (await page.get(at)).text;
    for (const words of ["Teal", "12.50 USD", "The first", "Shown &lt;in&gt; lists"]) assert.ok(detail.includes(words), words);
    const edit = (await page.get(`${at}/edit`)).text, version = edit.match(/name="_version" value="([^"]*)"/)[1].replaceAll("&quot;", '"');
    assert.match(edit, /name="custom\.a_money\.amount" type="text" value="12\.50"/);
    assert.equal((await page.post(at, { _version: version, name: "By page", "custom.a_text": "", "custom.a_number": "4" })).status, 303);
    assert.deepEqual(await stored(), { a_number: 4, a_money: { amount: 1250, currency: "USD" }, shown: "x1" });
    const list = (await page.get("/admin/crm/contacts?q=by%20page")).text;
    assert.ok(list.includes("The first") && list.includes('name="custom.shown"'), "a column and a filter");
    assert.ok(!(await page.get("/admin/crm/contacts?custom.shown=x1&q=filter")).text.includes("Filter One"));
    assert.ok((await page.get("/admin/crm/contacts?q=by%20page&fields=name,custom.a_number")).text.includes("A number"));
    const [head, line] = (await page.get("/admin/crm/contacts/export.csv?q=by%20page")).text.split("\r\n");
    const cells = Object.fromEntries(head.split(",").map((name, i) => [name, line.split(",")[i]]));
    assert.deepEqual([cells["custom.a_number"], cells["custom.a_money.amount"], cells["custom.a_money.currency"], cells["custom.shown"]], ["4", "1250", "USD", "x1"]);
    const defined = await page.post("/admin/custom-fields", { label: "By page", resource: "crm.contacts", key: "by_page", type: "choice", choices: "", "choices[0].value": "one", "choices[0].label": "One" });
    assert.equal(defined.status, 303, defined.text);
    assert.match((await page.get(defined.headers.location)).text, /Contacts/);
});

test("the_document_of_the_api_has_the_fields_of_the_tenant_that_asks", async () => {
    const read = (as, headers = {}) => request("GET", "/api/openapi.json", { tenant: world.a.slug, token: as?.token, headers });
    const ours = await read(world.a), everybodys = await read(), theirs = await request("GET", "/api/openapi.json", { token: world.b.token });
    const schema = (answer, name) => answer.json.components.schemas[name];
    const created = schema(ours, "ContactCreateCustom");
    assert.deepEqual(created.properties.a_number.type, ["number", "null"]);
    assert.deepEqual(created.properties.a_choice.enum, ["gold", "silver", null]);
    assert.equal(created.additionalProperties, false);
    assert.deepEqual(schema(ours, "ContactCreateCustomA_money").required, ["amount", "currency"]);
    assert.ok(ours.json.paths["/api/crm/contacts"].get.parameters.some((it) => it.name === "custom.a_number[gte]" && it.schema.type === "number"));
    assert.ok(schema(theirs, "LeadCreateCustom").required.includes("needed") && !theirs.text.includes("a_money"), "another tenant's are its own");
    assert.ok(!everybodys.text.includes("a_money") && schema(everybodys, "Lead").properties.custom.additionalProperties);
    assert.equal(Object.keys(ours.json.paths).length, Object.keys(everybodys.json.paths).length);
    assert.equal((await read(world.a, { "if-none-match": ours.headers.etag })).status, 304);
    await define({ resource: "crm.contacts", key: "later", label: "Later", type: "text" });
    const later = await read(world.a, { "if-none-match": ours.headers.etag });
    assert.ok(later.status === 200 && later.text.includes('"later"'));
    const { access_token: token } = await makeUser(world.a, "customer");
    assert.ok(!(await read({ token })).text.includes("a_money"), "who may not read contacts");
});

test("who_may_not_define_fields_uses_them_and_sees_no_definition", async () => {
    const { access_token: token } = await makeUser(world.a, "staff"), staff = { token };
    assert.equal((await api("GET", "/api/custom-fields", undefined, staff)).status, 403);
    assert.equal((await define({ key: "mine", label: "Mine", type: "text" }, staff)).status, 403);
});

test("a_resource_has_at_most_500_fields", async () => {
    const tenant = await makeTenant({ planLevel: 3 });
    await db.query(`insert into everyone.custom_fields (tenant_id, resource, key, label, type)
        select $1, 'crm.deals', 'f' || n, 'Field ' || n, 'text' from generate_series(1, 499) n`, [tenant.id]);
    const one = { resource: "crm.deals", label: "Last", type: "text" };
    assert.equal((await define({ ...one, key: "last" }, tenant)).status, 201);
    const refused = await define({ ...one, key: "more" }, tenant);
    assert.equal(refused.status, 422);
    assert.equal(refused.error.code, "too_many_custom_fields");
});
