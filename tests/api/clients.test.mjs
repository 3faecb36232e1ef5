// Three generators of clients that know nothing of each other take the document; what
// they make compiles strictly, and one program does its work by each of them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { makeTenant, password, port, request } from "../lib/client.mjs";

const base = `http://localhost:${port}`;
let folder;
const run = async (program, ...args) => {
    try {
        return (await promisify(execFile)(join("node_modules/.bin", program), args, { maxBuffer: 1 << 26, env: { ...process.env, CI: "1" } })).stdout;
    } catch (problem) {
        throw new Error(`${program}: ${problem.stdout}${problem.stderr}`.slice(0, 4000));
    }
};

before(async () => {
    folder = mkdtempSync(join(process.cwd(), "build/client-"));
    cpSync("tests/lib/clients", folder, { recursive: true });
    mkdirSync(join(folder, "generated"));
    writeFileSync(join(folder, "openapi.json"), (await request("GET", "/api/openapi.json")).text);
    writeFileSync(join(folder, "orval.config.mjs"), `export default { tulou: { input: { target: "./openapi.json" }, output: { target: "./generated/orval.ts", client: "fetch", mode: "single", headers: true, baseUrl: ${JSON.stringify(base)} } } };`);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("what_is_generated_of_the_document_compiles_strictly_and_works", async () => {
    const document = join(folder, "openapi.json");
    await run("openapi-typescript", document, "-o", join(folder, "generated/types.ts"));
    await run("openapi-ts", "-i", document, "-o", join(folder, "generated/hey"), "-c", "@hey-api/client-fetch", "--no-log-file");
    await run("orval", "--config", join(folder, "orval.config.mjs"));
    await run("tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--types", "node", join(folder, "main.ts"));
    await run("esbuild", join(folder, "main.ts"), "--bundle", "--platform=node", "--format=esm", `--outfile=${join(folder, "main.mjs")}`);
    const tenants = [];
    for (let i = 0; i < 3; i++) tenants.push((await makeTenant()).slug);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "main.mjs"), base, password, ...tenants]);
    assert.deepEqual(stdout.trim().split("\n"), ["openapi-fetch: done", "@hey-api/openapi-ts: done", "orval: done", "life: done"]);
});
