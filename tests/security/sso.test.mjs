// An OpenID provider that lies, hangs, or is somebody else's: nobody is signed in
// by it, and nothing of ours breaks.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { makeTenant, makeUser, operator, request } from "../lib/client.mjs";
import { sql } from "../lib/factors.mjs";
import { liar } from "../lib/liar.mjs";
import { addProvider, signInAtLiar, Visitor } from "../lib/sso.mjs";

let tenant, other, lies, provider, honestTokens;
before(async () => {
    tenant = await makeTenant();
    other = await makeTenant();
    lies = await liar();
    honestTokens = lies.tokens;
    provider = await addProvider(tenant, lies.issuer);
});
after(() => lies.stop());

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// Back at the login page with a sentence, and not signed in.
async function refused({ visitor, answer }, words) {
    assert.equal(answer.status, 303, answer.text);
    assert.equal(answer.headers.location, "/login");
    assert.ok(!visitor.signedIn, "nobody is signed in");
    assert.match((await visitor.notice()) ?? "", words);
    const lists = await visitor.get("/account");
    assert.equal(lists.status, 303, "and nothing opens");
}

const lastReason = async () => {
    const log = await request("GET", "/api/audit/logs?type=sso_provider.sign_in_refused&limit=1&fields=data", { tenant: tenant.slug, token: tenant.token });
    return log.data[0]?.data?.reason;
};

async function lie(saying, reason) {
    lies.tokens = saying;
    try {
        await refused(await signInAtLiar(tenant, provider, lies), /did not work/);
        assert.match(await lastReason(), reason);
    } finally {
        lies.tokens = honestTokens;
    }
}
const withToken = (make) => async () => ({ access_token: "an access token", token_type: "Bearer", id_token: await make() });

test("an_honest_answer_signs_in_so_that_the_refusals_below_mean_something", async () => {
    const { visitor, answer } = await signInAtLiar(tenant, provider, lies);
    assert.equal(answer.status, 303, answer.text);
    assert.equal(answer.headers.location, "/");
    assert.ok(visitor.signedIn);
    const account = await visitor.get("/account");
    assert.equal(account.status, 200);
    assert.match(account.text, /A Person/);
});

for (const [what, claims, reason] of [
    ["another_issuer", { iss: "https://elsewhere.example" }, /another issuer/],
    ["an_issuer_with_a_slash_more", (it) => ({ iss: `${it.issuer}/` }), /another issuer/],
    ["another_audience", { aud: "somebody-else" }, /another application/],
    ["no_audience", { aud: undefined }, /another application/],
    ["more_audiences_without_a_party", { aud: ["tulou", "somebody-else"] }, /another application/],
    ["another_authorized_party", { azp: "somebody-else" }, /another application/],
    ["another_nonce", { nonce: "a nonce of somebody else" }, /another sign-in/],
    ["no_nonce", { nonce: undefined }, /another sign-in/],
    ["a_time_that_has_passed", () => ({ exp: Math.floor(Date.now() / 1000) - 120 }), /expired/],
    ["no_end", { exp: undefined }, /how long/],
    ["no_beginning", { iat: undefined }, /how long/],
    ["a_beginning_long_ago", () => ({ iat: Math.floor(Date.now() / 1000) - 3600 }), /expired/],
    ["a_beginning_in_the_future", () => ({ iat: Math.floor(Date.now() / 1000) + 3600, exp: Math.floor(Date.now() / 1000) + 7200 }), /future/],
    ["not_good_yet", () => ({ nbf: Math.floor(Date.now() / 1000) + 3600 }), /not good yet/],
    ["a_wrong_hash_of_the_access_token", { at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }, /another access token/],
    ["no_subject", { sub: undefined }, /nobody/],
    ["an_empty_subject", { sub: "" }, /nobody/],
    ["a_subject_without_end", { sub: "x".repeat(256) }, /nobody/],
    ["a_subject_that_is_a_number", { sub: 7 }, /nobody/],
    ["times_that_are_texts", { exp: "tomorrow", iat: "today" }, /how long/],
])
    test(`a_token_with_${what}_signs_nobody_in`, async () => {
        await lie(withToken(() => lies.idToken(typeof claims === "function" ? claims(lies) : claims)), reason);
    });

test("a_token_without_a_signature_signs_nobody_in", async () => {
    const payload = async () => (await lies.idToken()).split(".")[1];
    for (const alg of ["none", "None", "NONE"])
        await lie(withToken(async () => `${encode({ alg, kid: "one" })}.${await payload()}.`), /not signed in a way/);
    await lie(withToken(async () => `${encode({ alg: "RS256", kid: "one" })}.${await payload()}.`), /malformed/);
});

test("a_token_signed_with_the_public_key_as_a_secret_signs_nobody_in", async () => {
    const secrets = [await exportSPKI(lies.publicKey), JSON.stringify(lies.jwk), lies.jwk.n, Buffer.from(lies.jwk.n, "base64url")];
    for (const secret of secrets)
        for (const alg of ["HS256", "RS256"])
            await lie(withToken(async () => {
                const text = `${encode({ alg, kid: "one" })}.${(await lies.idToken()).split(".")[1]}`;
                return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
            }), alg === "HS256" ? /not signed in a way/ : /signature .* wrong/);
});

test("a_token_signed_with_another_key_signs_nobody_in", async () => {
    const stranger = await generateKeyPair("RS256", { extractable: true });
    await lie(withToken(() => lies.idToken({}, {}, stranger.privateKey)), /signature .* wrong/);
    await lie(withToken(() => lies.idToken({}, { kid: "unknown" }, stranger.privateKey)), /does not publish/);
    const jwk = { ...(await exportJWK(stranger.publicKey)), kid: "mine", alg: "RS256" };
    await lie(withToken(() => lies.idToken({}, { kid: "mine", jwk }, stranger.privateKey)), /does not publish/);
    await lie(withToken(() => lies.idToken({}, { kid: "mine", jku: `${lies.issuer}/other` }, stranger.privateKey)), /does not publish/);
});

test("a_token_of_which_one_letter_was_changed_signs_nobody_in", async () => {
    await lie(withToken(async () => {
        const [head, , signature] = (await lies.idToken()).split(".");
        const claims = { ...lies.person, sub: "somebody-else", iss: lies.issuer, aud: "tulou", nonce: lies.nonce, iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 300 };
        return `${head}.${encode(claims)}.${signature}`;
    }), /signature .* wrong/);
    await lie(withToken(() => lies.idToken({}, { crit: ["b64"], b64: true })), /demands what we do not know/);
});

test("a_key_that_says_it_is_for_something_else_signs_nobody_in", async () => {
    const liarOfKeys = await liar();
    try {
        const own = await addProvider(tenant, liarOfKeys.issuer);
        const [ec, small] = [await generateKeyPair("ES256", { extractable: true }), (await import("node:crypto")).generateKeyPairSync("rsa", { modulusLength: 1024 })];
        for (const keys of [
            [{ ...liarOfKeys.jwk, use: "enc" }], [{ ...liarOfKeys.jwk, alg: "PS256" }], [{ ...(await exportJWK(ec.publicKey)), kid: "one" }],
            [{ kty: "oct", k: "c2VjcmV0", kid: "one", alg: "RS256" }], [{ ...small.publicKey.export({ format: "jwk" }), kid: "one" }],
            [{ ...liarOfKeys.jwk, n: "!!" }], [{ ...liarOfKeys.jwk, e: "AQ" }], [{ ...liarOfKeys.jwk, n: "" }], [null, 7, "x", [], {}], []]) {
            liarOfKeys.keys = keys;
            liarOfKeys.metadata.jwks_uri = `${liarOfKeys.issuer}/jwks?${Math.random()}`;
            await request("POST", `/api/security/sso-providers/${own.id}/test`, { tenant: tenant.slug, token: tenant.token });
            await refused(await signInAtLiar(tenant, own, liarOfKeys), /did not work/);
        }
        liarOfKeys.keys = undefined;
        liarOfKeys.metadata.jwks_uri = `${liarOfKeys.issuer}/jwks?honest`;
        await request("POST", `/api/security/sso-providers/${own.id}/test`, { tenant: tenant.slug, token: tenant.token });
        liarOfKeys.person = { ...liarOfKeys.person, sub: "honest", email: "honest-keys@example.com" };
        assert.ok((await signInAtLiar(tenant, own, liarOfKeys)).visitor.signedIn);
    } finally {
        await liarOfKeys.stop();
    }
});

test("unknown_keys_do_not_make_us_hammer_the_provider", async () => {
    const hammered = await liar();
    try {
        const own = await addProvider(tenant, hammered.issuer);
        const stranger = await generateKeyPair("RS256", { extractable: true });
        hammered.tokens = withToken(() => hammered.idToken({}, { kid: `made up ${Math.random()}` }, stranger.privateKey));
        for (let i = 0; i < 20; i++) await refused(await signInAtLiar(tenant, own, hammered), /did not work/);
        assert.ok(hammered.asked["/jwks"] <= 2, `${hammered.asked["/jwks"]} times`);
        assert.equal(hammered.asked["/.well-known/openid-configuration"], 1);
    } finally {
        await hammered.stop();
    }
});

test("a_state_is_good_once", async () => {
    const { visitor, asked } = await signInAtLiar(tenant, provider, lies);
    assert.ok(visitor.signedIn);
    const kept = new Visitor(tenant);
    const again = await kept.start(provider);
    lies.nonce = again.nonce;
    const cookie = kept.cookies.get("tulou_sso");
    assert.ok((await kept.callback({ code: "x", state: again.state })).status === 303 && kept.signedIn);
    kept.cookies.clear();
    kept.cookies.set("tulou_sso", cookie);
    await refused({ visitor: kept, answer: await kept.callback({ code: "x", state: again.state }) }, /used before/);
    await refused({ visitor: new Visitor(tenant), answer: await new Visitor(tenant).callback({ code: "x", state: asked.state }) }, /^$/);
});

test("of_the_same_answer_sent_ten_times_at_once_one_signs_in", async () => {
    const visitor = new Visitor(tenant);
    const asked = await visitor.start(provider);
    lies.nonce = asked.nonce;
    const twins = Array.from({ length: 10 }, () => Object.assign(new Visitor(tenant), { cookies: new Map(visitor.cookies) }));
    await Promise.all(twins.map((it) => it.callback({ code: "x", state: asked.state })));
    assert.equal(twins.filter((it) => it.signedIn).length, 1);
});

test("a_state_of_another_browser_and_none_at_all_sign_nobody_in", async () => {
    const victim = new Visitor(tenant), thief = new Visitor(tenant);
    const asked = await victim.start(provider);
    lies.nonce = asked.nonce;
    await refused({ visitor: thief, answer: await thief.callback({ code: "x", state: asked.state }) }, /another browser/);
    await thief.start(provider);
    await refused({ visitor: thief, answer: await thief.callback({ code: "x", state: asked.state }) }, /another browser/);
    await refused({ visitor: thief, answer: await thief.callback({ code: "x" }) }, /another browser/);
    await refused({ visitor: thief, answer: await thief.callback({ code: "x", state: "made up" }) }, /another browser/);
    lies.nonce = asked.nonce;
    await victim.callback({ code: "x", state: asked.state });
    assert.ok(victim.signedIn, "the one who began it still can");
});

test("a_state_that_is_too_old_signs_nobody_in", async () => {
    const visitor = new Visitor(tenant);
    const asked = await visitor.start(provider);
    lies.nonce = asked.nonce;
    sql(`update everyone.sso_requests set expires_at = now() - interval '1 second' where tenant_id = '${tenant.id}'`);
    await refused({ visitor, answer: await visitor.callback({ code: "x", state: asked.state }) }, /took too long/);
});

test("an_answer_at_another_tenants_host_signs_nobody_in", async () => {
    await addProvider(other, lies.issuer);
    const visitor = new Visitor(tenant);
    const asked = await visitor.start(provider);
    lies.nonce = asked.nonce;
    for (const slug of [tenant, other]) {
        const stray = Object.assign(new Visitor(other), { cookies: new Map(visitor.cookies) });
        await refused({ visitor: stray, answer: await stray.callback({ code: "x", state: asked.state }, { slug }) }, /began in another browser/);
    }
    const away = Object.assign(new Visitor(other), { cookies: new Map() });
    assert.equal((await away.get(`/api/auth/sso/${tenant.slug}/start?provider=${provider.id}`)).status, 404);
    assert.equal(await away.start(provider), undefined, "another tenant's provider is none");
    await visitor.callback({ code: "x", state: asked.state });
    assert.ok(visitor.signedIn);
});

test("an_answer_that_names_another_issuer_signs_nobody_in", async () => {
    const visitor = new Visitor(tenant);
    let asked = await visitor.start(provider);
    lies.nonce = asked.nonce;
    await refused({ visitor, answer: await visitor.callback({ code: "x", state: asked.state, iss: "https://elsewhere.example" }) }, /did not work/);
    const strict = await liar();
    try {
        strict.metadata.authorization_response_iss_parameter_supported = true;
        const own = await addProvider(tenant, strict.issuer);
        strict.person = { ...strict.person, email: "strict@example.com" };
        asked = await visitor.start(own);
        strict.nonce = asked.nonce;
        await refused({ visitor, answer: await visitor.callback({ code: "x", state: asked.state }) }, /did not work/);
        asked = await visitor.start(own);
        strict.nonce = asked.nonce;
        await visitor.callback({ code: "x", state: asked.state, iss: strict.issuer });
        assert.ok(visitor.signedIn);
    } finally {
        await strict.stop();
    }
});

test("an_error_of_the_provider_is_a_plain_sentence", async () => {
    for (const [error, words] of [["access_denied", /cancelled/], ["temporarily_unavailable", /busy/], ["server_error", /did not work/], ["<script>", /did not work/], ["login_required", /did not work/]]) {
        const visitor = new Visitor(tenant);
        const asked = await visitor.start(provider);
        await refused({ visitor, answer: await visitor.callback({ error, state: asked.state, error_description: "<b>x</b>" }) }, words);
    }
});

test("a_provider_that_hangs_is_down_or_answers_garbage_breaks_nothing", async () => {
    const rubbish = [{ body: "" }, { body: "null" }, { body: "[]" }, { body: "{" }, { body: "<html>" }, { body: "7" }, { body: Buffer.from([0xff, 0xfe]) }, { status: 500, body: "{}" }, { status: 204 },
        { status: 302, headers: { location: "http://127.0.0.1:1/" } }, { body: "[".repeat(10000) }, { body: `{"a":"${"x".repeat(1 << 20)}"}` }, "cut", "hang"];
    for (const path of ["/.well-known/openid-configuration", "/jwks", "/token"])
        for (const say of rubbish) {
            if (say === "hang" && path === "/jwks") continue; // the same wait once more
            const strange = await liar();
            try {
                const own = await addProvider(tenant, strange.issuer);
                strange.say[path] = say;
                const { visitor, answer } = await signInAtLiar(tenant, own, strange);
                await refused({ visitor, answer }, /did not work|cannot be used/);
                const checked = await request("POST", `/api/security/sso-providers/${own.id}/test`, { tenant: tenant.slug, token: tenant.token });
                assert.equal(checked.status, 200, checked.text);
                assert.equal(checked.data.works, path === "/token", `${path} ${JSON.stringify(say)?.slice(0, 80)}`);
                if (path !== "/token") assert.ok(checked.data.problem);
                await request("DELETE", `/api/security/sso-providers/${own.id}`, { tenant: tenant.slug, token: tenant.token });
            } finally {
                await strange.stop();
            }
        }
    const gone = await liar();
    const own = await addProvider(tenant, gone.issuer);
    await gone.stop();
    await refused(await signInAtLiar(tenant, own, gone), /cannot be used/);
    await request("DELETE", `/api/security/sso-providers/${own.id}`, { tenant: tenant.slug, token: tenant.token });
});

test("what_waits_for_a_provider_holds_neither_its_row_nor_a_transaction", async () => {
    const strange = await liar(), options = { tenant: tenant.slug, token: tenant.token };
    try {
        const own = await addProvider(tenant, strange.issuer);
        const asked = new Promise((resolve) => (strange.say["/.well-known/openid-configuration"] = (_, response) => resolve(response)));
        const testing = request("POST", `/api/security/sso-providers/${own.id}/test`, options);
        const response = await asked; // it waits from here on
        assert.equal(sql("select count(*) from pg_stat_activity where state like 'idle in transaction%' and query ~ 'sso_providers'"), "0");
        const changed = await request("PATCH", `/api/security/sso-providers/${own.id}`, { ...options, body: { name: "Changed meanwhile" } });
        assert.equal(changed.status, 200, changed.text);
        response.writeHead(500).end();
        const answer = await testing;
        assert.deepEqual([answer.status, answer.data.works, answer.data.name], [200, false, "Changed meanwhile"], "the record as it is now");
        await request("DELETE", `/api/security/sso-providers/${own.id}`, options);
    } finally {
        await strange.stop();
    }
});

test("tokens_that_are_no_tokens_break_nothing", async () => {
    const many = ["", ".", "..", "...", "a.b.c", "a.b.c.d.e", "x".repeat(100000), `${encode([])}.${encode([])}.AA`, `${encode({ alg: 7 })}.e30.AA`, `${encode({ alg: "RS256" })}.bm8.AA`, null, 7, [], {}];
    for (const id_token of many) await lie(async () => ({ access_token: "a", id_token }), /./);
    for (const whole of [{}, { error: "invalid_grant" }, { id_token: null }]) await lie(async () => whole, /no ID token/);
});

test("metadata_that_lies_is_named_by_the_test_and_sends_nobody_anywhere", async () => {
    for (const [change, words] of [
        [{ issuer: "https://elsewhere.example" }, /another issuer/], [{ issuer: undefined }, /another issuer/], [{ authorization_endpoint: "javascript:alert(1)" }, /authorization_endpoint/],
        [{ authorization_endpoint: "https://good.example\r\nx: y" }, /authorization_endpoint/], [{ token_endpoint: undefined }, /token_endpoint/], [{ token_endpoint: "ftp://x.example/" }, /token_endpoint/],
        [{ jwks_uri: "file:///etc/passwd" }, /jwks_uri/], [{ jwks_uri: "https://user@x.example/" }, /jwks_uri/], [{ userinfo_endpoint: 7 }, /userinfo_endpoint/],
        [{ code_challenge_methods_supported: ["plain"] }, /PKCE/], [{ response_types_supported: ["id_token"] }, /code flow/], [{ id_token_signing_alg_values_supported: ["HS256", "none"] }, /no algorithm/],
        [{ token_endpoint_auth_methods_supported: ["private_key_jwt"] }, /client_secret/]]) {
        const strange = await liar();
        try {
            const own = await addProvider(tenant, strange.issuer);
            Object.assign(strange.metadata, change);
            const checked = await request("POST", `/api/security/sso-providers/${own.id}/test`, { tenant: tenant.slug, token: tenant.token });
            assert.equal(checked.data.works, false);
            assert.match(checked.data.problem, words);
            await refused(await signInAtLiar(tenant, own, strange), /cannot be used/);
            await request("DELETE", `/api/security/sso-providers/${own.id}`, { tenant: tenant.slug, token: tenant.token });
        } finally {
            await strange.stop();
        }
    }
});

// ---- who may be said to be whom ----

test("a_provider_of_an_administrator_cannot_say_to_be_the_owner", async () => {
    const own = await makeTenant(), strange = await liar();
    try {
        const admin = await makeUser(own, "admin", { kind: "admin" });
        const made = await addProvider(own, strange.issuer, {}, admin.access_token);
        assert.equal(made.rank, 80);
        strange.person = { sub: "evil", email: `owner@${own.slug}.test`, email_verified: true };
        const { visitor, answer } = await signInAtLiar(own, made, strange);
        assert.equal(answer.headers.location, "/login");
        assert.ok(!visitor.signedIn);
        assert.match(await visitor.notice(), /ranked above/);
        assert.equal((await request("GET", "/api/security/sso-identities", { token: own.token })).data.length, 0, "nothing was linked");
        const saved = await request("PATCH", `/api/security/sso-providers/${made.id}`, { token: own.token, body: { enabled: true } });
        assert.equal(saved.data.rank, 90, "saved by the owner it may");
        assert.ok((await signInAtLiar(own, made, strange)).visitor.signedIn);
        for (const [method, body] of [["PATCH", { issuer: "https://evil.example" }], ["DELETE", undefined]]) {
            const answer = await request(method, `/api/security/sso-providers/${made.id}`, { token: admin.access_token, body });
            assert.equal(answer.error?.code, "rank_too_high", answer.text);
        }
    } finally {
        await strange.stop();
    }
});

test("nobody_maps_to_a_role_that_they_may_not_give", async () => {
    const admin = await makeUser(tenant, "admin", { kind: "admin" });
    for (const body of [{ defaultRole: "owner" }, { roleMapping: ["groups=x: owner"] }, { roleMapping: ["groups=x: superadmin"] }]) {
        const answer = await request("POST", "/api/security/sso-providers", { token: admin.access_token, body: { name: `Up ${Math.random()}`, issuer: "https://id.example.com", clientId: "x", ...body } });
        assert.equal(answer.status, 403, answer.text);
    }
    for (const [body, field, code] of [[{ defaultRole: "nobody" }, "defaultRole", "unknown_role"], [{ roleMapping: ["groups=x: nobody"] }, "roleMapping", "unknown_role"], [{ roleMapping: ["groups"] }, "roleMapping", "invalid_mapping"],
        [{ issuer: "http://127.0.0.1/?x" }, "issuer", "invalid_issuer"], [{ issuer: "ftp://id.example.com" }, "issuer", undefined], [{ scopes: "email profile" }, "scopes", "openid_missing"], [{ emailDomains: ["no domain"] }, "emailDomains", "invalid_domain"]]) {
        const answer = await request("POST", "/api/security/sso-providers", { token: tenant.token, body: { name: `Bad ${Math.random()}`, issuer: "https://id.example.com", clientId: "x", ...body } });
        assert.equal(answer.status, 422, answer.text);
        assert.equal(answer.error.details[0].field, field);
        if (code) assert.equal(answer.error.details[0].code, code);
    }
});

test("an_address_that_is_not_verified_finds_and_makes_no_account", async () => {
    const strange = await liar();
    try {
        const own = await addProvider(tenant, strange.issuer);
        const user = await makeUser(tenant, "staff");
        for (const [email, email_verified] of [[user.email, false], [user.email, undefined], [user.email, "false"], [user.email, "true"], [user.email, 1], ["new-unverified@example.com", false], [undefined, true], ["no address", true]]) {
            strange.person = { sub: `s${Math.random()}`, email, email_verified };
            await refused(await signInAtLiar(tenant, own, strange), email_verified === true ? /names no e-mail address that mail can be sent to/ : /does not say that your e-mail address is verified/);
        }
        strange.person = { sub: "right", email: user.email.toUpperCase(), email_verified: true };
        assert.ok((await signInAtLiar(tenant, own, strange)).visitor.signedIn, "verified it does, in any case of letters");
        strange.person = { sub: "the next one with this address", email: user.email, email_verified: true };
        await refused(await signInAtLiar(tenant, own, strange), /belongs to somebody else/);
        strange.person = { sub: "right" };
        assert.ok((await signInAtLiar(tenant, own, strange)).visitor.signedIn, "once linked the subject alone counts");
    } finally {
        await strange.stop();
    }
});

test("whoever_may_not_sign_in_stays_out", async () => {
    const strange = await liar(), own = await makeTenant();
    try {
        const made = await addProvider(own, strange.issuer);
        for (const status of ["inactive", "suspended"]) {
            const user = await makeUser(own, "staff");
            strange.person = { sub: user.id, email: user.email, email_verified: true };
            assert.ok((await signInAtLiar(own, made, strange)).visitor.signedIn);
            await request("PATCH", `/api/platform-users/${user.id}`, { token: own.token, body: { status } });
            const { visitor } = await signInAtLiar(own, made, strange);
            assert.ok(!visitor.signedIn, status);
            assert.match(await visitor.notice(), /may not sign in/);
        }
        const off = await request("PATCH", `/api/security/sso-providers/${made.id}`, { token: own.token, body: { enabled: false } });
        assert.equal(off.status, 200, off.text);
        const { visitor } = await signInAtLiar(own, made, strange);
        assert.match(await visitor.notice(), /not there any more/);
        await request("PATCH", `/api/security/sso-providers/${made.id}`, { token: own.token, body: { enabled: true } });
        const user = await makeUser(own, "staff");
        strange.person = { sub: user.id, email: user.email, email_verified: true };
        await request("POST", `/api/tenants/${own.id}/suspend`, { token: await operator(), body: { reason: "test" } });
        const late = await signInAtLiar(own, made, strange);
        assert.ok(!late.visitor.signedIn);
    } finally {
        await strange.stop();
    }
});

test("a_client_secret_is_never_shown_and_not_sent_to_another_issuer", async () => {
    const secret = "hush-hush-secret";
    const made = await addProvider(tenant, "https://id.example.com", { clientSecret: secret, enabled: false });
    assert.equal(made.hasSecret, true);
    const path = `/api/security/sso-providers/${made.id}`;
    const edit = await request("GET", "/api/audit/logs?limit=50", { token: tenant.token });
    for (const text of [JSON.stringify(made), (await request("GET", path, { token: tenant.token })).text, edit.text]) assert.ok(!text.includes(secret) && !text.includes("clientSecret\""), text.slice(0, 300));
    assert.ok(!sql(`select client_secret from everyone.sso_providers where id = '${made.id}'`).includes(secret), "sealed at rest");
    const moved = await request("PATCH", path, { token: tenant.token, body: { issuer: "https://evil.example" } });
    assert.equal(moved.error?.details?.[0]?.field, "clientSecret", moved.text);
    assert.equal((await request("PATCH", path, { token: tenant.token, body: { issuer: "https://new.example", clientSecret: "another" } })).status, 200);
    assert.equal((await request("PATCH", path, { token: tenant.token, body: { name: "Renamed" } })).data.hasSecret, true);
});
