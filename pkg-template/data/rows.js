// Columns of a result, and rows made of them when asked.

import { RowScanner } from "../core.js";
import { fail } from "../errors.js";
import { direct } from "../guard.js";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Types whose text is JSON. */
const NESTED = ["ARRAY", "MAP", "STRUCT", "VARIANT"];

/** A JSON number that a float would change: seventeen digits or more, or a whole number beyond 2⁵³. */
const LONG = /\d{16}/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?![\d.eE])|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON as JavaScript reads it, but whole numbers beyond 2⁵³ as BigInt. */
export function parseNested(text) {
  if (!LONG.test(text)) return JSON.parse(text);
  // a text that no value of the cell begins with marks the long numbers
  let mark = "n";
  while (text.includes(`"${mark}`)) mark += "n";
  const marked = text.replace(TOKENS, (token) => (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${mark}${token}"` : token));
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(mark) && /^-?\d+$/.test(value.slice(mark.length)) ? BigInt(value.slice(mark.length)) : value));
}

/** The bytes of a BINARY cell: base64, or hexadecimal as some servers write it. */
export function parseBinary(text) {
  let letters;
  try {
    letters = atob(text);
  } catch {
    if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw fail("Decode", "A cell of a BINARY column is neither base64 nor hexadecimal.");
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

const same = (text) => text;

/** What becomes of a text of a type; nothing when it stays a text. */
function reader(type, { nested, binary, timestamps }) {
  if (NESTED.includes(type)) return nested === "text" ? same : parseNested;
  if (type === "BINARY") return binary === "text" ? same : parseBinary;
  if (timestamps === "date" && (type === "TIMESTAMP" || type === "DATE")) return (text) => new Date(text);
  return same;
}

/** One column of a batch. */
export class Column {
  #cells;
  #nulls;
  #ends;
  #read;
  #text;

  constructor(info, [cells, nulls, ends], read) {
    this.name = info.name;
    this.type = info.type_name;
    this.typeText = info.type_text;
    this.length = ends === undefined ? cells.length : ends.length;
    this.#cells = cells;
    this.#nulls = nulls;
    this.#ends = ends;
    this.#read = read;
  }

  /** The list of cells: Int32Array, BigInt64Array, Float64Array or Uint8Array; nothing for columns kept as text. */
  get values() {
    return this.#ends === undefined ? this.#cells : undefined;
  }

  /** A bit for each cell, the first in the lowest, set when it is NULL; nothing when none is. May be shorter than the rows need. */
  get nulls() {
    return this.#nulls;
  }

  isNull(row) {
    return this.#nulls !== undefined && ((this.#nulls[row >> 3] >> (row & 7)) & 1) === 1;
  }

  /** One cell as its type's value; null for NULL. */
  get(row) {
    if (!(row >= 0 && row < this.length) || this.isNull(row)) return null;
    if (this.#ends !== undefined) return this.#read(this.text(row));
    return this.type === "BOOLEAN" ? this.#cells[row] === 1 : this.#cells[row];
  }

  /** The text of a cell of a column kept as text, as the service wrote it. */
  text(row) {
    if (this.#ends === undefined || this.isNull(row)) return undefined;
    this.#text ??= utf8.decode(this.#cells);
    return this.#text.substring(row === 0 ? 0 : this.#ends[row - 1], this.#ends[row]);
  }

  /** All cells as a list of their type's values. */
  toArray() {
    const out = new Array(this.length);
    this.each((row, value) => {
      out[row] = value;
    });
    return out;
  }

  /** Calls for each cell in order. */
  each(act) {
    const [cells, nulls, ends, count] = [this.#cells, this.#nulls, this.#ends, this.length];
    if (ends !== undefined) {
      this.#text ??= utf8.decode(cells);
      const [all, read] = [this.#text, this.#read];
      let from = 0;
      for (let row = 0; row < count; row += 1) {
        const to = ends[row];
        act(row, nulls !== undefined && ((nulls[row >> 3] >> (row & 7)) & 1) === 1 ? null : read === same ? all.substring(from, to) : read(all.substring(from, to)));
        from = to;
      }
      return;
    }
    const truth = this.type === "BOOLEAN";
    for (let row = 0; row < count; row += 1) {
      act(row, nulls !== undefined && ((nulls[row >> 3] >> (row & 7)) & 1) === 1 ? null : truth ? cells[row] === 1 : cells[row]);
    }
  }

  [Symbol.iterator]() {
    return this.toArray()[Symbol.iterator]();
  }
}

/** Some rows of a result, by columns. */
export class Batch {
  #names;

  constructor(length, columns, names) {
    this.length = length;
    this.columns = columns;
    this.#names = names;
  }

  /** The first column of a name. */
  column(name) {
    return this.columns.find((column) => column.name === name);
  }

  /** The rows as objects. Of columns that share a name, the last one counts. */
  rows() {
    const model = {};
    for (const name of this.#names) if (name !== "__proto__") model[name] = null;
    const rows = new Array(this.length);
    for (let row = 0; row < rows.length; row += 1) rows[row] = { ...model };
    for (const column of this.columns) {
      const { name } = column;
      // of all names, this one would set what an object inherits
      const put = name === "__proto__" ? (row, value) => Object.defineProperty(rows[row], name, { value, enumerable: true, configurable: true, writable: true }) : (row, value) => {
        rows[row][name] = value;
      };
      column.each(put);
    }
    return rows;
  }
}

/** Reads chunks into batches. */
export class BatchReader {
  #scanner;
  #columns;
  #readers;
  #names;
  total = 0;

  constructor(columns, options) {
    const decimal = options.decimals === "number" ? "DOUBLE" : "DECIMAL";
    this.#columns = columns;
    this.#names = columns.map(({ name }) => name);
    this.#readers = columns.map(({ type_name }) => reader(type_name, options));
    this.#scanner = direct(() => new RowScanner(columns.map(({ type_name = "" }) => (type_name === "DECIMAL" ? decimal : type_name)).join(",")));
  }

  push(bytes) {
    return direct(() => this.#scanner.push(bytes));
  }

  answer(text) {
    return direct(() => this.#scanner.answer(text));
  }

  finish() {
    return direct(() => this.#scanner.finish());
  }

  /** The rows that are there, as a batch. */
  take() {
    const [length, ...parts] = direct(() => this.#scanner.take());
    this.total += length;
    const columns = this.#columns.map((info, at) => new Column(info, parts.slice(3 * at, 3 * at + 3), this.#readers[at]));
    return new Batch(length, columns, this.#names);
  }

  free() {
    this.#scanner.free();
  }
}
