// Clients of /api/realtime that send what no client sends, by nginx and past it, slow
// ones, and crowds that come and go: the program lives, serves the others, and holds
// no more memory than before.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "../lib/build.mjs";
import { folder, makeTenant, port, request } from "../lib/client.mjs";
import { workerOf } from "../lib/programs.mjs";
import { listen, socket } from "../lib/stream.mjs";

let tenant, worker;
before(async () => {
    tenant = await makeTenant();
    worker = workerOf("realtime");
});
const door = { host: "127.0.0.1", port }, back = { path: join(folder, "run/realtime.stream.sock") };
const opening = (headers = "") => `GET /api/realtime/ws HTTP/1.1\r\nHost: ${tenant.slug}.localhost:${port}\r\nX-Tulou-Uri: /api/realtime/ws\r\nX-Tulou-Method: GET\r\nX-Tulou-Remote: 127.0.0.1\r\nX-Tulou-Scheme: http\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`;
const signedIn = () => `Authorization: Bearer ${tenant.token}\r\n`;

// RFC 6455 5.2, with whatever is asked to be wrong.
function frame(opcode, data = Buffer.alloc(0), { end = true, masked = true, reserved = 0, length = data.length, long = 0 } = {}) {
    const first = (end ? 0x80 : 0) | (reserved << 4) | opcode, mask = masked ? randomBytes(4) : Buffer.alloc(0), bit = masked ? 0x80 : 0;
    let head = Buffer.from([first, bit | Number(length)]);
    if (long === 8 || length > 65535) {
        head = Buffer.alloc(10);
        head.writeBigUInt64BE(BigInt(length), 2);
        head[0] = first;
        head[1] = bit | 127;
    } else if (long === 2 || length > 125) {
        head = Buffer.from([first, bit | 126, Number(length) >> 8, Number(length) & 255]);
    }
    return Buffer.concat([head, mask, masked ? Buffer.from(data).map((it, i) => it ^ mask[i % 4]) : data]);
}

// Everything is written; resolves once the other side has closed.
function open(target, parts) {
    return new Promise((resolve) => {
        const link = connect(target), heard = [];
        link.on("data", (data) => heard.push(data)).on("error", () => {}).on("close", () => resolve(Buffer.concat(heard)));
        for (const part of parts) link.write(part);
    });
}

async function works() {
    const stream = await listen({ token: tenant.token });
    const made = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "After rubbish" } });
    await stream.until((it) => it.event?.resource.id === made.data.id);
    await stream.stop();
    assert.equal(workerOf("realtime"), worker, "it is the same process");
}

test("frames_that_are_none_end_their_connection_and_nothing_else", async () => {
    const text = (value) => Buffer.from(value), big = Buffer.alloc(70000, 0x61);
    const shapes = { "no mask": [frame(1, text("{}"), { masked: false })], "an unknown opcode": [frame(3)], "an unknown control": [frame(11)], "reserved bits": [frame(1, text("{}"), { reserved: 7 })],
        "a length beyond all": [frame(2, big, { length: 2n ** 63n - 1n, long: 8 })], "a length with its highest bit": [frame(2, text("x"), { length: 2n ** 64n - 1n, long: 8 })],
        "a long ping": [frame(9, Buffer.alloc(126))], "a ping in pieces": [frame(9, text("x"), { end: false })], "a close of one byte": [frame(8, text("x"))], "a close with a code that is none": [frame(8, Buffer.from([0, 1]))],
        "the rest of nothing": [frame(0, text("x"))], "a message within a message": [frame(1, text("{"), { end: false }), frame(1, text("{}"))], "no UTF-8": [frame(1, Buffer.from([0xc0, 0xaf, 0xff]))],
        "a huge message": [frame(1, big)], "a huge binary message": [frame(2, big)], "no JSON": [frame(1, text("{\"type\":"))], "deep JSON": [frame(1, text("[".repeat(4000)))],
        "fragments without end": [frame(1, text("x"), { end: false }), ...Array.from({ length: 20000 }, () => frame(0, text("y".repeat(50)), { end: false }))],
        "empty fragments without end": [frame(1, text(""), { end: false }), ...Array.from({ length: 20000 }, () => frame(0, text(""), { end: false })), frame(3)],
        "bytes": Array.from({ length: 20 }, () => randomBytes(5000)), "another request": [text("GET / HTTP/1.1\r\nHost: x\r\n\r\n")] };
    const all = [door, back].flatMap((target) => [opening(), opening(signedIn())].flatMap((head) => Object.entries(shapes).map(([what, parts]) => ({ what, end: open(target, [head, ...parts]) }))));
    const left = new Set(all.map((it) => it.what));
    await Promise.race([Promise.all(all.map(({ what, end }) => end.then(() => left.delete(what)))), wait(120000, undefined, { ref: false })]);
    assert.deepEqual([...left], [], "they stay open");
    await works();
});

test("openings_that_are_none_are_refused", async () => {
    const head = opening();
    const heard = await Promise.all([door, back].flatMap((target) =>
        [head.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), head.replace("Version: 13", "Version: 99"), head.replace("dGhlIHNhbXBsZSBub25jZQ==", "x".repeat(5000)),
            head.replace("GET", "POST"), head.replace("\r\n\r\n", `\r\n${"X-Long: y\r\n".repeat(900)}\r\n`), head.replaceAll("/api/realtime/ws", `/api/realtime/ws?channels=${"z".repeat(6000)}`), randomBytes(3000), "\r\n".repeat(2000)]
            .map((bytes) => open(target, [bytes, "\r\n\r\n"]))));
    // A WebSocket that is opened all the same is told why it ends.
    for (const it of heard) assert.ok(!it.includes('"ready"'), it.toString("latin1").slice(0, 400));
    await works();
});

test("whoever_sends_a_byte_now_and_then_keeps_nobody_else_out", async () => {
    const slow = Array.from({ length: 200 }, (_, i) => {
        const link = connect(i % 2 ? door : back), head = opening(i % 4 < 2 ? signedIn() : "");
        let at = 0;
        const timer = setInterval(() => (link.destroyed ? clearInterval(timer) : link.write(head[at++ % head.length])), 300);
        return new Promise((resolve) => link.on("error", () => {}).on("close", () => resolve(clearInterval(timer))).resume());
    });
    await works();
    await Promise.all(slow); // each is closed by the other side
    await works();
});

const memory = () => Number(readFileSync(`/proc/${worker}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
const descriptors = () => readFileSync(`/proc/${worker}/status`, "utf8").match(/FDSize:\s+(\d+)/)[1];

// They come, some say who they are, and all go without a word.
async function crowd(size) {
    const links = await Promise.all(Array.from({ length: size }, async (_, i) => {
        if (i % 3 === 0) return (await listen({ token: tenant.token })).stop;
        if (i % 3 === 1) return (await socket({ token: tenant.token })).stop;
        const link = connect(door);
        link.on("error", () => {}).write(opening());
        await new Promise((resolve) => link.once("data", resolve).once("close", resolve));
        return () => link.resetAndDestroy();
    }));
    await Promise.all(links.map((it) => it()));
}

test("a_thousand_connections_that_are_opened_and_dropped_leave_no_memory_behind", async (t) => {
    const seen = [];
    for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 5; i++) await crowd(200);
        await works();
        seen.push(memory());
    }
    t.diagnostic(`resident KiB after each 1,000: ${seen.join(" ")}, descriptors ${descriptors()}`);
    // The address sanitizer keeps what was freed for a while.
    if (build === "build") assert.ok(seen.at(-1) - seen[0] < 2048, `it grew: ${seen.join(" ")}`);
});
