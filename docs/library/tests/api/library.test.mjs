// Books, members and loans: what the area's own words do. What every resource does
// (isolation, permissions, ETags …) the generated tests look at.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeTenant, makeUser, request } from "../lib/client.mjs";

let tenant, staff, book, member;
const post = (path, body, token = tenant.token) => request("POST", `/api/library/${path}`, { token, body });
before(async () => {
    tenant = await makeTenant();
    staff = await makeUser(tenant, "staff");
    book = (await post("books", { title: "The Left Hand of Darkness" })).data;
    member = (await post("members", { name: "Mila Horn" })).data;
});
const lend = () => post("loans", { bookId: book.id, memberId: member.id, dueOn: "2027-01-15" }, staff.access_token);

test("a_book_is_lent_once_at_a_time_and_comes_back", async () => {
    const loan = await lend();
    assert.equal(loan.status, 201, loan.text);
    const again = await lend();
    assert.deepEqual([again.status, again.error.code], [409, "book_id_taken"], again.text);
    const back = await post(`loans/${loan.data.id}/return`, {}, staff.access_token);
    assert.equal(back.status, 200, back.text);
    assert.ok(back.data.returnedAt);
    const twice = await post(`loans/${loan.data.id}/return`, {});
    assert.deepEqual([twice.status, twice.error.code], [409, "loan_returned"]);
    assert.equal((await lend()).status, 201, "it can be lent again");
});

test("a_member_with_loans_stays_and_it_is_said_why", async () => {
    const gone = await request("DELETE", `/api/library/members/${member.id}`, { token: tenant.token });
    assert.deepEqual([gone.status, gone.error.code], [409, "in_use"], gone.text);
});

test("loans_are_read_by_names", async () => {
    const list = await request("GET", "/api/library/loans?include=book,member", { token: tenant.token });
    assert.deepEqual([list.data[0].book.name, list.data[0].member.name], ["The Left Hand of Darkness", "Mila Horn"], list.text);
    const page = await request("GET", "/admin/library/loans", { token: tenant.token, tenant: tenant.slug });
    assert.match(page.text, /The Left Hand of Darkness[^]*Mila Horn/);
});
