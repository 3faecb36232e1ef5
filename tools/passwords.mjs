// Makes build/share/passwords.bin of the list of common passwords that the
// package @zxcvbn-ts/language-common keeps: the first eight bytes of SHA-256 of
// each, in lower case, sorted, so that a look-up is a search in a mapped file
// (lib/access/common.c).
//
//     node tools/passwords.mjs FILE
import { createHash } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import common from "@zxcvbn-ts/language-common";

const passwords = common.dictionary["passwords-common"];
const keys = new Set(passwords.map((it) => createHash("sha256").update(String(it).toLowerCase()).digest("hex").slice(0, 16)));
if (keys.size < 10000) throw new Error(`only ${keys.size} common passwords: has the package changed?`);
await writeFile(`${process.argv[2]}.new`, Buffer.from([...keys].sort().join(""), "hex"));
await rename(`${process.argv[2]}.new`, process.argv[2]);
console.log(`common passwords: ${keys.size}`);
