// An authenticator app of our own: otplib, which knows nothing of the platform.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import otplib from "otplib";
import { folder, password, request } from "./client.mjs";

// The code that an app shows in so many steps of time from now.
export const codeOf = (secret, steps = 0) => otplib.authenticator.clone({ epoch: Date.now() + steps * 30000 }).generate(secret);

// Sets an app up for somebody signed in; the code of the present step is used up by it.
export async function enrol(user) {
    const begun = await request("POST", "/api/auth/mfa", { token: user.access_token, body: { name: "Phone" } });
    if (begun.status !== 201) throw new Error(`${begun.status} ${begun.text}`);
    const done = await request("POST", `/api/auth/mfa/${begun.data.id}/confirm`, { token: user.access_token, body: { code: codeOf(begun.data.secret) } });
    if (done.status !== 200) throw new Error(`${done.status} ${done.text}`);
    return { ...begun.data, codes: done.data.recoveryCodes };
}

export async function ticketOf(tenant, email) {
    const answer = await request("POST", "/api/auth/login", { tenant, body: { email, password } });
    if (!answer.data?.ticket) throw new Error(`${answer.status} ${answer.text}`);
    return answer.data.ticket;
}
export const verify = (ticket, code, tenant) => request("POST", "/api/auth/mfa/verify", { tenant, body: { ticket, code } });

// As the owner of the database: to let time pass.
export function sql(statement) {
    return execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", join(folder, "run"), "-U", "tulou_owner", "tulou", "-c", statement], { encoding: "utf8" }).trim();
}
