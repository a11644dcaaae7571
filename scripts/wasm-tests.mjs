// The tests that must hold inside wasm (src/js, fetch transport), run in Node by wasm-bindgen's own test runner.

import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const tools = join(ROOT, "tools", "target", "debug");
const result = await run("wasm-pack", ["test", "--node", "--mode", "no-install", "--", "--locked", "--test", "wasm"], {
  cwd: ROOT,
  check: false,
  env: { PATH: `${tools}${delimiter}${process.env.PATH}`, CARGO_TARGET_DIR: join(ROOT, "target", "wasm-tests") },
});
const output = `${result.stdout}\n${result.stderr}`;
process.stdout.write(output);
process.exitCode = result.code === 0 ? 0 : 1;
