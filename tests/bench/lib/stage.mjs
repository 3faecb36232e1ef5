// What benchmarks stand on: a platform with tenants and their leads, made once
// when the first asks for them.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Platform } from "../../lib/platform.mjs";
import { children } from "./cost.mjs";
import { LEADS, fill, leadId, makeTenants } from "./data.mjs";
import { load } from "./load.mjs";
import { measurements } from "./report.mjs";

// No limit may stand in the way of what is measured; all else is as it is shipped.
const settings = { TULOU_ACCESS_MINUTES: "120", TULOU_RATE_API: "1000000000", TULOU_RATE_TENANT: "1000000000", TULOU_RATE_AUTH: "1000000", TULOU_STREAMS_USER: "0", TULOU_STREAMS_ADDRESS: "0" };
export const body = { name: "A new lead", email: "new@example.test", phone: "+34600100200", company: "Blum Optics", source: "website", valueAmount: 250000 };
const some = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const dice = (limit) => 1 + Math.floor(Math.random() * limit);

// Cursors from within a tenant's list, as the area gives them out, and the place
// of one of them for the plain query.
async function findPlaces(request, tenant) {
    tenant.cursors = [];
    for (const page of [1, 3, 10, 18]) {
        const { status, json, text } = await request("GET", `/api/crm/leads?limit=100&page=${page}`, { token: tenant.token });
        assert.equal(status, 200, text);
        tenant.cursors.push(json.meta.nextCursor);
    }
    const [, at, id] = JSON.parse(Buffer.from(tenant.cursors[2], "base64url"));
    tenant.place = { at, lead: Number(id.slice(-12)) - 100000000000 };
}

// The requests of each kind, spread over tenants: one record by id; the list with
// and without the count of all; a create.
export function requestsOf(tenants, leads) {
    const of = (i) => tenants[i % tenants.length];
    return {
        one: some(20000, (i) => ({ path: `/api/crm/leads/${leadId(of(i).number, dice(leads))}`, token: of(i).token })),
        list: some(4000, (i) => ({ path: `/api/crm/leads?limit=20&after=${of(i).cursors[i % of(i).cursors.length]}`, token: of(i).token })),
        counted: tenants.map((it) => ({ path: "/api/crm/leads?limit=20", token: it.token })),
        create: tenants.map((it) => ({ method: "POST", path: "/api/crm/leads", token: it.token, body })),
    };
}

export async function openStage({ quick }) {
    const began = Date.now(), folder = mkdtempSync(join(tmpdir(), "bench-")), platform = new Platform();
    const say = (text) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`);
    let tenants, figures = [];
    chmodSync(folder, 0o755);
    say("starting a platform");
    await platform.start(settings, openSync(join(folder, "log"), "a"));
    process.env.TEST_PORT = String(platform.port);
    process.env.TEST_VAR = platform.folder;
    const { makeTenant, request } = await import("../../lib/client.mjs");

    // Tenants signed in, with so many leads each.
    async function makeFilled(count, leads, firstNumber = 0) {
        const made = await makeTenants(makeTenant, count);
        for (const tenant of made) tenant.number += firstNumber;
        await fill(platform.folder, made, leads);
        for (const tenant of made) await findPlaces(request, tenant);
        return made;
    }

    const part = (name) => children(platform.child.pid).find((it) => it.name === name).pid;
    const doorOf = (area) => ({ port: platform.port, folder, var: platform.folder,
        groups: { nginx: part("nginx"), application: part(area), PostgreSQL: part("postgres") } });
    return {
        quick, say, platform, folder, request, makeFilled, doorOf,
        rounds: quick ? 1 : 3, seconds: quick ? 1 : 3, leads: LEADS,
        async tenants() {
            if (!tenants) {
                const count = quick ? 20 : 200;
                say(`making ${count} tenants with ${LEADS} leads each`);
                tenants = await makeFilled(count, LEADS);
            }
            return tenants;
        },
        // One load of so many seconds; before the first of its rounds a second to warm up.
        load(door, requests, { round = 0, seconds = this.seconds, ...more } = {}) {
            return load(door, requests, { seconds, warmUp: round === 0 ? 1 : 0, ...more });
        },
        // Figures of Rounds, printed and kept for the JSON.
        show(more) {
            figures.push(...more);
            console.log(`\n${measurements(more)}\n`);
        },
        takeFigures() {
            const taken = figures;
            figures = [];
            return taken;
        },
        async close() {
            await platform.stop();
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
