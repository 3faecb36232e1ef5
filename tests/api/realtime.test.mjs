// What happens is told while it happens, to those who may see it, once.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { build } from "../lib/build.mjs";
import { folder, login, makeTenant, makeUser, operator, pageCookie, password, port, request } from "../lib/client.mjs";
import { workerOf } from "../lib/programs.mjs";
import { listen, socket } from "../lib/stream.mjs";
import { connect } from "../lib/worker.mjs";

let tenant;
before(async () => {
    tenant = await makeTenant();
});
const lead = async (name, { token } = tenant) => {
    const made = await request("POST", "/api/crm/leads", { token, body: { name } });
    assert.equal(made.status, 201, made.text);
    return made.data;
};
const psql = (text) => ["psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou", "-c", text]];
const sql = (text) => execFileSync(...psql(text), { encoding: "utf8" }).trim();
const sqlBeside = (text) => promisify(execFile)(...psql(text));
const about = (id) => (it) => it.type === "event" && it.event?.resource.id === id;
const withRole = async (of, permissions) => {
    const key = `r${Math.random().toString(36).slice(2, 10)}`;
    const role = await request("POST", "/api/rbac/roles", { token: of.token, body: { key, name: key, permissions } });
    assert.equal(role.status, 201, role.text);
    of.token = (await login(`owner@${of.slug}.test`, password, { tenant: of.slug })).access_token;
    return makeUser(of, key);
};

test("changes_come_in_order_with_numbers", async () => {
    const stream = await listen({ token: tenant.token });
    assert.match(stream.response.headers["content-type"], /^text\/event-stream/);
    const made = [];
    for (let i = 0; i < 5; i++) made.push((await lead(`In order ${i}`)).id);
    await stream.until(about(made.at(-1)));
    const events = stream.type("event").filter((it) => made.includes(it.event?.resource.id));
    assert.deepEqual(events.map((it) => it.event?.resource.id), made);
    assert.deepEqual(events.map((it) => it.event?.type), Array(5).fill("lead.created"));
    assert.deepEqual(events.map((it) => it.id), [...events.map((it) => it.id)].sort((a, b) => a - b));
    assert.equal(events[0].event.actor.name, "Owner");
    await stream.stop();
});

test("a_change_too_long_to_be_told_says_where_it_is", async () => {
    const stream = await listen({ token: tenant.token });
    const deal = await request("POST", "/api/crm/deals", { token: tenant.token, body: { name: "Long", currency: "EUR" } });
    assert.equal(deal.status, 201, deal.text);
    const note = async (text) => {
        const made = await request("POST", `/api/crm/deals/${deal.data.id}/notes`, { token: tenant.token, body: { text } });
        assert.equal(made.status, 201, made.text);
        return (await stream.until(about(made.data.id))).event;
    };
    const long = "😀".repeat(10000), [short, event] = [await note("Short."), await note(long)];
    assert.deepEqual([short.data.after.text, short.dataUrl], ["Short.", undefined]);
    assert.deepEqual([event.data, event.dataUrl], [{}, `/api/audit/logs/${event.id}`]);
    const whole = await request("GET", event.dataUrl, { token: tenant.token });
    assert.deepEqual([whole.status, whole.data?.data.after.text === long], [200, true], whole.text.slice(0, 300));
    await stream.stop();
});

test("a_reader_of_leads_hears_of_leads_and_of_nothing_else", async () => {
    const user = await withRole(tenant, ["crm.leads:read"]);
    const [stream, ws] = [await listen({ token: user.access_token }), await socket({ token: user.access_token })];
    await request("PATCH", "/api/auth/me", { token: tenant.token, body: { name: "Owner" } });
    await request("PATCH", "/api/auth/me", { token: tenant.token, body: { phone: "+34600100200" } });
    const made = await lead("Heard");
    for (const listener of [stream, ws]) {
        const event = await listener.until(about(made.id));
        assert.equal(event.audit, undefined, "who and from where is for readers of the audit log");
        assert.deepEqual([...new Set(listener.type("event").map((it) => it.event?.resource.type))], ["lead"]);
        await listener.stop();
    }
});

test("who_may_see_nothing_hears_nothing", async () => {
    const customer = await makeUser(tenant, "customer", { kind: "customer" });
    const stream = await listen({ token: customer.access_token });
    await lead("Not for customers");
    await request("POST", "/api/auth/change-password", { token: customer.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    const notice = await stream.until((it) => it.type === "notification");
    assert.equal(notice.notification.title, "Your password was changed");
    assert.equal(notice.unread, 1);
    assert.deepEqual(stream.type("event"), []);
    await stream.stop();
});

test("a_notification_comes_to_its_user_alone", async () => {
    const [mine, other] = [await makeUser(tenant, "admin", { kind: "admin" }), await makeUser(tenant, "admin", { kind: "admin" })];
    const streams = [await listen({ token: mine.access_token }), await listen({ token: other.access_token }), await socket({ token: other.access_token })];
    await request("POST", "/api/auth/change-password", { token: mine.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    const notice = await streams[0].until((it) => it.type === "notification");
    const made = await lead("After it");
    for (const stream of streams) await stream.until(about(made.id));
    for (const stream of streams.slice(1)) {
        assert.deepEqual(stream.type("notification"), []);
        const event = stream.messages.find(about(notice.notification.id));
        assert.ok(event, "an auditor hears that somebody was told");
        assert.ok(!JSON.stringify(event).includes("password was changed"), "and not what");
    }
    await Promise.all(streams.map((it) => it.stop()));
});

test("channels_can_be_chosen", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const stream = await listen({ token: user.access_token, query: "?channels=notifications" });
    await lead("Not wanted");
    await request("POST", "/api/auth/change-password", { token: user.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    await stream.until((it) => it.type === "notification");
    assert.deepEqual(stream.type("event"), []);
    await stream.stop();
    for (const query of ["?channels=everything", "?channels=events,", "?channels=,", "?since=-1", "?since=x", "?other=1"]) {
        const refused = await listen({ token: tenant.token, query });
        assert.ok([400, 422].includes(refused.status), `${query}: ${refused.status}`);
    }
});

// Whoever was away hears of all that happened meanwhile, and of nothing twice.
async function resumes(open, count) {
    const own = await makeTenant();
    const first = await listen({ token: own.token });
    const begin = (await lead("Begin", own)).id;
    await first.until(about(begin));
    await first.stop();
    sql(`insert into everyone.leads (tenant_id, name) select '${own.id}', 'Away ' || n from generate_series(1, ${count}) n`);
    const last = (await lead("Last", own)).id;
    const next = await open(own, first.lastId);
    await next.until(about(last));
    const log = sql(`select string_agg(id::text, ',' order by id) from everyone.leads where tenant_id = '${own.id}'`).split(",").sort();
    const heard = [...first.type("event"), ...next.type("event")].filter((it) => it.event?.resource.type === "lead").map((it) => it.event?.resource.id);
    assert.equal(heard.length, new Set(heard).size, "nothing came twice");
    assert.deepEqual(heard.sort(), log);
    const numbers = next.type("event").map((it) => it.id);
    assert.deepEqual(numbers, numbers.map((_, i) => first.lastId + 1 + i), "no number is left out");
    await next.stop();
}

test("a_short_absence_is_made_good_by_last_event_id", () => resumes((own, lastId) => listen({ token: own.token, lastId }), 20));
test("a_long_absence_is_made_good_by_last_event_id", () => resumes((own, lastId) => listen({ token: own.token, lastId }), 3000));
test("an_absence_is_made_good_by_the_query_and_by_web_socket_too", async () => {
    await resumes((own, lastId) => listen({ token: own.token, query: `?since=${lastId}` }), 700);
    await resumes((own, lastId) => socket({ token: own.token, query: `?since=${lastId}` }), 700);
    await resumes(async (own, lastId) => {
        const ws = await socket({ tenant: own.slug });
        ws.say({ type: "hello", token: own.token, since: lastId });
        return ws;
    }, 700);
});

test("what_is_older_than_the_window_or_unknown_is_a_reset", async () => {
    const own = await makeTenant();
    let now = await listen({ token: own.token });
    sql(`insert into everyone.leads (tenant_id, name) select '${own.id}', 'Old ' || n from generate_series(1, 10100) n`);
    const last = (await lead("Last", own)).id;
    while (!(await now.until(about(last)))) now = await listen({ token: own.token, lastId: now.lastId });
    const head = now.lastId;
    await now.stop();
    for (const lastId of [0, head + 1000000]) {
        const stream = await listen({ token: own.token, lastId });
        assert.equal(stream.messages[0].type, "reset");
        const made = await lead("From now on", own);
        await stream.until(about(made.id));
        assert.equal(stream.type("event").length, 1);
        await stream.stop();
    }
});

test("only_what_was_committed_is_told_and_late_commits_are_not_lost", async () => {
    const own = await makeTenant();
    const stream = await listen({ token: own.token });
    // One that begins before and commits after another, and one that never commits.
    const slow = (end) => sqlBeside(`begin; insert into everyone.leads (tenant_id, name) values ('${own.id}', 'Late'); select pg_sleep(1); ${end};`);
    const late = [slow("commit"), slow("rollback")];
    for (let i = 0; i < 10; i++) await stream.until(about((await lead(`Meanwhile ${i}`, own)).id));
    await Promise.all(late);
    const last = await lead("Last", own);
    await stream.until(about(last.id));
    const names = sql(`select string_agg(id::text, ',' order by id) from everyone.leads where tenant_id = '${own.id}'`).split(",").sort();
    assert.deepEqual(stream.type("event").filter((it) => it.event?.resource.type === "lead").map((it) => it.event?.resource.id).sort(), names);
    await stream.stop();
});

test("a_web_socket_without_a_session_brings_its_token_and_answers_pings", async () => {
    const ws = await socket({ tenant: tenant.slug });
    ws.say({ type: "hello", token: tenant.token, channels: ["events"] });
    assert.equal((await ws.until((it) => it.type === "ready")).type, "ready");
    ws.say({ type: "ping" });
    await ws.until((it) => it.type === "pong");
    const made = await lead("By socket");
    await ws.until(about(made.id));
    await ws.stop();
});

test("messages_that_are_none_end_the_web_socket_with_a_reason", async () => {
    const cases = [["{", 4400, "bad_message"], ['"x"', 4400, "bad_message"], [{ type: "shout" }, 4400, "bad_message"], [{ type: "hello" }, 4400, "token_missing"],
        [{ type: "hello", token: "a b" }, 4400, "bad_token"], [{ type: "hello", token: 7 }, 4400, "bad_token"], [{ type: "hello", token: "x", since: -4 }, 4400, "bad_since"],
        [{ type: "hello", token: "x", channels: ["all"] }, 4400, "bad_channel"], ["x".repeat(9000), 4400, "too_much"], [{ type: "hello", token: "nonsense" }, 4401, "token_malformed"]];
    for (const [message, code, why] of cases) {
        const ws = await socket({ tenant: tenant.slug });
        ws.say(message);
        const end = await ws.until((it) => it.type === "end");
        assert.equal(end?.why, why, JSON.stringify(message).slice(0, 60));
        assert.equal(await ws.ended, code);
    }
});

// Its session is looked for in the database, which keeps the opening waiting here.
test("a_web_socket_that_is_ended_while_it_opens_stays_ended", async () => {
    const cookie = await pageCookie(`owner@${tenant.slug}.test`, password, { tenant: tenant.slug }), lock = await connect(folder);
    try {
        await lock.query("begin");
        await lock.query("lock table everyone.sessions in access exclusive mode");
        const ws = await socket({ tenant: tenant.slug, headers: { cookie }, origin: `http://${tenant.slug}.localhost:${port}` });
        ws.say({ type: "ping" });
        ws.say({ type: "ping" });
        const end = await ws.until((it) => it.type === "end");
        assert.equal(end.why, "too_much");
        await lock.query("rollback");
        assert.equal(await ws.ended, 4400);
        assert.ok(!ws.messages.some((it) => it.type === "ready"));
    } finally {
        await lock.end();
    }
});

test("a_plain_request_for_the_web_socket_is_told_to_upgrade", async () => {
    const answer = await request("GET", "/api/realtime/ws", { token: tenant.token });
    assert.equal(answer.status, 426);
    assert.equal(answer.headers.upgrade, "websocket");
});

test("who_signs_out_is_cut_off", async () => {
    const user = await makeUser(tenant, "admin", { kind: "admin" });
    const streams = [await listen({ token: user.access_token }), await socket({ token: user.access_token })];
    await streams[1].until((it) => it.type === "ready");
    assert.equal((await request("POST", "/api/auth/logout", { token: user.access_token })).status, 204);
    for (const stream of streams) {
        assert.equal((await stream.until((it) => it.type === "end")).why, "changed");
        await stream.ended;
    }
    assert.equal((await listen({ token: user.access_token })).status, 401);
});

test("who_loses_a_right_is_cut_off_and_comes_back_without_it", async () => {
    const user = await withRole(tenant, ["crm.leads:read"]);
    const stream = await listen({ token: user.access_token });
    await request("PATCH", `/api/platform-users/${user.id}`, { token: tenant.token, body: { roles: ["customer"] } });
    assert.equal((await stream.until((it) => it.type === "end")).why, "changed");
    assert.equal((await listen({ token: user.access_token })).error, undefined);
    const again = await login(user.email, password, { tenant: tenant.slug });
    const next = await listen({ token: again.access_token, lastId: stream.lastId });
    await lead("No longer");
    await request("POST", "/api/auth/change-password", { token: again.access_token, body: { currentPassword: password, newPassword: "another correct horse" } });
    await next.until((it) => it.type === "notification" && it.notification.type === "auth.password_changed");
    assert.deepEqual(next.type("event"), []);
    await next.stop();
});

test("everybody_of_a_suspended_tenant_is_cut_off", async () => {
    const own = await makeTenant(), admin = await makeUser(own, "admin", { kind: "admin" });
    const stream = await listen({ token: admin.access_token });
    const suspended = await request("POST", `/api/tenants/${own.id}/suspend`, { token: await operator(), body: { reason: "test" } });
    assert.equal(suspended.status, 200, suspended.text);
    await stream.until((it) => it.type === "end");
    await stream.ended;
    assert.equal((await listen({ token: admin.access_token })).status, 403);
});

test("presence_tells_who_is_there_comes_and_goes", async () => {
    const own = await makeTenant(), user = await makeUser(own, "staff");
    const watch = await socket({ token: own.token, query: "?channels=presence" });
    const before = await watch.until((it) => it.type === "presence" && it.online);
    assert.deepEqual(before.online.map((it) => it.name), ["Owner"]);
    const [one, two] = [await listen({ token: user.access_token }), await listen({ token: user.access_token })];
    assert.equal((await watch.until((it) => it.joined?.id === user.id)).joined.name, "A staff");
    await one.stop();
    await two.stop();
    assert.equal((await watch.until((it) => it.left)).left.id, user.id);
    assert.equal(watch.messages.filter((it) => it.joined?.id === user.id).length, 1, "two connections are one person");
    await watch.stop();
    const nosy = await socket({ token: (await makeUser(own, "customer", { kind: "customer" })).access_token, query: "?channels=presence" });
    await nosy.until((it) => it.type === "ready");
    nosy.say({ type: "ping" });
    await nosy.until((it) => it.type === "pong");
    assert.deepEqual(nosy.type("presence"), [], "who is there is for those who may read users");
    await nosy.stop();
});

// ---- faults ----

// Comes again and goes on, as EventSource does.
async function follow(own, done) {
    const heard = [];
    for (let lastId; ; ) {
        const stream = await listen({ token: own.token, lastId }).catch(() => undefined);
        if (stream?.status !== 200) continue;
        const end = await stream.until(done);
        heard.push(...stream.type("event"));
        lastId = stream.lastId ?? lastId;
        await stream.stop();
        if (end) return heard;
    }
}

test("clients_of_a_killed_program_go_on_without_loss_or_repetition", async () => {
    const own = await makeTenant();
    const hello = await listen({ token: own.token });
    await hello.stop();
    const followers = Promise.all(Array.from({ length: 20 }, () => follow(own, (it) => it.event?.type === "lead.deleted")));
    const made = [];
    for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 20; i++) made.push((await lead(`${round}.${i}`, own)).id);
        let pid;
        while (!(pid = workerOf("realtime"))) await lead("While there is none", own).then((it) => made.push(it.id));
        process.kill(pid, "SIGKILL");
    }
    assert.equal((await request("DELETE", `/api/crm/leads/${made[0]}`, { token: own.token })).status, 204);
    let whole = 0;
    for (const heard of await followers) {
        const ids = heard.filter((it) => it.event?.type === "lead.created").map((it) => it.event?.resource.id);
        assert.equal(new Set(ids).size, ids.length, "nothing came twice");
        assert.deepEqual(ids, made.slice(made.length - ids.length), "from its first on nothing is missing");
        whole += ids.length === made.length;
    }
    assert.ok(whole > 0, "at least one listened from the beginning");
});

test("who_does_not_read_is_dropped_and_holds_nobody_up", async () => {
    const own = await makeTenant();
    const memory = () => Number(readFileSync(`/proc/${workerOf("realtime")}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
    const [slow, quick] = [await listen({ token: own.token }), await listen({ token: own.token })];
    const at = memory();
    slow.response.pause();
    // More than the buffers between here and there hold, in few events.
    const me = sql(`select id from everyone.users where tenant_id = '${own.id}'`);
    sql(`insert into everyone.notifications (tenant_id, user_id, type, title, body) select '${own.id}', '${me}', 'test.flood', 'Flood ' || n, repeat('x', 2000) from generate_series(1, 8000) n`);
    const last = await lead("Last", own);
    let reader = quick;
    for (let end; !(end = await reader.until(about(last.id))); ) reader = await listen({ token: own.token, lastId: reader.lastId });
    if (build === "build") assert.ok(memory() - at < 40000, `memory grew by ${memory() - at} KiB`); // the address sanitizer keeps what was freed
    slow.response.resume();
    await slow.ended;
    assert.equal(slow.messages.find(about(last.id)), undefined, "it was cut off before the end");
    await reader.stop();
});
