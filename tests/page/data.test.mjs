// What the views over data decide by themselves: the chart of a result, and where documents are cut.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./modules.mjs";

const { MOST_BARS, pick } = await pageModule("data/chart.ts");
const { passages } = await pageModule("documents/chunk.ts");

const result = (columns, rows) => ({ columns: columns.map(([name, type]) => ({ name, type })), rows });

test("a name and a figure are bars; figures of one size share them, others do not", () => {
  const nations = result([["n_name", "STRING"], ["revenue", "DECIMAL"], ["cost", "DOUBLE"], ["orders", "LONG"]], [["Peru", "100.5", 90, 2n], ["Chile", "80.25", 70, 1n]]);
  assert.deepEqual(pick(nations), { kind: "bar", x: 0, y: [1, 2] });
});

test("a time and a figure are a line, whether the time is a date or a year", () => {
  assert.deepEqual(pick(result([["day", "DATE"], ["n", "LONG"]], [["2024-01-01", 1n], ["2024-01-02", 3n]])), { kind: "line", x: 0, y: [1] });
  assert.deepEqual(pick(result([["n", "LONG"], ["order_year", "INT"]], [[1n, 1995], [3n, 1996]])), { kind: "line", x: 1, y: [0] });
});

test("two figures are points; a key is no figure", () => {
  assert.deepEqual(pick(result([["distance", "DOUBLE"], ["fare", "DOUBLE"]], [[1, 5], [2, 9]])), { kind: "scatter", x: 0, y: [1] });
  assert.deepEqual(pick(result([["pickup_zip", "INT"], ["fare", "DOUBLE"]], [[10001, 5], [10002, 9]])), { kind: "bar", x: 0, y: [1] });
});

test("what no chart shows gets none, with the reason", () => {
  const none = (...shape) => {
    const choice = pick(result(...shape));
    assert.equal(choice.kind, "none");
    return choice.why;
  };
  assert.match(none([["count", "LONG"]], [[5n]]), /One row/);
  assert.match(none([["a", "STRING"], ["b", "STRING"]], [["x", "y"], ["z", "w"]]), /no figures/);
  assert.match(none([["name", "STRING"], ["n", "INT"]], Array.from({ length: MOST_BARS + 1 }, (_, at) => [`a${at}`, at])), /More than 60 bars/);
  assert.match(none([["status", "STRING"], ["price", "DOUBLE"]], [["O", 1], ["O", 2]]), /names the rows one by one/);
});

test("documents are cut at headings, keep their titles, and lose no word", () => {
  const text = "Before any heading.\n\n# First\n\nOne.\n\n```\n# not a heading\n```\n\n## Second ##\nTwo.";
  const cut = passages("guide.md", text);
  assert.deepEqual(cut.map(({ id, title }) => [id, title]), [["guide.md#1", "guide.md"], ["guide.md#2", "First"], ["guide.md#3", "Second"]]);
  assert.match(cut[1].text, /One\.[\s\S]*# not a heading/);
  const long = passages("long.md", `${"Words and words. ".repeat(20)}\n\n`.repeat(40));
  assert.ok(long.length > 5, `${long.length} passages`);
  assert.equal(long.map(({ text: each }) => each).join("").replace(/\s+/g, ""), "Wordsandwords.".repeat(20 * 40));
  assert.deepEqual(passages("empty.md", "\n\n"), []);
});
