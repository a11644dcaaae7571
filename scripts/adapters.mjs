// The entries of the package that adapt it to other libraries: plain JavaScript without a wasm of their own.

import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Folders of the template that are such entries, each with what stays an import of the app's own. */
const ADAPTERS = [{ folder: "langchain", peers: ["@langchain/*", "zod"] }];

/**
 * Puts each adapter into its folder of `dist/`. Every module stays a file of its own (with what they share in further
 * files), so that a bundler takes only what an app imports.
 */
export async function bundleAdapters(template, dist) {
  const { build } = await import("esbuild");
  for (const { folder, peers } of ADAPTERS) {
    const from = join(template, folder);
    if (!existsSync(from)) continue;
    const names = await readdir(from);
    const out = join(dist, folder);
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    for (const name of names.filter((name) => name.endsWith(".d.ts"))) await cp(join(from, name), join(out, name));
    const entryPoints = names.filter((name) => name.endsWith(".js")).map((name) => join(from, name));
    await build({
      bundle: true, splitting: true, format: "esm", target: "es2022", platform: "neutral", outdir: out, legalComments: "none",
      chunkNames: "shared-[hash]", external: [...peers, "lakewire", "lakewire/*"], entryPoints,
    });
  }
}
