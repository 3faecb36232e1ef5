// The settings have one door: whichever address takes them in, the same rules hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTenant, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";

const putAll = (tenant, settings, token = tenant.token) =>
    request("PUT", `/api/tenants/${tenant.id}/settings`, { token, body: { settings } });
const ways = {
    api: (tenant, section, body) => request("PATCH", `/api/settings/${section}`, { token: tenant.token, body }),
    tenant: (tenant, section, body) => putAll(tenant, { [section]: body }),
    operator: async (tenant, section, body) => putAll(tenant, { [section]: body }, await operator()),
};
const refused = [
    ["security", { passwordMinLength: 1 }, "too_small"],
    ["security", { passwordMinLength: "12" }, "wrong_type"],
    ["security", { sessionDays: 100000 }, "too_big"],
    ["security", { mfaRoles: "owner" }, "wrong_type"],
    ["security", { ssoRequired: "yes" }, "wrong_type"],
    ["security", { nobodyKnowsThis: 1 }, "unknown_field"],
    ["api", { allowedOrigins: ["null"] }, "invalid_origin"],
    ["api", { allowedOrigins: [{ a: 1 }] }, "wrong_type"],
    ["general", { supportEmail: 7 }, "wrong_type"],
    ["general", { weekStarts: "never" }, "not_a_choice"],
];

for (const [name, put] of Object.entries(ways))
    test(`by_the_way_of_${name}_each_section_has_its_declared_rules`, async () => {
        const tenant = await makeTenant();
        for (const [section, body, code] of refused) {
            const answer = await put(tenant, section, body);
            assert.equal(answer.status, 422, `${section} ${JSON.stringify(body)}: ${answer.text}`);
            assert.equal(answer.error.details[0].code, code, answer.text);
        }
        const good = await put(tenant, "general", { supportEmail: "HELP@Example.com", weekStarts: "sunday" });
        assert.equal(good.status, 200, good.text);
        const got = await request("GET", "/api/settings/general", { token: tenant.token });
        assert.deepEqual(got.data, { dateFormat: "day_month_year", weekStarts: "sunday", supportEmail: "help@example.com" });
    });

test("unknown_sections_and_those_of_the_platform_are_refused_for_a_tenant", async () => {
    const tenant = await makeTenant();
    for (const section of ["b1", "signup", "deletion", "__proto__", "a\"b", ""]) {
        for (const token of [tenant.token, await operator()]) {
            const answer = await putAll(tenant, { [section]: { x: 1 } }, token);
            assert.equal(answer.status, 422, answer.text);
            assert.equal(answer.error.details[0].code, "unknown_section");
        }
    }
    assert.equal((await putAll(tenant, { general: [] })).error.details[0].code, "wrong_type");
    assert.deepEqual((await request("GET", "/api/settings", { token: tenant.token })).data, {});
});

test("nothing_is_stored_of_what_is_refused_in_part", async () => {
    const tenant = await makeTenant();
    assert.equal((await putAll(tenant, { general: { weekStarts: "sunday" }, security: { sessionDays: 0 } })).status, 422);
    assert.equal((await request("GET", "/api/settings/general", { token: tenant.token })).data.weekStarts, "monday");
});

// What the rules let in today is less than that: an older version stored nearly all of it.
test("all_settings_together_take_16_kilobytes_at_most", async () => {
    const tenant = await makeTenant();
    sql(`update tenants set settings = $$${JSON.stringify({ security: { older: "x".repeat(16340) } })}$$ where id = '${tenant.id}'`);
    for (const put of Object.values(ways)) {
        const answer = await put(tenant, "api", { allowedOrigins: ["https://app.example.com"] });
        assert.deepEqual([answer.status, answer.error?.code], [422, "settings_too_large"], answer.text);
    }
});

test("what_an_older_version_stored_never_breaks_an_answer", async () => {
    const tenant = await makeTenant();
    const old = { security: { passwordMinLength: '1, "x": 2', sessionDays: "banana", mfaRoles: 7, ssoRequired: "perhaps" },
        api: { allowedOrigins: "null" }, general: 5 };
    sql(`update tenants set settings = $$${JSON.stringify(old)}$$ where id = '${tenant.id}'`);
    const security = await request("GET", "/api/settings/security", { token: tenant.token });
    assert.deepEqual(security.data, { passwordMinLength: 12, sessionDays: 7, sessionHours: 720, mfaRoles: [], ssoRequired: false, allowImpersonation: true }, security.text);
    assert.deepEqual((await request("GET", "/api/settings/api", { token: tenant.token })).data, { allowedOrigins: [] });
    assert.equal((await request("GET", "/api/settings/general", { token: tenant.token })).data.weekStarts, "monday");
});

test("null_is_an_origin_of_nobody_even_where_it_was_stored", async () => {
    const tenant = await makeTenant();
    sql(`update tenants set settings = '{"api": {"allowedOrigins": ["null"]}}' where id = '${tenant.id}'`);
    assert.equal((await ways.api(tenant, "general", { weekStarts: "saturday" })).status, 200);
    const answer = await request("GET", "/api/tenant", { tenant: tenant.slug, headers: { origin: "null" } });
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
});

// By page: the form's hidden version is that of what it showed.
test("of_two_forms_of_one_part_the_second_comes_back_filled_in", async () => {
    const tenant = await makeTenant(), cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const headers = { cookie, origin: `http://${tenant.slug}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" };
    const open = (path) => request("GET", path, { tenant: tenant.slug, headers });
    const fieldsOf = (text) => Object.fromEntries([...text.matchAll(/<input[^>]*name="(_csrf|_version)" value="([^"]*)"/g)].map(([, name, value]) => [name, value.replaceAll("&quot;", '"')]));
    const save = (path, fields) => request("POST", path, { tenant: tenant.slug, headers, raw: new URLSearchParams(fields).toString() });
    for (const [path, first, second, kept] of [
        ["/admin/settings/general", { weekStarts: "sunday", dateFormat: "day_month_year" }, { weekStarts: "monday", dateFormat: "day_month_year", supportEmail: "mine@example.com" }, /value="mine@example\.com"/],
        ["/admin/organisation", { name: "First", locale: "en", timeZone: "UTC", currency: "EUR" }, { name: "Second", locale: "en", timeZone: "UTC", currency: "EUR" }, /value="Second"/],
        ["/admin/branding", { name: "First" }, { name: "Second" }, /value="Second"/],
    ]) {
        const shown = fieldsOf((await open(path)).text);
        assert.ok(shown._version, path);
        const saved = await save(path, { ...shown, ...first });
        assert.equal(saved.status, 303, `${path}: ${saved.text.slice(0, 2000)}`);
        const lost = await save(path, { ...shown, ...second });
        assert.equal(lost.status, 412, `${path}: ${lost.text.slice(0, 300)}`);
        assert.match(lost.text, /Somebody else changed this while you were at it/);
        assert.match(lost.text, kept, `${path}: what was typed is kept`);
        const again = await save(path, { ...fieldsOf(lost.text), ...second });
        assert.equal(again.status, 303, `${path}: saving again replaces the other change`);
    }
});
