// A tool loop under watch: the loop is a call of kind AGENT, each answer of the model and each tool a call beneath it.

import { SPAN, quietly, within } from "./context.js";

const CODE = Symbol.for("lakewire.tool");

const json = (text) => quietly(() => JSON.stringify(JSON.parse(text)));

/** The tool as it is, but what it calls stands beneath its own place. */
function placed(one, running) {
  const code = one?.[CODE];
  if (typeof code?.execute !== "function") return one;
  const name = one.function?.name;
  const execute = (args, context) => {
    const asked = quietly(() => {
      // services give one id to several calls, too
      const waiting = running.filter((call) => call.id === context?.toolCallId && call.name === name && !call.begun);
      const written = JSON.stringify(args);
      return waiting.find((call) => json(call.argumentsRaw) === written) ?? waiting[0];
    });
    if (asked === undefined) return code.execute(args, context);
    asked.begun = true;
    const note = (outcome) => {
      asked.outcome = [outcome];
    };
    return within(asked.place, async () => {
      try {
        const value = await code.execute(args, { ...context, [SPAN]: asked.place });
        note(value);
        return value;
      } catch (thrown) {
        note(thrown);
        throw thrown;
      }
    });
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
    const running = [];
    const own = options?.onEvent;
    const onEvent = (event) => {
      if (event.type === "tool_call") quietly(() => running.push(begun(place, event)));
      if (event.type === "tool_result") quietly(() => ended(running, event));
      own?.(event);
    };
    const loop = { ...given, onEvent };
    if (Array.isArray(given.tools)) loop.tools = given.tools.map((one) => placed(one, running));
    try {
      return await run(loop, place);
    } catch (thrown) {
      for (const tool of running) tool.place.fail(thrown);
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
  return { id, name, argumentsRaw, begun: false, outcome: undefined, place: new place.constructor(place.observers, call, place) };
}

function ended(running, event) {
  const failed = "error" in event;
  const outcome = failed ? event.error : event.result;
  const own = running.filter(({ id, name, argumentsRaw }) => id === event.id && name === event.name && argumentsRaw === event.argumentsRaw);
  const tool = own.find((call) => call.outcome !== undefined && Object.is(call.outcome[0], outcome)) ?? own[0];
  if (tool === undefined) return;
  running.splice(running.indexOf(tool), 1);
  if (failed) tool.place.fail(outcome);
  else tool.place.end(outcome);
}
