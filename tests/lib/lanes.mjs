// Where tests run side by side: each lane takes the next piece of work that
// nobody has, and has a platform of its own, which it starts at the first piece
// that wants one.
import { spawn } from "node:child_process";
import { bound } from "./bound.mjs";
import { Platform } from "./platform.mjs";

// patience: after how many milliseconds it is ended; 0: never.
export function run(command, args, environment = {}, patience = 0) {
    return new Promise((resolve) => {
        const child = spawn(...bound(command, args), { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        child.stdout.on("data", (data) => (output += data));
        child.stderr.on("data", (data) => (output += data));
        const limit = patience && setTimeout(() => {
            output += `\nended after ${patience / 1000} seconds: it hangs\n`;
            child.kill();
        }, patience);
        child.on("close", (status, signal) => {
            clearTimeout(limit);
            resolve({ status: signal ?? status, output });
        });
    });
}

class Lane {
    async platform() {
        this.started ??= (async () => {
            const platform = new Platform();
            this.made = platform;
            await platform.start();
            return platform;
        })();
        return this.started;
    }

    async end() {
        await this.made?.stop();
    }
}

// pieces: {name, run(lane)}; done(piece, seconds, result or the error thrown).
export async function inLanes(count, pieces, done) {
    const left = [...pieces];
    const work = async () => {
        const lane = new Lane();
        for (let piece; (piece = left.shift()) !== undefined; ) {
            const began = performance.now();
            const result = await piece.run(lane).catch((problem) => ({ passed: 0, failed: 1, output: String(problem?.stack ?? problem) }));
            done(piece, (performance.now() - began) / 1000, result);
        }
        await lane.end();
    };
    await Promise.all(Array.from({ length: Math.min(count, pieces.length) }, work));
}
