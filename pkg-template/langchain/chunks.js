// Streamed chat completions → LangChain's message chunks.

import { AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { block } from "./blocks.js";
import { responseMetadata, tokenUsage, usageMetadata } from "./messages.js";

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

/** Pieces of tool calls. Id and name are said once: some services repeat them, and LangChain joins what comes twice. */
class Calls {
  #told = new Set();

  chunks(deltas) {
    return deltas.map(({ index, id, function: called }, at) => {
      const place = index ?? at;
      const first = !this.#told.has(place) && (id || called?.name);
      if (first) this.#told.add(place);
      const text = called?.arguments ?? "";
      return {
        type: "tool_call_chunk", index: place, args: typeof text === "string" ? text : JSON.stringify(text),
        ...(first && id && { id }), ...(first && called?.name && { name: called.name }),
      };
    });
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
    if (Array.isArray(deltas) && deltas.length > 0) yield piece({ ...named, content: "", tool_call_chunks: calls.chunks(deltas) });
  }
  const usage = streamUsage ? usageMetadata(last.usage) : undefined;
  const metadata = responseMetadata({ ...last, requestId: stream.requestId, servedModelName: stream.servedModelName }, endpoint);
  yield piece(
    { ...(id !== undefined && { id }), content: "", additional_kwargs: refusal === "" ? {} : { refusal }, response_metadata: metadata, ...(usage && { usage_metadata: usage }) },
    { ...(finish && { finish_reason: finish }), ...(usage && { tokenUsage: tokenUsage(usage) }) },
  );
}
