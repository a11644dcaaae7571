// The crates: cargo-deny where it is installed, and what can be told from the manifests and lock files without it.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crateFiles, crates, FACES } from "../../scripts/cargo-tree.mjs";
import { run } from "../../scripts/lib.mjs";
import { allows } from "./licenses.mjs";
import { CRATES } from "./policy.mjs";

const REGISTRY = "registry+https://github.com/rust-lang/crates.io-index";

/** A list of texts in deny.toml, `allow` under `[licenses]`. */
function listed(deny, table, key) {
  const section = new RegExp(`^\\[${table}\\]$([\\s\\S]*?)(?=^\\[|(?![\\s\\S]))`, "m").exec(deny)?.[1] ?? "";
  const items = new RegExp(`^${key} = \\[([\\s\\S]*?)\\]`, "m").exec(section)?.[1];
  if (items === undefined) throw new Error(`deny.toml has no list "${key}" in [${table}].`);
  return [...items.matchAll(/"([^"]+)"/g)].map(([, text]) => text);
}

/** The tables of a manifest that name dependencies, as `[name, requirement]`. */
function requirements(manifest) {
  const found = [];
  for (const [, table, body] of manifest.matchAll(/^\[([^\]\n]*dependencies[^\]\n]*)\]$([\s\S]*?)(?=^\[|(?![\s\S]))/gm)) {
    const one = /dependencies\.([\w-]+)$/.exec(table);
    if (one) found.push([one[1], body]);
    else for (const [, name, requirement] of body.matchAll(/^([\w-]+)\s*=\s*(.+)$/gm)) found.push([name, requirement]);
  }
  return found;
}

export async function checkCrates({ root, test, notRun, manifests, locks }) {
  const read = (path) => readFile(join(root, path), "utf8");
  const deny = await read("deny.toml");
  const cargoDeny = await run("cargo-deny", ["--version"], { check: false }).then(({ code }) => code === 0, () => false);
  const judged = [["Cargo.toml", []], ["engine/Cargo.toml", ["-A", "duplicate"]]];

  if (cargoDeny) {
    for (const [manifest, more] of judged) {
      await test(`Q2 cargo deny: licences, bans and sources of ${manifest}`, async () => {
        const { code, stderr } = await run("cargo-deny", ["--manifest-path", join(root, manifest), "--all-features", "--locked", "check", ...more, "licenses", "bans", "sources"], { cwd: root, check: false });
        if (code !== 0) return stderr;
      });
    }
    for (const [manifest] of judged) {
      const { code, stderr } = await run("cargo-deny", ["--manifest-path", join(root, manifest), "--all-features", "--locked", "check", "advisories"], { cwd: root, check: false });
      const name = `Q1 cargo deny: no open advisory for ${manifest}`;
      if (/failed to fetch advisory database/.test(stderr)) notRun(name, "the database of advisories at github.com/RustSec cannot be reached");
      else await test(name, async () => (code === 0 ? undefined : stderr));
    }
  } else {
    notRun("Q1 cargo deny: no open advisory", "cargo-deny is not installed: `cargo install cargo-deny --locked`");
  }

  await test("Q1 advisories that are let through are dated and have a reason", async () => {
    const entries = /^ignore = \[([\s\S]*?)\]/m.exec(deny)[1].split("\n").filter((line) => line.includes("id"));
    const bare = entries.filter((line) => !/reason = "until \d{4}-\d\d-\d\d: .{10,}"/.test(line));
    const over = entries.filter((line) => (/until (\d{4}-\d\d-\d\d)/.exec(line)?.[1] ?? "9") < new Date().toISOString().slice(0, 10));
    if (bare.length + over.length > 0) return `without a date or a reason: ${bare.join(" ") || "none"}; over: ${over.join(" ") || "none"}`;
  });
  const everything = await crates(["--workspace", "--all-features", "--target", "all", "-e", "normal,build,dev"], { cwd: root });
  const engine = await crates(["--manifest-path", join(root, "engine/Cargo.toml"), "--all-features", "--target", "all", "-e", "normal,build,dev"], { cwd: root });
  await test(`Q2 every licence of ${new Set([...everything.keys(), ...engine.keys()]).size} crates is one that deny.toml allows`, async () => {
    const allowed = listed(deny, "licenses", "allow");
    const strange = [...everything, ...engine].filter(([, { license }]) => !allows(license, allowed));
    if (strange.length > 0) return strange.map(([key, { license }]) => `${key} is under "${license}"`).join("; ");
  });
  await test("Q2 no crate stands twice in one program but those that deny.toml names", async () => {
    const skipped = [...deny.matchAll(/crate = "([^"@]+)@/g)].map(([, name]) => name);
    const seen = new Map();
    for (const target of listed(deny, "graph", "targets")) {
      const args = FACES.crate.map((word) => (word === "all" ? target : word));
      for (const { name, version } of (await crates(args)).values()) seen.set(name, new Set([...(seen.get(name) ?? []), version]));
    }
    const twice = [...seen].filter(([name, versions]) => versions.size > 1 && !skipped.includes(name));
    if (twice.length > 0) return twice.map(([name, versions]) => `${name} ${[...versions].join(" and ")}`).join("; ");
  });
  await test(`Q2 every crate of ${locks.length} lock files comes from crates.io, with its checksum`, async () => {
    const strange = [];
    for (const path of locks) {
      for (const block of (await read(path)).split("[[package]]").slice(1)) {
        const name = /name = "([^"]+)"/.exec(block)[1];
        const source = /source = "([^"]+)"/.exec(block)?.[1];
        if (source === undefined ? !name.startsWith("lakewire") && !/^(border|native)/.test(name) : source !== REGISTRY || !/checksum = "[0-9a-f]{64}"/.test(block)) strange.push(`${name} in ${path}: ${source ?? "no source"}`);
      }
    }
    if (strange.length > 0) return strange.join("; ");
  });
  await test(`Q2 none of ${manifests.length} manifests asks for any version, or for a repository`, async () => {
    const strange = [];
    for (const path of manifests) {
      for (const [name, requirement] of requirements(await read(path))) {
        if (/"\*"|git\s*=/.test(requirement) || !/"[=^~]?\d|path\s*=|workspace\s*=/.test(requirement)) strange.push(`${name} in ${path}: ${requirement.trim()}`);
      }
    }
    if (strange.length > 0) return strange.join("; ");
  });
  for (const [face, most] of Object.entries(CRATES)) {
    const found = await crates(FACES[face]);
    await test(`Q3 ${found.size - 1} crates in the ${face === "npm" ? "package's wasm" : "crate's programs"}, at most ${most}`, async () => {
      if (found.size - 1 > most) return `it grew: ${[...found.keys()].join(" ")}`;
    });
  }
  await test("Q10 the crate is published with its own files alone", async () => {
    const { files, strange } = await crateFiles();
    if (strange.length > 0) return `${strange.length} of ${files.length} files do not belong there: ${strange.slice(0, 5).join(", ")} …`;
    const missing = ["src/lib.rs", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"].filter((path) => !files.includes(path));
    if (missing.length > 0) return `missing: ${missing.join(", ")}`;
  });
  await test("Q4 each crate that is asked for has its reason in writing; cargo-vet's audits are not kept", async () => {
    const reasons = (await read("docs/dependencies.md")) + (await read("emulator/README.md")) + (await read("engine/README.md").catch(() => ""));
    const missing = [];
    for (const path of manifests.filter((path) => !/^(benches|examples|tests)\//.test(path))) {
      for (const [name] of requirements(await read(path))) if (!new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(reasons)) missing.push(`${name} in ${path}`);
    }
    if (missing.length > 0) return `without a line in docs/dependencies.md: ${missing.join(", ")}`;
  });
  const own = manifests.filter((path) => !/^(benches|tools|examples|tests)\//.test(path));
  await test(`Q5 unsafe code is forbidden in ${own.map((path) => (dirname(path) === "." ? "the crate" : dirname(path))).join(", ")}, and nothing of ours runs in a build`, async () => {
    const { stdout: scripts } = await run("git", ["ls-files", "build.rs", "*/build.rs"], { cwd: root });
    if (scripts.trim() !== "") return `build scripts: ${scripts}`;
    for (const path of own) {
      const manifest = await read(path);
      if (!/^\[lints\.rust\]$[^[]*^unsafe_code = "forbid"$/m.test(manifest)) return `${path} does not forbid unsafe code`;
      if (/^build\s*=/m.test(manifest)) return `${path} names a build script`;
    }
    const { stdout: allowing } = await run("git", ["grep", "-lE", "allow\\(.*unsafe_code|^\\s*(pub )?unsafe (fn|impl)|unsafe \\{", "--", "src", "emulator/src", "engine/src", "tests", "examples"], { cwd: root, check: false });
    const files = allowing.split("\n").filter((path) => path.endsWith(".rs"));
    if (files.length > 0) return `unsafe code in ${files.join(", ")}`;
  });
}
