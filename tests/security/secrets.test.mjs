// What the operator's command says never holds a secret, also when it complains.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { program } from "../lib/build.mjs";

function tulou(environment, ...args) {
    const { status, stdout, stderr } = spawnSync(program, args, { env: { ...process.env, TULOU_VAR: process.env.TEST_VAR, ...environment }, encoding: "utf8" });
    return { status, text: stdout + stderr };
}

test("a DATABASE_URL that cannot be read is named, not quoted", () => {
    for (const url of ["postgres://owner:hush-hush@[::1/tulou", "postgres://owner:hush%zz@db.example.org/tulou", "host=db.example.org password=hush hush"])
        for (const command of ["migrate", "doctor"]) {
            const { status, text } = tulou({ DATABASE_URL: url }, command);
            assert.notEqual(status, 0, url);
            assert.match(text, /DATABASE_URL/);
            assert.doesNotMatch(text, /hush/);
        }
});

test("the table of variables tells only whether a secret is set", () => {
    const { status, text } = tulou({ DATABASE_URL: "postgres://owner:hush-hush@db.example.org/tulou", TULOU_SECRET_KEY: "hush-hush", TULOU_METRICS_TOKEN: "" }, "config");
    assert.equal(status, 0, text);
    assert.doesNotMatch(text, /hush/);
    for (const [name, shown] of [["DATABASE_URL", "(set)"], ["TULOU_SECRET_KEY", "(set)"], ["TULOU_METRICS_TOKEN", "(not set)"]])
        assert.ok(text.split("\n").some((line) => line.startsWith(`${name} `) && line.includes(` ${shown} `)), `${name}: ${text}`);
});
