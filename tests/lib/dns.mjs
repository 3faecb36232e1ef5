// A DNS server on loopback, the one that the platform under test asks (TULOU_DNS).
// What stands in `records` it answers, of everything else it says that it is not there.
import dns2 from "dns2";

const { Packet } = dns2;
const rcodes = { NXDOMAIN: 3, SERVFAIL: 2 };

export class NameServer {
    constructor() {
        this.records = new Map();
        this.silent = new Set(); // names about which it says that it failed
        this.mute = new Set(); // names about which it says nothing at all
        this.server = dns2.createServer({ udp: true, handle: (request, send) => this.mute.has(request.questions[0].name.toLowerCase()) || send(this.answer(request)) });
    }

    async start(port = Number(process.env.TEST_DNS)) {
        await this.server.listen({ udp: { port, address: "127.0.0.1", type: "udp4" } });
        return this;
    }

    stop() {
        return this.server.close();
    }

    // set("TXT", "_tulou.club.example.com", "token", …); without values: gone.
    set(type, name, ...values) {
        if (values.length) this.records.set(`${type} ${name}`, values);
        else this.records.delete(`${type} ${name}`);
    }

    answer(request) {
        const response = Packet.createResponseFromRequest(request);
        const [{ name, type }] = request.questions, asked = name.toLowerCase();
        const word = Object.keys(Packet.TYPE).find((it) => Packet.TYPE[it] === type);
        for (const value of this.records.get(`${word} ${asked}`) ?? [])
            response.answers.push({ name, type, class: Packet.CLASS.IN, ttl: 1, ...(word === "TXT" ? { data: value } : { address: value }) });
        if (this.silent.has(asked)) response.header.rcode = rcodes.SERVFAIL;
        else if (response.answers.length === 0 && ![...this.records.keys()].some((it) => it.endsWith(` ${asked}`))) response.header.rcode = rcodes.NXDOMAIN;
        return response;
    }
}
