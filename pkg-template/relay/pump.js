// Bodies on their way: the request's, read whole within limits, and the answer's, passed on within limits, never faster than it is taken.

/** The part of an event stream that is held back at most: what has not ended its line yet. */
const HELD = 64 * 1024;
const LF = 10;
const NOTHING = new Uint8Array(0);

/** A request's body that is not taken: `status` is what to answer. */
export class Unreadable extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Reads a body of at most `limit` bytes within `ms`; what is longer or later is not read on. */
export async function readWhole(body, limit, ms, signal) {
  if (body === null || body === undefined) return new Uint8Array(0);
  const reader = body.getReader();
  let timer;
  let gone;
  const stopped = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Unreadable(408, "The request's body did not arrive in time.")), ms);
    gone = () => reject(new Unreadable(499, "The client went away."));
    if (signal?.aborted) gone();
    else signal?.addEventListener("abort", gone, { once: true });
  });
  const chunks = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stopped]);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new Unreadable(400, "The request's body is not bytes.");
      size += value.length;
      if (size > limit) throw new Unreadable(413, "The request's body is larger than this relay takes.");
      chunks.push(value);
    }
  } catch (thrown) {
    reader.cancel().catch(() => {});
    throw thrown instanceof Unreadable ? thrown : new Unreadable(400, "The request's body broke off.");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", gone);
  }
  return joined(chunks, size);
}

function joined(chunks, size) {
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * An answer's body for the client. Reads from the workspace only when the client takes more; ends the request to the workspace when the
 * client goes away (`signal`, or the stream is cancelled).
 *
 * What exceeds `bytes`, pauses longer than `idleMs`, lasts longer than `totalMs` or breaks off is cut: with `cut(kind)`, the text of a
 * last event, in a stream of events, whose lines are passed whole; else with an error, so that no part looks like the whole. `kind` is
 * "size", "idle", "time" or "upstream". `stop()` ends the request to the workspace; `ended(kind, bytes)` is called once, with
 * `undefined` for a good end and "client" for a client that went away.
 */
export function pump(body, { bytes, idleMs, totalMs, cut, signal, stop, ended }) {
  const reader = body.getReader();
  let held = NOTHING;
  let kept = 0;
  let taken = 0;
  let over = false;
  let total;
  let controller;

  const finish = (kind) => {
    over = true;
    clearTimeout(total);
    signal?.removeEventListener("abort", gone);
    held = NOTHING;
    ended(kind, taken);
  };
  const leave = () => {
    stop();
    reader.cancel().catch(() => {});
  };
  const broken = (kind) => {
    if (over) return;
    leave();
    finish(kind);
    if (cut === undefined) return controller.error(new Error(`The answer was cut: ${kind}.`));
    // a line that did not come whole is left out; the event begins with an empty line, which closes what stands before
    controller.enqueue(new TextEncoder().encode(cut(kind)));
    controller.close();
  };
  const gone = () => {
    if (over) return;
    leave();
    finish("client");
    controller.error(signal?.reason ?? new Error("The client went away."));
  };
  /** Keeps bytes of a line; the room for them doubles, so that each is copied a few times at most, however small the pieces. */
  const keep = (bytes) => {
    const size = kept + bytes.length;
    if (size > held.length) {
      const larger = new Uint8Array(Math.max(size, Math.min(2 * held.length, HELD), 256));
      larger.set(held.subarray(0, kept));
      held = larger;
    }
    held.set(bytes, kept);
    kept = size;
  };
  /** Passes on; whether anything was there to pass. */
  const pass = (chunk) => {
    if (cut === undefined) {
      controller.enqueue(chunk);
      return chunk.length > 0;
    }
    const end = chunk.lastIndexOf(LF) + 1;
    const left = chunk.length - end;
    if (end === 0 && kept + left <= HELD) {
      keep(chunk);
      return false;
    }
    const upTo = left > HELD || end === 0 ? chunk.length : end;
    const whole = chunk.subarray(0, upTo);
    controller.enqueue(kept === 0 ? whole : joined([held.subarray(0, kept), whole], kept + upTo));
    kept = 0;
    if (upTo < chunk.length) keep(chunk.subarray(upTo));
    return true;
  };

  return new ReadableStream(
    {
      start(own) {
        controller = own;
        total = setTimeout(() => broken("time"), totalMs);
        // an answer that nobody takes shall not keep a process alive
        total.unref?.();
        if (signal?.aborted) gone();
        else signal?.addEventListener("abort", gone, { once: true });
      },
      async pull() {
        for (;;) {
          const idle = setTimeout(() => broken("idle"), idleMs);
          let read;
          try {
            read = await reader.read();
          } catch {
            return broken("upstream");
          } finally {
            clearTimeout(idle);
          }
          if (over) return;
          if (read.done) {
            if (kept > 0) controller.enqueue(held.slice(0, kept));
            finish(undefined);
            return controller.close();
          }
          taken += read.value.length;
          if (taken > bytes) return broken("size");
          if (pass(read.value)) return;
        }
      },
      cancel() {
        if (over) return;
        leave();
        finish("client");
      },
    },
    { highWaterMark: 0 },
  );
}
