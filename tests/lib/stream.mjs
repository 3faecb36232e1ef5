// One who listens to /api/realtime, by server-sent events or by WebSocket, and
// keeps what came: messages with an id of the stream, in order.
import http from "node:http";
import WebSocket from "ws";
import { port } from "./client.mjs";

class Listener {
    constructor() {
        this.messages = [];
        this.waiting = [];
        this.lastId = undefined;
        this.ended = new Promise((resolve) => (this.end = resolve));
    }

    take(id, message) {
        if (id !== undefined) this.lastId = id;
        if (!message) return;
        this.messages.push(message);
        this.wake();
    }

    wake() {
        this.waiting = this.waiting.filter((it) => !it());
    }

    close(code) {
        this.gone = true;
        this.end(code);
        this.wake();
    }

    // The first message that is so, or undefined once the connection is gone.
    until(is) {
        return new Promise((resolve) => {
            let seen = 0;
            const look = () => {
                for (; seen < this.messages.length; seen++)
                    if (is(this.messages[seen])) {
                        resolve(this.messages[seen]);
                        return true;
                    }
                if (this.gone) resolve(undefined);
                return Boolean(this.gone);
            };
            if (!look()) this.waiting.push(look);
        });
    }

    type(type) {
        return this.messages.filter((it) => it.type === type);
    }
}

// The fields of an event (HTML Living Standard 9.2.6), as far as they come here.
function readEvents(listener, text) {
    for (const block of text.split("\n\n")) {
        const fields = block.split("\n").filter((it) => it && !it.startsWith(":")).map((it) => [it.slice(0, it.indexOf(":")), it.slice(it.indexOf(": ") + 2)]);
        const of = (name) => fields.filter(([key]) => key === name).map(([, value]) => value);
        const [id] = of("id"), data = of("data").join("\n");
        listener.take(id === undefined ? undefined : Number(id), data ? JSON.parse(data) : undefined);
    }
}

export function listen({ tenant, token, query = "", lastId, headers = {} } = {}) {
    const listener = new Listener();
    let rest = "";
    return new Promise((resolve, reject) => {
        const call = http.request({ host: "127.0.0.1", port, path: `/api/realtime${query}`, agent: false,
            headers: { host: `${tenant ? `${tenant}.` : ""}localhost:${port}`, accept: "text/event-stream", ...(token ? { authorization: `Bearer ${token}` } : {}),
                ...(lastId === undefined ? {} : { "last-event-id": String(lastId) }), ...headers } },
            (response) => {
                listener.status = response.statusCode;
                listener.response = response;
                response.setEncoding("utf8");
                response.on("data", (part) => {
                    rest += part;
                    const at = rest.lastIndexOf("\n\n");
                    if (at < 0 || listener.status !== 200) return;
                    readEvents(listener, rest.slice(0, at));
                    rest = rest.slice(at + 2);
                });
                response.on("close", () => listener.close());
                response.on("error", () => listener.close());
                listener.text = () => rest;
                if (listener.status !== 200) resolve(listener.ended.then(() => listener));
                else listener.until((it) => it.type === "ready" || it.type === "reset").then(() => resolve(listener));
            });
        listener.stop = () => {
            call.destroy();
            return listener.ended;
        };
        call.on("error", (problem) => (listener.status ? listener.close() : reject(problem)));
        call.end();
    });
}

// Resolves once it is open (or refused: status), before anything was said.
export function socket({ tenant, token, query = "", headers = {}, origin } = {}) {
    const listener = new Listener();
    const host = `${tenant ? `${tenant}.` : ""}localhost:${port}`;
    return new Promise((resolve) => {
        const ws = new WebSocket(`ws://127.0.0.1:${port}/api/realtime/ws${query}`, { origin, headers: { host, ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers } });
        listener.ws = ws;
        listener.say = (message) => ws.send(typeof message === "string" ? message : JSON.stringify(message));
        listener.stop = () => {
            ws.terminate();
            return listener.ended;
        };
        ws.on("open", () => {
            listener.status = 101;
            resolve(listener);
        });
        ws.on("unexpected-response", (request, response) => {
            listener.status = response.statusCode;
            request.destroy();
            listener.close();
            resolve(listener);
        });
        ws.on("message", (data) => {
            const message = JSON.parse(data);
            listener.take(message.id, message);
        });
        ws.on("close", (code) => listener.close(code));
        ws.on("error", () => {
            listener.close();
            resolve(listener);
        });
    });
}
