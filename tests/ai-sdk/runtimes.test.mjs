// The AI SDK on lakewire/ai-sdk in Deno, Bun and workerd: text, a stream, a tool over two steps, an object and embeddings.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "../../scripts/lib.mjs";
import { emulator, LLAMA, ROOT, TOKEN } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TOOLS = join(ROOT, "tests", "runtimes", "node_modules");
const exe = process.platform === "win32" ? ".cmd" : "";
const host = await emulator();
const folder = await mkdtemp(join(tmpdir(), "lakewire-ai-sdk-"));
after(() => rm(folder, { recursive: true, force: true }));
await symlink(join(HERE, "node_modules"), join(folder, "node_modules"), "dir");

await writeFile(join(folder, "smoke.mjs"), `
import { embed, generateText, isStepCount, Output, streamText, tool } from "ai";
import { createDatabricks } from "lakewire/ai-sdk";
import { z } from "zod";

export async function smoke(host, token) {
  const databricks = createDatabricks({ host, token });
  const model = databricks(${JSON.stringify(LLAMA)});
  const found = {};
  found.text = (await generateText({ model, maxRetries: 0, prompt: "Ann is 34. How old is Ann?" })).text;
  let streamed = "";
  for await (const words of streamText({ model, maxRetries: 0, prompt: "Ann is 34. How old is Ann?" }).textStream) streamed += words;
  found.same = streamed === found.text;
  const get_weather = tool({ description: "Get the weather of a city", inputSchema: z.object({ city: z.string().describe("The city") }), execute: ({ city }) => ({ city, temperature: 21 }) });
  const steps = await generateText({ model, maxRetries: 0, prompt: "What is the weather in Paris?", tools: { get_weather }, stopWhen: isStepCount(3) });
  found.steps = steps.steps.length;
  found.tool = steps.text;
  found.object = (await generateText({ model, maxRetries: 0, prompt: "Ann Lee is 34 years old.", output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }) })).output;
  found.dimensions = (await embed({ model: databricks.embeddingModel("databricks-gte-large-en"), maxRetries: 0, value: "a lake" })).embedding.length;
  found.refused = await generateText({ model: databricks("no-such"), maxRetries: 0, prompt: "x" }).catch((error) => error.statusCode);
  return found;
}
`);

function check({ text, same, steps, tool, object, dimensions, refused }) {
  assert.match(text, /34/);
  assert.match(tool, /21/);
  assert.deepEqual({ same, steps, object, dimensions, refused }, { same: true, steps: 2, object: { name: "Ann Lee", age: 34 }, dimensions: 1024, refused: 404 });
}

async function program(command, args) {
  await writeFile(join(folder, "main.mjs"), `import { smoke } from "./smoke.mjs";\nconsole.log("RESULT " + JSON.stringify(await smoke(${JSON.stringify(host)}, ${JSON.stringify(TOKEN)})));\n`);
  const { code, stdout, stderr } = await run(command, [...args, "main.mjs"], { cwd: folder, check: false, timeoutMs: 120_000, env: { NO_COLOR: "1", NODE_OPTIONS: undefined } });
  const found = /^RESULT (.*)$/m.exec(stdout);
  assert.ok(found && code === 0, `it ended with exit code ${code}\n${stdout}${stderr}`);
  check(JSON.parse(found[1]));
}

test("Node", () => program(process.execPath, []));
test("Deno", () => {
  const own = join(TOOLS, "@deno", "linux-x64-glibc", "deno");
  return program(existsSync(own) ? own : "deno", ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-env", "--allow-sys", "--node-modules-dir=manual", "--no-lock"]);
});
test("Bun", () => program(join(TOOLS, ".bin", `bun${exe}`), ["run"]));

test("workerd", async () => {
  const { build } = await import(pathToFileURL(join(TOOLS, "esbuild", "lib", "main.js")).href);
  const { Miniflare } = await import(pathToFileURL(join(TOOLS, "miniflare", "dist", "src", "index.js")).href);
  await writeFile(join(folder, "worker.mjs"), `import { smoke } from "./smoke.mjs";\nexport default { async fetch() { return Response.json(await smoke(${JSON.stringify(host)}, ${JSON.stringify(TOKEN)})); } };\n`);
  const out = join(folder, "worker");
  const { metafile } = await build({ entryPoints: [join(folder, "worker.mjs")], bundle: true, format: "esm", conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" }, outdir: out, outExtension: { ".js": ".mjs" }, metafile: true, logLevel: "silent", absWorkingDir: folder });
  const modules = Object.keys(metafile.outputs).map((path) => join(folder, path)).sort((one) => (one.endsWith("worker.mjs") ? -1 : 1)).map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path }));
  const miniflare = new Miniflare({ modules, modulesRoot: out, compatibilityDate: "2026-04-01" });
  try {
    const response = await miniflare.dispatchFetch("http://worker.example/");
    const text = await response.text();
    assert.ok(response.ok, text.slice(0, 2000));
    check(JSON.parse(text));
  } finally {
    await miniflare.dispose();
  }
});
