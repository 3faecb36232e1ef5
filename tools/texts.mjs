// Every text that people read, found where it is written, and the catalogues made to fit:
//     node tools/texts.mjs           brings locale/*.po up to date and says what has no translation
//     node tools/texts.mjs --check   changes nothing; fails where something is missing
//     node tools/texts.mjs --list    prints them as JSON
// Texts are English in: templates (build/tulou texts cuts them), the tables of areas
// (build/share/areas.json), literals of C, what SQL raises, and textOf("…") of scripts.
// What programs read stays English and is in no catalogue: codes, names in JSON, the
// descriptions of the OpenAPI document, the log, the operator's command.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), "utf8");
const below = (folder, end) => readdirSync(join(root, folder), { recursive: true }).map((it) => join(folder, it)).filter((it) => it.endsWith(end)).sort();

// ---- C ----

const escapes = { n: "\n", t: "\t", r: "\r", '"': '"', "\\": "\\" };
const unquote = (literal) => literal.replace(/\\(x[0-9a-f]+|[0-7]{1,3}|[\s\S])/gi, (whole, it) => escapes[it] ?? "");

// Each literal (adjacent ones are one) with the calls and the member that it stands in.
export function literalsOf(source) {
    const found = [], open = [];
    const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|^#[^\n]*(?:\\\n[^\n]*)*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\s*(\w+)\s*=(?!=)|(\w+)|\S/gm;
    let word = "", last = null;
    for (const match of source.matchAll(token)) {
        const [text, member, name] = match;
        if (text.startsWith("/*") || text.startsWith("//")) continue;
        const top = open.at(-1);
        if (text[0] === "#" && !/^#\s*define/.test(text)) continue;
        if (text[0] === '"') {
            if (last) last.text += unquote(text.slice(1, -1));
            else found.push(last = { text: unquote(text.slice(1, -1)), calls: open.filter((it) => it.call).map((it) => [it.call, it.at]), member: top?.member ?? null, compared: false });
            continue;
        }
        if (last && (text === "[" || text === ":")) last = null;
        if (text === "(" || text === "{") open.push({ call: text === "(" ? word : null, at: 0, member: null });
        else if (text === ")" || text === "}") open.pop();
        else if (text === "," && top) { top.at++; top.member = null; }
        if (member && top) top.member = member;
        if (!(name && last && /^(PRI\w+|[A-Z_]+)$/.test(name))) last = null;
        word = name ?? (text === "(" ? "" : "");
    }
    return found;
}

// Where texts stand without being prose at first sight.
const spoken = { SAID: [0], sentence_keep: [1], job_fail: [1], job_refuse: [1], language_text: [1], cx_text: [1], cx_printf: [1], cx_plural: [2, 3], fail: [3], fail_field: [3], fail_parameter: [3], fail_add_detail: [3], fail_in_use: [4], input_complain: [3], page_notice: [2], page_crumb: [1], page_action: [1], page_render: [3], page_chart: [3], page_bars: [2, 3], page_bars_legend: [1], page_bars_head: [1] };
// Calls and members whose words are for machines, or for whoever runs the machine.
const silent = /^(log_\w+|strcmp|strcasecmp|strncmp|text_equal|text_starts|text_ends|strstr|json_pair\w*|json_key|request_header|response_header\w*|STATEMENT|assert|complain|fprintf|printf|puts|snprintf|sscanf|config_\w+|put_text|put_response|secret_derive|cookie_name|db_act_as|engine_text|kept|kept_path|attachment_summary|print_words)$/;
const mute = new Set(["summary", "example", "name", "errors", "sql", "where", "operation", "answer_name", "sample", "format", "agent", "help", "about", "title", "one"]);
const silentFiles = /^lib\/(page\/generic\.c|mail\/letter|access\/shared|resource\/handlers|api\/(openapi|describe|metrics|check)|db\/|client\/|base\/(agent|clock|language_format|loop|log|config|unicode|zone|registry|qr|language)|job\/|http\/(server|master|response|retire|handover|multipart)|oidc\/|resource\/(model_check|statements|model|catalogue|areas|csv)|file\/(s3|sigv4|image|picture))|^cgi-bin\/realtime\//;

const isProse = (text) => /[A-Za-z]{2}/.test(text) && !/[\n{}<>]|^[\w.-]+$(?<![A-Z][a-z]+)|^[A-Z][A-Za-z]*-[A-Z]|^[A-Z]+[ _][A-Z]+|^%?[a-z]+ %?[a-z.]+ =|^[a-z_]+\.[a-z_]+|select |insert |update .* set|^\w+:\/\/|^Bearer|=%|^[A-Z][a-z]+\/[A-Z]|collate|distinct from/.test(text) && (/^[“(]?[A-Z][a-z]/.test(text) || /^(%s|[“(]?[A-Z])[^=_]* [a-z]/.test(text));

const areas = () => JSON.parse(read("build/share/areas.json")).areas;

function isText({ text, calls, member }, file) {
    const [call, at] = calls.at(-1) ?? [];
    if (spoken[call]) return spoken[call].includes(at) && /[A-Za-z]{2}/.test(text.replace(/%\w+/g, "")) && !/^[a-z_]+$(?<!optional)/.test(text);
    if (silentFiles.test(file) || calls.some(([it]) => silent.test(it)) || (member && mute.has(member))) return false;
    return isProse(text) || /\{(actor|one|name)\}/.test(text) || text === "(not there any more)";
}

function textsOfC(add) {
    const described = new Set(areas().flatMap((area) => [...area.routes.map((it) => it.summary), ...(area.events ?? []).map((it) => it.about)]));
    for (const file of [...below("lib", ".c"), ...below("cgi-bin", ".c")]) {
        const literals = literalsOf(read(file));
        for (let i = 0; i < literals.length; i++) {
            const it = literals[i], [call, at] = it.calls.at(-1) ?? [];
            if (call === "cx_plural" && at === 2) add(it.text, file, literals[++i].text);
            else if (isText(it, file) && (spoken[call] || !described.has(it.text))) add(it.text, file);
        }
    }
}

// ---- the rest ----

function textsOfTemplates(add) {
    for (const file of below("templates", ".html"))
        for (const line of execFileSync(join(root, "build/tulou"), ["texts", file], { encoding: "utf8", maxBuffer: 1 << 24 }).split("\n").filter(Boolean))
            add(JSON.parse(line), file);
}

const humanised = (word) => { const words = word.replace(/[_-]/g, " "); return words[0].toUpperCase() + words.slice(1); };

function textsOfField(field, add, file) {
    for (const text of [field.label, field.help, ...(field.choices ?? []).map(humanised)]) if (text) add(text, file);
    for (const it of field.fields ?? []) textsOfField(it, add, file);
}

function textsOfTables(add) {
    for (const area of areas()) {
        const file = `cgi-bin/${area.name}`;
        const say = (...texts) => { for (const text of texts) if (text) add(text, file); };
        for (const it of area.menu ?? []) say(it.title, it.group);
        for (const it of area.notifications ?? []) say(it.title, it.about);
        for (const it of area.permissions ?? []) say(it.title);
        for (const it of area.events ?? []) say(it.told);
        for (const it of area.settings ?? []) { say(it.title, it.about); it.fields.forEach((field) => textsOfField(field, add, file)); }
        for (const it of area.resources ?? []) {
            say(it.title, it.one, it.page ? it.about : null);
            it.fields.forEach((field) => textsOfField(field, add, file));
            for (const action of it.actions ?? []) { say(action.title, action.told, action.event?.replaceAll("_", " ")); (action.takes ?? []).forEach((field) => textsOfField(field, add, file)); }
        }
        for (const it of area.routes ?? []) if (!it.path.startsWith("/api/")) (it.body ?? []).forEach((field) => textsOfField(field, add, file));
    }
}

function textsOfSql(add) {
    for (const file of below("migrations", ".sql"))
        for (const [, text] of read(file).matchAll(/'[45]\d\d [a-z0-9_]+: ((?:[^']|'')+)'/g)) if (!text.includes("%")) add(text.replaceAll("''", "'"), "migrations");
    for (const file of below("migrations", ".sql"))
        for (const [, text] of read(file).matchAll(/house\.job_failed\([^;']*'((?:[^']|'')+)'/g)) add(text.replaceAll("''", "'"), "migrations");
}

export function textsOfScripts(add) {
    for (const file of below("static", ".js"))
        for (const [, text] of read(file).matchAll(/\btextOf\("((?:[^"\\]|\\.)+)"/g)) add(unquote(text), file);
}

export function collect() {
    const texts = new Map();
    const add = (text, file, plural = null) => {
        const known = texts.get(text) ?? { files: new Set(), plural: null };
        known.files.add(file);
        known.plural ??= plural;
        texts.set(text, known);
    };
    for (const from of [textsOfTemplates, textsOfTables, textsOfC, textsOfSql, textsOfScripts]) from(add);
    return new Map([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

// ---- catalogues ----

const quote = (text) => JSON.stringify(text);
const isFormat = (text) => /%(\d+\$)?[-+0#]*\d*(\.\d+|\.\*)?(ll|l|z)?[sdiucx]/.test(text);

function templateOf(texts) {
    const head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n';
    return head + [...texts].map(([text, { files, plural }]) => {
        const lines = [`#: ${[...files].slice(0, 3).join(" ")}`];
        if (isFormat(text)) lines.push("#, c-format");
        lines.push(`msgid ${quote(text)}`);
        lines.push(plural ? `msgid_plural ${quote(plural)}\nmsgstr[0] ""\nmsgstr[1] ""` : 'msgstr ""');
        return `\n${lines.join("\n")}\n`;
    }).join("");
}

// What a catalogue says: text to translation; "" where there is none.
export function entriesOf(po) {
    const entries = new Map();
    for (const block of po.split(/\n\s*\n/)) {
        if (/^#, .*fuzzy/m.test(block) || /^#~/m.test(block)) continue;
        const fields = {};
        let field = null;
        for (const line of block.split("\n")) {
            const match = line.match(/^(msgid|msgid_plural|msgstr(?:\[\d\])?) "(.*)"$/) ?? line.match(/^()"(.*)"$/);
            if (!match) continue;
            field = match[1] || field;
            fields[field] = (fields[field] ?? "") + JSON.parse(`"${match[2]}"`);
        }
        if (fields.msgid !== undefined) entries.set(fields.msgid, fields["msgstr[0]"] !== undefined ? [fields["msgstr[0]"], fields["msgstr[1]"] ?? ""] : [fields.msgstr ?? ""]);
    }
    return entries;
}

// What of a template must stand in its translation too, in whatever order.
const tagsOf = (text) => (text.match(/\{\{[^}]*\}\}|\{\w+\}|<[^>]*>/g) ?? []).sort().join(" ");

export function problemsOf(texts) {
    const problems = [];
    for (const file of below("locale", ".po")) {
        const entries = entriesOf(read(file));
        for (const [text, { files }] of texts) {
            const said = entries.get(text);
            if (!said || said.some((it) => it === "")) problems.push(`${file}: no translation of ${quote(text)} (${[...files][0]})`);
            else if (said.some((it) => tagsOf(it) !== tagsOf(text))) problems.push(`${file}: other tags than in ${quote(text)}: ${quote(said[0])}`);
        }
    }
    return problems;
}

function refresh(texts) {
    const folder = mkdtempSync(join(tmpdir(), "texts-")), pot = join(folder, "tulou.pot");
    writeFileSync(pot, templateOf(texts));
    for (const file of below("locale", ".po")) {
        execFileSync("msgmerge", ["--quiet", "--update", "--backup=none", "--no-fuzzy-matching", "--no-wrap", "--sort-output", join(root, file), pot]);
        execFileSync("msgattrib", ["--no-obsolete", "--no-wrap", "--sort-output", "-o", join(root, file), join(root, file)]);
    }
    rmSync(folder, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const texts = collect();
    if (process.argv[2] === "--list") console.log(JSON.stringify([...texts].map(([text, { files, plural }]) => ({ text, plural, files: [...files] })), null, 1));
    else {
        if (process.argv[2] !== "--check") refresh(texts);
        const problems = problemsOf(texts);
        for (const it of problems) console.error(it);
        console.error(problems.length ? `${problems.length} translations are missing: run make texts, then write them into locale/*.po` : `${texts.size} texts, each in every language`);
        process.exitCode = problems.length ? 1 : 0;
    }
}
