// Which crates go into what: `cargo tree`, read.

import { fileURLToPath } from "node:url";
import { run } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What each face is made of: the arguments of `cargo tree`. */
export const FACES = {
  /** The Rust crate as an application uses it, on every platform; what its build runs is not in the program. */
  crate: ["-p", "lakewire", "--no-default-features", "--features", "relay", "--target", "all", "-e", "normal,no-proc-macro"],
  /** All builds of the npm package's wasm together. */
  npm: ["-p", "lakewire", "--all-features", "--target", "wasm32-unknown-unknown", "-e", "normal,no-proc-macro"],
};

/**
 * The crates of a tree, by `name@version`: `{ name, version, license, path, procMacro, needs }`, where `needs` holds the keys of
 * what the crate itself asks for. The first is the crate the tree grows from. `path` says where it stands when it is ours.
 */
export async function crates(args, { cwd = ROOT } = {}) {
  const { stdout } = await run("cargo", ["tree", "--locked", ...args, "--prefix", "depth", "--format", "|{p}|{l}"], { cwd });
  const found = new Map();
  const above = [];
  for (const line of whole(stdout)) {
    // a crate that was told of before ends with a star, and its own needs are not told again
    const match = /^(\d+)\|(\S+) v(\S+)(.*)\|(.*?)(?: \(\*\))?$/.exec(line);
    if (match === null) continue;
    const [, depth, name, version, rest, license] = match;
    const key = `${name}@${version}`;
    const path = /\((\/[^)]*|[A-Z]:[^)]*)\)/.exec(rest)?.[1];
    if (!found.has(key)) found.set(key, { name, version, license, path, procMacro: rest.includes("(proc-macro)"), needs: new Set() });
    above.length = Number(depth);
    if (above.length > 0) found.get(above.at(-1)).needs.add(key);
    above.push(key);
  }
  if (found.size === 0) throw new Error(`cargo tree ${args.join(" ")} named no crate:\n${stdout.slice(0, 500)}`);
  return found;
}

/** `run` keeps the end of long outputs: a tree whose beginning is lost would be a smaller tree. */
function whole(text) {
  const lines = text.split("\n");
  if (!lines[0].startsWith("0|")) throw new Error("cargo tree says more than is kept of a command's output: ask for less of it.");
  return lines;
}

/** The files that the crate is published with, and those among them that do not belong there. */
export async function crateFiles() {
  const { stdout } = await run("cargo", ["package", "--locked", "-p", "lakewire", "--list", "--allow-dirty"], { cwd: ROOT });
  const files = stdout.trim().split(/\r?\n/).map((path) => path.replaceAll("\\", "/"));
  const belongs = /^(src\/[\w/-]+\.rs|examples\/\w+\.rs|README\.md|CHANGELOG\.md|LICENSE-(MIT|APACHE)|Cargo\.toml(\.orig)?|Cargo\.lock|\.cargo_vcs_info\.json)$/;
  return { files, strange: files.filter((path) => !belongs.test(path)) };
}
