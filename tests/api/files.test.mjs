// Attachments: what is taken and refused, how it comes back, and that nothing is left behind.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, makeTenant, makeUser, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { formOf, jpegOf, pngOf, upload } from "../lib/files.mjs";
import { until } from "../lib/worker.mjs";

let tenant, lead, path;
before(async () => {
    tenant = await makeTenant();
    lead = await newLead();
    path = `/api/crm/leads/${lead.id}/attachments`;
});
const newLead = async (of = tenant) => (await request("POST", "/api/crm/leads", { token: of.token, body: { name: "With files" } })).data;
const attach = (name, data, options) => upload(path, tenant.token, name, data, options);
const stored = (of, id) => join(folder, "tenants", of.id, "files", id);
const used = async (of) => Number(sql(`select used from everyone.tenant_quotas where tenant_id = '${of.id}' and key = 'storage_bytes'`));

// Bytes as they come.
const fetch = (path, { token = tenant.token, method = "GET", headers = {} } = {}) => new Promise((resolve, reject) => {
    http.request({ host: "127.0.0.1", port, method, path, headers: { host: `localhost:${port}`, ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers } }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part)).on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    }).on("error", reject).end();
});

test("a_file_comes_back_as_it_was_sent", async () => {
    const data = Buffer.from("%PDF-1.4\n" + "x".repeat(200000)), before = await used(tenant);
    const made = await attach("Angebot für „Blum“ 1.pdf", data);
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.data.name, made.data.type, made.data.bytes, made.data.sha256, made.data.width], ["Angebot für „Blum“ 1.pdf", "application/pdf", data.length, createHash("sha256").update(data).digest("hex"), null]);
    assert.equal(made.data.createdBy.name, "Owner");
    assert.deepEqual((await request("GET", path, { token: tenant.token })).data, [made.data]);
    assert.deepEqual((await request("GET", made.headers.location, { token: tenant.token })).data, made.data);
    const answer = await fetch(`${path}/${made.data.id}/content`);
    assert.equal(answer.status, 200);
    assert.ok(answer.body.equals(data));
    assert.deepEqual([answer.headers["content-type"], answer.headers["x-content-type-options"], answer.headers["cache-control"]], ["application/pdf", "nosniff", "private, no-cache"]);
    assert.match(answer.headers["content-security-policy"], /default-src 'none'.*sandbox/);
    assert.equal(answer.headers["content-disposition"], `attachment; filename="Angebot f__r ___Blum___ 1.pdf"; filename*=UTF-8''Angebot%20f%C3%BCr%20%E2%80%9EBlum%E2%80%9C%201.pdf`);
    assert.ok(answer.headers["x-request-id"]);
    const part = await fetch(`${path}/${made.data.id}/content`, { headers: { range: "bytes=2-5" } });
    assert.deepEqual([part.status, part.body.toString(), part.headers["content-range"]], [206, "DF-1", `bytes 2-5/${data.length}`]);
    assert.equal((await fetch(`${path}/${made.data.id}/content`, { headers: { "if-none-match": answer.headers.etag } })).status, 304);
    assert.deepEqual([(await fetch(`${path}/${made.data.id}/content`, { method: "HEAD" })).headers["content-length"]], [String(data.length)]);
    // On the disk it is the areas' alone, and it counts.
    const place = stored(tenant, made.data.id);
    assert.equal(statSync(place).mode & 0o777, 0o600);
    assert.equal(statSync(join(place, "..")).mode & 0o777, 0o700);
    assert.equal(await used(tenant), before + data.length);
    // Nobody comes to it but through the area.
    assert.equal((await fetch(`/.files/${tenant.id}/files/${made.data.id}`)).status, 404);
});

test("what_is_not_what_its_name_says_is_refused", async () => {
    const code = async (name, data) => {
        const answer = await attach(name, data);
        return [answer.status, answer.error?.details?.[0]?.code ?? answer.error?.code];
    };
    assert.deepEqual(await code("page.html", "<html><script>alert(1)</script>"), [422, "file_type"]);
    assert.deepEqual(await code("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), [422, "file_type"]);
    assert.deepEqual(await code("setup.exe", "MZ"), [422, "file_type"]);
    assert.deepEqual(await code("noextension", "text"), [422, "file_type"]);
    assert.deepEqual(await code("page.txt", "<!doctype html><html><script>alert(1)</script></html>"), [422, "file_type_differs"]);
    assert.deepEqual(await code("offer.pdf", "this is a text"), [422, "file_type_differs"]);
    assert.deepEqual(await code("photo.png", Buffer.from("GIF89a<script>alert(1)</script>")), [422, "file_type_differs"]);
    assert.deepEqual(await code("program.txt", readFileSync(process.execPath).subarray(0, 5000)), [422, "file_type_differs"]);
    assert.deepEqual(await code("empty.txt", ""), [422, "file_empty"]);
    assert.deepEqual(await code("\u202etxt.exe.txt", "x"), [422, "file_name"]);
    assert.deepEqual(await code(`${"n".repeat(201)}.txt`, "x"), [422, "file_name"]);
    assert.deepEqual((await request("POST", path, { token: tenant.token, body: {} })).error.details[0].code, "required");
    for (const [name, data] of [["notes.TXT", "Notes\n"], ["list.csv", "a,b\n1,2\n"], ["data.json", "{\"a\": 1}"], ["page.md", "# Title\n\nText."]])
        assert.deepEqual(await code(name, data), [201, undefined], name);
});

test("a_picture_is_made_anew_without_what_was_hidden_in_it", async () => {
    const hidden = "call me at +34600100200", sent = Buffer.concat([pngOf(40, 20, { text: hidden }), Buffer.from("PK\x03\x04<script>")]);
    const made = await attach("photo.png", sent);
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.data.width, made.data.height], [40, 20]);
    const { body } = await fetch(`${path}/${made.data.id}/content`);
    assert.equal(body.length, made.data.bytes);
    assert.ok(body.subarray(1, 4).equals(Buffer.from("PNG")) && !body.includes(hidden) && !body.includes("<script>"));
    // What a camera turned is turned, and what it said besides is gone.
    const turned = await attach("IMG_1.JPG", jpegOf(6, hidden));
    assert.deepEqual([turned.status, turned.data?.type, turned.data?.width, turned.data?.height], [201, "image/jpeg", 16, 32], turned.text);
    const photo = (await fetch(`${path}/${turned.data.id}/content`)).body;
    assert.ok(photo.subarray(0, 3).equals(Buffer.from([255, 216, 255])) && !photo.includes("Exif") && !photo.includes(hidden));
    // A bomb is refused by what it claims, a damaged one by the program that reads it.
    const bomb = await attach("bomb.png", pngOf(10, 10, { claimed: [30000, 30000] }));
    assert.deepEqual([bomb.status, bomb.error.details[0].code], [422, "image_too_large"], bomb.text);
    const damaged = await attach("damaged.png", pngOf(10, 10, { claimed: [4000, 4000] }).subarray(0, 60));
    assert.deepEqual([damaged.status, damaged.error.details[0].code], [422, "invalid_image"], damaged.text);
});

test("what_is_too_large_is_refused_and_what_is_large_is_taken", async () => {
    const tooLarge = await attach("large.txt", Buffer.alloc((25 << 20) + 1, "a"));
    assert.deepEqual([tooLarge.status, tooLarge.error.code], [413, "body_too_large"], tooLarge.text);
    const size = 20 << 20, made = await attach("large.txt", Buffer.alloc(size, "line\n"));
    assert.equal(made.status, 201, made.text);
    assert.equal(made.data.bytes, size);
    assert.equal((await request("DELETE", `${path}/${made.data.id}`, { token: tenant.token })).status, 204);
});

test("the_storage_of_a_plan_is_kept_exactly_whoever_comes_at_once", async () => {
    const other = await makeTenant(), lead = await newLead(other);
    await request("PATCH", `/api/tenants/${other.id}/quotas`, { token: await operator(), body: { storageBytes: 3500 } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => upload(`/api/crm/leads/${lead.id}/attachments`, other.token, `f${i}.txt`, "x".repeat(1000))));
    assert.equal(answers.filter((it) => it.status === 201).length, 3, answers.map((it) => it.text).join("\n"));
    const refused = answers.find((it) => it.status !== 201);
    assert.deepEqual([refused.status, refused.error.code], [403, "quota_exceeded"]);
    assert.match(refused.error.message, /allows 3500 bytes of files, of which \d+ are used/);
    assert.equal(await used(other), 3000);
    const [{ data }] = answers.filter((it) => it.status === 201);
    await request("DELETE", `/api/crm/leads/${lead.id}/attachments/${data.id}`, { token: other.token });
    assert.equal(await used(other), 2000);
});

test("contents_go_with_their_record_and_what_came_to_nothing_goes_too", async () => {
    const lead = await newLead(), at = `/api/crm/leads/${lead.id}/attachments`;
    const one = await upload(at, tenant.token, "one.txt", "one"), two = await upload(at, tenant.token, "two.txt", "two");
    assert.equal((await request("DELETE", `${at}/${one.data.id}`, { token: tenant.token })).status, 204);
    assert.equal((await request("GET", `${at}/${one.data.id}/content`, { token: tenant.token })).status, 404);
    assert.equal((await request("DELETE", `/api/crm/leads/${lead.id}`, { token: tenant.token })).status, 204);
    assert.equal(sql(`select count(*) from everyone.files where record_id = '${lead.id}'`).trim(), "0");
    // An upload whose row never came, an hour later.
    const lost = sql(`insert into house.file_leavings values ('${tenant.id}', house.uuid7(), 'local', now() - interval '1 second') returning id`).trim().split("\n")[0];
    sql("insert into everyone.jobs (tenant_id, kind, queue, attempts) values ('00000000-0000-7000-8000-000000000001', 'files.leavings', 'tenants', 3)");
    await until(() => sql("select count(*) from everyone.jobs where kind = 'files.leavings'"), (it) => it === "0");
    assert.deepEqual([one, two].map((it) => existsSync(stored(tenant, it.data.id))), [false, false]);
    assert.equal(sql(`select count(*) from house.file_leavings where tenant_id = '${tenant.id}' and (due_at <= now() or id = '${lost}')`).trim(), "0");
    assert.ok(readdirSync(join(folder, "tenants", tenant.id, "files")).every((it) => !it.endsWith(".new")));
});

test("a_record_has_a_hundred_at_most", async () => {
    const lead = await newLead();
    sql(`set session_replication_role = replica; insert into everyone.files (tenant_id, resource, record_id, name, type, bytes, sha256, store)
        select '${tenant.id}', 'leads', '${lead.id}', n || '.txt', 'text/plain', 1, repeat('0', 64), 'local' from generate_series(1, 100) n`);
    const answer = await upload(`/api/crm/leads/${lead.id}/attachments`, tenant.token, "more.txt", "x");
    assert.deepEqual([answer.status, answer.error.code], [409, "too_many_attachments"]);
});

test("the_same_key_attaches_once", async () => {
    const headers = { "idempotency-key": "once-1" };
    const [first, second] = [await attach("once.txt", "once", { headers }), await attach("once.txt", "once", { headers })];
    assert.deepEqual([first.status, second.status, second.data], [201, 201, first.data]);
});

test("who_may_only_read_reads", async () => {
    const made = await attach("read.txt", "read"), key = (await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "reader", permissions: ["crm.leads:read"] } })).data.key;
    assert.equal((await fetch(`${path}/${made.data.id}/content`, { token: key })).status, 200);
    assert.equal((await upload(path, key, "more.txt", "x")).status, 403);
    assert.equal((await request("DELETE", `${path}/${made.data.id}`, { token: key })).status, 403);
    const customer = await makeUser(tenant, "customer", { kind: "customer" });
    assert.equal((await fetch(`${path}/${made.data.id}/content`, { token: customer.access_token })).status, 403);
});

test("a_photo_of_oneself_is_shown_to_oneself_and_goes_with_the_account", async () => {
    const staff = await makeUser(tenant, "staff"), other = await makeUser(tenant, "staff"), at = "/api/auth/me/avatar";
    assert.equal((await fetch(at, { token: staff.access_token })).status, 404);
    const set = await upload(at, staff.access_token, "me.jpg", jpegOf(6));
    assert.equal(set.status, 204, set.text);
    const shown = await fetch(at, { token: staff.access_token });
    assert.deepEqual([shown.status, shown.headers["content-type"], shown.headers["content-disposition"], shown.headers["cache-control"]], [200, "image/jpeg", "inline", "private, no-cache"]);
    assert.equal((await fetch(at, { token: other.access_token })).status, 404, "everybody has their own");
    const refused = await upload(at, staff.access_token, "me.pdf", "%PDF-1.4");
    assert.deepEqual([refused.status, refused.error.details[0].code], [422, "file_type"]);
    const cookie = await pageCookie(staff.email, password, { tenant: tenant.slug });
    const account = await request("GET", "/account", { tenant: tenant.slug, headers: { cookie } }), csrf = account.text.match(/name="_csrf" value="([^"]+)"/)[1];
    const photo = account.text.match(/src="(\/account\/avatar\?v[^"]+)"/)[1].replace(/&#x3D;/g, "=");
    assert.equal((await request("GET", photo, { tenant: tenant.slug, headers: { cookie } })).status, 200);
    const form = formOf("new.png", pngOf(600, 300), { fields: { _csrf: csrf } });
    assert.equal((await request("POST", "/account/avatar", { tenant: tenant.slug, raw: form.raw, headers: { cookie, ...form.headers } })).status, 303);
    const row = () => sql(`select id || ' ' || width || 'x' || height from everyone.files where record_id = '${staff.id}' and field = 'avatar'`);
    assert.match(row(), / 256x128$/);
    assert.equal((await request("POST", "/account/avatar/delete", { tenant: tenant.slug, raw: `_csrf=${encodeURIComponent(csrf)}`, headers: { cookie, "content-type": "application/x-www-form-urlencoded" } })).status, 303);
    assert.equal(row(), "");
    await upload(at, other.access_token, "me.png", pngOf(10, 10));
    assert.equal((await request("DELETE", `/api/platform-users/${other.id}`, { token: tenant.token })).status, 204);
    assert.equal(sql(`select count(*) from everyone.files where record_id = '${other.id}'`), "0");
});

test("a_list_shows_the_photos_of_owners_beside_their_names_to_who_may_see_them", async () => {
    const staff = await makeUser(tenant, "staff"), plain = await makeUser(tenant, "staff");
    await upload("/api/auth/me/avatar", staff.access_token, "me.png", pngOf(10, 10));
    for (const owner of [staff, plain, staff]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "Beside", ownerId: owner.id } });
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const look = (path) => request("GET", path, { tenant: tenant.slug, headers: { cookie } });
    const list = await look("/admin/crm/leads?q=Beside&fields=name,ownerId");
    const photos = [...list.text.matchAll(/<img class="beside" src="([^"]+)"/g)].map((it) => it[1].replace(/&#x3D;/g, "="));
    assert.equal(photos.length, 2, "of the one who has one, in each of their rows");
    assert.ok(photos.every((it) => it.startsWith(`/api/platform-users/${staff.id}/avatar?v=`)), photos.join(" "));
    const shown = await look(photos[0]);
    assert.deepEqual([shown.status, shown.headers["content-type"]], [200, "image/png"]);
    const role = await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "leads_only", name: "Leads only", permissions: ["crm.leads:read"] } });
    assert.equal(role.status, 201, role.text);
    const reader = await makeUser(tenant, "leads_only"), theirs = await pageCookie(reader.email, password, { tenant: tenant.slug });
    const read = await request("GET", "/admin/crm/leads?q=Beside&fields=name,ownerId", { tenant: tenant.slug, headers: { cookie: theirs } });
    assert.equal(read.status, 200);
    assert.ok(read.text.includes("Beside") && !read.text.includes("class=\"beside\""));
});

// ---- fields that are a file ----

test("a_field_holds_one_file_that_is_shown_replaced_and_removed", async () => {
    const contact = (await request("POST", "/api/crm/contacts", { token: tenant.token, body: { name: "Pictured" } })).data, at = `/api/crm/contacts/${contact.id}`, url = `${at}/photo`;
    const before = await used(tenant), get = async () => request("GET", at, { token: tenant.token });
    assert.equal(contact.photo, null);
    assert.equal((await fetch(url)).status, 404);
    const empty = await get(), set = await upload(url, tenant.token, "me.png", pngOf(1024, 512, { text: "hidden words" }));
    assert.equal(set.status, 200, set.text);
    const { id, size, ...photo } = set.data.photo;
    assert.deepEqual(photo, { name: "me.png", type: "image/png", width: 512, height: 256, url });
    assert.notEqual(set.headers.etag, empty.headers.etag);
    assert.equal((await request("PATCH", at, { token: tenant.token, body: { name: "Stale" }, headers: { "if-match": empty.headers.etag } })).status, 412, "the record shows it");
    assert.equal((await fetch(`${url}?v=0a1b2c3d`)).status, 200, "as pages ask for it");
    const answer = await fetch(url);
    assert.deepEqual([answer.status, answer.headers["content-type"], answer.body.length, answer.body.includes("hidden words")], [200, "image/png", size, false]);
    assert.equal(await used(tenant), before + size);
    const list = await request("GET", `/api/crm/contacts?id=${contact.id}`, { token: tenant.token });
    assert.equal(list.data[0].photo.id, id);
    assert.match((await fetch("/api/crm/contacts/export")).body.toString(), /,me\.png,/);
    const back = await request("PATCH", at, { token: tenant.token, body: { name: "Renamed", photo: null } });
    assert.deepEqual([back.status, back.data.photo.id], [200, id], "a body does not set it");
    const again = await upload(url, tenant.token, "other.jpg", jpegOf(1));
    assert.notEqual(again.data.photo.id, id);
    assert.equal(sql(`select count(*) from house.file_leavings where id = '${id}'`), "1", "the old content goes");
    for (const [name, data, code] of [["a.txt", "text", "file_type"], ["a.png", "no picture", "file_type_differs"]]) {
        const refused = await upload(url, tenant.token, name, data);
        assert.deepEqual([refused.status, refused.error.details[0].code], [422, code], refused.text);
    }
    const removed = await request("DELETE", url, { token: tenant.token });
    assert.deepEqual([removed.status, removed.data.photo], [200, null]);
    assert.equal(await used(tenant), before);
    await upload(url, tenant.token, "me.png", pngOf(4, 4));
    assert.equal((await request("DELETE", at, { token: tenant.token })).status, 204);
    assert.equal(await used(tenant), before, "it goes with its record");
});

test("a_form_brings_a_file_along_without_scripts", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const open = (path, form) => request(form ? "POST" : "GET", path, { tenant: tenant.slug, raw: form?.raw, headers: { cookie, ...form?.headers } });
    const hidden = (text) => Object.fromEntries([...text.matchAll(/<input type="hidden" name="(_\w+)" value="([^"]*)"/g)].map((it) => [it[1], it[2].replaceAll("&quot;", '"')]));
    const send = async (from, to, file, fields) => {
        const form = formOf(file?.[0] ?? "", file?.[1] ?? "", { fields: { ...hidden((await open(from)).text), type: "customer", status: "active", ...fields } });
        return open(to, { ...form, raw: Buffer.from(form.raw.toString("latin1").replace('name="file"', 'name="photo"'), "latin1") });
    };
    const made = await send("/admin/crm/contacts/new", "/admin/crm/contacts", ["face.png", pngOf(8, 8)], { name: "By form" });
    assert.equal(made.status, 303, made.text);
    const path = made.headers.location, id = path.split("/").at(-1), photo = async () => (await request("GET", `/api/crm/contacts/${id}`, { token: tenant.token })).data.photo;
    const first = await photo();
    assert.equal(first.name, "face.png");
    assert.match((await open(path)).text, new RegExp(`<img src="/api/crm/contacts/${id}/photo\\?v=`));
    assert.equal((await open(`/api/crm/contacts/${id}/photo`)).status, 200, "shown in pages by the session");
    const refused = await send(`${path}/edit`, path, ["face.txt", "words"], { name: "By form" });
    assert.ok(refused.status === 422 && refused.text.includes('id="f-photo-error"'), refused.text);
    const invalid = await send(`${path}/edit`, path, ["other.png", pngOf(9, 9)], { name: "" });
    assert.equal(invalid.status, 422);
    assert.equal((await send(`${path}/edit`, path, null, { name: "Renamed" })).status, 303);
    assert.deepEqual(await photo(), first, "none chosen: it stays");
    assert.equal((await send(`${path}/edit`, path, ["other.png", pngOf(9, 9)], { name: "Renamed" })).status, 303);
    assert.equal((await photo()).name, "other.png");
    assert.equal((await send(`${path}/edit`, path, null, { name: "Renamed", "_remove.photo": "yes" })).status, 303);
    assert.equal(await photo(), null);
});

test("a_photo_is_seen_where_its_user_is", async () => {
    const user = await makeUser(tenant, "staff"), cookie = await pageCookie(user.email, password, { tenant: tenant.slug }), row = async () => (await request("GET", `/api/platform-users/${user.id}`, { token: tenant.token })).data;
    const open = (path, as = cookie) => request("GET", path, { tenant: tenant.slug, headers: { cookie: as } });
    assert.equal((await row()).avatar, null);
    const none = await open("/account/photo");
    assert.deepEqual([none.status, none.headers["content-type"]], [200, "image/svg+xml"], "no photo is no failure in the bar of a page");
    assert.match((await open("/account")).text, /data-initials="[A-Z]+"><img src="\/account\/photo" alt="">/);
    assert.equal((await upload("/api/auth/me/avatar", user.access_token, "me.png", pngOf(300, 300))).status, 204);
    assert.equal((await open("/account/photo")).headers["content-type"], "image/png");
    const { avatar } = await row();
    assert.deepEqual([avatar.width, avatar.url], [256, `/api/platform-users/${user.id}/avatar`]);
    assert.equal((await fetch(avatar.url)).headers["content-type"], "image/png");
    const owner = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
    const list = (await open("/admin/users", owner)).text;
    assert.match(list, new RegExp(`<img src="${avatar.url}\\?v=`));
    assert.match(list, /data-initials="O"><\/span>/, "initials of who has none");
    assert.equal((await upload(avatar.url, tenant.token, "other.png", pngOf(4, 4))).status, 405, "nobody chooses it for them");
});
