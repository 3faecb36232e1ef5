// One attack, in a process of its own so that it costs the measuring one nothing.
// It is told what to do by a message, does it until its time is up, and ends with
// whoever started it. Answers how many requests it made and how they ended.
import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const answers = {};
let stopping = false, refused = false;

process.on("disconnect", () => process.exit(1));

function ask({ port }, { method = "GET", path, token, slug, body, headers = {} }, hold = false) {
    const data = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve) => {
        const call = http.request({ host: "127.0.0.1", port, method, path, agent: hold ? false : agent,
            headers: { host: `${slug}.localhost:${port}`, authorization: `Bearer ${token}`, ...(data ? { "content-type": "application/json", "content-length": Buffer.byteLength(data) } : {}), ...headers } },
        (response) => {
            answers[response.statusCode] = (answers[response.statusCode] ?? 0) + 1;
            response.resume();
            refused = response.statusCode === 429;
            if (hold && response.statusCode === 200) resolve(response);
            else response.on("close", () => resolve(undefined));
        });
        call.on("error", () => {
            answers.broken = (answers.broken ?? 0) + 1;
            resolve(undefined);
        });
        call.end(data);
    });
}

// Each client asks again as soon as it was answered. When it was told to come
// later it waits a moment: floods of plain requests are the rate limits' to end.
async function repeat(plan) {
    let number = 0;
    const client = async () => {
        while (!stopping) {
            const i = number++, request = plan.requests[i % plan.requests.length];
            const filled = JSON.parse(JSON.stringify(request).replaceAll("{n}", `${process.pid}-${i}`));
            if (filled.body?.fill) filled.body = { settings: { [`b${i}`]: { x: "A".repeat(filled.body.fill) } } };
            await ask(plan, filled);
            if (refused) await new Promise((resolve) => setTimeout(resolve, 100));
        }
    };
    await Promise.all(Array.from({ length: plan.clients }, client));
}

async function holdStreams(plan) {
    while (!stopping) {
        await Promise.all(Array.from({ length: 50 }, (_, i) => ask(plan, plan.requests[i % plan.requests.length], true)));
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

process.on("message", async (plan) => {
    setTimeout(() => (stopping = true), plan.seconds * 1000);
    setTimeout(() => process.send({ answers }, () => process.exit(0)), plan.seconds * 1000 + 500);
    process.send({ begun: true });
    await (plan.streams ? holdStreams(plan) : repeat(plan));
});
