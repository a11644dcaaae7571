// The models' scenarios in Deno, Bun and a Cloudflare worker (workerd). The runtimes are those of tests/runtimes, which installs them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { notInPages, scenarios } from "./scenarios.mjs";
import { host, token } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOOLS = process.env.LAKEWIRE_RUNTIMES ?? fileURLToPath(new URL("../runtimes/node_modules", import.meta.url));
const needs = (...path) => ({ timeout: 120_000, skip: existsSync(join(TOOLS, ...path)) ? false : "tests/runtimes has not installed it" });

function judged(results, but = new Set()) {
  assert.deepEqual(Object.keys(results), Object.keys(scenarios));
  assert.deepEqual(Object.entries(results).filter(([name, why]) => why !== null && !but.has(name)), []);
}

async function program(command, ...args) {
  const env = { ...process.env, LAKEWIRE_SCENARIOS: "1", LAKEWIRE_EMULATOR: host, DATABRICKS_TOKEN: token };
  const { stdout } = await promisify(execFile)(command, [...args, join(HERE, "scenarios-run.mjs")], { cwd: HERE, env, timeout: 100_000 });
  judged(JSON.parse(stdout.trim().split("\n").at(-1)));
}

const DENO = ["@deno", "linux-x64-glibc", "deno"];
test("every scenario in Deno", needs(...DENO), () => program(join(TOOLS, ...DENO), "run", "-A", "--no-prompt", "--node-modules-dir=manual", "--no-lock"));

test("every scenario in Bun", needs(".bin", "bun"), () => program(join(TOOLS, ".bin", "bun"), "run"));

test("the scenarios in a Cloudflare worker, as bundled for one", needs("miniflare"), async () => {
  const out = await mkdtemp(join(tmpdir(), "lakewire-worker-"));
  const { Miniflare } = createRequire(join(TOOLS, "x.js"))("miniflare");
  let worker;
  try {
    const contents = 'import { runAll } from "./scenarios-run.mjs"; export default { fetch: async (_, env) => Response.json(await runAll(env.HOST, env.TOKEN)) };';
    await build({ stdin: { contents, resolveDir: HERE }, entryNames: "worker", bundle: true, format: "esm", conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" }, outdir: out, outExtension: { ".js": ".mjs" }, external: ["node:*"], logLevel: "silent" });
    const modules = readdirSync(out).sort((one) => (one === "worker.mjs" ? -1 : 1)).map((name) => ({ type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path: join(out, name) }));
    worker = new Miniflare({ modules, modulesRoot: out, compatibilityDate: "2026-04-01", bindings: { HOST: host, TOKEN: token } });
    // a bundle with the conditions of a page has a page's LangGraph
    judged(await (await worker.dispatchFetch("http://worker.example/")).json(), notInPages);
  } finally {
    await worker?.dispose();
    await rm(out, { recursive: true, force: true });
  }
});
