// JSON whose whole numbers stay what they are, both ways: those beyond 2⁵³ are BigInt.

import { replacer, writeJson } from "../json.js";

/** Where a number may stand that a float would change: it has sixteen digits or more. */
const LONG = /\d[\d.]{15}/;
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A letter for private use that a JSON text holds in no form. */
function unusedIn(text) {
  let code = 0xe000;
  const escapes = text.toLowerCase();
  while (escapes.includes(String.fromCharCode(code)) || escapes.includes(`\\u${code.toString(16)}`)) code += 1;
  return String.fromCharCode(code);
}

/** A number's digits without the zeros around them, and where its point stands. */
function digitsOf(token) {
  const [mantissa, power = "0"] = token.toLowerCase().replace("-", "").split("e");
  const [whole, part = ""] = mantissa.split(".");
  const digits = `${whole}${part}`.replace(/^0+/, "");
  const bare = digits.replace(/0+$/, "");
  return bare && `${bare}e${Number(power) - part.length + digits.length - bare.length}`;
}

/** Whether a float would change a number. `decimals`: one behind a point too, which need not be a DOUBLE's text. */
function changes(token, decimals) {
  if (token.startsWith('"') || token.length < 16) return false;
  if (/^-?\d+$/.test(token)) return !Number.isSafeInteger(Number(token));
  return decimals && digitsOf(`${Number(token)}`) !== digitsOf(token);
}

/**
 * JSON as JavaScript reads it, but whole numbers beyond 2⁵³ as BigInt. With `decimals`, numbers behind a point that have
 * more digits than a float keeps are their text.
 */
export function parseExact(text, decimals = false) {
  if (!LONG.test(text)) return JSON.parse(text);
  const mark = unusedIn(text);
  const marked = text.replace(TOKENS, (token) => (changes(token, decimals) ? `"${mark}${token}"` : token));
  const exact = (token) => (/^-?\d+$/.test(token) ? BigInt(token) : token);
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(mark) ? exact(value.slice(1)) : value));
}

/** The JSON text of a value as `writeJson` writes it, with each BigInt as its digits. */
export function writeExact(value, what) {
  let any = false;
  const written = (write) => writeJson(value, what, (key, item) => (typeof item === "bigint" ? write(item) : replacer(key, item)));
  const text = written(() => {
    any = true;
    return 0;
  });
  if (!any) return text;
  const mark = unusedIn(text);
  return written((item) => `${mark}${item}`).replace(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}

/** A JSON text, indented, with its numbers as they were. */
export function indented(text) {
  const mark = unusedIn(text);
  const marked = LONG.test(text) ? text.replace(TOKENS, (token) => (changes(token) ? `"${mark}${token}"` : token)) : text;
  return JSON.stringify(JSON.parse(marked), null, 2).replace(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}
