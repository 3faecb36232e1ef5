// The system's Chromium, signed in as somebody, with every complaint noted.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { base, port } from "./client.mjs";
import { patience } from "./patience.mjs";

const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
export const address = (tenant, path) => `http://${tenant ? `${tenant}.` : ""}${base}:${port}${path}`;

// more: further arguments of Chromium's. The headless shell is the same engine
// without the windows around it: it costs half the time of the whole browser.
export function launch(more = []) {
    return chromium.launch({ executablePath: "/usr/bin/chromium-headless-shell", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more] });
}

// Nothing moves unless a test wants it to: frames between are only drawn, not looked at.
export async function open(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.complaints = [];
    page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    return page;
}

export async function signIn(page, tenant, email, password) {
    await page.goto(address(tenant, "/login"));
    await page.fill("#f-email", email);
    await page.fill("#f-password", password);
    await Promise.all([page.waitForURL((url) => url.pathname !== "/login"), page.click("main button[type=submit]")]);
}

// An action of a record, wherever it stands: of many, some are behind "More".
export async function chooseAction(page, title) {
    const wanted = page.locator(`main >> text=${title}`).first();
    if (!(await wanted.isVisible())) await page.click("details.drop:not([open]) > summary:has-text('More')");
    await wanted.click();
}

// Rules of WCAG 2.2 A and AA that the page breaks, as short lines. It runs
// through the debugger's protocol, which a page's own policy does not bind.
const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const ofColours = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

export async function accessibility(page, runOnly = levels) {
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
    const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), runOnly);
    return violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(" | ")}`);
}

// The same in light, and in dark what colours can break, once they have settled.
export async function accessibilityInBoth(page) {
    const all = [];
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.evaluate(async () => {
            for (let calm = 0, frames = 0; calm < 2 && frames < 120; frames++) {
                await new Promise((done) => requestAnimationFrame(done));
                calm = document.getAnimations().some((it) => it.playState === "running") ? 0 : calm + 1;
            }
        });
        all.push(...(await accessibility(page, colorScheme === "dark" ? ofColours : levels)).map((it) => `${colorScheme}: ${it}`));
    }
    return all;
}
