// Nobody's rights grow by what somebody does who lacks them: random roles, accounts and
// keys, and thousands of random operations of everything that can change rights, by API
// and by page, of users, keys, operators and operators who act as a user. After each the
// rights of everybody are worked out anew from the tables, in this file's own way.
//     RIGHTS_SEED=… node tests/run.mjs --only security/rights_property   the same again
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { folder, port, request } from "../lib/client.mjs";
import { connect } from "../lib/worker.mjs";

const platformId = "00000000-0000-7000-8000-000000000001";
const seed = Number(process.env.RIGHTS_SEED ?? randomBytes(4).readUInt32LE());
const world = {};
before(async () => {
    world.db = await connect(folder);
});
after(async () => {
    await world.db.query("delete from everyone.users where tenant_id = $1 and email like 'property-%'", [platformId]);
    await world.db.query("delete from everyone.roles where tenant_id = $1 and key like 'property\\_%'", [platformId]);
    await world.db.end();
});

// ---- chance (mulberry32) ----

let state = seed >>> 0;
function chance() {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
const some = (list, most) => [...new Set(Array.from({ length: below(most + 1) }, () => pick(list)))];

// ---- what grants mean: three bits for each permission that there is, or could be: of one's own
// records, of those of one's teams, of all; who has the wider has the narrower ----

let atoms = [];
const masks = new Map();
function nameCovers(grant, name) {
    const [subject, action = "*"] = grant.split(":"), [of, does] = name.split(":");
    if (action !== "*" && action !== does) return false;
    if (subject === "*") return !of.startsWith("platform.");
    return subject.endsWith(".*") ? of.startsWith(subject.slice(0, -1)) : subject === of;
}
const scopes = { own: 1n, team: 3n, undefined: 7n };
function maskOf(grants) {
    let mask = 0n;
    for (const grant of grants) {
        const [name, scope] = grant.split("@");
        if (!masks.has(grant)) masks.set(grant, atoms.reduce((all, atom, i) => (nameCovers(name, atom) ? all | (scopes[scope] << BigInt(3 * i)) : all), 0n));
        mask |= masks.get(grant);
    }
    return mask;
}
// What somebody else must have to be the account's equal in its place: of all whatever it has.
const ofAll = (it) => ({ ...it, mask: atoms.reduce((all, _, i) => ((it.mask >> BigInt(3 * i)) & 7n ? all | (7n << BigInt(3 * i)) : all), 0n) });
// Besides those that there are, some that only wildcards give.
function makeAtoms(names) {
    const subjects = [...new Set(names.map((it) => it.split(":")[0]))], areas = [...new Set(subjects.map((it) => it.split(".")[0]))];
    atoms = [...new Set([...names, ...subjects.flatMap((it) => [`${it}:later`, `${it}:read`]), ...[...areas, "later", "platform"].flatMap((it) => [`${it}.later:later`, `${it}.later:read`])])];
}
const named = (mask) => atoms.filter((_, i) => (mask >> BigInt(3 * i)) & 7n).slice(0, 5).join(", ");

// ---- who has what ----

const kinds = { superadmin: "platform", support: "platform", finance: "platform", auditor: "platform" };
const builtin = new Map(); // key: {mask, rank, kind}
function rolesOf(tenant) {
    const known = new Map(tenant.roles.map((it) => [it.key, it]));
    const closure = (key, depth, out) => {
        const fixed = builtin.get(key), own = known.get(key);
        if (fixed && fixed.kind === tenant.kind) Object.assign(out, { mask: out.mask | fixed.mask, rank: Math.max(out.rank, fixed.rank) });
        if (fixed || !own) return out;
        Object.assign(out, { mask: out.mask | maskOf(own.permissions), rank: Math.max(out.rank, own.rank) });
        return own.inherits && depth < 5 ? closure(own.inherits, depth + 1, out) : out;
    };
    return (keys) => keys.reduce((out, key) => closure(key, 0, out), { mask: 0n, rank: 0 });
}

// All that counts of the tenant and of the platform, in one question.
const question = `select t.kind,
    coalesce((select jsonb_agg(jsonb_build_object('key', r.key, 'rank', r.rank, 'inherits', r.inherits, 'permissions', r.permissions)) from everyone.roles r where r.tenant_id = t.id), '[]') as roles,
    coalesce((select jsonb_agg(jsonb_build_object('id', u.id, 'door', concat_ws(' ', u.email, u.status, u.password_hash, u.mfa_required), 'roles', (select coalesce(jsonb_agg(m.role_key), '[]') from everyone.user_roles m where m.tenant_id = u.tenant_id and m.user_id = u.id))) from everyone.users u where u.tenant_id = t.id), '[]') as users,
    coalesce((select jsonb_agg(jsonb_build_object('id', p.id, 'rank', p.rank, 'permissions', p.permissions, 'text', to_jsonb(p) - 'updated_at')) from everyone.sso_providers p where p.tenant_id = t.id), '[]') as providers,
    coalesce((select jsonb_agg(jsonb_build_object('id', k.id, 'permissions', k.permissions)) from everyone.api_keys k where k.tenant_id = t.id), '[]') as keys
    from public.tenants t where t.id = any($1)`;
async function look() {
    const { rows } = await world.db.query(question, [[world.tenant.id, platformId]]);
    const seen = { users: new Map(), providers: new Map(), keys: new Map(), roles: new Map() };
    for (const tenant of rows) {
        const rightsOf = rolesOf(tenant);
        for (const it of tenant.users) seen.users.set(it.id, { ...rightsOf(it.roles), door: it.door });
        for (const it of tenant.providers) seen.providers.set(it.id, { mask: maskOf(it.permissions), rank: it.rank, text: JSON.stringify(it.text) });
        for (const it of tenant.keys) seen.keys.set(it.id, maskOf(it.permissions));
    }
    return seen;
}
const nothing = { mask: 0n, rank: 0 };
// What an actor may reach now, by what stands in the tables.
function reach(actor, seen) {
    const own = seen.users.get(actor.userId) ?? nothing, over = actor.operatorId ? (seen.users.get(actor.operatorId) ?? nothing) : own;
    return { mask: own.mask & over.mask & (actor.keyMask ?? ~0n), rank: Math.min(own.rank, over.rank) };
}
const within = (some_, all) => (some_.mask & ~all.mask) === 0n && some_.rank <= all.rank;

// The rule, for what one actor did.
function check(most, was, is, alone) {
    for (const [id, now] of is.users) {
        const before_ = was.users.get(id) ?? nothing;
        const gained = now.mask & ~before_.mask & ~most.mask;
        assert.equal(gained, 0n, `account ${id} has come to ${named(gained)}`);
        assert.ok(now.rank <= Math.max(before_.rank, most.rank), `account ${id} has come to rank ${now.rank}`);
    }
    for (const [id, now] of is.keys) if (!was.keys.has(id)) assert.equal(now & ~most.mask, 0n, `key ${id} has ${named(now & ~most.mask)}`);
    for (const [id, now] of is.providers) if (now.text !== was.providers.get(id)?.text) assert.ok(within(now, most), `provider ${id} lets in ${named(now.mask & ~most.mask)}`);
    if (!alone) return;
    for (const [id, before_] of was.users) {
        const now = is.users.get(id);
        if (!within(before_, most)) assert.deepEqual(now && [now.door, now.mask, now.rank], [before_.door, before_.mask, before_.rank], `account ${id}, which was not covered, has changed`);
        else if (id !== alone.userId && !within(ofAll(before_), most)) assert.equal(now?.door, before_.door, `account ${id}, whose own is another's, has changed`);
    }
    for (const [id, before_] of was.providers) if (!within(before_, most)) assert.equal(is.providers.get(id)?.text, before_.text, `provider ${id}, which was not covered, has changed`);
}

// ---- people ----

const grants = ["access.roles:*", "access.roles:create", "access.roles:update", "access.roles:assign", "access.*", "access.sso:*", "access.api_keys:*", "users.*", "users.users:*", "users.users:update", "users.users:import",
    "users.admins:*", "users.credentials:update", "crm.*", "crm.*:read", "crm.leads:*", "crm.leads:read", "crm.leads:delete", "crm.leads:read@own", "crm.leads:*@team", "crm.*@own", "crm.*:read@team", "*@own", "tenants.*", "messaging.*", "*:read", "portal.*", "support.tickets:*", "platform.tenants:read", "*", "platform.*"];
const usual = ["access.roles:*", "users.users:*", "users.admins:*", "access.api_keys:*", "access.sso:*"];
const insertRole = (tenantId, key, rank, permissions, inherits) =>
    world.db.query("insert into everyone.roles (tenant_id, key, name, rank, permissions, inherits) values ($1, $2, $2, $3, $4, $5)", [tenantId, key, rank, JSON.stringify(permissions), inherits]);
async function insertUser(tenantId, roles, email) {
    const { rows: [{ id }] } = await world.db.query("insert into everyone.users (tenant_id, email, name, kind) values ($1, $2, 'P', $3) returning id", [tenantId, email, tenantId === platformId ? "operator" : "staff"]);
    for (const key of roles) await world.db.query("insert into everyone.user_roles (tenant_id, user_id, role_key) values ($1, $2, $3)", [tenantId, id, key]);
    return id;
}
// Signed in, without the time that passwords take, as if a first one had been changed.
async function signIn(tenantId, userId, operatorId) {
    await world.db.query("update everyone.users set must_change_password = false where id = $1 and must_change_password", [userId]);
    const secret = `${tenantId}.${randomBytes(32).toString("base64url")}`, hash = createHash("sha256").update(secret).digest("hex");
    await world.db.query("insert into everyone.sessions (tenant_id, user_id, kind, token_hash, expires_at, impersonator_id, impersonator_name) values ($1, $2, 'cookie', $3, now() + interval '1 hour', $4, $5)",
        [tenantId, userId, hash, operatorId, operatorId && "O"]);
    const actor = { userId, operatorId, slug: tenantId === platformId ? undefined : world.tenant.slug, cookie: `tulou_session=${secret}` };
    const page = await request("GET", "/account", { tenant: actor.slug, headers: { cookie: actor.cookie } });
    actor.csrf = page.text.match(/name="_csrf" value="([^"]*)"/)[1];
    return actor;
}
const ask = (actor, method, path, body) => request(method, path, actor.key ? { token: actor.key, body } : { tenant: actor.slug, body, headers: { cookie: actor.cookie, "x-csrf-token": actor.csrf } });
const post = (actor, path, fields) => request("POST", path, { tenant: actor.slug, raw: new URLSearchParams({ _csrf: actor.csrf, ...fields }).toString(),
    headers: { cookie: actor.cookie, origin: `http://${actor.slug ? `${actor.slug}.` : ""}localhost:${port}`, "content-type": "application/x-www-form-urlencoded" } });

async function insertTenant() {
    const slug = `p${randomBytes(5).toString("hex")}`;
    const { rows: [{ id }] } = await world.db.query("insert into public.tenants (parent_id, kind, name, slug, status) values ($1, 'business', $2, $2, 'active') returning id", [platformId, slug]);
    world.tenant = { id, slug };
    world.users = [await insertUser(id, ["owner"], `owner@${slug}.test`)];
}

// A tenant with roles of every size and people who have them.
async function settle() {
    await insertTenant();
    const { tenant } = world, keys = ["base", "desk", "clerk", "seller", "lead", "boss", "chain", "loose"];
    for (const [i, key] of keys.entries()) await insertRole(tenant.id, key, 5 + below(i < 5 ? 30 : 60), [...(chance() < 0.6 ? some(usual, 5) : []), ...some(grants.slice(0, -3), 4)], chance() < 0.4 ? pick([...keys, "staff", "customer", "admin"]) : null);
    world.roles = [...keys, "owner", "admin", "staff", "customer", "superadmin", "auditor", "reseller_admin", "nobody"];
    world.actors = [];
    for (let i = 0; i < 8; i++) world.users.push(await insertUser(tenant.id, new Set(i === 0 ? ["admin"] : [pick(keys), pick([...keys, "staff"])]), `u${i}@${tenant.slug}.test`));
    for (const id of world.users.slice(1)) world.actors.push(await signIn(tenant.id, id));
    const mark = tenant.slug.slice(1, 7);
    for (const [name, permissions] of [["clerk", [...usual, "crm.leads:read"]], ["guest", ["platform.tenants:impersonate", ...some(grants, 4)]]]) {
        const key = `property_${name}_${mark}`;
        await insertRole(platformId, key, 20 + below(75), permissions, null);
        const id = await insertUser(platformId, [key], `property-${name}-${mark}@platform.test`);
        world.actors.push(name === "clerk" ? await signIn(platformId, id) : await signIn(tenant.id, pick(world.users), id));
    }
}

// ---- what they try ----

let count = 0;
const anyGrants = () => [...some(usual, 2), ...some(grants, 3)];
const anyRoles = () => some(world.roles, 3);
const email = () => (chance() < 0.9 ? `n${++count}-${seed}@${world.tenant.slug}.test` : `u${below(8)}@${world.tenant.slug}.test`);
async function roleId() {
    const { rows } = await world.db.query("select id from everyone.roles where tenant_id = $1 order by key", [world.tenant.id]);
    return pick(rows).id;
}
function roleBody(partial) {
    const body = { name: "R", rank: 1 + below(95), permissions: anyGrants(), inherits: chance() < 0.4 ? pick(world.roles) : null };
    if (partial) for (const name of Object.keys(body)) if (chance() < 0.5) delete body[name];
    return body;
}
function userBody(partial) {
    const body = { email: email(), name: "U", kind: pick(["staff", "admin", "owner", "customer"]), status: pick(["active", "active", "inactive", "suspended"]), roles: anyRoles() };
    if (partial) for (const name of Object.keys(body)) if (chance() < 0.6) delete body[name];
    return body;
}
const view = () => pick(["platform-users", "admin-users"]);
const user = () => pick(world.users);
const provider = () => ({ name: `P${++count}`, issuer: "https://id.example.com", clientId: "x", createUsers: true, defaultRole: chance() < 0.5 ? pick(world.roles) : null, roleMapping: anyRoles().map((it) => `groups=x: ${it}`) });
async function anyProvider() {
    const { rows } = await world.db.query("select id from everyone.sso_providers where tenant_id = $1 order by id", [world.tenant.id]);
    return rows.length ? pick(rows).id : platformId;
}
const operations = {
    async makeRole(actor) {
        const key = chance() < 0.9 ? `r${++count}` : `own_${user().replaceAll("-", "")}`;
        const made = await ask(actor, "POST", "/api/rbac/roles", { key, ...roleBody() });
        if (made.status === 201) world.roles.push(key);
        return made;
    },
    changeRole: async (actor) => ask(actor, "PATCH", `/api/rbac/roles/${await roleId()}`, roleBody(true)),
    replaceRole: async (actor) => ask(actor, "PUT", `/api/rbac/roles/${await roleId()}`, { description: null, ...roleBody() }),
    changeRoleByPage: async (actor) => post(actor, `/admin/roles/${await roleId()}`, { name: "R", rank: 1 + below(95), inherits: pick(world.roles), permissions: anyGrants().join("\n") }),
    tick: async (actor) => post(actor, "/admin/permissions", Object.fromEntries(Array.from({ length: 8 }, () => [`${pick(world.roles)}/${pick(atoms)}`, pick(["on", "own", "team", "all"])]))),
    dropRole: async (actor) => ask(actor, "DELETE", `/api/rbac/roles/${await roleId()}`),
    giveRoles: async (actor) => ask(actor, "PUT", `/api/rbac/users/${user()}/roles`, { roles: anyRoles() }),
    async makeUser(actor) {
        const made = await ask(actor, "POST", `/api/${view()}`, { ...userBody(), ...(actor.slug ? {} : { tenantId: world.tenant.id }), ...(chance() < 0.2 ? { invite: true, status: "pending" } : {}) });
        if (made.status === 201) world.users.push(made.data.id);
        return made;
    },
    changeUser: async (actor) => ask(actor, "PATCH", `/api/${view()}/${user()}`, userBody(true)),
    replaceUser: async (actor) => ask(actor, "PUT", `/api/${view()}/${user()}`, { phone: null, locale: "en", mustChangePassword: false, ...userBody() }),
    setPassword: async (actor) => ask(actor, ...pick([["PATCH", `/api/${view()}/${user()}`, { password: "a long new passphrase" }], ["POST", `/api/admin-users/${user()}/reset-password`, { password: "a long new passphrase" }]])),
    givePermissions: async (actor) => ask(actor, "PUT", `/api/admin-users/${user()}/permissions`, { permissions: anyGrants() }),
    switchUser: async (actor) => ask(actor, "POST", `/api/platform-users/${user()}/${pick(["activate", "activate", "deactivate", "invite", "unlink"])}`),
    dropUser: async (actor) => ask(actor, "DELETE", `/api/${view()}/${user()}`),
    importUsers: async (actor) => request("POST", `/api/platform-users/bulk-import${actor.slug || actor.key ? "" : `?tenantId=${world.tenant.id}`}`, { tenant: actor.slug, token: actor.key,
        raw: ["email,name,kind", `${email()},I,${pick(["staff", "admin", "owner", "customer"])}`, `${email()},I,${pick(["staff", "owner"])}`].join("\r\n"),
        headers: { "content-type": "text/csv", ...(actor.key ? {} : { cookie: actor.cookie, "x-csrf-token": actor.csrf }) } }),
    async makeKey(actor) {
        const permissions = anyGrants(), made = await ask(actor, "POST", "/api/security/api-keys", { name: "k", permissions });
        if (made.status === 201 && actor.slug) world.actors.push({ userId: actor.userId, key: made.data.key, keyMask: maskOf(permissions), slug: actor.slug });
        return made;
    },
    makeProvider: async (actor) => ask(actor, "POST", "/api/security/sso-providers", provider()),
    changeProvider: async (actor) => ask(actor, pick(["PATCH", "PATCH", "DELETE"]), `/api/security/sso-providers/${await anyProvider()}`, { ...provider(), name: undefined }),
};
const weights = { setPassword: 0.6, dropRole: 0.5, dropUser: 0.3, switchUser: 0.5, makeKey: 0.6, tick: 0.6, changeRoleByPage: 0.6 };
const needs = { makeRole: "access.roles:create", dropRole: "access.roles:delete", changeRole: "access.roles:update", replaceRole: "access.roles:update", changeRoleByPage: "access.roles:update", tick: "access.roles:update",
    giveRoles: "access.roles:assign", makeUser: "users.users:create", dropUser: "users.users:delete", givePermissions: "users.admins:update", importUsers: "users.users:import", makeKey: "access.api_keys:create",
    makeProvider: "access.sso:create", changeProvider: "access.sso:update" };
// Mostly one that the route lets them do.
function anyOperation(actor, mine) {
    for (let tries = 0;; tries++) {
        const name = pick(Object.keys(operations)), byPage = name === "tick" || name === "changeRoleByPage";
        const needed = maskOf([needs[name] ?? "users.users:update"]);
        const open = (mine.mask & needed) === needed || tries > 40 || chance() < 0.05;
        if (open && chance() < (weights[name] ?? 1) && !(byPage && actor.key)) return name;
    }
}

// ---- the test ----

async function learn() {
    await insertTenant();
    const { data } = await ask(await signIn(world.tenant.id, world.users[0]), "GET", "/api/rbac/permissions");
    makeAtoms(data.map((it) => it.name));
    for (const [key, rank] of [["owner", 90], ["admin", 80], ["staff", 30], ["customer", 10], ["superadmin", 100], ["support", 50], ["finance", 50], ["auditor", 40]]) {
        const kind = kinds[key] ?? "business", tenantId = kind === "platform" ? platformId : world.tenant.id;
        const actor = await signIn(tenantId, await insertUser(tenantId, [key], `property-${key}-${world.tenant.slug}@x.test`));
        const me = await ask(actor, "GET", "/api/auth/me");
        builtin.set(key, { mask: maskOf(me.data.permissions), rank, kind });
    }
}

const trace = [], done = {}, tried = {};
// Whoever cannot come in any more makes room for somebody else.
async function replace(actor, seen) {
    const free = world.users.filter((it) => seen.users.get(it)?.door.includes(" active"));
    world.actors[world.actors.indexOf(actor)] = await signIn(world.tenant.id, pick(free.slice(1)) ?? free[0]);
}
async function act(actor, seen) {
    const name = anyOperation(actor, reach(actor, seen)), answer = await operations[name](actor);
    tried[name] = (tried[name] ?? 0) + 1;
    if (answer.status < 400) done[name] = (done[name] ?? 0) + 1;
    trace.push(`${actor.key ? "key of " : actor.operatorId ? `operator ${actor.operatorId} as ` : ""}${actor.userId}: ${name} ${answer.status} ${answer.error?.code ?? ""}`);
    assert.ok(answer.status < 500, answer.text);
    return answer.status === 401 && actor;
}

test("nobodys_rights_grow_by_what_others_do_who_lack_them", async () => {
    await learn();
    try {
        for (let epoch = 0; epoch < 18; epoch++) {
            await settle();
            trace.length = 0;
            let was = await look();
            for (let step = 0; step < 70; step++) {
                // Mostly one after the other; sometimes several at once, who together give what they together had.
                const actors = chance() < 0.6 ? [pick(world.actors)] : Array.from({ length: 6 }, () => pick(world.actors));
                const reaches = actors.map((it) => reach(it, was));
                const gone = await Promise.all(actors.map((it) => act(it, was)));
                const is = await look();
                check({ mask: reaches.reduce((all, it) => all | it.mask, 0n), rank: Math.max(...reaches.map((it) => it.rank)) }, was, is, actors.length === 1 && actors[0]);
                was = is;
                for (const actor of new Set(gone)) if (actor && world.actors.includes(actor)) await replace(actor, is);
            }
        }
    } catch (error) {
        error.message = `RIGHTS_SEED=${seed}: ${error.message}\n${trace.slice(-12).join("\n")}`;
        throw error;
    }
    if (process.env.RIGHTS_COUNTS) console.log(tried, done);
    for (const name of Object.keys(operations)) assert.ok(done[name] > 0, `RIGHTS_SEED=${seed}: ${name} never succeeded: ${tried[name]} tries`);
});
