// Bills of materials, CycloneDX 1.6 as JSON: what is in the Rust crate's program and what is in the npm package.
//
// `node scripts/sbom.mjs` writes both into target/release-files/. The same commit gives the same bytes: no clock is read.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crates, FACES } from "./cargo-tree.mjs";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const json = async (path) => JSON.parse(await readFile(join(ROOT, path), "utf8"));

/** When the commit was made, which is the time of everything made from it; ISO 8601, UTC. */
async function commitTime() {
  const { stdout } = await run("git", ["log", "-1", "--format=%cI"], { cwd: ROOT });
  return new Date(stdout.trim()).toISOString();
}

/** The checksums of a Cargo.lock, by `name@version`. */
async function checksums() {
  const text = await readFile(join(ROOT, "Cargo.lock"), "utf8");
  const all = text.matchAll(/\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"\n(?:source = "[^"]+"\n)?(?:checksum = "([0-9a-f]{64})")?/g);
  return new Map([...all].map(([, name, version, checksum]) => [`${name}@${version}`, checksum]));
}

/** Cargo takes `A/B` for `A OR B`; SPDX does not. */
export const spdx = (license) => license.trim().replaceAll(/\s*\/\s*/g, " OR ");
const purl = (kind, name, version) => `pkg:${kind}/${name.startsWith("@") ? `%40${name.slice(1)}` : name}@${version}`;
const licensed = (license) => (license ? { licenses: [{ expression: spdx(license) }] } : {});

async function crateComponents(face) {
  const sums = await checksums();
  const [[rootKey], found] = await crates(FACES[face]).then((all) => [all.keys(), all]);
  const reference = (key) => (key === rootKey ? "lakewire" : purl("cargo", ...split(key)));
  const components = [];
  const dependencies = [];
  for (const [key, { name, version, license, needs }] of [...found].sort(([one], [other]) => (one < other ? -1 : 1))) {
    dependencies.push({ ref: reference(key), dependsOn: [...needs].map(reference).sort() });
    if (key === rootKey) continue;
    const checksum = sums.get(key);
    if (checksum === undefined) throw new Error(`${key} has no checksum in Cargo.lock: what goes into a release comes from the registry.`);
    components.push({ type: "library", "bom-ref": reference(key), name, version, purl: reference(key), ...licensed(license), hashes: [{ alg: "SHA-256", content: checksum }] });
  }
  return { components, dependencies };
}

function split(key) {
  const at = key.lastIndexOf("@");
  return [key.slice(0, at), key.slice(at + 1)];
}

/** What the build puts into the package beside the wasm. */
async function bundledPackages() {
  const { packages } = await json("package-lock.json");
  const name = "@cfworker/json-schema";
  const { version, integrity, license } = packages[`node_modules/${name}`];
  const reference = purl("npm", name, version);
  const content = Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
  return [{ type: "library", "bom-ref": reference, group: "@cfworker", name: "json-schema", version, purl: reference, ...licensed(license), hashes: [{ alg: "SHA-512", content }] }];
}

/** The bill of materials of one face, `crate` or `npm`, as an object. */
export async function sbom(face) {
  const manifest = await json("pkg-template/package.json");
  const { components, dependencies } = await crateComponents(face);
  if (face === "npm") {
    const bundled = await bundledPackages();
    components.push(...bundled);
    dependencies.find(({ ref }) => ref === "lakewire").dependsOn.push(...bundled.map((one) => one["bom-ref"]));
    dependencies.push(...bundled.map((one) => ({ ref: one["bom-ref"], dependsOn: [] })));
  }
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: await commitTime(),
      lifecycles: [{ phase: "build" }],
      tools: { components: [{ type: "application", name: "lakewire scripts/sbom.mjs", version: manifest.version }] },
      component: { type: "library", "bom-ref": "lakewire", name: "lakewire", version: manifest.version, description: manifest.description, purl: purl(face === "npm" ? "npm" : "cargo", "lakewire", manifest.version), ...licensed(manifest.license) },
    },
    components,
    dependencies,
  };
  const digest = createHash("sha256").update(JSON.stringify(bom)).digest("hex");
  // a UUID of version 8, made of the contents
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const { $schema, bomFormat, specVersion, ...rest } = bom;
  return { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${id}`, ...rest };
}

/** Writes both bills into a folder and gives their paths. */
export async function writeBills(folder) {
  await mkdir(folder, { recursive: true });
  const paths = [];
  for (const face of ["crate", "npm"]) {
    const path = join(folder, `lakewire-${face}.cdx.json`);
    await writeFile(path, `${JSON.stringify(await sbom(face), null, 2)}\n`);
    paths.push(path);
  }
  return paths;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of await writeBills(join(ROOT, "target", "release-files"))) process.stdout.write(`${path}\n`);
}
