// The operator's command, `build/tulou`, beside the running platform.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { program } from "../lib/build.mjs";
import { folder, makeTenant, port, request } from "../lib/client.mjs";

const tulou = (args, environment = {}) =>
    spawnSync(program, args, { encoding: "utf8", env: { ...process.env, DATABASE_URL: "", TULOU_VAR: folder, PORT: String(port), ...environment } });

test("audit_verify_tells_of_every_tenant_or_of_one", async () => {
    const tenant = await makeTenant();
    const all = tulou(["audit", "verify"]);
    assert.equal(all.status, 0, all.stderr);
    assert.match(all.stdout, /^platform: \d+ events, unbroken$/m);
    assert.match(all.stdout, new RegExp(`^${tenant.slug}: \\d+ events, unbroken$`, "m"));
    const one = tulou(["audit", "verify", tenant.slug]);
    assert.equal(one.status, 0, one.stderr);
    assert.equal(one.stdout.trim().split("\n").length, 1);
    const none = tulou(["audit", "verify", "nobody-here"]);
    assert.equal(none.status, 1);
    assert.match(none.stderr, /there is no tenant "nobody-here"/);
});

test("doctor_finds_nothing_wrong", () => {
    const { status, stdout, stderr } = tulou(["doctor"]);
    assert.equal(status, 0, stdout + stderr);
});

test("a_new_signing_key_signs_nobody_out", async () => {
    const tenant = await makeTenant();
    assert.equal(tulou(["key", "rotate"]).status, 0);
    assert.equal((await request("GET", "/api/auth/me", { token: tenant.token })).status, 200);
});

test("what_hinders_a_start_is_said_in_one_line_and_leaves_nothing_running", () => {
    const other = mkdtempSync(join(tmpdir(), "tulou-"));
    chmodSync(other, 0o755);
    try {
        const tries = [
            [{}, /^tulou: it runs already on this TULOU_VAR/],
            [{ TULOU_VAR: other }, new RegExp(`^tulou: port ${port} is taken`)],
            [{ TULOU_VAR: other, PORT: "0x" }, /^tulou: PORT must be/],
            [{ TULOU_VAR: join(other, "x".repeat(120)) }, /^tulou: .*TULOU_VAR/],
        ];
        for (const [environment, line] of tries) {
            const { status, stdout, stderr } = tulou(["serve"], environment);
            assert.equal(status, 1, stdout + stderr);
            assert.match(stderr, line);
            assert.equal(stderr.trim().split("\n").length, 1, stderr);
        }
        assert.equal(tulou(["nonsense"]).status, 2);
    } finally {
        rmSync(other, { recursive: true, force: true });
    }
});
