// The peer: leads as a service on Fastify and pg, written to be fast. Named
// prepared statements on a few pipelined connections, one transaction for each
// request with the tenant set in it, tokens verified once and remembered,
// answers written by their schemas; no log, no limits, no metrics.
import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import Fastify from "fastify";
import { createVerifier } from "fast-jwt";
import pg from "pg";

const { PEER_SOCKET, PEER_DATABASE, PEER_KEY } = process.env;
const PROCESSES = 2, CONNECTIONS = 2;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// ---- database ----

const asText = (text) => text;
const types = { getTypeParser: (oid) => (oid === 20 ? Number : asText) };
const columns = "id, created_at, updated_at, name, email, phone, company, source, status, value, currency, owner_id, custom";
const statements = {
    begin: { name: "begin", text: "begin" },
    commit: { name: "commit", text: "commit" },
    tenant: { name: "tenant", text: "select set_config('app.tenant_id', $1, true)" },
    actor: { name: "actor", text: "select set_config('app.tenant_id', $1, true), set_config('app.context', $2, true)" },
    one: { name: "one", text: `select ${columns} from leads where id = $1` },
    count: { name: "count", text: "select count(*) from leads" },
    page: { name: "page", text: `select ${columns} from leads order by created_at desc, id desc limit $1 offset $2` },
    behind: { name: "behind", text: `select ${columns} from leads where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3` },
    create: { name: "create", text: `insert into leads (tenant_id, id, name, email, phone, company, source, status, value, currency, owner_id)
        values ($1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${columns}` },
};

let clients = [], turn = 0;
async function connect() {
    clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ host: PEER_DATABASE, database: "tulou", user: "tulou_tenant",
        options: "-c search_path=shared,public -c timezone=UTC -c jit=off", pipeline: true }));
    await Promise.all(clients.map((it) => it.connect()));
}

// Sent at once, in one transaction; the results of `queries`.
async function transact(setting, settings, ...queries) {
    const client = clients[turn++ % CONNECTIONS];
    const ask = (statement, values) => client.query({ ...statement, values, rowMode: "array", types });
    const all = [ask(statements.begin), ask(setting, settings), ...queries.map(([statement, values]) => ask(statement, values)), ask(statements.commit)];
    const results = await Promise.all(all);
    return results.slice(2, -1).map((it) => it.rows);
}

// ---- shapes ----

const time = (text) => {
    const at = text.slice(0, text.indexOf("+")).replace(" ", "T");
    return at.length === 19 ? `${at}.000000Z` : `${at.padEnd(26, "0")}Z`;
};
const lead = (row) => ({ id: row[0], createdAt: time(row[1]), updatedAt: time(row[2]), name: row[3], email: row[4], phone: row[5], company: row[6],
    source: row[7], status: row[8], valueAmount: row[9], currency: row[10], ownerId: row[11], custom: row[12] ? JSON.parse(row[12]) : {} });
const cursorOf = (rows, limit) => rows.length < limit ? null :
    Buffer.from(JSON.stringify(["-createdAt", rows.at(-1)[1], rows.at(-1)[0]])).toString("base64url");

const text = { type: "string" }, textOrNull = { type: ["string", "null"] };
const leadSchema = { type: "object", properties: { id: text, createdAt: text, updatedAt: text, name: text, email: textOrNull, phone: textOrNull, company: textOrNull,
    source: text, status: text, valueAmount: { type: ["integer", "null"] }, currency: text, ownerId: textOrNull, custom: { type: "object", additionalProperties: true } } };
const oneSchema = { type: "object", properties: { success: { type: "boolean" }, data: leadSchema } };
const listSchema = { type: "object", properties: { success: { type: "boolean" }, data: { type: "array", items: leadSchema },
    meta: { type: "object", properties: { page: { type: "integer" }, limit: { type: "integer" }, total: { type: "integer" }, totalPages: { type: "integer" }, nextCursor: textOrNull } } } };
const querySchema = { type: "object", additionalProperties: false, properties: { limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    page: { type: "integer", minimum: 1, default: 1 }, after: { type: "string", maxLength: 1000 } } };
const bodySchema = { type: "object", additionalProperties: false, required: ["name"], properties: { name: { type: "string", minLength: 1, maxLength: 200 },
    email: { type: ["string", "null"], maxLength: 254 }, phone: textOrNull, company: { type: ["string", "null"], maxLength: 200 },
    source: { type: "string", default: "other" }, status: { type: "string", default: "new" }, valueAmount: { type: ["integer", "null"], minimum: 0 },
    currency: { type: "string", default: "EUR", pattern: "^[A-Z]{3}$" }, ownerId: textOrNull } };

// ---- who asks ----

const verify = createVerifier({ key: PEER_KEY, algorithms: ["HS256"], allowedIss: "tulou", allowedAud: "ADMIN_USER", cache: 1000, cacheTTL: 600000,
    cacheKeyBuilder: asText });

class Refused extends Error {
    constructor(statusCode, code) {
        super(code);
        this.statusCode = statusCode;
    }
}

const allowed = (permission) => async (request) => {
    const header = request.headers.authorization;
    if (!header?.startsWith("Bearer ")) throw new Refused(401, "not_signed_in");
    try {
        request.who = verify(header.slice(7));
    } catch {
        throw new Refused(401, "token_invalid");
    }
    const { permissions } = request.who;
    if (!permissions.includes("*") && !permissions.includes(permission)) throw new Refused(403, "permission_missing");
};

// ---- routes ----

async function serve() {
    const app = Fastify({ logger: false });
    app.decorateRequest("who", null);
    app.setErrorHandler((error, request, reply) =>
        reply.code(error.statusCode ?? 500).send({ success: false, error: { message: error.message, statusCode: error.statusCode ?? 500 } }));

    app.get("/hello", async () => ({ success: true }));

    app.get("/api/crm/leads/:id", { onRequest: allowed("crm.leads:read"), schema: { response: { 200: oneSchema } } }, async (request) => {
        if (!uuid.test(request.params.id)) throw new Refused(404, "not_found");
        const [rows] = await transact(statements.tenant, [request.who.tenantId], [statements.one, [request.params.id]]);
        if (rows.length === 0) throw new Refused(404, "not_found");
        return { success: true, data: lead(rows[0]) };
    });

    app.get("/api/crm/leads", { onRequest: allowed("crm.leads:read"), schema: { querystring: querySchema, response: { 200: listSchema } } }, async (request) => {
        const { limit, page, after } = request.query, tenant = [request.who.tenantId];
        if (after) {
            const [, at, id] = JSON.parse(Buffer.from(after, "base64url").toString());
            const [rows] = await transact(statements.tenant, tenant, [statements.behind, [at, id, limit]]);
            return { success: true, data: rows.map(lead), meta: { limit, nextCursor: cursorOf(rows, limit) } };
        }
        const [[[total]], rows] = await transact(statements.tenant, tenant, [statements.count, []], [statements.page, [limit, (page - 1) * limit]]);
        return { success: true, data: rows.map(lead), meta: { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor: cursorOf(rows, limit) } };
    });

    app.post("/api/crm/leads", { onRequest: allowed("crm.leads:create"), schema: { body: bodySchema, response: { 201: oneSchema } } }, async (request, reply) => {
        const { who, body, headers } = request;
        const context = JSON.stringify({ kind: "user", actorId: who.userId, actorName: who.name, ip: request.ip, userAgent: headers["user-agent"], requestId: randomUUID() });
        const [rows] = await transact(statements.actor, [who.tenantId, context],
            [statements.create, [who.tenantId, body.name, body.email, body.phone, body.company, body.source, body.status, body.valueAmount, body.currency, body.ownerId]]);
        reply.code(201).header("location", `/api/crm/leads/${rows[0][0]}`);
        return { success: true, data: lead(rows[0]) };
    });

    await connect();
    await app.listen({ path: PEER_SOCKET });
}

if (cluster.isPrimary) {
    let ready = 0;
    cluster.on("listening", () => {
        if (++ready === PROCESSES) console.log("listening");
    });
    cluster.on("exit", (worker) => {
        if (!worker.exitedAfterDisconnect) process.exit(1);
    });
    process.on("SIGTERM", () => cluster.disconnect(() => process.exit(0)));
    for (let i = 0; i < PROCESSES; i++) cluster.fork();
} else {
    process.on("SIGTERM", () => {});
    process.on("disconnect", () => process.exit(0));
    await serve();
}
