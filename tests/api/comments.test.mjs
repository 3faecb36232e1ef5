// What people write about a record for each other, and whom it names.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, pageCookie, password, request } from "../lib/client.mjs";
import { until } from "../lib/worker.mjs";

let tenant, other, lead;
const crm = (method, path, body, token = tenant.token) => request(method, `/api/crm/${path}`, { token, body });
const made = async (path, body, token) => {
    const answer = await crm("POST", path, body, token);
    assert.equal(answer.status, 201, answer.text);
    return answer.data;
};
const notices = async (token) => (await request("GET", "/api/notifications?limit=100", { token })).data.filter((it) => it.type === "comments.mentioned");
before(async () => {
    [tenant, other] = [await makeTenant(), await makeTenant()];
    lead = await made("leads", { name: "Nora Blum" });
});

test("a_comment_is_written_changed_and_deleted_by_its_writer_and_stands_in_the_timeline", async () => {
    const at = `leads/${lead.id}/comments`, { access_token: token } = await makeUser(tenant, "admin");
    const one = await made(at, { text: "They <b>decide</b> in March." });
    assert.deepEqual([one.text, one.editedAt, one.mentions, one.createdBy.name], ["They <b>decide</b> in March.", null, [], tenant.owner.user.name]);
    assert.equal((await crm("PATCH", `${at}/${one.id}`, { text: "x" }, token)).error.code, "not_yours");
    const changed = await crm("PATCH", `${at}/${one.id}`, { text: "They decide in April." });
    assert.deepEqual([changed.data.text, typeof changed.data.editedAt], ["They decide in April.", "string"], changed.text);
    const [item] = (await crm("GET", `leads/${lead.id}/timeline`)).data;
    assert.deepEqual([item.kind, item.comment, item.text], ["comment", "They decide in April.", `${tenant.owner.user.name} commented.`]);
    assert.deepEqual((await crm("GET", at)).data.map((it) => it.id), [one.id]);
    for (const [method, path] of [["GET", at], ["GET", `${at}/${one.id}`], ["PATCH", `${at}/${one.id}`], ["DELETE", `${at}/${one.id}`], ["POST", at]])
        assert.equal((await crm(method, path, ["PATCH", "POST"].includes(method) ? { text: "x" } : undefined, other.token)).status, 404, `${method} ${path}`);
    assert.equal((await crm("GET", `leads/${(await made("leads", { name: "Another" })).id}/comments/${one.id}`)).status, 404, "of another record");
    const log = await request("GET", `/api/audit/logs?resourceId=${one.id}`, { token: tenant.token });
    assert.deepEqual([log.data.map((it) => it.type), log.text.includes("decide")], [["comment.updated", "comment.created"].slice(log.data.length === 1 ? 1 : 0), false], "the log says that, not what");
    const theirs = await made(at, { text: "Mine" }, token);
    assert.equal((await crm("DELETE", `${at}/${theirs.id}`)).status, 204, "who may delete the record");
    assert.equal((await crm("DELETE", `${at}/${one.id}`)).status, 204);
    assert.equal((await crm("POST", at, { text: "" })).status, 422);
});

test("who_is_named_and_sees_the_record_is_told_once_and_nobody_else", async () => {
    const name = `Olga Peters ${Date.now()}`, olga = await makeUser(tenant, "admin", { name }), blind = await makeUser(tenant, "customer", { kind: "customer", name: `Blind ${name}` });
    await request("POST", "/api/rbac/roles", { token: tenant.token, body: { key: "alone", name: "Alone", rank: 10, permissions: ["crm.leads:read@own"] } });
    const alone = await makeUser(tenant, "alone", { name: `Alone ${name}` });
    const one = await made(`leads/${lead.id}/comments`, { text: `@${name}, and @Blind ${name}: see @Alone ${name}. Mail x@${name}` });
    assert.deepEqual(one.mentions.map((it) => it.name), [name]);
    const [notice] = await notices(olga.access_token);
    assert.deepEqual([notice.title, notice.link], [`${tenant.owner.user.name} mentioned you in a comment`, `/admin/crm/leads/${lead.id}`]);
    await crm("PATCH", `leads/${lead.id}/comments/${one.id}`, { text: `@${name} again, and @${alone.email}` });
    assert.equal((await notices(olga.access_token)).length, 1);
    for (const it of [blind, alone]) assert.deepEqual(await notices(it.access_token), []);
    await crm("PATCH", `leads/${lead.id}`, { ownerId: alone.id ?? alone.user.id });
    const two = await made(`leads/${lead.id}/comments`, { text: `Yours now, @${alone.email}.` });
    assert.deepEqual([two.mentions.map((it) => it.name), (await notices(alone.access_token)).length], [[`Alone ${name}`], 1]);
});

test("by_page_one_comments_and_is_shown_what_others_wrote_as_text", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), at = `/admin/crm/leads/${lead.id}`;
    const page = (path, fields) => request(fields ? "POST" : "GET", path, { tenant: tenant.slug, ...(fields && { raw: new URLSearchParams(fields).toString() }), headers: { cookie, "content-type": "application/x-www-form-urlencoded" } });
    const csrf = (await page(at)).text.match(/name="_csrf" value="([^"]*)"/)[1];
    assert.equal((await page(`${at}/comments`, { _csrf: csrf, comment: "" })).status, 422);
    assert.equal((await page(`${at}/comments`, { _csrf: csrf, comment: "By <page>" })).status, 303);
    const shown = (await page(at)).text, [, path] = shown.match(/href="([^"]*\/comments\/[^"]*)\/edit"/);
    assert.ok(shown.includes("By &lt;page&gt;"));
    assert.ok((await page(`${path}/edit`)).text.includes("By &lt;page&gt;"));
    assert.equal((await page(path, { _csrf: csrf, comment: "Rewritten by hand" })).status, 303);
    assert.ok((await page(at)).text.includes("Rewritten by hand"));
    assert.equal((await page(`${path}/delete`)).status, 200);
    assert.equal((await page(`${path}/delete`, { _csrf: csrf, confirm: "yes" })).status, 303);
    assert.ok(!(await page(at)).text.includes("Rewritten by hand"));
});

test("who_is_named_often_is_looked_at_once", async () => {
    const name = `Far ${Date.now()}`, cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), at = `/admin/crm/leads/${lead.id}`;
    await makeUser(tenant, "customer", { kind: "customer", name });
    const page = (path, options) => request(options ? "POST" : "GET", path, { tenant: tenant.slug, ...options, headers: { "content-type": "application/x-www-form-urlencoded", cookie, ...options?.headers } });
    const csrf = (await page(at)).text.match(/name="_csrf" value="([^"]*)"/)[1];
    const sent = await page(`${at}/comments`, { raw: new URLSearchParams({ _csrf: csrf, comment: `@${name} `.repeat(400) }).toString() });
    assert.equal(sent.status, 303, sent.text);
    const notice = sent.headers["set-cookie"].map((it) => it.split(";")[0]).join("; ");
    const { text } = await request("GET", at, { tenant: tenant.slug, headers: { cookie: `${cookie}; ${notice}` } });
    assert.equal(text.match(/Not told, since they may not see this: ([^<]*)\./)?.[1], name);
});

test("comments_go_and_come_back_with_their_record_and_follow_it_into_another", async () => {
    const [one, two] = [await made("leads", { name: "Written on" }), await made("leads", { name: "Winner" })], at = (it) => `leads/${it.id}/comments`;
    const comment = await made(at(one), { text: `For @${tenant.owner.user.email}: call them.` });
    const bulk = async (path, body) => {
        const answer = await crm("POST", path, body);
        assert.equal(answer.status, 200, answer.text);
        return answer.data.runId;
    };
    const undo = async (id) => {
        assert.equal((await request("POST", `/api/bulk-runs/${id}/undo`, { token: tenant.token, body: {} })).status, 200);
        await until(async () => (await request("GET", `/api/bulk-runs/${id}`, { token: tenant.token })).data.status, (it) => it === "undone");
    };
    const run = await bulk("leads/bulk", { action: "delete", ids: [one.id] });
    assert.equal((await crm("GET", at(one))).status, 404);
    await undo(run);
    const [back] = (await crm("GET", at(one))).data;
    assert.deepEqual([back.id, back.text, back.createdAt, back.mentions], [comment.id, comment.text, comment.createdAt, comment.mentions]);
    const merged = await bulk("leads/merge", { ids: [one.id, two.id], winnerId: two.id });
    assert.deepEqual((await crm("GET", at(two))).data.map((it) => it.id), [comment.id]);
    await undo(merged);
    assert.deepEqual([(await crm("GET", at(one))).data.length, (await crm("GET", at(two))).data.length], [1, 0]);
});
