// The page's tests: makes the page ready, checks its types, runs every test file here, one after the other, and ends with
// `N passed, N failed`. Needs the package in pkg/; see harness.mjs for what the browser tests take from the environment.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, stopAll } from "../../scripts/lib.mjs";
import { checkPage, preparePage } from "../../www/prepare.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
let passed = 0;
let failed = 0;

function line(good, name, why = "") {
  if (good) passed += 1;
  else failed += 1;
  process.stdout.write(`${good ? "ok" : "not ok"} - ${name}${why ? `\n${why}` : ""}\n`);
}

await preparePage();
await checkPage().then(
  () => line(true, "the page's types"),
  (error) => line(false, "the page's types", error.message),
);
for (const file of (await readdir(HERE)).filter((name) => name.endsWith(".test.mjs")).sort()) {
  const { code, stdout, stderr } = await run(process.execPath, ["--test-reporter=tap", join(HERE, file)], {
    check: false,
    timeoutMs: 600_000,
  }).catch((error) => ({ code: 1, stdout: "", stderr: error.message }));
  const before = passed + failed;
  const failures = failed;
  // One block for each test: its line, then what TAP says about it.
  for (const block of stdout.split(/^(?=(?:not )?ok \d+ - )/m)) {
    const match = /^(not )?ok \d+ - (.*)\n?([\s\S]*)$/.exec(block);
    if (match) line(!match[1], `${file}: ${match[2].split("\n")[0]}`, match[1] ? match[3].split(/^# /m)[0].trimEnd() : "");
  }
  if (passed + failed === before || (code !== 0 && failed === failures)) line(false, `${file}: ended badly`, stderr.trimEnd());
}
await stopAll();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
