// The packed package in every runtime and bundler: a real tarball, installed into a folder of its own, tried by smoke.mjs.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL); else target/debug/lakewire-emulator is started
//   LAKEWIRE_ENGINE     set when that emulator has its SQL engine: then statements are run too
//   LAKEWIRE_PKG        the package's folder; else pkg/
//   CHROMIUM            the browser; else /usr/bin/chromium, else Playwright's own
//
// `node tests/runtimes/run.mjs deno vite` runs only the places whose names hold one of the words.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, start, stopAll, unlessStamped } from "../../scripts/lib.mjs";
import { checkPackage, pack } from "./package.mjs";
import { browsers } from "./browsers.mjs";
import { runtimes } from "./places.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const TOKEN = "dapi-emulator";
const words = process.argv.slice(2);
const tally = { passed: 0, failed: 0 };

function report(name, why) {
  tally[why ? "failed" : "passed"] += 1;
  process.stdout.write(`${why ? `not ok - ${name}: ${why}` : `ok - ${name}`}\n`);
}

/** One place: what `run` gives is `[[check, why or null], …]`; that it cannot run is one failure. */
async function place(name, run) {
  if (words.length > 0 && !words.some((word) => name.toLowerCase().includes(word.toLowerCase()))) return;
  try {
    for (const [check, why] of await run()) report(`${name}: ${check}`, why);
  } catch (error) {
    report(name, `${error?.message ?? error}`);
  }
}

async function workspace() {
  const given = process.env.LAKEWIRE_EMULATOR;
  if (given) return given.replace(/\/$/, "");
  const program = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${process.platform === "win32" ? ".exe" : ""}`);
  if (!existsSync(program)) throw new Error("There is no emulator: build it with `cargo build -p lakewire-emulator`, or set LAKEWIRE_EMULATOR.");
  return (await start(program, ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0"], { ready: /listening on (http:\/\/\S+)/ })).match[1].replace(/\/$/, "");
}

const folder = await mkdtemp(join(tmpdir(), "lakewire-runtimes-"));
try {
  const digest = await fingerprint(HERE, ["package.json", "package-lock.json"]);
  await unlessStamped(join(HERE, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: HERE }));
  const source = resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg"));
  const packed = await pack(source, folder);
  const project = { root: ROOT, tools: join(HERE, "node_modules"), smoke: join(HERE, "smoke.mjs"), smokeData: join(HERE, "smoke-data.mjs"), engine: process.env.LAKEWIRE_ENGINE !== undefined, folder, host: await workspace(), token: TOKEN };
  await place("package", () => checkPackage(packed, project));
  for (const [name, run] of Object.entries(runtimes(project))) await place(name, run);
  if (words.length === 0 || !words.every((word) => /^(package|node|deno|bun|workerd)$/i.test(word))) await browsers(project, place);
} catch (error) {
  report("setup", `${error?.stack ?? error}`);
} finally {
  await stopAll();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
