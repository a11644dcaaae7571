// The packed package in every runtime and bundler: a real tarball, installed into a folder of its own. In every runtime it goes
// through scenarios.mjs, which both faces share; its other forms and the bundlers' apps go through smoke.mjs.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL); else target/debug/lakewire-emulator is started
//   LAKEWIRE_ENGINE     set when that emulator has its SQL engine: then statements are run too; an emulator that is started
//                       here has it if it is built
//   LAKEWIRE_PKG        the package's folder; else pkg/
//   CHROMIUM, FIREFOX   the browsers; else those that are found, else the system's packages
//
// `node tests/runtimes/run.mjs deno vite` runs only the places whose names hold one of the words. `--write` puts the table of
// runtimes into README.md and docs/runtimes.md; without it the run fails when the README claims more than was seen.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, start, stopAll, unlessStamped } from "../../scripts/lib.mjs";
import { startEngine } from "../../scripts/engine.mjs";
import { checkPackage, pack } from "./package.mjs";
import { browsers } from "./browsers.mjs";
import { difference, namesInJs } from "./names.mjs";
import { native } from "./native.mjs";
import { runtimes } from "./places.mjs";
import { claims, write } from "./table.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const TOKEN = "dapi-emulator";
const writing = process.argv.includes("--write");
const words = process.argv.slice(2).filter((word) => word !== "--write");
const tally = { passed: 0, failed: 0 };
const [seen, missing] = [[], []];
const wants = (name) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase()));

function report(name, why) {
  tally[why ? "failed" : "passed"] += 1;
  process.stdout.write(`${why ? `not ok - ${name}: ${why}` : `ok - ${name}`}\n`);
}

/** One place: what `run` gives is `[[check, why or null], …]`; that it cannot run is one failure. */
async function place(name, run) {
  if (!wants(name)) return;
  const from = Date.now();
  try {
    for (const [check, why] of await run()) report(`${name}: ${check}`, why);
  } catch (error) {
    report(name, `${error?.message ?? error}`);
  }
  process.stdout.write(`# ${name}: ${((Date.now() - from) / 1000).toFixed(1)} s\n`);
}

/** A runtime that is not here: said, and no failure. */
function absent(runtime, reason) {
  missing.push([runtime, reason]);
  process.stdout.write(`# ${runtime} is not here: ${reason}\n`);
  return [];
}

/** The workspace, and its engine's address if it has one. */
async function workspace() {
  const { LAKEWIRE_EMULATOR: given, LAKEWIRE_ENGINE: engineUrl } = process.env;
  if (given) return { host: given.replace(/\/$/, ""), engineUrl };
  const exe = process.platform === "win32" ? ".exe" : "";
  const program = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${exe}`);
  if (!existsSync(program)) throw new Error("There is no emulator: build it with `cargo build -p lakewire-emulator`, or set LAKEWIRE_EMULATOR.");
  const engine = join(ROOT, "engine", "target", "debug", `lakewire-engine${exe}`);
  const url = existsSync(engine) ? (await startEngine(engine)).match[1] : undefined;
  const flags = ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0", "--endpoint-delay-ms", "100", ...(url ? ["--engine", url] : [])];
  return { host: (await start(program, flags, { ready: /listening on (http:\/\/\S+)/ })).match[1].replace(/\/$/, ""), engineUrl: url };
}

// below this folder, so that the apps' configurations find their tools as they would in a project
const folder = await mkdtemp(join(HERE, ".run-"));
try {
  const digest = await fingerprint(HERE, ["package.json", "package-lock.json"]);
  await unlessStamped(join(HERE, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: HERE }));
  const source = resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg"));
  const packed = await pack(source, folder);
  const { host, engineUrl } = await workspace();
  const project = {
    root: ROOT, here: HERE, tools: join(HERE, "node_modules"), folder, host, token: TOKEN, engineUrl, engine: engineUrl !== undefined, wants,
    smoke: join(HERE, "smoke.mjs"), smokeData: join(HERE, "smoke-data.mjs"), scenarios: join(HERE, "scenarios.mjs"),
  };
  const row = (found) => seen.push(found);
  await place("package", () => checkPackage(packed, project));
  await place("names of both faces", async () => [["the same scenarios in Rust and JavaScript", await difference(ROOT)]]);
  await place("native, scenarios", async () => {
    const { version, results } = await native(project);
    row({ runtime: "native", version, results, exceptions: {} });
    return results;
  });
  for (const [name, run] of Object.entries(runtimes(project, row))) await place(name, run);
  await browsers(project, place, row, absent);

  // without the engine its scenarios are not run, and not asked of the table
  const names = namesInJs();
  if (writing && words.length === 0 && project.engine) await write(ROOT, seen, names, missing);
  else if (writing) throw new Error("The table is written by a whole run with the SQL engine: leave out the words, build the engine.");
  if (seen.length > 0 && project.engine) report("the README claims what was seen", await claims(ROOT, seen, names));
} catch (error) {
  report("setup", `${error?.stack ?? error}`);
} finally {
  await stopAll();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
