// Mail servers on loopback: one of npm's that keeps what it is given, and one
// that falls silent or hangs up where it is told to.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { SMTPServer } from "smtp-server";

const openssl = (...args) => execFileSync("openssl", args, { stdio: "ignore" });

// An authority and the certificates that it gave, as files NAME.crt and NAME.key.
export class Authority {
    constructor(folder, name) {
        Object.assign(this, { folder, name, file: join(folder, `${name}.crt`) });
        this.request(name, ["-x509", "-out", this.file, "-addext", "basicConstraints=critical,CA:TRUE"]);
        chmodSync(this.file, 0o644);
    }

    request(name, rest) {
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", `/CN=${name}`, "-keyout", join(this.folder, `${name}.key`), ...rest);
    }

    // For a host name: what createServer() of tls takes.
    certify(host) {
        const path = (ending) => join(this.folder, `${this.name}-${host}.${ending}`);
        this.request(`${this.name}-${host}`, ["-x509", "-CA", this.file, "-CAkey", join(this.folder, `${this.name}.key`), "-out", path("crt"),
            "-addext", `subjectAltName=DNS:${host}${net.isIP(host) ? `,IP:${host}` : ""}`, "-addext", "basicConstraints=critical,CA:FALSE"]);
        return { key: readFileSync(path("key")), cert: readFileSync(path("crt")) };
    }
}

const listen = (server, port) => new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server.address().port)));

// A refusal in the server's words.
export const refusal = (responseCode, words) => Object.assign(new Error(words), { responseCode });

// A server that takes everything, but for what `options` (of smtp-server) say. It
// keeps { from, to, raw, secure, user } of each message in .messages; to refuse,
// give it a function that throws: .onRecipient(address), .onMessage(message).
export class MailServer {
    constructor(options = {}) {
        this.messages = [];
        this.errors = [];
        this.passwords = [];
        this.onRecipient = this.onMessage = () => {};
        this.server = new SMTPServer({
            authOptional: false, logger: false,
            onAuth: (auth, session, done) => {
                this.passwords.push(auth.password);
                done(null, { user: auth.username });
            },
            onRcptTo: (address, session, done) => this.answer(done, () => this.onRecipient(address.address)),
            onData: (stream, session, done) => {
                const parts = [];
                stream.on("data", (part) => parts.push(part));
                stream.on("end", () => {
                    const message = { from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((it) => it.address),
                        raw: Buffer.concat(parts), secure: session.secure, user: session.user };
                    this.answer(done, () => {
                        this.onMessage(message);
                        this.messages.push(message);
                    });
                });
            },
            ...options,
        });
        this.server.on("error", (error) => this.errors.push(error));
    }

    answer(done, work) {
        try {
            work();
        } catch (problem) {
            return done(problem);
        }
        done();
    }

    async start(port = 0) {
        this.port = await listen(this.server.server, port);
        return this;
    }

    stop() {
        for (const it of this.server.connections) it._socket.destroy();
        return new Promise((resolve) => this.server.close(resolve));
    }

    to(address) {
        return this.messages.filter((it) => it.to.includes(address));
    }
}

// The stages of a delivery, each named after what came from the client last.
export const stages = ["connection", "EHLO", "AUTH", "credentials", "MAIL", "RCPT", "DATA", "."];
const answers = { connection: "220 ready", EHLO: "250-localhost\r\n250 AUTH PLAIN", AUTH: "334 ", credentials: "235 come in", DATA: "354 go on", ".": "250 taken", QUIT: "221 bye" };

// Speaks SMTP over TLS from the first byte on. Its first connections stop at the
// given stages, one each: `how` says whether it is silent then, or hangs up.
export class BrokenServer {
    constructor(certificate, how, at = stages) {
        Object.assign(this, { how, left: [...at], reached: [], taken: [], sockets: new Set() });
        this.server = tls.createServer(certificate, (socket) => this.serve(socket));
    }

    serve(socket) {
        const stop = this.left.shift();
        let rest = "", message, last;
        this.sockets.add(socket);
        socket.on("error", () => {});
        const come = (stage) => {
            last = stage;
            if (stage === stop) {
                this.reached.push(stage);
                if (this.how === "close") socket.destroy();
                return socket.removeAllListeners("data");
            }
            if (stage === ".") this.taken.push(message);
            message = stage === "DATA" ? "" : undefined;
            socket.write(`${answers[stage] ?? "250 yes"}\r\n`);
        };
        socket.on("data", (data) => {
            rest += data;
            for (let end; !socket.destroyed && (end = rest.indexOf("\r\n")) >= 0; ) {
                const line = rest.slice(0, end);
                rest = rest.slice(end + 2);
                if (message !== undefined && line !== ".") message += `${line}\r\n`;
                else if (last === "AUTH") come("credentials");
                else come(line.split(" ")[0].toUpperCase());
            }
        });
        come("connection");
    }

    async start(port = 0) {
        this.port = await listen(this.server, port);
        return this;
    }

    stop() {
        for (const it of this.sockets) it.destroy();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

// Takes connections and never says a word, not even of TLS.
export class SilentServer {
    sockets = new Set();
    server = net.createServer((socket) => this.sockets.add(socket.on("error", () => {})));

    async start(port = 0) {
        this.port = await listen(this.server, port);
        return this;
    }

    stop() {
        for (const it of this.sockets) it.destroy();
        return new Promise((resolve) => this.server.close(resolve));
    }
}
