// The plain query: what PostgreSQL alone does with the statements of the area,
// by pgbench: prepared, the tenant's setting and the statement in one pipeline.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { meter } from "./cost.mjs";
import { anyLead, connect, leadId, leadPrefix } from "./data.mjs";
import { command, measured } from "./load.mjs";

const CONNECTIONS = 4; // as many as the area's two workers share
const tenantSet = "select set_config('app.tenant_id', :tenant, true);";
// What an area sets before it writes. The INSERT alone sets nothing.
const actorSet = "select set_config('app.tenant_id', :tenant, true), set_config('app.context', :context, true), set_config('app.action', '', true);";

// The text of the statement that a request runs: it waits for a lock of ours,
// and PostgreSQL says what it waits with. Others may wait as well (a list counts on
// a connection of its own, the worker does its jobs): `shape` is what it looks like.
export async function statementOf(folder, send, shape) {
    const owner = await connect(folder), watcher = await connect(folder, "tulou_tenant");
    await owner.query("begin; lock table shared.leads in access exclusive mode");
    let answered = false, found;
    const answer = send().finally(() => (answered = true));
    while (!found && !answered) {
        const { rows } = await watcher.query("select query from pg_stat_activity where application_name = 'tulou' and wait_event_type = 'Lock'");
        found = rows.map((it) => it.query).find((it) => shape.test(it));
    }
    await owner.query("rollback");
    await answer;
    await Promise.all([owner.end(), watcher.end()]);
    if (!found) throw new Error(`no statement like ${shape} waited`);
    return found;
}

// Parameters of the area as pgbench's variables.
const byId = (sql) => sql.replace("$1", "(:prefix::text || :lead)::uuid");
const behind = (sql) => sql.replace("$1", ":at").replace("$2", ":behind");
function insert(sql, body) {
    const columns = sql.match(/\((.*?)\)/)[1].split(", ");
    const values = { tenant_id: ":tenant", id: "house.uuid7()" };
    return columns.reduce((text, column, i) => text.replace(`$${i + 1}`, values[column] ?? `:${column}`), sql);
}

// One script for each of 100 tenants: pgbench chooses among them.
function scripts(folder, tenants, statements, settings) {
    return tenants.slice(0, 100).map((tenant) => {
        const file = join(folder, `${tenant.number}.sql`);
        const text = ["\\set lead random(" + anyLead.join(", ") + ")", "\\startpipeline", ...settings, ...statements.map((it) => `${it};`), "\\endpipeline"].join("\n");
        writeFileSync(file, text.replace(/:(tenant|prefix|at|behind)\b/g, `:$1${tenant.number}`) + "\n");
        return file;
    });
}

const variables = (tenants, body) => tenants.slice(0, 100).flatMap((it) => [
    `tenant${it.number}=${it.id}`, `prefix${it.number}=${leadPrefix(it.number)}`, `at${it.number}=${it.place.at}`, `behind${it.number}=${leadId(it.number, it.place.lead)}`,
]).concat(Object.entries(body).map(([name, value]) => `${name}=${value}`));

function percentiles(folder) {
    const times = readdirSync(folder).filter((it) => it.startsWith("log.")).flatMap((it) => readFileSync(join(folder, it), "utf8").trim().split("\n").map((line) => Number(line.split(" ")[2])));
    times.sort((a, b) => a - b);
    return { p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}

async function pgbench(door, files, values, { seconds, warmUp }) {
    const folder = join(door.folder, "pgbench");
    const bench = (duration, more) => command("pgbench", ["-n", "-M", "prepared", "-c", CONNECTIONS, "-j", 2, "-T", duration, ...more, ...files.flatMap((it) => ["-f", it]), ...values.flatMap((it) => ["-D", it]),
        "-h", `${door.var}/run`, "-U", "tulou_tenant", "tulou"].map(String), { PGOPTIONS: "-c search_path=shared,public -c jit=off" });
    if (warmUp) await bench(warmUp, []);
    const read = meter({ PostgreSQL: door.groups.PostgreSQL });
    const output = await bench(seconds, ["-l", "--sampling-rate=0.1", "--log-prefix", join(folder, "log")]);
    const used = read(), requests = Number(output.match(/actually processed: (\d+)/)[1]);
    const failed = Number(output.match(/failed transactions: (\d+)/)?.[1] ?? 0), rate = Number(output.match(/^tps = ([\d.]+)/m)[1]);
    if (failed) throw new Error(output);
    return measured({ requests, us: requests / rate * 1e6, ...percentiles(folder) }, used);
}

// The same table and indexes without triggers, policies and foreign keys.
export async function makeAlone(folder) {
    const owner = await connect(folder);
    const columns = (await owner.query("select string_agg(quote_ident(attname), ', ') as names from pg_attribute where attrelid = 'shared.leads'::regclass and attnum > 0 and not attisdropped and attgenerated = ''")).rows[0].names;
    await owner.query("create table public.leads_alone (like shared.leads including all); grant select, insert on public.leads_alone to tulou_tenant");
    await owner.query(`insert into public.leads_alone (${columns}) select ${columns} from shared.leads`);
    await owner.query("vacuum analyze public.leads_alone");
    await owner.end();
}

// statements: {one, behind, page, count, create} as the area runs them; "alone" is the
// create by itself.
export function plain(door, tenants, statements, body) {
    const folder = join(door.folder, "pgbench");
    const kinds = { one: [byId(statements.one)], counted: [statements.count, statements.page], list: [behind(statements.behind)], create: [insert(statements.create, body)],
        alone: [insert(statements.create, body).replace(/^insert into leads\b/, "insert into public.leads_alone")] };
    const settings = { create: [actorSet], alone: [] };
    return async (kind, duration) => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        const context = JSON.stringify({ kind: "user", actorId: tenants[0].id, actorName: "Owner", ip: "127.0.0.1", requestId: tenants[0].id });
        return pgbench(door, scripts(folder, tenants, kinds[kind], settings[kind] ?? [tenantSet]), variables(tenants, { ...body, context }), duration);
    };
}
