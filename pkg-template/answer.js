// A whole answer: the completion as the service sent it, with views on its prototype.

import { requestedTools } from "./core.js";
import { direct } from "./guard.js";
import { parseCalls } from "./tools.js";

export const FACTS = Symbol("lakewire.facts");

/** What the headers of an answer said. */
export class Facts {
  /** The id to quote to Databricks support. */
  get requestId() {
    return this[FACTS]?.requestId;
  }

  /** Which served entity answered. */
  get servedModelName() {
    return this[FACTS]?.servedModelName;
  }

  /** How many requests were sent. */
  get attempts() {
    return this[FACTS]?.attempts;
  }
}

/** Views over a chat completion; the completion's own fields are the object's own fields. */
export class ChatAnswer extends Facts {
  /** The first choice's message. */
  get message() {
    return this.choices[0]?.message;
  }

  /** The first choice's text, parts that are not text left out. */
  get text() {
    const content = this.message?.content;
    if (typeof content === "string") return content;
    return this.parts.reduce((text, part) => (part.type === "text" ? text + part.text : text), "");
  }

  /** The first choice's typed parts. */
  get parts() {
    const content = this.message?.content;
    return Array.isArray(content) ? content : [];
  }

  /** The tools the first choice asks for, their arguments checked. */
  get toolCalls() {
    return parseCalls(direct(() => requestedTools(JSON.stringify(this))));
  }

  /** Why the first choice ended. */
  get finishReason() {
    return this.choices[0]?.finish_reason ?? undefined;
  }

  /** The first choice's log probabilities. */
  get logprobs() {
    return this.choices[0]?.logprobs ?? undefined;
  }
}

/** Makes an answer of its JSON text: an object of the class whose views it shall have, with the facts of its headers. */
export function dress(text, Class, facts) {
  const parsed = JSON.parse(text);
  // a field under the name of a view would hide it, and cannot even be set
  for (const name of Class.hides ?? []) delete parsed[name];
  // copying is six times cheaper than changing a prototype, but would take a key of that name for one
  const answer = Object.hasOwn(parsed, "__proto__")
    ? Object.setPrototypeOf(parsed, Class.prototype)
    : Object.assign(Object.create(Class.prototype), parsed);
  Object.defineProperty(answer, FACTS, { value: facts });
  return answer;
}

/** Makes an answer of a completion's JSON text and the facts of its headers. */
export function makeAnswer(text, facts) {
  return dress(text, ChatAnswer, facts);
}
