// What a conversation is made of, as the page keeps it (and stores it across a reload).

import type { Message } from "lakewire";

/** One piece of an answer, in the order the pieces came. */
export type Part =
  { kind: "reasoning"; text: string } | { kind: "text"; text: string } | { kind: "json"; text: string } | ToolPart;

/** A tool call: written by the model, run in the page, answered. */
export interface ToolPart {
  kind: "tool";
  id: string;
  name: string;
  /** The arguments as the model wrote them: JSON text, possibly still incomplete. */
  arguments: string;
  state: "writing" | "running" | "done" | "failed" | "stopped";
  result?: string;
  took_ms?: number;
}

/** What is told about an answer under it. Times in milliseconds, tokens as the service counts them. */
export interface Facts {
  model?: string;
  first_token_ms?: number;
  /** From sending to the answer, for one that came as a whole. */
  answer_ms?: number;
  /** Tokens per second while the model was writing; the time tools ran is not in it. */
  tokens_per_second?: number;
  prompt_tokens?: number;
  completion_tokens?: number;
  /** True when the service counted nothing and chunks were counted instead. */
  estimated?: boolean;
  finish_reason?: string;
  request_id?: string;
  /** The trace it was recorded as. */
  trace_id?: string;
}

/** An error as a person can use it: what happened, what to do, and whether asking again may help. */
export interface Problem {
  title: string;
  advice: string;
  detail?: string;
  request_id?: string;
}

export interface UserTurn {
  role: "user";
  id: string;
  text: string;
}

export interface AnswerTurn {
  role: "assistant";
  id: string;
  state: "waiting" | "streaming" | "done" | "stopped" | "failed";
  parts: Part[];
  facts: Facts;
  problem?: Problem;
  /** What this turn added to the conversation on the wire: tool calls, results and the answer. */
  messages?: Message[];
}

export type Turn = UserTurn | AnswerTurn;

/** What a person can set. Kept for the tab's life. */
export interface Settings {
  model: string;
  system: string;
  temperature: number | null;
  max_tokens: number | null;
  reasoning: "off" | "low" | "medium" | "high";
  format: "text" | "json";
  schema: string;
  tools: string[];
}
