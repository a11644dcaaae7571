// Chunks and tool events into the parts of an answer. Pure but for the turn it is given.

import type { ChatCompletionChunk } from "lakewire";
import type { AnswerTurn, ToolPart } from "./types.js";

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
const origins = new WeakMap<ToolPart, { step: number; index: number | undefined }>();
const started = new WeakMap<ToolPart, number>();

/** Appends what a chunk holds for the first choice. Returns whether the model wrote anything in it. */
export function appendDelta(turn: AnswerTurn, step: number, chunk: ChatCompletionChunk): boolean {
  const delta = chunk.choices?.[0]?.delta;
  if (!delta) return false;
  // Some providers send their reasoning as a text of its own.
  const { reasoning_content: thought } = delta;
  let wrote = append(turn, "reasoning", typeof thought === "string" ? thought : "");
  if (typeof delta.content === "string") {
    wrote = append(turn, "text", delta.content) || wrote;
  } else {
    for (const part of delta.content ?? []) {
      if (part.type === "reasoning")
        wrote = append(turn, "reasoning", (part.summary ?? []).map(({ text }) => text ?? "").join("")) || wrote;
      else if (typeof part.text === "string") wrote = append(turn, "text", part.text) || wrote;
    }
  }
  for (const call of delta.tool_calls ?? []) {
    let part = writtenFrom(turn, step, call.index, call.id);
    if (!part) {
      part = { kind: "tool", id: call.id ?? "", name: "", arguments: "", state: "writing" };
      origins.set(part, { step, index: call.index ?? undefined });
      turn.parts.push(part);
    }
    if (call.id) part.id = call.id;
    part.name += call.function?.name ?? "";
    part.arguments += call.function?.arguments ?? "";
    wrote = true;
  }
  return wrote;
}

/** The call a fragment continues: by its index, or without one the newest call, unless the fragment names another. */
function writtenFrom(
  turn: AnswerTurn,
  step: number,
  index: number | null | undefined,
  id: string | null | undefined,
): ToolPart | undefined {
  const ofStep = turn.parts.filter((part): part is ToolPart => part.kind === "tool" && origins.get(part)?.step === step);
  if (typeof index === "number") return ofStep.find((part) => origins.get(part)?.index === index);
  const newest = ofStep.at(-1);
  return id && newest?.id !== id ? undefined : newest;
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
  return turn.parts.find(
    (part): part is ToolPart => part.kind === "tool" && part.id === id && (part.state === "writing" || part.state === "running"),
  );
}

function append(turn: AnswerTurn, kind: "text" | "reasoning", text: string): boolean {
  if (text === "") return false;
  const last = turn.parts.at(-1);
  if (last?.kind === kind) last.text += text;
  else turn.parts.push({ kind, text });
  return true;
}
