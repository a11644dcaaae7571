// `npm test`: every suite, from a fresh clone. Installs what it needs, shows what it does, and ends with
// `N passed, N failed`. `npm test -- rust js page` runs the suites of these names only.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, freePort, npm, run, say, start, step, stopAll, unlessStamped } from "./lib.mjs";
import { browser } from "./browser.mjs";
import { buildEngine, startEngine } from "./engine.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const node = process.execPath;
const only = new Set(process.argv.slice(2));
const totals = { passed: 0, failed: 0 };
const failures = [];
let emulator;

/** Counts what a command's own summary lines say. */
function count(output) {
  let passed = 0;
  let failed = 0;
  // cargo test
  for (const [, good, bad] of output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed;/gm)) {
    passed += Number(good);
    failed += Number(bad);
  }
  // our runners
  const ours = /^(\d+) passed, (\d+) failed$/gm;
  for (const [, good, bad] of output.matchAll(ours)) {
    passed += Number(good);
    failed += Number(bad);
  }
  return { passed, failed };
}

/** A suite that counts its own tests. */
async function suite(name, title, command, args, options = {}) {
  if (only.size > 0 && !only.has(name)) return;
  const result = await step(title, () => run(command, args, { cwd: ROOT, check: false, ...options })).catch((error) => ({ code: 1, stdout: "", stderr: error.message }));
  const output = `${result.stdout}\n${result.stderr}`;
  const { passed, failed } = count(output);
  // a run that ended badly without a failed test, or that ran nothing, is a failure of its own
  const broken = (result.code !== 0 && failed === 0) || (result.code === 0 && passed + failed === 0);
  note(name, passed, failed + (broken ? 1 : 0), output);
}

/** A check that is one test: it passes when the command does. */
async function check(name, title, command, args, options = {}) {
  if (only.size > 0 && !only.has(name)) return;
  const result = await step(title, () => run(command, args, { cwd: ROOT, check: false, ...options })).catch((error) => ({ code: 1, stdout: "", stderr: error.message }));
  note(name, result.code === 0 ? 1 : 0, result.code === 0 ? 0 : 1, `${result.stdout}\n${result.stderr}`);
}

function note(name, passed, failed, output) {
  totals.passed += passed;
  totals.failed += failed;
  say(`  ${name}: ${passed} passed, ${failed} failed`);
  // what could not be judged here is no pass, and must not look like one
  for (const [line] of output.matchAll(/^not run - .*$/gm)) say(`  ${line}`);
  if (failed === 0) return;
  failures.push(name);
  // what failed, each with what it says; else the end
  const lines = output.trimEnd().split("\n").filter((line) => !/^(ok - |test .* \.\.\. ok$)/.test(line));
  process.stdout.write(`${lines.slice(-80).join("\n")}\n`);
}

async function installed(folder, title, args = []) {
  const stamp = join(folder, "node_modules", ".lakewire-installed");
  const digest = await fingerprint(folder, ["package.json", "package-lock.json"]);
  await unlessStamped(stamp, digest, () => step(title, () => npm(["ci", "--no-audit", "--no-fund", ...args], { cwd: folder })));
}

/** The engine is a workspace of its own, with its own target. */
const engineEnv = { env: { CARGO_TARGET_DIR: undefined } };
/** Clippy as the compiler of our crate in an ordinary build: `cargo clippy` would check its 290 dependencies all over again. */
const lintedEnv = { env: { ...engineEnv.env, RUSTC_WORKSPACE_WRAPPER: "clippy-driver", CLIPPY_ARGS: "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__" } };
const cargo = (...args) => ["cargo", [...args]];

async function main() {
  await installed(ROOT, "Install the build's packages");
  const targets = await run("rustup", ["target", "list", "--installed"]).catch(() => ({ stdout: "" }));
  if (!targets.stdout.includes("wasm32-unknown-unknown")) {
    await step("Add the wasm target", () => run("rustup", ["target", "add", "wasm32-unknown-unknown"]));
  }
  const chromium = await step("Find or install a browser", () => browser());

  await check("format", "Rust formatting", ...cargo("fmt", "--all", "--check"));
  await check("clippy", "Clippy, native", ...cargo("clippy", "--locked", "--workspace", "--all-targets", "--features", "lakewire/relay", "--", "-D", "warnings"));
  await check("clippy", "Clippy, core alone", ...cargo("clippy", "--locked", "-p", "lakewire", "--", "-D", "warnings"));
  await check("clippy", "Clippy, wasm", ...cargo("clippy", "--locked", "-p", "lakewire", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"));
  await check("clippy", "Clippy, wasm of chat alone", ...cargo("clippy", "--locked", "-p", "lakewire", "--no-default-features", "--features", "js_chat", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"));
  await check("clippy", "Clippy, wasm of data", ...cargo("clippy", "--locked", "-p", "lakewire", "--no-default-features", "--features", "js_data", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"));
  await check("clippy", "Clippy, wasm of MLflow", ...cargo("clippy", "--locked", "-p", "lakewire", "--no-default-features", "--features", "js_mlflow", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"));
  await check("clippy", "Clippy, wasm of the relay", ...cargo("clippy", "--locked", "-p", "lakewire", "--no-default-features", "--features", "js_relay", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"));
  await suite("supply", "What the project is made of: advisories, licences, counts, workflows, bills of materials", node, ["tests/supply/run.mjs"]);
  await suite("emulator", "Emulator: its own tests", ...cargo("test", "--locked", "-p", "lakewire-emulator"));
  await step("Build the emulator", () => run(...cargo("build", "--locked", "-p", "lakewire-emulator"), { cwd: ROOT }));
  const engineProgram = await step("Build the SQL engine (once; some minutes)", () => buildEngine());
  await check("engine", "SQL engine: formatting", ...cargo("fmt", "--manifest-path", "engine/Cargo.toml", "--check"));
  await check("engine", "SQL engine: Clippy", ...cargo("build", "--locked", "--manifest-path", "engine/Cargo.toml", "--all-targets"), lintedEnv);
  await suite("engine", "SQL engine: its own tests", ...cargo("test", "--locked", "--manifest-path", "engine/Cargo.toml"), engineEnv);
  const engine = await startEngine(engineProgram);
  const program = join(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", process.platform === "win32" ? "lakewire-emulator.exe" : "lakewire-emulator");
  const appPort = await freePort();
  emulator = await start(program, ["--port", "0", "--token-delay-ms", "0", "--endpoint-delay-ms", "100", "--seed", "1", "--engine", engine.match[1], "--driver-proxy", `1120-090000-abcd1234/${appPort}`], { ready: /listening on (http:\S+)/ });
  const env = { LAKEWIRE_EMULATOR: emulator.match[1], LAKEWIRE_ENGINE: engine.match[1], LAKEWIRE_REQUIRED: "1", LAKEWIRE_APP_PORT: `${appPort}`, DATABRICKS_TOKEN: "dapi-emulator", CHROMIUM: chromium };
  await suite("rust", "Rust: unit, property, transport and conformance tests, examples, documentation", ...cargo("test", "--locked", "-p", "lakewire", "--features", "relay", "--no-fail-fast"), { env });

  if (only.size === 0 || ["wasm", "js", "types", "examples", "models", "runtimes", "page", "size", "panic", "gateway", "mlflow", "relay", "docs", "starters", "langchain", "ai-sdk"].some((name) => only.has(name))) {
    await step("Build the package", () => run(node, ["scripts/build.mjs"], { cwd: ROOT }));
    await step("Build the package that panics on purpose", () => run(node, ["scripts/build.mjs", "--features", "panic_test", "--out", "pkg-panic"], { cwd: ROOT }));
  }
  await suite("wasm", "The core's tests inside wasm", node, ["scripts/wasm-tests.mjs"], { env });
  await suite("types", "Declarations under tsc --strict", node, ["tests/types/check.mjs"]);
  await check("docs", "The reference of both faces, without a warning", node, ["scripts/reference.mjs"]);
  await suite("docs", "The public names of both faces", node, ["tests/api/run.mjs"]);
  await suite("js", "JavaScript: the package in Node", node, ["tests/js/run.mjs"], { env });
  await suite("examples", "The examples of both faces", node, ["scripts/examples.mjs"], { env });
  await suite("runtimes", "The packed package in every runtime and bundler", node, ["tests/runtimes/run.mjs"], { env });
  await suite("relay", "The relay before the emulator, in every runtime", node, ["tests/relay/run.mjs"], { env });
  await suite("ai-sdk", "The AI SDK on lakewire/ai-sdk: in Node, Deno, Bun, workerd and a page", node, ["tests/ai-sdk/run.mjs"], { env });
  await suite("page", "The page in a browser", node, ["tests/page/run.mjs"], { env });
  await suite("clients-js", "Databricks' own npm clients against the emulator", node, ["tests/clients/run-js.mjs"], { env });
  await suite("clients-python", "Databricks' own Python clients against the emulator", node, ["tests/clients/run-python.mjs"], { env });
  await suite("langchain", "LangChain.js, unmodified, on the package", node, ["tests/langchain/run.mjs"], { env });
  await suite("models", "Models and apps that really run, behind the emulator", node, ["tests/models/run.mjs"]);
  await suite("gateway", "A self-hosted MLflow AI Gateway through both faces", node, ["tests/gateway/run.mjs"], { env });
  await suite("mlflow", "A real MLflow server: both faces, and the emulator beside it", node, ["tests/mlflow/run.mjs"], { env });
  await suite("starters", "The starters, each in its own runtime", node, ["tests/starters/run.mjs"], { env });
  await check("size", "The download's budget", node, ["benches/size.mjs"]);
}

try {
  await main();
} catch (error) {
  totals.failed += 1;
  failures.push("setup");
  process.stdout.write(`${error.message}\n`);
} finally {
  await stopAll();
}
if (failures.length > 0) process.stdout.write(`Failed: ${[...new Set(failures)].join(", ")}. One suite alone: npm test -- ${failures[0]}\n`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
