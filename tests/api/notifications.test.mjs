import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, login, makeTenant, makeUser, password, request } from "../lib/client.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const api = (who, method, path = "", body) => request(method, `/api/notifications${path}`, { token: who.access_token ?? who.token, body });
const other = "another correct horse";

// Somebody who changed their password `times` times, and so was told of it.
async function told(times = 1, role = "staff") {
    const user = await makeUser(tenant, role);
    let [now, next] = [password, other];
    for (let i = 0; i < times; i++) {
        const answer = await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: now, newPassword: next } });
        assert.equal(answer.status, 204, answer.text);
        [now, next] = [next, now];
    }
    return user;
}

test("who_changed_their_password_is_told_and_reads_it", async () => {
    const user = await told();
    const list = await api(user, "GET");
    assert.equal(list.data.length, 1);
    const [notice] = list.data;
    assert.deepEqual([notice.type, notice.title, notice.link, notice.readAt], ["auth.password_changed", "Your password was changed", "/account", null]);
    const read = await api(user, "POST", `/${notice.id}/read`);
    assert.deepEqual([read.status, read.data.id, read.data.unread], [200, notice.id, false], read.text);
    const first = (await api(user, "GET")).data[0].readAt;
    assert.ok(first);
    await api(user, "POST", `/${notice.id}/read`);
    assert.equal((await api(user, "GET")).data[0].readAt, first, "read is read once");
    assert.equal((await api(user, "GET", "?unread=true")).data.length, 0);
});

test("an_administrator_who_changes_rights_or_a_password_tells_the_user", async () => {
    const user = await makeUser(tenant, "staff"), token = tenant.token;
    await request("PATCH", `/api/platform-users/${user.id}`, { token, body: { name: "No news" } });
    const changed = await request("PATCH", `/api/platform-users/${user.id}`, { token, body: { roles: ["admin"] } });
    assert.equal(changed.status, 200, changed.text);
    const reset = await request("POST", `/api/platform-users/${user.id}/reset-password`, { token, body: { password: other } });
    assert.equal(reset.status, 200, reset.text);
    const first = await login(user.email, other, { tenant: tenant.slug });
    const own = await request("POST", "/api/auth/change-password", { token: first.access_token, body: { currentPassword: other, newPassword: "one of my own choice" } });
    assert.equal(own.status, 204, own.text);
    const list = await api(await login(user.email, "one of my own choice", { tenant: tenant.slug }), "GET");
    assert.deepEqual(list.data.map((it) => it.type), ["auth.password_changed", "users.password_reset", "users.rights_changed"]);
    assert.match(list.data[1].body, /^Owner gave/);
});

test("a_change_that_is_refused_tells_nobody", async () => {
    const user = await makeUser(tenant, "staff");
    const answer = await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { roles: ["admin", "nobody"] } });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual((await api(user, "GET")).data, []);
});

test("notifications_are_paged_and_all_read_at_once", async () => {
    const user = await told(5);
    const seen = [];
    for (let cursor = ""; cursor !== null; ) {
        const page = await api(user, "GET", `?limit=2${cursor && `&after=${cursor}`}`);
        seen.push(...page.data.map((it) => it.id));
        cursor = page.json.meta.nextCursor;
    }
    assert.equal(seen.length, 5);
    assert.deepEqual(seen, [...seen].sort().reverse());
    assert.equal((await api(user, "POST", `/${seen[2]}/read`)).status, 200);
    assert.equal((await api(user, "GET", "?unread=true")).data.length, 4);
    assert.equal((await api(user, "POST", "/read-all")).status, 204);
    assert.equal((await api(user, "GET", "?unread=true")).data.length, 0);
    assert.equal((await api(user, "POST", `/${seen[0]}/unread`)).data.readAt, null);
    assert.equal((await api(user, "POST", `/${seen[0]}/unread`)).error.code, "not_read");
    assert.deepEqual((await api(user, "GET", "?unread=true")).data.map((it) => it.id), [seen[0]]);
    assert.equal((await api(user, "POST", `/${seen[0]}/archive`)).status, 204);
    assert.equal((await api(user, "GET", `/${seen[0]}`)).status, 404);
    const many = await api(user, "POST", "/bulk", { action: "archive", filter: { type: "auth.password_changed" } });
    assert.deepEqual([many.data?.done, many.data?.failed], [4, 0], many.text);
    assert.deepEqual((await api(user, "GET")).data, []);
});

test("a_kind_that_is_not_wanted_does_not_come", async () => {
    const user = await makeUser(tenant, "staff");
    const before = await api(user, "GET", "/preferences");
    const choice = { type: "auth.password_changed", channel: "in_app" };
    assert.equal(before.data.find((it) => it.type === choice.type && it.channel === "in_app").enabled, true);
    const after = await api(user, "PUT", "/preferences", { preferences: [{ ...choice, enabled: false }] });
    assert.equal(after.status, 200, after.text);
    assert.equal(after.data.find((it) => it.type === choice.type && it.channel === "in_app").enabled, false);
    assert.equal(after.data.filter((it) => it.channel === "in_app" && !it.enabled).length, 1, "the others stay");
    await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: password, newPassword: other } });
    assert.deepEqual((await api(user, "GET")).data, []);
    await api(user, "PUT", "/preferences", { preferences: [{ ...choice, enabled: true }] });
    await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: other, newPassword: password } });
    assert.equal((await api(user, "GET")).data.length, 1);
});

test("preferences_of_no_kind_or_channel_are_refused_whole", async () => {
    const user = await makeUser(tenant, "staff");
    const good = { type: "auth.password_changed", channel: "in_app", enabled: false };
    for (const bad of [{ ...good, type: "auth.nothing" }, { ...good, channel: "pigeon" }, { ...good, enabled: "maybe" }, { type: good.type }]) {
        const answer = await api(user, "PUT", "/preferences", { preferences: [good, bad] });
        assert.equal(answer.status, 422, answer.text);
    }
    assert.ok((await api(user, "GET", "/preferences")).data.filter((it) => it.channel === "in_app").every((it) => it.enabled), "nothing of it was kept");
});

test("nobody_sees_or_reads_the_notifications_of_others", async () => {
    const [mine, theirs] = [await told(), await told()];
    const [notice] = (await api(theirs, "GET")).data;
    assert.equal((await api(mine, "POST", `/${notice.id}/read`)).status, 404);
    assert.equal((await api(tenant, "POST", `/${notice.id}/read`)).status, 404, "not even the owner");
    await api(mine, "POST", "/read-all");
    assert.equal((await api(theirs, "GET")).data[0].readAt, null);
    const behind = Buffer.from(JSON.stringify(["-id", notice.id])).toString("base64url");
    assert.equal((await api(mine, "GET", `?after=${behind}`)).data.filter((it) => it.id === notice.id).length, 0);
});

test("the_audit_log_knows_that_somebody_was_told_but_not_what", async () => {
    const user = await told();
    const [notice] = (await api(user, "GET")).data;
    const log = await request("GET", `/api/audit/logs?resourceId=${notice.id}`, { token: tenant.token });
    assert.deepEqual(log.data.map((it) => it.type), ["notification.created"]);
    const one = await request("GET", `/api/audit/logs/${log.data[0].id}`, { token: tenant.token });
    assert.deepEqual([one.data.data.before, one.data.data.after.userId !== undefined, one.data.data.after.title, one.data.data.after.body], [null, true, undefined, undefined], one.text);
});

// The letters that were written to an address, as the files of TULOU_VAR/mail.
const letters = (to) => readdirSync(join(folder, "mail")).filter((it) => it.endsWith(".eml")).map((it) => readFileSync(join(folder, "mail", it), "utf8")).filter((it) => it.includes(to));
async function lettersTo(to, count) {
    while (letters(to).length < count) await new Promise((resolve) => setTimeout(resolve, 50));
    return letters(to);
}

test("who_wishes_it_is_written_to_and_nobody_else", async () => {
    const [quiet, eager] = [await makeUser(tenant, "staff"), await makeUser(tenant, "staff")];
    const wish = await api(eager, "PUT", "/preferences", { preferences: [{ type: "users.rights_changed", channel: "email", enabled: true }, { type: "users.rights_changed", channel: "in_app", enabled: false }] });
    assert.equal(wish.status, 200, wish.text);
    for (const user of [quiet, eager]) {
        const changed = await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { roles: ["admin"] } });
        assert.equal(changed.status, 200, changed.text);
    }
    const [letter, ...more] = await lettersTo(eager.email, 1);
    assert.match(letter, /Your rights were changed/);
    assert.deepEqual(more, []);
    assert.deepEqual(letters(quiet.email), []);
    const again = await login(eager.email, password, { tenant: tenant.slug });
    assert.deepEqual((await api(again, "GET")).data, [], "at the bell it was not wanted");
});
