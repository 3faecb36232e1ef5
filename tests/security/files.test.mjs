// Files of another tenant, of another record, of none: in every way in, for every resource whose
// records have attachments. They come from the areas' tables: a new one is tried by itself.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, pageCookie, password, request } from "../lib/client.mjs";
import { formOf, pngOf, upload } from "../lib/files.mjs";
import { apiRoutes, areas, bodyOf, resourceNamed } from "../lib/routes.mjs";

const resources = areas.flatMap((it) => it.resources).filter((it) => it.attachments);
const makerOf = (resource) => areas.flatMap((it) => it.routes).find((it) => it.method === "POST" && it.path === resource.api);
const make = async (resource, tenant) => {
    const { body: fields } = makerOf(resource), body = bodyOf(fields);
    for (const field of fields.filter((it) => it.required && resourceNamed(it.refers))) body[field.name] = await make(resourceNamed(field.refers), tenant);
    const made = await request("POST", resource.api, { token: tenant.token, body });
    assert.equal(made.status, 201, `${resource.api}: ${made.text}`);
    return made.data.id;
};
let mine, theirs, cookie;
before(async () => {
    [mine, theirs] = [await makeTenant({ planLevel: 3 }), await makeTenant({ planLevel: 3 })];
    cookie = await pageCookie(`owner@${mine.slug}.test`, password, { tenant: mine.slug });
});

// Every address of the files of a record, by API and by page.
function waysTo(resource, record, file) {
    const api = `${resource.api}/${record}/attachments`, page = `${resource.page}/${record}/attachments`, form = formOf("a.txt", "text");
    const byPage = { tenant: mine.slug, headers: { cookie } }, typed = { "content-type": "application/x-www-form-urlencoded" };
    return [
        ["GET", api, { token: mine.token }], ["POST", api, { token: mine.token, ...form }], ["GET", `${api}/${file}`, { token: mine.token }],
        ["GET", `${api}/${file}/content`, { token: mine.token }], ["DELETE", `${api}/${file}`, { token: mine.token }],
        ["GET", `${page}/${file}`, byPage], ["GET", `${page}/${file}/delete`, byPage],
        ["POST", `${page}/${file}/delete`, { ...byPage, headers: { ...byPage.headers, ...typed }, csrf: true, raw: "confirm=yes" }],
        ["POST", page, { ...byPage, csrf: true, form: true }],
    ];
}
async function csrf() {
    const page = await request("GET", "/account", { tenant: mine.slug, headers: { cookie } });
    return page.text.match(/name="_csrf" value="([^"]+)"/)[1];
}
async function go([method, path, options], token) {
    if (options.form) {
        const form = formOf("a.txt", "text", { fields: { _csrf: token } });
        return request(method, path, { ...options, raw: form.raw, headers: { ...options.headers, ...form.headers } });
    }
    return request(method, path, options.csrf ? { ...options, raw: `${options.raw}&_csrf=${encodeURIComponent(token)}` } : options);
}

test("there is a resource with attachments to be tried", () => assert.ok(resources.length >= 1));

for (const resource of resources)
    test(`files of ${resource.name} are their tenant's and their record's alone`, async () => {
        const token = await csrf(), record = await make(resource, theirs), own = await make(resource, mine), other = await make(resource, mine);
        const file = (await upload(`${resource.api}/${record}/attachments`, theirs.token, "secret.txt", "theirs")).data.id;
        const ownFile = (await upload(`${resource.api}/${own}/attachments`, mine.token, "mine.txt", "mine")).data.id;
        const isOfFile = ([, path]) => path.includes(file) || path.includes(ownFile);
        // Their record; their file below a record of mine; mine below another of mine; none at all.
        const wrong = [...waysTo(resource, record, file), ...waysTo(resource, own, file).filter(isOfFile), ...waysTo(resource, other, ownFile).filter(isOfFile),
            ...waysTo(resource, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f", ownFile), ...waysTo(resource, own, "no-uuid").filter(([, path]) => path.includes("no-uuid"))];
        for (const way of wrong) {
            const answer = await go(way, token);
            assert.equal(answer.status, 404, `${way[0]} ${way[1]}: ${answer.text.slice(0, 300)}`);
        }
        const left = await request("GET", `${resource.api}/${record}/attachments`, { token: theirs.token });
        assert.deepEqual(left.data.map((it) => it.id), [file], "nothing was added or deleted");
        // The same ways do work for one's own, or the above would say nothing.
        for (const way of waysTo(resource, own, ownFile).filter(([method, path]) => method === "GET" && !path.endsWith("/delete"))) assert.equal((await go(way, token)).status, 200, way[1]);
        const page = await request("GET", `${resource.page}/${own}`, { tenant: mine.slug, headers: { cookie } });
        assert.match(page.text, /mine\.txt/);
        assert.equal((await go(waysTo(resource, own, ownFile).at(-1), token)).status, 303);
        assert.equal((await request("GET", `${resource.api}/${own}/attachments`, { token: mine.token })).data.length, 2);
        assert.equal((await go(waysTo(resource, own, ownFile).at(-2), token)).status, 303);
        assert.equal((await request("GET", `${resource.api}/${own}/attachments`, { token: mine.token })).data.length, 1);
    });

// The same of fields that are files, such as the photo of a contact.
const fileFields = areas.flatMap((it) => it.resources).flatMap((resource) => resource.fields.filter((it) => it.file && apiRoutes.some((route) => route.method === "POST" && route.path === `${resource.api}/:id/${it.name}`)).map((field) => [resource, field]));

test("there is a field that is a file to be tried", () => assert.ok(fileFields.length >= 1));

for (const [resource, field] of fileFields)
    test(`the ${field.name} of ${resource.name} is its tenant's and its record's alone`, async () => {
        const record = await make(resource, theirs), own = await make(resource, mine), png = pngOf(8, 8);
        const at = (id) => `${resource.api}/${id}/${field.name}`;
        const put = await upload(at(record), theirs.token, "theirs.png", png);
        assert.equal(put.status, 200, put.text);
        const url = put.data[field.name].url;
        for (const id of [record, "01a1fc30-19fe-74cc-bfd1-e408edb75d4f", "no-uuid"]) {
            for (const method of ["GET", "DELETE"]) assert.equal((await request(method, at(id), { token: mine.token })).status, 404, `${method} ${at(id)}`);
            assert.equal((await upload(at(id), mine.token, "mine.png", png)).status, 404, `POST ${at(id)}`);
        }
        assert.equal((await request("GET", url, { tenant: mine.slug, headers: { cookie } })).status, 404, "by a browser");
        const left = await request("GET", `${resource.api}/${record}`, { token: theirs.token });
        assert.deepEqual(left.data[field.name], put.data[field.name], "it was neither changed nor removed");
        assert.equal((await request("GET", url, { token: theirs.token })).status, 200);
        // The same ways do work for one's own, or the above would say nothing.
        assert.equal((await request("GET", at(own), { token: mine.token })).status, 404, "none yet");
        assert.equal((await upload(at(own), mine.token, "mine.png", png)).status, 200);
        assert.equal((await request("GET", at(own), { token: mine.token })).status, 200);
        assert.equal((await request("DELETE", at(own), { token: mine.token })).status, 200);
    });
