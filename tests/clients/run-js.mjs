// Runs Databricks' JavaScript clients against the emulator at LAKEWIRE_EMULATOR; installs them first if need be.

import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { emulator, installOnce, report, run, step } from "./lib.mjs";

const folder = fileURLToPath(new URL("js/", import.meta.url));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const env = { ...process.env, LAKEWIRE_EMULATOR: emulator(), DATABRICKS_TOKEN: process.env.DATABRICKS_TOKEN ?? "dapi-emulator" };

await installOnce(`${folder}node_modules/.lakewire-stamp`, [`${folder}package-lock.json`], () =>
  // without --legacy-peer-deps npm spends many minutes on the peers of @databricks/langchainjs
  step("installing Databricks' JavaScript clients", npm, ["ci", "--legacy-peer-deps", "--no-audit", "--no-fund"], { cwd: folder }),
);

const files = (await readdir(folder)).filter((name) => name.endsWith(".test.mjs"));
const { output } = await run(process.execPath, ["--test", "--test-reporter=tap", ...files], { cwd: folder, env });

const results = [];
for (const line of output.split("\n")) {
  const result = /^(not )?ok \d+ - (.*)$/.exec(line);
  if (result) results.push({ name: result[2], reason: result[1] ? "failed" : undefined });
  const why = /^ {2}error: (.*)$/.exec(line);
  const last = results.at(-1);
  if (why && last?.reason === "failed") last.reason = why[1].replace(/^['"]|['"]$/g, "");
}
report(results, output);
