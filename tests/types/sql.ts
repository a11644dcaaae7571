// Statements and their results as users write them.

import { WorkspaceClient } from "lakewire";
import { StatementExecution, Warehouses, param, quoteIdentifier } from "lakewire/data";
import type { Batch, CellValue, ResultColumn, Param, StatementResult, Warehouse } from "lakewire/data";

const client = new WorkspaceClient({ host: "https://workspace.example", token: "t" });
const sql = new StatementExecution(client, { warehouseId: "w", catalog: "samples", schema: "tpch", prefetch: 3 });

interface Order {
  o_orderkey: bigint;
  o_totalprice: string;
  note: string | null;
}

export async function rows(signal: AbortSignal): Promise<bigint> {
  const least: Param = param.decimal("9.50", 10, 2);
  const result: StatementResult<Order> = await sql.execute<Order>(`SELECT * FROM ${quoteIdentifier("shop", "orders")} WHERE price > :least`, {
    parameters: { least, text: "a", whole: 1, long: 1n, truth: true, nothing: null, time: new Date(0), date: param.date("2024-02-29") },
    disposition: "EXTERNAL_LINKS",
    rowLimit: 10,
    allowTruncated: true,
    timeoutMs: 60_000,
    signal,
  });
  let sum = 0n;
  for await (const row of result) sum += row.o_orderkey + BigInt(row.note?.length ?? 0);
  const { rows: all, truncated, columns } = await result.all();
  const first: Order | undefined = all[0];
  const column: ResultColumn | undefined = columns[0];
  const count: number | undefined = result.rowCount;
  return truncated && first && column && count ? sum : 0n;
}

export async function columns(): Promise<number> {
  const result = await sql.execute("SELECT 1 AS one");
  let length = 0;
  for await (const batch of result.batches()) {
    const plain: Batch = batch;
    const values: Int32Array | BigInt64Array | Float64Array | Uint8Array | undefined = plain.column("one")?.values;
    const cell: CellValue | undefined = plain.columns[0]?.get(0);
    const text: string | undefined = plain.columns[0]?.text(0);
    for (const block of plain.blocks()) length += block.length;
    length += (values?.length ?? 0) + (cell === null ? 0 : 1) + (text?.length ?? 0);
  }
  for await (const bytes of (await sql.execute("SELECT 1", { format: "ARROW_STREAM" })).arrow()) length += bytes.byteLength;
  return length;
}

export async function warehouses(): Promise<Warehouse> {
  const all = new Warehouses(client);
  const id: string = await all.choose();
  const { statement_id, status } = await sql.submit("SELECT 1", { warehouseId: id, waitTimeout: "0s", onWaitTimeout: "CANCEL" });
  if (status.state === "RUNNING") await sql.cancel(statement_id);
  return all.waitUntilRunning(id, { timeoutMs: 1000 });
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error a list is no value of a marker
  await sql.execute("SELECT :a", { parameters: { a: [1] } });
  // @ts-expect-error a number may have lost digits
  param.decimal(9.5, 10, 2);
  // @ts-expect-error a typed value is made by param
  const made: Param = { value: "1", type: "INT" };
  void made;
  // @ts-expect-error no such format
  await sql.execute("SELECT 1", { format: "PARQUET" });
  // @ts-expect-error misspelt
  await sql.execute("SELECT 1", { rowlimit: 5 });
  // @ts-expect-error a BIGINT is no number
  const wrong: number = (await (await sql.execute<Order>("SELECT 1")).all()).rows[0]!.o_orderkey;
  void wrong;
}
