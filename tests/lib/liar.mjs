// An OpenID provider on loopback that says whatever a test wants, made with jose.
import http from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const client = { id: "tulou", secret: "s+e/c r%e:t that is long enough for anybody" };

export function listen(server) {
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

export const close = (server) => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
});

export async function readForm(request) {
    let body = "";
    for await (const part of request) body += part;
    return new URLSearchParams(body);
}

// `say` holds what it says next: each member replaces an honest answer. It counts
// what it was asked.
export async function liar() {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const it = { say: {}, asked: {}, codes: new Map(), key: privateKey, publicKey };
    it.jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
    const server = http.createServer(async (request, response) => {
        const url = new URL(request.url, it.issuer);
        const path = url.pathname;
        it.asked[path] = (it.asked[path] ?? 0) + 1;
        const say = it.say[path];
        if (say === "hang") return undefined;
        if (say === "cut") return request.socket.destroy();
        if (typeof say === "function") return say(request, response);
        if (say !== undefined) {
            response.writeHead(say.status ?? 200, { "content-type": "application/json", ...say.headers });
            return response.end(say.body);
        }
        response.setHeader("content-type", "application/json");
        if (path === "/.well-known/openid-configuration") return response.end(JSON.stringify(it.metadata));
        if (path === "/jwks") return response.end(JSON.stringify({ keys: it.keys ?? [it.jwk] }));
        if (path === "/token") return response.end(JSON.stringify(await it.tokens(await readForm(request))));
        response.statusCode = 404;
        return response.end("{}");
    });
    it.issuer = `http://127.0.0.1:${await listen(server)}`;
    it.metadata = { issuer: it.issuer, authorization_endpoint: `${it.issuer}/authorize`, token_endpoint: `${it.issuer}/token`, jwks_uri: `${it.issuer}/jwks`,
        response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["RS256"], code_challenge_methods_supported: ["S256"] };
    it.person = { sub: "person-1", email: "person@example.com", email_verified: true, name: "A Person" };
    it.nonce = undefined;
    // claims and header over honest ones; key and alg of the signature.
    it.idToken = async (claims = {}, header = {}, key = it.key) => {
        const now = Math.floor(Date.now() / 1000);
        const all = { iss: it.issuer, aud: client.id, iat: now, exp: now + 300, nonce: it.nonce, ...it.person, ...claims };
        for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
        return new SignJWT(all).setProtectedHeader({ alg: "RS256", kid: "one", ...header }).sign(key);
    };
    it.tokens = async () => ({ access_token: "an access token", token_type: "Bearer", expires_in: 300, id_token: await it.idToken() });
    it.stop = () => close(server);
    return it;
}
