// Everything that has a real MLflow server as its judge: the test files of this folder with node:test, then tests/mlflow.rs.
// Last line: `N passed, N failed`.
//
//   node tests/mlflow/run.mjs parity     only the files whose names hold one of the words (`rust` for tests/mlflow.rs)
//   LAKEWIRE_MLFLOW=http://…             a server that runs already, in place of one of this run's own
//   LAKEWIRE_PYTHON=…/python             another Python that has MLflow, in place of the client suites' environment

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { run as runTests } from "node:test";
import { fileURLToPath } from "node:url";
import { run, stopAll } from "../../scripts/lib.mjs";
import { startMlflow } from "./server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const words = process.argv.slice(2);
const wanted = (name) => words.length === 0 || words.some((word) => name.includes(word));
let passed = 0;
let failed = 0;

/** Runs the files with node:test, one after the other: they share one server and a small machine. */
async function javascript(files) {
  const counts = ({ nesting, details, name }) => details.type !== "suite" && !(nesting === 0 && name.endsWith(".test.mjs"));
  for await (const { type, data } of runTests({ files: files.map((name) => join(here, name)), concurrency: 1, timeout: 600_000 })) {
    if (type === "test:stderr") process.stderr.write(data.message);
    if (type !== "test:pass" && type !== "test:fail") continue;
    const where = basename(data.file ?? data.name);
    const { error } = data.details;
    if (type === "test:pass") {
      if (!counts(data)) continue;
      const skipped = data.skip !== undefined || data.todo !== undefined;
      if (!skipped) passed += 1;
      console.log(`${skipped ? "skipped" : "ok"} - ${where}: ${data.name}`);
    } else if (counts(data) || error?.failureType !== "subtestsFailed") {
      // a file fails with its tests; by itself it only counts when it could not run
      failed += 1;
      console.log(`not ok - ${where}: ${data.name}: ${String(error?.cause?.stack ?? error?.cause ?? error).split("\n").slice(0, 30).join("\n    ")}`);
    }
  }
}

/** The Rust face's tests: ignored without a server, so they are asked for by name. */
async function rust(env) {
  const args = ["test", "--locked", "-p", "lakewire", "--features", "native", "--test", "mlflow", "--", "--ignored"];
  const { code, stdout, stderr } = await run("cargo", args, { cwd: root, env, check: false });
  const summary = /^test result: .*? (\d+) passed; (\d+) failed;/m.exec(stdout);
  passed += Number(summary?.[1] ?? 0);
  // a run that ended badly without a failed test, or that ran nothing, is a failure of its own
  const bad = Number(summary?.[2] ?? 0) || (code === 0 && Number(summary?.[1]) > 0 ? 0 : 1);
  failed += bad;
  console.log(`${bad === 0 ? "ok" : "not ok"} - tests/mlflow.rs: ${summary?.[0] ?? "no result"}`);
  if (bad > 0) console.log(`${stdout}\n${stderr}`.slice(-8000));
}

try {
  let url = process.env.LAKEWIRE_MLFLOW;
  if (!url) ({ url } = await startMlflow());
  process.env.LAKEWIRE_MLFLOW = url;
  const files = (await readdir(here)).filter((name) => name.endsWith(".test.mjs") && wanted(name)).sort();
  if (files.length > 0) await javascript(files);
  if (existsSync(join(root, "tests/mlflow.rs")) && wanted("rust")) await rust({ LAKEWIRE_MLFLOW: url });
} catch (error) {
  failed += 1;
  console.log(`not ok - setup: ${error?.stack ?? error}`);
} finally {
  await stopAll();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
