// Which cases of the fault matrix have a test: read from the tests' names, so that the list cannot say more than they do.
//
// In Rust a name begins with the ids it covers (`fn e3_e4_split…`), in JavaScript likewise (`"E3 E4: …"`).
// `node scripts/coverage.mjs` prints the list, `--write` writes docs/fault-coverage.md, `--check` fails when that is out of date.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "docs", "fault-coverage.md");
const GROUPS = {
  A: "Connection and DNS", B: "TLS", C: "Timeouts", D: "Status codes, retry, budget, replay", E: "Bytes of a stream", F: "When a stream is complete",
  G: "Tool-call deltas", H: "JSON bodies", I: "Cancellation and lifetime", J: "Concurrency and backpressure", K: "Authentication",
  L: "Secrets never leave", M: "Panics and the wasm boundary", N: "SQL statements", O: "Long-running and batch operations", P: "Relay",
  Q: "Supply chain and release", R: "Emulator",
};
/** The groups of which every case is meant to have a test. */
const WANTED = ["D", "E", "F", "G", "I", "K", "L", "M", "N", "O", "P"];

/** Where tests stand: the column of the table, the folder, and which files. */
const PLACES = [
  ["native", "src", ".rs"],
  ["native", "tests", ".rs", (path) => basename(path) !== "wasm.rs"],
  ["wasm", "tests", ".rs", (path) => basename(path) === "wasm.rs"],
  ["emulator", "emulator", ".rs"],
  ["JavaScript", "tests/js", ".test.mjs"],
  ["JavaScript", "tests/relay", ".test.mjs"],
  ["runtimes", "tests/runtimes", ".mjs"],
  ["page", "tests/page", ".test.mjs"],
  ["supply", "tests/supply", ".mjs"],
  ["supply", "tests/api", ".mjs"],
  // what a release checks besides
  ["supply", "scripts", "release.mjs"],
];
const COLUMNS = [...new Set(PLACES.map(([column]) => column))];

async function files(folder, ending) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (["node_modules", "target", "dist"].includes(entry.name) || entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await files(path, ending)));
    else if (entry.name.endsWith(ending)) found.push(path);
  }
  return found.sort();
}

/** The ids that the names of a file's tests begin with. */
function idsOf(text, path) {
  const ids = new Set();
  const rust = path.endsWith(".rs");
  const names = rust ? /\bfn ((?:[a-r]\d{1,2}_)+)/g : /["'`]((?:[A-R]\d{1,2}(?:: | ))+)/g;
  for (const [, name] of text.matchAll(names)) for (const [id] of name.matchAll(/[A-Ra-r]\d{1,2}/g)) ids.add(id.toUpperCase());
  return ids;
}

async function collect() {
  const lines = (await readFile(join(ROOT, "tests", "fault-ids.txt"), "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
  const cases = new Map(lines.map((line) => {
    const [, id, on, title] = /^(\S+) (\S+) (.*)$/.exec(line);
    return [id, { id, on, title, where: new Map() }];
  }));
  const unknown = [];
  for (const [column, folder, ending, fits] of PLACES) {
    // fixtures of the JavaScript tests live below tests too: only its own files count there
    const all = folder === "tests" ? (await files(join(ROOT, folder), ending)).filter((path) => !/[\\/]node_modules[\\/]/.test(path)) : await files(join(ROOT, folder), ending);
    for (const path of all.filter((one) => fits?.(one) ?? true)) {
      for (const id of idsOf(await readFile(path, "utf8"), path)) {
        const one = cases.get(id);
        if (one === undefined) unknown.push(`${id} in ${relative(ROOT, path)}`);
        else one.where.set(column, [...(one.where.get(column) ?? []), relative(ROOT, path).replaceAll("\\", "/")]);
      }
    }
  }
  return { cases: [...cases.values()], unknown };
}

function report({ cases, unknown }) {
  const covered = cases.filter(({ where }) => where.size > 0);
  const out = [
    "# Fault coverage", "",
    "Written by `node scripts/coverage.mjs --write` from the names of the tests. A case counts where a test's name begins with its id;",
    "the last column of a case names the files. N native, W JavaScript through wasm, E relay, M emulator: where the case applies.", "",
    `${covered.length} of ${cases.length} cases have a test. Groups that are meant to be whole: ${WANTED.join(", ")}.`, "",
    "| Group | Cases | With a test | Without |", "|---|---|---|---|",
  ];
  for (const [letter, name] of Object.entries(GROUPS)) {
    const group = cases.filter(({ id }) => id.startsWith(letter));
    const without = group.filter(({ where }) => where.size === 0).map(({ id }) => id);
    out.push(`| ${letter} ${name} | ${group.length} | ${group.length - without.length} | ${without.join(" ") || "none"} |`);
  }
  for (const [letter, name] of Object.entries(GROUPS)) {
    const group = cases.filter(({ id, where }) => id.startsWith(letter) && where.size > 0);
    if (group.length === 0) continue;
    out.push("", `## ${letter}. ${name}`, "", `| Id | Case | On | ${COLUMNS.join(" | ")} |`, `|---|---|---|${"---|".repeat(COLUMNS.length)}`);
    for (const { id, on, title, where } of group) {
      const cells = COLUMNS.map((column) => [...new Set((where.get(column) ?? []).map((path) => basename(path).replace(/(\.test)?\.(mjs|rs)$/, "")))].join(", "));
      out.push(`| ${id} | ${title} | ${[...on].join(" ")} | ${cells.join(" | ")} |`);
    }
  }
  if (unknown.length > 0) out.push("", `Names that begin with ids the matrix does not have: ${unknown.join(", ")}.`);
  return `${out.join("\n")}\n`;
}

const found = await collect();
const text = report(found);
const missing = found.cases.filter(({ id, where }) => WANTED.includes(id[0]) && where.size === 0);
// a case of JavaScript wants a test in JavaScript, whatever the core's own tests say
const untried = found.cases.filter(({ id, on, where }) => WANTED.includes(id[0]) && on.includes("W") && where.size > 0 && !["JavaScript", "runtimes", "page", "wasm"].some((column) => where.has(column)));
if (process.argv.includes("--write")) {
  await writeFile(OUT, text);
} else if (process.argv.includes("--check")) {
  const old = await readFile(OUT, "utf8").catch(() => "");
  if (old !== text) {
    process.stdout.write("docs/fault-coverage.md is out of date: run `node scripts/coverage.mjs --write`.\n");
    process.exitCode = 1;
  }
} else {
  process.stdout.write(text);
}
process.stdout.write(`Of ${WANTED.join(", ")} without a test: ${missing.map(({ id }) => id).join(" ") || "none"}\n`);
process.stdout.write(`Of these, native tests only although they apply to JavaScript: ${untried.map(({ id }) => id).join(" ") || "none"}\n`);
