// Writing JSON without losing anything in silence.

import { fail } from "./errors.js";

function refuse(sentence) {
  return fail("InvalidInput", sentence);
}

/** Refuses what JSON would change; `JSON.stringify` asks it of every value. */
export function replacer(key, value) {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw refuse(`The value of "${key}" is ${value}, which JSON cannot hold.`);
      return value;
    case "bigint":
      throw refuse(`The value of "${key}" is a BigInt: write it as a string or a number.`);
    case "object":
      if (value instanceof Map || value instanceof Set) {
        throw refuse(`The value of "${key}" is a ${value.constructor.name}, which JSON would empty: use an object or an array.`);
      }
      return value;
    default:
      return value;
  }
}

/** The JSON text of a value; what JSON would change or drop in silence is refused, unless `read` knows a way. */
export function writeJson(value, what, read = replacer) {
  let text;
  try {
    text = JSON.stringify(value, read);
  } catch (thrown) {
    if (thrown?.kind === "InvalidInput") throw thrown;
    // a cycle, or a getter or toJSON that throws
    throw fail("InvalidInput", `${what} cannot be written as JSON: it holds a cycle or a property that throws.`, { cause: thrown });
  }
  if (text === undefined) throw refuse(`${what} cannot be written as JSON.`);
  return text;
}
