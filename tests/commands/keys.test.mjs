// A database belongs to one secret key, and its logins to it alone: no start, migration
// or restore with another key, and no other database of the cluster, changes them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, makeFolder, processesOf, removeFolders, run, tulou, until } from "../lib/command.mjs";
import { Server } from "../lib/server.mjs";

const server = await Server.begin();
const newKey = () => randomBytes(32).toString("hex");
const productionKey = newKey();
const production = { TULOU_SECRET_KEY: productionKey, TULOU_VAR: join(makeFolder(), "var"), PORT: String(await freePort()), TULOU_RATE_AUTH: "0" };

async function ask(text, database = "postgres") {
    const { status, output } = await server.sql(text, database);
    assert.equal(status, 0, output);
    return output.trim();
}
async function database(name) {
    await ask(`create database ${name} owner boss_of_tulou`);
    return server.url("boss_of_tulou", "owner secret", name);
}
const roles = () => ask("select rolname, rolpassword, rolcanlogin, rolinherit, rolsuper from pg_authid where rolname like 'tulou%' order by 1");
const ready = async () => (await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", `http://localhost:${production.PORT}/readyz`])).output;
const suffix = (folder) => readFileSync(join(folder, "run/db.conninfo"), "utf8").split("\n")[1];

before(async () => {
    await ask("create role boss_of_tulou login createrole password 'owner secret'");
    production.DATABASE_URL = await database("production");
    const { status, output } = await tulou(["start"], production);
    assert.equal(status, 0, output);
});
after(async () => {
    await tulou(["stop"], production);
    assert.deepEqual(processesOf(production.TULOU_VAR), []);
    await server.end();
    removeFolders();
});

// Every connection is made anew, with the password that the server has now.
async function stillServes() {
    await ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'production'");
    await until(async () => (await ready()) === "200");
    const { email, password } = JSON.parse(readFileSync(join(production.TULOU_VAR, "first-login.json"), "utf8"));
    const answer = await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", `http://localhost:${production.PORT}/api/auth/login`, "-H", "content-type: application/json", "-d", JSON.stringify({ email, password })]);
    assert.equal(answer.output, "200");
}

test("a_missing_key_is_not_made_for_a_database_that_is_in_use", async () => {
    const before = await roles(), folder = join(makeFolder(), "var");
    for (const command of ["migrate", "start"]) {
        const { status, output } = await tulou([command], { DATABASE_URL: production.DATABASE_URL, TULOU_VAR: folder, PORT: String(await freePort()) });
        assert.equal(status, 1, output);
        assert.match(output, /the secret key is missing: set TULOU_SECRET_KEY, or put the file secret\.key/);
        assert.equal(existsSync(join(folder, "secret.key")), false);
    }
    assert.equal(await roles(), before);
    await stillServes();
});

test("a_foreign_key_is_refused_with_what_to_do", async () => {
    const before = await roles();
    for (const command of ["migrate", "start"]) {
        const { status, output } = await tulou([command], { ...production, TULOU_SECRET_KEY: newKey(), TULOU_VAR: join(makeFolder(), "var"), PORT: String(await freePort()) });
        assert.equal(status, 1, output);
        assert.match(output, /made with another secret key .*TULOU_SECRET_KEY or secret\.key.*tulou key adopt/);
        assert.equal(output.trimEnd().split("\n").length, 1, output);
        assert.ok(!output.includes(productionKey));
    }
    assert.equal(await roles(), before);
    await stillServes();
});

test("another_database_of_the_cluster_has_logins_of_its_own", async () => {
    const mine = `tulou_tenant${suffix(production.TULOU_VAR)}`;
    const before = (await roles()).split("\n");
    assert.ok(before.some((it) => it.startsWith(`${mine}|SCRAM-SHA-256$`)), before.join("\n"));
    const staging = { DATABASE_URL: await database("staging"), TULOU_VAR: join(makeFolder(), "var"), PORT: String(await freePort()) };
    const { status, output } = await tulou(["start"], staging);
    try {
        assert.equal(status, 0, output);
        const now = (await roles()).split("\n");
        assert.deepEqual(now.filter((it) => before.includes(it)), before, "a role of the running installation changed");
        assert.equal(now.length, before.length + 2);
        await stillServes();
    } finally {
        await tulou(["stop"], staging);
    }
    const theirs = `tulou_tenant${suffix(staging.TULOU_VAR)}`;
    assert.notEqual(theirs, mine);
    await ask(`alter role ${theirs} password 'known'`);
    assert.equal((await server.sqlAs(theirs, "known", "select current_user, session_user", "staging")).output.trim(), `tulou_tenant|${theirs}`);
    assert.match((await server.sqlAs(theirs, "known", "select 1", "production")).output, /permission denied for database "production"/);
    assert.match((await server.sqlAs(theirs, "known", "reset role; set role none; select 1 from shared.users", "staging")).output, /permission denied/);
    assert.match((await server.sqlAs(theirs, "known", "set role tulou_platform", "staging")).output, /permission denied/);
});

test("a_restore_belongs_to_the_key_of_what_was_saved_until_another_is_adopted", async () => {
    const before = await roles(), url = await database("restored"), folder = join(makeFolder(), "var");
    const copied = await run("sh", ["-c", `pg_dump --enable-row-security "${production.DATABASE_URL}" | psql -Xq -v ON_ERROR_STOP=1 -d "${url}"`]);
    const restored = { DATABASE_URL: url, TULOU_VAR: folder, TULOU_SECRET_KEY: newKey(), PORT: String(await freePort()) };
    const refused = await tulou(["migrate"], restored);
    assert.match(refused.output, /made with another secret key/, copied.output);
    assert.equal(await roles(), before);
    const adopted = await tulou(["key", "adopt"], restored);
    assert.equal(adopted.status, 0, adopted.output);
    assert.equal((await tulou(["migrate"], restored)).status, 0);
    assert.match((await tulou(["migrate"], { ...restored, TULOU_SECRET_KEY: productionKey })).output, /made with another secret key/);
    assert.deepEqual((await roles()).split("\n").filter((it) => before.includes(it)), before.split("\n"));
    await stillServes();
});

test("any_number_of_migrations_may_run_at_once", async () => {
    const url = await database("crowded"), key = newKey();
    for (let round = 0; round < 2; round++) {
        const all = await Promise.all(Array.from({ length: 6 }, () => tulou(["migrate"], { DATABASE_URL: url, TULOU_SECRET_KEY: key, TULOU_VAR: join(makeFolder(), "var") })));
        assert.deepEqual(all.map((it) => [it.status, it.status === 0 ? "" : it.output]), all.map(() => [0, ""]));
        assert.equal(all.filter((it) => it.output.includes("applied")).length, round === 0 ? 1 : 0);
    }
});

test("two_nodes_may_start_at_once_on_an_empty_database", async () => {
    const url = await database("nodes"), key = newKey();
    const nodes = [];
    for (let i = 0; i < 2; i++) nodes.push({ DATABASE_URL: url, TULOU_SECRET_KEY: key, TULOU_VAR: join(makeFolder(), "var"), PORT: String(await freePort()) });
    try {
        const ended = await Promise.all(nodes.map((it) => tulou(["start"], it)));
        assert.deepEqual(ended.map((it) => it.status), [0, 0], JSON.stringify(ended));
        assert.equal(await ask("select count(*) from everyone.user_roles where role_key = 'superadmin'", "nodes"), "1");
        assert.equal(nodes.filter((it) => existsSync(join(it.TULOU_VAR, "first-login.json"))).length, 1);
    } finally {
        for (const it of nodes) await tulou(["stop"], it);
    }
});
