// Runs statements: values as named parameters, rows, columns, and a large result from files. `node examples/sql.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and DATABRICKS_WAREHOUSE_ID.

import { WorkspaceClient } from "lakewire";
import { StatementExecution, param } from "lakewire/data";

const { DATABRICKS_HOST: host, DATABRICKS_TOKEN: token, DATABRICKS_WAREHOUSE_ID: warehouseId = "emulator-warehouse" } = process.env;
const client = new WorkspaceClient({ host, token });
const sql = new StatementExecution(client, { warehouseId, catalog: "samples", schema: "tpch" });

// rows: BIGINT is a bigint, DECIMAL and DATE are their exact texts
const orders = await sql.execute(
  "SELECT o_orderkey, o_totalprice, o_orderdate FROM orders WHERE o_totalprice > :least AND o_orderdate >= :since ORDER BY o_totalprice DESC LIMIT 5",
  { parameters: { least: param.decimal("1000.50", 12, 2), since: param.date("1995-01-01") } },
);
const { rows } = await orders.all();
console.log(`${rows.length} large orders:`);
for (const { o_orderkey, o_totalprice, o_orderdate } of rows) console.log(`${o_orderkey}  ${o_totalprice}  ${o_orderdate}`);

// columns: lists of numbers, with no object for each row
let [count, sum] = [0, 0];
const prices = await sql.execute("SELECT CAST(o_totalprice AS DOUBLE) AS price FROM orders");
for await (const batch of prices.batches()) {
  for (const price of batch.column("price").values) sum += price;
  count += batch.length;
}
console.log(`Orders: ${count}, mean price ${(sum / count).toFixed(2)}`);

// a large result comes in files behind links, some ahead of the one that is read
let [items, batches, quantity] = [0, 0, 0n];
const lines = await sql.execute("SELECT * FROM lineitem", { disposition: "EXTERNAL_LINKS" });
for await (const batch of lines.batches()) {
  batches += 1;
  items += batch.length;
  for (const text of batch.column("l_quantity")) quantity += BigInt(text.replace(".", ""));
}
console.log(`Line items: ${items}, ${batches} batches, quantity ${quantity / 100n}.${`${quantity % 100n}`.padStart(2, "0")}`);
