// Chunks and tool events into the parts of an answer. Pure but for the turn it is given.

import type { AnswerTurn, ToolPart } from "./types.js";

/** The fields of a chunk that the page reads; every one of them may be absent or null. */
export interface ChunkLike {
  model?: string | null;
  choices?: { delta?: DeltaLike | null; finish_reason?: string | null }[] | null;
  usage?: { prompt_tokens?: number | null; completion_tokens?: number | null } | null;
}

interface DeltaLike {
  content?: string | ContentPartLike[] | null;
  reasoning_content?: string | null;
  tool_calls?: { index?: number | null; id?: string | null; function?: { name?: string | null; arguments?: string | null } | null }[] | null;
}

interface ContentPartLike {
  type?: string;
  text?: string | null;
  summary?: { text?: string | null }[] | null;
}

/** A tool call as the loop announces it, and its result. */
export interface CallLike {
  id?: string | null;
  name?: string;
  arguments?: unknown;
  function?: { name?: string; arguments?: string };
}

export interface ResultLike {
  call?: CallLike;
  tool_call_id?: string;
  content?: unknown;
  error?: unknown;
}

/** Where a tool part was written from: its step and its index there, until its id is known. */
const origins = new WeakMap<ToolPart, string>();
const started = new WeakMap<ToolPart, number>();

/** Appends what a chunk holds for the first choice. Returns whether the model wrote anything in it. */
export function appendDelta(turn: AnswerTurn, step: number, chunk: ChunkLike): boolean {
  const delta = chunk.choices?.[0]?.delta;
  if (!delta) return false;
  let wrote = append(turn, "reasoning", delta.reasoning_content ?? "");
  if (typeof delta.content === "string") {
    wrote = append(turn, "text", delta.content) || wrote;
  } else {
    for (const part of delta.content ?? []) {
      if (part.type === "reasoning") wrote = append(turn, "reasoning", (part.summary ?? []).map(({ text }) => text ?? "").join("")) || wrote;
      else if (typeof part.text === "string") wrote = append(turn, "text", part.text) || wrote;
    }
  }
  for (const call of delta.tool_calls ?? []) {
    const origin = `${step}/${call.index ?? 0}`;
    let part = turn.parts.find((known): known is ToolPart => known.kind === "tool" && origins.get(known) === origin);
    if (!part) {
      part = { kind: "tool", id: call.id ?? "", name: "", arguments: "", state: "writing" };
      origins.set(part, origin);
      turn.parts.push(part);
    }
    if (call.id) part.id = call.id;
    part.name += call.function?.name ?? "";
    part.arguments += call.function?.arguments ?? "";
    wrote = true;
  }
  return wrote;
}

/** A call is complete and its function begins to run. */
export function startTool(turn: AnswerTurn, call: CallLike, now: number): void {
  let part = findTool(turn, call.id ?? "");
  if (!part) {
    part = { kind: "tool", id: call.id ?? "", name: "", arguments: "", state: "running" };
    turn.parts.push(part);
  }
  part.state = "running";
  part.name = call.name ?? call.function?.name ?? part.name;
  const written = call.function?.arguments ?? call.arguments;
  if (typeof written === "string") part.arguments = written;
  else if (written !== undefined && part.arguments === "") part.arguments = JSON.stringify(written);
  started.set(part, now);
}

/** A function answered, or failed; either way the model is told. */
export function finishTool(turn: AnswerTurn, result: ResultLike, now: number): void {
  const part = findTool(turn, result.tool_call_id ?? result.call?.id ?? "");
  if (!part) return;
  part.state = result.error ? "failed" : "done";
  part.result = typeof result.content === "string" ? result.content : JSON.stringify(result.content ?? null);
  const from = started.get(part);
  if (from !== undefined) part.took_ms = now - from;
}

function findTool(turn: AnswerTurn, id: string): ToolPart | undefined {
  const open = turn.parts.filter((part): part is ToolPart => part.kind === "tool" && part.state !== "done" && part.state !== "failed");
  return open.find((part) => part.id === id) ?? (id === "" ? open[0] : undefined);
}

function append(turn: AnswerTurn, kind: "text" | "reasoning", text: string): boolean {
  if (text === "") return false;
  const last = turn.parts.at(-1);
  if (last?.kind === kind) last.text += text;
  else turn.parts.push({ kind, text });
  return true;
}
