// A few assertions that run in a page too.

export function ok(value, what = "it does not hold") {
  if (!value) throw new Error(what);
}

export function equal(found, wanted, what = "") {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: found ${a}, wanted ${b}`);
}

export function match(text, pattern) {
  if (typeof text !== "string" || !pattern.test(text)) throw new Error(`${JSON.stringify(text)} does not match ${pattern}`);
}

export async function rejects(promise, holds, what = "the failure is another one") {
  let failure;
  try {
    await promise;
  } catch (thrown) {
    failure = thrown;
  }
  if (failure === undefined) throw new Error("It should have failed.");
  if (!holds(failure)) throw new Error(`${what}: ${failure?.name}: ${failure?.message}`);
}
