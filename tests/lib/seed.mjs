// Rows that no request makes.
import { connect } from "./worker.mjs";

// Somebody's account at a provider, which else only a sign-in there links.
export async function seedIdentity(folder, tenantId, userId) {
    const db = await connect(folder);
    await db.query("with p as (insert into everyone.sso_providers (tenant_id, name, issuer, client_id) values ($1, 'Seeded', 'https://id.example', 'seeded') returning id) "
        + "insert into everyone.sso_identities (tenant_id, provider_id, user_id, issuer, subject) select $1, id, $2, 'https://id.example', 'seeded' from p", [tenantId, userId]);
    await db.end();
}

// What somebody was told, which they alone meet.
export async function seedNotification(folder, tenantId, userId) {
    const db = await connect(folder);
    await db.query("insert into everyone.notifications (tenant_id, user_id, type, title) values ($1, $2, 'tests.seeded', 'Seeded')", [tenantId, userId]);
    await db.end();
}

// What somebody did with many records.
export async function seedBulkRun(folder, tenantId, userId) {
    const db = await connect(folder);
    await db.query("insert into everyone.bulk_runs (tenant_id, user_id, actor_id, resource, action, input, actor, status, undoable, total, handled, done) "
        + "values ($1, $2, $2, 'crm.leads', 'update', '{}', '{}', 'done', true, 1, 1, 1)", [tenantId, userId]);
    await db.end();
}
