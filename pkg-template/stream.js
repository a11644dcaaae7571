// A streamed answer: the loop that reads the body, and the two ways out of it.
//
// The loop belongs to JavaScript: a read is awaited here and decoded by one synchronous call. An
// iterator takes objects straight from the loop; the ReadableStream around it serves pipes and
// readers. Objects are made when they are asked for, so a slow reader holds back the server.
//
// What is decoded is for a `form` to say: `decoder(maxEventBytes, text)` makes what reads the bytes,
// `single(whole, decoder)` writes an answer that came at once as a stream, and `answer(text, facts)`
// makes the whole answer. Chat's form is here, the others are in `events.js`.

import { ChunkDecoder } from "./core.js";
import { makeAnswer } from "./answer.js";
import { fail, toError } from "./errors.js";
import { Columns } from "./materialize.js";

/** A read larger than this is decoded piece by piece, so that it is never held twice. */
const PIECE = 1 << 18;
/** How long the peer has to close after the end mark before we do: a closed body frees its connection for the next call. */
const LINGER = 250;
/** How long the peer has to say the end mark once nothing else can follow. */
const SETTLED = 2_000;

const now = () => performance.now();
const ignore = () => {};

// A stream that is forgotten unread must not hold its connection. What is kept here holds no path back to the stream.
// Older workers have no registry: there the idle limit alone frees it.
export const forgotten = typeof FinalizationRegistry === "undefined" ? { register() {}, unregister() {} } : new FinalizationRegistry((close) => close());

/** What is not finished says so in place of how it ended. */
const OPEN = Object.freeze({ state: "open", noSentinel: false, noFinishReason: false, warnings: Object.freeze([]) });
const TRUNCATED = Object.freeze({ ...OPEN, state: "truncated" });

function verdict(json) {
  const { no_sentinel: noSentinel, no_finish_reason: noFinishReason, state, ...flags } = JSON.parse(json);
  return { state, noSentinel, noFinishReason, warnings: Object.keys(flags).filter((name) => flags[name]) };
}

/** A whole completion as the one chunk that says the same. */
function asChunk(json) {
  const { choices, ...rest } = JSON.parse(json);
  return {
    ...rest,
    object: "chat.completion.chunk",
    choices: choices.map(({ message, ...choice }) => {
      const delta = { ...message };
      if (Array.isArray(delta.tool_calls)) delta.tool_calls = delta.tool_calls.map((call, index) => ({ index, ...call }));
      return { ...choice, delta };
    }),
  };
}

function isBytes(chunk) {
  return chunk instanceof Uint8Array || Object.prototype.toString.call(chunk) === "[object Uint8Array]";
}

/** The form of chat streams. */
const chat = {
  decoder: (maxEventBytes, text) => new ChunkDecoder(maxEventBytes, text),
  single: (whole) => `data: ${JSON.stringify(asChunk(whole))}\n\ndata: [DONE]\n\n`,
  answer: makeAnswer,
};

/** The loop of one stream. Not a class of private fields: those cost on the hot path in some engines. */
class Pump {
  constructor(source, { signal, text = false, form }) {
    this.source = source;
    this.text = text;
    this.form = form;
    this.decoder = form.decoder(Math.min(source.maxEventBytes ?? 8 << 20, 0x3fffffff), text);
    this.columns = new Columns(this.decoder);
    this.reader = undefined;
    this.status = 0;
    this.rest = undefined;
    this.failure = undefined;
    this.ended = false;
    this.first = true;
    this.taken = "";
    this.turns = 0;
    this.last = undefined;
    this.mute = false;
    this.left = undefined;
    this.completeness = OPEN;
    this.answer = undefined;
    this.finished = new Promise((resolve) => { this.settle = resolve; });
    this.idle = source.idleMs > 0 && source.idleMs < Infinity ? source.idleMs : Infinity;
    this.deadline = source.totalMs < Infinity ? now() + source.totalMs : Infinity;
    this.waiting = false;
    this.since = 0;
    this.timer = undefined;
    this.signal = signal;
    if (signal) {
      this.onAbort = () => this.stop(this.error("Cancelled", "The stream was aborted.", { cause: signal.reason }), signal.reason);
      signal.addEventListener("abort", this.onAbort, { once: true });
      if (signal.aborted) this.onAbort();
    }
    if (!this.ended) this.open();
  }

  open() {
    const { body, single } = this.source;
    if (single !== undefined) {
      this.rest = new TextEncoder().encode(this.form.single(single, this.decoder));
      return;
    }
    if (typeof body?.getReader !== "function") {
      this.stop(this.error("Protocol", "The answer has no body to stream: a custom fetch must give a Response whose body is a ReadableStream."));
      return;
    }
    try {
      this.reader = body.getReader();
    } catch (thrown) {
      this.stop(this.error("Protocol", "The answer's body is locked or was read before: a custom fetch must not read what it returns.", { cause: thrown }));
    }
  }

  /** An error with what the stream knows. */
  error(kind, message, facts = {}) {
    const { requestId, attempts } = this.source;
    return fail(kind, message, { requestId, attempts, maybeProcessed: true, partial: this.ended ? undefined : this.decoder.partial(), ...facts });
  }

  /** Whether something is there to be taken without waiting. */
  get ready() {
    return this.text ? this.columns.text !== "" : this.columns.ready;
  }

  take() {
    if (this.mute) {
      this.discard();
      return undefined;
    }
    if (!this.text) return this.columns.next();
    const { text } = this.columns;
    this.columns.text = "";
    return text;
  }

  discard() {
    this.columns.at = this.columns.end;
    this.columns.text = "";
  }

  /** The next item as an iterator's result, waited for if need be. Throws the stream's failure. */
  async pull() {
    try {
      for (;;) {
        if (this.ready) return { value: this.take(), done: false };
        if (this.ended) {
          if (this.failure) throw this.failure;
          return { value: undefined, done: true };
        }
        try {
          if (this.status === 1) {
            this.status = this.columns.more();
          } else if (this.status === 2) {
            this.finish();
          } else if (this.rest !== undefined) {
            this.feed(this.rest);
          } else if (this.reader === undefined) {
            this.eof();
          } else {
            const started = now();
            this.wait(started);
            this.accept(await this.reader.read(), started);
          }
        } catch (thrown) {
          if (this.waiting) this.broke(thrown);
          else this.stop(this.enrich(thrown));
        }
      }
    } finally {
      this.turns -= 1;
    }
  }

  /** Waits for the calls of `pull` that came before. */
  queue() {
    const go = () => this.pull();
    this.last = this.turns++ === 0 ? this.pull() : this.last.then(go, go);
    return this.last;
  }

  feed(chunk) {
    const piece = chunk.length > PIECE ? chunk.subarray(0, PIECE) : chunk;
    this.rest = piece === chunk ? undefined : chunk.subarray(PIECE);
    this.status = this.columns.push(piece);
  }

  eof() {
    this.decoder.finish();
    this.status = 2;
  }

  /** Takes what a read gave. */
  accept(result, started) {
    this.waiting = false;
    if (this.ended) return;
    // timers may have slept (a suspended machine, an edge runtime): the clock decides
    this.check(started);
    if (this.ended) return;
    if (result.done) {
      this.eof();
      return;
    }
    const chunk = result.value;
    if (!isBytes(chunk)) throw this.error("Protocol", "The answer's body gave something else than bytes: a custom fetch must stream Uint8Array.");
    if (chunk.length > 0) {
      // platforms leave the header in place after undoing the encoding, so only the bytes can tell: no text begins like this
      if (this.first && chunk[0] === 0x1f && chunk[1] === 0x8b) {
        throw this.error("UnsupportedEncoding", "The answer is still gzip: a custom fetch must undo the content encoding.");
      }
      this.first = false;
      this.feed(chunk);
    } else if (isDetached(chunk.buffer)) {
      throw this.error("Protocol", "The answer's body gave a buffer that was transferred elsewhere: a custom fetch must stream bytes it keeps its hands off.");
    }
  }

  /** One timer per stream: it is set when none runs, and looks at the clock when it fires. */
  wait(started) {
    this.waiting = true;
    this.since = started;
    if (this.status === 3 && this.idle > SETTLED) {
      this.idle = SETTLED;
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    const limit = Math.min(this.idle, this.deadline - started);
    if (this.timer === undefined && limit < Infinity) this.arm(limit);
  }

  arm(limit) {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.waiting || this.ended) return;
      this.check(this.since);
      if (!this.ended) this.arm(Math.min(this.idle - (now() - this.since), this.deadline - now()));
    }, Math.min(Math.max(limit, 1), 0x7fffffff));
  }

  /** Ends the stream when a time limit has passed. Only waiting on the peer counts as idle. */
  check(since) {
    if (this.idle === Infinity && this.deadline === Infinity) return;
    const at = now();
    const phase = at >= this.deadline ? "total" : at - since >= this.idle ? "idle" : "";
    if (phase === "") return;
    if (this.decoder.broken(phase)) {
      this.finish();
      return;
    }
    const message = phase === "idle"
      ? `Nothing came from the stream for ${Math.round(this.idle)} ms: the service stalled, or timeouts.idleMs is too short for it.`
      : "The time limit on the whole call passed before the stream ended: raise timeouts.totalMs if that is meant to be.";
    this.stop(this.error("DeadlineExceeded", message, { phase, isRetryable: phase === "idle" }));
  }

  broke(thrown) {
    this.waiting = false;
    if (this.ended) return;
    if (this.decoder.broken("")) {
      this.finish();
      return;
    }
    this.stop(this.error("Connect", "The connection broke in the middle of the stream. What arrived is in the error's partial answer.", { cause: thrown, isRetryable: true }));
  }

  /** The stream ended by itself; Rust knows whether well. */
  finish() {
    let json;
    try {
      json = this.decoder.completeness();
    } catch (thrown) {
      this.stop(this.enrich(thrown));
      return;
    }
    this.completeness = json === undefined ? TRUNCATED : verdict(json);
    this.close();
    const { reader } = this;
    if (reader === undefined) return;
    const timer = setTimeout(() => { reader.cancel().catch(ignore); this.source.abort?.(); }, LINGER);
    timer.unref?.();
    reader.read().then(({ done }) => {
      clearTimeout(timer);
      if (done) return;
      this.source.abort?.();
      return reader.cancel();
    }, ignore).catch(ignore);
  }

  enrich(thrown) {
    const { requestId, attempts } = this.source;
    if (thrown !== null && typeof thrown === "object" && typeof thrown.kind === "string" && !(thrown instanceof Error)) {
      return toError({ ...thrown, requestId: thrown.requestId ?? requestId, attempts });
    }
    return toError(thrown);
  }

  /** Ends the stream early, at the server too. Some runtimes need the one, some the other. */
  stop(failure, reason = failure) {
    if (this.ended) return;
    this.failure = failure;
    this.completeness = TRUNCATED;
    this.close();
    const { reader, source } = this;
    reader?.cancel(reason).catch(ignore);
    try {
      source.abort?.(reason);
    } catch {
      // nothing more can be done for a body that refuses both
    }
  }

  close() {
    this.ended = true;
    this.rest = undefined;
    this.discard();
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    if (this.signal) this.signal.removeEventListener("abort", this.onAbort);
    this.signal = undefined;
    if (this.failure) this.decoder.free();
    this.settle();
  }

  /** Lets one kind of reader in, once. */
  enter(kind) {
    if (this.taken === "" || (kind === "reader" && this.taken === "reader")) {
      this.taken = kind;
      return;
    }
    throw fail("Closed", "This stream is being read already: iterate it once, or tee() it before.");
  }

  /** The consumer went away; there is nothing to throw at it. */
  leave() {
    if (this.ended) return;
    this.stop(this.error("Cancelled", "The stream was left before its end."));
    this.left = this.failure;
    this.failure = undefined;
  }

  /** The whole answer, reading what nobody reads. */
  async final() {
    if (!this.ended && this.taken === "") {
      this.enter("final");
      this.mute = true;
      while (!(await this.queue()).done);
    }
    await this.finished;
    const failure = this.failure ?? this.left;
    if (failure) throw failure;
    if (this.answer === undefined) {
      const { requestId, servedModelName, attempts } = this.source;
      try {
        this.answer = this.form.answer(this.decoder.completion(), { requestId, servedModelName, attempts });
      } catch (thrown) {
        throw this.enrich(thrown);
      }
    }
    return this.answer;
  }
}

function isDetached(buffer) {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Takes items straight from the loop. Calls of `next` that overlap wait for their turn. */
class StreamIterator {
  #pump;
  #stream;

  constructor(pump, stream) {
    this.#pump = pump;
    // held, so that the stream is not taken for forgotten while it is iterated
    this.#stream = stream;
  }

  next() {
    const pump = this.#pump;
    if (pump.turns === 0 && pump.ready) return Promise.resolve({ value: pump.take(), done: false });
    return pump.queue();
  }

  return(value) {
    this.#pump.leave();
    return Promise.resolve({ value, done: true });
  }

  throw(reason) {
    this.#pump.leave();
    return Promise.reject(reason);
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** Gives the whole answer of a stream, reading what nobody reads. */
export const WHOLE = Symbol.for("lakewire.whole");

/** A streamed answer of any form. */
export class AnswerStream extends ReadableStream {
  #pump;

  constructor(source, options) {
    const pump = new Pump(source, options);
    super(
      {
        async pull(controller) {
          pump.enter("reader");
          const { value, done } = await pump.queue();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel(reason) {
          pump.stop(pump.error("Cancelled", "The stream was cancelled.", { cause: reason }), reason);
        },
      },
      { highWaterMark: 0 },
    );
    this.#pump = pump;
    const { reader } = pump;
    if (reader !== undefined) {
      const { abort } = source;
      forgotten.register(this, () => { reader.cancel().catch(ignore); abort?.(); }, pump);
      pump.finished.then(() => forgotten.unregister(pump));
    }
  }

  get requestId() {
    return this.#pump.source.requestId;
  }

  get servedModelName() {
    return this.#pump.source.servedModelName;
  }

  get attempts() {
    return this.#pump.source.attempts;
  }

  get completeness() {
    return this.#pump.completeness;
  }

  get finished() {
    return this.#pump.finished;
  }

  [WHOLE]() {
    return this.#pump.final();
  }

  cancel(reason) {
    const pump = this.#pump;
    // a closing client ends what others hold locked, and an iterator holds no lock
    if (this.locked && reason?.kind !== "Closed") return super.cancel(reason);
    const failure = reason?.kind === "Closed" ? reason : pump.error("Cancelled", "The stream was cancelled.", { cause: reason });
    pump.stop(failure, reason);
    return Promise.resolve();
  }

  values() {
    return this[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator]() {
    if (this.locked) throw fail("Closed", "This stream is being read already: iterate it once, or tee() it before.");
    this.#pump.enter("iterator");
    return new StreamIterator(this.#pump, this);
  }
}

/** A streamed chat answer; see `index.d.ts`. */
export class ChatStream extends AnswerStream {
  finalCompletion() {
    return this[WHOLE]();
  }
}

/** The stream of an opened answer: chunks, or with `text` the words of the first choice. */
export function openStream(source, { signal, text }) {
  return new ChatStream(source, { signal, text, form: chat });
}
