// The CRM of a company that works with it: leads that were spoken to before they became customers,
// deals that went from stage to stage, money of four currencies with the rates of a year, and rules
// for who gets what is new. All through the API; only when things happened is written in the database.
const currencies = { EUR: 1, USD: 0.9, CHF: 1.04, GBP: 1.16 };
const ways = { new: [], contacted: ["contacted"], qualified: ["contacted", "qualified"], converted: ["contacted", "qualified"], unqualified: ["contacted", "unqualified"], lost: ["contacted", "lost"] };
const day = 86400000;
const dateIn = (days) => new Date(Date.now() + days * day).toISOString().slice(0, 10);

// One rate on the first of each month; they wander a little, as rates do.
export async function makeRates(it, { must, token }) {
    for (const [currency, worth] of Object.entries(currencies)) {
        if (currency === it.currency) continue;
        for (let month = 12; month >= 0; month--) {
            const on = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - month, 1)).toISOString().slice(0, 10);
            const rate = Number(((worth / currencies[it.currency]) * (1 + 0.04 * Math.sin(month + worth * 9))).toFixed(4));
            await must([201, 409], "POST", "/api/crm/exchange-rates", { token, body: { currency, day: on, rate } });
        }
    }
}

// What comes by phone or from the website goes to the front desk, one after the other.
export async function makeRules({ must, token }) {
    const there = await must([200], "GET", "/api/crm/assignment-rules?limit=1", { token });
    const [team] = (await must([200], "GET", "/api/teams?limit=1", { token })).data;
    if (there.data.length > 0 || !team) return;
    for (const [position, [name, source]] of [["From the website", "website"], ["By phone", "phone"]].entries())
        await must([201], "POST", "/api/crm/assignment-rules", { token, body: { name, source, position, teamId: team.id } });
    await must([200], "PATCH", "/api/settings/crm", { token, body: { assignByRules: true } });
}

// A lead on its way, to where `status` says.
export async function leadAlong(lead, status, { must, token, deal }) {
    for (const next of ways[status]) await must([200], "PATCH", `/api/crm/leads/${lead.id}`, { token, body: { status: next } });
    if (status !== "converted") return;
    const { data } = await must([200], "POST", `/api/crm/leads/${lead.id}/convert`, { token, body: { dealName: deal } });
    await must([200], "PATCH", `/api/crm/deals/${data.dealId}`, { token, body: { expectedCloseOn: dateIn(30 + (Number.parseInt(lead.id.slice(-4), 16) % 150)) } });
}

// From the first stage of its pipeline to the one that it ends in; what is open closes in the months
// to come, a few are late.
export async function dealAlong(body, stages, { must, token, next, pick, reasons }) {
    const target = stages.find((it) => it.id === body.stageId), open = stages.filter((it) => it.kind === "open");
    const upTo = target.kind === "open" ? open.indexOf(target) : 1 + (next() % (open.length - 1));
    const currency = pick(["EUR", "EUR", "EUR", "EUR", "USD", "USD", "CHF", "GBP"]);
    const expectedCloseOn = target.kind === "open" ? dateIn(next() % 8 === 0 ? -5 - (next() % 30) : 5 + (next() % 240)) : dateIn(-1 - (next() % 200));
    const { probability, lostReason, ...rest } = body;
    const { data } = await must([201], "POST", "/api/crm/deals", { token, body: { ...rest, currency, expectedCloseOn, stageId: open[0].id, ...(next() % 4 === 0 && target.kind === "open" ? { probability } : {}) } });
    for (const stage of open.slice(1, upTo + 1)) await must([200], "POST", `/api/crm/deals/${data.id}/move`, { token, body: { stageId: stage.id } });
    if (target.kind !== "open") await must([200], "POST", `/api/crm/deals/${data.id}/move`, { token, body: { stageId: target.id, ...(target.kind === "lost" ? { lostReason: lostReason ?? pick(reasons) } : {}) } });
    return data;
}

// When it happened: each deal came on some day of the last ten months and went on step by step, what
// is over in one to twelve weeks; leads stayed some days in each status.
export const spreadSql = (quiet) => `
    ${quiet("everyone.deals", "disable")}
    create temp table came as
        select d.tenant_id, d.id, d.closed_at is not null as over, now() - interval '21 days' - interval '280 days' * random() as at,
               interval '7 days' + interval '77 days' * random() as took, interval '5 days' * random() as ago
        from everyone.deals d join public.tenants t on t.id = d.tenant_id
        where t.slug = 'brightwork' and d.created_at > now() - interval '1 hour';
    create temp table step as
        select m.tenant_id, m.id, m.deal_id, c.at,
               case when c.over then least(c.took, now() - c.at) else now() - c.ago - c.at end * ((n + 0.0) / greatest(k, 1)) as later,
               case when c.over then least(c.took, now() - c.at) else now() - c.ago - c.at end * ((n - 1.0) / greatest(k, 1)) as before, n
        from (select m.*, row_number() over w - 1 as n, count(*) over (partition by m.tenant_id, m.deal_id) - 1 as k
              from everyone.deal_moves m window w as (partition by m.tenant_id, m.deal_id order by m.moved_at, m.id)) m
        join came c on c.tenant_id = m.tenant_id and c.id = m.deal_id;
    update everyone.deal_moves m set moved_at = s.at + s.later, entered_at = case when s.n > 0 then s.at + s.before end
    from step s where s.tenant_id = m.tenant_id and s.id = m.id;
    update everyone.deals d set created_at = c.at, updated_at = last.at, closed_at = case when c.over then last.at end,
           expected_close_on = case when c.over then (last.at + interval '9 days' * random())::date else d.expected_close_on end
    from came c, lateral (select max(s.at + s.later) as at from step s where s.tenant_id = c.tenant_id and s.deal_id = c.id) last
    where d.tenant_id = c.tenant_id and d.id = c.id;
    ${quiet("everyone.deals", "enable")}
    update everyone.lead_moves m set entered_at = l.created_at + s.before, moved_at = l.created_at + s.later
    from (select m.tenant_id, m.id, least(now() - l.created_at, interval '40 days') * ((n - 1.0) / k) as before, least(now() - l.created_at, interval '40 days') * ((n + 0.0) / k) as later
          from (select m.*, row_number() over w as n, count(*) over (partition by m.tenant_id, m.lead_id) as k
                from everyone.lead_moves m window w as (partition by m.tenant_id, m.lead_id order by m.moved_at, m.id)) m
          join everyone.leads l on l.tenant_id = m.tenant_id and l.id = m.lead_id
          where m.moved_at > now() - interval '1 hour') s, everyone.leads l
    where s.tenant_id = m.tenant_id and s.id = m.id and l.tenant_id = m.tenant_id and l.id = m.lead_id;`;
