// From the turns on the page to the messages the endpoint is sent.

import type { Message } from "lakewire";
import type { AnswerTurn, Turn } from "./types.js";

/**
 * The conversation so far as messages, ending with the newest question. An exchange that failed before anything was
 * answered is left out: two questions in a row are refused by some models.
 */
export function toMessages(turns: readonly Turn[], system: string): Message[] {
  const messages: Message[] = [];
  if (system.trim() !== "") messages.push({ role: "system", content: system.trim() });
  turns.forEach((turn, at) => {
    if (turn.role === "assistant") return;
    const next = turns[at + 1];
    const answer = next?.role === "assistant" ? answerMessages(next) : [];
    if (next && answer.length === 0 && at + 2 < turns.length) return;
    messages.push({ role: "user", content: turn.text }, ...answer);
  });
  return messages;
}

function answerMessages(turn: AnswerTurn): Message[] {
  if (turn.state === "waiting" || turn.state === "streaming") return [];
  if (turn.messages && turn.messages.length > 0) return turn.messages;
  // Stopped or broken off: only the words can be kept. A tool call without its result would be refused.
  const text = plainText(turn);
  return text === "" ? [] : [{ role: "assistant", content: text }];
}

/** The words of an answer, as the copy button takes them. */
export function plainText(turn: AnswerTurn): string {
  return turn.parts
    .flatMap((part) => (part.kind === "text" || part.kind === "json" ? [part.text] : []))
    .join("\n\n")
    .trim();
}
