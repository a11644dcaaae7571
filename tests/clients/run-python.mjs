// Runs Databricks' Python clients against the emulator at LAKEWIRE_EMULATOR; makes their virtual environment first if need be.

import { fileURLToPath } from "node:url";
import { emulator, installOnce, report, run, step } from "./lib.mjs";

const folder = fileURLToPath(new URL("python/", import.meta.url));
const venv = `${folder}.venv`;
const python = process.platform === "win32" ? `${venv}/Scripts/python.exe` : `${venv}/bin/python`;
const base = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");
const env = {
  ...process.env,
  LAKEWIRE_EMULATOR: emulator(),
  DATABRICKS_TOKEN: process.env.DATABRICKS_TOKEN ?? "dapi-emulator",
};

await installOnce(`${venv}/.lakewire-stamp`, [`${folder}requirements.txt`, `${folder}constraints.txt`], async () => {
  await step("making a virtual environment", base, ["-m", "venv", "--clear", venv]);
  // every version is in constraints.txt: --no-deps spares pip its search for a combination, which takes many minutes here
  // compiled when first imported: most of it never is
  const install = ["-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--disable-pip-version-check", "-r"];
  await step("installing Databricks' Python clients", python, [...install, `${folder}constraints.txt`]);
  await step("checking that they fit together", python, ["-m", "pip", "check"]);
});

const { output } = await run(python, ["-m", "pytest", "-rA", "--tb=short", "-W", "ignore"], { cwd: folder, env });

const results = [];
for (const line of output.split("\n")) {
  const result = /^(PASSED|FAILED|ERROR) (\S+?\.py::.+?)(?: - (.*))?$/.exec(line);
  if (!result) continue;
  const name = result[2].replace(/\.py::/, " ");
  results.push({ name, reason: result[1] === "PASSED" ? undefined : (result[3] ?? "failed") });
}
report(results, output);
