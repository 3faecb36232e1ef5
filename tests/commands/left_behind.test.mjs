// A test that is killed leaves nothing running: not what it started in the background,
// nor the database server that it made for it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { processesOf, removeFolders, until } from "../lib/command.mjs";

after(removeFolders);

const victim = `
import { freePort, makeFolder, tulou } from "./tests/lib/command.mjs";
import { Server } from "./tests/lib/server.mjs";
const server = await Server.begin(), folder = makeFolder();
const { status, output } = await tulou(["start"], { PORT: String(await freePort()), TULOU_VAR: folder + "/var" });
console.log(JSON.stringify(status === 0 ? [server.folder, folder] : output));
setInterval(() => {}, 1000);`;

test("what_a_killed_test_left_in_the_background_ends_with_it", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", victim], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await new Promise((resolve) => createInterface({ input: child.stdout }).once("line", (it) => resolve([it])));
    const folders = JSON.parse(line);
    assert.ok(Array.isArray(folders), line);
    for (const folder of folders) assert.ok(processesOf(folder).length > 0, `${folder}: something must run`);
    child.kill("SIGKILL");
    for (const folder of folders) await until(() => processesOf(folder).length === 0 && !existsSync(folder));
});
