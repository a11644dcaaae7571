// The entries of the package that adapt it to other libraries: plain JavaScript without a wasm of their own.

import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Folders of the template that are such entries, each with what stays an import of the app's own, and what it uses of the folder above. */
const ADAPTERS = [{ folder: "langchain", peers: ["@langchain/*", "zod"], shared: ["errors.js"] }];

/**
 * Puts each adapter into its folder of `dist/`. Every module stays a file of its own, so that a bundler takes only what an
 * app imports; what they use of the folder above comes along as files beside them.
 */
export async function bundleAdapters(template, dist) {
  const { build } = await import("esbuild");
  for (const { folder, peers, shared } of ADAPTERS) {
    const from = join(template, folder);
    if (!existsSync(from)) continue;
    const names = await readdir(from);
    const out = join(dist, folder);
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    for (const name of names.filter((name) => name.endsWith(".d.ts"))) await cp(join(from, name), join(out, name));
    const beside = {
      name: "files-beside-each-other",
      setup(builder) {
        builder.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path, kind }) => (kind === "entry-point" ? undefined : { path, external: true }));
        builder.onResolve({ filter: /^\.\.\/[^/]+\.js$/ }, ({ path }) => (shared.includes(path.slice(3)) ? { path: path.slice(1), external: true } : { errors: [{ text: `${path} is not among what ${folder} shares with the folder above.` }] }));
      },
    };
    const entryPoints = [...names.filter((name) => name.endsWith(".js")).map((name) => join(from, name)), ...shared.map((name) => join(template, name))];
    await build({
      bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: out, outbase: from, entryNames: "[name]", legalComments: "none",
      external: [...peers, "lakewire", "lakewire/*"], plugins: [beside], entryPoints,
    });
  }
}
