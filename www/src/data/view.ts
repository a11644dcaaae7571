// Questions to tables: the statement a model writes, its rows, a chart of them, and the answer in words.

import type { WorkspaceClient } from "lakewire";
import { checkReadOnly, type SQLChainEvent, SQLDatabase, SQLDatabaseChain, StatementExecution } from "lakewire/data";
import { isCancelled } from "../chat/problem.js";
import { h, icon } from "../view/dom.js";
import { MarkdownView } from "../view/markdown.js";
import type { View } from "../views.js";
import { field, fillEndpoints, problemBox, type Workbench } from "../workbench.js";
import { pick, type Result } from "./chart.js";
import { draw } from "./draw.js";
import { table } from "./table.js";
import { warehouse } from "./warehouse.js";

const EXAMPLES = [
  "How many orders are there?",
  "What is the total revenue per nation?",
  "Who are the top 10 customers by revenue?",
  "How many orders are there per year?",
  "What is the average discount per ship mode?",
  "Which are the 5 most expensive parts?",
];
/** More rows than these are cut; that is said. */
const MOST_ROWS = 100_000;
/** Rows that the chain takes along for its answer. */
const CHAIN_ROWS = 1_000;

export function mount(section: HTMLElement, { client, recorder, endpoints }: Workbench): View {
  const schema = h("input", { id: "data-schema", type: "text", value: "samples.tpch", autocomplete: "off", spellcheck: false });
  const model = h("select", { id: "data-model", disabled: true });
  const question = h("textarea", { id: "data-question", rows: 3 });
  question.value = EXAMPLES[1] ?? "";
  const go = h("button", { type: "submit", class: "primary", disabled: true }, "Ask");
  const stop = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => running?.abort() }, icon("stop"), "Stop");
  const status = h("p", { class: "note", role: "status" });
  const sql = h("textarea", { id: "data-sql", rows: 7, class: "sql-editor", spellcheck: false, placeholder: "The statement comes here; you can also write your own." });
  const again = h("button", { type: "submit", class: "quiet" }, icon("retry"), "Run this statement");
  const words = h("div", { class: "said prose", hidden: true, "data-answer": true, "aria-live": "polite" });
  let answer = new MarkdownView(words);
  let written = "";
  const picture = h("div");
  const rows = h("div");
  const steps = h("ol", { class: "steps" });
  const about = h("details", { hidden: true }, h("summary", {}, "How the answer came about"), steps);
  const trouble = h("div");
  let running: AbortController | undefined;
  let endTable: (() => void) | undefined;
  let endChart: (() => void) | undefined;

  section.replaceChildren(
    h("h2", {}, "Ask your data"),
    h("p", { class: "about" }, "A model writes one statement that only reads; it runs on the SQL warehouse, and the answer is drawn from its rows. You can change the statement and run it again."),
    h(
      "div",
      { class: "split" },
      h(
        "form",
        { class: "side", onsubmit: (event: Event) => (event.preventDefault(), void ask()) },
        field("Schema", schema, "As catalog.schema; samples.nyctaxi is there too."),
        field("Model", model),
        field("Question", question),
        h("div", { class: "row" }, go, stop),
        h("div", { class: "examples" }, ...EXAMPLES.map((text) => h("button", { type: "button", onclick: () => ((question.value = text), void ask()) }, text))),
        status,
      ),
      h(
        "div",
        { class: "result" },
        trouble,
        words,
        h("form", { onsubmit: (event: Event) => (event.preventDefault(), void run()) }, field("Statement", sql), again),
        picture,
        rows,
        about,
      ),
    ),
  );

  /** One thing at a time: a new one ends the last. */
  async function work(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    trouble.replaceChildren();
    stop.hidden = false;
    go.disabled = true;
    try {
      await act(mine.signal);
    } catch (error) {
      if (running !== mine) return;
      const stopped = mine.signal.aborted || isCancelled(error);
      status.textContent = stopped ? "Stopped." : "";
      if (!stopped) trouble.replaceChildren(problemBox(error, "The warehouse"));
    } finally {
      if (running === mine) {
        running = undefined;
        stop.hidden = true;
        go.disabled = model.disabled;
      }
    }
  }

  const ask = (): Promise<void> =>
    work(async (signal) => {
      const started = performance.now();
      clear();
      status.textContent = "Looking at the tables …";
      const asked = question.value.trim();
      let result = "";
      const { traceId } = await recorder.run("data", { inputs: { question: asked }, outputs: () => result }, async (watched) => {
        const chain = new SQLDatabaseChain(watched.chat(model.value), await tables(watched, signal), { rowLimit: CHAIN_ROWS, topK: 10 });
        for await (const event of chain.stream(asked, { signal })) {
          tell(event);
          if (event.type === "done") result = event.result;
        }
      });
      if (traceId !== undefined) words.append(h("p", { class: "note" }, h("a", { href: `#traces/${traceId}` }, "Trace of this answer")));
      status.textContent = `Answered in ${seconds(started)}.`;
    }).catch(() => {});

  function tell(event: SQLChainEvent): void {
    about.hidden = false;
    switch (event.type) {
      case "tables":
        return note("Tables", event.tables.join(", "));
      case "sql":
      case "checked":
        sql.value = event.sql;
        status.textContent = "Running the statement …";
        return note(event.type === "sql" ? "Statement" : "Checked statement", event.sql);
      case "rows":
        show({ columns: event.columns.map(({ name, type_name }) => ({ name, type: type_name ?? "STRING" })), rows: event.rows }, event.truncated);
        status.textContent = "Putting it into words …";
        return note("Rows, as the model gets them", event.text.length > 2_000 ? `${event.text.slice(0, 2_000)} …` : event.text);
      case "words":
        words.hidden = false;
        return answer.update((written += event.text), true);
      case "done":
        words.hidden = event.result === "";
        answer.update(event.result, false);
    }
  }

  /** The statement as it stands, by hand: through the same guard as the model's. */
  const run = (): Promise<void> =>
    work(async (signal) => {
      checkReadOnly(sql.value);
      clear();
      const started = performance.now();
      const [catalog = "", name = ""] = schema.value.trim().split(".");
      const warehouseId = await warehouse(client, signal, say);
      status.textContent = "Running …";
      const result = await new StatementExecution(client, { warehouseId, catalog, schema: name }).execute(sql.value, { signal, rowLimit: MOST_ROWS });
      const found: unknown[][] = [];
      for await (const batch of result.batches()) {
        const columns = batch.columns.map((column) => column.toArray());
        for (let at = 0; at < batch.length; at += 1) found.push(columns.map((column) => column[at]));
        status.textContent = `${found.length} rows …`;
      }
      show({ columns: result.columns.map(({ name: column, type_name }) => ({ name: column, type: type_name ?? "STRING" })), rows: found }, result.truncated);
      status.textContent = `${found.length} ${found.length === 1 ? "row" : "rows"} in ${seconds(started)}.`;
    }).catch(() => {});

  /** Read anew for each question: the client is the one that this answer is recorded with. */
  async function tables(watched: WorkspaceClient, signal: AbortSignal): Promise<SQLDatabase> {
    const [catalog = "", name = ""] = schema.value.trim().split(".");
    const warehouseId = await warehouse(client, signal, say);
    return SQLDatabase.fromDatabricks(watched, { catalog, schema: name, warehouseId, sampleRowsInTableInfo: 2, signal });
  }

  function say(text: string): void {
    status.textContent = text;
  }

  function note(title: string, text: string): void {
    steps.append(h("li", { class: "step" }, h("h3", {}, title), h("pre", { class: "code" }, text)));
  }

  function clear(): void {
    endTable?.();
    endChart?.();
    endTable = endChart = undefined;
    words.hidden = true;
    words.replaceChildren();
    answer = new MarkdownView(words);
    written = "";
    steps.replaceChildren();
    about.hidden = true;
    picture.replaceChildren();
    rows.replaceChildren();
  }

  function show(result: Result, truncated: boolean): void {
    endTable?.();
    endChart?.();
    endChart = undefined;
    const grid = table(result);
    endTable = grid.end;
    const count = `${result.rows.length} ${result.rows.length === 1 ? "row" : "rows"}${truncated ? ", cut: there are more" : ""}`;
    rows.replaceChildren(h("h3", {}, count), grid.element);
    const choice = pick(result);
    if (choice.kind === "none") {
      picture.replaceChildren(result.rows.length > 1 ? h("p", { class: "note" }, `No chart: ${choice.why}`) : "");
      return;
    }
    const canvas = h("canvas", { role: "img", "aria-label": "A chart of the rows in the table below" });
    picture.replaceChildren(h("div", { class: "wide-canvas", "data-chart": choice.kind }, canvas));
    endChart = draw(canvas, result, choice);
  }

  async function models(): Promise<void> {
    try {
      fillEndpoints(model, (await endpoints()).filter(({ task }) => task === "llm/v1/chat"));
      go.disabled = model.disabled || running !== undefined;
    } catch (error) {
      trouble.replaceChildren(problemBox(error, "The workspace"));
    }
  }

  void models();
  addEventListener("pagehide", () => running?.abort());
  return { shown: () => void models() };
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
