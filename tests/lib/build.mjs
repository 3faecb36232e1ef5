// Which build is under test: build, or what TEST_BUILD names (build/asan, whose
// programs report what they do wrong, see sanitizer.mjs).
import { join } from "node:path";

export const build = process.env.TEST_BUILD ?? "build";
export const program = join(build, "tulou");
