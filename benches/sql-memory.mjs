// A million rows streamed through a loop, from a made-up service whose store gives chunks of 50,000 rows piece by piece:
// how much memory grows. `npm run build`, then `node --expose-gc sql-memory.mjs`. With LAKEWIRE_EMULATOR set to an emulator
// that has its engine, the rows come from there.

import { WorkspaceClient } from "../pkg/dist/index.js";
import { StatementExecution } from "../pkg/dist/data/index.js";
import { COLUMNS, rows } from "./lib/rows.mjs";

const ROWS = 1_000_000;
const CHUNK = 50_000;
const count = ROWS / CHUNK;
const utf8 = new TextEncoder();
const json = (value) => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });
// sizes are told by the service; here all chunks are made of the same rows
const chunk = utf8.encode(rows(0, CHUNK));
const info = (at) => ({ chunk_index: at, row_offset: at * CHUNK, row_count: CHUNK, byte_count: chunk.length });
const link = (at) => ({ external_links: [{ ...info(at), external_link: `https://store.example/${at}`, ...(at + 1 < count && { next_chunk_index: at + 1 }) }] });

const fetch = async (url) => {
  if (url.startsWith("https://store.example/")) {
    let at = 0;
    return new Response(new ReadableStream({
      pull(to) {
        if (at >= chunk.length) return to.close();
        to.enqueue(chunk.slice(at, at + 65_536));
        at += 65_536;
      },
    }, { highWaterMark: 0 }));
  }
  const index = /chunks\/(\d+)$/.exec(url)?.[1];
  if (index !== undefined) return json(link(Number(index)));
  const manifest = { format: "JSON_ARRAY", schema: { column_count: COLUMNS.length, columns: COLUMNS }, total_chunk_count: count, total_row_count: ROWS, chunks: Array.from({ length: count }, (_, at) => info(at)) };
  return json({ statement_id: "1", status: { state: "SUCCEEDED" }, manifest, result: link(0) });
};

const emulator = process.env.LAKEWIRE_EMULATOR;
const client = new WorkspaceClient(emulator ? { host: emulator, token: "dapi-emulator" } : { host: "https://workspace.example", token: "t", fetch });
const sql = new StatementExecution(client, { warehouseId: "emulator-warehouse" });
const statement = `SELECT id, concat('name ', CAST(id AS STRING)) AS name, CAST(id AS DECIMAL(18,2)) AS price, CAST(id % 50 AS INT) AS quantity, CAST(id AS DOUBLE) / 3 AS weight, DATE'2024-02-29' AS shipped FROM range(${ROWS})`;
const used = () => {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / 2 ** 20, rss: rss / 2 ** 20 };
};
globalThis.gc?.();
const before = used();
const peak = { ...before };
let seen = 0;
let sum = 0n;
for await (const { id } of await sql.execute(statement, { disposition: "EXTERNAL_LINKS" })) {
  seen += 1;
  sum += id;
  if (seen % 20_000 === 0) for (const [name, value] of Object.entries(used())) peak[name] = Math.max(peak[name], value);
}
if (seen !== ROWS || sum === 0n) throw new Error(`${seen} rows came`);
globalThis.gc?.();
const after = used();
const grown = (now, name) => `${(now[name] - before[name]).toFixed(1)} MiB`;
console.log(`${seen} rows from ${emulator ? "the engine" : `a made-up service, ${(chunk.length * count / 1e6).toFixed(0)} MB`}. Heap and buffers: peak +${grown(peak, "heap")}, at the end +${grown(after, "heap")}. Resident: peak +${grown(peak, "rss")}.`);
