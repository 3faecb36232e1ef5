// The life of a lead to a won deal, by the generated client alone: it comes in, is spoken to,
// becomes a customer with a deal, and that is offered, forecast and won.
import createClient from "openapi-fetch";
import type { paths } from "./generated/types";

function known<T>(value: T | null | undefined, what: string): T {
    if (value === null || value === undefined) throw new Error(`no ${what}`);
    return value;
}

function same<T>(got: T, wanted: T, what: string): void {
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`);
}

export async function life(baseUrl: string, email: string, password: string, tenant: string): Promise<void> {
    const api = createClient<paths>({ baseUrl, querySerializer: { array: { style: "form", explode: false } } });
    const signedIn = await api.POST("/api/auth/login", { body: { email, password, tenant } });
    const headers = { authorization: `Bearer ${known(signedIn.data, "sign-in").data.access_token}` };

    const made = await api.POST("/api/crm/leads", { headers, body: { name: "Nora Blum", email: "nora@blum.example", company: "Blum Optics", source: "referral", valueAmount: 250000, currency: "EUR" } });
    const lead = known(made.data, "lead").data, path = { id: lead.id };
    for (const status of ["contacted", "qualified"] as const) {
        const changed = await api.PATCH("/api/crm/leads/{id}", { headers, params: { path }, body: { status } });
        same(changed.data?.data.status, status, "the status of the lead");
    }
    const converted = await api.POST("/api/crm/leads/{id}/convert", { headers, params: { path }, body: { dealName: "Lenses for the new shop" } });
    same(converted.data?.data.status, "converted", "the status of the lead");
    const contactId = known(converted.data?.data.contactId, "contact"), dealId = known(converted.data?.data.dealId, "deal");
    const contact = await api.GET("/api/crm/contacts/{id}", { headers, params: { path: { id: contactId } } });
    same(contact.data?.data.email, "nora@blum.example", "the contact's address");

    const stages = known((await api.GET("/api/crm/stages", { headers, params: { query: { limit: 100 } } })).data, "stages").data;
    const stageOf = (name: string) => known(stages.find((it) => it.name === name)?.id, name);
    const deal = { path: { id: dealId } };
    const offered = await api.PATCH("/api/crm/deals/{id}", { headers, params: deal, body: { expectedCloseOn: "2031-05-20", probability: 40, lines: [{ name: "Lenses", quantity: 20, unitPriceAmount: 12500 }] } });
    same([offered.data?.data.valueAmount, offered.data?.data.totalAmount, offered.data?.data.status], [250000, 250000, "open"], "the deal");
    const moved = await api.POST("/api/crm/deals/{id}/move", { headers, params: deal, body: { stageId: stageOf("Negotiation") } });
    same(moved.data?.data.stageId, stageOf("Negotiation"), "the deal's stage");

    const monthOf = async () => known((await api.GET("/api/crm/forecast", { headers, params: { query: { from: "2031-05-01", months: 1 } } })).data?.data.parts.find((it) => it.kind === "month"), "month").total;
    const before = await monthOf();
    same([before.openAmount, before.weightedAmount, before.wonAmount], [250000, 100000, 0], "the forecast");
    const won = await api.POST("/api/crm/deals/{id}/move", { headers, params: deal, body: { stageId: stageOf("Won") } });
    same(won.data?.data.status, "won", "the deal's status");
    known(won.data?.data.closedAt, "time of closing");
    const after = await monthOf();
    same([after.openAmount, after.weightedAmount, after.wonAmount], [0, 0, 250000], "the forecast");

    const analytics = known((await api.GET("/api/crm/analytics", { headers })).data, "analytics").data;
    const source = known(analytics.leads?.sources.find((it) => it.source === "referral"), "source");
    same([source.count, source.convertedCount, source.conversionRate], [1, 1, 10000], "the conversion");
    same(analytics.deals?.months.map((it) => [it.wonCount, it.lostCount]), [[1, 0]], "what was won");
}
