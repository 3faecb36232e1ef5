// A port that nobody has, below those that the system gives to outgoing
// connections: else one of these could take it before it is used.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const isFree = (port) => new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
});

export async function freePort() {
    for (;;) {
        const port = randomInt(10000, 32000);
        if (await isFree(port)) return port;
    }
}
