// Streamed chat completions → LangChain's message chunks.

import { AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { block } from "./blocks.js";
import { newCallId, responseMetadata, tokenUsage, usageMetadata } from "./messages.js";

/** A chunk with a piece of the answer. */
export function piece(fields, generationInfo) {
  const { content } = fields;
  const text = typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("");
  return new ChatGenerationChunk({ text, message: new AIMessageChunk(fields), ...(generationInfo && { generationInfo }) });
}

/**
 * Gives blocks their places: pieces of one thought, or of one text, carry the same `index`, so that LangChain puts them
 * together. As long as there was nothing but text, text stays a plain string.
 */
export class Places {
  #place = -1;
  #open;

  /** The piece of text as content. */
  text(text) {
    if (this.#place < 0) return text;
    return this.#placed({ type: "text", text });
  }

  /** A block as content; a thought goes on with the one before it, until it is signed or named. */
  block(made) {
    if (made.type === "text") return this.#placed(made);
    if (made.type !== "reasoning") {
      this.#open = undefined;
      this.#place += 1;
      return [{ ...made, index: this.#place }];
    }
    if (made.encrypted) this.#open = undefined;
    const placed = this.#placed(made);
    if (made.signature || made.encrypted || made.id) this.#open = undefined;
    return placed;
  }

  #placed(made) {
    if (this.#open !== made.type) this.#place += 1;
    const begins = this.#open !== made.type;
    this.#open = made.type;
    // LangChain joins texts of two pieces: what is said once stands in the first
    const { extras, ...rest } = made;
    return [{ ...rest, ...(begins && extras && { extras }), index: this.#place }];
  }
}

/**
 * Pieces of tool calls, found by the rules of the core: by their place; without one a known id, or none at all, goes on with the
 * call that is being written, and a new id begins the next. A call is told once its id and its whole name are there, which some
 * services send late, in pieces, or again with every piece: LangChain joins what comes twice.
 */
class Calls {
  #calls = [];

  /** The pieces that may be told now. */
  chunks(deltas) {
    return deltas.flatMap(({ index, id, function: said }) => {
      const call = this.#at(index, id);
      call.id ||= id;
      if (!call.begun && said?.name && said.name !== call.name) call.name += said.name;
      const text = said?.arguments ?? "";
      call.args += typeof text === "string" ? text : JSON.stringify(text);
      return call.id && call.name !== "" && call.args !== "" ? [this.#tell(call)] : [];
    });
  }

  /** At the end: calls without arguments, and those whose service gave no id. */
  rest() {
    return this.#calls.filter(({ begun, args }) => !begun || args !== "").map((call) => this.#tell(call));
  }

  #at(index, id) {
    const { length } = this.#calls;
    const found = typeof index === "number" ? this.#calls.find((call) => call.index === index) : id ? this.#calls.findLast((call) => call.id === id) : this.#calls[length - 1];
    if (found !== undefined) return found;
    const next = this.#calls.reduce((next, call) => Math.max(next, call.index + 1), 0);
    this.#calls.push({ index: index ?? next, id: undefined, name: "", args: "", begun: false });
    return this.#calls[length];
  }

  #tell(call) {
    const { index, name, args, begun } = call;
    const chunk = { type: "tool_call_chunk", index, args, ...(!begun && { id: call.id || newCallId(), name }) };
    call.begun = true;
    call.args = "";
    return chunk;
  }
}

/**
 * The chunks of a stream's first choice as they come, then one with what was used and what the answer says of itself:
 * services count in every chunk, and LangChain would add the counts up.
 */
export async function* chatChunks(stream, endpoint, streamUsage) {
  const places = new Places();
  const calls = new Calls();
  let last = {};
  let id;
  let finish;
  let refusal = "";
  for await (const chunk of stream) {
    last = { ...last, ...Object.fromEntries(Object.entries(chunk).filter(([, value]) => value !== null && value !== undefined)) };
    if (typeof chunk.id === "string") id ??= chunk.id;
    const choice = chunk.choices?.find((choice) => (choice.index ?? 0) === 0);
    if (choice === undefined) continue;
    finish = choice.finish_reason ?? finish;
    const { content, tool_calls: deltas, reasoning_content: thoughts, refusal: refused } = choice.delta ?? {};
    if (typeof refused === "string") refusal += refused;
    const named = id === undefined ? {} : { id };
    const info = choice.logprobs ? { logprobs: choice.logprobs } : undefined;
    if (typeof thoughts === "string" && thoughts !== "") {
      yield piece({ ...named, content: places.block({ type: "reasoning", reasoning: thoughts, extras: { field: "reasoning_content" } }) });
    }
    if (typeof content === "string" && content !== "") yield piece({ ...named, content: places.text(content) }, info);
    if (Array.isArray(content)) for (const part of content) yield piece({ ...named, content: places.block(block(part)) }, info);
    const pieces = Array.isArray(deltas) ? calls.chunks(deltas) : [];
    if (pieces.length > 0) yield piece({ ...named, content: "", tool_call_chunks: pieces });
  }
  const rest = calls.rest();
  if (rest.length > 0) yield piece({ ...(id !== undefined && { id }), content: "", tool_call_chunks: rest });
  const usage = streamUsage ? usageMetadata(last.usage) : undefined;
  const metadata = responseMetadata({ ...last, requestId: stream.requestId, servedModelName: stream.servedModelName }, endpoint);
  yield piece(
    { ...(id !== undefined && { id }), content: "", additional_kwargs: refusal === "" ? {} : { refusal }, response_metadata: metadata, ...(usage && { usage_metadata: usage }) },
    { ...(finish && { finish_reason: finish }), ...(usage && { tokenUsage: tokenUsage(usage) }) },
  );
}
