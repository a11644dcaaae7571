// The house check of the conformance suite: both faces have scenarios of the same names, and an exception names one of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXCEPTIONS } from "../runtimes/exceptions.mjs";
import { difference, namesInJs, namesInRust } from "../runtimes/names.mjs";
import { NEEDS_ENGINE } from "../runtimes/scenarios.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("conformance: Rust and JavaScript have scenarios of the same names", async () => {
  assert.ok((await namesInRust(root)).length > 20);
  assert.equal(await difference(root), null);
});

test("conformance: every exception is a scenario with a reason, and so is what needs the engine", () => {
  const names = namesInJs();
  for (const [place, exceptions] of Object.entries(EXCEPTIONS)) {
    for (const [name, { reason }] of Object.entries(exceptions)) {
      assert.ok(names.includes(name), `${place}: ${name}`);
      assert.match(reason, /\w+ \w+/, name);
    }
  }
  for (const name of NEEDS_ENGINE) assert.ok(names.includes(name), name);
});
