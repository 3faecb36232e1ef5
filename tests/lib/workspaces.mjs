// Workspaces by page, as a browser without scripts goes from one to another.
import { setTimeout as wait } from "node:timers/promises";
import { base, login, password, port, request } from "./client.mjs";
import { linkOf, mailsTo } from "./mail.mjs";
import { patience } from "./patience.mjs";

const origin = (slug) => `http://${slug}.${base}:${port}`;
export const form = (slug, path, fields, { cookie, from = slug } = {}) =>
    request("POST", path, { tenant: slug, raw: new URLSearchParams(fields).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", origin: origin(from), ...(cookie ? { cookie } : {}) } });

// The pages of somebody who is signed in: forms go with the token that pages hold.
export async function pages(slug, cookie) {
    const page = await request("GET", "/account/workspaces", { tenant: slug, headers: { cookie } });
    const csrf = page.text.match(/name="_csrf" value="([^"]*)"/)?.[1];
    if (!csrf) throw new Error(`no form: ${page.status} ${page.text.slice(0, 300)}`);
    const post = (path, fields) => form(slug, path, { _csrf: csrf, ...fields }, { cookie });
    return { text: page.text, post, switchTo: (workspace) => post("/account/workspaces/switch", { workspace }) };
}

// What the page that leads on would send, and how.
export const ticketOf = (answer) => answer.text.match(/name="ticket" value="([^"]*)"/)[1].replaceAll("&amp;", "&");

// The message with a link to one tenant that comes to an address, after those seen before.
async function linkTo(tenant, email, path, seen) {
    for (const end = Date.now() + patience; Date.now() < end; await wait(20)) {
        const links = mailsTo(email).filter((it) => it.text.includes("?token=")).map(linkOf)
            .filter((it) => it.hostname.startsWith(`${tenant.slug}.`) && it.pathname === path && !seen.has(it.href));
        if (links.length > 0) return links[0];
    }
    throw new Error(`no message for ${path} of ${tenant.slug} came to ${email}`);
}
const linksTo = (email) => new Set(mailsTo(email).filter((it) => it.text.includes("?token=")).map((it) => linkOf(it).href));
const must = (answer, status) => {
    if (answer.status !== status) throw new Error(`${answer.status} ${answer.text}`);
    return answer;
};

// An account that its person took by the tenant's invitation: address and password are theirs.
export async function invited(tenant, email, { role = "staff", word = password, name = "Ada Adviser" } = {}) {
    const made = must(await request("POST", "/api/platform-users", { token: tenant.token, body: { email, name, kind: "staff", roles: [role], invite: true } }), 201);
    const link = await linkTo(tenant, email, "/accept-invitation", new Set());
    must(await request("POST", "/api/auth/accept-invitation", { tenant: tenant.slug, body: { token: link.searchParams.get("token"), password: word } }), 204);
    return { ...made.data, tenant, email, session: await login(email, word, { tenant: tenant.slug }) };
}

// A new password by the link of a message; everybody else is signed out.
export async function resetByMail(tenant, email, word = password) {
    const seen = linksTo(email);
    must(await request("POST", "/api/auth/forgot-password", { tenant: tenant.slug, body: { email } }), 204);
    const link = await linkTo(tenant, email, "/reset-password", seen);
    must(await request("POST", "/api/auth/reset-password", { tenant: tenant.slug, body: { token: link.searchParams.get("token"), password: word } }), 204);
    return login(email, word, { tenant: tenant.slug });
}

// Confirms the address of somebody signed in by the link of a message.
export async function verifyByMail(tenant, email, token) {
    const seen = linksTo(email);
    must(await request("POST", "/api/auth/send-verification", { token }), 204);
    const link = await linkTo(tenant, email, "/verify-email", seen);
    must(await request("POST", "/api/auth/verify-email", { tenant: tenant.slug, body: { token: link.searchParams.get("token") } }), 200);
}
