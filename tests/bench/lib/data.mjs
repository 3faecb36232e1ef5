// What is measured on: tenants made and signed in through the API, their leads
// filled in by SQL. Ids are made of the tenant's and the lead's number, so that
// whoever asks can make them up: 01990000-0000-7000-8TTT-NNNNNNNNNNNN.
import pg from "pg";

export const LEADS = 2000;
const first = 100000000000;

export const leadPrefix = (tenant) => `01990000-0000-7000-8${String(tenant).padStart(3, "0")}-`;
export const leadId = (tenant, lead) => `${leadPrefix(tenant)}${first + lead}`;
export const anyLead = [first + 1, first + LEADS];

export async function connect(folder, user = "tulou_owner") {
    const client = new pg.Client({ host: `${folder}/run`, database: "tulou", user });
    await client.connect();
    return client;
}

// Tenants by the API; a few at once, since each sign-in costs a hash.
export async function makeTenants(makeTenant, count) {
    const tenants = [];
    const work = async () => {
        while (tenants.length < count) {
            const tenant = { number: tenants.length };
            tenants.push(tenant);
            Object.assign(tenant, await makeTenant());
        }
    };
    await Promise.all([work(), work(), work(), work()]);
    return tenants;
}

// Rows of all tenants lie mixed, as they would have come over time. Their events
// are left out: nothing that is measured reads them.
export async function fill(folder, tenants, leads) {
    const owner = await connect(folder);
    await owner.query("set work_mem = '256MB'; alter table shared.leads disable trigger event");
    await owner.query(
        `insert into shared.leads (tenant_id, id, name, email, phone, company, source, status, value, created_at, updated_at)
         select t.id, (t.prefix || ($3::bigint + g))::uuid, 'Lead ' || g, 'lead' || g || '@example.test',
                '+34600' || (100000 + g), 'Company ' || g % 97,
                (array['website', 'referral', 'other'])[1 + g % 3], (array['new', 'contacted', 'qualified', 'lost'])[1 + g % 4],
                g * 100, at, at
         from generate_series(1, $4::int) g
         cross join unnest($1::uuid[], $2::text[]) t (id, prefix)
         cross join lateral (select timestamptz '2026-01-01' + g * interval '2 minutes' + g * interval '1.000037 seconds') moment (at)
         order by g`,
        [tenants.map((it) => it.id), tenants.map((it) => leadPrefix(it.number)), first, leads]);
    await owner.query("alter table shared.leads enable trigger event");
    await owner.query("vacuum analyze shared.leads");
    await owner.end();
}
