// Runs: one for each conversation of this page, with what its answers cost and took, as figures over the answers.

import type { Run } from "lakewire/mlflow";
import { isCancelled } from "../chat/problem.js";
import { EXPERIMENT } from "../traces/record.js";
import { h, icon } from "../view/dom.js";
import type { View } from "../views.js";
import { field, problemBox, type Workbench } from "../workbench.js";
import { plot } from "./plot.js";

const MOST = 50;
/** More lines than these in one picture cannot be told apart. */
const MOST_LINES = 4;

export function mount(section: HTMLElement, { recorder }: Workbench): View {
  const metric = h("select", { id: "runs-metric", disabled: true, onchange: () => void draw() });
  const renew = h("button", { type: "button", class: "quiet", onclick: () => void list() }, icon("retry"), "Renew");
  const status = h("p", { class: "note", role: "status" });
  const trouble = h("div");
  const body = h("tbody");
  const table = h(
    "table",
    { class: "grid" },
    h("thead", {}, h("tr", {}, ...["Run", "State", "Answers", "Tokens written", "Plotted"].map((title) => h("th", { scope: "col" }, title)))),
    body,
  );
  const picture = h("div");
  const picked = new Set<string>();
  let runs: Run[] = [];
  let loading: AbortController | undefined;
  let drawing: AbortController | undefined;
  let end: (() => void) | undefined;

  section.replaceChildren(
    h("h2", {}, "Runs"),
    h("p", { class: "about" }, "Each recorded conversation is a run in MLflow. Its metrics are those of its answers: tokens, time to the first of them, and speed."),
    trouble,
    h(
      "div",
      { class: "split wide" },
      h("div", { class: "side" }, field("Metric", metric), h("div", { class: "row" }, renew), status),
      h("div", { class: "result scroller" }, picture, table),
    ),
  );

  async function list(): Promise<void> {
    loading?.abort();
    const mine = (loading = new AbortController());
    trouble.replaceChildren();
    try {
      const { mlflow } = await recorder.room();
      await recorder.settled();
      const experiment = await mlflow.getExperimentByName(EXPERIMENT, { signal: mine.signal });
      const found: Run[] = [];
      if (experiment !== undefined) {
        for await (const run of mlflow.searchRuns([experiment.experiment_id], { maxResults: MOST, orderBy: ["attributes.start_time DESC"], signal: mine.signal })) {
          found.push(run);
          if (found.length === MOST) break;
        }
      }
      if (loading !== mine) return;
      runs = found;
      for (const id of [...picked]) if (!runs.some(({ info }) => info.run_id === id)) picked.delete(id);
      const [newest] = runs;
      if (picked.size === 0 && newest !== undefined) picked.add(newest.info.run_id);
      body.replaceChildren(...runs.map(line));
      table.hidden = runs.length === 0;
      status.textContent = runs.length === 0 ? "There are none yet: a recorded conversation makes one." : `${runs.length} ${runs.length === 1 ? "run" : "runs"} in ${EXPERIMENT}.`;
      const names = [...new Set(runs.flatMap(({ data }) => (data?.metrics ?? []).map(({ key }) => key)))].sort();
      const before = metric.value;
      metric.replaceChildren(...(names.length > 0 ? names.map((name) => h("option", { value: name }, name)) : [h("option", { value: "" }, "None yet")]));
      metric.disabled = names.length === 0;
      if (names.includes(before)) metric.value = before;
      await draw();
    } catch (error) {
      if (loading === mine && !isCancelled(error)) trouble.replaceChildren(problemBox(error, "MLflow"));
    }
  }

  function line(run: Run): HTMLElement {
    const { info, data } = run;
    const last = (name: string): string => {
      const found = (data?.metrics ?? []).find(({ key }) => key === name);
      return found === undefined ? "" : String(found.value);
    };
    const tick = h("input", {
      type: "checkbox",
      checked: picked.has(info.run_id),
      "aria-label": `Plot ${info.run_name ?? info.run_id}`,
      onchange: () => {
        if (tick.checked && picked.size >= MOST_LINES) {
          tick.checked = false;
          status.textContent = `More than ${MOST_LINES} lines cannot be told apart: untick one first.`;
          return;
        }
        if (tick.checked) picked.add(info.run_id);
        else picked.delete(info.run_id);
        void draw();
      },
    });
    const state = info.status ?? "";
    return h(
      "tr",
      { "data-run": info.run_id },
      h("th", { scope: "row" }, info.run_name ?? info.run_id),
      h("td", {}, h("span", { class: state === "FAILED" ? "state bad" : state === "FINISHED" ? "state good" : "state busy" }, state)),
      h("td", { class: "number" }, last("answers")),
      h("td", { class: "number" }, last("completion_tokens_total")),
      h("td", {}, tick),
    );
  }

  async function draw(): Promise<void> {
    drawing?.abort();
    const mine = (drawing = new AbortController());
    end?.();
    end = undefined;
    picture.replaceChildren();
    if (metric.value === "" || picked.size === 0) return;
    try {
      const { mlflow } = await recorder.room();
      const lines = await Promise.all(
        runs
          .filter(({ info }) => picked.has(info.run_id))
          .map(async ({ info }) => {
            const points: { step: number; value: number }[] = [];
            for await (const { step, value } of mlflow.getMetricHistory(info.run_id, metric.value, { signal: mine.signal })) points.push({ step: Number(step ?? 0), value: Number(value) });
            return { name: info.run_name ?? info.run_id, points: points.sort((a, b) => a.step - b.step) };
          }),
      );
      if (drawing !== mine) return;
      const canvas = h("canvas", { role: "img", "aria-label": `${metric.value} over the answers of ${lines.length} ${lines.length === 1 ? "run" : "runs"}` });
      picture.replaceChildren(h("div", { class: "wide-canvas", "data-plot": metric.value, "data-points": lines.reduce((sum, { points }) => sum + points.length, 0) }, canvas));
      end = plot(canvas, metric.value, lines);
    } catch (error) {
      if (drawing === mine && !isCancelled(error)) trouble.replaceChildren(problemBox(error, "MLflow"));
    }
  }

  void list();
  addEventListener("pagehide", () => (loading?.abort(), drawing?.abort()));
  return { shown: () => void list() };
}
