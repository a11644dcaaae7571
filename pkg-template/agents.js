// Agents: the Responses and ChatAgent handles, their answers and their streams.

import { FACTS, Facts, dress } from "./answer.js";
import { settleAll } from "./batch.js";
import { fail } from "./errors.js";
import { EventStream, openEvents, WHOLE } from "./events.js";
import { writeJson } from "./json.js";
import { splitCall, take } from "./options.js";
import { pure } from "./steps.js";
import { parseCalls, runTools, toolLimits } from "./tools.js";

/** Splits what a call was given into request fields (for the wire) and options of the call. */
function split(options) {
  const [scope, fields] = splitCall(options);
  return { fields, scope };
}

function named(endpoint, method) {
  if (typeof endpoint !== "string") throw fail("InvalidInput", `${method}() needs the endpoint's name.`);
  return endpoint;
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

/** Views over a Responses answer; the answer's own fields are the object's own fields. */
export class ResponsesAnswer extends Facts {
  /** Settings of the request that models of OpenAI's repeat in their answers. */
  static hides = ["text", "reasoning"];

  /** All text of the assistant, in order. */
  get text() {
    let text = "";
    for (const item of list(this.output)) {
      if (item.type !== "message" || (item.role ?? "assistant") !== "assistant") continue;
      if (typeof item.content === "string") text += item.content;
      for (const part of list(item.content)) if (part.type === "output_text") text += part.text;
    }
    return text;
  }

  /** The tools the answer asks for and the agent did not run itself, their arguments checked. */
  get toolCalls() {
    return parseCalls(pure("agents.tools", JSON.stringify(this)));
  }

  /** What may be read of the thought behind the answer. */
  get reasoning() {
    const pieces = list(this.output).filter((item) => item.type === "reasoning").flatMap((item) => list(item.summary));
    return pieces.reduce((text, piece) => text + (piece.text ?? ""), "");
  }

  /** Free output of the agent. */
  get customOutputs() {
    return this.custom_outputs ?? undefined;
  }

  /** The trace, when it was asked for. */
  get trace() {
    return this.databricks_output?.trace ?? undefined;
  }

  /** The output as items for the next turn. */
  asInput() {
    return JSON.parse(pure("agents.nextInput", undefined, JSON.stringify(this)));
  }

  /** The input of the next turn: what was sent, what came out of it, and more. */
  nextInput(more) {
    const text = more === undefined ? undefined : writeJson(more, "The input");
    return JSON.parse(pure("agents.nextInput", this[FACTS]?.body, JSON.stringify(this), text));
  }
}

/** A streamed Responses answer. */
export class ResponsesStream extends EventStream {
  /** The whole answer. */
  finalResponse() {
    return this[WHOLE]();
  }
}

/** What the tool loop needs to know of Responses. */
const loop = {
  next: (text, known) => pure("agents.step", text, ...known),
  result: (id, good, text) => pure("agents.toolResult", id, text, good ? "good" : undefined),
  extend: (body, { text, results }) => pure("agents.withItems", body, text, ...results),
  finish: (_, answer) => ({ items: answer.nextInput() }),
};

/** A Responses endpoint with defaults; made by `client.responses(endpoint, defaults)`. */
export class Responses {
  #client;
  #endpoint;
  #route;
  #defaults;

  constructor(client, endpoint, given) {
    this.#client = client;
    this.#endpoint = named(endpoint, "responses");
    const [{ route = "invocations" }, defaults] = take(given, ["route"], "The defaults");
    if (route !== "invocations" && route !== "openai") throw fail("InvalidInput", '`route` must be "invocations" or "openai".');
    this.#route = route;
    this.#defaults = writeJson(defaults, "The defaults");
    this.#body("x", {}, false);
  }

  get endpoint() {
    return this.#endpoint;
  }

  #body(input, fields, stream) {
    const request = writeJson({ ...fields, input }, "The request");
    const model = this.#route === "openai" ? this.#endpoint : undefined;
    return pure("agents.responsesBody", this.#defaults, request, model, stream ? "stream" : undefined);
  }

  async #whole(body, scope) {
    const { text, ...facts } = await this.#client.call("responses", [this.#endpoint, this.#route, body], scope);
    return { text, answer: dress(text, ResponsesAnswer, { ...facts, body }) };
  }

  async #open(body, scope, text) {
    const source = await this.#client.open("responses", [this.#endpoint, this.#route, body], scope);
    const answer = (json, facts) => dress(json, ResponsesAnswer, { ...facts, body });
    return this.#client.track(openEvents(source, { signal: scope.signal, form: "responses", text, answer, Stream: ResponsesStream }));
  }

  /** A whole answer. */
  async invoke(input, options) {
    const { fields, scope } = split(options);
    const { answer } = await this.#whole(this.#body(input, fields, false), scope);
    return answer;
  }

  /** A stream of events. */
  async stream(input, options) {
    const { fields, scope } = split(options);
    return this.#open(this.#body(input, fields, true), scope, false);
  }

  /** A stream of words. */
  async textStream(input, options) {
    const { fields, scope } = split(options);
    return this.#open(this.#body(input, fields, true), scope, true);
  }

  /** Many whole answers, a bounded number at once, in order; a failed one leaves the others. */
  batch(inputs, options) {
    return settleAll(inputs, options, (input, rest) => this.invoke(input, rest));
  }

  /** Asks, runs tools, and repeats until the model answers. */
  async runTools(input, options) {
    const [limits, rest] = toolLimits(options);
    const { fields, scope } = split(rest);
    const { stream, onEvent } = limits;
    if (!Array.isArray(fields.tools)) throw fail("InvalidInput", "runTools needs `tools`, an array made by tool().");
    const ask = stream ? (body) => this.#streamed(body, scope, onEvent) : (body) => this.#whole(body, scope);
    return runTools(this.#body(input, fields, stream), fields.tools, { ...limits, ask, signal: scope.signal, form: loop });
  }

  async #streamed(body, scope, onEvent) {
    const events = await this.#open(body, scope, false);
    for await (const event of events) onEvent?.({ type: "event", event });
    const answer = await events.finalResponse();
    return { text: JSON.stringify(answer), answer };
  }
}

/** Views over a ChatAgent answer; the answer's own fields are the object's own fields. */
export class ChatAgentAnswer extends Facts {
  /** The assistant's last message. */
  get message() {
    return list(this.messages).findLast((message) => message.role === "assistant");
  }

  /** The text of the assistant's last message. */
  get text() {
    return this.message?.content ?? "";
  }

  /** Why the answer ended. */
  get finishReason() {
    return this.finish_reason ?? undefined;
  }

  /** Free output of the agent. */
  get customOutputs() {
    return this.custom_outputs ?? undefined;
  }

  /** The trace, when it was asked for. */
  get trace() {
    return this.databricks_output?.trace ?? undefined;
  }
}

/** A streamed ChatAgent answer. */
export class ChatAgentStream extends EventStream {
  /** The whole answer. */
  finalAnswer() {
    return this[WHOLE]();
  }
}

/** A ChatAgent endpoint with defaults; made by `client.chatAgent(endpoint, defaults)`. */
export class ChatAgent {
  #client;
  #endpoint;
  #defaults;

  constructor(client, endpoint, defaults) {
    this.#client = client;
    this.#endpoint = named(endpoint, "chatAgent");
    const [, fields] = take(defaults, [], "The defaults");
    this.#defaults = writeJson(fields, "The defaults");
    this.#body("x", {}, false);
  }

  get endpoint() {
    return this.#endpoint;
  }

  #body(messages, fields, stream) {
    const request = writeJson({ ...fields, messages }, "The request");
    return pure("agents.body", this.#defaults, request, stream ? "stream" : undefined);
  }

  async #open(messages, options, text) {
    const { fields, scope } = split(options);
    const source = await this.#client.open("agent", [this.#endpoint, this.#body(messages, fields, true)], scope);
    const answer = (json, facts) => dress(json, ChatAgentAnswer, facts);
    return this.#client.track(openEvents(source, { signal: scope.signal, form: "agent", text, answer, Stream: ChatAgentStream }));
  }

  /** A whole answer. */
  async invoke(messages, options) {
    const { fields, scope } = split(options);
    const { text, ...facts } = await this.#client.call("agent", [this.#endpoint, this.#body(messages, fields, false)], scope);
    return dress(text, ChatAgentAnswer, facts);
  }

  /** A stream of chunks. */
  async stream(messages, options) {
    return this.#open(messages, options, false);
  }

  /** A stream of words. */
  async textStream(messages, options) {
    return this.#open(messages, options, true);
  }

  /** Many whole answers, a bounded number at once, in order; a failed one leaves the others. */
  batch(inputs, options) {
    return settleAll(inputs, options, (input, rest) => this.invoke(input, rest));
  }
}
