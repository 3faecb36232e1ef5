// The example of an area, docs/library: put beside the others it is there, by API and
// page, and the tests that walk every area's tables find nothing wrong with it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeFolder, removeFolders, run } from "../lib/command.mjs";

const root = process.cwd(), copy = makeFolder("tulou-example-");
after(removeFolders);

// What is built already is taken along, so that only what is new is compiled.
function copyProject() {
    const files = spawnSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).stdout.trim().split("\n").filter((it) => !it.startsWith("docs/"));
    for (const top of new Set(files.map((it) => it.split("/")[0]))) cpSync(join(root, top), join(copy, top), { recursive: true, preserveTimestamps: true });
    for (const made of readdirSync(join(root, "build")).filter((it) => !["fuzz", "tidy", "asan", "check.log"].includes(it))) cpSync(join(root, "build", made), join(copy, "build", made), { recursive: true, preserveTimestamps: true });
    cpSync(join(root, "docs/errors.md"), join(copy, "docs/errors.md")); // the page of errors is made of it
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}

test("the_example_needs_no_line_outside_its_folders_and_the_generated_tests_find_nothing", async () => {
    mkdirSync(join(copy, "build"), { recursive: true });
    copyProject();
    cpSync(join(root, "docs/library"), copy, { recursive: true, filter: (it) => !it.endsWith("README.md") });
    // The other areas are the same programs as here, and walked here.
    const environment = { MAKEFLAGS: "", MAKELEVEL: "", NODE_TEST_CONTEXT: undefined, TEST_AREA: "library", TEST_LANES: "1" };
    const { status, output } = await run("make", ["-C", copy, "--no-print-directory", "test", "T=api/library,security/walk"], { environment });
    assert.equal(status, 0, output.slice(-8000));
    for (const file of ["api/library", "security/walk"]) assert.match(output, new RegExp(`^ok   ${file}: [1-9]\\d* passed, 0 failed$`, "m"));
});

test("its_loans_with_their_action_are_told_in_sixty_lines", () => {
    assert.ok(readFileSync(join(root, "docs/library/cgi-bin/library/loans.c"), "utf8").split("\n").length <= 61);
});
