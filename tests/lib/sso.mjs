// A browser's part in single sign-on, without a browser: cookies and redirects.
import { port, request } from "./client.mjs";
import { client } from "./liar.mjs";

export const redirectUri = (tenant) => `http://${tenant.slug}.localhost:${port}/api/auth/sso/${tenant.slug}/callback`;

export async function addProvider(tenant, issuer, extra = {}, token = tenant.token) {
    const made = await request("POST", "/api/security/sso-providers", { tenant: tenant.slug, token,
        body: { name: `P${Math.random().toString(36).slice(2, 8)}`, issuer, clientId: client.id, clientSecret: client.secret, createUsers: true, defaultRole: "staff", ...extra } });
    if (made.status !== 201) throw new Error(`provider: ${made.status} ${made.text}`);
    return made.data;
}

export class Visitor {
    constructor(tenant) {
        this.tenant = tenant;
        this.cookies = new Map();
    }

    async get(path, { tenant = this.tenant, headers = {} } = {}) {
        const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await request("GET", path, { tenant: tenant.slug, headers: { ...(cookie ? { cookie } : {}), ...headers } });
        for (const line of answer.headers["set-cookie"] ?? []) {
            const [pair, ...attributes] = line.split(";");
            const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
            if (attributes.some((it) => it.trim().toLowerCase() === "max-age=0")) this.cookies.delete(name);
            else this.cookies.set(name, value);
        }
        return answer;
    }

    // Where the provider would be asked: the parameters of the address.
    async start(provider, next = "/") {
        const answer = await this.get(`/api/auth/sso/${this.tenant.slug}/start?provider=${provider.id}&next=${encodeURIComponent(next)}`);
        this.answer = answer;
        const location = answer.headers.location ?? "";
        return location.startsWith("http") ? Object.fromEntries(new URL(location).searchParams) : undefined;
    }

    async callback(parameters, options = {}) {
        return this.get(`/api/auth/sso/${(options.slug ?? this.tenant).slug}/callback?${new URLSearchParams(parameters)}`, options);
    }

    get signedIn() {
        return this.cookies.has("tulou_session");
    }

    // The sentence that the login page would show.
    async notice() {
        const page = await this.get("/login");
        return page.text.match(/class="notice notice-\w+">[\s\S]*?<p>([^<]*)<\/p>/)?.[1];
    }
}

// All of it at the liar, who answers at once.
export async function signInAtLiar(tenant, provider, lies) {
    const visitor = new Visitor(tenant);
    const asked = await visitor.start(provider);
    if (!asked) return { visitor, answer: visitor.answer };
    lies.nonce = asked.nonce;
    return { visitor, asked, answer: await visitor.callback({ code: "a code", state: asked.state }) };
}

// The person's part at the honest provider: from its address to the parameters
// that it sends back.
export async function atProvider(location, { login, no } = {}) {
    const cookies = new Map();
    for (let address = location, form; ;) {
        const answer = await fetch(address, { redirect: "manual", method: form ? "POST" : "GET", body: form, headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") } });
        for (const line of answer.headers.getSetCookie()) {
            const pair = line.split(";")[0];
            cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
        }
        const next = answer.headers.get("location");
        if (!next && form === undefined && answer.status === 200) {
            form = new URLSearchParams(no ? { no: "1" } : { login, yes: "" });
            continue;
        }
        if (!next) throw new Error(`the provider at ${address}: ${answer.status} ${(await answer.text()).slice(0, 500)}`);
        form = undefined;
        address = new URL(next, address).href;
        if (address.includes("/api/auth/sso/")) return Object.fromEntries(new URL(address).searchParams);
    }
}

// All of it there, as somebody.
export async function signIn(tenant, provider, login, next = "/") {
    const visitor = new Visitor(tenant);
    await visitor.start(provider, next);
    const parameters = await atProvider(visitor.answer.headers.location, { login });
    return { visitor, answer: await visitor.callback(parameters) };
}
