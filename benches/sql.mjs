// A chunk of a SQL result, 100,000 rows of six columns, to typed columns and typed rows, next to JSON.parse into the same
// values: checked first, then timed by CPU. `npm run build`, then `node sql.mjs`; `--quick` runs less. Texts of columns are
// decoded when they are asked for, which "columns" does not do.

import { compare } from "./lib/rows.mjs";

const rounds = process.argv.includes("--quick") ? 5 : 21;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const lakewire = await import("../pkg/dist/data/index.js");

for (const [name, piece] of [["reads of 64 KiB", 64 * 1024], ["one read", 2 ** 30]]) {
  const { mb, ...of } = compare(lakewire, { rounds, clock: cpu, piece });
  console.log(`\n${name}, ${mb.toFixed(1)} MB, Node ${process.version}, CPU ms (ratio to plain JavaScript, less is better)`);
  console.log(`  columns                 ${of.columns.toFixed(1)} of ${of.plainColumns.toFixed(1)}  (${of.columnsRatio.toFixed(2)})`);
  console.log(`  rows, looked at         ${of.each.toFixed(1)} of ${of.plainEach.toFixed(1)}  (${of.eachRatio.toFixed(2)})`);
  console.log(`  rows, all kept          ${of.rows.toFixed(1)} of ${of.plainRows.toFixed(1)}  (${of.rowsRatio.toFixed(2)})`);
}
