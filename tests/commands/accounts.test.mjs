// Who may what on the machine: an area that was taken over reaches neither the database's
// files nor its owner role, nor the owner's URL.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { account, freePort, makeFolder, processesOf, removeFolders, root, run, tulou, until } from "../lib/command.mjs";
import { Server } from "../lib/server.mjs";

after(removeFolders);
const id = async (name) => Number((await run("id", ["-u", name])).output);
const psql = (folder, role, as, sql = "select current_user") => run("psql", ["-XqAt", "-h", join(folder, "run"), "-U", role, "tulou", "-c", sql], { as });

test("started_as_root_the_database_belongs_to_an_account_of_its_own", async (t) => {
    if (!root) return t.diagnostic("only root can give the database an account of its own; nothing was tried");
    const folder = join(makeFolder(), "var"), environment = { PORT: String(await freePort()), TULOU_VAR: folder }, owner = `${account}-db`;
    assert.equal((await tulou(["start"], environment)).status, 0);
    try {
        const [areas, database] = [await id(account), await id(owner)];
        const server = Number(readFileSync(join(folder, "pg/postmaster.pid"), "utf8").split("\n")[0]);
        assert.equal(statSync(`/proc/${server}`).uid, database);
        assert.equal(statSync(join(folder, "pg")).uid, database);
        for (const { pid, line } of processesOf(join(folder, "run/"))) if (line.includes("cgi-bin/")) assert.equal(statSync(`/proc/${pid}`).uid, areas, line);
        for (const role of ["tulou_tenant", "tulou_platform"]) assert.equal((await psql(folder, role, account)).output.trim(), role);
        assert.match((await psql(folder, "tulou_owner", account)).output, /Peer authentication failed for user "tulou_owner"/);
        assert.match((await psql(folder, "tulou_tenant", "nobody")).output, /Permission denied|authentication failed/);
        for (const [why, command] of [["read", `cat "${folder}/pg/PG_VERSION"`], ["list", `ls "${folder}/pg"`], ["move", `mv "${folder}/pg" "${folder}/pg.mine"`],
            ["another socket", `rm -f "${folder}/run/.s.PGSQL.5432"`], ["another run", `mv "${folder}/run" "${folder}/run.mine"`], ["signal", `kill -STOP ${server}`]]) {
            const tried = await run("sh", ["-c", command], { as: account });
            assert.notEqual(tried.status, 0, `${why}: ${tried.output}`);
        }
        assert.equal((await run("cat", [join(folder, "secret.key")], { as: owner })).status, 1, "nor does the database read the areas' key");
        assert.equal((await psql(folder, "tulou_owner")).output.trim(), "tulou_owner", "root is the owner");
    } finally {
        await tulou(["stop"], environment);
    }
});

test("a_cluster_that_was_the_areas_own_is_taken_over_with_what_it_holds", async (t) => {
    if (!root) return t.diagnostic("only root can give the database an account of its own; nothing was tried");
    const folder = join(makeFolder(), "var"), environment = { PORT: String(await freePort()), TULOU_VAR: folder };
    assert.equal((await tulou(["start"], environment)).status, 0);
    const tenants = await psql(folder, "tulou_owner", undefined, "select count(*), min(id::text) from public.tenants");
    assert.equal((await tulou(["stop"], environment)).status, 0);
    // As earlier versions left it.
    assert.equal((await run("sh", ["-c", `chown -R ${account}: "${folder}" && chmod 750 "${folder}" && chmod 700 "${folder}/run" "${folder}/log"`])).status, 0);
    const { status, output } = await tulou(["start"], environment);
    try {
        assert.equal(status, 0, output);
        assert.equal(statSync(join(folder, "pg/PG_VERSION")).uid, await id(`${account}-db`));
        assert.deepEqual(await psql(folder, "tulou_owner", undefined, "select count(*), min(id::text) from public.tenants"), tenants);
        assert.notEqual((await psql(folder, "tulou_owner", account)).status, 0);
    } finally {
        await tulou(["stop"], environment);
    }
    assert.deepEqual(processesOf(folder), []);
});

test("the_owners_url_is_not_to_be_read_by_the_areas_account", async () => {
    const server = await Server.begin(), folder = makeFolder();
    const outer = await run("sh", ["-c", `chown ${account ?? "$(id -un)"} "${folder}"`]);
    assert.equal(outer.status, 0, outer.output);
    assert.equal((await server.sql("create role boss_here login createrole password 'owner secret'")).status, 0);
    assert.equal((await server.sql("create database here owner boss_here")).status, 0);
    const environment = { ...process.env, PORT: String(await freePort()), TULOU_VAR: join(folder, "var"), DATABASE_URL: server.url("boss_here", "owner secret", "here") };
    const [command, args] = root ? ["setpriv", ["--reuid", account, "--regid", account, "--clear-groups", "build/tulou", "serve"]] : ["build/tulou", ["serve"]];
    const child = spawn(command, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    const gone = new Promise((resolve) => child.once("close", resolve));
    try {
        await until(() => output.includes("Tulou serves on") || child.exitCode !== null);
        assert.equal(child.exitCode, null, output);
        const read = await run("cat", [`/proc/${child.pid}/environ`], { as: account });
        assert.notEqual(read.status, 0, "the areas' account reads the environment of serve");
        assert.ok(existsSync(join(folder, "var/run/ready")));
    } finally {
        child.kill("SIGTERM");
        await gone;
        await server.end();
    }
});
