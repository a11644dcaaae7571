// The best plain JavaScript we know for this: one TextDecoder, lines found by indexOf, objects parsed when they are asked
// for, and a hand-written iterator, since an async generator costs a third more. It trusts its input where lakewire does not.

export function plainStream(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let at = 0;
  let ended = false;

  /** The next event that is here, or nothing. */
  const take = () => {
    for (;;) {
      const end = text.indexOf("\n", at);
      if (end === -1) return undefined;
      const from = at;
      at = end + 1;
      if (end === from || !text.startsWith("data: ", from)) continue;
      const data = text.slice(from + 6, end);
      if (data === "[DONE]") {
        ended = true;
        return undefined;
      }
      return JSON.parse(data);
    }
  };

  const wait = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { value: undefined, done: true };
      text = (at < text.length ? text.slice(at) : "") + decoder.decode(value, { stream: true });
      at = 0;
      const found = take();
      if (found !== undefined) return { value: found, done: false };
      if (ended) {
        await reader.cancel();
        return { value: undefined, done: true };
      }
    }
  };

  return {
    next() {
      const found = take();
      return found !== undefined ? Promise.resolve({ value: found, done: false }) : wait();
    },
    async return() {
      await reader.cancel();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** `eventsource-parser` and JSON.parse, as its readme shows for a fetch body. */
export async function* parserStream(response, createParser) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const queue = [];
  const parser = createParser({ onEvent: ({ data }) => queue.push(data) });
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    parser.feed(decoder.decode(value, { stream: true }));
    for (const data of queue) {
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
    queue.length = 0;
  }
}
