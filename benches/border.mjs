// Why the border is crossed by hand: builds `benches/border` with and without gloo-net and serde-wasm-bindgen, and prints
// download size and time per call side by side. `node benches/border.mjs` after `npm run build`.

import { mkdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { run } from "../scripts/lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CRATE = join(ROOT, "benches", "border");
const OUT = join(ROOT, "target", "border");
const PATH = `${join(ROOT, "tools", "target", "debug")}${delimiter}${process.env.PATH}`;
const RUNS = 15;
const CALLS = 3000;

async function build(name, features) {
  const out = join(OUT, name);
  await mkdir(out, { recursive: true });
  const args = ["build", "--locked", "--release", "--target", "wasm32-unknown-unknown", "--manifest-path", join(CRATE, "Cargo.toml")];
  if (features) args.push("--features", features);
  await run("cargo", args, { env: { CARGO_TARGET_DIR: OUT } });
  await run("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", out, join(OUT, "wasm32-unknown-unknown", "release", "border.wasm")], { env: { PATH } });
  const shrunk = join(out, "border.wasm");
  await run(process.execPath, [join(ROOT, "node_modules", "binaryen", "bin", "wasm-opt"), "-Oz", join(out, "border_bg.wasm"), "-o", shrunk]);
  const bytes = await readFile(shrunk);
  const module = await import(pathToFileURL(join(out, "border.js")).href);
  module.initSync({ module: bytes });
  return { name, raw: bytes.length, brotli: brotliCompressSync(bytes).length, module, fetch: [], options: [] };
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

async function time(list, call) {
  const from = process.hrtime.bigint();
  for (let at = 0; at < CALLS; at += 1) await call();
  list.push(Number(process.hrtime.bigint() - from) / CALLS);
}

const variants = [await build("direct", ""), await build("gloo-net", "gloo"), await build("serde-wasm-bindgen", "serde")];
const answer = new Response(null, { status: 204 });
globalThis.fetch = async () => answer;
const options = { timeouts: { firstByteMs: 1000, idleMs: 500 }, headers: [["a", "b"]], maxAttempts: 2 };
for (let at = 0; at < RUNS; at += 1) {
  for (const one of variants) {
    await time(one.fetch, () => one.module.send("http://127.0.0.1/serving-endpoints/e/invocations", '{"messages":[]}'));
    await time(one.options, () => one.module.options(options));
  }
}
const [base] = variants;
console.log("| variant | wasm, bytes | brotli, bytes | one fetch, µs | × | options of one call, µs | × |\n|---|---|---|---|---|---|---|");
for (const one of variants) {
  const cell = (key) => `${(median(one[key]) / 1000).toFixed(2)} | ${(median(one[key]) / median(base[key])).toFixed(2)}`;
  console.log(`| ${one.name} | ${one.raw} | ${one.brotli} | ${cell("fetch")} | ${cell("options")} |`);
}
