// A chat endpoint as a language model.

import { asFailure } from "./failure.js";
import { addresses } from "./media.js";
import { chatMessages } from "./chat-prompt.js";
import { Blocks, facts, headerFacts, newId, responseFacts, streamParts, toolParts } from "./parts.js";
import { chatFields, scopeOf } from "./settings.js";
import { chatUsage, finishReason } from "./usage.js";

/** The pieces of a thought, put together as they come. A signature closes a piece: what comes after it begins a new one. */
class Thought {
  #pieces = [];

  /** Takes a piece; gives the text in it that may be read. */
  add(piece) {
    const last = this.#pieces.at(-1);
    if (piece.type === "summary_text" && last?.type === "summary_text" && (!last.signature || !piece.text)) {
      last.text += piece.text ?? "";
      if (piece.signature) last.signature = piece.signature;
    } else if (piece.type === "summary_text") {
      this.#pieces.push({ ...piece, text: piece.text ?? "" });
    } else {
      this.#pieces.push(piece);
    }
    return piece.type === "summary_text" ? piece.text ?? "" : "";
  }

  /** What the next turn needs to send it back. */
  metadata(endpoint) {
    return { endpoint, summary: this.#pieces };
  }
}

/** A call; one without an id gets one, so that its result can name it. */
const callOf = ({ id, function: { name, arguments: input } }) => ({ type: "tool-call", toolCallId: id || newId("call"), toolName: name, input: input || "{}" });

/** What a message says, in order. */
function contentOf(message, endpoint) {
  const content = [];
  const { content: said, reasoning_content: thought, refusal, tool_calls: calls } = message;
  const parts = typeof said === "string" ? [{ type: "text", text: said }] : said ?? [];
  if (thought && !parts.some((part) => part.type === "reasoning")) content.push({ type: "reasoning", text: thought });
  for (const part of parts) {
    if (part.type === "text" && part.text) content.push({ type: "text", text: part.text });
    if (part.type === "reasoning") {
      const whole = new Thought();
      const text = (part.summary ?? []).map((piece) => whole.add(piece)).join("");
      content.push({ type: "reasoning", text, providerMetadata: { databricks: whole.metadata(endpoint) } });
    }
  }
  if (refusal && !content.some((part) => part.type === "text")) content.push({ type: "text", text: refusal });
  for (const call of calls ?? []) content.push(callOf(call));
  return content;
}

/** What chunks say. */
class ChatFold {
  #blocks = new Blocks();
  #thought;
  #calls = [];
  #usage;
  #reason;
  #told = false;
  #metadata;

  constructor(stream, endpoint) {
    this.stream = stream;
    this.endpoint = endpoint;
  }

  event(chunk, emit) {
    if (!this.#told) {
      this.#told = true;
      emit({ type: "response-metadata", ...responseFacts(chunk) });
    }
    this.#usage = chunk.usage ?? this.#usage;
    if (chunk.databricks_output || chunk.custom_outputs) this.#metadata = { ...this.#metadata, ...facts({ trace: chunk.databricks_output?.trace, customOutputs: chunk.custom_outputs }) };
    const choice = chunk.choices?.find(({ index }) => (index ?? 0) === 0);
    if (choice === undefined) return;
    this.#reason = choice.finish_reason ?? this.#reason;
    const { content, reasoning_content: thought, refusal, tool_calls: calls } = choice.delta ?? {};
    if (thought) this.#blocks.say("reasoning", thought, emit);
    if (typeof content === "string" && content !== "") this.#blocks.say("text", content, emit);
    if (Array.isArray(content)) for (const part of content) this.#part(part, emit);
    if (refusal) this.#blocks.say("text", refusal, emit);
    for (const call of calls ?? []) this.#call(call, emit);
  }

  #part(part, emit) {
    if (part.type === "text" && part.text) this.#blocks.say("text", part.text, emit);
    if (part.type !== "reasoning") return;
    if (this.#blocks.kind !== "reasoning") this.#thought = new Thought();
    const thought = this.#thought ??= new Thought();
    for (const piece of part.summary ?? []) this.#blocks.say("reasoning", thought.add(piece), emit, { metadata: () => thought.metadata(this.endpoint) });
  }

  /** Arguments as they come, once id and whole name are there; the whole call comes at the end, when it is known to be whole. */
  #call({ index, id, function: said }, emit) {
    const call = this.#at(index, id);
    call.id ||= id;
    if (!call.begun && said?.name && said.name !== call.name) call.name += said.name;
    if (typeof said?.arguments === "string") call.waiting += said.arguments;
    // a name may come in pieces until arguments begin
    if (!call.id || call.name === "" || call.waiting === "") return;
    if (!call.begun) {
      this.#blocks.close(emit);
      call.begun = true;
      emit({ type: "tool-input-start", id: call.id, toolName: call.name });
    }
    emit({ type: "tool-input-delta", id: call.id, delta: call.waiting });
    call.waiting = "";
  }

  /** The call that a piece belongs to, by the core's rules: without a place, a known id or none goes on, a new id begins the next. */
  #at(index, id) {
    const calls = this.#calls;
    const found = typeof index === "number" ? calls.find((call) => call.index === index) : id ? calls.findLast((call) => call.id === id) : calls.at(-1);
    if (found !== undefined) return found;
    const next = calls.reduce((next, call) => Math.max(next, call.index + 1), 0);
    calls.push({ index: index ?? next, id: undefined, name: "", waiting: "", begun: false });
    return calls.at(-1);
  }

  async end(emit) {
    this.#blocks.close(emit);
    // the core's fold of the stream knows every way in which calls come
    const answer = await this.stream.finalCompletion();
    const calls = answer.choices[0]?.message?.tool_calls ?? [];
    const begun = new Set(this.#calls.filter((call) => call.begun).map((call) => call.id));
    for (const call of calls.map(callOf)) {
      if (begun.has(call.toolCallId)) {
        emit({ type: "tool-input-end", id: call.toolCallId });
        emit(call);
      } else {
        toolParts(call, emit);
      }
    }
    const { requestId, servedModelName } = this.stream;
    emit({
      type: "finish",
      usage: chatUsage(this.#usage),
      finishReason: finishReason(this.#reason, calls.length > 0),
      providerMetadata: { databricks: facts({ requestId, servedModelName, ...this.#metadata }) },
    });
  }
}

/** A chat endpoint; made by `databricks(endpoint)`. */
export class ChatModel {
  specificationVersion = "v4";
  #client;
  #settings;
  #headers;

  constructor(endpoint, settings, { name, client, headers }) {
    this.modelId = endpoint;
    this.provider = `${name}.chat`;
    this.#client = client;
    this.#settings = settings;
    this.#headers = headers;
  }

  get supportedUrls() {
    return addresses(this.#settings.remoteImages);
  }

  async #prepare(options, more) {
    const warnings = [];
    const values = { messages: chatMessages(options.prompt, this.modelId, warnings), ...chatFields(options, this.#settings, this.modelId, warnings), ...more };
    const { messages, ...fields } = values;
    const signal = options.abortSignal;
    const failure = (thrown) => asFailure(thrown, { path: `/serving-endpoints/${encodeURIComponent(this.modelId)}/invocations`, values, signal });
    signal?.throwIfAborted();
    const chat = (await this.#client()).chat(this.modelId, this.#settings.defaults);
    return { chat, messages, call: { ...fields, ...scopeOf(options, this.#headers) }, warnings, values, failure, signal };
  }

  async doGenerate(options) {
    const { chat, messages, call, warnings, values, failure } = await this.#prepare(options);
    let answer;
    try {
      answer = await chat.invoke(messages, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    const { requestId, servedModelName } = answer;
    const content = contentOf(answer.choices[0]?.message ?? {}, this.modelId);
    const calls = content.some((part) => part.type === "tool-call");
    return {
      content,
      finishReason: finishReason(answer.choices[0]?.finish_reason, calls),
      usage: chatUsage(answer.usage),
      providerMetadata: { databricks: facts({ requestId, servedModelName, trace: answer.databricks_output?.trace, customOutputs: answer.custom_outputs }) },
      request: { body: values },
      response: { ...responseFacts(answer), headers: headerFacts(answer), body: { ...answer } },
      warnings,
    };
  }

  async doStream(options) {
    const more = this.#settings.includeUsage ? { stream_options: { include_usage: true } } : undefined;
    const { chat, messages, call, warnings, values, failure, signal } = await this.#prepare(options, more);
    let stream;
    try {
      stream = await chat.stream(messages, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    const { includeRawChunks } = options;
    return {
      stream: streamParts(stream, new ChatFold(stream, this.modelId), { warnings, includeRawChunks, failure, signal }),
      request: { body: values },
      response: { headers: headerFacts(stream) },
    };
  }
}
