// One answer on the page: its parts in order, what is known about it, and what can be done with it.

import { plainText } from "../chat/history.js";
import type { AnswerTurn, Facts, Part } from "../chat/types.js";
import { h, icon } from "./dom.js";
import { MarkdownView } from "./markdown.js";
import { ToolCard } from "./tool-card.js";

/** Shows one part and follows its changes. */
interface PartView {
  kind: Part["kind"];
  element: HTMLElement;
  update(part: Part, live: boolean): void;
}

export class AnswerView {
  readonly element: HTMLElement;
  #parts: PartView[] = [];
  #body = h("div", { class: "answer-body" });
  #waiting = h(
    "p",
    { class: "waiting" },
    h("span", { class: "visually-hidden" }, "Waiting for the answer"),
    h("i"),
    h("i"),
    h("i"),
  );
  #problem = h("div", { class: "problem", hidden: true });
  #facts = h("p", { class: "facts" });
  #tools = h("div", { class: "answer-actions" });
  #trace = h("a", { class: "quiet", title: "How this answer came about", hidden: true }, icon("trace"), h("span", {}, "Trace"));
  #copy: HTMLButtonElement;
  #retry: HTMLButtonElement;

  constructor(
    private turn: AnswerTurn,
    private readonly onRetry: () => void,
  ) {
    this.#copy = h(
      "button",
      { type: "button", class: "quiet", title: "Copy", onclick: () => void this.#copyText() },
      icon("copy"),
      h("span", {}, "Copy"),
    );
    this.#retry = h(
      "button",
      { type: "button", class: "quiet", title: "Try again", onclick: onRetry },
      icon("retry"),
      h("span", {}, "Try again"),
    );
    this.#tools.append(this.#copy, this.#trace, this.#retry);
    this.element = h(
      "article",
      { class: "turn answer", "aria-label": "Answer" },
      this.#body,
      this.#waiting,
      this.#problem,
      h("footer", { class: "answer-foot" }, this.#facts, this.#tools),
    );
    this.update(turn);
  }

  update(turn: AnswerTurn): void {
    this.turn = turn;
    const live = turn.state === "waiting" || turn.state === "streaming";
    this.element.dataset["state"] = turn.state;
    this.element.setAttribute("aria-busy", String(live));
    turn.parts.forEach((part, at) => {
      let view = this.#parts[at];
      if (view && view.kind !== part.kind) {
        for (const old of this.#parts.splice(at)) old.element.remove();
        view = undefined;
      }
      if (!view) {
        view = makePart(part);
        this.#parts.push(view);
        this.#body.append(view.element);
      }
      view.update(part, live && at === turn.parts.length - 1);
    });
    const last = turn.parts.at(-1);
    this.#waiting.hidden = !(live && (last === undefined || (last.kind === "tool" && last.state !== "writing")));
    this.#showProblem();
    this.#facts.replaceChildren(...factLines(turn));
    this.#tools.hidden = live;
    this.#copy.hidden = plainText(turn) === "";
    const trace = turn.facts.trace_id;
    this.#trace.hidden = trace === undefined;
    if (trace !== undefined) this.#trace.href = `#traces/${trace}`;
    // A failed answer has the button beside the advice.
    this.#retry.hidden = turn.state === "failed";
  }

  #showProblem(): void {
    const problem = this.turn.problem;
    this.#problem.hidden = !problem;
    if (!problem || this.#problem.childElementCount > 0) return;
    this.#problem.append(
      icon("alert"),
      h(
        "div",
        {},
        h("p", { class: "problem-title" }, problem.title),
        h("p", {}, problem.advice),
        problem.detail ? h("p", { class: "problem-detail" }, problem.detail) : null,
        problem.request_id ? h("p", { class: "problem-detail" }, `Request id: ${problem.request_id}`) : null,
        h("button", { type: "button", class: "retry", onclick: this.onRetry }, icon("retry"), "Try again"),
      ),
    );
  }

  async #copyText(): Promise<void> {
    const label = this.#copy.querySelector("span");
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(plainText(this.turn));
    } catch {
      said = "The browser did not allow copying";
    }
    if (!label) return;
    label.textContent = said;
    this.#copy.classList.add("said");
    setTimeout(() => {
      label.textContent = "Copy";
      this.#copy.classList.remove("said");
    }, 2_000);
  }
}

function makePart(part: Part): PartView {
  switch (part.kind) {
    case "tool": {
      const card = new ToolCard();
      return { kind: "tool", element: card.element, update: (now) => now.kind === "tool" && card.update(now) };
    }
    case "reasoning": {
      const text = h("div", { class: "reasoning-text" });
      const label = h("span", {}, "Reasoning");
      const element = h("details", { class: "reasoning" }, h("summary", {}, icon("chevron"), label), text);
      return {
        kind: "reasoning",
        element,
        update: (now, live) => {
          if (now.kind === "reasoning" && text.textContent !== now.text) text.textContent = now.text;
          label.textContent = live ? "Reasoning …" : "Reasoning";
        },
      };
    }
    case "json": {
      const code = h("code");
      const element = h(
        "figure",
        { class: "json" },
        h("figcaption", {}, icon("check"), "JSON, checked against your schema"),
        h("pre", { tabindex: 0, role: "region", "aria-label": "JSON answer" }, code),
      );
      return { kind: "json", element, update: (now) => now.kind === "json" && (code.textContent = now.text) };
    }
    case "text": {
      const element = h("div", { class: "prose" });
      const view = new MarkdownView(element);
      return {
        kind: "text",
        element,
        update: (now, live) => {
          if (now.kind === "text") view.update(now.text, live);
          element.classList.toggle("live", live);
        },
      };
    }
  }
}

function factLines(turn: AnswerTurn): HTMLElement[] {
  const lines = facts(turn.facts);
  if (turn.state === "stopped") lines.unshift(h("span", { class: "fact strong" }, "Stopped"));
  else if (turn.facts.finish_reason === "length") lines.unshift(h("span", { class: "fact strong" }, "Cut at the token limit"));
  return lines;
}

function facts({
  first_token_ms,
  answer_ms,
  tokens_per_second,
  prompt_tokens,
  completion_tokens,
  estimated,
  model,
}: Facts): HTMLElement[] {
  const lines: HTMLElement[] = [];
  const add = (text: string, title: string): void => void lines.push(h("span", { class: "fact", title }, text));
  const about = estimated ? "about " : "";
  if (first_token_ms !== undefined)
    add(`${formatSeconds(first_token_ms)} to first token`, "From sending to the first piece of the answer");
  if (answer_ms !== undefined) add(`${formatSeconds(answer_ms)} to the answer`, "From sending to the whole answer");
  if (tokens_per_second !== undefined)
    add(
      `${about}${tokens_per_second < 10 ? tokens_per_second.toFixed(1) : Math.round(tokens_per_second)} tokens/s`,
      "While the model was writing",
    );
  if (completion_tokens !== undefined) {
    const read = prompt_tokens === undefined ? "" : `${prompt_tokens.toLocaleString("en")} read, `;
    add(`${read}${about}${completion_tokens.toLocaleString("en")} written`, "Tokens, as the service counts them");
  }
  if (model) add(model, "The model that answered");
  return lines;
}

function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
