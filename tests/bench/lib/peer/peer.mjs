// Starts the peer behind an nginx of its own, whose configuration is the
// platform's with another way behind it.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createDecoder, createSigner } from "fast-jwt";

const key = randomBytes(32).toString("hex");

// The same claims under a key of the peer's own: the platform's stays in it.
export function peerToken(token) {
    const { header, payload } = createDecoder({ complete: true })(token);
    return createSigner({ key, algorithm: "HS256", kid: header.kid })(payload);
}

function freePort() {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

// What the platform's site says of streams is not for the peer.
function site(platform, folder, port) {
    const pass = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://peer;';
    return (process.getuid() === 0 ? "user root;\n" : "") + readFileSync(`${platform.folder}/run/nginx.conf`, "utf8")
        .replaceAll(`${platform.folder}/run/nginx`, `${folder}/nginx`)
        .replace(/^ {4}proxy_(?!temp_path).*\n/gm, "")
        .replace(/listen \S+/, `listen 127.0.0.1:${port}`)
        .replace("\n    upstream ", `\n    upstream peer { server unix:${folder}/peer.sock; keepalive 64; }\n    upstream `)
        .replace(/fastcgi_pass crm;/g, pass)
        .replace("location / {", `location = /hello { ${pass} }\n        location / {`);
}

function start(command, args, environment, ready) {
    const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const gone = new Promise((resolve) => child.once("close", resolve));
    const hear = (data) => (output += data);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const started = new Promise((resolve, reject) => {
        gone.then((status) => reject(new Error(`${command} ended with ${status}: ${output}`)));
        ready(child, resolve);
    });
    return { child, gone, started };
}

async function answers(port) {
    for (;;) {
        try {
            if ((await fetch(`http://127.0.0.1:${port}/hello`)).ok) return;
        } catch {
            // not yet
        }
    }
}

export async function startPeer(platform, folder) {
    const port = await freePort();
    mkdirSync(join(folder, "nginx"), { recursive: true });
    writeFileSync(join(folder, "nginx.conf"), site(platform, folder, port));
    const service = start(process.execPath, ["tests/bench/lib/peer/service.mjs"], { NODE_ENV: "production", PEER_SOCKET: `${folder}/peer.sock`, PEER_DATABASE: `${platform.folder}/run`, PEER_KEY: key },
        (child, resolve) => child.stdout.on("data", (data) => String(data).includes("listening") && resolve()));
    await service.started;
    const nginx = start("/usr/sbin/nginx", ["-c", join(folder, "nginx.conf"), "-e", "stderr"], {}, (child, resolve) => answers(port).then(resolve));
    await nginx.started;
    return {
        port, folder,
        groups: { nginx: nginx.child.pid, application: service.child.pid },
        async stop() {
            for (const it of [nginx, service]) {
                it.child.kill("SIGTERM");
                await it.gone;
            }
        },
    };
}
