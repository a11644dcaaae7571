// Loads the page's own TypeScript modules in Node, through the page's own Vite.

import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const WWW = fileURLToPath(new URL("../../www/", import.meta.url));
const require = createRequire(join(WWW, "package.json"));
const { runnerImport } = await import(pathToFileURL(require.resolve("vite")).href);

/** The exports of `www/src/<path>`. */
export async function pageModule(path) {
  const { module } = await runnerImport(join(WWW, "src", path), { root: WWW, configFile: false, logLevel: "error" });
  return module;
}
