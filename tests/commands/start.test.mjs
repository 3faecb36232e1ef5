// `tulou start`, `serve` and `stop`: what they bring up, what they leave, and the
// one line they print when something is in the way.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { account, freePort, give, makeFolder, processesOf, removeFolders, root, run, tulou, until } from "../lib/command.mjs";

after(removeFolders);

const status = (port, path, host = "localhost") => new Promise((resolve) => {
    http.get({ host: "127.0.0.1", port, path, headers: { host: `${host}:${port}` }, agent: false }, (answer) => answer.resume().on("error", () => {}).on("close", () => resolve(answer.complete ? answer.statusCode : 0)))
        .on("error", () => resolve(0));
});

function signIn(port, { email, password }) {
    const body = JSON.stringify({ email, password });
    return new Promise((resolve) => {
        const call = http.request({ host: "127.0.0.1", port, method: "POST", path: "/api/auth/login", agent: false,
            headers: { host: `localhost:${port}`, "content-type": "application/json", "content-length": body.length } }, (answer) => answer.resume().on("end", () => resolve(answer.statusCode)));
        call.end(body);
    });
}

const firstLogin = (folder) => JSON.parse(readFileSync(join(folder, "first-login.json"), "utf8"));

// It fails with one line that says this, and nothing of it runs any more.
async function refuses(environment, pattern, options) {
    const { status: ended, output } = await tulou(["start"], environment, options);
    assert.equal(ended, 1, output);
    assert.match(output, pattern);
    assert.equal(output.trimEnd().split("\n").length, 1, `not one line: ${output}`);
    assert.match(output, /^tulou: /);
    assert.deepEqual(processesOf(environment.TULOU_VAR), []);
}

test("two_instances_run_side_by_side_also_in_a_folder_with_spaces_and_leave_nothing", async () => {
    const folders = [join(makeFolder("tulou with spaces "), "the state"), join(makeFolder(), "folders/not there/yet")];
    const ports = [await freePort(), await freePort()];
    try {
        for (const [i, folder] of folders.entries()) {
            const { status: ended, output } = await tulou(["start"], { PORT: String(ports[i]), TULOU_VAR: folder });
            assert.equal(ended, 0, output);
            assert.ok(output.includes(`http://localhost:${ports[i]}/`), output);
            assert.ok(output.includes(join(folder, "first-login.json")), output);
        }
        for (const [i, folder] of folders.entries()) {
            assert.equal(await status(ports[i], "/readyz"), 200);
            assert.equal(await status(ports[i], "/static/app.css"), 200);
            const first = firstLogin(folder);
            assert.equal(statSync(join(folder, "first-login.json")).mode & 0o777, 0o600);
            assert.deepEqual([Object.keys(first).sort(), first.tenant], [["email", "password", "tenant", "url"], "platform"]);
            assert.equal(await signIn(ports[i], first), 200);
        }
        assert.equal(await signIn(ports[0], firstLogin(folders[1])), 401, "each has its own people");
        const again = await tulou(["start"], { PORT: String(ports[0]), TULOU_VAR: folders[0] });
        assert.equal(again.status, 1);
        assert.match(again.output, /^tulou: it runs already on this TULOU_VAR/);
        assert.equal(await status(ports[0], "/readyz"), 200);
    } finally {
        for (const folder of folders) assert.equal((await tulou(["stop"], { TULOU_VAR: folder })).status, 0);
    }
    for (const folder of folders) assert.deepEqual(processesOf(folder), []);
    assert.match((await tulou(["stop"], { TULOU_VAR: folders[0] })).output, /does not run/);
});

test("after_everything_was_killed_it_starts_again_with_what_it_had", async () => {
    const folder = join(makeFolder(), "var"), port = await freePort(), environment = { PORT: String(port), TULOU_VAR: folder };
    assert.equal((await tulou(["start"], environment)).status, 0);
    const first = firstLogin(folder);
    const serve = processesOf(folder).find((it) => it.line.startsWith("build/tulou"));
    process.kill(Number(readFileSync(join(folder, "pg/postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL");
    process.kill(serve.pid, "SIGKILL");
    await until(() => processesOf(folder).length === 0);
    writeFileSync(join(folder, "run/ready"), ""); // as if it were still up
    const { status: ended, output } = await tulou(["start"], environment);
    assert.equal(ended, 0, output);
    assert.deepEqual(firstLogin(folder), first);
    assert.equal(await signIn(port, first), 200);
    assert.equal((await tulou(["stop"], environment)).status, 0);
    assert.deepEqual(processesOf(folder), []);
});

// A backend that is held up does not notice that its server was killed, and holds its memory.
test("a_start_waits_for_processes_of_the_database_that_was_killed_and_says_so", async () => {
    const folder = join(makeFolder(), "var"), port = await freePort(), environment = { PORT: String(port), TULOU_VAR: folder };
    assert.equal((await tulou(["start"], environment)).status, 0);
    const server = Number(readFileSync(join(folder, "pg/postmaster.pid"), "utf8").split("\n")[0]);
    const backend = Number((await run("pgrep", ["-P", String(server), "-f", "walwriter"])).output);
    const serve = processesOf(folder).find((it) => it.line.startsWith("build/tulou"));
    process.kill(backend, "SIGSTOP");
    process.kill(server, "SIGKILL");
    process.kill(serve.pid, "SIGKILL");
    await until(() => processesOf(folder).every((it) => it.pid === backend));
    const starting = tulou(["start"], environment);
    await until(() => readFileSync(join(folder, "log/serve.log"), "utf8").includes("waiting for them"));
    process.kill(backend, "SIGCONT");
    const { status: ended, output } = await starting;
    assert.equal(ended, 0, output);
    assert.match(output, new RegExp(`^tulou: processes of the database that ran here before \\(${server}\\) still end`));
    assert.equal((await tulou(["stop"], environment)).status, 0);
    assert.deepEqual(processesOf(folder), []);
});

test("the_first_password_is_forgotten_once_it_was_changed_and_no_start_brings_it_back", async () => {
    const folder = join(makeFolder(), "var"), port = await freePort(), environment = { PORT: String(port), TULOU_VAR: folder }, fresh = "chosen by the operator 47";
    assert.equal((await tulou(["start"], environment)).status, 0);
    const { email, password } = firstLogin(folder), file = join(folder, "first-login.json"), kept = readFileSync(file);
    assert.equal(await signIn(port, { email, password }), 200);
    assert.ok(existsSync(file), "it serves until the password was changed");
    const send = (path, body, token) => run("curl", ["-s", "-w", "%{http_code}", `http://localhost:${port}${path}`, "-H", "content-type: application/json", ...(token ? ["-H", `authorization: Bearer ${token}`] : []), "-d", JSON.stringify(body)]);
    const token = (await send("/api/auth/login", { email, password })).output.match(/"access_token":"([^"]*)"/)[1];
    assert.match((await send("/api/auth/change-password", { currentPassword: "not this one", newPassword: fresh }, token)).output, /wrong_password/);
    assert.ok(existsSync(file));
    const changed = await send("/api/auth/change-password", { currentPassword: password, newPassword: fresh }, token);
    assert.match(changed.output, /^20\d$/, changed.output);
    assert.equal(existsSync(file), false);
    assert.equal((await tulou(["stop"], environment)).status, 0);
    writeFileSync(file, kept, { mode: 0o600 }); // as on another node
    give(file);
    const { output } = await tulou(["start"], environment);
    assert.doesNotMatch(output, /first-login/);
    assert.equal(existsSync(file), false);
    assert.equal(await signIn(port, { email, password: fresh }), 200);
    assert.equal((await tulou(["stop"], environment)).status, 0);
});

test("a_front_door_that_was_killed_is_replaced_whole", async () => {
    const folder = join(makeFolder(), "var"), port = await freePort(), environment = { PORT: String(port), TULOU_VAR: folder };
    assert.equal((await tulou(["start"], environment)).status, 0);
    const doors = () => processesOf(folder).filter((it) => it.line.startsWith("nginx:")).map((it) => it.pid);
    const first = doors();
    process.kill(Number(readFileSync(join(folder, "run/nginx.pid"), "utf8")), "SIGKILL");
    await until(() => !doors().some((it) => first.includes(it)));
    await until(async () => (await status(port, "/readyz")) === 200);
    assert.equal((await tulou(["stop"], environment)).status, 0);
    assert.deepEqual(processesOf(folder), []);
});

test("ctrl_c_ends_all_that_serve_began_even_while_it_begins", async () => {
    const folder = join(makeFolder(), "var"), port = await freePort();
    for (const awaited of ["initdb", "Tulou serves on"]) {
        const child = spawn("build/tulou", ["serve"], { env: { ...process.env, DATABASE_URL: "", PORT: String(port), TULOU_VAR: folder }, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        child.stdout.on("data", (data) => (output += data));
        child.stderr.on("data", (data) => (output += data));
        const gone = new Promise((resolve) => child.once("close", resolve));
        while (!output.includes(awaited) && !processesOf(folder).some((it) => it.line.includes(awaited)) && child.exitCode === null)
            await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(child.exitCode, null, output);
        child.kill("SIGINT");
        await gone;
        assert.deepEqual(processesOf(folder), [], output);
    }
});

test("a_port_that_is_taken_is_named", async () => {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address();
    await refuses({ PORT: String(port), TULOU_VAR: join(makeFolder(), "var") }, new RegExp(`port ${port} is taken .*PORT=`));
    server.close();
});

test("a_port_that_is_none_is_refused", async () => {
    for (const port of ["0", "65536", "x", "-1"])
        await refuses({ PORT: port, TULOU_VAR: join(makeFolder(), "var") }, /PORT/);
});

test("a_folder_of_another_account_is_refused_with_what_to_do", async () => {
    const folder = join(makeFolder(), "var"), environment = { PORT: String(await freePort()), TULOU_VAR: folder };
    if (root) {
        mkdirSync(folder);
        const nobody = (await run("id", ["-u", "nobody"])).output.trim();
        await run("chown", [nobody, folder]);
        await refuses(environment, /belongs to another account: .*chown/);
    } else {
        await refuses({ ...environment, TULOU_VAR: "/srv" }, /belongs to another account/);
    }
});

test("a_folder_that_cannot_be_written_is_refused_with_the_reason", async () => {
    const parent = makeFolder();
    if (!root) chmodSync(parent, 0o555);
    await refuses({ PORT: String(await freePort()), TULOU_VAR: join(parent, "var") }, /cannot be made: Permission denied/, { as: "nobody" });
    await refuses({ PORT: String(await freePort()), TULOU_VAR: join(parent, "none/below/var") }, /none, above TULOU_VAR, cannot be made: Permission denied/, { as: "nobody" });
    const file = join(makeFolder(), "file");
    writeFileSync(file, "");
    await refuses({ PORT: String(await freePort()), TULOU_VAR: file }, /is no folder/);
    await refuses({ PORT: String(await freePort()), TULOU_VAR: join(file, "below/var") }, /file, above TULOU_VAR, is no folder/);
});

test("a_folder_whose_name_means_something_to_nginx_or_postgresql_is_refused", async () => {
    for (const name of ["a'b", 'a"b', "a$b", "a\\b", "a,b", "a:b", "a\nb"])
        await refuses({ PORT: String(await freePort()), TULOU_VAR: join(makeFolder(), name) }, /TULOU_VAR may hold no/);
    await refuses({ PORT: String(await freePort()), TULOU_VAR: join(makeFolder(), "x".repeat(90)) }, /longer than 80 bytes/);
});

test("a_disk_that_is_full_is_named", async (t) => {
    if (!root) return t.diagnostic("only root can mount a small disk here; nothing was tried");
    const disk = makeFolder();
    assert.equal((await run("mount", ["-t", "tmpfs", "-o", "size=64m", "none", disk])).status, 0);
    try {
        await refuses({ PORT: String(await freePort()), TULOU_VAR: join(disk, "var") }, /is full: \d+ MB are free, a new database needs \d+ MB/);
    } finally {
        await run("umount", [disk]);
    }
});

test("a_cluster_of_a_version_that_is_not_installed_is_named", async () => {
    const folder = join(makeFolder(), "var"), cluster = join(folder, "pg");
    mkdirSync(cluster, { recursive: true });
    writeFileSync(join(cluster, "PG_VERSION"), "99\n");
    give(folder);
    give(cluster);
    await refuses({ PORT: String(await freePort()), TULOU_VAR: folder }, /the cluster is of PostgreSQL 99, which is not installed: apt-get install postgresql-99/);
});

test("a_second_start_changes_neither_key_nor_database", async () => {
    const folder = join(makeFolder(), "var"), environment = { PORT: String(await freePort()), TULOU_VAR: folder };
    const seen = [];
    for (let i = 0; i < 2; i++) {
        const { status: ended, output } = await tulou(["start"], environment);
        assert.equal(ended, 0, output);
        seen.push([readFileSync(join(folder, "secret.key"), "hex"), readFileSync(join(folder, "log/migrate.log"), "utf8"), JSON.stringify(firstLogin(folder))]);
        assert.equal((await tulou(["stop"], environment)).status, 0);
    }
    assert.deepEqual(seen[0], seen[1]);
    assert.equal(account === undefined, !root);
});
