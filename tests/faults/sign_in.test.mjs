// Ten thousand guesses at one account from everywhere at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Platform } from "../lib/platform.mjs";

const attempts = 10000, atOnce = 48, home = "198.51.100.7";
let platform, client, mail, tenant, other;

before(async () => {
    // As behind a proxy that says who comes; the limits of an address are those of production.
    platform = await Platform.own({ TULOU_TRUSTED_PROXIES: "127.0.0.1", TULOU_RATE_AUTH: "60", TULOU_RATE_API: "6000" });
    client = await import("../lib/client.mjs");
    mail = await import("../lib/mail.mjs");
    tenant = await client.makeTenant();
    other = await client.makeTenant();
});
after(() => platform.stop());

const owner = () => `owner@${tenant.slug}.test`;
const addressOf = (number) => `203.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
const signIn = (email, password, from, slug = tenant.slug) => client.request("POST", "/api/auth/login", { tenant: slug, headers: { "x-forwarded-for": from }, body: { email, password } });
// What an answer says, without what differs from one request to the next.
const said = ({ status, error, headers }) => ({ status, code: error.code, message: error.message.replace(/\d+/, "N"), names: Object.keys(headers).sort() });

async function storm(email, count, begin) {
    const answers = new Map();
    let next = 0;
    await Promise.all(Array.from({ length: atOnce }, async () => {
        for (let it; (it = next++) < count; ) {
            const key = JSON.stringify(said(await signIn(email, `guess number ${it}`, addressOf(begin + it))));
            answers.set(key, (answers.get(key) ?? 0) + 1);
        }
    }));
    return answers;
}

test("ten_thousand_guesses_lock_the_account_and_nobody_else", async () => {
    assert.equal((await signIn(owner(), client.password, home)).status, 200);
    let ended = false;
    const bystanders = [];
    const meanwhile = (async () => {
        for (let i = 0; !ended; i++) {
            bystanders.push((await client.request("GET", "/api/crm/leads", { token: other.token })).status);
            if (i % 20 === 0) bystanders.push((await signIn(`owner@${other.slug}.test`, client.password, `192.0.2.${(i / 20) % 250}`, other.slug)).status);
        }
    })();
    const [known, unknown] = [await storm(owner(), attempts, 0), await storm(`nobody@${tenant.slug}.test`, 500, attempts)];
    ended = true;
    await meanwhile;
    assert.deepEqual([...new Set(bystanders)], [200], "others work on as before");
    assert.deepEqual([...known.keys()].sort(), [...unknown.keys()].sort(), "an account that there is not answers the same");
    assert.deepEqual([...known.keys()].map((it) => JSON.parse(it).code).sort(), ["invalid_credentials", "locked_out"]);
    const compared = [...known].find(([key]) => key.includes("invalid_credentials"))[1];
    assert.ok(compared <= atOnce + 10, `${compared} passwords were compared`);
});

test("the_owner_comes_in_from_where_they_are_known_and_by_a_link_from_elsewhere", async () => {
    const [right, wrong] = [await signIn(owner(), client.password, "192.0.2.99"), await signIn(`nobody@${tenant.slug}.test`, client.password, "192.0.2.99")];
    assert.deepEqual(said(right), said(wrong), "locked, and the right password makes no difference");
    assert.equal(right.error.code, "locked_out");
    assert.ok(Number(right.headers["retry-after"]) >= 1);
    assert.equal((await signIn(owner(), client.password, home)).status, 200);
    const from = { tenant: tenant.slug, headers: { "x-forwarded-for": "192.0.2.100" } };
    assert.equal((await client.request("POST", "/api/auth/forgot-password", { ...from, body: { email: owner() } })).status, 204);
    const token = mail.tokenOf(await mail.mailTo(owner()));
    assert.equal((await client.request("POST", "/api/auth/reset-password", { ...from, body: { token, password: "ocean lamp quarter" } })).status, 204);
    assert.equal((await signIn(owner(), "ocean lamp quarter", "192.0.2.100")).status, 200);
});
