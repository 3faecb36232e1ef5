// The database's own isolation: what the tenant role can reach of another tenant
// in any tenant table, and whether a weakened policy would be noticed. Tables
// come from the catalogue: a new one is tried without anyone naming it here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder } from "../lib/client.mjs";

let lines;
before(() => {
    const output = execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou",
        "-f", "tests/security/crossings.sql"], { encoding: "utf8" });
    lines = output.split("\n").filter(Boolean);
});

test("the tenant role reads and writes nothing of another tenant, in every table", () => {
    const tried = lines.filter((it) => /^(ok|OPEN) /.test(it));
    assert.ok(tried.length >= 2 * 17, `only ${tried.length / 2} tables were tried`);
    assert.deepEqual(tried.filter((it) => it.startsWith("OPEN")), []);
});

test("each policy of each table, weakened in each way, is noticed", () => {
    const mutations = lines.filter((it) => /^(noticed|UNNOTICED) /.test(it));
    assert.ok(mutations.length >= 9 * 17, `only ${mutations.length} mutations were tried`);
    assert.deepEqual(mutations.filter((it) => it.startsWith("UNNOTICED")), []);
});
