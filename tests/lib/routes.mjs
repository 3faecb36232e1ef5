// The routes of every area, as the areas themselves describe them, and values
// that they accept, from the examples of their fields.
import { readFileSync } from "node:fs";

export const areas = JSON.parse(readFileSync("build/share/areas.json", "utf8")).areas;
// Of the fields of which one must be given, the first is.
for (const area of areas)
    for (const { api, anyOf, fields } of area.resources.filter((it) => it.anyOf))
        for (const all of [fields, ...area.routes.filter((it) => it.path === api && it.method === "POST").map((it) => it.body)])
            all.find((it) => it.name === anyOf).required = true;
export const apiRoutes = areas.flatMap((area) =>
    area.routes.filter((it) => it.path.startsWith("/api/") && it.answer !== "page").map((it) => ({ ...it, area: area.name })));

let counter = 0;
export function exampleOf(field) {
    if (field.type === "object" && field.fields) return bodyOf(field.fields);
    if (field.example === undefined) return field.choices?.[0];
    if (["int", "money", "basisPoints", "decimal"].includes(field.type)) return Number(field.example);
    if (field.type === "bool") return field.example === "true";
    if (["json", "object", "array", "custom"].includes(field.type)) return JSON.parse(field.example);
    const unique = `${Date.now().toString(36)}${counter++}`;
    if (field.type === "email") return `u${unique}@example.com`;
    if (field.type === "slug") return `s${unique}`;
    if (field.name === "key") return `k${unique}`;
    if (field.name === "domain") return `d${unique}.example.com`;
    return field.example;
}

// The required members, or with `all` whatever has an example; a replacement wants
// all that is shown. What is fixed after the beginning may only be sent by POST.
export function bodyOf(fields, { all = false, method = "POST" } = {}) {
    const body = {};
    for (const field of fields ?? []) {
        const whole = method === "PUT" && !field.inputOnly && field.type !== "secret";
        if (field.readOnly || (field.createOnly && method !== "POST") || !(all || field.required || whole)) continue;
        const value = exampleOf(field) ?? (whole ? (field.nullable ? null : exampleOf({ ...field, example: field.initial ?? { int: "1", text: "Text", bool: "false", array: "[]", uuid: "0192f0c1-7c1e-7000-8000-000000000001" }[field.type] })) : undefined);
        if (value !== undefined) body[field.name] = value;
    }
    return body;
}

export function queryOf(fields) {
    const parts = (fields ?? []).filter((it) => it.required).map((it) => `${it.name}=${encodeURIComponent(exampleOf(it) ?? "x")}`);
    return parts.length ? `?${parts.join("&")}` : "";
}

// What a reference ("crm.leads") leads to.
export const resourceNamed = (name) => areas.flatMap((area) => area.resources.map((it) => ({ ...it, full: `${area.name}.${it.name}` }))).find((it) => it.full === name);
