// The document is valid under two validators that know nothing of each other, a
// typed client of it compiles, and the answers are what it says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { login, makeTenant, makeUser, operator, password, request } from "../lib/client.mjs";
import { apiRoutes, bodyOf, queryOf } from "../lib/routes.mjs";

let document, tenant;
before(async () => {
    document = (await request("GET", "/api/openapi.json")).json;
    tenant = await makeTenant();
    await makeUser(tenant, "staff");
    await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x" } });
});

test("the_document_is_valid_for_swagger_parser", async () => {
    await SwaggerParser.validate(structuredClone(document));
});

test("the_document_is_valid_for_redocly", () => {
    const folder = mkdtempSync(join(tmpdir(), "tulou-openapi-"));
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(document));
    execFileSync("node_modules/.bin/redocly", ["lint", "--extends=spec", join(folder, "openapi.json")], { stdio: "pipe", env: { ...process.env, REDOCLY_TELEMETRY: "off" } });
});

test("a_typed_client_made_of_it_compiles", () => {
    const folder = mkdtempSync(join(process.cwd(), "build/client-"));
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(document));
    execFileSync("node_modules/.bin/openapi-typescript", [join(folder, "openapi.json"), "-o", join(folder, "api.ts")], { stdio: "pipe" });
    writeFileSync(join(folder, "use.ts"), `import createClient from "openapi-fetch";
import type { paths } from "./api.ts";
const client = createClient<paths>({ baseUrl: "/" });
export async function names(): Promise<string[]> {
    const { data } = await client.GET("/api/crm/leads", { params: { query: { limit: 5 } } });
    return (data?.data ?? []).map((lead) => lead.name);
}
`);
    execFileSync("node_modules/.bin/tsc", ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022", "--allowImportingTsExtensions", join(folder, "use.ts")], { stdio: "pipe" });
});

test("every_operation_answers_as_documented", async () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats(ajv);
    ajv.addSchema({ $id: "doc", components: document.components });
    const check = (schema, value, title) => {
        const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll("#/components/", "doc#/components/")));
        assert.ok(validate(value), `${title}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 400)}`);
    };
    const made = new Map();
    const order = { POST: 0, GET: 1, PUT: 2, PATCH: 3, DELETE: 4 };
    const ending = /logout|suspend|restore|deactivate|change-password|bulk|reset-password/;
    const routes = apiRoutes.filter((it) => !ending.test(it.path) && it.method !== "DELETE" && it.answer !== "file").sort((a, b) => order[a.method] - order[b.method]);
    let checked = 0;
    for (const route of routes) {
        const platform = route.scope === "platform" || route.needs?.startsWith("platform.") || route.path === "/api/tenants";
        const who = platform ? await operator() : tenant.token;
        let path = route.path;
        for (const [, name] of route.path.matchAll(/:(\w+)/g)) {
            const collection = path.slice(0, path.indexOf(`/:${name}`));
            const list = await request("GET", collection, { token: who });
            const id = collection === "/api/tenants" ? tenant.id : made.get(collection) ?? (Array.isArray(list.data) ? list.data[0]?.id : undefined) ?? (await request("GET", "/api/platform-users?kind=staff", { token: tenant.token })).data[0].id;
            path = path.replace(`:${name}`, id);
        }
        const body = ["POST", "PUT", "PATCH"].includes(route.method) ? bodyOf(route.body, { method: route.method }) : undefined;
        const answer = await request(route.method, path + queryOf(route.query), { token: route.level === "public" ? undefined : who, body });
        const operation = document.paths[route.path.replace(/:(\w+)/g, "{$1}")][route.method.toLowerCase()];
        const title = `${route.method} ${path}: ${answer.status}`;
        const response = operation.responses[answer.status];
        assert.ok(response, `${title} is not documented: ${answer.text}`);
        if (answer.status === 201) made.set(route.path, answer.data.id);
        const resolved = response.$ref ? document.components.responses[response.$ref.split("/").pop()] : response;
        const schema = resolved.content?.["application/json"]?.schema;
        if (schema && answer.json) check(schema, answer.json, title);
        if (answer.status < 300) checked++;
        if (/rbac|admin-users/.test(route.path) && route.method !== "GET") tenant.token = (await login(`owner@${tenant.slug}.test`, password)).access_token;
    }
    assert.ok(checked > routes.length * 0.7, `${checked} of ${routes.length} answered well`);
});
