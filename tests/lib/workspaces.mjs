// Workspaces by page, as a browser without scripts goes from one to another.
import { port, request } from "./client.mjs";

const origin = (slug) => `http://${slug}.localhost:${port}`;
export const form = (slug, path, fields, { cookie, from = slug } = {}) =>
    request("POST", path, { tenant: slug, raw: new URLSearchParams(fields).toString(),
        headers: { "content-type": "application/x-www-form-urlencoded", origin: origin(from), ...(cookie ? { cookie } : {}) } });

// The pages of somebody who is signed in: forms go with the token that pages hold.
export async function pages(slug, cookie) {
    const page = await request("GET", "/account/workspaces", { tenant: slug, headers: { cookie } });
    const csrf = page.text.match(/name="_csrf" value="([^"]*)"/)?.[1];
    if (!csrf) throw new Error(`no form: ${page.status} ${page.text.slice(0, 300)}`);
    const post = (path, fields) => form(slug, path, { _csrf: csrf, ...fields }, { cookie });
    return { post, switchTo: (workspace) => post("/account/workspaces/switch", { workspace }) };
}

// What the page that leads on would send, and how.
export const ticketOf = (answer) => answer.text.match(/name="ticket" value="([^"]*)"/)[1].replaceAll("&amp;", "&");
