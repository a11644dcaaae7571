// Runs Databricks' Python clients against the emulator at LAKEWIRE_EMULATOR; makes their virtual environments first if need be.

import { emulator, report, run } from "./lib.mjs";
import { environment } from "./venv.mjs";

const env = {
  ...process.env,
  LAKEWIRE_EMULATOR: emulator(),
  DATABRICKS_TOKEN: process.env.DATABRICKS_TOKEN ?? "dapi-emulator",
};

const results = [];
let printed = "";
// the second has clients that take only older versions of what the first has
for (const name of ["python", "python-catalog"]) {
  const { folder, python, install } = environment(name);
  await install();
  const { output } = await run(python, ["-m", "pytest", "-rA", "--tb=short", "-W", "ignore"], { cwd: folder, env });
  printed += output;
  const before = results.length;
  for (const line of output.split("\n")) {
    const result = /^(PASSED|FAILED|ERROR) (\S+?\.py::.+?)(?: - (.*))?$/.exec(line);
    if (!result) continue;
    results.push({ name: result[2].replace(/\.py::/, " "), reason: result[1] === "PASSED" ? undefined : (result[3] ?? "failed") });
  }
  if (results.length === before) results.push({ name, reason: "pytest ran no test" });
}
report(results, printed);
