// Tables, and how figures stand to their aims.
export function number(value, digits = 0) {
    if (value === undefined) return "";
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replaceAll(",", " ");
}

function table(head, rows) {
    const all = [head, ...rows].map((row) => row.map(String)), widths = head.map((_, i) => Math.max(...all.map((it) => it[i].length)));
    const line = (row) => row.map((it, i) => (i === 0 ? it.padEnd(widths[i]) : it.padStart(widths[i]))).join("  ");
    return [line(all[0]), widths.map((it) => "-".repeat(it)).join("  "), ...all.slice(1).map(line)].join("\n");
}

// figures: what load() measured, each with its name. "others" is the share of
// the machine's CPU that went to work that is not ours: noise, if it is more
// than a little.
export function measurements(figures) {
    return table(["", "requests/s", "p50 ms", "p99 ms", "nginx us", "app us", "postgres us", "sum us", "others %"],
        figures.map(({ name, rate, p50, p99, cpu, cpuTotal, others }) => [name, number(rate), number(p50 / 1000, 2), number(p99 / 1000, 2),
            number(cpu.nginx, 1), number(cpu.application, 1), number(cpu.PostgreSQL, 1), number(cpuTotal, 1), number(others * 100)]));
}

const verdict = ({ aim, good }) => (aim === undefined || good === undefined ? "" : good ? "reached" : "missed");

// rows: as benchmarks return them, see bench.mjs.
export const comparisons = (rows) => table(["", "value", "aim", ""], rows.map((it) => [it.name, it.value, it.aim ?? "", verdict(it)]));

export const times = (value) => `${value.toFixed(2)} x`;
export const megabytes = (bytes) => `${number(bytes / 1e6)} MB`;

// value and aim are multiples; the aim is met from above, or with `atMost` from below.
export function ratioRow(name, value, aim, { atMost = false } = {}) {
    const row = { name, value: times(value), ratio: value };
    if (aim !== undefined) Object.assign(row, { aim: `${atMost ? "<=" : ">="} ${times(aim)}`, good: atMost ? value <= aim : value >= aim });
    return row;
}

export function memoryRow(name, bytes, limit) {
    return { name, value: megabytes(bytes), bytes, aim: `< ${megabytes(limit)}`, good: bytes < limit };
}
