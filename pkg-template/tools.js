// Tools: a definition the model sees and the code that runs it.

import { checkArguments, nextStep, stepLimit, toolMessage, withMessages } from "./core.js";
import { fail, toError } from "./errors.js";
import { direct } from "./guard.js";
import { writeJson } from "./json.js";
import { take } from "./options.js";
import { readSchema } from "./schema.js";

/** Shared by all copies of the package: a tool of `lakewire/data` runs in the loop of `lakewire/chat`. */
const CODE = Symbol.for("lakewire.tool");

/** A tool definition with its code; as JSON it is the definition alone. */
export function tool(given) {
  const { name, description, parameters, strict, execute } = given ?? {};
  if (typeof name !== "string" || name === "") throw fail("InvalidInput", "A tool needs a name.");
  if (typeof execute !== "function") throw fail("InvalidInput", `The tool "${name}" needs an execute function.`);
  const schema = parameters === undefined ? undefined : readSchema(parameters, `The parameters of the tool "${name}"`);
  const definition = { name };
  if (description !== undefined) definition.description = description;
  if (schema !== undefined) definition.parameters = schema.json;
  if (strict !== undefined) definition.strict = strict;
  const made = { type: "function", function: definition };
  // Standard Schemas also check and convert the arguments; a JSON Schema only describes them
  const check = parameters?.["~standard"] === undefined ? undefined : schema.check;
  Object.defineProperty(made, CODE, { value: { execute, check } });
  return made;
}

/** The arguments of a call, checked and parsed. */
export function parseArguments(raw) {
  return JSON.parse(direct(() => checkArguments(raw)));
}

/** The tools of a flat list `[id, name, arguments, …]` as objects. */
export function requests(flat) {
  const calls = [];
  for (let at = 0; at < flat.length; at += 3) {
    calls.push({ id: flat[at], name: flat[at + 1], argumentsRaw: flat[at + 2] });
  }
  return calls;
}

/** The tools of a flat list with their arguments checked, as an answer shows them. */
export function parseCalls(flat) {
  return requests(flat).map((call) => {
    try {
      return { ...call, arguments: parseArguments(call.argumentsRaw) };
    } catch (error) {
      return { ...call, error };
    }
  });
}

/** The limits of a tool loop, checked, and the other options. */
export function toolLimits(options) {
  const names = ["maxSteps", "toolTimeoutMs", "onEvent", "stream"];
  const [{ maxSteps = 8, toolTimeoutMs = 60_000, onEvent, stream = false }, rest] = take(options, names, "The options of runTools()");
  if (!Number.isInteger(maxSteps) || maxSteps < 1) throw fail("InvalidInput", "maxSteps must be a whole number, 1 or more.");
  if (!(toolTimeoutMs > 0 && toolTimeoutMs < 2 ** 31)) {
    throw fail("InvalidInput", "toolTimeoutMs must be above 0 and below 2^31 milliseconds.");
  }
  return [{ maxSteps, toolTimeoutMs, onEvent, stream }, rest];
}

async function runOne(call, byName, timeoutMs, signal) {
  const { execute, check } = byName.get(call.name);
  let args;
  // a signal that has fired fires no more: nothing would tell the tool
  if (signal?.aborted) return { call, error: aborted(signal) };
  try {
    args = parseArguments(call.argumentsRaw);
    if (check !== undefined) args = await check(args);
  } catch (thrown) {
    return { call, arguments: args, error: thrown };
  }
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal?.addEventListener("abort", abort, { once: true });
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(fail("DeadlineExceeded", `The tool did not finish within ${timeoutMs} ms.`, { phase: "tool" }));
      controller.abort();
    }, timeoutMs);
    controller.signal.addEventListener("abort", () => reject(aborted(controller.signal)), { once: true });
  });
  try {
    const value = await Promise.race([(async () => execute(args, { signal: controller.signal, toolCallId: call.id }))(), late]);
    const text = typeof value === "string" ? value : writeJson(value === undefined ? null : value, `The result of the tool "${call.name}"`);
    return { call, arguments: args, result: value, text };
  } catch (error) {
    return { call, arguments: args, error };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    late.catch(() => {});
  }
}

function aborted(signal) {
  return fail("Cancelled", "The call was aborted by its signal.", { cause: signal.reason });
}

function reason(error) {
  if (error instanceof Error && error.message) return error.message;
  try {
    return String(error);
  } catch {
    // an object without a prototype, or one whose toString throws
    return "the tool failed for a reason that cannot be written.";
  }
}

/** What the loop needs to know of a form of conversation: chat's. */
const chat = {
  next: nextStep,
  result: toolMessage,
  extend: (body, { answer, results }) => withMessages(body, [JSON.stringify(answer.message), ...results]),
  finish: (body, answer) => ({ messages: [...JSON.parse(body).messages, answer.message] }),
};

/**
 * Asks, runs the tools asked for side by side, tells the model, and repeats until it answers.
 * `ask(body)` gives the answer's text and the answer made of it.
 */
export async function runTools(body, tools, { ask, maxSteps, toolTimeoutMs, signal, onEvent, form = chat }) {
  const byName = new Map();
  for (const one of tools) {
    const code = one?.[CODE];
    if (code === undefined) throw fail("InvalidInput", "runTools needs tools made by tool(): these hold no code to run.");
    if (byName.has(one.function.name)) throw fail("InvalidInput", `Two tools are named "${one.function.name}".`);
    byName.set(one.function.name, code);
  }
  const known = [...byName.keys()];
  for (let step = 1; step <= maxSteps; step += 1) {
    onEvent?.({ type: "step", step });
    const { text, answer } = await ask(body);
    let flat;
    try {
      flat = form.next(text, known);
    } catch (thrown) {
      const error = toError(thrown);
      error.completion = answer;
      throw error;
    }
    if (flat === undefined) {
      return { answer, steps: step, ...form.finish(body, answer) };
    }
    const calls = requests(flat);
    for (const call of calls) onEvent?.({ type: "tool_call", step, ...call });
    const outcomes = await Promise.all(
      calls.map(async (call) => {
        const outcome = await runOne(call, byName, toolTimeoutMs, signal);
        onEvent?.({
          type: "tool_result",
          step,
          ...call,
          arguments: outcome.arguments,
          ...("error" in outcome ? { error: outcome.error } : { result: outcome.result }),
        });
        return outcome;
      }),
    );
    if (signal?.aborted) throw aborted(signal);
    // asked by name: a tool may throw `undefined`
    const results = outcomes.map((outcome) =>
      "error" in outcome ? form.result(outcome.call.id, false, reason(outcome.error)) : form.result(outcome.call.id, true, outcome.text),
    );
    body = direct(() => form.extend(body, { text, answer, results }));
  }
  return direct(() => stepLimit(maxSteps));
}
