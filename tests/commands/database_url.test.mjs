// DATABASE_URL: the platform on a server of its operator's own, reached by TCP
// with a password; and each way in which that server cannot be used.
import assert from "node:assert/strict";
import { readFileSync, existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, makeFolder, processesOf, removeFolders, run, tulou } from "../lib/command.mjs";
import { Server } from "../lib/server.mjs";

const server = await Server.begin();
const { sql } = server;
const url = (user, secret, database) => server.url(user, secret, database);

before(async () => {
    const ready = await sql(`create role tulou_boss login superuser password 'owner secret'; create database tulou_here owner tulou_boss;
        create role weak login password 'weak'; create database theirs; grant connect on database theirs to weak;`);
    assert.equal(ready.status, 0, ready.output);
});
after(async () => {
    await server.end();
    removeFolders();
});

test("with_a_server_of_ones_own_everything_works_and_no_cluster_is_made", async () => {
    const folder = join(makeFolder(), "var");
    const environment = { PORT: String(await freePort()), TULOU_VAR: folder, DATABASE_URL: url("tulou_boss", "owner secret", "tulou_here"), TULOU_RATE_AUTH: "0" };
    const { status, output } = await tulou(["start"], environment);
    try {
        assert.equal(status, 0, output);
        assert.equal(existsSync(join(folder, "pg")), false);
        assert.equal(statSync(join(folder, "first-login.json")).mode & 0o777, 0o600);
        for (const turn of ["first", "second"]) {
            const demo = await run("node", ["tools/demo.mjs"], { environment });
            assert.equal(demo.status, 0, `${turn}: ${demo.output}`);
        }
        assert.equal(existsSync(join(folder, "first-login.json")), false, "the demo used it");
        assert.equal((await tulou(["audit", "verify"], environment)).status, 0);
        assert.equal((await tulou(["doctor"], environment)).status, 0);
        assert.equal((await sql("select 1", "tulou_here")).status, 0);
        const secret = readFileSync(join(folder, "run/db.conninfo"), "utf8");
        assert.ok(!/owner secret|tulou_boss|password/.test(secret), secret);
        for (const { pid, line } of processesOf(join(folder, "run"))) {
            assert.ok(!line.includes("owner secret"), line);
            assert.ok(!readFileSync(`/proc/${pid}/environ`, "utf8").includes("DATABASE_URL"), `${line} has the owner's URL`);
        }
    } finally {
        await tulou(["stop"], environment);
    }
    assert.deepEqual(processesOf(folder), []);
});

async function refuses(target, pattern) {
    const environment = { PORT: String(await freePort()), TULOU_VAR: join(makeFolder(), "var"), DATABASE_URL: target };
    const { status, output } = await tulou(["start"], environment);
    assert.equal(status, 1, output);
    assert.match(output, pattern);
    assert.equal(output.trimEnd().split("\n").length, 1, `not one line: ${output}`);
    assert.ok(!/weak-secret/.test(output), "the password is shown");
    assert.deepEqual(processesOf(environment.TULOU_VAR), []);
}

test("a_server_that_cannot_be_used_is_named_with_the_reason", async () => {
    await refuses("nonsense", /DATABASE_URL is not a connection string/);
    await refuses(url("tulou_boss", "weak-secret", "tulou_here"), /DATABASE_URL cannot be used: .*password authentication failed/);
    await refuses(url("tulou_boss", "owner secret", "missing"), /DATABASE_URL cannot be used: .*database "missing" does not exist/);
    await refuses(url("weak", "weak", "theirs"), /the database cannot be brought up to date: .*permission denied/);
});

test("a_server_that_is_away_is_waited_for_and_then_named", async () => {
    await refuses(`postgresql://x:weak-secret@127.0.0.1:${await freePort()}/x`, /DATABASE_URL cannot be used: .*[Cc]onnection refused/);
});

// As much of an old server as tells its version (PostgreSQL manual 55.2, 55.7).
test("a_server_that_is_too_old_is_named_with_its_version", async () => {
    const message = (type, body) => Buffer.concat([Buffer.from(type), Buffer.from(new Uint32Array([body.length + 4]).buffer).reverse(), body]);
    const old = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (data) => {
            if (data.length === 8) return socket.write("N"); // no TLS here
            if (data[0] === 0x58) return socket.end();
            socket.write(Buffer.concat([message("R", Buffer.alloc(4)), message("S", Buffer.from("server_version\0" + "14.11\0")), message("Z", Buffer.from("I"))]));
        });
    });
    await new Promise((resolve) => old.listen(0, "127.0.0.1", resolve));
    try {
        await refuses(`postgresql://x@127.0.0.1:${old.address().port}/x`, /PostgreSQL 14\.11, 15 or newer is needed/);
    } finally {
        old.close();
    }
});
