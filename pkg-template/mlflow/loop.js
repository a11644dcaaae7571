// A tool loop under watch: the loop is a call of kind AGENT, each answer of the model and each tool a call beneath it.

import { SPAN, quietly, within } from "./context.js";

const CODE = Symbol.for("lakewire.tool");

/** The tool as it is, but what it calls stands beneath its own place. */
function placed(one, running) {
  const code = one?.[CODE];
  if (typeof code?.execute !== "function") return one;
  const execute = (args, context) => {
    const place = running.get(context?.toolCallId);
    return place === undefined ? code.execute(args, context) : within(place, () => code.execute(args, { ...context, [SPAN]: place }));
  };
  return Object.defineProperty({ ...one }, CODE, { value: { ...code, execute } });
}

/** Runs a loop; `run(options, place)` is the loop itself. */
export function runLoop(watch, { endpoint, request }, options, run) {
  const call = {
    kind: "AGENT",
    name: "runTools",
    endpoint,
    get inputs() {
      return request();
    },
    // its calls say what they cost
    loop: true,
    read: (outcome) => outcome.answer,
  };
  return watch.observe(call, options, async (given, place) => {
    if (place === undefined) return run(given, { observe: (_, more, work) => work(more) });
    const running = new Map();
    const own = options?.onEvent;
    const onEvent = (event) => {
      if (event.type === "tool_call") quietly(() => running.set(event.id, begun(place, event)));
      if (event.type === "tool_result") quietly(() => ended(running, event));
      own?.(event);
    };
    const loop = { ...given, onEvent };
    if (Array.isArray(given.tools)) loop.tools = given.tools.map((one) => placed(one, running));
    try {
      return await run(loop, place);
    } catch (thrown) {
      for (const tool of running.values()) tool.fail(thrown);
      throw thrown;
    }
  });
}

/** A tool that the model asked for: its place is open until its result is told. */
function begun(place, { id, name, argumentsRaw }) {
  const call = {
    kind: "TOOL",
    name,
    toolCallId: id,
    get inputs() {
      return quietly(() => JSON.parse(argumentsRaw)) ?? argumentsRaw;
    },
  };
  return new place.constructor(place.observers, call, place);
}

function ended(running, event) {
  const tool = running.get(event.id);
  running.delete(event.id);
  if ("error" in event) tool?.fail(event.error);
  else tool?.end(event.result);
}
