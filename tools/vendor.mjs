// Makes build/share/static: our own files, those of the packages that pages
// use, one sprite of the icons in use, and compressed siblings for nginx.
// Its file `version` is a digest of it all, which pages put behind each
// address, so that browsers may keep the files for a year.
//
//     node tools/vendor.mjs [folder of the result]
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { entriesOf, textsOfScripts } from "./texts.mjs";
import { PurgeCSS } from "purgecss";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = process.argv[2] ?? join(root, "build/share/static");

const packages = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
    "vendor/sortable.min.js": "sortablejs/Sortable.min.js",
    "vendor/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "vendor/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
};

// Where icons are named: in templates, in menus and resources, in page data.
const iconPatterns = {
    ".html": [/\{\{\$name\}\}([a-z0-9-]+)\{\{\/name\}\}/g],
    ".c": [
        /\.icon\s*=\s*"([a-z0-9-]+)"/g,
        /"icon",\s*[^;"]*"([a-z0-9-]+)"/g,
        /page_action\([^;{]*?,\s*"([a-z0-9-]+)"\)/g,
        /\{\s*(?:PLATFORM|ADMIN|STAFF|PORTAL)\w*\s*,\s*"[^"]*"\s*,\s*"[^"]*"\s*,\s*"([a-z0-9-]+)"/g,
        /\/\* icon \*\/\s*"([a-z0-9-]+)"/g,
    ],
};

async function filesBelow(folder) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((it) => it.isFile()).map((it) => join(it.parentPath ?? it.path, it.name)).sort();
}

async function iconsInUse() {
    const icons = new Map();
    for (const folder of ["templates", "cgi-bin", "lib"])
        for (const file of await filesBelow(join(root, folder))) {
            const patterns = iconPatterns[file.slice(file.lastIndexOf("."))] ?? [];
            const text = patterns.length ? await readFile(file, "utf8") : "";
            for (const pattern of patterns)
                for (const [, name] of text.matchAll(pattern))
                    icons.set(name, relative(root, file));
        }
    return icons;
}

async function sprite() {
    const symbols = [];
    for (const [name, usedIn] of [...(await iconsInUse())].sort()) {
        const path = join(root, "node_modules/@tabler/icons/icons/outline", `${name}.svg`);
        const svg = await readFile(path, "utf8").catch(() => {
            throw new Error(`${usedIn} names the icon "${name}", which @tabler/icons does not have`);
        });
        const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
        symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "")}</symbol>`);
    }
    return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

// The comment that names a source map would make browsers ask for one.
function withoutMap(data, name) {
    const text = data.toString("utf8");
    return /\.(js|css)$/.test(name) ? Buffer.from(text.replace(/\n?\/[/*]# sourceMappingURL=.*\s*$/, "\n")) : data;
}

// What scripts say, in one language (static/text.js).
function catalogue(entries) {
    const texts = {};
    textsOfScripts((text) => { if (entries.get(text)?.[0]) texts[text] = entries.get(text)[0]; });
    return Buffer.from(`globalThis.texts = ${JSON.stringify(texts)};\n`);
}

// Of Tabler's style sheet what our pages can use. Its classes are named in templates and scripts
// alone: a class that C code chooses is one of app.css.
async function usedOf(styleSheet) {
    const own = (await filesBelow(join(root, "static"))).filter((it) => it.endsWith(".css"));
    const [{ css }] = await new PurgeCSS().purge({
        content: [join(root, "templates/**/*.html"), join(root, "static/*.js")],
        css: [styleSheet, ...own],
        defaultExtractor: (text) => text.match(/[A-Za-z][\w-]*/g) ?? [],
        variables: true, keyframes: true, fontFace: true,
    });
    return Buffer.from(css);
}

async function collect() {
    const files = new Map();
    for (const file of await filesBelow(join(root, "static")))
        files.set(relative(join(root, "static"), file), await readFile(file));
    for (const [name, path] of Object.entries(packages))
        files.set(name, withoutMap(await readFile(join(root, "node_modules", path)), name));
    const tabler = "vendor/tabler.min.css";
    files.set(tabler, withoutMap(await usedOf(join(root, "node_modules", packages[tabler])), tabler));
    files.set("icons.svg", await sprite());
    for (const file of await filesBelow(join(root, "locale")))
        files.set(`texts/${basename(file, ".po")}.js`, catalogue(entriesOf(await readFile(file, "utf8"))));
    return files;
}

function digest(files) {
    const hash = createHash("sha256");
    for (const [name, data] of files)
        hash.update(`${name} ${data.length}\n`).update(data);
    return hash.digest("hex").slice(0, 12);
}

async function writeAll(files, folder) {
    for (const [name, data] of files) {
        const path = join(folder, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, data);
        if (!/\.(js|css|svg|json|webmanifest)$/.test(name))
            continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: data.length > 400000 ? 9 : 11 } };
        await writeFile(`${path}.br`, await promisify(brotliCompress)(data, quality));
        await writeFile(`${path}.gz`, await promisify(gzip)(data, { level: 9 }));
    }
}

const files = await collect();
const version = digest(files);
const before = await readFile(join(target, "version"), "utf8").catch(() => "");
if (before.trim() !== version) {
    const fresh = `${target}.new`;
    await rm(fresh, { recursive: true, force: true });
    await writeAll(files, fresh);
    await writeFile(join(fresh, "version"), `${version}\n`);
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
}
console.log(`static files: ${files.size}, version ${version}`);
