// A PostgreSQL server as an operator has one of their own: by TCP, with passwords.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { account, freePort, give, makeFolder, run } from "./command.mjs";

const bin = `/usr/lib/postgresql/${readdirSync("/usr/lib/postgresql").map(Number).sort((a, b) => b - a)[0]}/bin`;
const password = "p'w \\ordinary";

export class Server {
    static async begin() {
        const server = new Server();
        server.folder = makeFolder("tulou-second-");
        server.port = await freePort();
        give(server.folder);
        const data = join(server.folder, "data");
        const made = await run("sh", ["-c", `printf %s "$0" > "${server.folder}/pw" && "${bin}/initdb" -D "${data}" -U boss -A scram-sha-256 --pwfile="${server.folder}/pw" -E UTF8 --locale=C.UTF-8`, password], { as: account });
        assert.equal(made.status, 0, made.output);
        const started = await run(`${bin}/pg_ctl`, ["-D", data, "-w", "-l", join(server.folder, "log"), "-o", `-c max_connections=200 -c listen_addresses=127.0.0.1 -p ${server.port} -k ${server.folder}`, "start"], { as: account });
        assert.equal(started.status, 0, started.output);
        return server;
    }

    url(user, secret, database) {
        return `postgresql://${user}:${encodeURIComponent(secret)}@127.0.0.1:${this.port}/${database}`;
    }

    // As the superuser, what psql prints.
    sql = (text, database = "postgres") => this.sqlAs("boss", password, text, database);
    sqlAs(user, secret, text, database) {
        return run("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", String(this.port), "-U", user, database], { input: text, environment: { PGPASSWORD: secret } });
    }

    async end() {
        await run(`${bin}/pg_ctl`, ["-D", join(this.folder, "data"), "-m", "immediate", "stop"], { as: account });
    }
}
