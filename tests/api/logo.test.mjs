// A tenant's logo: taken by what it is, shown to everybody, and to heirs.
import assert from "node:assert/strict";
import http from "node:http";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { pngOf } from "../lib/files.mjs";
import { until } from "../lib/worker.mjs";

const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
let tenant;
before(async () => {
    tenant = await makeTenant();
});

function send(of, data, { name = "logo.png", type = "image/png", token = of.token } = {}) {
    const raw = Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`), data, Buffer.from("\r\n--b--\r\n")]);
    return request("POST", `/api/tenants/${of.id}/logo`, { token, raw, headers: { "content-type": "multipart/form-data; boundary=b" } });
}
const fetchLogo = (slug) => new Promise((resolve, reject) => http.get({ host: "127.0.0.1", port, path: "/brand/logo", headers: { host: `${slug}.localhost:${port}` } }, (answer) => {
    const parts = [];
    answer.on("data", (part) => parts.push(part)).on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
}).on("error", reject));

test("a_logo_is_made_anew_and_shown", async () => {
    assert.equal((await fetchLogo(tenant.slug)).status, 404);
    const sent = await send(tenant, Buffer.concat([pngOf(1000, 500, { text: "drawn by hand" }), Buffer.from("<script>")]));
    assert.equal(sent.status, 204, sent.text);
    const shown = await fetchLogo(tenant.slug);
    assert.deepEqual([shown.status, shown.headers["content-type"], shown.headers["x-content-type-options"], shown.headers["cache-control"]], [200, "image/png", "nosniff", "public, max-age=86400"]);
    assert.match(shown.headers["content-security-policy"], /sandbox/);
    assert.deepEqual([shown.body.readUInt32BE(16), shown.body.readUInt32BE(20)], [512, 256], "no larger than is shown");
    assert.ok(!shown.body.includes("drawn by hand") && !shown.body.includes("<script>"));
    assert.match((await request("GET", "/login", { tenant: tenant.slug })).text, /<img class="sign-logo" src="\/brand\/logo\?v(=|&#x3D;)[0-9a-f]{16}"/);
    const next = await send(tenant, pngOf(20, 20));
    assert.equal(next.status, 204, next.text);
    assert.equal((await fetchLogo(tenant.slug)).body.readUInt32BE(16), 20);
    assert.equal(sql(`select count(*) from everyone.files where tenant_id = '${tenant.id}' and field = 'logo'`), "1", "another takes its place");
});

test("what_is_no_image_is_refused_whatever_its_name", async () => {
    for (const [name, data] of [["logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"], ["logo.png", "<html><script>alert(1)</script></html> and more of it"], ["logo.png", "GIF89a and then some more bytes"], ["logo.gif", "GIF89a"], ["logo.png", ""], ["logo.png", "\x89PNG"], ["logo.pdf", "%PDF-1.4"]]) {
        const answer = await send(tenant, Buffer.from(data, "latin1"), { name });
        assert.equal(answer.status, 422, answer.text);
        assert.match(answer.error.details[0].code, /file_type|file_type_differs|invalid_image|file_empty/);
    }
    assert.equal((await send(tenant, Buffer.concat([png, Buffer.alloc(6 << 20)]))).status, 413);
});

test("a_logo_is_an_icon_too_and_is_removed", async () => {
    const tenant = await makeTenant(), login = async () => (await request("GET", "/login", { tenant: tenant.slug })).text;
    assert.match(await login(), /<link rel="icon" href="\/static\/icon.svg">/);
    assert.equal((await send(tenant, png)).status, 204);
    assert.match(await login(), /<link rel="icon" href="\/brand\/logo\?v/);
    const other = await makeTenant();
    assert.equal((await request("DELETE", `/api/tenants/${tenant.id}/logo`, { token: other.token })).status, 404);
    assert.equal((await request("DELETE", `/api/tenants/${tenant.id}/logo`, { token: tenant.token })).status, 204);
    assert.equal((await fetchLogo(tenant.slug)).status, 404);
    assert.doesNotMatch(await login(), /sign-logo|brand\/logo/);
    assert.equal((await request("DELETE", `/api/tenants/${tenant.id}/logo`, { token: tenant.token })).status, 204);
});

test("a_logo_of_before_moves_to_the_storage", async () => {
    const old = await makeTenant();
    sql(`set session_replication_role = replica; insert into everyone.tenant_logos (tenant_id, type, data) values ('${old.id}', 'image/png', decode('${png.toString("hex")}', 'hex'))`);
    sql("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'tenants.logos', 'tenants', 3)");
    await until(() => sql("select count(*) from everyone.jobs where kind = 'tenants.logos'"), (it) => it === "0");
    assert.equal(sql(`select count(*) from everyone.tenant_logos where tenant_id = '${old.id}'`), "0");
    assert.deepEqual([(await fetchLogo(old.slug)).status, (await fetchLogo(old.slug)).headers["content-type"]], [200, "image/png"]);
});

test("children_of_a_reseller_show_its_logo_and_strangers_do_not", async () => {
    const reseller = await makeTenant({ kind: "reseller" }), other = await makeTenant();
    const child = await makeTenant({ token: await operator(), parentId: reseller.id });
    assert.equal((await send(reseller, png)).status, 204);
    assert.equal((await fetchLogo(child.slug)).headers["content-type"], "image/png");
    assert.match((await request("GET", "/login", { tenant: child.slug })).text, /src="\/brand\/logo/);
    assert.equal((await fetchLogo(other.slug)).status, 404);
    assert.equal((await send(reseller, png, { token: other.token })).status, 404);
    const staff = await makeUser(other, "staff");
    assert.equal((await send(other, png, { token: staff.access_token })).status, 403);
});
