// The download: the wasm and the JavaScript a page loads for chat, streams and tools, after brotli. Prints, and fails above
// the budget. Run after `npm run build`: `node benches/size.mjs`.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET = 70_000;
const dist = fileURLToPath(new URL("../pkg/dist/", import.meta.url));
const squeeze = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;

// the validator of schemas is loaded on its own, and only by those who use structured output with a plain schema
const glue = (await readdir(dist)).filter((name) => name.endsWith(".js") && /^(shared-|slim)/.test(name));
const rows = [];
for (const name of ["core.wasm", ...glue]) {
  const bytes = await readFile(join(dist, name));
  rows.push({ name, raw: bytes.length, brotli: squeeze(bytes) });
}
const total = rows.reduce((sum, { brotli }) => sum + brotli, 0);
const inlined = squeeze(await readFile(join(dist, "index.js")));

console.log("| file | raw | brotli |\n|---|---|---|");
for (const { name, raw, brotli } of rows) console.log(`| ${name} | ${raw} | ${brotli} |`);
console.log(`| **wasm and glue** | | **${total}** of ${BUDGET} |`);
console.log(`| index.js, the wasm inlined as base64 | | ${inlined} |`);
if (total > BUDGET) {
  console.error(`The download is ${total - BUDGET} bytes over its budget.`);
  process.exitCode = 1;
}
