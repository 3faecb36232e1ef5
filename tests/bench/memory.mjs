// Memory of all areas together: idle, and while thousands of requests wait for
// the database. What waits must all be answered in the end.
import { readFileSync } from "node:fs";
import net from "node:net";
import { children, memory } from "./lib/cost.mjs";
import { connect } from "./lib/data.mjs";
import { megabytes, memoryRow } from "./lib/report.mjs";
import { requestsOf } from "./lib/stage.mjs";

const WAITING = 5000, AT_ONCE = 250;
const patienceMs = 25000; // less than a request's deadline

// The areas are all that the platform keeps but PostgreSQL and nginx.
const areas = (pid) => children(pid).filter((it) => !/^(postgres|nginx)/.test(it.name)).map((it) => it.pid);

// Connections that nginx holds to the area, by the kernel's own list.
function connectionsTo(socket) {
    return readFileSync("/proc/net/unix", "utf8").split("\n").filter((it) => it.endsWith(` ${socket}`) && it.split(/\s+/)[5] === "03").length;
}

function ask(port, { path, token }) {
    return new Promise((resolve) => {
        let head = "";
        const socket = net.connect(port, "127.0.0.1", () =>
            socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`));
        socket.on("data", (data) => (head ||= data.toString("latin1", 0, 64)));
        socket.on("error", () => {});
        socket.on("close", () => resolve(Number(head.split(" ")[1] ?? 0)));
    });
}

export async function run(bench) {
    const { platform } = bench, requests = requestsOf(await bench.tenants(), bench.leads).one;
    const pids = areas(platform.child.pid), idle = memory(pids), socket = `${platform.folder}/run/crm.sock`;
    const owner = await connect(platform.folder);
    await owner.query("begin; lock table shared.leads in access exclusive mode");
    bench.say(`letting ${WAITING} requests wait`);
    const answers = [], statuses = [], until = Date.now() + patienceMs;
    let there = 0;
    while (there < WAITING && statuses.length === 0 && Date.now() < until) {
        for (let i = 0; i < AT_ONCE && answers.length < WAITING; i++) {
            const answer = ask(platform.port, requests[answers.length % requests.length]);
            answer.then((status) => statuses.push(status));
            answers.push(answer);
        }
        await owner.query("select 1"); // a turn for the connections
        there = connectionsTo(socket);
    }
    const full = memory(pids);
    await owner.query("rollback");
    await owner.end();
    await Promise.all(answers);
    const wrong = statuses.filter((it) => it !== 200);
    if (wrong.length) throw new Error(`${wrong.length} of ${WAITING} waiting requests were not answered: ${[...new Set(wrong)].join(", ")}`);
    if (there < WAITING) throw new Error(`only ${there} of ${WAITING} requests came to wait`);
    return [memoryRow("memory of all areas, idle", idle, 100e6), memoryRow(`memory of all areas, ${WAITING} requests waiting`, full, 300e6),
        { name: "memory of all areas, once they are answered", value: megabytes(memory(pids)) }];
}
