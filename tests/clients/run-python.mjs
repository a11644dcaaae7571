// Runs Databricks' Python clients against the emulator at LAKEWIRE_EMULATOR; makes their virtual environment first if need be.

import { emulator, report, run } from "./lib.mjs";
import { folder, install, python } from "./venv.mjs";

const env = {
  ...process.env,
  LAKEWIRE_EMULATOR: emulator(),
  DATABRICKS_TOKEN: process.env.DATABRICKS_TOKEN ?? "dapi-emulator",
};

await install();

const { output } = await run(python, ["-m", "pytest", "-rA", "--tb=short", "-W", "ignore"], { cwd: folder, env });

const results = [];
for (const line of output.split("\n")) {
  const result = /^(PASSED|FAILED|ERROR) (\S+?\.py::.+?)(?: - (.*))?$/.exec(line);
  if (!result) continue;
  const name = result[2].replace(/\.py::/, " ");
  results.push({ name, reason: result[1] === "PASSED" ? undefined : (result[3] ?? "failed") });
}
report(results, output);
