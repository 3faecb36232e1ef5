// The one program by each of the clients: BASE ADDRESS PASSWORD and a tenant for each.
import { makeClient as makeHeyApi } from "./hey_api";
import { makeClient as makeOpenapiFetch } from "./openapi_fetch";
import { makeClient as makeOrval } from "./orval";
import { life } from "./life";
import { program } from "./program";

const [base = "", password = "", ...tenants] = process.argv.slice(2);
const clients = { "openapi-fetch": makeOpenapiFetch(base), "@hey-api/openapi-ts": makeHeyApi(base), orval: makeOrval() };
for (const [i, [name, client]] of Object.entries(clients).entries()) {
    const tenant = tenants[i] ?? "";
    await program(client, `owner@${tenant}.test`, password, tenant);
    console.log(`${name}: done`);
}
await life(base, `owner@${tenants[0] ?? ""}.test`, password, tenants[0] ?? "");
console.log("life: done");
