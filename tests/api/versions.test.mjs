// Nobody overwrites what they have not seen: ETags, If-Match and If-None-Match everywhere.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, request } from "../lib/client.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const api = (method, path, options = {}) => request(method, path, { tenant: tenant.slug, token: tenant.token, ...options });

test("settings_profile_branding_and_the_like_have_versions", async () => {
    const own = `/api/tenants/${tenant.id}`;
    const branding = (await api("GET", `${own}/branding`)).data;
    const policy = (await api("GET", "/api/settings/security")).data;
    const parts = [
        ["/api/settings/general", "PATCH", [{ weekStarts: "sunday" }, { weekStarts: "monday" }]],
        ["/api/settings/api", "PUT", [{ allowedOrigins: ["https://a.example"] }, { allowedOrigins: [] }]],
        ["/api/settings/security", "PUT", [{ ...policy, passwordMinLength: 16 }, policy]],
        ["/api/auth/me", "PATCH", [{ name: "Other" }, { name: "Owner" }]],
        [`${own}/profile`, "PATCH", [{ name: "One" }, { name: "Two" }]],
        [`${own}/branding`, "PUT", [{ ...branding, primaryColor: "#112233" }, { ...branding, primaryColor: "#445566" }]],
        [`${own}/settings`, "PUT", [{ settings: { general: { weekStarts: "saturday" } } }, { settings: { general: {} } }]],
        ["/api/notifications/preferences", "PUT", null],
    ];
    for (const [path, method, bodies] of parts) {
        const first = await api("GET", path);
        assert.equal(first.status, 200, `${path}: ${first.text}`);
        const { etag } = first.headers;
        assert.match(etag ?? "", /^"[0-9a-f-]+"$/, path);
        assert.equal((await api("GET", path)).headers.etag, etag, path);
        assert.equal((await api("HEAD", path)).headers.etag, etag, path);
        const again = await api("GET", path, { headers: { "if-none-match": etag } });
        assert.deepEqual([again.status, again.text], [304, ""], path);
        const kind = first.data[0];
        const [one, two] = bodies ?? [true, false].map((flip) => ({ preferences: [{ type: kind.type, channel: kind.channel, enabled: kind.enabled !== flip }] }));
        const write = (body, headers) => api(method, path, { body, headers });
        assert.equal((await write(one, { "if-match": '"1"' })).status, 412, path);
        assert.equal((await write(one, { "if-none-match": "*" })).status, 412, path);
        assert.equal((await write(one, { "if-none-match": etag })).status, 412, path);
        assert.equal((await api("GET", path)).headers.etag, etag, `${path}: nothing was done`);
        const done = await write(one, { "if-match": `"0", W/${etag}` });
        assert.equal(done.status, 200, `${path}: ${done.text}`);
        const next = await api("GET", path);
        assert.notEqual(next.headers.etag, etag, path);
        assert.equal(done.headers.etag, next.headers.etag, path);
        const late = await write(two, { "if-match": etag });
        assert.deepEqual([late.status, late.error?.code], [412, "version_mismatch"], path);
        assert.equal((await write(two, { "if-match": "*" })).status, 200, path);
        assert.equal((await write(two, { "if-none-match": '"1"' })).status, 200, path);
    }
});

test("of_writers_at_once_with_one_version_a_single_one_wins", async () => {
    for (const [path, method, body] of [["/api/settings/general", "PATCH", (i) => ({ supportEmail: `s${i}@x.test` })], ["/api/auth/me", "PATCH", (i) => ({ name: `Name ${i}` })]]) {
        const { etag } = (await api("GET", path)).headers;
        const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => api(method, path, { body: body(i), headers: { "if-match": etag } })));
        assert.deepEqual(answers.map((it) => it.status).sort(), [200, ...Array(7).fill(412)], path);
        const won = answers.findIndex((it) => it.status === 200);
        const [key, value] = Object.entries(body(won))[0];
        assert.equal((await api("GET", path)).data[key], value);
    }
});

test("writes_with_if_none_match_replace_nothing_that_is_there", async () => {
    const lead = (await api("POST", "/api/crm/leads", { body: { name: "Inm" } })).data, path = `/api/crm/leads/${lead.id}`;
    const { etag } = (await api("GET", path)).headers;
    for (const [method, body] of [["PUT", { ...lead, name: "Inm2" }], ["PATCH", { name: "Inm2" }], ["DELETE", undefined]])
        for (const none of ["*", etag, `"x", ${etag}`]) {
            const answer = await api(method, path, { body, headers: { "if-none-match": none } });
            assert.deepEqual([answer.status, answer.error?.code], [412, "precondition_failed"], `${method} ${none}`);
        }
    assert.equal((await api("GET", path)).data.name, "Inm");
    assert.equal((await api("PUT", path, { body: { ...lead, name: "Inm3" }, headers: { "if-none-match": '"1"' } })).status, 200);
    assert.equal((await api("PUT", `/api/crm/leads/${tenant.id}`, { body: { ...lead, name: "N" }, headers: { "if-none-match": "*" } })).status, 404);
});

test("a_version_changes_with_all_that_is_shown", async () => {
    const user = await makeUser(tenant, "staff"), path = `/api/platform-users/${user.id}`;
    const first = (await api("GET", path)).headers.etag;
    assert.equal((await api("PUT", `/api/rbac/users/${user.id}/roles`, { body: { roles: ["customer"] } })).status, 200);
    const second = await api("GET", path);
    assert.notEqual(second.headers.etag, first, "roles are shown");
    assert.equal((await api("PATCH", path, { body: { name: "Late" }, headers: { "if-match": first } })).status, 412);
    const done = await api("PATCH", path, { body: { name: "In time" }, headers: { "if-match": second.headers.etag } });
    assert.equal(done.status, 200, done.text);
    assert.equal(done.headers.etag, (await api("GET", path)).headers.etag);
    assert.equal((await api("DELETE", path, { headers: { "if-match": second.headers.etag } })).status, 412);
});

test("every_single_thing_that_can_be_read_has_a_version_and_answers_head", async () => {
    const document = (await api("GET", "/api/openapi.json", { token: undefined })).json;
    const token = await operator();
    let seen = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
        if (!methods.get || path.includes("{") || path.includes("/realtime") || path.includes("/sso/")) continue;
        for (const who of [tenant.token, token]) {
            const call = (method, headers) => request(method, path, { token: who, headers });
            const got = await call("GET");
            const head = await call("HEAD");
            assert.equal(head.status, got.status, `HEAD ${path}`);
            assert.equal(head.text, "", path);
            if (got.status !== 200 || !/json/.test(got.headers["content-type"])) continue;
            assert.equal(head.headers["content-type"], got.headers["content-type"], path);
            if (Array.isArray(got.data) || !got.json?.success) continue;
            assert.match(got.headers.etag ?? "", /^(W\/)?"[0-9a-f-]+"$/, path);
            seen++;
        }
    }
    assert.ok(seen > 10, `${seen} were seen`);
});
