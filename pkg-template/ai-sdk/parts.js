// A stream of ours as the AI SDK's stream of parts.

/**
 * Reads `source` on demand and lets `fold` say what its events mean: `fold.event(event, emit)` for each, `fold.end(emit)` at the
 * end. A failure comes twice: as an `error` part, for who listens to parts, and as the stream's own error, so that a text that
 * broke off never passes for a whole one.
 */
export function streamParts(source, fold, { warnings, includeRawChunks, failure, signal }) {
  const events = source[Symbol.asyncIterator]();
  let failed;
  return new ReadableStream(
    {
      start(controller) {
        controller.enqueue({ type: "stream-start", warnings });
      },
      async pull(controller) {
        if (failed !== undefined) return controller.error(failed);
        let any = false;
        const emit = (part) => {
          any = true;
          controller.enqueue(part);
        };
        try {
          while (!any) {
            const { done, value } = await events.next();
            if (done) {
              await fold.end(emit);
              return controller.close();
            }
            if (includeRawChunks) emit({ type: "raw", rawValue: value });
            fold.event(value, emit);
          }
        } catch (thrown) {
          failed = failure(thrown);
          if (signal?.aborted) return controller.error(failed);
          controller.enqueue({ type: "error", error: failed });
        }
      },
      cancel: () => events.return?.(),
    },
    { highWaterMark: 0 },
  );
}

/** The one block of text or reasoning that is open. */
export class Blocks {
  #count = 0;
  #open;

  get kind() {
    return this.#open?.kind;
  }

  /** What was said in the open block under this key. */
  said(kind, key) {
    return this.#open?.kind === kind && this.#open.key === key ? this.#open.text : undefined;
  }

  /** Says more; another kind or key begins a new block. */
  say(kind, delta, emit, { key, metadata } = {}) {
    if (this.#open !== undefined && (this.#open.kind !== kind || this.#open.key !== key)) this.close(emit);
    if (this.#open === undefined) {
      this.#open = { kind, key, id: `${this.#count++}`, metadata, text: "" };
      emit({ type: `${kind}-start`, id: this.#open.id });
    }
    this.#open.text += delta;
    this.#open.metadata = metadata ?? this.#open.metadata;
    if (delta !== "") emit({ type: `${kind}-delta`, id: this.#open.id, delta });
  }

  close(emit) {
    if (this.#open === undefined) return;
    const { kind, id, metadata } = this.#open;
    this.#open = undefined;
    const own = metadata?.();
    emit({ type: `${kind}-end`, id, ...(own === undefined ? {} : { providerMetadata: { databricks: own } }) });
  }
}

/** A tool call that came whole, as the parts of one that was streamed. */
export function toolParts(call, emit) {
  const { toolCallId: id, toolName, input } = call;
  emit({ type: "tool-input-start", id, toolName });
  if (input !== "") emit({ type: "tool-input-delta", id, delta: input });
  emit({ type: "tool-input-end", id });
  emit(call);
}

/** What the headers of an answer say, as headers and as metadata. */
export function headerFacts({ requestId, servedModelName }) {
  const headers = {};
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  if (servedModelName !== undefined) headers["served-model-name"] = servedModelName;
  return headers;
}

/** An object without what is undefined: metadata must be JSON. */
export function facts(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/** Id, model and time of an answer, as far as it tells them. */
export function responseFacts({ id, model, created, created_at: createdAt }) {
  const seconds = created ?? createdAt;
  return {
    ...(typeof id === "string" && id !== "" ? { id } : {}),
    ...(typeof model === "string" && model !== "" ? { modelId: model } : {}),
    ...(typeof seconds === "number" ? { timestamp: new Date(seconds * 1000) } : {}),
  };
}

/** A new id. */
export function newId(prefix) {
  const numbers = crypto.getRandomValues(new Uint32Array(3));
  return `${prefix}_${Array.from(numbers, (number) => number.toString(36)).join("")}`;
}
