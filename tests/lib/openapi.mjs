// The OpenAPI document as a test uses it: its operations, what answers must look
// like, and requests made of its examples.
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const methods = ["get", "put", "post", "delete", "patch"];

export class Document {
    constructor(json) {
        this.json = json;
        this.ajv = new Ajv({ strict: false, allErrors: true });
        formats(this.ajv);
        this.ajv.addSchema({ $id: "doc", components: json.components });
        this.validators = new Map();
    }

    operations() {
        return Object.entries(this.json.paths).flatMap(([path, item]) => methods.filter((it) => item[it])
            .map((it) => ({ path, method: it.toUpperCase(), title: `${it.toUpperCase()} ${path}`, security: this.json.security, ...item[it],
                parameters: [...item.parameters ?? [], ...item[it].parameters ?? []].map((one) => this.resolve(one)) })));
    }

    resolve(part) {
        return part?.$ref ? part.$ref.split("/").slice(1).reduce((at, key) => at[key], this.json) : part;
    }

    // The complaint of a value that is not of the schema, else undefined.
    mismatch(schema, value) {
        const text = JSON.stringify(schema).replaceAll("#/components/", "doc#/components/");
        if (!this.validators.has(text)) this.validators.set(text, this.ajv.compile(JSON.parse(text)));
        const validate = this.validators.get(text);
        return validate(value) ? undefined : `${this.ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 400)}`;
    }

    // Its status is documented, and so are its type and its content.
    check(operation, answer, title) {
        const documented = this.answerOf(operation, answer.status);
        assert.ok(documented, `${title}: ${answer.status} is not documented: ${answer.text.slice(0, 300)}`);
        const type = answer.headers["content-type"]?.split(";")[0];
        assert.equal(Boolean(documented.content), type !== undefined, `${title}: ${answer.status} is of type ${type}`);
        if (!documented.content) return assert.equal(answer.text, "", title);
        const content = documented.content[type] ?? documented.content[type.replace(/\/.*/, "/*")] ?? documented.content["*/*"];
        assert.ok(content, `${title}: ${answer.status} is of type ${type}`);
        if (type !== "application/json" || !content.schema) return undefined; // a file of any content has none
        if (answer.status >= 400) this.checkCode(operation, answer, title);
        assert.equal(this.mismatch(content.schema, answer.json), undefined, title);
        this.checkHeaders(documented, answer, title);
        return undefined;
    }

    // What is said of this status: by itself, or with those that any operation may answer, which
    // name their statuses. Nobody is told to sign in where nobody must.
    answerOf(operation, status) {
        const own = this.resolve(operation.responses[status]), shared = this.resolve(operation.responses.default);
        if (own || status === 401 && operation.security.length === 0) return own;
        return this.json.components.responses.Refused["x-errors"].some((it) => it.status === status) ? shared : undefined;
    }

    // Those of its answer, where it is not shared with other statuses; and those that all have.
    checkHeaders(documented, answer, title) {
        const { status, headers } = answer, always = ["X-Request-Id", "Tulou-Version"];
        const byStatus = { 401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"] };
        const own = status >= 400 ? [] : Object.keys(documented.headers ?? {}).filter((it) => it !== "Idempotency-Replayed");
        for (const name of [...always, ...own, ...byStatus[status] ?? [], ...status < 300 ? ["RateLimit", "RateLimit-Policy"] : []])
            assert.ok(headers[name.toLowerCase()], `${title}: ${status} without ${name}`);
    }

    // The code is the operation's own, or one that any answer of this status may have.
    checkCode(operation, answer, title) {
        const usual = Object.values(this.json.components.responses).flatMap((it) => it["x-errors"] ?? []);
        const known = [...(operation["x-errors"] ?? []), ...usual].filter((it) => it.status === answer.status).map((it) => it.code);
        assert.ok(known.includes(answer.error.code), `${title}: the code ${answer.error.code} of ${answer.status} is not documented: ${known}`);
    }
}
