// One tool call as it happens: name, what it was asked, what came back, how it stands.

import type { ToolPart } from "../chat/types.js";
import { h, icon } from "./dom.js";

const STATES: Record<ToolPart["state"], string> = {
  writing: "being written",
  running: "running",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};

export class ToolCard {
  readonly element: HTMLElement;
  #name = h("span", { class: "tool-name" });
  #state = h("span", { class: "tool-state" });
  #asked = h("dd", { class: "tool-value" });
  #result = h("dd", { class: "tool-value" });
  #resultRow = h("div", { class: "tool-row", hidden: true }, h("dt", {}, "Result"), this.#result);

  constructor() {
    this.element = h(
      "section",
      { class: "tool", "aria-label": "Tool call" },
      h("header", { class: "tool-head" }, icon("wrench"), this.#name, this.#state),
      h("dl", { class: "tool-body" }, h("div", { class: "tool-row" }, h("dt", {}, "Asked"), this.#asked), this.#resultRow),
    );
  }

  update(part: ToolPart): void {
    this.element.dataset["state"] = part.state;
    this.element.setAttribute("aria-label", `Tool call: ${part.name || "tool"}, ${STATES[part.state]}`);
    this.#name.textContent = part.name || "tool";
    const took = part.state === "done" && part.took_ms !== undefined ? `, ${formatMs(part.took_ms)}` : "";
    this.#state.textContent = STATES[part.state] + took;
    fill(this.#asked, part.arguments);
    this.#resultRow.hidden = part.result === undefined;
    if (part.result !== undefined) fill(this.#result, part.result);
  }
}

/** Whole JSON objects as names and values, anything else as it is. */
function fill(element: HTMLElement, text: string): void {
  if (element.dataset["text"] === text) return;
  element.dataset["text"] = text;
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    element.replaceChildren(h("code", {}, text === "" ? "…" : text));
    return;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return element.replaceChildren(h("span", { class: "muted" }, "no arguments"));
  element.replaceChildren(
    ...entries.map(([name, entry]) =>
      h(
        "span",
        { class: "pair" },
        h("span", { class: "pair-name" }, name),
        h("code", {}, typeof entry === "string" ? entry : JSON.stringify(entry)),
      ),
    ),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formatMs(ms: number): string {
  return ms < 1 ? "under 1 ms" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
