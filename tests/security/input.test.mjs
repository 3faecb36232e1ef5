// Rubbish: each piece gets its 4xx, none a 5xx, and nobody dies of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, test } from "node:test";
import { makeTenant, operator, request } from "../lib/client.mjs";
import { apiRoutes, bodyOf } from "../lib/routes.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const post = (raw, headers = {}) => request("POST", "/api/crm/leads", { token: tenant.token, raw, headers: { "content-type": "application/json", ...headers } });

test("malformed JSON is refused with its own code", async () => {
    const deep = "[".repeat(300) + "]".repeat(300);
    for (const [raw, status, code] of [
        ["{", 400, "json_syntax"], ["{}x", 400, "json_syntax"], ['{"a":01}', 400, "json_syntax"], ["[1]", 400, "json_not_an_object"], ["null", 400, "json_not_an_object"],
        ['{"name":"a","name":"b"}', 400, "json_duplicate_key"], [`{"name":${deep}}`, 400, "json_depth"],
        ['{"name":"a\\u0000b"}', 400, "json_utf8"], ['{"name":"\\ud800"}', 400, "json_utf8"],
        ['{"name":"a","valueAmount":99999999999999999999}', 400, "json_number_range"], ['{"name":"a","valueAmount":1e999}', 400, "json_number_range"]]) {
        const answer = await post(raw);
        assert.equal(answer.status, status, `${raw.slice(0, 40)}: ${answer.text}`);
        assert.equal(answer.error.code, code, raw.slice(0, 40));
    }
    const broken = await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    assert.equal(broken.error.code, "json_utf8");
});

test("wrong types and unknown fields name the field, all at once", async () => {
    const answer = await post(JSON.stringify({ name: 5, valueAmount: "x", zzz: 1, email: "no", status: "odd", ownerId: "1" }));
    assert.equal(answer.status, 422);
    assert.deepEqual(answer.error.details.map((it) => it.field).sort(), ["email", "name", "ownerId", "status", "valueAmount", "zzz"]);
});

test("bodies that are too large or of another type are refused", async () => {
    assert.equal((await post(`{"name":"${"x".repeat(2 << 20)}"}`)).status, 413);
    assert.equal((await post("name=x", { "content-type": "text/plain" })).status, 415);
    assert.equal((await post("<a/>", { "content-type": "application/xml" })).status, 415);
    assert.equal((await post("--x\r\nbroken", { "content-type": "multipart/form-data; boundary=x" })).status, 400);
});

test("metacharacters are stored as they are and found again", async () => {
    for (const name of ["'; drop table leads; --", "{{#x}}{{{y}}}{{/x}}", "<script>alert(1)</script>", "%_\\", "$1 ${2} %s %n", "a\"b\\c", "ёж 🦔"]) {
        const made = await post(JSON.stringify({ name }));
        assert.equal(made.status, 201, made.text);
        assert.equal(made.data.name, name);
        const found = await request("GET", `/api/crm/leads?q=${encodeURIComponent(name)}`, { token: tenant.token });
        assert.ok(found.data.some((it) => it.id === made.data.id), name);
    }
});

test("bad tokens are refused by their own reason", async () => {
    const [head, claims, signature] = tenant.token.split(".");
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const kid = JSON.parse(Buffer.from(head, "base64url")).kid;
    const forge = (header, key) => {
        const text = `${encode(header)}.${claims}`;
        return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
    };
    for (const [token, code] of [
        [`${encode({ alg: "none", kid })}.${claims}.`, "token_algorithm"], [`${encode({ alg: "HS512", kid })}.${claims}.${signature}`, "token_algorithm"],
        [`${encode({ alg: "RS256", kid })}.${claims}.${signature}`, "token_algorithm"], [forge({ alg: "HS256", kid }, "guess"), "token_signature"],
        [forge({ alg: "HS256", kid: "other" }, "guess"), "token_key"], [forge({ alg: "HS256" }, "guess"), "token_key"],
        [`${head}.${encode({ ...JSON.parse(Buffer.from(claims, "base64url")), role: "superadmin" })}.${signature}`, "token_signature"],
        ["rubbish", "token_malformed"], ["a.b.c", "token_malformed"], ["x".repeat(9000), "token_malformed"]]) {
        const answer = await request("GET", "/api/auth/me", { token });
        assert.equal(answer.status, 401, answer.text);
        assert.equal(answer.error.code, code, token.slice(0, 60));
    }
});

test("no route answers 5xx to rubbish in any field", async () => {
    const rubbish = [null, true, -1, 1.5, "", "'\"\\;--", "x".repeat(5000), [], {}, [[{}]], { a: { b: 1 } }];
    const token = await operator();
    // The last is what may shut this operator out: that operators need a factor.
    const shutting = (it) => Number(it.path.endsWith("/settings/operators"));
    const routes = apiRoutes.filter((it) => it.body && it.level !== "public" && !/change-password|reset-password/.test(it.path));
    for (const route of routes.sort((a, b) => shutting(a) - shutting(b)))
        for (const field of route.body)
            for (const value of rubbish) {
                const path = route.path.replace(/:\w+/g, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f");
                for (const who of [tenant.token, token]) {
                    const answer = await request(route.method, path, { token: who, body: { ...bodyOf(route.body, { method: route.method }), [field.name]: value } });
                    assert.ok(answer.status < 500, `${route.method} ${route.path} ${field.name}=${JSON.stringify(value)?.slice(0, 30)}: ${answer.text}`);
                    if (route.path.startsWith("/api/tenants") && answer.status === 201) continue;
                }
            }
});

test("paths, queries and cookies that are malformed are refused", async () => {
    for (const path of ["/api/crm/leads/%00", "/api/crm/leads/%ff", "/api/crm/leads/a%2fb", "/api/crm/leads?q=%ff", "/api/crm/leads?limit=0",
        "/api/crm/leads?limit=101", "/api/crm/leads?page=x", "/api/crm/leads?zzz=1", "/api/crm/leads?sort=zzz", "/api/crm/leads?fields=zzz", "/api/crm/leads?after=zzz",
        "/api/crm/leads?valueAmount[gte]=x", "/api/crm/leads?valueAmount[zz]=1", "/api/crm/leads?status=odd"]) {
        const answer = await request("GET", path, { token: tenant.token });
        assert.equal(answer.status, 400, `${path}: ${answer.status} ${answer.text}`);
    }
    for (const id of ["1", "x'y", "01a1fc30-19fe-74cc-bfd1-e408edb75d4", "01a1fc30-19fe-74cc-bfd1-e408edb75d4f"])
        assert.equal((await request("GET", `/api/crm/leads/${encodeURIComponent(id)}`, { token: tenant.token })).status, 404);
    const cookie = await request("GET", "/", { headers: { cookie: "tulou_session=%%%; =x; ;;; a=b=c" } });
    assert.equal(cookie.status, 200);
});
