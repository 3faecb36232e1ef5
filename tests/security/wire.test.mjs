// What no well-behaved client sends, byte by byte: to nginx, and past it to the
// FastCGI sockets of the areas. Each gets its refusal, nobody waits for it, and
// the workers are the same afterwards.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, makeTenant, port, request } from "../lib/client.mjs";
import { processesOf } from "../lib/command.mjs";

const workers = () => processesOf(join(folder, "run/")).filter((it) => it.line.includes("cgi-bin/")).map((it) => it.pid).sort();
let first, tenant;
before(async () => {
    tenant = await makeTenant();
    first = workers();
    assert.ok(first.length > 10, `${first.length} processes of areas`);
});

// Everything that comes back until the other side closes.
function say(target, bytes) {
    return new Promise((resolve) => {
        const socket = connect(target), parts = [];
        socket.on("data", (data) => parts.push(data));
        socket.on("error", () => {});
        socket.on("close", () => resolve(Buffer.concat(parts)));
        socket.setTimeout(30000, () => socket.destroy());
        socket.write(bytes);
    });
}

const host = `Host: localhost:${port}\r\n`, end = "Connection: close\r\n\r\n";
const post = (headers, body) => `POST /api/auth/login HTTP/1.1\r\n${host}Content-Type: application/json\r\n${headers}${end}${body}`;
const get = (path, headers = "") => `GET ${path} HTTP/1.1\r\n${host}${headers}${end}`;

test("the_whole_address_may_stand_in_a_request_that_names_the_same_host", async () => {
    for (const address of [`http://localhost:${port}/api/tenant`, `HTTP://LOCALHOST:${port}/api/tenant?x=http://other/`, "/api/tenant?next=http://other.localhost/"]) {
        const text = (await say({ host: "127.0.0.1", port }, get(address))).toString("utf8");
        assert.match(text, /^HTTP\/1.1 (200|400) /, text);
        assert.doesNotMatch(text, /"code":"bad_request"/, text);
    }
});

test("requests_that_are_none_get_their_refusal_in_the_envelope", async () => {
    for (const [what, bytes, status, json = true] of [
        ["two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400], ["a length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 400],
        ["a length and chunks", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), 400],
        ["two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400],
        ["an unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501], ["broken chunks", post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"), 400],
        ["whole chunks", post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 422], ["a negative length", post("Content-Length: -1\r\n", ""), 400],
        ["an endless length", post("Content-Length: 99999999999999999999\r\n", ""), 400], ["a huge length", post("Content-Length: 99999999999\r\n", ""), 413],
        ["a packed body", post("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"), 415],
        ["no host", `GET /api/tenant HTTP/1.1\r\n${end}`, 400], ["two hosts", get("/api/tenant", "Host: other\r\n"), 400],
        ["a folded header", get("/api/tenant", "X-A: b\r\n c\r\n"), 400], ["a blank before the colon", `GET /api/tenant HTTP/1.1\r\nHost : x\r\n${end}`, 400],
        ["NUL in a header", get("/api/tenant", "X-A: a\0b\r\n"), 400], ["NUL in the path", get("/api/crm/leads/%00"), 400, false],
        ["overlong UTF-8", get("/api/crm/leads/%c0%af"), 400], ["bare bytes", Buffer.concat([Buffer.from("GET /api/crm/leads/"), Buffer.from([0xff, 0xfe]), Buffer.from(` HTTP/1.1\r\n${host}${end}`)]), 400],
        ["dots", get("/api/crm/../tenant"), 400], ["empty segments", get("//api//tenant"), 400, true], ["a deep path", get(`/api/crm/leads${"/a".repeat(3000)}`), 414],
        ["2,000 parameters", get(`/api/crm/leads?${"a=1&".repeat(2000)}`), 400], ["100,000 parameters", get(`/api/crm/leads?${"a=1&".repeat(100000)}`), 414, false],
        ["a huge header", get("/api/tenant", `X-A: ${"v".repeat(40000)}\r\n`), 431], ["thousands of headers", get("/api/tenant", Array.from({ length: 3000 }, (_, i) => `X-${i}: v\r\n`).join("")), 431],
        ["TRACE", `TRACE /api/tenant HTTP/1.1\r\n${host}${end}`, 405], ["a method of one's own", `BREW /api/crm/leads HTTP/1.1\r\n${host}${end}`, 405],
        ["a later version", `GET /api/tenant HTTP/3.0\r\n${host}${end}`, 505, false], ["TLS", Buffer.from("160301020001000001fc0303aaaaaaaa0d0a0d0a", "hex"), 400, false],
        ["another host in the address", get("http://other.localhost/api/tenant"), 400], ["another port in the address", get(`http://localhost:${port + 1}/api/tenant`), 400],
        ["a user in the address", get(`http://x@localhost:${port}/api/tenant`), 400, false], ["another host for a page", get("http://other.localhost/login"), 400, false],
        ["another host for a file", get("http://other.localhost/static/app.css"), 400, false], ["no scheme of ours", get(`ftp://localhost:${port}/api/tenant`), 400],
        ["another file", get("/static/%2e%2e/areas.json"), 400], ["our own refusals", get("/.error/json/503"), 404, false], ["a write to a file", `POST /static/app.css HTTP/1.1\r\n${host}Content-Length: 0\r\n${end}`, 405, false]]) {
        const text = (await say({ host: "127.0.0.1", port }, bytes)).toString("utf8");
        assert.match(text, new RegExp(`^HTTP/1.1 ${status} `), `${what}: ${text.slice(0, 200)}`);
        assert.match(text, /\r\ncontent-security-policy: /i, what);
        if (status === 405) assert.match(text, /\r\nallow: GET, HEAD/i, what);
        if (json) assert.equal(JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)).error.statusCode, status, `${what}: ${text}`);
    }
});

test("odd_methods_are_told_which_ones_an_address_takes", async () => {
    for (const method of ["TRACE", "CONNECT", "BREW"])
        for (const [path, allow] of [["/api/crm/leads", "GET, HEAD, POST"], [`/api/crm/leads/${tenant.id}?x=1`, "GET, HEAD, PUT, PATCH, DELETE"], ["/api/auth/login", "POST"], ["/api/realtime", "GET, HEAD"], ["/login", "GET, HEAD, POST"],
            ["/api/openapi.json", "GET, HEAD"], ["/api/nothing/of/this", undefined]]) {
            if (method === "BREW" && path === "/api/openapi.json") continue; // a file: nginx does not know the word
            const text = (await say({ host: "127.0.0.1", port }, `${method} ${path} HTTP/1.1\r\n${host}${end}`)).toString("utf8");
            assert.match(text, new RegExp(`^HTTP/1.1 ${allow ? 405 : 404} `), `${method} ${path}: ${text.slice(0, 300)}`);
            assert.deepEqual([...text.matchAll(/\r\nallow: ([^\r]*)/gi)].map((it) => it[1]), allow ? [allow] : [], `${method} ${path}`);
            if (path.startsWith("/api/")) assert.equal(JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)).error.code, allow ? "method_not_allowed" : "not_found", `${method} ${path}: ${text}`);
        }
});

test("a_second_request_hidden_in_the_first_is_not_served", async () => {
    const hidden = `GET /api/crm/leads HTTP/1.1\r\n${host}Authorization: Bearer ${tenant.token}\r\n\r\n`;
    for (const headers of [`Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Transfer-Encoding: xchunked\r\n", "Content-Length: 0, 4\r\n"]) {
        const text = (await say({ host: "127.0.0.1", port }, `POST /api/auth/login HTTP/1.1\r\n${host}${headers}\r\n0\r\n\r\n${hidden}`)).toString("utf8");
        assert.equal(text.match(/HTTP\/1\.1 \d+/g).length, 1, `${headers}: ${text}`);
    }
});

// ---- FastCGI 1.0, as nginx never speaks it ----

const record = (type, body = Buffer.alloc(0), { id = 1, version = 1, length = body.length } = {}) =>
    Buffer.concat([Buffer.from([version, type, id >> 8, id & 255, length >> 8, length & 255, 0, 0]), body]);
const begin = (role = 1, keep = 0) => record(1, Buffer.from([0, role, keep, 0, 0, 0, 0, 0]));
const pair = (name, value) => Buffer.concat([Buffer.from([name.length]), value.length < 128 ? Buffer.from([value.length]) : Buffer.from([0x80 | (value.length >> 24), value.length >> 16, value.length >> 8, value.length]),
    Buffer.from(name), Buffer.from(value, "latin1")]);
const params = (pairs) => {
    const all = Buffer.concat(Object.entries(pairs).map(([name, value]) => pair(name, value))), out = [];
    for (let at = 0; at < all.length; at += 60000) out.push(record(4, all.subarray(at, at + 60000)));
    return Buffer.concat([...out, record(4)]);
};
const usual = { REQUEST_METHOD: "GET", REQUEST_URI: "/api/nothing", HTTP_HOST: `localhost:${port}`, REMOTE_ADDR: "127.0.0.1" };

test("records_that_are_malformed_harm_nobody", async () => {
    const many = Object.fromEntries(Array.from({ length: 20000 }, (_, i) => [`HTTP_X_${i}`, "v"]));
    const shapes = [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(4096), Buffer.alloc(4096, 0xff), record(1, Buffer.alloc(0)), begin(9), record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]), { version: 7 }),
        Buffer.concat([begin(), record(4, Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))]), Buffer.concat([begin(), record(4, Buffer.from([200, 200]))]),
        Buffer.concat([begin(), record(99, Buffer.from("x")), params(usual), record(5)]), Buffer.concat([begin(), record(2), params(usual)]), Buffer.concat([begin(), record(9, pair("FCGI_MAX_CONNS", ""), { id: 0 })]),
        Buffer.concat([begin(), params({}), record(5)]), Buffer.concat([begin(), params({ ...usual, ...many }), record(5)]), Buffer.concat([begin(), params({ ...usual, REQUEST_URI: `/${"a/".repeat(200000)}` }), record(5)]),
        Buffer.concat([begin(), params({ ...usual, REQUEST_METHOD: "POST", CONTENT_LENGTH: "-5", CONTENT_TYPE: "application/json" }), record(5, Buffer.from("{}")), record(5)]),
        Buffer.concat([begin(), params({ ...usual, REQUEST_URI: "/api/\0x", HTTP_HOST: "\xff\xfe", HTTP_COOKIE: "\xc0\xaf=\x01" }), record(5)]),
        Buffer.concat([begin(1, 1), params(usual), record(5), begin(1, 1), record(4, Buffer.from("x"), { length: 500 })])];
    const stuck = [];
    for (const name of readdirSync(join(folder, "run")).filter((it) => it.endsWith(".sock") && !it.includes("stream")))
        for (const bytes of shapes)
            await new Promise((resolve) => {
                const socket = connect({ path: join(folder, "run", name) });
                socket.on("error", () => {}).on("close", resolve).resume();
                socket.setTimeout(30000, () => {
                    stuck.push(`${name}: ${bytes.subarray(0, 20).toString("hex")}`);
                    socket.destroy();
                });
                socket.end(bytes);
            });
    assert.deepEqual(stuck, []);
    assert.equal((await request("GET", "/api/crm/leads", { token: tenant.token })).status, 200);
});

test("after_all_of_that_the_workers_are_the_same", () => {
    assert.deepEqual(workers(), first);
});
