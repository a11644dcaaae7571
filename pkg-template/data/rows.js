// Columns of a result, and rows made of them when asked.

import { RowScanner } from "../core.js";
import { fail } from "../errors.js";
import { direct } from "../guard.js";
import { parseExact } from "./exact.js";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Types whose text is JSON. */
const NESTED = ["ARRAY", "MAP", "STRUCT", "VARIANT"];

const withDecimals = (text) => parseExact(text, true);
const withoutDecimals = (text) => parseExact(text);

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
function reader({ type_name: type, type_text: whole }, { nested, binary, timestamps }) {
  // only where decimals may stand: the text of a DOUBLE may have a digit too many
  const parse = whole === undefined || /DECIMAL|VARIANT/i.test(whole) ? withDecimals : withoutDecimals;
  if (NESTED.includes(type)) return nested === "text" ? same : parse;
  if (type === "BINARY") return binary === "text" ? same : parseBinary;
  if (timestamps === "date" && (type === "TIMESTAMP" || type === "DATE")) return (text) => new Date(text);
  return same;
}

// Loops of their own, each over one kind of list: an engine learns what it meets per place in the source.
function texts(text, ends, from, to) {
  const out = new Array(to - from);
  let start = from === 0 ? 0 : ends[from - 1];
  for (let row = from; row < to; row += 1) {
    const end = ends[row];
    out[row - from] = text.substring(start, end);
    start = end;
  }
  return out;
}

function longs(cells, from, to) {
  const out = new Array(to - from);
  for (let row = from; row < to; row += 1) out[row - from] = cells[row];
  return out;
}

function numbers(cells, from, to) {
  const out = new Array(to - from);
  for (let row = from; row < to; row += 1) out[row - from] = cells[row];
  return out;
}

function truths(cells, from, to) {
  const out = new Array(to - from);
  for (let row = from; row < to; row += 1) out[row - from] = cells[row] === 1;
  return out;
}

/** How many rows are made at a time, so that they stay near the processor while their columns are put in. */
const BLOCK = 1024;

// For the same reason columns put their cells in at eight places, in turn.
const fills = [
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
  (rows, values, name) => { for (let at = 0; at < values.length; at += 1) rows[at][name] = values[at]; },
];

/** One column of a batch. */
export class Column {
  #cells;
  #nulls;
  #ends;
  #read;
  #text;
  #before;

  constructor(info, [cells, nulls, ends], read, before = 0) {
    this.name = info.name;
    this.type = info.type_name;
    this.typeText = info.type_text;
    this.length = ends === undefined ? cells.length : ends.length;
    this.#cells = cells;
    this.#nulls = nulls;
    this.#ends = ends;
    this.#read = read;
    this.#before = before;
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
    if (this.#ends !== undefined) return this.toArray(row, row + 1)[0];
    return this.type === "BOOLEAN" ? this.#cells[row] === 1 : this.#cells[row];
  }

  /** The text of a cell of a column kept as text, as the service wrote it. */
  text(row) {
    if (this.#ends === undefined || this.isNull(row)) return undefined;
    this.#text ??= utf8.decode(this.#cells);
    return this.#text.substring(row === 0 ? 0 : this.#ends[row - 1], this.#ends[row]);
  }

  /** The cells from a row to another (not included) as a list of their type's values; all of them unless said otherwise. */
  toArray(from = 0, to = this.length) {
    const [cells, nulls, ends] = [this.#cells, this.#nulls, this.#ends];
    let out;
    if (ends !== undefined) {
      this.#text ??= utf8.decode(cells);
      out = texts(this.#text, ends, from, to);
    } else {
      out = this.type === "BOOLEAN" ? truths(cells, from, to) : cells instanceof BigInt64Array ? longs(cells, from, to) : numbers(cells, from, to);
    }
    if (nulls !== undefined) for (let row = from; row < to; row += 1) if ((nulls[row >> 3] >> (row & 7)) & 1) out[row - from] = null;
    const read = this.#read;
    if (read === same) return out;
    let at = 0;
    try {
      for (; at < out.length; at += 1) if (out[at] !== null) out[at] = read(out[at]);
    } catch (cause) {
      throw fail("Decode", `Row ${this.#before + from + at} of the result, counted from 0, holds in its column \`${this.name}\` what no ${this.type} is: take it as text, by \`nested: "text"\` or \`binary: "text"\`.`, { cause });
    }
    return out;
  }

  [Symbol.iterator]() {
    return this.toArray()[Symbol.iterator]();
  }
}

/** Some rows of a result, by columns. */
export class Batch {
  #model;

  constructor(length, columns, model) {
    this.length = length;
    this.columns = columns;
    this.#model = model;
  }

  /** The first column of a name. */
  column(name) {
    return this.columns.find((column) => column.name === name);
  }

  /** Rows as objects, some at a time: objects that are soon let go cost far less than those that stay. */
  *blocks() {
    for (let from = 0; from < this.length; from += BLOCK) {
      const to = Math.min(this.length, from + BLOCK);
      const rows = new Array(to - from);
      for (let at = 0; at < rows.length; at += 1) rows[at] = { ...this.#model };
      this.columns.forEach((column, at) => fills[at % fills.length](rows, column.toArray(from, to), column.name));
      yield rows;
    }
  }

  /** The rows as objects. Of columns that share a name, the last one counts. */
  rows() {
    return [...this.blocks()].flat();
  }

  *[Symbol.iterator]() {
    for (const rows of this.blocks()) yield* rows;
  }
}

/** Reads chunks into batches. */
export class BatchReader {
  #scanner;
  #columns;
  #readers;
  #model;
  total = 0;

  constructor(columns, options) {
    const decimal = options.decimals === "number" ? "DOUBLE" : "DECIMAL";
    this.#columns = columns;
    // as JSON, so that each name is a property of its own, `__proto__` too, and copies are cheap
    this.#model = JSON.parse(`{${columns.map(({ name }) => `${JSON.stringify(name)}:null`).join()}}`);
    this.#readers = columns.map((info) => reader(info, options));
    this.#scanner = direct(() => new RowScanner(columns.map(({ type_name = "" }) => `${type_name === "DECIMAL" ? decimal : type_name},`).join("")));
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
    const before = this.total;
    this.total += length;
    const columns = this.#columns.map((info, at) => new Column(info, parts.slice(3 * at, 3 * at + 3), this.#readers[at], before));
    return new Batch(length, columns, this.#model);
  }

  free() {
    this.#scanner.free();
  }
}
