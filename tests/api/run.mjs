// The public names of both faces and their signatures, held against the lists that stand in this folder. A line that goes away or
// changes breaks somebody; a new one is a promise. Either is made on purpose: `node tests/api/run.mjs --write`, and the lists'
// difference is read before it is committed. Needs `npm run build` and `npm run docs`.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmNames } from "./npm.mjs";
import { crateNames } from "./crate.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const write = process.argv.includes("--write");
const tally = { passed: 0, failed: 0 };

function report(name, why) {
  tally[why ? "failed" : "passed"] += 1;
  process.stdout.write(why ? `not ok - ${name}: ${why}\n` : `ok - ${name}\n`);
}

/** What went and what came, line by line; a line counts as often as it stands. */
export function difference(before, now) {
  const left = new Map();
  for (const line of before) left.set(line, (left.get(line) ?? 0) + 1);
  const came = [];
  for (const line of now) {
    if ((left.get(line) ?? 0) > 0) left.set(line, left.get(line) - 1);
    else came.push(line);
  }
  return { went: [...left].flatMap(([line, times]) => Array(times).fill(line)), came };
}

async function face(title, file, names) {
  const path = join(HERE, file);
  const { lines, undocumented } = await names();
  if (lines.length < 100) throw new Error(`only ${lines.length} public names were found: the reading is broken`);
  if (write) await writeFile(path, `${lines.join("\n")}\n`);
  const before = (await readFile(path, "utf8").catch(() => "")).trimEnd().split("\n");
  const { went, came } = difference(before, lines);
  const show = (sign, some) => some.slice(0, 20).map((line) => `\n  ${sign} ${line}`).join("") + (some.length > 20 ? `\n  ${sign} … and ${some.length - 20} more` : "");
  // the first line may name the program that printed the rest
  const printer = before[0] !== lines[0] ? ` (the list was written by ${before[0].replace("# ", "")}, this is ${lines[0].replace("# ", "")}: the difference may be its way of printing)` : "";
  report(`Q13 ${title}: no public name went or changed`, went.length > 0 ? `this breaks who uses it${printer}${show("-", went)}${show("+", came)}` : undefined);
  report(`Q13 ${title}: no public name came that is not in ${file}`, came.length > 0 ? `read them, then \`node tests/api/run.mjs --write\`${show("+", came)}` : undefined);
  // the crate's own lint asks for every word of it
  if (undocumented !== undefined) report(`${title}: every public function has a word`, undocumented.length > 0 ? undocumented.join(", ") : undefined);
}

try {
  const { went, came } = difference(["a", "a", "b"], ["a", "b", "c"]);
  report("Q13 a difference is seen", went.join() !== "a" || came.join() !== "c" ? `went ${went}, came ${came}` : undefined);
  await face("npm package", "npm.txt", npmNames);
  await face("crate", "crate.txt", crateNames);
} catch (error) {
  report("setup", `${error?.stack ?? error}`);
}
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exitCode = tally.failed === 0 ? 0 : 1;
