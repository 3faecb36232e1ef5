// Prints docs/errors.md: every code that an error may have, found where the
// program gives it, with the sentence that goes along.
//     node tools/errors.mjs > docs/errors.md
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const sources = execFileSync("git", ["ls-files", "lib/*.c", "cgi-bin/*.c", "tools/*.c", "migrations/*.sql"], { encoding: "utf8" }).split("\n").filter(Boolean)
    .map((it) => ({ path: it, text: readFileSync(it, "utf8") }));
// Of a function that a later migration replaces, the last definition counts.
const defined = new Map();
for (const source of [...sources].sort((a, b) => (a.path < b.path ? -1 : 1)).filter((it) => it.path.endsWith(".sql")))
    source.text = source.text.replace(/create (?:or replace )?(?:function|procedure) ([\w.]+)\([\s\S]*?\n\$\$;/g, (text, name) => {
        defined.set(name, { source, text });
        return text;
    });
for (const source of sources.filter((it) => it.path.endsWith(".sql")))
    source.text = source.text.replace(/create (?:or replace )?(?:function|procedure) ([\w.]+)\([\s\S]*?\n\$\$;/g, (text, name) => (defined.get(name).source === source ? text : ""));
const literal = /((?:"(?:[^"\\]|\\.)*"\s*)+)/.source;
const failures = new Map(), fields = new Map();

// Adjacent literals are one; what is filled in shows as "…".
function sentence(literals) {
    const text = [...(literals ?? "").matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((it) => it[1]).join("");
    return text.replace(/\\"/g, '"').replace(/%(?:%|[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:ll|l|z)?[a-z])/g, (it) => (it === "%%" ? "%" : "…")).trim();
}

function note(into, key, text) {
    const known = into.get(key) ?? new Set();
    if (text && text !== "…") known.add(text);
    into.set(key, known);
}

function each(pattern, take) {
    for (const { path, text } of sources.filter((it) => it.path.endsWith(".c")))
        for (const match of text.matchAll(pattern)) take(match, path, text);
}

each(new RegExp(`\\bfail\\(\\s*\\w+,\\s*(\\d{3}),\\s*"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, status, code, text]) => note(failures, `${status} ${code}`, sentence(text)));
each(new RegExp(`\\bfail_later\\(\\s*\\w+,\\s*"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, code, text]) => note(failures, `503 ${code}`, sentence(text)));
each(new RegExp(`\\bfail_field\\(\\s*\\w+,[^;"]*?(?:"[^"]*"\\s*,|[\\w>.()-]+,)\\s*"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, code, text]) => note(fields, code, sentence(text)));
each(new RegExp(`\\bfail_parameter\\(\\s*\\w+,[^;"]*?(?:"[^"]*"\\s*,|[\\w>.()-]+,)\\s*"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, code, text]) => note(/_parameter$|_cursor$/.test(code) ? failures : fields, /_parameter$|_cursor$/.test(code) ? `400 ${code}` : code, sentence(text)));
each(new RegExp(`\\brefuse\\(\\s*check,\\s*"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, code, text]) => note(fields, code, sentence(text)));
each(new RegExp(`\\brefuse(?:_at)?\\(\\s*&?scan,(?:\\s*[^",]+,)?\\s*"([a-z0-9_]+)",(?:[^"]*?${literal})?`, "g"), ([, code, text]) => note(failures, `400 ${code}`, sentence(text)));
each(new RegExp(`\\{"[^"]+", (\\d{3}), "([a-z0-9_]+)",\\s*${literal}`, "g"), ([, status, code, text]) => note(failures, `${status} ${code}`, sentence(text)));
each(new RegExp(`\\.refused = \\{"([a-z0-9_]+)",\\s*${literal}`, "g"), ([, code, text]) => note(failures, `409 ${code}`, sentence(text)));
each(/\brefuse\(\s*parse,\s*"(multipart_[a-z_]+)"/g, ([, code]) => note(failures, `${code === "multipart_field_too_large" ? 413 : 400} ${code}`, "The multipart body is malformed."));
each(/return "(token_[a-z]+)"/g, ([, code]) => note(failures, `401 ${code}`, "The access token is not good."));
// What a route says of itself, where the code is given in a way not seen above.
each(/"((?:\d{3} [A-Za-z0-9_.]+(?:, )?)+)"/g, ([, list]) => list.split(", ").filter(Boolean).forEach((it) => {
    const [, status, field, code] = it.match(/^(\d{3}) (?:([A-Za-z]+)\.)?([a-z0-9_]+)$/);
    if (field) note(fields, code);
    else note(failures, `${status} ${code}`);
}));
for (const { path, text } of sources.filter((it) => it.path.endsWith(".sql")))
    for (const [, status, code, message] of text.matchAll(/'([45]\d\d) ([a-z0-9_]+): ([^']*)'/g)) note(failures, `${status} ${code}`, message.replace(/%/g, "…"));

const rows = (map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
// What says nothing here says the same as its namesake.
const namesake = (key) => [...fields, ...failures].find(([other, texts]) => other.split(" ").pop() === key.split(" ").pop() && texts.size)?.[1] ?? [];
const words = (key, texts) => [...(texts.size ? texts : namesake(key))].sort().slice(0, 2).join(" ").replaceAll("|", "\\|");
console.log(`# Errors
Made by \`make readme\` from the program's own text. An error is

\`\`\`json
{"success": false, "error": {"message": "…", "code": "…", "documentationUrl": "/api/docs/errors#…", "details": […], "statusCode": 422, "requestId": "…"}}
\`\`\`

Programs go by \`statusCode\` and \`code\`, which stay as they are; \`message\` is for people and may change, and \`documentationUrl\` opens the row of the code in this table. \`details\` comes with 422, and with 400 for parameters: one row for each field, \`{"in", "field", "code", "message"}\`, where \`in\` is \`body\`, \`query\` or \`path\` and \`field\` its path (\`items[2].quantity\`). 429 and 503 come with \`Retry-After\`, \`invalid_transition\` (409) says what is \`allowed\`, and \`in_use\` (409) has a row for each \`resource\` that stands in the way, with its \`count\`. 405 with \`Allow\`, 401 with \`WWW-Authenticate\`. A value that is taken already is 409 with a code named after its field: \`slug_taken\`, \`email_taken\`.

| status | code | says |
| --- | --- | --- |`);
for (const [key, texts] of rows(failures)) console.log(`| ${key.slice(0, 3)} | \`${key.slice(4)}\` | ${words(key, texts)} |`);
console.log(`
## Codes of single fields
| code | says |
| --- | --- |`);
for (const [code, texts] of rows(fields)) console.log(`| \`${code}\` | ${words(code, texts)} |`);
