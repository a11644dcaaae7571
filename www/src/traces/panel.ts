// What is told of a trace, and of one span of it.

import type { TraceInfo, TraceSpan } from "lakewire/mlflow";
import { h } from "../view/dom.js";
import { length } from "./waterfall.js";

/** Longer texts are cut in the page; the trace has them whole. */
const MOST_CHARS = 20_000;

export interface TraceFacts {
  name: string;
  when: string;
  took: string;
  state: string;
  tokens: string;
}

/** A trace's own facts as a person reads them. */
export function facts(info: TraceInfo): TraceFacts {
  const seconds = /^([\d.]+)s$/.exec(info.execution_duration ?? "")?.[1];
  const used = read(info.trace_metadata?.["mlflow.trace.tokenUsage"]) as { input_tokens?: number; output_tokens?: number } | undefined;
  const at = new Date(info.request_time);
  return {
    name: info.tags?.["mlflow.traceName"] ?? "trace",
    when: Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }),
    took: seconds === undefined ? "" : length(Number(seconds) * 1_000),
    state: info.state ?? "",
    tokens: used === undefined ? "" : `${(used.input_tokens ?? 0).toLocaleString("en")} tokens read, ${(used.output_tokens ?? 0).toLocaleString("en")} written`,
  };
}

function read(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Attributes that stand elsewhere in the panel. */
const SHOWN = new Set(["mlflow.spanInputs", "mlflow.spanOutputs", "mlflow.spanType", "mlflow.traceRequestId"]);

/** One span: what it was, what went in, what came out, what went wrong. */
export function panel(span: TraceSpan, ms: number): HTMLElement[] {
  const lines: HTMLElement[] = [h("h3", {}, span.name), h("p", { class: "note" }, `${span.type.toLowerCase().replaceAll("_", " ")} · ${length(ms)}`)];
  if (span.status.code === "ERROR") {
    lines.push(h("div", { class: "problem", role: "note" }, h("div", {}, h("p", { class: "problem-title" }, "This call failed."), h("p", { class: "problem-detail" }, span.status.message || "No reason was given."))));
  }
  lines.push(value("Inputs", span.inputs), value("Outputs", span.outputs));
  const rest = Object.entries(span.attributes ?? {}).filter(([name]) => !SHOWN.has(name));
  if (rest.length > 0) {
    const rows = rest.map(([name, each]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, text(each))));
    lines.push(h("details", { class: "step" }, h("summary", {}, "Attributes"), h("table", { class: "grid" }, h("tbody", {}, ...rows))));
  }
  if (span.events && span.events.length > 0) {
    const rows = span.events.map((event) => h("tr", {}, h("th", { scope: "row" }, event.name), h("td", {}, length(Number(BigInt(event.time_ns) - BigInt(span.start_ns)) / 1e6)), h("td", {}, text(event.attributes))));
    lines.push(h("details", { class: "step" }, h("summary", {}, "Events"), h("table", { class: "grid" }, h("tbody", {}, ...rows))));
  }
  return lines;
}

/** Inputs or outputs: a conversation as its messages, everything else as JSON. */
function value(title: string, given: unknown): HTMLElement {
  const messages = conversation(given);
  const body =
    messages === undefined
      ? h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": title }, h("code", {}, given === undefined ? "nothing" : text(given)))
      : h("ul", { class: "messages" }, ...messages.map(({ role, content }) => h("li", {}, h("b", {}, role), h("span", {}, content))));
  return h("div", { class: "step" }, h("h4", {}, title), body);
}

/** The messages in what a chat was given or gave. */
function conversation(given: unknown): { role: string; content: string }[] | undefined {
  const body = given as { messages?: unknown; choices?: { message?: unknown }[] } | null | undefined;
  const list = Array.isArray(body?.messages) ? body.messages : Array.isArray(body?.choices) ? body.choices.map((choice) => choice?.message) : undefined;
  if (list === undefined || list.length === 0) return undefined;
  const found = list.map((message) => {
    const { role, content, tool_calls: calls } = (message ?? {}) as { role?: unknown; content?: unknown; tool_calls?: { function?: { name?: string; arguments?: string } }[] };
    const asked = (calls ?? []).map((call) => `${call.function?.name ?? "a tool"}(${call.function?.arguments ?? ""})`).join("\n");
    return { role: typeof role === "string" ? role : "message", content: [typeof content === "string" ? content : content == null ? "" : text(content), asked].filter(Boolean).join("\n") };
  });
  return found;
}

function text(given: unknown): string {
  const written = typeof given === "string" ? given : (JSON.stringify(given, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner), 2) ?? String(given));
  return written.length > MOST_CHARS ? `${written.slice(0, MOST_CHARS)} … (${written.length} characters)` : written;
}
