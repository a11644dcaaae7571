// The models' scenarios as one function, and as a program where LAKEWIRE_SCENARIOS is set. Gives `{ name: why or null }`.

import { scenarios } from "./scenarios.mjs";

/** Runs all of them in the workspace at `host`, one after the other. */
export async function runAll(host, token) {
  const results = {};
  for (const [name, run] of Object.entries(scenarios)) results[name] = await run({ host, token }).then(() => null, (failure) => `${failure?.message ?? failure}`.slice(0, 300));
  return results;
}

const { LAKEWIRE_SCENARIOS, LAKEWIRE_EMULATOR, DATABRICKS_TOKEN } = globalThis.process?.env ?? {};
if (LAKEWIRE_SCENARIOS) console.log(JSON.stringify(await runAll(LAKEWIRE_EMULATOR, DATABRICKS_TOKEN)));
