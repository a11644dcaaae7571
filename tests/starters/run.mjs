// The starters under examples/starters, each as somebody has it who copied it: in a folder of its own, with the packed package
// installed, started in its own runtime against the emulator, and used. Last line: `N passed, N failed`.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL); else target/debug/lakewire-emulator is started
//   LAKEWIRE_PKG        the package's folder; else pkg/
//   CHROMIUM            the browser; else /usr/bin/chromium
//
// `node tests/starters/run.mjs deno rust` runs only these.

import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fingerprint, npm, start, stopAll, unlessStamped } from "../../scripts/lib.mjs";
import { starters } from "./starters.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const SOURCE = join(ROOT, "examples", "starters");
const RUN = join(HERE, ".run");
const TOOLS = join(ROOT, "tests", "runtimes");
const TOKEN = "dapi-emulator";
const words = process.argv.slice(2);
const tally = { passed: 0, failed: 0 };

function report(name, why) {
  tally[why ? "failed" : "passed"] += 1;
  process.stdout.write(`${why ? `not ok - ${name}: ${why}` : `ok - ${name}`}\n`);
}

async function installed(folder) {
  const digest = await fingerprint(folder, ["package.json", "package-lock.json"]);
  await unlessStamped(join(folder, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: folder }));
}

async function workspace() {
  const given = process.env.LAKEWIRE_EMULATOR;
  if (given) return given.replace(/\/$/, "");
  const program = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${process.platform === "win32" ? ".exe" : ""}`);
  if (!existsSync(program)) throw new Error("There is no emulator: build it with `cargo build -p lakewire-emulator`, or set LAKEWIRE_EMULATOR.");
  return (await start(program, ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0"], { ready: /listening on (http:\/\/\S+)/ })).match[1].replace(/\/$/, "");
}

/** The tarball that `npm publish` would send. */
async function packed() {
  const source = resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg"));
  const { stdout } = await npm(["pack", "--json", "--ignore-scripts", "--pack-destination", RUN], { cwd: source });
  return join(RUN, JSON.parse(stdout.slice(stdout.indexOf("[")))[0].filename);
}

/** A starter in a folder of its own; what it stands on besides lakewire, and programs it is developed with, are the tests' own. */
async function copied(name, tarball) {
  const folder = join(RUN, name);
  await cp(join(SOURCE, name), folder, { recursive: true, filter: (path) => !/[\\/](node_modules|\.next|target)$/.test(path) });
  const path = join(folder, "package.json");
  if (!existsSync(path)) return folder;
  const text = await readFile(path, "utf8");
  const manifest = JSON.parse(text);
  if (!/^\^\d+\.\d+\.\d+$/.test(manifest.dependencies.lakewire)) throw new Error(`it asks for lakewire "${manifest.dependencies.lakewire}"`);
  await writeFile(path, JSON.stringify({ ...manifest, dependencies: { lakewire: `file:${tarball}` }, devDependencies: {} }));
  await npm(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--offline"], { cwd: folder });
  await writeFile(path, text);
  return folder;
}

try {
  await rm(RUN, { recursive: true, force: true });
  await mkdir(RUN, { recursive: true });
  await Promise.all([installed(HERE), installed(TOOLS)]);
  const project = { root: ROOT, tools: join(TOOLS, "node_modules"), here: HERE, host: await workspace(), token: TOKEN, key: "a-key-of-this-test", load: (...path) => import(pathToFileURL(join(...path)).href) };
  const tarball = await packed();
  const known = starters(project);
  const there = (await readdir(SOURCE, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  report("every starter has a test, and every test a starter", there.sort().join() === Object.keys(known).sort().join() ? undefined : `starters ${there.join(", ")}; tests ${Object.keys(known).join(", ")}`);
  for (const [name, use] of Object.entries(known)) {
    if (words.length > 0 && !words.includes(name)) continue;
    try {
      const folder = await copied(name, tarball);
      for (const [what, why] of await use(folder)) report(`${name}: ${what}`, why);
      const lines = (await readFile(join(folder, "README.md"), "utf8")).trim().split("\n").length;
      report(`${name}: its README is short`, lines > 20 ? `${lines} lines` : undefined);
    } catch (error) {
      report(name, `${error?.stack ?? error}`);
    }
  }
} catch (error) {
  report("setup", `${error?.stack ?? error}`);
} finally {
  await stopAll();
  await rm(RUN, { recursive: true, force: true });
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
