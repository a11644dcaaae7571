// `npm run docs`: the reference of both faces in target/reference/: rustdoc of the crate, typedoc of every entry of the npm package,
// and a page that links them. A warning of either is a failure: broken links, public names without a word. Needs `npm run build`.
//
// `--only npm` or `--only crate` makes one of them.

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureReference, entries, referenceProject } from "./reference/entries.mjs";
import { run, say, step } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HERE = join(ROOT, "scripts", "reference");
const OUT = join(ROOT, "target", "reference");

const { values: flags } = parseArgs({ options: { only: { type: "string" } } });
const wanted = (name) => flags.only === undefined || flags.only === name;

async function crate() {
  const env = { RUSTDOCFLAGS: `${process.env.RUSTDOCFLAGS ?? ""} -D warnings`.trim() };
  await run("cargo", ["doc", "--locked", "-p", "lakewire", "--features", "relay", "--no-deps"], { cwd: ROOT, env });
  const made = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "doc");
  await rm(join(OUT, "rust"), { recursive: true, force: true });
  await mkdir(join(OUT, "rust"), { recursive: true });
  // beside ours, an earlier `cargo doc` may have left the pages of others there
  for (const name of ["lakewire", "src", "static.files", "search.index", "trait.impl", "type.impl", "crates.js", "src-files.js", "help.html", "settings.html", "search-index.js", "search.desc"]) {
    if (existsSync(join(made, name))) await cp(join(made, name), join(OUT, "rust", name), { recursive: true });
  }
}

async function npmPackage() {
  await ensureReference();
  const { tsconfig, files } = await referenceProject();
  const out = join(OUT, "npm");
  await rm(out, { recursive: true, force: true });
  const options = join(OUT, "typedoc.json");
  await mkdir(OUT, { recursive: true });
  await writeFile(
    options,
    JSON.stringify({
      entryPoints: files,
      tsconfig,
      out,
      name: "lakewire",
      readme: "none",
      includeVersion: false,
      disableSources: true,
      // what classes inherit from a peer is the peer's to describe
      externalPattern: ["**/node_modules/**"],
      excludeExternals: true,
      githubPages: false,
      treatWarningsAsErrors: true,
      treatValidationWarningsAsErrors: true,
      validation: { invalidLink: true, notExported: false, notDocumented: true, invalidPath: false },
      requiredToBeDocumented: ["Class", "Enum", "Interface", "TypeAlias", "Variable"],
      packagesRequiringDocumentation: ["lakewire"],
      sort: ["kind", "source-order"],
    }),
  );
  await run(process.execPath, [join(HERE, "node_modules", "typedoc", "bin", "typedoc"), "--options", options, "--logLevel", "Warn"], { cwd: HERE });
}

/** The page that links both. */
async function index() {
  const { version } = JSON.parse(await readFile(join(ROOT, "pkg-template", "package.json"), "utf8"));
  const list = (await entries()).map(({ name }) => `<li><a href="npm/modules/${name.replaceAll("/", "_")}.html"><code>${name}</code></a></li>`).join("\n");
  await writeFile(
    join(OUT, "index.html"),
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>lakewire ${version}: reference</title>
<style>body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark; }</style>
<h1>lakewire ${version}</h1>
<p>Databricks AI in the browser, at the edge and in Rust, from one core.</p>
<h2><a href="npm/index.html">The npm package</a></h2>
<ul>
${list}
</ul>
<h2><a href="rust/lakewire/index.html">The Rust crate</a></h2>
<p>With the features <code>relay</code>, which has <code>native</code> in it and <code>relay</code>.</p>
</html>
`,
  );
}

try {
  if (wanted("crate")) await step("rustdoc of the crate", crate);
  if (wanted("npm")) await step("typedoc of the npm package", npmPackage);
  await index();
  const missing = ["npm/index.html", "rust/lakewire/index.html", ...(await entries()).map(({ name }) => `npm/modules/${name.replaceAll("/", "_")}.html`)].filter((path) => !existsSync(join(OUT, path)));
  const ofOthers = missing.filter((path) => wanted(path.startsWith("npm") ? "npm" : "crate"));
  if (ofOthers.length > 0) throw new Error(`These pages were not made: ${ofOthers.join(", ")}`);
  say(`The reference is in ${join(OUT, "index.html")}`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
