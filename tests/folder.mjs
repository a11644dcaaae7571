// Runs the test files of a folder with node:test. Last line: `N passed, N failed`.

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { run } from "node:test";

/** Runs every test file in the folder `here`; words on the command line choose those whose names hold one of them. */
export async function runFolder(here) {
  const words = process.argv.slice(2);
  const files = (await readdir(here)).filter((name) => name.endsWith(".test.mjs") && (words.length === 0 || words.some((word) => name.includes(word)))).sort();
  const tally = new Map(files.map((name) => [name, { passed: 0, failed: 0, skipped: 0 }]));
  const failures = [];

  // a suite is counted by its tests, a file by neither
  const counts = ({ nesting, details, name }) => details.type !== "suite" && !(nesting === 0 && name.endsWith(".test.mjs"));
  const place = ({ file, name }) => basename(file ?? name ?? "");

  // two at once: the machine may be small, and some tests hold thousands of calls
  const events = run({ files: files.map((name) => join(here, name)), concurrency: 2, timeout: 300_000 });
  for await (const { type, data } of events) {
    const row = data !== undefined && tally.get(place(data));
    if (type === "test:pass" && row && counts(data)) row[data.skip !== undefined || data.todo !== undefined ? "skipped" : "passed"] += 1;
    if (type === "test:fail" && row) {
      const { error } = data.details;
      // a file fails with its tests; by itself it only counts when it could not run
      if (!counts(data) && error?.failureType === "subtestsFailed") continue;
      row.failed += 1;
      failures.push(`${place(data)}: ${data.name}\n    ${String(error?.cause?.stack ?? error?.cause ?? error).split("\n").slice(0, 12).join("\n    ")}`);
    }
    if (type === "test:stderr") process.stderr.write(data.message);
  }

  for (const [name, { passed, failed, skipped }] of tally) {
    const more = skipped > 0 ? `, ${skipped} skipped` : "";
    process.stdout.write(`${failed === 0 ? "ok" : "not ok"} - tests/${basename(here)}/${name}: ${passed} passed, ${failed} failed${more}\n`);
  }
  if (failures.length > 0) process.stdout.write(`\nFailures:\n\n${failures.join("\n\n")}\n\n`);
  const sum = (key) => [...tally.values()].reduce((total, row) => total + row[key], 0);
  process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
  process.exitCode = sum("failed") === 0 && sum("passed") > 0 ? 0 : 1;
}
