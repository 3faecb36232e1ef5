// The document is valid, and says what it must of each operation; make lint holds it
// against two linters, and clients.test.mjs makes clients of it.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import { request } from "../lib/client.mjs";
import { Document } from "../lib/openapi.mjs";

let document, operations;
before(async () => {
    document = new Document((await request("GET", "/api/openapi.json")).json);
    operations = document.operations();
});

test("a_websocket_is_documented_as_a_change_of_protocol", () => {
    const { responses } = operations.find((it) => it.title === "GET /api/realtime/ws");
    assert.deepEqual(Object.keys(responses).filter((it) => it < "400"), ["101"]);
    assert.ok(responses[101].headers.Upgrade && !responses[101].content);
});

test("the_document_is_valid_for_swagger_parser", async () => {
    await SwaggerParser.validate(structuredClone(document.json));
});

test("every_operation_says_what_it_does_who_may_and_what_can_go_wrong", () => {
    const seen = new Set();
    for (const it of operations) {
        assert.ok(it.summary?.length > 3 && /^[a-z][a-zA-Z]+$/.test(it.operationId) && !/By[A-Z]/.test(it.operationId) && !seen.has(it.operationId), it.title);
        seen.add(it.operationId);
        assert.match(it.description, /Open to everybody|Needs the (permission|role) `|For everybody signed in/, it.title);
        assert.equal(/Needs the/.test(it.description), Boolean(it["x-permission"]), it.title);
        for (const status of [400, 403, 429, 503, ...(it.security.length === 0 ? [] : [401])]) assert.ok(document.answerOf(it, status), `${it.title} without ${status}`);
        if (it.path.includes("{")) assert.ok(it.responses[404], `${it.title} without 404`);
    }
});

test("whatever_is_an_object_has_a_name_and_is_described_and_used", () => {
    const text = JSON.stringify(document.json), { schemas, parameters, headers, responses, examples } = document.json.components;
    for (const [kind, all] of Object.entries({ schemas, parameters, headers, responses, examples }))
        for (const name of Object.keys(all)) assert.ok(text.includes(`"#/components/${kind}/${name}"`), `${kind} ${name} is not used`);
    const inline = (schema, title) => {
        if (!schema || typeof schema !== "object" || schema.$ref) return;
        assert.ok(!schema.properties, `${title} is an object without a name`);
        for (const part of [schema.items, ...(schema.anyOf ?? [])]) inline(part, title);
    };
    for (const [name, schema] of Object.entries(schemas))
        for (const [key, part] of Object.entries(schema.properties ?? {})) {
            inline(part, `${name}.${key}`);
            const leads = part.$ref || part.anyOf || part.const !== undefined || name.endsWith("Envelope");
            assert.ok(part.description || leads, `${name}.${key} is not described`);
        }
    for (const it of operations)
        for (const parameter of it.parameters.map((one) => document.resolve(one))) {
            assert.ok(parameter.description, `${it.title}: ${parameter.name} is not described`);
            inline(parameter.schema, `${it.title}: ${parameter.name}`);
        }
});

test("an_api_key_is_named_where_it_opens_something", () => {
    const schemes = (title) => operations.find((it) => it.title === title).security.map((it) => Object.keys(it)[0]);
    assert.deepEqual(schemes("GET /api/crm/leads"), ["bearer", "apiKey", "session"]);
    assert.deepEqual(schemes("GET /api/auth/me"), ["bearer", "session"]);
    assert.deepEqual(schemes("POST /api/auth/login"), []);
});

test("every_operation_has_examples_that_are_valid", () => {
    for (const it of operations) {
        const contents = [...Object.entries(it.requestBody?.content ?? {}).filter(([type]) => type !== "application/merge-patch+json"),
            ...Object.values(it.responses).flatMap((response) => Object.entries(document.resolve(response).content ?? {}))];
        for (const [type, content] of contents.filter(([it]) => !it.endsWith("/*"))) { // bytes have none
            const schema = document.resolve(content.schema), loose = schema?.additionalProperties === true;
            const examples = [content.example, ...schema?.examples ?? [], ...Object.values(content.examples ?? {}).map((one) => document.resolve(one).value)].filter((one) => one !== undefined);
            assert.ok(examples.length > 0 || loose, `${it.title}: ${type} without an example`);
            for (const example of examples) assert.equal(document.mismatch(content.schema, example), undefined, `${it.title} ${type}`);
        }
    }
});
