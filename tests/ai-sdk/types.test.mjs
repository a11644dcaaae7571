// The declarations of lakewire/ai-sdk with those of the AI SDK, under tsc --strict.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../scripts/lib.mjs";
import { ROOT } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

for (const [resolution, module] of [["nodenext", "nodenext"], ["bundler", "esnext"]]) {
  test(`the good compiles and every mistake is seen: ${resolution}`, async () => {
    const args = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022", "--lib", "es2023,dom,dom.iterable,dom.asynciterable", "--types", "", "--module", module, "--moduleResolution", resolution, "types.ts"];
    const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, "node_modules", "typescript", "bin", "tsc"), ...args], { cwd: HERE, check: false });
    // the AI SDK's own declarations are its own matter
    const ours = stdout.split("\n").filter((line) => /error TS/.test(line) && !line.startsWith("node_modules/") || line.startsWith("node_modules/lakewire/"));
    assert.deepEqual(ours, [], stderr);
    assert.ok(code === 0 || stdout.includes("node_modules/"), stdout + stderr);
  });
}
