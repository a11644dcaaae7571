// The tests that must hold inside wasm (src/js, fetch transport), run in Node by wasm-bindgen's own test runner.

import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const tools = join(ROOT, "tools", "target", "debug");
// cargo is called directly: `wasm-pack test` would also build the unit tests, whose property tests need the native world
const result = await run("cargo", ["test", "--locked", "--target", "wasm32-unknown-unknown", "--no-default-features", "--test", "wasm"], {
  cwd: ROOT,
  check: false,
  env: {
    PATH: `${tools}${delimiter}${process.env.PATH}`,
    CARGO_TARGET_DIR: join(ROOT, "target", "wasm-tests"),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner",
  },
});
const output = `${result.stdout}\n${result.stderr}`;
process.stdout.write(output);
process.exitCode = result.code === 0 ? 0 : 1;
