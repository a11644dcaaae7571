// Runs LangChain.js, unmodified, on `lakewire/langchain` against an emulator. Last line: `N passed, N failed`.
// `node tests/langchain/run.mjs chat agent` runs only the files whose names hold one of the words.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL); else target/debug/lakewire-emulator is started
//   LAKEWIRE_ENGINE     set when that emulator has its SQL engine
//   LAKEWIRE_PKG        the package's folder; else pkg/
//   CHROMIUM            the browser; else /usr/bin/chromium

import { existsSync } from "node:fs";
import { cp, readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, start, stopAll, unlessStamped } from "../../scripts/lib.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const words = process.argv.slice(2);
const tally = { passed: 0, failed: 0 };

async function workspace() {
  if (process.env.LAKEWIRE_EMULATOR) return process.env.LAKEWIRE_EMULATOR.replace(/\/$/, "");
  const program = process.env.LAKEWIRE_EMULATOR_PROGRAM ?? resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${process.platform === "win32" ? ".exe" : ""}`);
  if (!existsSync(program)) throw new Error("There is no emulator: build it with `cargo build -p lakewire-emulator`, or set LAKEWIRE_EMULATOR.");
  return (await start(program, ["--port", "0", "--token-delay-ms", "0"], { ready: /listening on (http:\/\/\S+)/ })).match[1].replace(/\/$/, "");
}

try {
  const digest = await fingerprint(HERE, ["package.json", "package-lock.json"]);
  await unlessStamped(join(HERE, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--legacy-peer-deps", "--no-audit", "--no-fund"], { cwd: HERE }));
  // Deno, Bun and workerd are of the runtimes' tests: without them some files here would skip all they have
  const runtimes = join(ROOT, "tests", "runtimes");
  await unlessStamped(join(runtimes, "node_modules", ".lakewire-installed"), await fingerprint(runtimes, ["package.json", "package-lock.json"]), () => npm(["ci", "--no-audit", "--no-fund"], { cwd: runtimes }));
  // a copy, not a link: the package's imports of its peers must find those of this folder
  const copy = join(HERE, "node_modules", "lakewire");
  await rm(copy, { recursive: true, force: true });
  await cp(resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg")), copy, { recursive: true });
  process.env.LAKEWIRE_EMULATOR = await workspace();
  process.env.LANGSMITH_TRACING = "false";
  const files = (await readdir(HERE)).filter((name) => name.endsWith(".test.mjs") && (words.length === 0 || words.some((word) => name.includes(word)))).sort();
  for await (const { type, data } of run({ files: files.map((name) => join(HERE, name)), concurrency: 1, timeout: 300_000 })) {
    if (type === "test:stderr") process.stderr.write(data.message);
    if (type !== "test:pass" && type !== "test:fail") continue;
    // a file is counted by its tests; by itself it only counts when it could not run
    const file = data.nesting === 0 && data.name.endsWith(".test.mjs");
    if (file && (type === "test:pass" || data.details.error?.failureType === "subtestsFailed")) continue;
    const name = `${basename(data.file ?? "")}: ${data.name}`;
    if (data.skip !== undefined) {
      process.stdout.write(`skipped - ${name}: ${data.skip}\n`);
    } else if (type === "test:pass") {
      tally.passed += 1;
      process.stdout.write(`ok - ${name}\n`);
    } else {
      tally.failed += 1;
      const { error } = data.details;
      process.stdout.write(`not ok - ${name}\n    ${String(error?.cause?.stack ?? error?.cause ?? error).split("\n").slice(0, 14).join("\n    ")}\n`);
    }
  }
} catch (error) {
  tally.failed += 1;
  process.stdout.write(`not ok - setup: ${error?.stack ?? error}\n`);
} finally {
  await stopAll();
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
