// `npm run release -- --dry-run`: everything that a release must be, checked, and its files put into target/release-files/: the npm
// tarball, the crate, both bills of materials and their checksums. It publishes nothing: .github/workflows/release.yml does, with the
// identity of that workflow, from what this made.
//
//   --dry-run        required, so that nobody takes this for a command that publishes
//   --tag v0.1.0     the tag that is released: must be the version's
//   --allow-dirty    with changes that are not committed, to try it
//   --twice NAME,…   builds only these a second time (see scripts/build.mjs), to try it; said at the end
//   --skip NAME,…    leaves out `twice` (the second build, minutes), `probe` (minutes), `supply`, `crate` or `api`, to try it; said at the end

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkPackage, pack } from "../tests/runtimes/package.mjs";
import { crateFiles } from "./cargo-tree.mjs";
import { fingerprint, npm, run, say, step, unlessStamped } from "./lib.mjs";
import { writeBills } from "./sbom.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "target", "release-files");
const node = process.execPath;
const { values: flags } = parseArgs({ options: { "dry-run": { type: "boolean" }, "allow-dirty": { type: "boolean" }, tag: { type: "string" }, twice: { type: "string" }, skip: { type: "string" } } });
const skipped = new Set((flags.skip ?? "").split(",").filter(Boolean));
const problems = [];

const read = (path) => readFile(join(ROOT, path), "utf8");
const sha256 = async (path) => createHash("sha256").update(await readFile(path)).digest("hex");

/** A part of the release: what goes wrong in it is told at the end, with the rest. */
async function part(title, act) {
  const why = await step(title, act).catch((error) => error.message);
  if (typeof why === "string") {
    problems.push(`${title}: ${why}`);
    say(`  ${why.split("\n")[0]}`);
  }
}

/** The one version, as it stands everywhere; and the README and the licences as files that both packages carry. */
async function versions() {
  const [manifest, template, changelog] = await Promise.all([read("Cargo.toml"), read("pkg-template/package.json"), read("CHANGELOG.md")]);
  const crate = /^\[package\][\s\S]*?^version = "([^"]+)"/m.exec(manifest)?.[1];
  const { version, license } = JSON.parse(template);
  const [, newest, when] = /^## (\S+) \(([^)]*)\)$/m.exec(changelog) ?? [];
  if (crate !== version || newest !== version) return `Cargo.toml says ${crate}, pkg-template/package.json ${version}, CHANGELOG.md ${newest}: make them one.`;
  if (flags.tag !== undefined && flags.tag !== `v${version}`) return `The tag is ${flags.tag}, the version ${version}.`;
  if (flags.tag !== undefined && !/^\d{4}-\d\d-\d\d$/.test(when)) return `CHANGELOG.md says "${when}" of ${version}: a release has a date, such as (2027-01-31).`;
  if (!manifest.includes(`license = "${license}"`)) return `The licences differ: ${license} in the package.`;
  for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "SECURITY.md"]) if (!existsSync(join(ROOT, name))) return `${name} is missing.`;
  return undefined;
}

async function clean() {
  const { stdout } = await run("git", ["status", "--porcelain"], { cwd: ROOT });
  if (stdout.trim() !== "" && !flags["allow-dirty"]) return `There are changes that are not committed:\n${stdout}`;
}

/** The npm package: the file list, publint, attw, then the tarball. */
async function npmPackage() {
  const folder = await mkdtemp(join(tmpdir(), "lakewire-release-"));
  try {
    const packed = await pack(join(ROOT, "pkg"), folder);
    const bad = (await checkPackage(packed, { root: ROOT })).filter(([, why]) => why);
    if (bad.length > 0) return bad.map(([name, why]) => `${name}: ${why}`).join("\n");
    await cp(packed.tarball, join(OUT, packed.tarball.slice(folder.length + 1)));
    say(`  ${packed.files.length} files in the tarball`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The crate as crates.io would get it, built from its own files. */
async function crate() {
  const dirty = flags["allow-dirty"] ? ["--allow-dirty"] : [];
  const { files, strange } = await crateFiles();
  if (strange.length > 0) return `files that do not belong into the crate: ${strange.join(", ")}`;
  await run("cargo", ["package", "--locked", "-p", "lakewire", "--features", "relay", ...dirty], { cwd: ROOT });
  const folder = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target"), "package");
  const { version } = JSON.parse(await read("pkg-template/package.json"));
  await cp(join(folder, `lakewire-${version}.crate`), join(OUT, `lakewire-${version}.crate`));
  say(`  ${files.length} files in the crate`);
}

/** The wasm again, from the commit's own files in another folder: what differs was not made by the commit alone. */
async function twice() {
  const folder = await mkdtemp(join(tmpdir(), "lakewire-again-"));
  const began = Date.now();
  try {
    await run("git", ["worktree", "add", "--detach", join(folder, "again"), "HEAD"], { cwd: ROOT });
    const again = join(folder, "again");
    await symlink(join(ROOT, "node_modules"), join(again, "node_modules"), "junction");
    // the programs that build are the same; only what they make is made anew
    const tools = join(ROOT, "tools", "target", "debug");
    const env = { CARGO_TARGET_DIR: undefined, LAKEWIRE_BEGAN: undefined, PATH: existsSync(tools) ? `${tools}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}` : process.env.PATH };
    const only = flags.twice?.split(",");
    await run(node, ["scripts/build.mjs", ...(only ? ["--only", flags.twice] : [])], { cwd: again, env });
    const all = (await readdir(join(ROOT, "pkg", "dist"), { recursive: true })).map((path) => path.replaceAll("\\", "/"));
    const modules = all.filter((path) => /\.(wasm|js)$/.test(path) && (only?.includes(path.includes("/") ? path.split("/")[0] : "whole") ?? true)).sort();
    const different = [];
    for (const path of modules) {
      const other = join(again, "pkg", "dist", path);
      if (!existsSync(other) || (await sha256(join(ROOT, "pkg", "dist", path))) !== (await sha256(other))) different.push(path);
    }
    if (different.length > 0) return `Two builds of one commit differ in ${different.join(", ")}.`;
    say(`  ${modules.filter((path) => path.endsWith(".wasm")).length} wasm modules and ${modules.filter((path) => path.endsWith(".js")).length} JavaScript files are the same, byte by byte; the second build took ${Math.round((Date.now() - began) / 1000)} s`);
  } finally {
    await run("git", ["worktree", "remove", "--force", join(folder, "again")], { cwd: ROOT, check: false });
    await rm(folder, { recursive: true, force: true });
  }
}

async function checksums() {
  const names = (await readdir(OUT)).filter((name) => name !== "SHA256SUMS").sort();
  const lines = await Promise.all(names.map(async (name) => `${await sha256(join(OUT, name))}  ${name}`));
  await writeFile(join(OUT, "SHA256SUMS"), `${lines.join("\n")}\n`);
}

/** The open relay probe at its full length; the release shows its figures. */
async function probe() {
  const { stdout } = await run("cargo", ["test", "--locked", "--release", "-p", "lakewire", "--features", "relay", "--test", "relay_probe", "--", "--nocapture"], { cwd: ROOT, env: { RELAY_REQUESTS: "1000000" } });
  const figures = /^\d+ requests, .*$/m.exec(stdout)?.[0];
  if (!figures?.startsWith("1000000 ")) return "The probe did not send a million requests.";
  say(`  ${figures}`);
}

const passes = (command, args, options) => run(command, args, { cwd: ROOT, ...options }).then(() => undefined);

if (!flags["dry-run"]) {
  process.stderr.write("This checks a release and makes its files; it never publishes. Say `npm run release -- --dry-run`. To publish, push the tag: the workflow Release does it.\n");
  process.exit(2);
}
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await unlessStamped(join(ROOT, "node_modules", ".lakewire-installed"), await fingerprint(ROOT, ["package.json", "package-lock.json"]), () => step("Install the build's packages", () => npm(["ci", "--no-audit", "--no-fund"], { cwd: ROOT })));
await part("Q10 everything is committed", clean);
await part("One version everywhere, and the files that both packages carry", versions);
await part("Build the package", () => passes(node, ["scripts/build.mjs"]));
await part("Q10 the package: exact files, publint, attw", npmPackage);
await part("The download's budget", () => passes(node, ["benches/size.mjs"]));
if (!skipped.has("api")) {
  await part("The reference, without a warning", () => passes(node, ["scripts/reference.mjs"]));
  await part("Q13 the public names are those written down", () => passes(node, ["tests/api/run.mjs"]));
}
if (!skipped.has("supply")) await part("Q1-Q12 what it is made of", () => passes(node, ["tests/supply/run.mjs"]));
if (!skipped.has("crate")) await part("The crate: exact files, and it builds from them", crate);
if (!skipped.has("probe")) await part("P33 a million requests, none of which leads to a call that is not allowed", probe);
if (!skipped.has("twice")) await part("Q9 the same bytes from a second build in another folder", twice);
await part("Q12 bills of materials", () => writeBills(OUT).then(() => undefined));
await part("Checksums", checksums);

if (skipped.size > 0) say(`Left out: ${[...skipped].join(", ")}. A release leaves out nothing.`);
if (flags.twice !== undefined) say(`Built twice: ${flags.twice} alone. A release builds everything twice.`);
if (problems.length > 0) {
  process.stderr.write(`\nThis cannot be released:\n${problems.map((one) => `- ${one}`).join("\n")}\n`);
  process.exitCode = 1;
} else {
  say(`Ready. The files are in ${OUT}:`);
  process.stdout.write(await readFile(join(OUT, "SHA256SUMS"), "utf8"));
}
