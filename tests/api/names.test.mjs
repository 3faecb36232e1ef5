// No page and no CSV of a page shows the id of a record where people would look for its name:
// every page of every area, as a browser without scripts has it. The areas' own tables say which.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, operator, pageCookie, password, request } from "../lib/client.mjs";
import { areas, bodyOf, resourceNamed } from "../lib/routes.mjs";

const routes = areas.flatMap((area) => area.routes).filter((it) => it.method === "GET" && (it.answer === "page" || it.path.endsWith(".csv")));
const resources = areas.flatMap((area) => area.resources);
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
let tenant;

// One of each, whose references all lead somewhere.
async function settle(resource) {
    const maker = areas.flatMap((area) => area.routes).find((it) => it.method === "POST" && it.path === resource.api);
    if (!maker?.body || maker.upload) return;
    const body = bodyOf(maker.body);
    for (const field of maker.body.filter((it) => resourceNamed(it.refers) && !it.readOnly)) {
        const { data } = await request("GET", `${resourceNamed(field.refers).api}?limit=1`, { token: tenant.token });
        if (data?.[0]) body[field.name] = data[0].id;
    }
    await request("POST", resource.api, { token: tenant.token, body });
}

before(async () => {
    tenant = await makeTenant({ planLevel: 3 });
    await makeUser(tenant, "staff");
    for (let turn = 0; turn < 2; turn++) for (const resource of resources.filter((it) => it.page && it.api && !it.parent && it.scope !== "platform")) await settle(resource);
    await request("POST", "/api/admin-users", { token: await operator(), body: { email: "names@platform.test", name: "Names", kind: "operator", roles: ["superadmin"], password } });
});

// What people read: neither addresses nor what forms send. What was asked of the server has no name,
// and what the log holds of a change is the row as it was.
const raw = ["/admin/audit/:id", "/admin/audit/export.csv"];
const seen = (html) => html.replace(/<(script|style)[\s\S]*?<\/\1>/g, "").replace(/<dt>Request<\/dt>\s*<dd>[\s\S]*?<\/dd>/g, "").replace(/<[^>]*>/g, " ");
function seenOfCsv(text) {
    const head = text.split("\r\n")[0].split(","), nameless = head.indexOf("requestId");
    return text.split("\r\n").map((line) => (nameless < 0 ? line : line.split(",").filter((_, at) => at !== nameless).join(","))).join("\n");
}

async function walk(host, email, wanted) {
    const cookie = await pageCookie(email, password, host ? { tenant: host } : {}), known = new Map();
    const get = (path) => request("GET", path, { ...(host ? { tenant: host } : {}), headers: { cookie } });
    let pages = 0;
    for (const route of routes.filter((it) => wanted(it) && !raw.includes(it.path))) {
        let path = route.path;
        while (path?.includes(":")) {
            const list = path.slice(0, path.indexOf("/:"));
            if (!known.has(list)) known.set(list, (await get(list)).text.match(new RegExp(`href="${list}/([0-9a-f-]{36})`))?.[1]);
            path = known.get(list) && path.replace(/:\w+/, known.get(list));
        }
        const answer = path && (await get(path));
        if (answer?.status !== 200) continue;
        const text = path.endsWith(".csv") ? seenOfCsv(answer.text) : seen(answer.text);
        assert.deepEqual([...text.matchAll(uuid)].map((it) => text.slice(Math.max(0, it.index - 60), it.index + 36).trim()), [], path);
        pages++;
    }
    return pages;
}

test("no_page_and_no_csv_of_a_tenant_shows_an_id", async () => {
    assert.ok((await walk(tenant.slug, `owner@${tenant.slug}.test`, (it) => !it.path.startsWith("/platform") && it.path !== "/api/docs")) > 40);
});

test("no_page_and_no_csv_of_operators_shows_an_id", async () => {
    assert.ok((await walk(undefined, "names@platform.test", (it) => it.path.startsWith("/platform"))) > 10);
});
