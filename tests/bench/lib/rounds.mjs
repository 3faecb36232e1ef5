// Loads measured in turns: A B C A B C …, so that whatever else the machine does
// meanwhile meets all of them alike. Figures are medians of the rounds, ratios
// are medians of each round's ratio.
export function median(values) {
    const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function medianOf(rounds) {
    const parts = Object.keys(rounds[0].cpu), of = (pick) => median(rounds.map(pick));
    return { rate: of((it) => it.rate), p50: of((it) => it.p50), p99: of((it) => it.p99), others: of((it) => it.others),
        cpu: Object.fromEntries(parts.map((part) => [part, of((it) => it.cpu[part])])), cpuTotal: of((it) => it.cpuTotal), rounds: rounds.length };
}

export class Rounds {
    constructor() {
        this.all = new Map();
    }

    // loads: name to a function that measures once; answers the medians by name.
    async measure(count, loads) {
        for (let i = 0; i < count; i++)
            for (const [name, measure] of Object.entries(loads)) this.all.set(name, [...(this.all.get(name) ?? []), await measure(i)]);
        return Object.fromEntries(Object.keys(loads).map((name) => [name, this.of(name)]));
    }

    of(name) {
        return medianOf(this.all.get(name));
    }

    ratio(name, to, pick) {
        const other = this.all.get(to);
        return median(this.all.get(name).map((it, i) => pick(it) / pick(other[i])));
    }

    figures() {
        return [...this.all.keys()].map((name) => ({ name, ...this.of(name) }));
    }
}
