// Interleaved runs in one process, medians per event, ratios to plain JavaScript.

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Times every contestant once per round, in turn, so that a busy machine is busy for all of them. `work(name)` gives what
 * one run is and how many events it reads: long enough that a run is warm, shorter for those that take far longer.
 */
export async function rounds(names, work, { rounds: count, clock, warm = 6 }) {
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warm; round < count; round += 1) {
    for (const name of names) {
      const { run, events } = work(name);
      const start = clock();
      await run();
      if (round >= 0) times[name].push((clock() - start) / events);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

/** Every object must be what JSON.parse makes of its line, keys in the same order. */
export async function assertEqual(made, contestants, fetch) {
  for (const name of ["plain JS", "lakewire", "eventsource-parser", "openai"]) {
    if (contestants[name] === undefined) continue;
    let at = 0;
    await contestants[name](fetch, (item) => {
      if (JSON.stringify(item) !== made[at]) throw new Error(`${name}: chunk ${at} is not what JSON.parse makes of its line`);
      at += 1;
    });
    if (at !== made.length) throw new Error(`${name}: ${at} chunks of ${made.length}`);
  }
  let said = "";
  await contestants["lakewire, text only"](fetch, (text) => { said += text; });
  const expected = made.map((line) => JSON.parse(line).choices[0].delta.content).filter((content) => typeof content === "string").join("");
  if (said !== expected) throw new Error("lakewire, text only: the words differ");
}

/** A markdown table of rows `{ head: [..], times }`, times in milliseconds per event. */
export function table(columns, rows, baseline = "plain JS") {
  const names = [...new Set(rows.flatMap(({ times }) => Object.keys(times)))].filter((name) => name !== baseline);
  const out = [`| ${[...columns, `${baseline}, ns`, ...names].join(" | ")} |`, `|${"---|".repeat(columns.length + 1 + names.length)}`];
  for (const { head, times } of rows) {
    const cells = names.map((name) => (times[name] === undefined ? "–" : (times[name] / times[baseline]).toFixed(2)));
    out.push(`| ${[...head, Math.round(times[baseline] * 1e6), ...cells].join(" | ")} |`);
  }
  return out.join("\n");
}
