// The streams that are timed: what serving endpoints send, token by token.

const WORDS = ["Hello", " wor", "ld", ", th", "is is", " a", " str", "eam of", " to", "kens", ' "quoted"', " naïve", "\n\n", " 世界", " and", " more", " lake", "house", " data", "."];

/** A repeatable random number from 0 to 1. */
function draw(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

const chunk = (delta, rest = {}) => ({
  id: "chatcmpl-9f8e7d6c5b4a",
  object: "chat.completion.chunk",
  created: 1764000000,
  model: "meta-llama-3.3-70b-instruct-121024",
  choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
  ...rest,
});

const makers = {
  text: (word) => chunk({ content: word }),
  "text + usage": (word, at) => chunk({ content: word }, { usage: { prompt_tokens: 42, completion_tokens: at, total_tokens: 42 + at } }),
  "tool call": (word, at, count) =>
    at === 0
      ? chunk({ role: "assistant", content: null, tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "save", arguments: '{"text":"' } }] })
      : chunk({ tool_calls: [{ index: 0, function: { arguments: at === count - 1 ? '"}' : JSON.stringify(word).slice(1, -1) } }] }),
  reasoning: (word) => chunk({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: word, signature: "" }] }] }),
};

export const SHAPES = Object.keys(makers);

/** The JSON lines of a stream of `count` deltas and its end. */
export function lines(shape, count) {
  const random = draw(7);
  const made = [];
  for (let at = 0; at < count; at += 1) {
    made.push(JSON.stringify(makers[shape](WORDS[Math.floor(random() * WORDS.length)], at, count)));
  }
  const end = chunk({}, shape === "text + usage" ? { usage: { prompt_tokens: 42, completion_tokens: count, total_tokens: 42 + count } } : {});
  end.choices[0].finish_reason = shape === "tool call" ? "tool_calls" : "stop";
  made.push(JSON.stringify(end));
  return made;
}

/** The stream's bytes in reads: of a size, or `"event"` for one event per read. */
export function reads(made, size) {
  const encoder = new TextEncoder();
  const events = [...made, "[DONE]"].map((line) => `data: ${line}\n\n`);
  if (size === "event") return events.map((event) => encoder.encode(event));
  const all = encoder.encode(events.join(""));
  const cut = [];
  for (let at = 0; at < all.length; at += size) cut.push(all.slice(at, at + size));
  return cut;
}

/** A fetch that answers any call with these reads, each given when it is asked for. */
export function memoryFetch(cut) {
  return async () => {
    let at = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          if (at < cut.length) controller.enqueue(cut[at++]);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}
