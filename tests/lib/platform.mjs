// A platform of the tests' own: started once by tests/run.mjs, found by the
// test files through the environment.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bound } from "./bound.mjs";
import { build, program } from "./build.mjs";
import { takeOver } from "../../tools/first_login.mjs";
import { freePort } from "./ports.mjs";

const password = "the operator's own words";

export class Platform {
    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), "tulou-"));
        chmodSync(this.folder, 0o755);
        this.output = "";
    }

    // One of a test file's own, with settings that the others do not have. What is
    // imported after it (client.mjs and so on) speaks to it.
    static async own(extra) {
        const platform = new Platform();
        await platform.choosePorts();
        Object.assign(process.env, platform.environment());
        await platform.start(extra);
        return platform;
    }

    // Kept when it starts again.
    async choosePorts() {
        this.port ??= await freePort();
        this.dns ??= await freePort();
    }

    // log: a descriptor for its log, which else goes nowhere once it has started.
    // After halt() it goes on where it was, with the same port.
    async start(extra = {}, log = "pipe") {
        await this.choosePorts();
        this.output = "";
        this.child = spawn(...bound(program, ["serve"]), {
            env: { ...process.env, DATABASE_URL: "", PORT: String(this.port), TULOU_VAR: this.folder, TULOU_SHARE: join(build, "share"), TULOU_RATE_AUTH: "100000",
                TULOU_RATE_API: "1000000", TULOU_RATE_TENANT: "10000000", TULOU_DNS: `127.0.0.1:${this.dns}`, TULOU_ALLOW_PRIVATE: "1", ...extra },
            stdio: ["ignore", "pipe", log],
        });
        const gone = new Promise((resolve) => this.child.once("close", (status) => resolve(status)));
        this.gone = gone;
        await new Promise((resolve, reject) => {
            let started = false;
            const hear = (data) => {
                if (started) return; // the log of requests is long
                this.output += data;
                started = this.output.includes("Tulou serves on");
                if (started) resolve();
            };
            this.child.stdout.on("data", hear);
            this.child.stderr?.on("data", hear);
            gone.then((status) => reject(new Error(`the platform ended with ${status}: ${this.output}`)));
        });
        this.domain = extra.TULOU_DOMAIN ?? "localhost";
        await this.takeOver();
    }

    call(method, path, { token, body } = {}) {
        const data = body && JSON.stringify(body);
        return new Promise((resolve, reject) => {
            const request = http.request({ host: "127.0.0.1", port: this.port, method, path, headers: { host: `${this.domain}:${this.port}`,
                ...(token ? { authorization: `Bearer ${token}` } : {}), ...(data ? { "content-type": "application/json", "content-length": Buffer.byteLength(data) } : {}) } }, (response) => {
                let text = "";
                response.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => resolve({ status: response.statusCode, ...(text ? JSON.parse(text) : {}) }));
            });
            request.on("error", reject);
            request.end(data);
        });
    }

    // The first superadmin chooses a password, and that operators need no second factor.
    async takeOver() {
        const file = join(this.folder, "operator.json");
        if (existsSync(file)) return;
        const first = JSON.parse(readFileSync(join(this.folder, "first-login.json"), "utf8"));
        await takeOver((...it) => this.call(...it), first, password);
        writeFileSync(file, JSON.stringify({ email: first.email, password }));
    }

    login() {
        return JSON.parse(readFileSync(join(this.folder, "operator.json"), "utf8"));
    }

    environment() {
        return { TEST_PORT: String(this.port), TEST_VAR: this.folder, TEST_DNS: String(this.dns) };
    }

    async halt() {
        if (this.child && this.child.exitCode === null) {
            this.child.kill("SIGTERM");
            await this.gone;
        }
    }

    async stop() {
        await this.halt();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
