// The public entries of the built package, as a TypeScript project of one module for each, named as users import it.

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, step, unlessStamped } from "../lib.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORK = join(ROOT, "target", "reference-project");

/** Installs typedoc and its compiler, once. */
export async function ensureReference() {
  if (!existsSync(join(ROOT, "pkg", "package.json"))) throw new Error("There is no built package: run `npm run build` first.");
  const digest = await fingerprint(HERE, ["package.json", "package-lock.json"]);
  await unlessStamped(join(HERE, "node_modules", ".lakewire-installed"), digest, () => step("Install typedoc", () => npm(["ci", "--no-audit", "--no-fund"], { cwd: HERE })));
}

/** The entries that declare something of their own: `{ name: "lakewire/chat", types: "./dist/chat/index.d.ts" }`. A `slim` entry has the names of its neighbour. */
export async function entries() {
  const { exports } = JSON.parse(await readFile(join(ROOT, "pkg-template", "package.json"), "utf8"));
  return Object.entries(exports)
    .filter(([key, one]) => one.types !== undefined && !key.endsWith("slim"))
    .map(([key, { types }]) => ({ name: `lakewire${key.slice(1)}`, types }));
}

/** Writes the project and gives its `tsconfig`, and its `files` in the order of the entries. */
export async function referenceProject() {
  await rm(WORK, { recursive: true, force: true });
  const files = [];
  for (const { name } of await entries()) {
    const path = join(WORK, "src", `${name}.ts`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `export * from "${name}";\n`);
    files.push(path);
  }
  // a copy of the declarations, so that they find the optional peers beside them, as in an application
  const declarations = (path) => !/[\\/]node_modules([\\/]|$)/.test(path.slice(join(ROOT, "pkg").length)) && (!/\.\w+$/.test(path) || path.endsWith(".d.ts") || path.endsWith("package.json"));
  await cp(join(ROOT, "pkg"), join(WORK, "lakewire"), { recursive: true, filter: declarations });
  await mkdir(join(WORK, "node_modules"), { recursive: true });
  await symlink(join(WORK, "lakewire"), join(WORK, "node_modules", "lakewire"), "junction");
  const { peerDependencies } = JSON.parse(await readFile(join(ROOT, "pkg-template", "package.json"), "utf8"));
  for (const peer of Object.keys(peerDependencies ?? {})) {
    if (!existsSync(join(HERE, "node_modules", peer))) continue;
    await mkdir(dirname(join(WORK, "node_modules", peer)), { recursive: true });
    await symlink(join(HERE, "node_modules", peer), join(WORK, "node_modules", peer), "junction");
  }
  const compilerOptions = { target: "es2022", module: "nodenext", moduleResolution: "nodenext", strict: true, noEmit: true, skipLibCheck: true, lib: ["es2022", "dom", "dom.iterable", "dom.asynciterable"], types: [] };
  const tsconfig = join(WORK, "tsconfig.json");
  await writeFile(join(WORK, "package.json"), JSON.stringify({ name: "lakewire-reference-project", private: true, type: "module" }));
  await writeFile(tsconfig, JSON.stringify({ compilerOptions, files }));
  return { tsconfig, files };
}
