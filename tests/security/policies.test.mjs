// The database's own isolation: what the tenant role can reach of another tenant
// in any tenant table, and whether a weakened policy would be noticed. Tables
// come from the catalogue: a new one is tried without anyone naming it here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, makeTenant } from "../lib/client.mjs";

let lines;
before(() => {
    const output = execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou",
        "-f", "tests/security/crossings.sql"], { encoding: "utf8" });
    lines = output.split("\n").filter(Boolean);
});

test("the tenant role reads and writes nothing of another tenant, in every table", () => {
    const tried = lines.filter((it) => /^(ok|OPEN) /.test(it));
    assert.ok(tried.length >= 2 * 17, `only ${tried.length / 2} tables were tried`);
    assert.deepEqual(tried.filter((it) => it.startsWith("OPEN")), []);
});

test("each policy of each table, weakened in each way, is noticed", () => {
    const mutations = lines.filter((it) => /^(noticed|UNNOTICED) /.test(it));
    assert.ok(mutations.length >= 9 * 17, `only ${mutations.length} mutations were tried`);
    assert.deepEqual(mutations.filter((it) => it.startsWith("UNNOTICED")), []);
});

// Known by host to everybody who asks: the id behind it, and the picture on its sign-in page.
const told = ["house.tenant_id_of", "house.tenant_logo"];

test("no function with its owner's rights tells the tenant role of another tenant", async () => {
    const [mine, theirs] = [await makeTenant(), await makeTenant()];
    const output = execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-v", `mine=${mine.id}`, "-v", `theirs=${theirs.id}`, "-h", join(folder, "run"), "-U", "tulou_owner", "tulou",
        "-f", "tests/security/definers.sql"], { encoding: "utf8" }).split("\n").filter(Boolean);
    const open = output.filter((it) => !it.startsWith("closed "));
    const planted = ["house.leak_by_argument", "house.leak_by_error", "house.leak_to_all", "shared.leak_by_view"];
    for (const it of planted) assert.ok(open.some((line) => line.startsWith(`OPEN ${it} with `)), `${it} was not found: ${output.join("\n")}`);
    assert.deepEqual(open.filter((it) => ![...planted, ...told].includes(it.split(" ")[1])), []);
    assert.ok(output.length > 10 + planted.length, output.join("\n"));
});

const ask = (sql) => execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou", "-c", sql], { encoding: "utf8" }).split("\n").filter(Boolean);

test("what the one CHECK of a table stands for is refused by its own name", async () => {
    const { id } = await makeTenant(), broken = { name: "''", source: "'elsewhere'", status: "'odd'", value: "-1", custom: "'[]'" };
    assert.deepEqual(ask("select name from house.joined_checks where table_name = 'leads' order by name"), Object.keys(broken).map((it) => `leads_${it}_check`).sort());
    for (const [column, value] of Object.entries(broken)) {
        const row = { name: "'A lead'", [column]: value };
        const refuse = `do $$ declare told text; begin
            insert into shared.leads (tenant_id, ${Object.keys(row)}) values ('${id}', ${Object.values(row)});
        exception when check_violation then get stacked diagnostics told = constraint_name; perform set_config('test.told', told, false); end $$; select current_setting('test.told')`;
        assert.deepEqual(ask(refuse), [`leads_${column}_check`]);
    }
});

// PostgreSQL reads them from their text for each statement that writes, and puts the body of such
// a function into them.
test("no CHECK and no generated column of a tenant table calls a function of SQL", () => {
    assert.deepEqual(ask(`select distinct c.relname, p.proname
        from pg_depend d join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid join pg_language l on l.oid = p.prolang and l.lanname = 'sql'
        left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
        left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
        left join pg_attribute g on g.attrelid = a.adrelid and g.attnum = a.adnum and g.attgenerated = 's'
        join pg_class c on c.oid = coalesce(k.conrelid, g.attrelid)
        where c.relname in (select name from house.tenant_tables)`), []);
});
