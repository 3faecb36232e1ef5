// The first superadmin comes in with a password that must be changed before anything
// else, and operators need a second factor: what takes a fresh platform over for the
// demo and for tests does both by the API as a person would, and then says that
// operators need no factor there.
import { createHmac } from "node:crypto";

// The code of an authenticator app (RFC 6238) of now, for a secret in base 32.
export function codeOf(secret, steps = 0) {
    const bits = [...secret].map((it) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(it).toString(2).padStart(5, "0")).join("");
    const key = Buffer.from(bits.match(/.{8}/g).map((it) => parseInt(it, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
    const sum = createHmac("sha1", key).update(step).digest(), at = sum[19] & 15;
    return String((sum.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const refused = (what, answer) => new Error(`${what}: ${answer.status} ${JSON.stringify(answer.error)}`);

async function must(call, method, path, options) {
    const answer = await call(method, path, options);
    if (answer.status >= 300) throw refused(`${method} ${path}`, answer);
    return answer.data;
}

// An app of its own for as long as it takes to say that none is needed.
async function withoutFactors(call, token) {
    const app = await must(call, "POST", "/api/auth/mfa", { token, body: { name: "First sign-in" } });
    await must(call, "POST", `/api/auth/mfa/${app.id}/confirm`, { token, body: { code: codeOf(app.secret) } });
    return app.id;
}

// Whether operators need a factor is said by one who has one, or by nobody yet.
export async function factorsAreFree(call, token) {
    const { needFactor, ...rest } = await must(call, "GET", "/api/platform/settings/operators", { token });
    if (needFactor) await must(call, "PUT", "/api/platform/settings/operators", { token, body: { ...rest, needFactor: false } });
}

// call(method, path, {token, body}) answers {status, data, error}. Signs the superadmin of
// first-login.json in with `password` as the password from now on; the access token.
export async function takeOver(call, first, password) {
    const signIn = async (word) => call("POST", "/api/auth/login", { body: { email: first.email, password: word } });
    let session = await signIn(first.password);
    if (session.status === 401) session = await signIn(password);
    if (session.status !== 200) throw refused("the first sign-in", session);
    const refresh = async () => (session = { data: await must(call, "POST", "/api/auth/refresh", { body: { refresh_token: session.data.refresh_token } }) });
    if (session.data.user.mustChangePassword) {
        await must(call, "POST", "/api/auth/change-password", { token: session.data.access_token, body: { currentPassword: first.password, newPassword: password } });
        await refresh();
    }
    const settings = await call("GET", "/api/platform/settings/operators", { token: session.data.access_token });
    if (settings.error?.code === "mfa_enrolment_required") {
        const app = await withoutFactors(call, session.data.access_token);
        await refresh();
        await factorsAreFree(call, session.data.access_token);
        await must(call, "DELETE", `/api/auth/mfa/${app}`, { token: session.data.access_token });
        return session.data.access_token;
    }
    await factorsAreFree(call, session.data.access_token);
    return session.data.access_token;
}
