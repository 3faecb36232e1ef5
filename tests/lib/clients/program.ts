// What every client of the API does, whichever way it was generated: signs in, makes
// a record once, pages, changes it by its version, and reads what was refused.
export interface Lead {
    id: string;
    name?: string;
    valueAmount?: number | null;
}
export interface Answer<T> {
    status: number;
    data?: T;
    etag?: string | null;
    error?: { code: string; details?: { in: string; field: string; code: string }[] };
    next?: string | null;
}
export interface Client {
    signIn(email: string, password: string, tenant: string): Promise<string>;
    useToken(token: string): void;
    createLead(body: { name: string; valueAmount?: number }, key: string): Promise<Answer<Lead>>;
    listLeads(query: { limit: number; after?: string; sort?: ("name" | "-name")[]; fields?: ("name" | "valueAmount")[] }): Promise<Answer<Lead[]>>;
    updateLead(id: string, body: { valueAmount?: number | null }, etag: string): Promise<Answer<Lead>>;
}

function must(good: boolean, what: string): void {
    if (!good) throw new Error(what);
}

export async function program(client: Client, email: string, password: string, tenant: string): Promise<void> {
    client.useToken(await client.signIn(email, password, tenant));
    const first = await client.createLead({ name: "Made once", valueAmount: 5 }, `key-${tenant}`);
    const again = await client.createLead({ name: "Made once", valueAmount: 5 }, `key-${tenant}`);
    must(first.status === 201 && first.data !== undefined && again.data?.id === first.data.id, "a key makes one record");
    await client.createLead({ name: "Another" }, `another-${tenant}`);

    const seen = new Set<string>();
    for (let after: string | undefined; ; ) {
        const page = await client.listLeads({ limit: 1, after, sort: ["-name"], fields: ["name"] });
        for (const lead of page.data ?? []) {
            must(lead.valueAmount === undefined && !seen.has(lead.id), "each once, with what was chosen");
            seen.add(lead.id);
        }
        if (!page.next) break;
        after = page.next;
    }
    must(seen.size >= 2 && seen.has(first.data!.id), "the pages have all");

    const changed = await client.updateLead(first.data!.id, { valueAmount: 7 }, first.etag ?? "");
    must(changed.status === 200 && changed.data?.valueAmount === 7 && changed.etag !== first.etag, "it is changed by its version");
    const late = await client.updateLead(first.data!.id, { valueAmount: 8 }, first.etag ?? "");
    must(late.status === 412 && late.error?.code === "version_mismatch", "an old version is refused");
    const invalid = await client.updateLead(first.data!.id, { valueAmount: -1 }, changed.etag ?? "");
    must(invalid.status === 422 && invalid.error?.details?.[0]?.in === "body" && invalid.error.details[0].field === "valueAmount", "what is invalid is named");
}
