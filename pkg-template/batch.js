// Many calls of one handle, side by side.

import { fail, toError } from "./errors.js";
import { take } from "./options.js";

/** Calls `one(input, options)` for each input, at most `maxConcurrency` at once; gives settled results in the inputs' order. */
export async function settleAll(inputs, given, one) {
  const [{ maxConcurrency = 4 }, options] = take(given, ["maxConcurrency"], "The options of a batch");
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    throw fail("InvalidInput", "`maxConcurrency` must be a whole number, 1 or more.");
  }
  if (typeof inputs?.[Symbol.iterator] !== "function" || typeof inputs === "string") {
    throw fail("InvalidInput", "batch() needs a list of inputs: write [input, input].");
  }
  const list = [...inputs];
  const results = new Array(list.length);
  let next = 0;
  const work = async () => {
    while (next < list.length) {
      const at = next;
      next += 1;
      try {
        results[at] = { status: "fulfilled", value: await one(list[at], options) };
      } catch (thrown) {
        results[at] = { status: "rejected", reason: toError(thrown) };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConcurrency, list.length) }, work));
  return results;
}
