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

/** A tool call as the loop announces it; `arguments` is the text the model wrote. */
export interface CallLike {
  id: string;
  name: string;
  arguments?: string | undefined;
}

/** What the model was told about a call. */
export interface ResultLike {
  id: string;
  content: string;
  failed: boolean;
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
  let part = openTool(turn, call.id);
  if (!part) {
    part = { kind: "tool", id: call.id, name: call.name, arguments: "", state: "running" };
    turn.parts.push(part);
  }
  part.state = "running";
  part.name = call.name;
  if (call.arguments !== undefined) part.arguments = call.arguments;
  started.set(part, now);
}

/** A function answered, or failed; either way the model is told. */
export function finishTool(turn: AnswerTurn, result: ResultLike, now: number): void {
  const part = openTool(turn, result.id);
  if (!part) return;
  part.state = result.failed ? "failed" : "done";
  part.result = result.content;
  const from = started.get(part);
  if (from !== undefined) part.took_ms = now - from;
}

/** The call with this id that has no result yet: some models use an id again in a later step. */
function openTool(turn: AnswerTurn, id: string): ToolPart | undefined {
  return turn.parts.find((part): part is ToolPart => part.kind === "tool" && part.id === id && (part.state === "writing" || part.state === "running"));
}

function append(turn: AnswerTurn, kind: "text" | "reasoning", text: string): boolean {
  if (text === "") return false;
  const last = turn.parts.at(-1);
  if (last?.kind === kind) last.text += text;
  else turn.parts.push({ kind, text });
  return true;
}
