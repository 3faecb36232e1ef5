// A tenant's logo: taken by what it is, shown to everybody, and to heirs.
import assert from "node:assert/strict";
import http from "node:http";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, port, request } from "../lib/client.mjs";

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

test("a_logo_is_shown_as_it_was_sent", async () => {
    assert.equal((await fetchLogo(tenant.slug)).status, 404);
    const sent = await send(tenant, png, { name: "../../logo.svg", type: "image/svg+xml" });
    assert.equal(sent.status, 204, sent.text);
    const shown = await fetchLogo(tenant.slug);
    assert.deepEqual([shown.status, shown.headers["content-type"], shown.headers["x-content-type-options"]], [200, "image/png", "nosniff"]);
    assert.ok(shown.body.equals(png));
    assert.match((await request("GET", "/login", { tenant: tenant.slug })).text, /<img class="sign-logo" src="\/brand\/logo\?v&#x3D;[0-9a-f]{16}"|<img class="sign-logo" src="\/brand\/logo\?v=[0-9a-f]{16}"/);
    const large = Buffer.concat([png, Buffer.alloc(150000, 7)]);
    assert.equal((await send(tenant, large)).status, 204, "above what is held in memory");
    assert.ok((await fetchLogo(tenant.slug)).body.equals(large));
});

test("what_is_no_image_is_refused_whatever_its_name", async () => {
    for (const data of ["<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "<html><script>alert(1)</script></html> and more of it", "GIF89a and then some more bytes", "", "\x89PNG"]) {
        const answer = await send(tenant, Buffer.from(data, "latin1"));
        assert.equal(answer.status, 422, answer.text);
        assert.match(answer.error.details[0].code, /invalid_image|required/);
    }
    const large = await send(tenant, Buffer.concat([png, Buffer.alloc(262144)]));
    assert.equal(large.error.details[0].code, "too_large");
    assert.equal((await send(tenant, Buffer.concat([png, Buffer.alloc(600000)]))).status, 413);
});

test("children_of_a_reseller_show_its_logo_and_strangers_do_not", async () => {
    const reseller = await makeTenant({ kind: "reseller" }), other = await makeTenant();
    const child = await makeTenant({ token: await operator(), parentId: reseller.id });
    assert.equal((await send(reseller, png)).status, 204);
    assert.ok((await fetchLogo(child.slug)).body.equals(png));
    assert.match((await request("GET", "/login", { tenant: child.slug })).text, /src="\/brand\/logo/);
    assert.equal((await fetchLogo(other.slug)).status, 404);
    assert.equal((await send(reseller, png, { token: other.token })).status, 404);
    const staff = await makeUser(other, "staff");
    assert.equal((await send(other, png, { token: staff.access_token })).status, 403);
});
