// A chunk of a result, 100,000 rows of six columns, to typed columns and to typed row objects.

import { median } from "./measure.mjs";

export const COLUMNS = [
  { name: "id", type_name: "LONG", type_text: "BIGINT" },
  { name: "name", type_name: "STRING", type_text: "STRING" },
  { name: "price", type_name: "DECIMAL", type_text: "DECIMAL(12,2)" },
  { name: "quantity", type_name: "INT", type_text: "INT" },
  { name: "weight", type_name: "DOUBLE", type_text: "DOUBLE" },
  { name: "shipped", type_name: "DATE", type_text: "DATE" },
];

/** Rows `from` to `to` as the service writes them; the same in every run. */
export function rows(from, to) {
  const out = [];
  for (let row = from; row < to; row += 1) {
    const seed = Math.imul(row + 1, 2_654_435_761) >>> 0;
    const cells = [
      `"${9_007_199_254_000_000n + BigInt(row)}"`,
      row % 50 === 7 ? "null" : `"Customer#${String(row).padStart(9, "0")}${row % 20 === 3 ? " é" : ""}"`,
      `"${(seed % 1_000_000_000) / 100 | 0}.${String(seed % 100).padStart(2, "0")}"`,
      `"${seed % 50}"`,
      // as a server writes a double: up to seventeen digits
      `"${(seed / 2 ** 32) * 1000}"`,
      `"19${90 + (row % 10)}-0${1 + (row % 9)}-${10 + (row % 18)}"`,
    ];
    out.push(`[${cells.join(",")}]`);
  }
  return `[${out.join(",")}]`;
}

const BITS = (column, cells) => cells.map((cell) => (cell === null ? null : column.type_name === "LONG" ? BigInt(cell) : column.type_name === "INT" || column.type_name === "DOUBLE" ? Number(cell) : cell));

/** What is compared: from a chunk's bytes to the same values. */
function contestants({ BatchReader }, piece) {
  const read = (bytes) => {
    const reader = new BatchReader(COLUMNS, {});
    for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
    reader.finish();
    const batch = reader.take();
    reader.free();
    return batch;
  };
  const parse = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
  const plainColumns = (bytes) => {
    const parsed = parse(bytes);
    const ids = new BigInt64Array(parsed.length);
    const [names, prices, dates] = [new Array(parsed.length), new Array(parsed.length), new Array(parsed.length)];
    const quantities = new Int32Array(parsed.length);
    const weights = new Float64Array(parsed.length);
    for (let row = 0; row < parsed.length; row += 1) {
      const [id, name, price, quantity, weight, date] = parsed[row];
      if (id !== null) ids[row] = BigInt(id);
      names[row] = name;
      prices[row] = price;
      if (quantity !== null) quantities[row] = Number(quantity);
      if (weight !== null) weights[row] = Number(weight);
      dates[row] = date;
    }
    return [ids, names, prices, quantities, weights, dates];
  };
  const object = ([id, name, price, quantity, weight, shipped]) => ({
    id: id === null ? null : BigInt(id), name, price, quantity: quantity === null ? null : Number(quantity), weight: weight === null ? null : Number(weight), shipped,
  });
  // rows as a loop over them sees them: each is looked at and let go
  const look = (rows, make) => {
    let seen = 0;
    for (const row of rows) seen += make(row).quantity;
    return seen;
  };
  return {
    plainColumns,
    columns: (bytes) => read(bytes).columns,
    plainEach: (bytes) => look(parse(bytes), object),
    each: (bytes) => look(read(bytes), (row) => row),
    plainRows: (bytes) => parse(bytes).map(object),
    rows: (bytes) => read(bytes).rows(),
  };
}

/** Fails unless both ways give the same values. */
function assertSame(all, bytes) {
  const parsed = JSON.parse(new TextDecoder().decode(bytes));
  const columns = all.columns(bytes);
  columns.forEach((column, at) => {
    const wanted = BITS(COLUMNS[at], parsed.map((row) => row[at]));
    const got = column.toArray();
    wanted.forEach((value, row) => {
      if (!Object.is(value, got[row])) throw new Error(`${column.name} of row ${row} is ${got[row]}, not ${value}`);
    });
  });
  const [plain, ours] = [all.plainRows(bytes), all.rows(bytes)];
  plain.forEach((row, at) => {
    for (const name of Object.keys(row)) if (!Object.is(row[name], ours[at][name])) throw new Error(`row ${at}: ${name} is ${ours[at][name]}, not ${row[name]}`);
    if (Object.keys(ours[at]).join() !== Object.keys(row).join()) throw new Error(`row ${at} has other keys`);
  });
}

/** Medians of the CPU each takes, in ms, and the ratios to plain JavaScript. */
export function compare(lakewire, { rounds, clock, count = 100_000, piece = 64 * 1024 }) {
  const bytes = new TextEncoder().encode(rows(0, count));
  const all = contestants(lakewire, piece);
  assertSame(all, bytes);
  const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
  for (let round = -4; round < rounds; round += 1) {
    for (const [name, act] of Object.entries(all)) {
      const start = clock();
      act(bytes);
      if (round >= 0) times[name].push(clock() - start);
    }
  }
  const of = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
  return { mb: bytes.length / 1e6, ...of, columnsRatio: of.columns / of.plainColumns, eachRatio: of.each / of.plainEach, rowsRatio: of.rows / of.plainRows };
}
