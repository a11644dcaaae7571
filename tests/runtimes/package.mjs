// The tarball: what it holds, and what the package checkers say of it.

import { readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { npm, run } from "../../scripts/lib.mjs";

/** What the tarball holds, each once; `dist/*.d.ts` are as many as `pkg-template` has. */
const BUILT = ["core\\.wasm", "index\\.d\\.ts", "index\\.js", "index\\.workerd\\.js", "shared-[A-Z0-9]{8}\\.js", "slim\\.d\\.ts", "slim\\.js"];
const FILES = [
  /^CHANGELOG\.md$/, /^LICENSE-APACHE$/, /^LICENSE-MIT$/, /^README\.md$/, /^package\.json$/, /^dist\/validator\.js$/, /^dist\/node\.js$/, /^dist\/relay\/node\.js$/, /^dist\/relay\/node\.d\.ts$/,
  /^dist\/ai-sdk\/index\.js$/, /^dist\/ai-sdk\/index\.d\.ts$/,
  ...["dist", "dist/chat", "dist/data", "dist/sql", "dist/mlflow", "dist/relay"].flatMap((folder) => BUILT.map((name) => new RegExp(`^${folder}/${name}$`))),
  ...readdirSync(new URL("../../pkg-template/", import.meta.url)).filter((name) => name.endsWith(".d.ts") && !/^(index|slim)\./.test(name)).map((name) => new RegExp(`^dist/${name.replaceAll(".", "\\.")}$`)),
  ...["errors.js", ...readdirSync(new URL("../../pkg-template/langchain/", import.meta.url))].map((name) => new RegExp(`^dist/langchain/${name.replaceAll(".", "\\.")}$`)),
  ...readdirSync(new URL("../../pkg-template/mlflow/", import.meta.url)).filter((name) => name.endsWith(".d.ts") && name !== "index.d.ts").map((name) => new RegExp(`^dist/mlflow/${name.replaceAll(".", "\\.")}$`)),
  ...readdirSync(new URL("../../pkg-template/data/", import.meta.url)).filter((name) => name.endsWith(".d.ts") && !/^(index|sql-entry)\./.test(name)).map((name) => new RegExp(`^dist/data/${name.replaceAll(".", "\\.")}$`)),
];

/** Packs the package and installs the tarball into `folder`. */
export async function pack(source, folder) {
  const { stdout } = await npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: source });
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf("[")));
  const tarball = join(folder, filename);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "a-user-of-lakewire", private: true, type: "module" }));
  await mkdir(join(folder, "out"), { recursive: true });
  await npm(["install", "--no-audit", "--no-fund", "--no-save", "--offline", tarball], { cwd: folder });
  return { source, tarball, files: files.map(({ path }) => path), installed: join(folder, "node_modules", "lakewire") };
}

/** The checks of the package as a package. */
export async function checkPackage({ source, tarball, files, installed }, { root }) {
  const results = [];
  const check = async (name, act) => results.push([name, await act().then((why) => why ?? null, (error) => error.message)]);
  const bin = (name, path) => join(root, "node_modules", name, ...path);

  await check("L10 Q10 exact list of files", async () => {
    const strange = files.filter((path) => !FILES.some((known) => known.test(path)));
    const missing = FILES.filter((known) => files.filter((path) => known.test(path)).length !== 1);
    if (strange.length + missing.length > 0) return `not on the list: ${strange.join(", ") || "none"}; missing or twice: ${missing.join(", ") || "none"}`;
  });
  await check("L10 no build paths, canaries or source maps", async () => {
    const canaries = [root, homedir(), "/root/", "/home/", "/Users/", ".cargo/registry", "dapi-emulator", "canary", "sourceMappingURL", "127.0.0.1:"].filter((text) => text.length > 3);
    for (const path of files) {
      // a folder of a workspace, as examples name it, is no folder of a machine
      const text = (await readFile(join(installed, path))).toString("latin1").replaceAll("/Users/me@example.com", "");
      // the wasm is inlined too: there its strings stand in base64
      const inlined = [...text.matchAll(/atob\("([A-Za-z0-9+/=]+)"\)/g)].map(([, base64]) => Buffer.from(base64, "base64").toString("latin1"));
      for (const canary of canaries) {
        if ([text, ...inlined].some((one) => one.includes(canary)) && !(path.endsWith(".md") && /127\.0\.0\.1|dapi-emulator/.test(canary))) return `${path} holds "${canary}"`;
      }
    }
  });
  await check("Q3 Q8 no dependencies and no install scripts", async () => {
    const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    for (const name of ["dependencies", "optionalDependencies", "bundledDependencies", "scripts"]) {
      if (Object.keys(manifest[name] ?? {}).length > 0) return `the package has ${name}`;
    }
    // adapters have what they adapt to as a peer; nobody else is asked to install it
    const asked = Object.keys(manifest.peerDependencies ?? {}).find((name) => manifest.peerDependenciesMeta?.[name]?.optional !== true);
    if (asked !== undefined) return `the package asks everybody for ${asked}`;
  });
  await check("publint", async () => {
    const { code, stdout, stderr } = await run(process.execPath, [bin("publint", ["src", "cli.js"]), "run", source, "--strict"], { check: false });
    if (code !== 0 || !/All good/.test(stdout)) return `${stdout}${stderr}`;
  });
  await check("attw, ESM only", async () => {
    const { code, stdout, stderr } = await run(process.execPath, [bin("@arethetypeswrong", ["cli", "dist", "index.js"]), tarball, "--profile", "esm-only", "--no-emoji", "--no-color", "--exclude-entrypoints", "./core.wasm", "./chat/core.wasm", "./data/core.wasm", "./sql/core.wasm", "./mlflow/core.wasm", "./relay/core.wasm"], { check: false });
    if (code !== 0) return `${stdout}${stderr}`;
  });
  return results;
}
