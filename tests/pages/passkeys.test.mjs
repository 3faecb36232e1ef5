// Passkeys with Chromium's own virtual authenticator: made, used alone and as
// second step, and refused wherever a part of the answer is not as it should be.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, address, launch, open, signIn } from "../lib/browser.mjs";
import { login, makeTenant, makeUser, password, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";

let browser, tenant;
before(async () => {
    browser = await launch();
    tenant = await makeTenant();
});
after(() => browser.close());

async function device(options = {}) {
    const page = await open(browser, { viewport: { width: 390, height: 844 } });
    const debug = await page.context().newCDPSession(page);
    await debug.send("WebAuthn.enable");
    const { authenticatorId } = await debug.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true,
        hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...options } });
    return { page, debug, authenticatorId };
}

async function makePasskey(page, user, name = "Laptop") {
    await signIn(page, tenant.slug, user.email, password);
    await page.goto(address(tenant.slug, "/account/two-step/passkeys/new"));
    assert.deepEqual(await accessibility(page), []);
    await page.fill("#f-name", name);
    await page.click("main form[data-passkey] button[type=submit]");
    await page.waitForSelector(".codes");
    return page.locator(".codes code").allTextContents();
}

// What the browser answers to options of ours, as its script would send it.
const answer = (page, options) => page.evaluate(async (given) => {
    const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
    const text = (data) => btoa(String.fromCharCode(...new Uint8Array(data))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const publicKey = { ...given, challenge: bytes(given.challenge), allowCredentials: given.allowCredentials.map((it) => ({ ...it, id: bytes(it.id) })) };
    const { id, type, response } = await navigator.credentials.get({ publicKey });
    return { id, type, response: { clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData), signature: text(response.signature) } };
}, options);
const ask = async (body = {}) => (await request("POST", "/api/auth/passkey/options", { tenant: tenant.slug, body })).data.options;
const enter = (credential) => request("POST", "/api/auth/passkey/verify", { tenant: tenant.slug, body: { credential } });

test("a_passkey_is_made_signs_in_alone_and_as_second_step_and_is_removed", async () => {
    const user = await makeUser(tenant, "staff"), { page } = await device();
    assert.equal((await makePasskey(page, user)).length, 10);
    await page.context().clearCookies();
    await page.goto(address(tenant.slug, "/login?next=/account/two-step"));
    assert.deepEqual(await accessibility(page), []);
    await page.click("form[action='/login/passkey'] button");
    await page.waitForURL((url) => url.pathname === "/account/two-step");
    assert.match(await page.textContent("main"), /Laptop/);

    await page.context().clearCookies();
    await page.goto(address(tenant.slug, "/login?next=/account/two-step"));
    await page.fill("#f-email", user.email);
    await page.fill("#f-password", password);
    await page.click("main form.sheet button[type=submit]");
    await page.waitForSelector("form[action='/login/code'][data-passkey]");
    assert.deepEqual(await accessibility(page), []);
    await page.click("form[action='/login/code'][data-passkey] button");
    await page.waitForURL((url) => url.pathname === "/account/two-step");

    sql(`update everyone.sessions set confirmed_at = now() - interval '11 minutes' where user_id = '${user.id}'`);
    await page.click("main .rows a");
    await page.fill("#f-name", "Old laptop");
    await page.click("main form.sheet button[type=submit]");
    await page.waitForURL((url) => url.pathname === "/account/two-step");
    assert.match(await page.textContent("main"), /Old laptop/);
    await page.click("main .rows a");
    await page.waitForSelector("form[action$='/remove']");
    await page.click("form[action$='/remove'] button");
    await page.waitForURL(/account\/confirm/);
    await page.click("form[data-passkey] button");
    await page.waitForURL(/account\/two-step\/factors/);
    await page.click("form[action$='/remove'] button");
    await page.waitForURL((url) => url.pathname === "/account/two-step");
    assert.match(await page.textContent("main"), /Your password alone/);
    await login(user.email, password, { tenant: tenant.slug });
});

test("an_answer_is_good_once_unchanged_for_its_purpose_and_from_its_host", async () => {
    const user = await makeUser(tenant, "staff"), { page } = await device();
    await makePasskey(page, user);
    const good = await answer(page, await ask());
    const entered = await enter(good);
    assert.equal(entered.status, 200, entered.text);
    assert.equal((await request("GET", "/api/auth/me", { token: entered.data.access_token })).data.email, user.email);
    assert.equal((await enter(good)).error.code, "passkey_invalid", "used before");
    const change = (text) => `${text.slice(0, -6)}${text.at(-6) === "A" ? "B" : "A"}${text.slice(-5)}`;
    for (const part of ["signature", "authenticatorData", "clientDataJSON"]) {
        const it = await answer(page, await ask());
        it.response[part] = change(it.response[part]);
        const refused = await enter(it);
        assert.ok([401, 429].includes(refused.status), `${part}: ${refused.text}`);
        sql(`delete from everyone.login_attempts where email = '${user.email}' and not succeeded`);
    }
    const second = await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password } });
    assert.ok(second.data.methods.includes("passkey"));
    const forSecond = await answer(page, await ask({ ticket: second.data.ticket }));
    assert.equal((await enter(forSecond)).error.code, "passkey_invalid", "made for the second step, not for all of it");
    const own = await answer(page, { ...(await ask()), challenge: "bm90IG91ciBjaGFsbGVuZ2UhISEhISEhISEhISEhISE" });
    assert.equal((await enter(own)).error.code, "passkey_invalid", "not our challenge");
    const late = await answer(page, await ask());
    sql(`update everyone.passkey_challenges set expires_at = now() where tenant_id = '${tenant.id}'`);
    assert.equal((await enter(late)).error.code, "passkey_invalid", "too late");
    const elsewhere = await request("POST", "/api/auth/passkey/verify", { body: { credential: await answer(page, await ask()) } });
    assert.equal(elsewhere.error.code, "passkey_unknown", "another host");
    sql(`delete from everyone.login_attempts where email = '${user.email}' and not succeeded`);
    sql(`update everyone.mfa_factors set sign_count = 1000000 where user_id = '${user.id}'`);
    assert.equal((await enter(await answer(page, await ask()))).error.code, "passkey_invalid", "a count that went back: a copy");
});

test("alone_it_opens_only_when_the_device_knew_its_owner", async () => {
    const user = await makeUser(tenant, "staff"), { page, debug, authenticatorId } = await device();
    await makePasskey(page, user);
    await debug.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    const touched = await answer(page, { ...(await ask()), userVerification: "discouraged" });
    assert.equal((await enter(touched)).error.code, "passkey_invalid");
    const { ticket } = (await request("POST", "/api/auth/login", { tenant: tenant.slug, body: { email: user.email, password } })).data;
    const credential = await answer(page, { ...(await ask({ ticket })), userVerification: "discouraged" });
    const entered = await request("POST", "/api/auth/mfa/verify", { tenant: tenant.slug, body: { ticket, credential } });
    assert.equal(entered.status, 200, `after the password a touch is enough: ${entered.text}`);
});
