// The built package, reached as its users reach it: through the `exports` of its package.json.
//
//   LAKEWIRE_PKG   another folder that holds the package; else `pkg/`, which `npm run build` makes

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const PACKAGE = process.env.LAKEWIRE_PKG ? resolve(process.env.LAKEWIRE_PKG) : resolve(ROOT, "pkg");

const manifest = resolve(PACKAGE, "package.json");
if (!existsSync(manifest)) throw new Error("There is no built package: run `npm run build` first.");

/** The URL of one of the package's entries, such as `.` or `./slim`. */
export function entry(name) {
  const target = JSON.parse(readFileSync(manifest, "utf8")).exports[name];
  const path = typeof target === "string" ? target : target?.default;
  if (path === undefined) throw new Error(`The package has no entry "${name}".`);
  return pathToFileURL(resolve(PACKAGE, path)).href;
}

const lakewire = await import(entry("."));
export const { Chat, ChatAnswer, ChatStream, dollyAnswer, dollyPrompt, EventStream, HubClient, LakewireError, StructuredChat, WorkspaceClient, tool } = lakewire;
export default lakewire;
