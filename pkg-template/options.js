// Options as callers give them: split, and refused when they are something else.

import { fail } from "./errors.js";

/**
 * The named properties and the rest. Every property is read once: a rest pattern would say the same, but V8 reads the
 * named ones twice for it, and a getter may give something else the second time.
 */
export function take(options, names, what) {
  if (options !== undefined && options !== null && (typeof options !== "object" || Array.isArray(options))) {
    throw fail("InvalidInput", `${what} must be an object.`);
  }
  const rest = {};
  const taken = {};
  try {
    for (const name of Object.keys(options ?? {})) {
      if (names.includes(name)) taken[name] = options[name];
      else rest[name] = options[name];
    }
  } catch (cause) {
    throw fail("InvalidInput", `${what} must be readable: a property of it throws.`, { cause });
  }
  return [taken, rest];
}

/** The options every call takes, and the rest: request fields, for rooms that have some. */
export function splitCall(options) {
  return take(options, ["signal", "timeouts", "headers", "maxAttempts"], "The options of a call");
}

/** Headers as `[name, value]` pairs. */
export function pairs(headers) {
  if (headers === undefined || headers === null) return undefined;
  if (typeof headers !== "object") throw fail("InvalidInput", "`headers` must be an object, a Headers object or a list of pairs.");
  try {
    const entries = typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
    return entries.map((entry) => {
      if (!Array.isArray(entry) || entry.length !== 2) throw new TypeError("not a pair");
      return [`${entry[0]}`.toLowerCase(), `${entry[1]}`];
    });
  } catch (cause) {
    throw fail("InvalidInput", "`headers` must hold names with texts, or [name, value] pairs.", { cause });
  }
}

const SETTINGS = { timeouts: ["firstByteMs", "idleMs", "totalMs"], retry: ["maxAttempts", "budget", "maxRetryAfterMs"] };

/** An object of settings or nothing; neither a number or text in its place nor a misspelt name must pass for nothing. */
export function settings(value, name) {
  if (value === undefined || value === null) return value;
  if (typeof value !== "object") throw fail("InvalidInput", `\`${name}\` must be an object.`);
  const stranger = Object.keys(value).find((key) => !SETTINGS[name].includes(key));
  if (stranger !== undefined) {
    throw fail("InvalidInput", `\`${name}\` has no setting \`${stranger}\`: it takes ${SETTINGS[name].join(", ")}.`);
  }
  return value;
}
