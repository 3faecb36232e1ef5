// Links that must not work: guessed, used, expired, of another tenant, for
// something else, of an address or an account that is no more; and where their
// tokens must not stand.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { linkOf, mailTo, tokenOf } from "../lib/mail.mjs";
import { connect } from "../lib/worker.mjs";

const world = {};
before(async () => {
    world.a = await makeTenant();
    world.b = await makeTenant();
    world.db = await connect(folder);
});
after(() => world.db.end());

const paths = { "reset-password": { password: "ocean lamp quarter" }, "accept-invitation": { password: "ocean lamp quarter" }, "verify-email": {} };
const use = (path, token, tenant = world.a.slug) => request("POST", `/api/auth/${path}`, { tenant, body: { token, ...paths[path] } });
const look = (path, token, tenant = world.a.slug) => request("GET", `/${path}?token=${encodeURIComponent(token)}`, { tenant, headers: { accept: "text/html" } });

// A link of each purpose, each of a user of its own.
async function links() {
    const [one, two] = [await makeUser(world.a, "staff"), await makeUser(world.a, "staff")];
    const email = `i${randomBytes(4).toString("hex")}@${world.a.slug}.test`;
    await request("POST", "/api/auth/forgot-password", { tenant: world.a.slug, body: { email: one.email } });
    await request("POST", "/api/auth/send-verification", { token: two.access_token });
    const made = await request("POST", "/api/platform-users", { token: world.a.token, body: { email, name: "New", kind: "staff", invite: true } });
    const list = [["reset-password", one.email, one.id], ["verify-email", two.email, two.id], ["accept-invitation", email, made.data.id]];
    return Promise.all(list.map(async ([path, to, user]) => ({ path, user, token: tokenOf(await mailTo(to)) })));
}

async function refused(path, token, status, code, tenant) {
    const answer = await use(path, token, tenant), page = await look(path, token, tenant);
    assert.deepEqual([answer.status, answer.error.code], [status, code], path);
    assert.equal(page.status, status, path);
    assert.match(page.text, /<h1>This link /, path);
    assert.ok(!page.text.includes("<form class=\"sheet\""), path);
}

test("guessed_links_are_refused", async () => {
    for (const path of Object.keys(paths))
        for (const token of [randomBytes(32).toString("base64url"), "x", "' or true --", "%00", "a".repeat(200)]) await refused(path, token, 404, "link_invalid");
});

test("used_links_are_refused", async () => {
    for (const { path, token } of await links()) {
        assert.ok((await use(path, token)).status < 300, path);
        await refused(path, token, 410, "link_used");
    }
});

test("expired_links_are_refused", async () => {
    for (const { path, token, user } of await links()) {
        assert.equal((await look(path, token)).status, 200, path);
        await world.db.query("update everyone.links set expires_at = now() where user_id = $1", [user]);
        await refused(path, token, 410, "link_expired");
    }
});

test("links_of_another_tenant_are_refused_and_stay_good_at_home", async () => {
    for (const { path, token } of await links()) {
        await refused(path, token, 404, "link_invalid", world.b.slug);
        assert.ok((await use(path, token)).status < 300, path);
    }
});

test("links_for_something_else_are_refused", async () => {
    for (const { path, token } of await links())
        for (const other of Object.keys(paths).filter((it) => it !== path)) await refused(other, token, 404, "link_invalid");
});

test("links_of_a_user_who_may_not_sign_in_are_refused", async () => {
    for (const { path, token, user } of await links()) {
        assert.equal((await request("POST", `/api/platform-users/${user}/deactivate`, { token: world.a.token })).status, 200);
        await refused(path, token, 410, "link_used"); // made void, also for when it is active again
    }
});

test("links_to_an_address_that_the_account_has_no_more_are_refused", async () => {
    for (const { path, token, user } of await links()) {
        const changed = await request("PATCH", `/api/platform-users/${user}`, { token: world.a.token, body: { email: `n${randomBytes(4).toString("hex")}@${world.a.slug}.test` }, headers: { "content-type": "application/merge-patch+json" } });
        assert.equal(changed.status, 200, changed.text);
        await refused(path, token, 410, "link_used");
    }
});

test("a_password_changed_in_person_ends_the_link_to_a_new_one", async () => {
    const user = await makeUser(world.a, "staff");
    await request("POST", "/api/auth/forgot-password", { tenant: world.a.slug, body: { email: user.email } });
    const token = tokenOf(await mailTo(user.email));
    const changed = await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: password, newPassword: "ocean lamp quarter" } });
    assert.equal(changed.status, 204, changed.text);
    await refused("reset-password", token, 410, "link_used");
});

test("looking_at_a_link_uses_nothing_up_and_no_cache_keeps_it", async () => {
    for (const { path, token } of await links()) {
        for (let i = 0; i < 3; i++) {
            const page = await look(path, token);
            assert.equal(page.status, 200);
            assert.match(page.headers["cache-control"], /no-store/);
            assert.match(page.headers["referrer-policy"], /same-origin|no-referrer/);
        }
        assert.ok((await use(path, token)).status < 300, path);
    }
});

test("a_message_leads_to_the_tenant_whatever_host_was_asked", async () => {
    const user = await makeUser(world.a, "staff");
    await request("POST", "/api/auth/forgot-password", { body: { email: user.email, tenant: world.a.slug }, headers: { "x-forwarded-host": "evil.example", origin: "https://evil.example" } });
    assert.equal(linkOf(await mailTo(user.email)).hostname, `${world.a.slug}.localhost`);
});

test("a_token_stands_in_no_table", async () => {
    const tokens = (await links()).map((it) => it.token);
    const { rows: tables } = await world.db.query("select name from house.tenant_tables");
    assert.ok(tables.length > 15);
    for (const { name } of tables)
        for (const token of tokens) {
            const { rows } = await world.db.query(`select count(*)::int as count from everyone.${name} t where strpos(t::text, $1) > 0`, [token]);
            assert.equal(rows[0].count, 0, name);
        }
});
