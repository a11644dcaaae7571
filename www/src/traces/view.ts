// Traces: what was asked, what each call of it did and how long it took, as the workspace's MLflow has it.

import type { TraceInfo, TraceSpan } from "lakewire/mlflow";
import { isCancelled } from "../chat/problem.js";
import { h, icon } from "../view/dom.js";
import type { View } from "../views.js";
import { problemBox, type Workbench } from "../workbench.js";
import { facts, panel } from "./panel.js";
import { EXPERIMENT } from "./record.js";
import { length, waterfall } from "./waterfall.js";

const MOST = 100;

export function mount(section: HTMLElement, { recorder }: Workbench): View {
  const switchOn = h("input", { id: "traces-record", type: "checkbox", onchange: () => recorder.turn(switchOn.checked) });
  const renew = h("button", { type: "button", class: "quiet", onclick: () => void list() }, icon("retry"), "Renew");
  const status = h("p", { class: "note", role: "status" });
  const trouble = h("div");
  const found = h("ol", { class: "trace-list", "aria-label": "Traces, the newest first" });
  const shown = h("div", { class: "result trace", "data-trace": true });
  let loading: AbortController | undefined;
  let opening: AbortController | undefined;

  section.replaceChildren(
    h("h2", {}, "Traces"),
    h("p", { class: "about" }, "Every answer of this page as a trace in MLflow: the calls it was made of, what went in and came out, tokens, and where the time went."),
    trouble,
    h(
      "div",
      { class: "split" },
      h(
        "div",
        { class: "side" },
        h("label", { class: "check", for: "traces-record" }, switchOn, h("span", {}, "Record this page’s answers")),
        h("p", { class: "note" }, "They are written to the experiment ", h("code", {}, EXPERIMENT), ", where whoever may read it can read them."),
        h("div", { class: "row" }, renew),
        status,
        found,
      ),
      shown,
    ),
  );

  async function list(): Promise<void> {
    loading?.abort();
    const mine = (loading = new AbortController());
    trouble.replaceChildren();
    switchOn.checked = await recorder.on();
    try {
      const { tracing, mlflow } = await recorder.room();
      // what is still on its way belongs to the list
      await tracing.flush();
      const experiment = await mlflow.getExperimentByName(EXPERIMENT, { signal: mine.signal });
      const traces: TraceInfo[] = [];
      if (experiment !== undefined) {
        for await (const info of mlflow.searchTraces([experiment.experiment_id], { maxResults: MOST, orderBy: ["timestamp_ms DESC"], signal: mine.signal })) {
          traces.push(info);
          if (traces.length === MOST) break;
        }
      }
      if (loading !== mine) return;
      found.replaceChildren(...traces.map(line));
      status.textContent = traces.length === 0 ? "There are none yet: ask something in another view." : traces.length === MOST ? `The newest ${MOST}.` : `${traces.length} ${traces.length === 1 ? "trace" : "traces"}.`;
      if (recorder.problem !== undefined) trouble.replaceChildren(problemBox(recorder.problem, "MLflow"));
      const asked = wanted();
      const [newest] = traces;
      if (asked !== undefined) await open(asked);
      else if (newest !== undefined && shown.childElementCount === 0) await open(newest.trace_id);
    } catch (error) {
      if (loading === mine && !isCancelled(error)) trouble.replaceChildren(problemBox(error, "MLflow"));
    }
  }

  function line(info: TraceInfo): HTMLElement {
    const { name, when, took, state, tokens } = facts(info);
    return h(
      "li",
      {},
      h(
        "a",
        { href: `#traces/${info.trace_id}`, "data-id": info.trace_id },
        h("strong", {}, info.request_preview ? cut(info.request_preview) : name),
        h("span", { class: state === "ERROR" ? "state bad" : "quiet-facts" }, [state === "ERROR" ? "failed" : "", name, took, tokens, when].filter(Boolean).join(" · ")),
      ),
    );
  }

  async function open(id: string): Promise<void> {
    opening?.abort();
    const mine = (opening = new AbortController());
    for (const link of found.querySelectorAll<HTMLAnchorElement>("a")) {
      if (link.dataset["id"] === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    try {
      const { tracing, mlflow } = await recorder.room();
      await tracing.flush();
      const { info, spans } = await mlflow.getTrace(id, { signal: mine.signal });
      if (opening !== mine) return;
      show(info, spans);
    } catch (error) {
      if (opening === mine && !isCancelled(error)) shown.replaceChildren(problemBox(error, "The trace"));
    }
  }

  function show(info: TraceInfo, spans: TraceSpan[]): void {
    const { name, took, state, tokens, when } = facts(info);
    const rows = waterfall(spans);
    const details = h("div", { class: "span-panel", "aria-live": "polite" });
    const pick = (at: number): void => {
      const row = rows[at];
      if (row === undefined) return;
      for (const [index, each] of [...bars.children].entries()) each.firstElementChild?.setAttribute("aria-pressed", String(index === at));
      details.replaceChildren(...panel(row.span, row.ms));
    };
    const bars = h(
      "ol",
      { class: "waterfall", "aria-label": "Spans, in the order of the calls" },
      ...rows.map(({ span, depth, from, width, ms }, at) => {
        const bar = h("i", { class: "span-bar" });
        bar.style.left = `${(from * 100).toFixed(3)}%`;
        bar.style.width = `max(2px, ${(width * 100).toFixed(3)}%)`;
        const label = h("span", { class: "span-name" }, h("b", {}, span.name), h("small", {}, span.type.toLowerCase().replaceAll("_", " ")));
        label.style.paddingInlineStart = `${Math.min(depth, 12) * 0.875}rem`;
        const failed = span.status.code === "ERROR";
        return h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: failed ? "span failed" : "span", "aria-pressed": "false", "data-type": span.type, onclick: () => pick(at) },
            label,
            h("span", { class: "span-track" }, bar),
            h("span", { class: "span-time" }, failed ? "failed, " : "", length(ms)),
          ),
        );
      }),
    );
    shown.replaceChildren(
      h("div", { class: "head" }, h("h3", {}, name), h("span", { class: state === "ERROR" ? "state bad" : state === "OK" ? "state good" : "state busy" }, state)),
      h("p", { class: "note" }, [took, tokens, when, info.trace_id].filter(Boolean).join(" · ")),
      bars,
      details,
    );
    const failed = rows.findIndex(({ span }) => span.status.code === "ERROR");
    pick(failed < 0 ? 0 : failed);
  }

  addEventListener("hashchange", () => {
    const id = wanted();
    if (id !== undefined) void open(id);
  });
  void list();
  addEventListener("pagehide", () => (loading?.abort(), opening?.abort()));
  return { shown: () => void list() };
}

/** The trace that the address names. */
function wanted(): string | undefined {
  return /^#traces\/([A-Za-z0-9-]{1,64})$/.exec(location.hash)?.[1];
}

function cut(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
