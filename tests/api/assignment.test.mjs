// A new lead that names no owner goes to the next one of a team, by rules: as many to each, however
// many come at once.
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { makeTenant, makeUser, request } from "../lib/client.mjs";

let tenant, mates, team, rule;
const call = async (status, method, path, body, token = tenant.token) => {
    const answer = await request(method, path, { token, body });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    return answer.data;
};
const lead = (more = {}, token) => call(201, "POST", "/api/crm/leads", { name: "Somebody", ...more }, token);
const join = (teamId, userId) => call(201, "POST", "/api/team-members", { teamId, userId });
const makeTeam = async (name, users) => {
    const { id } = await call(201, "POST", "/api/teams", { name });
    for (const user of users) await join(id, user.id);
    return id;
};
const shares = (leads) => {
    const counts = new Map();
    for (const it of leads) counts.set(it.ownerId, (counts.get(it.ownerId) ?? 0) + 1);
    return counts;
};
const switchTo = (assignByRules) => call(200, "PATCH", "/api/settings/crm", { assignByRules });

before(async () => {
    tenant = await makeTenant({ planLevel: 3 });
    mates = await Promise.all([0, 1, 2].map(() => makeUser(tenant, "staff")));
    team = await makeTeam("Front desk", mates);
    rule = await call(201, "POST", "/api/crm/assignment-rules", { name: "All", position: 9, teamId: team });
});
beforeEach(() => switchTo(true));

test("many_at_once_are_given_to_each_as_many", async () => {
    const made = await Promise.all(Array.from({ length: 60 }, (_, i) => lead(i % 2 ? { ownerId: null } : {})));
    assert.deepEqual([...shares(made).entries()].sort(), mates.map((it) => [it.id, 20]).sort());
    const log = (await request("GET", `/api/audit/logs?resourceId=${made[0].id}`, { token: tenant.token })).data;
    assert.deepEqual(log.map((it) => it.type), ["lead.created"], "to be given it is no change");
    assert.ok(JSON.stringify(log[0].data).includes(made[0].ownerId), JSON.stringify(log[0]));
});

test("who_is_refused_takes_no_turn", async () => {
    const first = await lead();
    const bad = await Promise.all(Array.from({ length: 5 }, () => request("POST", "/api/crm/leads", { token: tenant.token, body: { name: "x", status: "converted" } })));
    assert.ok(bad.every((it) => it.status >= 400));
    const rest = [await lead(), await lead()];
    assert.equal(new Set([first, ...rest].map((it) => it.ownerId)).size, 3);
});

test("a_lead_that_names_its_owner_keeps_it_and_who_has_only_their_own_makes_theirs", async () => {
    assert.equal((await lead({ ownerId: mates[1].id })).ownerId, mates[1].id);
    await call(201, "POST", "/api/rbac/roles", { key: "own", name: "Own", rank: 10, permissions: ["crm.leads:read@own", "crm.leads:create@own"] });
    const own = await makeUser(tenant, "own");
    assert.equal((await lead({}, own.access_token)).ownerId, own.id);
});

test("the_first_rule_that_fits_says_which_team_and_a_team_has_one_turn", async () => {
    const events = await makeTeam("Events", [mates[0]]), nobody = await makeTeam("Nobody", []), rich = await makeTeam("Large ones", [mates[2]]);
    const rules = [];
    for (const it of [{ name: "None", position: 1, teamId: nobody }, { name: "Events", position: 2, source: "event", teamId: events }, { name: "Large", position: 3, valueFromAmount: 1000, currency: "CHF", teamId: rich },
        { name: "Off", position: 4, isActive: false, teamId: events }, { name: "By phone", position: 5, source: "phone", teamId: team }])
        rules.push(await call(201, "POST", "/api/crm/assignment-rules", it));
    const owners = [];
    for (const it of [{ source: "event" }, { valueAmount: 1000, currency: "CHF" }, { source: "event", valueAmount: 5000, currency: "CHF" }]) owners.push((await lead(it)).ownerId);
    assert.deepEqual(owners, [mates[0].id, mates[2].id, mates[0].id]);
    const mixed = [];
    for (const it of [{ source: "phone" }, { valueAmount: 5000, currency: "EUR" }, { source: "phone" }, { valueAmount: 999, currency: "CHF" }, {}, { source: "phone" }]) mixed.push(await lead(it));
    assert.deepEqual([...shares(mixed).values()], [2, 2, 2]);
    for (const { id } of rules) await call(204, "DELETE", `/api/crm/assignment-rules/${id}`);
});

test("who_is_not_active_is_passed_over_and_a_team_in_use_stays", async () => {
    await call(200, "POST", `/api/platform-users/${mates[1].id}/deactivate`, {});
    assert.deepEqual([...shares([await lead(), await lead(), await lead(), await lead()]).entries()].sort(), [[mates[0].id, 2], [mates[2].id, 2]].sort());
    await call(200, "POST", `/api/platform-users/${mates[1].id}/activate`, {});
    assert.equal((await request("DELETE", `/api/teams/${team}`, { token: tenant.token })).error.code, "in_use");
});

test("leads_of_a_file_go_by_turns_too", async () => {
    const text = `name,email\n${Array.from({ length: 30 }, (_, i) => `Row ${i},row${i}@example.com`).join("\n")}\n`;
    const answer = await request("POST", "/api/crm/leads/import", { token: tenant.token, raw: text, headers: { "content-type": "text/csv" } });
    assert.equal(answer.status, 202, answer.text);
    const made = (await request("GET", "/api/crm/leads?q=row&limit=100", { token: tenant.token })).data;
    assert.deepEqual([...shares(made).values()], [10, 10, 10]);
});

test("without_the_setting_whoever_makes_a_lead_owns_it", async () => {
    await switchTo(false);
    const me = (await request("GET", "/api/auth/me", { token: tenant.token })).data.id;
    assert.equal((await lead()).ownerId, me);
    const other = await makeTenant();
    assert.equal((await lead({ ownerId: null }, other.token)).ownerId, null, "the rules of others are not theirs");
    await call(200, "PATCH", `/api/crm/assignment-rules/${rule.id}`, { isActive: false });
    assert.equal((await lead({ ownerId: null })).ownerId, null);
});
