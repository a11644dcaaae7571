// The table of runtimes: made from what a run saw. `--write` puts it into README.md and docs/runtimes.md; every other run fails
// when the README claims more than it saw.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a row of the table says: `{ runtime, version, passed, total, exceptions: [[scenario, reason, tried], …] }`. */
export function counted({ runtime, version, results, exceptions }, names) {
  const passed = results.filter(([name, why]) => why === null && names.includes(name)).length;
  return { runtime, version, passed, total: names.length, exceptions: Object.entries(exceptions).map(([name, { reason, refused }]) => [name, reason, Boolean(refused)]) };
}

const count = ({ passed, total }) => `${passed} of ${total}`;
const named = (name) => name.replace(/^[A-Z]\d+ /, "");

function between(text, name, body) {
  const [from, to] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(from), text.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`There is no place marked ${from} … ${to}.`);
  return body === undefined ? text.slice(start + from.length, end) : `${text.slice(0, start + from.length)}\n${body}\n${text.slice(end)}`;
}

/** The README's table: runtimes with equal exceptions speak of them once, below. */
function short(rows) {
  const notes = [...new Set(rows.flatMap(({ exceptions }) => exceptions.map(([name, reason]) => `${named(name)}: ${reason}`)))];
  const marks = (row) => row.exceptions.map(([name, reason]) => notes.indexOf(`${named(name)}: ${reason}`) + 1).join(", ");
  const lines = rows.map((row) => `| ${row.runtime} | ${row.version.replace(/^native: /, "")} | ${count(row)} | ${marks(row) || "none"} |`);
  return ["| runtime | tried with | scenarios passed | exceptions |", "|---|---|---|---|", ...lines, "", ...notes.map((note, at) => `${at + 1}. ${note}`)].join("\n");
}

/** The page in docs/: every scenario in every runtime. */
function long(rows, names, absent) {
  const cell = (row, name) => {
    const exception = row.exceptions.find(([one]) => one === name);
    if (exception) return exception[2] ? "refused" : "–";
    return row.results.some(([one, why]) => one === name && why === null) ? "yes" : "no";
  };
  const table = [`| scenario | ${rows.map(({ runtime }) => runtime).join(" | ")} |`, `|---|${rows.map(() => "---").join("|")}|`, ...names.map((name) => `| ${name} | ${rows.map((row) => cell(row, name)).join(" | ")} |`)];
  const why = [...new Set(rows.flatMap(({ exceptions }) => exceptions.map(([name, reason, refused]) => `- *${name}*${refused ? " (the refusal is tried)" : ""}: ${reason}.`)))];
  const missing = absent.map(([runtime, reason]) => `- ${runtime} was not here: ${reason}.`);
  return [`Tried: ${rows.map(({ version }) => version.replace(/^native: /, "")).join(", ")}.`, "", ...table, "", "Exceptions:", "", ...why, ...missing].join("\n");
}

/** Writes both. */
export async function write(root, seen, names, absent) {
  const rows = seen.map((row) => ({ ...counted(row, names), results: row.results }));
  for (const [path, name, body] of [["README.md", "runtimes", short(rows)], ["docs/runtimes.md", "scenarios", long(rows, names, absent)]]) {
    await writeFile(join(root, path), between(await readFile(join(root, path), "utf8"), name, body));
  }
}

/** Why the README claims more than this run saw; of a runtime that was not tried here it is not asked. */
export async function claims(root, seen, names) {
  const text = between(await readFile(join(root, "README.md"), "utf8"), "runtimes");
  const rows = new Map([...text.matchAll(/^\| ([^|]+?) \| [^|]+ \| (\d+) of (\d+) \| ([^|]+?) \|$/gm)].map(([, runtime, passed, total, marks]) => [runtime, { passed: Number(passed), total: Number(total), exceptions: marks === "none" ? 0 : marks.split(",").length }]));
  if (rows.size === 0) return "the README has no table of runtimes";
  const wrong = seen.flatMap((row) => {
    const { runtime, passed, total, exceptions } = counted(row, names);
    const claimed = rows.get(runtime);
    if (!claimed) return [];
    return claimed.passed > passed || claimed.total !== total || claimed.exceptions !== exceptions.length ? [`${runtime}: the README says ${claimed.passed} of ${claimed.total} with ${claimed.exceptions} exceptions, seen were ${passed} of ${total} with ${exceptions.length}`] : [];
  });
  return wrong.length === 0 ? null : `${wrong.join("; ")}. \`node tests/runtimes/run.mjs --write\` writes what a run sees`;
}

