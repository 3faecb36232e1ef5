// Thousands listen: what each costs in memory, and how soon an event that was
// committed is with those who may see it, by the clock that the event itself bears.
import net from "node:net";
import { children, memory } from "./lib/cost.mjs";
import { number } from "./lib/report.mjs";

const LISTENERS = 5000, HEARERS = 100, RATE = 100, AT_ONCE = 200;

// A listener keeps nothing but how late each event came, in milliseconds.
function listen(port, token, heard) {
    return new Promise((resolve, reject) => {
        let rest = "";
        const socket = net.connect(port, "127.0.0.1", () =>
            socket.write(`GET /api/realtime HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`));
        socket.setEncoding("latin1");
        socket.on("error", reject);
        socket.on("close", () => reject(new Error(`a listener was cut off: ${rest.slice(0, 200)}`)));
        socket.on("data", (data) => {
            const now = performance.timeOrigin + performance.now();
            rest += data;
            if (rest.includes('"type":"ready"')) resolve(socket);
            for (const [, at] of rest.matchAll(/"action":"crm\.leads\.created"[^\n]*?"at":"([^"]+)"[^\n]*\n/g)) heard.push(now - instant(at));
            rest = rest.slice(rest.lastIndexOf("\n") + 1);
        });
    });
}

// Microseconds, which Date drops.
const instant = (text) => Date.parse(`${text.slice(0, 19)}Z`) + Number(`0.${text.slice(20, -1) || "0"}`) * 1000;
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

async function listenAll(port, token, count, heard) {
    const all = [];
    while (all.length < count) all.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - all.length) }, () => listen(port, token, heard)))));
    return all;
}

// So many events at an even pace; resolves when each listener has heard each.
async function events(bench, token, rate, seconds, listeners, heard) {
    const count = Math.ceil(rate * seconds), begin = performance.now(), answers = [];
    heard.length = 0;
    for (let i = 0; i < count; i++) {
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, begin + (i * 1000) / rate - performance.now())));
        answers.push(bench.request("POST", "/api/crm/leads", { token, body: { name: `Event ${i}` } }));
    }
    const wrong = (await Promise.all(answers)).filter((it) => it.status !== 201);
    if (wrong.length) throw new Error(`${wrong.length} of ${count} events were not written: ${wrong[0].text}`);
    const until = performance.now() + 30000;
    while (heard.length < count * listeners && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    if (heard.length !== count * listeners) throw new Error(`${heard.length} of ${count * listeners} deliveries came`);
    heard.sort((a, b) => a - b);
    return { p50: quantile(heard, 0.5), p99: quantile(heard, 0.99), most: heard.at(-1), deliveries: heard.length };
}

const delays = (name, it) => ({ name, value: `p50 ${number(it.p50, 1)} ms, p99 ${number(it.p99, 1)} ms, at most ${number(it.most, 1)} ms`, ...it });

export async function run(bench) {
    const { platform } = bench, { makeTenant } = await import("../lib/client.mjs");
    const [busy, idle] = [await makeTenant(), await makeTenant()], heard = [], none = [];
    const part = (name) => [children(platform.child.pid).find((it) => it.name === name).pid];
    const sizes = () => ({ realtime: memory(part("realtime")), nginx: memory(part("nginx")) });
    const sockets = await listenAll(platform.port, busy.token, 10, heard); // what is made once is there
    const before = sizes();
    bench.say(`${LISTENERS} listeners`);
    sockets.push(...(await listenAll(platform.port, idle.token, LISTENERS - HEARERS, none)));
    sockets.push(...(await listenAll(platform.port, busy.token, HEARERS - 10, heard)));
    const after = sizes(), each = (name) => (after[name] - before[name]) / (LISTENERS - 10);
    bench.say(`${RATE} events a second for ${HEARERS} of them`);
    const seconds = bench.quick ? 3 : 20;
    const fanOut = await events(bench, busy.token, RATE, seconds, HEARERS, heard);
    bench.say(`1 event a second for ${LISTENERS - HEARERS} of them`);
    const wide = await events(bench, idle.token, 1, bench.quick ? 3 : 10, LISTENERS - HEARERS, none);
    for (const socket of sockets) socket.removeAllListeners("close").destroy();
    const kilobytes = (name) => ({ name: `realtime: memory of ${name} for each of ${number(LISTENERS)} connections`, value: `${number(each(name) / 1000, 1)} kB`, bytes: each(name) });
    return [kilobytes("realtime"), kilobytes("nginx"),
        delays(`realtime: ${RATE} events a second to ${HEARERS} of ${number(LISTENERS)}, commit to client`, fanOut),
        delays(`realtime: 1 event a second to ${number(LISTENERS - HEARERS)}, commit to client`, wide)];
}
