// The data half of the entry in Node, Deno, Bun and a Cloudflare worker (workerd). The runtimes are those of tests/runtimes,
// which installs them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { host, token } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOOLS = process.env.LAKEWIRE_RUNTIMES ?? fileURLToPath(new URL("../runtimes/node_modules", import.meta.url));
const engine = process.env.LAKEWIRE_ENGINE !== undefined;
const needs = (...path) => ({ timeout: 120_000, skip: existsSync(join(TOOLS, ...path)) ? false : "tests/runtimes has not installed it" });

function judged({ found, answer, failures, traced, rows, taxed }) {
  assert.match(found, /Bilbo/);
  assert.match(answer, /Bilbo/);
  assert.deepEqual([failures, traced], [[], 1]);
  assert.deepEqual([rows, taxed], engine ? ['[{"n":25}]', "120.0"] : [undefined, undefined]);
}

async function program(command, ...args) {
  const env = { ...process.env, LAKEWIRE_EMULATOR: host, DATABRICKS_TOKEN: token };
  const { stdout } = await promisify(execFile)(command, [...args, join(HERE, "everywhere-run.mjs")], { cwd: HERE, env, timeout: 100_000 });
  judged(JSON.parse(stdout.trim().split("\n").at(-1)));
}

test("in Node", { timeout: 120_000 }, () => program(process.execPath));

const DENO = ["@deno", "linux-x64-glibc", "deno"];
test("in Deno", needs(...DENO), () => program(join(TOOLS, ...DENO), "run", "-A", "--no-prompt", "--node-modules-dir=manual", "--no-lock"));

test("in Bun", needs(".bin", "bun"), () => program(join(TOOLS, ".bin", "bun"), "run"));

test("in a Cloudflare worker", needs("miniflare"), async () => {
  const out = await mkdtemp(join(tmpdir(), "lakewire-worker-"));
  const { Miniflare } = createRequire(join(TOOLS, "x.js"))("miniflare");
  const wasm = new Map();
  let worker;
  try {
    await build({
      stdin: { contents: 'import { everywhere } from "./everywhere.mjs"; export default { fetch: async (request, env) => Response.json(await everywhere(env.HOST, env.TOKEN, env.ENGINE).catch((error) => ({ failures: [`${error?.stack ?? error}`] }))) };', resolveDir: HERE },
      bundle: true, format: "esm", platform: "browser", conditions: ["workerd", "worker", "browser"], target: "es2022", outfile: join(out, "worker.js"), external: ["node:*", "typeorm"], logLevel: "silent",
      plugins: [{
        name: "wasm",
        setup(builder) {
          // each core stands beside the worker, by a name of its own
          builder.onResolve({ filter: /core\.wasm$/ }, async ({ path, resolveDir }) => {
            const bytes = await readFile(resolve(resolveDir, path));
            const name = `${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.wasm`;
            wasm.set(name, bytes);
            return { path: `./${name}`, external: true };
          });
        },
      }],
    });
    worker = new Miniflare({
      modulesRoot: out, compatibilityDate: "2026-05-01", compatibilityFlags: ["nodejs_compat"], bindings: { HOST: host, TOKEN: token, ENGINE: engine },
      modules: [{ type: "ESModule", path: join(out, "worker.js"), contents: await readFile(join(out, "worker.js"), "utf8") }, ...[...wasm].map(([name, contents]) => ({ type: "CompiledWasm", path: join(out, name), contents }))],
    });
    judged(await (await worker.dispatchFetch("http://worker.example/")).json());
  } finally {
    await worker?.dispose();
    await rm(out, { recursive: true, force: true });
  }
});
