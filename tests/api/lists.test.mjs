// Lists of records by page: what is asked before many are deleted, what is kept of a view,
// and where an empty one leads.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, pageCookie, password, port, request } from "../lib/client.mjs";

let tenant, other, cookie;
before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug });
});
const page = (path, as = cookie) => request("GET", path, { tenant: tenant.slug, headers: { cookie: as } });
const lead = async (name, own = tenant) => (await request("POST", "/api/crm/leads", { token: own.token, body: { name } })).data.id;
const csrf = async () => (await page("/admin/crm/leads")).text.match(/name="_csrf" value="([^"]+)"/)[1];
const send = async (path, fields) => request("POST", path, { tenant: tenant.slug, raw: new URLSearchParams([["_csrf", await csrf()], ...fields]).toString(), headers: { cookie, "content-type": "application/x-www-form-urlencoded", origin: `http://${tenant.slug}.localhost:${port}` } });

test("many_are_deleted_after_each_was_named_once_and_what_is_gone_or_anothers_is_passed_over", async () => {
    const [a, b, gone, anothers] = [await lead("Abel & Sons"), await lead("Bruna"), await lead("Gone"), await lead("Anothers", other)];
    await request("DELETE", `/api/crm/leads/${gone}`, { token: tenant.token });
    const ids = [b, a, a.toUpperCase(), gone, anothers].map((id) => ["id", id]);
    const asked = await send("/admin/crm/leads/bulk-delete", ids);
    assert.equal(asked.status, 200);
    assert.match(asked.text, /<h1>Delete 2 leads\?<\/h1>/);
    assert.match(asked.text, /<li>Bruna<\/li>\s*<li>Abel &amp; Sons<\/li>\s*<\/ul>/, "as they were ticked");
    assert.equal((await request("GET", `/api/crm/leads/${a}`, { token: tenant.token })).status, 200, "asking deletes nothing");
    const done = await send("/admin/crm/leads/bulk-delete", [...ids, ["confirm", "yes"]]);
    assert.equal(done.status, 303, done.text);
    for (const id of [a, b]) assert.equal((await request("GET", `/api/crm/leads/${id}`, { token: tenant.token })).status, 404);
    assert.equal((await request("GET", `/api/crm/leads/${anothers}`, { token: other.token })).status, 200);
});

test("the_keys_are_a_list_like_any_other", async () => {
    const empty = await page("/admin/api-keys");
    assert.match(empty.text, /No API keys yet/);
    assert.equal(empty.text.match(/href="\/admin\/api-keys\/new"/g).length, 2, "above, and where the list is empty");
    await request("POST", "/api/security/api-keys", { token: tenant.token, body: { name: "Nightly", permissions: ["crm.leads:read"] } });
    const kept = await page("/admin/api-keys?_view=kept&limit=50&fields=name&fields=createdAt&sort=name");
    assert.equal(kept.status, 303);
    const view = kept.headers["set-cookie"].find((it) => it.startsWith("view="));
    assert.match(view, /^view=50~name\.name\.createdAt;.*[Pp]ath=\/admin\/api-keys/);
    const shown = (await page("/admin/api-keys", `${cookie}; ${view.split(";")[0]}`)).text;
    assert.match(shown, /<th [^>]*scope="col"[^>]*>.*Made/);
    assert.doesNotMatch(shown, /<th [^>]*>Begins with/);
    assert.match(shown, /<option value="50" selected>/);
    assert.match(shown, /aria-sort="ascending"[^>]*>\s*<a class="sort"[^>]*>Name/);
    for (const none of ["50~-nothing.name", "50~-", "~", "50~name,name", "50~prefix"])
        assert.equal((await page("/admin/api-keys", `${cookie}; view=${none}`)).status, 200, none);
    const asked = (await page("/admin/api-keys?sort=-lastUsedAt", `${cookie}; view=50~name.name.lastUsedAt`)).text;
    assert.match(asked, /aria-sort="descending"[^>]*>\s*<a class="sort"[^>]*>Last used at/, "an address says more than what was chosen");
    const id = shown.match(/\/admin\/api-keys\/([0-9a-f-]{36})"/)[1];
    assert.match((await page(`/admin/api-keys/${id}`)).text, new RegExp(`/admin/api-keys/${id}/revoke`));
    await request("POST", `/api/security/api-keys/${id}/revoke`, { token: tenant.token });
    assert.doesNotMatch((await page(`/admin/api-keys/${id}`)).text, /\/revoke"/, "what has ended cannot end again");
});

test("what a search counts and what it shows is the same, and its order is the list's", async () => {
    const tenant = await makeTenant(), word = `zq${Date.now().toString(36)}`;
    const find = async (query) => (await request("GET", `/api/crm/leads?q=${word}${query}`, { token: tenant.token })).json;
    for (const value of [3, 1, 2]) await request("POST", "/api/crm/leads", { token: tenant.token, body: { name: `${word} ${value}`, valueAmount: value } });
    for (const [query, shown] of [["", [2, 1, 3]], ["&sort=createdAt", [3, 1, 2]], ["&sort=valueAmount&limit=2", [1, 2]], ["&sort=valueAmount&limit=2&page=2", [3]], ["&sort=name", [1, 2, 3]], ["&status=new", [2, 1, 3]], ["%201", [1]], ["%20nothing", []]]) {
        const { data, meta } = await find(query);
        assert.deepEqual([data.map((it) => it.valueAmount), meta.total], [shown, query.includes("limit") ? 3 : shown.length], query);
    }
    const next = await find(`&limit=2&after=${(await find("&limit=2")).meta.nextCursor}`);
    assert.deepEqual(next.data.map((it) => it.valueAmount), [3]);
});
