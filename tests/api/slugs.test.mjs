// A slug that a tenant gave up: it leads to the tenant for a while, and is nobody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTenant, operator, password, port, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { linkOf, mailTo } from "../lib/mail.mjs";

const rename = async (tenant, slug) => {
    const answer = await request("PATCH", `/api/tenants/${tenant.id}`, { token: await operator(), body: { slug } });
    assert.equal(answer.status, 200, answer.text);
};
const make = async (slug) => request("POST", "/api/tenants", { token: await operator(), body: { name: "Squatter", slug, kind: "business" } });
const daysLater = (slug) => sql(`update public.old_slugs set until = now() - interval '1 second' where slug = '${slug}'`);

test("what_was_sent_and_bookmarked_arrives_after_a_new_slug", async () => {
    const tenant = await makeTenant(), old = tenant.slug, fresh = `${old}-new`, email = `i@${old}.test`;
    const invited = await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name: "I", kind: "staff", invite: true } });
    assert.equal(invited.status, 201, invited.text);
    const link = linkOf(await mailTo(email));
    assert.equal(link.hostname, `${old}.localhost`);
    await rename(tenant, fresh);
    const page = await request("GET", link.pathname + link.search, { tenant: old });
    assert.deepEqual([page.status, page.headers.location], [303, `http://${fresh}.localhost:${port}${link.pathname}${link.search}`]);
    assert.equal((await request("GET", link.pathname + link.search, { tenant: fresh })).status, 200);
    const taken = await request("POST", "/api/auth/accept-invitation", { tenant: old, body: { token: link.searchParams.get("token"), password } });
    assert.equal(taken.status, 204, taken.text);
    for (const options of [{ tenant: old }, { tenant: fresh }, { headers: { "x-tenant-slug": old } }]) {
        const signedIn = await request("POST", "/api/auth/login", { ...options, body: { email, password, ...(options.headers ? { tenant: old } : {}) } });
        assert.equal(signedIn.data?.user.tenantId, tenant.id, signedIn.text);
    }
    const twice = `${fresh}er`;
    await rename(tenant, twice);
    for (const slug of [old, fresh]) assert.equal((await request("GET", "/login", { tenant: slug })).headers.location, `http://${twice}.localhost:${port}/login`);
});

test("nobody_else_gets_it_for_90_days_and_the_tenant_itself_may_have_it_back", async () => {
    const tenant = await makeTenant(), other = await makeTenant(), old = tenant.slug, fresh = `${old}-new`;
    await rename(tenant, fresh);
    assert.equal(sql(`select round(extract(epoch from until - now()) / 86400) from public.old_slugs where slug = '${old}'`), "90");
    const made = await make(old), moved = await request("PATCH", `/api/tenants/${other.id}`, { token: await operator(), body: { slug: old } });
    for (const it of [made, moved]) assert.deepEqual([it.status, it.error?.code], [409, "slug_taken"], it.text);
    await rename(tenant, old);
    assert.equal((await request("GET", "/login", { tenant: fresh })).headers.location, `http://${old}.localhost:${port}/login`);
    assert.equal((await request("GET", "/login", { tenant: old })).status, 200);
    await rename(tenant, fresh);
    daysLater(old);
    assert.equal((await make(old)).status, 201);
    assert.equal(sql(`select count(*) from public.old_slugs where slug = '${old}'`), "0");
});

test("of_one_who_gives_it_up_and_one_who_takes_it_at_once_nobody_wins_it", async () => {
    const tenant = await makeTenant(), others = await Promise.all(Array.from({ length: 6 }, () => makeTenant())), old = tenant.slug, token = await operator();
    const [gave, ...took] = await Promise.all([tenant, ...others].map((it, i) => request("PATCH", `/api/tenants/${it.id}`, { token, body: { slug: i ? old : `${old}-new` } })));
    assert.equal(gave.status, 200, gave.text);
    for (const it of took) assert.deepEqual([it.status, it.error?.code], [409, "slug_taken"], it.text);
});
