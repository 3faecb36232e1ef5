// Pages that somebody marked: by API and by the star beside a title, and nobody else's.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, port, request } from "../lib/client.mjs";

let tenant, staff;
before(async () => {
    tenant = await makeTenant();
    staff = await makeUser(tenant, "staff");
});
const api = (method, path, body, token = tenant.token) => request(method, `/api/favourites${path}`, { tenant: tenant.slug, token, body });

test("a_favourite_is_its_makers_alone", async () => {
    const made = await api("POST", "", { title: "New leads", path: "/admin/crm/leads?status=new" });
    assert.equal(made.status, 201, made.text);
    assert.equal((await api("POST", "", { title: "Again", path: made.data.path })).error.code, "favourite_known");
    for (const path of ["//elsewhere.test/", "https://elsewhere.test/", "/\\elsewhere.test"]) assert.equal((await api("POST", "", { title: "No", path })).status, 422, path);
    const other = await makeTenant();
    for (const token of [staff.access_token, other.token]) {
        const options = token === other.token ? { tenant: other.slug, token } : { tenant: tenant.slug, token };
        assert.deepEqual((await request("GET", "/api/favourites", options)).data, []);
        for (const method of ["GET", "DELETE", "PATCH"]) assert.equal((await request(method, `/api/favourites/${made.data.id}`, { ...options, body: method === "PATCH" ? { title: "Mine" } : undefined })).status, 404, method);
    }
    const own = await api("POST", "", { title: "Theirs", path: made.data.path }, staff.access_token);
    assert.equal(own.status, 201, "each has their own of the same page");
    assert.equal((await api("PATCH", `/${made.data.id}`, { title: "Leads of today" })).data.title, "Leads of today");
    const found = async (email) => (await request("GET", "/search?q=today", { tenant: tenant.slug, headers: { cookie: await pageCookie(email, password, { tenant: tenant.slug }) } })).text;
    assert.match(await found(`owner@${tenant.slug}.test`), /Leads of today/);
    assert.doesNotMatch(await found(staff.email), /Leads of today/);
    assert.equal((await api("DELETE", `/${made.data.id}`)).status, 204);
});

test("the_star_of_a_page_marks_it_and_takes_the_mark_away", async () => {
    const lead = (await request("POST", "/api/crm/leads", { tenant: tenant.slug, token: tenant.token, body: { name: "Nora Star" } })).data, path = `/admin/crm/leads/${lead.id}`;
    const headers = { cookie: await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), origin: `http://${tenant.slug}.localhost:${port}` };
    const open = async () => (await request("GET", path, { tenant: tenant.slug, headers })).text;
    const press = async () => {
        const form = /<form class="star".*?<\/form>/s.exec(await open())[0];
        const fields = Object.fromEntries([...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]));
        return request("POST", "/favourites", { tenant: tenant.slug, headers: { ...headers, "content-type": "application/x-www-form-urlencoded" }, raw: new URLSearchParams(fields).toString() });
    };
    const inMenu = async () => new RegExp(`menu-favourites.*href="${path}".*Nora Star.*</nav>`, "s").test(await open());
    assert.equal(await inMenu(), false);
    const pressed = await press();
    assert.deepEqual([pressed.status, pressed.headers.location], [303, path]);
    assert.equal(await inMenu(), true);
    assert.equal((await press()).status, 303);
    assert.equal(await inMenu(), false);
    assert.doesNotMatch((await request("GET", "/admin/crm/leads/new", { tenant: tenant.slug, headers })).text, /class="star"/);
});
