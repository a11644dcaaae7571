// The declarations beside LangChain's own, under `tsc --strict`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/lib.mjs";

test("types.ts compiles, and its marked lines do not", async () => {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const { code, stdout } = await run(process.execPath, [`${here}node_modules/typescript/bin/tsc`, "-p", here], { cwd: here, check: false });
  assert.equal(code, 0, stdout);
});
