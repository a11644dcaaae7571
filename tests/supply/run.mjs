// What the project is made of: advisories, licences, sources, counts, unsafe code, workflows, bills of materials.
// Last line: `N passed, N failed`. What could not be judged here says `not run`, and counts as neither.
//
//   LAKEWIRE_ADVISORIES=1   what cannot be judged is a failure: for releases, and wherever the databases can be reached

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fingerprint, npm, run, unlessStamped } from "../../scripts/lib.mjs";
import { allows } from "./licenses.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "../..");
const required = process.env.LAKEWIRE_ADVISORIES === "1";
const tally = { passed: 0, failed: 0 };

function report(name, why) {
  tally[why ? "failed" : "passed"] += 1;
  process.stdout.write(why ? `not ok - ${name}: ${why}\n` : `ok - ${name}\n`);
}

async function test(name, act) {
  report(name, await act().catch((error) => `${error?.stack ?? error}`));
}

function notRun(name, why) {
  if (required) report(name, why);
  else process.stdout.write(`not run - ${name}: ${why}\n`);
}

const tracked = async (pattern) => (await run("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], { cwd: root })).stdout.split("\n").filter((line) => line !== "").sort();

const digest = await fingerprint(here, ["package.json", "package-lock.json"]);
await unlessStamped(join(here, "node_modules", ".lakewire-installed"), digest, () => npm(["ci", "--no-audit", "--no-fund", "--legacy-peer-deps"], { cwd: here }));
await test("Q2 licence expressions are understood", async () => {
  const good = ["MIT", "MIT OR GPL-3.0", "(MIT OR Unlicense) AND Apache-2.0", "MIT/GPL-3.0", "Apache-2.0 WITH LLVM-exception"];
  const bad = ["GPL-3.0", "MIT AND GPL-3.0", "(MIT AND GPL-3.0) OR LGPL-2.1", "", undefined, "GPL-2.0 WITH LLVM-exception", "MIT GPL-3.0"];
  const allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
  const wrong = [...good.filter((text) => !allows(text, allowed)), ...bad.filter((text) => allows(text, allowed))];
  if (wrong.length > 0) return `judged wrongly: ${wrong.join("; ")}`;
});
const manifests = (await tracked("*Cargo.toml")).filter((path) => !path.startsWith("examples/"));
const context = { here, root, test, notRun, manifests, locks: await tracked("*Cargo.lock"), lockfiles: await tracked("*package-lock.json") };
for (const [file, check] of [["crates", "checkCrates"], ["packages", "checkPackages"], ["workflows", "checkWorkflows"], ["bills", "checkBills"]]) {
  try {
    await (await import(`./${file}.mjs`))[check](context);
  } catch (error) {
    report(file, `${error?.stack ?? error}`);
  }
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
