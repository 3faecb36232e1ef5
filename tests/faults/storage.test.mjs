// Files at a server that speaks S3 over https and verifies signatures: the same as on the local
// disk, and an answer that says what is wrong when the server is not there, is not the one that it
// says, or does not know us.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { after, before, test } from "node:test";
import S3rver from "@20minutes/s3rver";
import account from "@20minutes/s3rver/lib/models/account.js";
import { Platform } from "../lib/platform.mjs";
import { freePort } from "../lib/ports.mjs";
import { Authority } from "../lib/smtp.mjs";

const place = mkdtempSync(join(tmpdir(), "tulou-s3-")), s3Port = await freePort(), frontPort = await freePort();
chmodSync(place, 0o755);
const [authority, stranger] = ["house", "stranger"].map((it) => new Authority(place, it));
const [good, strange] = [authority, stranger].map((it) => it.certify("127.0.0.1"));
// TLS ends here, and what comes goes on to the server as it is.
const clients = new Set();
const front = tls.createServer(good, (client) => {
    clients.add(client.once("close", () => clients.delete(client)));
    const server = net.connect(s3Port, "127.0.0.1");
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
});
front.on("tlsClientError", () => {});
// From now on with another certificate: who came before has to come again.
function certify(context) {
    front.setSecureContext(context);
    for (const it of clients) it.destroy();
}
await new Promise((resolve) => front.listen(frontPort, "127.0.0.1", resolve));
const known = { TULOU_CA_FILE: authority.file, TULOU_S3_URL: `https://127.0.0.1:${frontPort}/files`, TULOU_S3_KEY_ID: "S3RVER", TULOU_S3_SECRET: "S3RVER" };
const platform = await Platform.own({ TULOU_STORAGE: "s3", ...known });
const { makeTenant, port, request } = await import("../lib/client.mjs");
const { sql } = await import("../lib/factors.mjs");
const { upload } = await import("../lib/files.mjs");
const { until } = await import("../lib/worker.mjs");
let s3, tenant, path;
const startS3 = async () => {
    s3 = new S3rver({ port: s3Port, address: "127.0.0.1", directory: place, silent: true, configureBuckets: [{ name: "files" }] });
    await s3.run();
};
before(async () => {
    await startS3();
    tenant = await makeTenant();
    const lead = await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Stored elsewhere" } });
    path = `/api/crm/leads/${lead.data.id}/attachments`;
});
after(async () => {
    await s3.close();
    front.close();
    await platform.stop();
    rmSync(place, { recursive: true, force: true });
});

const fetch = (address, { method = "GET", headers = {} } = {}) => new Promise((resolve, reject) => {
    http.request({ host: "127.0.0.1", port, method, path: address, headers: { host: `localhost:${port}`, authorization: `Bearer ${tenant.token}`, ...headers } }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part)).on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    }).on("error", reject).end();
});
const objects = () => (existsSync(join(place, "files/tenants")) ? readdirSync(join(place, "files/tenants"), { recursive: true }).filter((it) => it.endsWith("_object")) : []);

test("a_file_goes_to_the_bucket_and_comes_back_with_what_protects_its_reader", async () => {
    const data = Buffer.alloc(3 << 20, "All work and no play.\n");
    const made = await upload(path, tenant.token, "Größe 1.txt", data);
    assert.equal(made.status, 201, made.text);
    assert.deepEqual(objects().map((it) => it.split("._S3rver")[0]), [`${tenant.id}/files/${made.data.id}`]);
    assert.ok(!existsSync(join(platform.folder, "tenants", tenant.id)), "nothing is on the local disk");
    const answer = await fetch(`${path}/${made.data.id}/content`);
    assert.equal(answer.status, 200, answer.body.toString().slice(0, 300));
    assert.ok(answer.body.equals(data));
    assert.deepEqual(["content-type", "content-disposition", "x-content-type-options", "cache-control"].map((it) => answer.headers[it]),
        ["text/plain", "attachment; filename=\"Gr____e 1.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.txt", "nosniff", "private, no-cache"]);
    assert.match(answer.headers["content-security-policy"], /sandbox/);
    assert.ok(answer.headers["x-request-id"]);
    assert.ok(!Object.entries(answer.headers).some(([name, value]) => name.startsWith("x-amz-id") || name === "x-tulou-object" || String(value).includes("X-Amz-Signature")), "the link stays between us");
    const part = await fetch(`${path}/${made.data.id}/content`, { headers: { range: "bytes=4-7" } });
    assert.deepEqual([part.status, part.body.toString()], [206, "work"]);
    assert.equal((await fetch(`${path}/${made.data.id}/content`, { method: "HEAD" })).headers["content-length"], String(data.length));
    assert.equal((await fetch(`${path}/${made.data.id}/content`, { headers: { "if-none-match": answer.headers.etag } })).status, 304);
    assert.equal((await fetch("/.object")).status, 404);
});

test("a_deleted_file_leaves_the_bucket", async () => {
    const made = await upload(path, tenant.token, "gone.txt", "gone");
    assert.ok(objects().some((it) => it.includes(made.data.id)));
    assert.equal((await request("DELETE", `${path}/${made.data.id}`, { token: tenant.token })).status, 204);
    sql("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'files.leavings', 'tenants', 3)");
    await until(() => sql("select count(*) from house.file_leavings where due_at <= now()"), (it) => it === "0");
    assert.ok(!objects().some((it) => it.includes(made.data.id)));
});

test("while_the_server_is_away_nothing_is_taken_and_the_platform_is_ready", async () => {
    const kept = (await upload(path, tenant.token, "kept.txt", "kept")).data;
    await s3.close();
    const refused = await upload(path, tenant.token, "away.txt", "away");
    assert.deepEqual([refused.status, refused.error.code], [503, "storage_unavailable"], refused.text);
    const shown = await fetch(`${path}/${kept.id}/content`);
    assert.deepEqual([shown.status, JSON.parse(shown.body).error.code], [503, "unavailable"]);
    assert.equal((await request("GET", "/readyz")).status, 200);
    await startS3();
    assert.equal((await fetch(`${path}/${kept.id}/content`)).body.toString(), "kept");
});

test("a_server_whose_certificate_nobody_vouches_for_gets_and_gives_nothing", async () => {
    const kept = (await upload(path, tenant.token, "trusted.txt", "trusted")).data, count = objects().length;
    certify(strange);
    try {
        const refused = await upload(path, tenant.token, "strange.txt", "strange");
        assert.deepEqual([refused.status, refused.error.code], [503, "storage_unavailable"], refused.text);
        assert.equal((await fetch(`${path}/${kept.id}/content`)).status, 503);
        assert.match(readFileSync(join(platform.folder, "log/crm.log"), "utf8"), /could not be stored.*(certificate|SSL)/i);
        assert.equal(objects().length, count);
    } finally {
        certify(good);
    }
    assert.equal((await fetch(`${path}/${kept.id}/content`)).body.toString(), "trusted");
});

test("who_signs_with_another_secret_is_refused_there_and_the_log_says_so", async () => {
    const kept = (await upload(path, tenant.token, "signed.txt", "signed")).data;
    account.DUMMY_ACCOUNT.createKeyPair("S3RVER", "another secret");
    try {
        const refused = await upload(path, tenant.token, "unsigned.txt", "unsigned");
        assert.deepEqual([refused.status, refused.error.code], [503, "storage_unavailable"], refused.text);
        assert.equal((await fetch(`${path}/${kept.id}/content`)).status, 503);
        assert.match(readFileSync(join(platform.folder, "log/crm.log"), "utf8"), /could not be stored.*403 SignatureDoesNotMatch/);
    } finally {
        account.DUMMY_ACCOUNT.createKeyPair("S3RVER", "S3RVER");
    }
});
