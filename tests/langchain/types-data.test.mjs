// The declarations under `tsc --strict`, against LangChain.js's own. What LangChain's packages miss of packages that are not
// installed (TypeORM and the like) is not ours to say: what stands in our declarations and in types/ is.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

for (const resolution of ["NodeNext", "Bundler"]) {
  test(`the declarations fit LangChain.js's, ${resolution}`, async () => {
    const args = [at("../../node_modules/typescript/bin/tsc"), "-p", at("types/tsconfig.json"), "--pretty", "false", "--moduleResolution", resolution, ...(resolution === "Bundler" ? ["--module", "ESNext"] : [])];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: at("types"), maxBuffer: 2 ** 26 }).catch((failure) => {
      // 1 and 2 are diagnostics; anything else is no answer
      if (![1, 2].includes(failure.code)) throw failure;
      return failure;
    });
    const ours = stdout.split("\n").filter((line) => /^(?!\s)/.test(line) && /^(\w+\.ts|.*node_modules\/lakewire\/.*)\(\d+,\d+\): error/.test(line));
    assert.deepEqual(ours, []);
  });
}
