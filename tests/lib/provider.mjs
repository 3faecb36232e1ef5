// An honest OpenID provider on loopback: npm's oidc-provider.
import http from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { client, close, listen, readForm } from "./liar.mjs";

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

// people: { login: claims }. Its sign-in is one page of its own: who, and yes or no.
export async function honest(people, redirectUris, { alg = "RS256", auth = "client_secret_basic", idTokenClaims = true } = {}) {
    const holder = {};
    const server = http.createServer((request, response) => holder.handle(request, response));
    const issuer = `http://127.0.0.1:${await listen(server)}`;
    const newKey = async (kid) => ({ ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)), kid, alg, use: "sig" });

    function make(keys) {
        const provider = new Provider(issuer, {
            clients: [{ client_id: client.id, ...(auth === "none" ? {} : { client_secret: client.secret }), redirect_uris: redirectUris, grant_types: ["authorization_code"], response_types: ["code"],
                token_endpoint_auth_method: auth, id_token_signed_response_alg: alg }],
            jwks: { keys },
            clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
            claims: { openid: ["sub", "amr"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
            scopes: ["openid", "email", "profile", "groups"],
            conformIdTokenClaims: !idTokenClaims,
            pkce: { required: () => true },
            features: { devInteractions: { enabled: false } },
            cookies: { keys: ["a key of the tests"] },
            enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
            ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, AuthorizationCode: 60, IdToken: 600 },
            findAccount: (context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
            interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
        });
        const handle = provider.callback();
        holder.handle = async (request, response) => {
            if (request.url === "/favicon.ico") return response.writeHead(204).end();
            if (!request.url.startsWith("/interaction/")) return handle(request, response);
            const { prompt, params } = await provider.interactionDetails(request, response);
            if (request.method === "GET") {
                response.setHeader("content-type", "text/html");
                return response.end(`<!doctype html><title>Sign in</title><form method="post"><input name="login" value="${escaped(params.login_hint ?? "")}"><button name="yes">Yes</button><button name="no" value="1">No</button></form>`);
            }
            const form = await readForm(request);
            if (form.has("no")) return provider.interactionFinished(request, response, { error: "access_denied" });
            const grant = new provider.Grant({ accountId: form.get("login"), clientId: params.client_id });
            grant.addOIDCScope(params.scope);
            return provider.interactionFinished(request, response, { login: { accountId: form.get("login"), amr: people[form.get("login")]?.amr ?? ["pwd"] }, consent: { grantId: await grant.save() }, prompt }, { mergeWithLastSubmission: false });
        };
    }
    make([await newKey("one")]);
    return { issuer, people, rotate: async (kid) => make([await newKey(kid)]), stop: () => close(server) };
}
