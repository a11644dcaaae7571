// workerd, as wrangler has it, and the versions of Node: miniflare runs in the newest.

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "../../scripts/lib.mjs";

/** The Node versions that npm brings, by their major; this process's own stands for its major. */
export function nodes(tools) {
  const own = Number(process.versions.node.split(".")[0]);
  const found = new Map([[own, process.execPath]]);
  for (const major of [22, 24, 26]) {
    const path = join(tools, `node-${major}`, "bin", "node");
    if (major !== own && existsSync(path)) found.set(major, path);
  }
  return new Map([...found].sort(([one], [other]) => one - other));
}

/** Bundles a worker for the `workerd` condition, the wasm a module of its own, asks it once in miniflare, and gives what it answers. */
export async function inWorkerd({ folder, tools }, name, text, compatibilityDate) {
  const { build } = await import(pathToFileURL(join(tools, "esbuild", "lib", "main.js")).href);
  const host = [...nodes(tools)].findLast(([major]) => major >= 22);
  if (!host) throw new Error("miniflare needs Node 22 or newer: none is here, and npm has none for this platform");
  await writeFile(join(folder, "worker.mjs"), text);
  const out = join(folder, name);
  const { metafile } = await build({ entryPoints: [join(folder, "worker.mjs")], bundle: true, format: "esm", conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" }, outdir: out, outExtension: { ".js": ".mjs" }, metafile: true, logLevel: "silent", absWorkingDir: folder });
  const modules = Object.keys(metafile.outputs)
    .map((path) => join(folder, path))
    .sort((one) => (one.endsWith("worker.mjs") ? -1 : 1))
    .map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path }));
  if (text.includes('"lakewire') && !modules.some(({ path }) => path.endsWith(".wasm"))) throw new Error("the bundle has no wasm module: the workerd condition was not taken");
  const options = { miniflare: join(tools, "miniflare", "dist", "src", "index.js"), modules, modulesRoot: out, compatibilityDate };
  const { code, stdout, stderr } = await run(host[1], [fileURLToPath(new URL("worker-host.mjs", import.meta.url)), JSON.stringify(options)], { check: false, timeoutMs: 120_000, env: { NO_COLOR: "1", NODE_OPTIONS: undefined } });
  const found = /^RESULT (.*)$/m.exec(stdout);
  if (!found || code !== 0) throw new Error(`it ended with exit code ${code}\n${stdout}${stderr}`);
  return JSON.parse(found[1]);
}
