// The entries of the package that adapt it to other libraries: plain JavaScript without a wasm of their own.

import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Folders of the template that are such entries, each with what stays an import of the app's own. One whose classes are many and
 * apart says what its files share of the folder above; any other is one file.
 */
const ADAPTERS = [
  { folder: "langchain", peers: ["@langchain/*", "zod"], shared: ["errors.js"] },
  { folder: "ai-sdk", peers: ["@ai-sdk/provider"] },
];

/**
 * Puts each adapter into its folder of `dist/`. Where modules stay files of their own, a bundler takes only what an app imports;
 * what they use of the folder above comes along as files beside them.
 */
export async function bundleAdapters(template, dist) {
  const { build } = await import("esbuild");
  for (const { folder, peers, shared } of ADAPTERS) {
    const from = join(template, folder);
    const names = await readdir(from);
    const out = join(dist, folder);
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    for (const name of names.filter((name) => name.endsWith(".d.ts"))) await cp(join(from, name), join(out, name));
    const form = { bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: out, legalComments: "none", external: [...peers, "lakewire", "lakewire/*"] };
    if (shared === undefined) {
      await build({ ...form, entryPoints: [join(from, "index.js")] });
      continue;
    }
    const beside = {
      name: "files-beside-each-other",
      setup(builder) {
        builder.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ path, kind }) => (kind === "entry-point" ? undefined : { path, external: true }));
        builder.onResolve({ filter: /^\.\.\/[^/]+\.js$/ }, ({ path }) => (shared.includes(path.slice(3)) ? { path: path.slice(1), external: true } : { errors: [{ text: `${path} is not among what ${folder} shares with the folder above.` }] }));
      },
    };
    const entryPoints = [...names.filter((name) => name.endsWith(".js")).map((name) => join(from, name)), ...shared.map((name) => join(template, name))];
    await build({ ...form, outbase: from, entryNames: "[name]", plugins: [beside], entryPoints });
  }
}
