// The messages of the platform under test, which has no mail server: they
// become files in its folder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { folder } from "./client.mjs";
import { patience } from "./patience.mjs";

function read() {
    const mail = join(folder, "mail");
    const files = existsSync(mail) ? readdirSync(mail).filter((it) => it.endsWith(".json")) : [];
    return files.flatMap((it) => {
        try {
            return [{ id: it, ...JSON.parse(readFileSync(join(mail, it), "utf8")) }];
        } catch {
            return []; // being written, or made room for others
        }
    });
}

// Those to an address, oldest first.
export const mailsTo = (address) => read().filter((it) => it.to === address).sort((a, b) => a.date.localeCompare(b.date) || a.id.localeCompare(b.id));

// The last of `count` messages to an address, once there are so many; of those that
// are `wanted`, where others may come between.
export async function mailTo(address, count = 1, wanted = () => true) {
    for (const end = Date.now() + patience; Date.now() < end; await wait(20)) {
        const mails = mailsTo(address).filter(wanted);
        if (mails.length >= count) return mails[count - 1];
    }
    throw new Error(`${mailsTo(address).filter(wanted).length} of ${count} messages came to ${address}`);
}

const link = /https?:\/\/\S+\?token=\S+/;
export const hasLink = (mail) => link.test(mail.text);
export const linkOf = (mail) => new URL(mail.text.match(link)[0]);
export const tokenOf = (mail) => linkOf(mail).searchParams.get("token");
