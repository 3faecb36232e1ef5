// Pages without a browser: somebody signed in by form, who sends forms with their token.
import { pageCookie, port, request } from "./client.mjs";

export class Page {
    constructor(tenant, cookie) {
        Object.assign(this, { tenant, cookie });
    }

    static async signIn(tenant, email, password) {
        return new Page(tenant, await pageCookie(email, password, { tenant }));
    }

    get(path) {
        return request("GET", path, { tenant: this.tenant, headers: { cookie: this.cookie } });
    }

    async post(path, fields) {
        this.csrf ??= (await this.get("/account")).text.match(/name="_csrf" value="([^"]*)"/)[1];
        return request("POST", path, { tenant: this.tenant, raw: new URLSearchParams({ _csrf: this.csrf, ...fields }).toString(),
            headers: { cookie: this.cookie, origin: `http://${this.tenant}.localhost:${port}`, "content-type": "application/x-www-form-urlencoded" } });
    }
}
