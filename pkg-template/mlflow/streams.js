// Streams under watch: they stay as they are, with all their methods. What they come to is asked of them when they end.

import { quietly } from "./context.js";

const WHOLE = Symbol.for("lakewire.whole");
/** On the signals of chains: the chain's own stream was left. */
const LEFT = Symbol.for("lakewire.left");

/** The text of a piece: of a chunk of a chat, an event of an agent, or a word. */
function textOf(piece) {
  if (typeof piece === "string") return piece;
  const text = piece?.choices?.[0]?.delta?.content ?? piece?.delta ?? piece?.token?.text;
  return typeof text === "string" ? text : "";
}

/** The first read of an answer's body, told once; later reads are the reader's own. */
export function firstRead(source, place) {
  if (place === undefined) return source;
  const first = () => place.event("first_piece", {});
  quietly(() => {
    if (source.single !== undefined) return first();
    const { body } = source;
    const open = body.getReader;
    body.getReader = (...given) => {
      delete body.getReader;
      const reader = open.apply(body, given);
      const read = reader.read;
      reader.read = (...more) => {
        delete reader.read;
        const pending = read.apply(reader, more);
        quietly(() => pending.then(({ done }) => void (done || first()), () => {}));
        return pending;
      };
      return reader;
    };
  });
  return source;
}

/** What each piece that is read tells. Pipes and tees read past it. */
function told(stream, see) {
  const iterate = stream[Symbol.asyncIterator];
  const read = stream.getReader;
  const tell = ({ value, done }) => {
    if (!done) quietly(() => see(value));
  };
  const follow = (pending) => {
    pending.then(tell, () => {});
    return pending;
  };
  stream[Symbol.asyncIterator] = () => {
    const source = iterate.call(stream);
    return {
      next: () => follow(source.next()),
      return: (value) => source.return(value),
      throw: (reason) => source.throw(reason),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  stream.getReader = (...given) => {
    const reader = read.apply(stream, given);
    if (given[0]?.mode === "byob") return reader;
    const next = reader.read;
    reader.read = () => follow(next.call(reader));
    return reader;
  };
}

/** Ends a place when a stream ends, however it does. Gives the stream. */
export function watchStream(stream, place, { tokens = false, first = false, signal } = {}) {
  let words = 0;
  quietly(() => {
    if (tokens || first) {
      let begun = false;
      told(stream, (piece) => {
        if (first && !begun) place.event("first_piece", {});
        begun = true;
        const text = tokens ? textOf(piece) : "";
        if (text === "") return;
        words += 1;
        place.event("new_token", { token: text });
      });
    }
    place.set({ requestId: stream.requestId, attempts: stream.attempts, servedModelName: stream.servedModelName });
    // whoever forgets the stream forgets this too: nothing but the stream holds it
    stream.finished.then(async () => {
      try {
        const answer = await stream[WHOLE]();
        // who read it by a pipe or as a whole is told of its words at once
        if (tokens && words === 0) quietly(() => place.event("new_token", { token: answer.text ?? textOf(answer?.choices?.[0]) }));
        place.end(answer);
      } catch (error) {
        const partial = quietly(() => error.partial);
        const left = signal?.aborted !== true || signal[LEFT] === true || signal.reason?.kind === "Cancelled";
        if (error?.kind === "Cancelled" && left) place.left(partial);
        else place.fail(error, partial);
      }
    });
  });
  return stream;
}
