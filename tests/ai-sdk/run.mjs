// The AI SDK, unmodified, on lakewire/ai-sdk. Last line: `N passed, N failed`.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL); else one is started
//
// `node tests/ai-sdk/run.mjs judge page` runs only the files whose names hold one of the words.

import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { basename } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, stopAll, unlessStamped } from "../../scripts/lib.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = resolve(HERE, "../..");
const words = process.argv.slice(2);
const tally = { passed: 0, failed: 0 };

for (const folder of [HERE, join(ROOT, "tests", "runtimes")]) {
  const digest = await fingerprint(folder, ["package.json", "package-lock.json"]);
  await unlessStamped(join(folder, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund"], { cwd: folder }));
}
// the package as an app has it: beside its peers, not linked, or they would not be found from within it
const installed = join(HERE, "node_modules", "lakewire");
await rm(installed, { recursive: true, force: true });
await mkdir(installed);
for (const name of ["dist", "package.json"]) await cp(join(resolve(process.env.LAKEWIRE_PKG ?? join(ROOT, "pkg")), name), join(installed, name), { recursive: true });

const files = (await readdir(HERE)).filter((name) => name.endsWith(".test.mjs") && (words.length === 0 || words.some((word) => name.includes(word)))).sort();
// warnings of the AI SDK are what some tests are about
process.env.NODE_NO_WARNINGS = "1";
const ended = new Set();
for await (const { type, data } of run({ files: files.map((name) => join(HERE, name)), concurrency: 1, timeout: 300_000 })) {
  const file = basename(data?.file ?? data?.name ?? "");
  const whole = data?.nesting === 0 && `${data?.name}`.endsWith(".test.mjs");
  if (type === "test:stderr") process.stderr.write(data.message);
  if (type === "test:pass" && !whole) {
    tally.passed += 1;
    ended.add(file);
  }
  if (type !== "test:fail" || (whole && data.details.error?.failureType === "subtestsFailed")) continue;
  tally.failed += 1;
  ended.add(file);
  process.stdout.write(`not ok - ${file}: ${data.name}\n    ${String(data.details.error?.cause?.stack ?? data.details.error).split("\n").slice(0, 12).join("\n    ")}\n`);
}
for (const name of files) process.stdout.write(`${ended.has(name) ? "ran" : "not ok, ran nothing"} - tests/ai-sdk/${name}\n`);
tally.failed += files.filter((name) => !ended.has(name)).length;
await stopAll();
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
