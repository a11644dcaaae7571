// `npm run build`: the crate as the npm package, in `pkg/`. Skips what is up to date.
//
// wasm-pack compiles and binds, wasm-opt shrinks, and the template around it becomes the package. The programs come from
// PATH when their version is the locked one, else from the locked crate in `tools/`.
// `--features NAME --out DIR` builds another variant, such as the one whose test export panics; `--only NAME,NAME` makes
// those of the builds below alone; the others of the package stay as they are, or are made when they are asked for.

import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleAdapters } from "./adapters.mjs";
import { containTraps, shorten, trim } from "./glue.mjs";
import { fingerprint, run, step, unlessStamped } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TOOLS = join(ROOT, "tools");
const TARGET = join(ROOT, "target", "wasm");
const exe = process.platform === "win32" ? ".exe" : "";

const { values: flags } = parseArgs({ options: { features: { type: "string" }, out: { type: "string", default: "pkg" }, only: { type: "string" } } });
const OUT = join(ROOT, flags.out);

/** The folder that holds wasm-pack and wasm-bindgen, or nothing when those on PATH will do. */
async function tools() {
  const lock = await readFile(join(ROOT, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  const says = async (program) => (await run(program, ["--version"], { check: false }).catch(() => undefined))?.stdout.trim().split(" ")[1];
  if ((await says("wasm-bindgen")) === version && (await says("wasm-pack")) !== undefined) return undefined;
  const built = join(TOOLS, "target", "debug");
  const digest = await fingerprint(TOOLS, ["Cargo.toml", "Cargo.lock", "src"]);
  await unlessStamped(join(TOOLS, "target", ".lakewire-tools"), digest, () =>
    step("Build wasm-pack and wasm-bindgen (once; some minutes)", () =>
      run("cargo", ["build", "--locked", "--manifest-path", join(TOOLS, "Cargo.toml")], { cwd: ROOT, env: { CARGO_TARGET_DIR: undefined } }),
    ),
  );
  if (!existsSync(join(built, `wasm-pack${exe}`))) throw new Error(`The tools were built but are not in ${built}: remove tools/target and try again.`);
  return built;
}

/** What is built: the whole package, and chat alone, data and SQL alone in folders of their own; a variant has the whole alone. */
const BUILDS = [
  { name: "whole", folder: "", title: "the core", features: [], facade: "facade.js" },
  { name: "chat", folder: "chat", title: "the core of chat alone", features: ["--no-default-features", "--features", "js_chat"], facade: "facade-chat.js" },
  { name: "data", folder: "data", title: "the core of data", features: ["--no-default-features", "--features", "js_data"], facade: "facade-data.js", waits: false },
  { name: "sql", folder: "sql", title: "the core of SQL alone", features: ["--no-default-features", "--features", "js_sql"], facade: "facade-sql.js", waits: false },
  { name: "mlflow", folder: "mlflow", title: "the core of MLflow", features: ["--no-default-features", "--features", "js_mlflow"], facade: "facade-mlflow.js", waits: false },
  { name: "relay", folder: "relay", title: "the core of the relay", features: ["--no-default-features", "--features", "js_relay"], facade: "facade-relay.js", waits: false },
].filter(({ name }) => (flags.features === undefined || name === "whole") && (flags.only === undefined || flags.only.split(",").includes(name)));

/**
 * What wasm-opt does. It shares fewer expressions through locals (`local-cse`), and puts only small functions into their
 * one caller: the module is larger for both, but what repeats in it costs little after compression, and the download
 * shrinks by 2 %. In the order of their names, functions of one type stand together, which saves half a kilobyte more.
 * Nobody reads the sections that tell of the tools.
 */
const SHRINK = [
  ...["-Oz", "-Oz", "--one-caller-inline-max-function-size=20", "--skip-pass=local-cse", "--reorder-functions-by-name"],
  ...["--minify-imports-and-exports-and-modules", "--strip-producers", "--strip-target-features"],
];

async function compile(staging, { title, features, waits }) {
  const folder = await tools();
  const path = folder === undefined ? process.env.PATH : `${folder}${delimiter}${process.env.PATH}`;
  // panic messages hold source paths: those of this machine are not for others
  const cargoHome = process.env.CARGO_HOME ?? join(process.env.HOME ?? process.env.USERPROFILE ?? "", ".cargo");
  const registry = join(cargoHome, "registry", "src");
  const sources = (await readdir(registry).catch(() => [])).map((name) => [join(registry, name), "crates"]);
  const places = [[cargoHome, "cargo"], ...sources, [ROOT.replace(/[\\/]$/, ""), "lakewire"]];
  const flagsOfRustc = places.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const args = ["build", ROOT, "--target", "web", "--release", "--mode", "no-install", "--no-pack", "--no-typescript", "--out-dir", staging, "--out-name", "core", "--", "--locked"];
  args.push(...features);
  if (flags.features) args.push("--features", flags.features);
  await step(`Compile ${title} to wasm`, () =>
    run("wasm-pack", args, { cwd: ROOT, env: { PATH: path, CARGO_TARGET_DIR: TARGET, CARGO_ENCODED_RUSTFLAGS: flagsOfRustc.join("\x1f") } }),
  );
  // no feature flags: the module's own target_features section says what it may use
  const wasmOpt = join(ROOT, "node_modules", "binaryen", "bin", "wasm-opt");
  const { stdout: names } = await step(`Shrink ${title}`, () =>
    run(process.execPath, [wasmOpt, join(staging, "core_bg.wasm"), "-o", join(staging, "core.wasm"), ...SHRINK]),
  );
  const glue = join(staging, "core.js");
  await writeFile(glue, shorten(trim(containTraps(await readFile(glue, "utf8"), waits), waits), names));
}

/** One build's entries: in `dist/`, or in a folder of it. */
async function bundle(staging, { folder, facade }) {
  const { build } = await import("esbuild");
  const out = join(OUT, "dist", folder);
  const template = join(ROOT, "pkg-template");
  await mkdir(out, { recursive: true });
  // named by what is in them: those of an earlier build would stay
  for (const name of await readdir(out)) if (/^shared-.*\.js$/.test(name)) await rm(join(out, name));
  await cp(join(staging, "core.wasm"), join(out, "core.wasm"));
  const wasm = await readFile(join(staging, "core.wasm"));
  // `atob` and an indexed loop: four times faster than Uint8Array.from with a function
  await writeFile(
    join(staging, "wasm-inline.js"),
    `const text = atob("${wasm.toString("base64")}");\nconst bytes = new Uint8Array(text.length);\nfor (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);\nexport default bytes;\n`,
  );
  const places = {
    name: "core-beside-the-template",
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\/core\.js$/ }, () => ({ path: join(staging, "core.js") }));
      builder.onResolve({ filter: /^\.\/wasm-inline\.js$/ }, ({ path }) => ({ path: join(staging, path) }));
      builder.onResolve({ filter: /^\.\/facade\.js$/ }, () => ({ path: join(template, facade) }));
      builder.onResolve({ filter: /^\.\/core\.wasm$/ }, ({ path }) => ({ path, external: true }));
      builder.onResolve({ filter: /^\.\/validator\.js$/ }, ({ path }) => ({ path: folder === "" ? path : `.${path}`, external: true }));
    },
  };
  const entryPoints = ["index", "index.workerd", "slim"].map((name) => join(template, `${name}.js`));
  // one shared file of glue and facade, so that the entries stay a few lines each
  await build({ bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: out, plugins: [places], legalComments: "none", splitting: true, chunkNames: "shared-[hash]", entryPoints });
}

/** What all builds share. */
async function assemble() {
  const { build } = await import("esbuild");
  const dist = join(OUT, "dist");
  const template = join(ROOT, "pkg-template");
  const validator = join(ROOT, "node_modules", "@cfworker", "json-schema", "dist", "esm", "index.js");
  await build({ bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: dist, minify: true, legalComments: "none", entryPoints: { validator } });
  // over the main entry, not into it: browsers and bundlers never meet its node: imports
  await build({ bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: dist, legalComments: "none", external: ["./index.js", "node:*"], entryPoints: { node: join(template, "node.js") } });
  await build({ bundle: true, format: "esm", target: "es2022", platform: "neutral", outdir: join(dist, "relay"), legalComments: "none", entryPoints: { node: join(template, "relay", "node.js") } });
  const declarations = async (from, to) => {
    await mkdir(to, { recursive: true });
    for (const name of (await readdir(from)).filter((name) => name.endsWith(".d.ts") && name !== "sql-entry.d.ts")) await cp(join(from, name), join(to, name));
  };
  await declarations(template, dist);
  for (const folder of ["data", "mlflow", "relay"]) await declarations(join(template, folder), join(dist, folder));
  await bundleAdapters(template, dist);
  await mkdir(join(dist, "chat"), { recursive: true });
  await writeFile(join(dist, "chat", "index.d.ts"), 'export * from "../chat.js";\n');
  await mkdir(join(dist, "sql"), { recursive: true });
  await cp(join(template, "data", "sql-entry.d.ts"), join(dist, "sql", "index.d.ts"));
  for (const folder of ["chat", "data", "sql", "mlflow", "relay"]) await cp(join(template, "slim.d.ts"), join(dist, folder, "slim.d.ts"));
  await cp(join(template, "package.json"), join(OUT, "package.json"));
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) await cp(join(ROOT, name), join(OUT, name));
}

if (!existsSync(join(ROOT, "node_modules", "binaryen"))) throw new Error("The build's packages are not installed: run `npm ci` first.");
if (BUILDS.length === 0) throw new Error(`There is no build named ${flags.only}.`);

// what each part is made of: a word in the README needs no new wasm
const [compiled, bundled, assembled] = await Promise.all([
  fingerprint(ROOT, ["src", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/build.mjs", "scripts/glue.mjs"]),
  fingerprint(ROOT, ["pkg-template"]),
  fingerprint(ROOT, ["pkg-template", "scripts/adapters.mjs", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]),
]);
const place = ({ name }) => join(TARGET, `package-${flags.features ?? "plain"}-${name}`);
/** What a stamp says, if it can be read. */
const stamped = (path) => readFile(path, "utf8").then((text) => text.trim()).catch(() => "");
let anything = false;

for (const build of BUILDS) {
  const stamp = join(place(build), ".compiled");
  if ((await stamped(stamp)) === compiled && existsSync(join(place(build), "core.wasm"))) continue;
  await rm(place(build), { recursive: true, force: true });
  await mkdir(dirname(place(build)), { recursive: true });
  await compile(place(build), build);
  await writeFile(stamp, compiled);
}
for (const build of BUILDS) {
  const folder = join(OUT, "dist", build.folder);
  const stamp = join(OUT, `.${build.name}`);
  if ((await stamped(stamp)) === compiled + bundled && existsSync(join(folder, "core.wasm"))) continue;
  await rm(stamp, { force: true });
  await bundle(place(build), build);
  await writeFile(stamp, compiled + bundled);
  anything = true;
}
if (anything || (await stamped(join(OUT, ".assembled"))) !== assembled) {
  await step("Put the package together", assemble);
  await writeFile(join(OUT, ".assembled"), assembled);
} else {
  process.stdout.write(`The package in ${flags.out}/ is up to date.\n`);
}
