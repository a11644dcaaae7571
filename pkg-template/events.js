// Streams of events that are no chat: Responses, agents, completions, Text Generation Inference.
//
// The loop is that of `stream.js`; the core knows what ends a stream of each form, which event is an
// error, and what a stream that broke off had said.

import { EventDecoder } from "./core.js";
import { AnswerStream } from "./stream.js";

export { WHOLE } from "./stream.js";

/** A streamed answer as parsed events, or with `text` as the words they say; see `index.d.ts`. */
export class EventStream extends AnswerStream {}

/**
 * The stream of an opened answer.
 *
 * `source` is what `CoreClient.open` gives; `form` is the core's name of what the events mean: "responses", "agent",
 * "completions", "tgi", or "json" (any objects, `[DONE]` ends them); `text` gives words instead of events; `answer` makes
 * the whole answer, got by `stream[WHOLE]()`, of its JSON text and the facts of the headers; `Stream` is the class to make.
 */
export function openEvents(source, { signal, form = "json", text = false, answer = JSON.parse, Stream = EventStream } = {}) {
  return new Stream(source, {
    signal,
    text,
    form: {
      decoder: (maxEventBytes, only) => new EventDecoder(maxEventBytes, only, form),
      single: (whole, decoder) => decoder.asStream(whole),
      answer: (json, facts) => answer(json, facts),
    },
  });
}
