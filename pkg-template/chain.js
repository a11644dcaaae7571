// Chains: prompt, model and parser in one line.
//
// A step is `{ name, invoke(input, options) }`, and as it can: `open` (pieces as they come), `words` (its text as it
// comes), `parse` (pieces out of text that comes). Text streams from the last step that has words through the steps
// behind it that parse them; what stands before is run to its end.

import { Chat, StructuredChat } from "./chat.js";
import { settleAll } from "./batch.js";
import { fail, LakewireError, toError } from "./errors.js";
import { take } from "./options.js";
import { forgotten } from "./stream.js";

/** Where the package's own classes keep what they are as a step. */
export const STEP = Symbol.for("lakewire.step");

/** Where a call stands among others, in its options, and on handles whoever watches them: see `mlflow/context.js`. */
const SPAN = Symbol.for("lakewire.span");
/** On a signal: it fired because nobody reads any more, which is no failure. */
const LEFT = Symbol.for("lakewire.left");

const ignore = () => {};

/** Runs work as a call that whoever watches is told of. */
function watched(watch, call, options, work) {
  const by = watch ?? options[SPAN];
  return by === undefined ? work(options) : by.observe({ kind: "CHAIN", ...call }, options, work);
}

/** The options of a chain, which go to every step. */
function scope(given, more = []) {
  const [options, rest] = take(given, ["signal", "timeouts", "headers", "maxAttempts", ...more], "The options of a chain");
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) {
    throw fail("InvalidInput", `\`${stranger}\` is no option of a chain: set what one step needs where the step is made, as in client.chat(endpoint, { ${stranger} }).`);
  }
  const { signal } = options;
  if (signal !== undefined && !(typeof signal?.addEventListener === "function" && "aborted" in signal)) {
    throw fail("InvalidInput", "`signal` must be an AbortSignal.");
  }
  const place = given?.[SPAN];
  if (place !== undefined) options[SPAN] = place;
  return options;
}

function cancelled(signal) {
  return fail("Cancelled", "The chain was aborted by its signal.", { cause: signal.reason });
}

/** Waits for a step that may not know of signals. */
function abortable(promise, signal) {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(cancelled(signal));
    signal.addEventListener("abort", stop, { once: true });
    Promise.resolve(promise).then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** A signal of our own that also fires with the caller's. */
function linked({ signal, ...options }) {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const abort = (reason) => controller.abort(reason);
  const unlink = () => signal?.removeEventListener("abort", stop);
  const leave = (reason) => {
    controller.signal[LEFT] = true;
    abort(reason ?? fail("Cancelled", "The stream was left before its end."));
    unlink();
  };
  return { options: { ...options, signal: controller.signal }, abort, unlink, leave };
}

/** The error of a step, with the step's number and name before its sentence. */
function located(thrown, place) {
  const ours = thrown instanceof LakewireError || thrown instanceof WebAssembly.RuntimeError;
  const error = ours ? toError(thrown) : fail("TransformFailed", "The step failed: its own error is this error's cause.", { cause: thrown });
  const { kind, phase, status, errorCode, requestId, retryAfterMs, details, attempts, isRetryable, maybeProcessed, partial, completion } = error;
  const facts = { phase, status, errorCode, requestId, retryAfterMs, details, attempts, isRetryable, maybeProcessed, partial, completion };
  return fail(kind, `${place.text}: ${error.message}`, { ...facts, step: place.number, cause: error.cause });
}

/** The text of a piece of a model that has no stream of words. */
function wordsOf(piece) {
  if (typeof piece === "string") return piece;
  const choice = piece?.choices?.find(({ index }) => (index ?? 0) === 0);
  const content = choice?.delta?.content ?? choice?.text ?? piece?.text;
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part) => (part?.type === "text" ? part.text : "")).join("") : "";
}

async function* once(value) {
  yield value;
}

/** The pieces of a step: its output in one when nothing comes before the end. */
async function opened(step, input, options) {
  return step.open === undefined ? once(await step.invoke(input, options)) : step.open(input, options);
}

async function* asWords(pieces) {
  for await (const piece of pieces) {
    const text = wordsOf(piece);
    if (text !== "") yield text;
  }
}

/** Anything with `invoke`: models of this package, and of others. */
function model(given) {
  const { endpoint } = given;
  const kind = given instanceof Chat ? "chat" : given instanceof StructuredChat ? "structured chat" : "model";
  const step = { watch: given[SPAN], tells: given[SPAN] !== undefined, name: typeof endpoint === "string" ? `${kind} \`${endpoint}\`` : kind, invoke: (input, options) => given.invoke(input, options) };
  if (given instanceof StructuredChat) {
    step.invoke = async (input, options) => (await given.invoke(input, options)).value;
  }
  if (typeof given.stream === "function") {
    step.open = (input, options) => given.stream(input, options);
    step.words = typeof given.textStream === "function" ? (input, options) => given.textStream(input, options) : async (input, options) => asWords(await given.stream(input, options));
  }
  return step;
}

/** Steps side by side; the first failure ends the others. */
function parallel(given) {
  const branches = Object.entries(given).map(([name, step]) => ({ name, text: `\`${name}\``, step: stepOf(step) }));
  const together = async (options, work) => {
    const link = linked(options);
    try {
      return await work(link);
    } catch (thrown) {
      link.abort(thrown);
      throw thrown;
    } finally {
      link.unlink();
    }
  };
  return {
    name: "parallel",
    watch: branches.find(({ step }) => step.watch !== undefined)?.step.watch,
    invoke: (input, options) => together(options, async (link) => {
      const values = await Promise.all(branches.map(async (branch) => {
        try {
          return [branch.name, await branch.step.invoke(input, link.options)];
        } catch (thrown) {
          throw located(thrown, branch);
        }
      }));
      return Object.fromEntries(values);
    }),
    open: (input, options) => merge(branches, input, options),
  };
}

/** The pieces of all branches as they come, each under its branch's name. */
async function* merge(branches, input, options) {
  const link = linked(options);
  const open = new Map();
  const advance = (branch) => {
    const next = branch.pieces.next().then((result) => ({ branch, result }), (thrown) => { throw located(thrown, branch); });
    next.catch(ignore);
    open.set(branch, next);
  };
  try {
    for (const branch of branches) {
      const { step } = branch;
      const start = async function* () {
        yield* await opened(step, input, link.options);
      };
      advance({ ...branch, pieces: start() });
    }
    while (open.size > 0) {
      const { branch, result } = await Promise.race(open.values());
      open.delete(branch);
      if (result.done) continue;
      yield { [branch.name]: result.value };
      advance(branch);
    }
  } finally {
    link.unlink();
    if (open.size > 0) {
      link.abort(fail("Cancelled", "The stream was left before its end."));
      for (const branch of open.keys()) branch.pieces.return().catch(ignore);
    }
  }
}

/** Whatever may stand in a chain as a step. */
function stepOf(given) {
  const own = given?.[STEP];
  if (own !== undefined) return own;
  if (typeof given?.invoke === "function") return model(given);
  if (typeof given === "function") {
    return { name: given.name || "function", invoke: (input, options) => abortable(given(input, options), options.signal) };
  }
  const proto = given !== null && typeof given === "object" ? Object.getPrototypeOf(given) : undefined;
  if (proto === Object.prototype || proto === null) return parallel(given);
  throw fail("InvalidInput", "A step of a chain must be a prompt, a model, a parser, a function, or an object of steps.");
}

/** The output of a chain as it comes: a ReadableStream that is async-iterable in every runtime. Read it once. */
export class ChainStream extends ReadableStream {
  #pieces;
  #link;
  #taken = "";

  constructor(pieces, link) {
    super(
      {
        pull: async (controller) => {
          this.#enter("reader");
          const { value, done } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => this.#leave(reason),
      },
      { highWaterMark: 0 },
    );
    this.#pieces = pieces;
    this.#link = link;
    // no function made here: it would hold the stream
    forgotten.register(this, link.leave, link);
  }

  #enter(kind) {
    if (this.#taken !== "" && (kind !== "reader" || this.#taken !== "reader")) {
      throw fail("Closed", "This stream is being read already: iterate it once, or tee() it before.");
    }
    this.#taken = kind;
  }

  /** Ends what it comes from, at the server too. */
  #leave(reason) {
    forgotten.unregister(this.#link);
    this.#link.leave(reason);
    this.#pieces.return().catch(ignore);
  }

  cancel(reason) {
    if (this.#taken !== "iterator") return super.cancel(reason);
    this.#leave(reason);
    return Promise.resolve();
  }

  values() {
    return this[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator]() {
    if (this.locked) throw fail("Closed", "This stream is being read already: iterate it once, or tee() it before.");
    this.#enter("iterator");
    const leave = () => this.#leave();
    // holds the stream, so that it is not taken for forgotten while it is iterated
    return {
      next: () => this.#pieces.next(),
      return: (value) => {
        leave();
        return Promise.resolve({ value, done: true });
      },
      throw: (reason) => {
        leave();
        return Promise.reject(reason);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

/** Steps one after the other; made by `pipe()`. */
export class Chain {
  #given;
  #steps;
  #watch;

  constructor(key, given) {
    if (key !== STEP) throw fail("InvalidInput", "Make a chain with pipe(step, step, …).");
    if (given.length === 0) throw fail("InvalidInput", "pipe() needs at least one step.");
    this.#given = given;
    this.#steps = given.map((step, at) => {
      const { name, ...rest } = stepOf(step);
      return { ...rest, name, number: at + 1, text: `Step ${at + 1} (${name})` };
    });
    this.#watch = this.#steps.find(({ watch }) => watch !== undefined)?.watch;
  }

  /** A chain with more steps at its end. */
  pipe(...next) {
    return new Chain(STEP, [...this.#given, ...next]);
  }

  /** Its steps, for who writes it down. */
  toJSON() {
    return this.#given;
  }

  async invoke(input, given) {
    return this.#whole(input, scope(given));
  }

  #whole(input, options) {
    return watched(this.#watch, { name: "chain", inputs: input }, options, (own) => this.#run(this.#steps, input, own));
  }

  /** The pieces, or the words, of a run that is told of. */
  #pieces(input, options, words) {
    return watched(this.#watch, { name: "chain", inputs: input, pieces: true }, options, (own) => this.#open(input, own, words));
  }

  async stream(input, given) {
    const link = linked(scope(given));
    try {
      const pieces = await this.#pieces(input, link.options, false);
      return new ChainStream(ending(pieces, link), link);
    } catch (thrown) {
      link.unlink();
      throw thrown;
    }
  }

  /** Many runs, a bounded number at once, in order; a failed one leaves the others. */
  async batch(inputs, given) {
    scope(given, ["maxConcurrency"]);
    return settleAll(inputs, given, (input, options) => this.#whole(input, options[SPAN] === undefined && given?.[SPAN] !== undefined ? { ...options, [SPAN]: given[SPAN] } : options));
  }

  get [STEP]() {
    const last = this.#steps.at(-1);
    const step = {
      name: "chain",
      watch: this.#watch,
      tells: true,
      invoke: (input, options) => this.#whole(input, options),
      open: (input, options) => this.#pieces(input, options, false),
    };
    if (last.words !== undefined) step.words = (input, options) => this.#pieces(input, options, true);
    return step;
  }

  async #run(steps, input, options) {
    let value = input;
    for (const step of steps) value = await attempt(step, options, () => this.#step(step, value, options));
    return value;
  }

  /** A step; models and chains tell of themselves. */
  #step(step, value, options) {
    if (step.tells) return step.invoke(value, options);
    return watched(this.#watch, { name: step.name, inputs: value }, options, (own) => step.invoke(value, own));
  }

  /** The last step's pieces, or its words. */
  async #open(input, options, words) {
    const steps = this.#steps;
    let from = steps.length - 1;
    while (from > 0 && steps[from].parse !== undefined && steps[from - 1].words !== undefined) from -= 1;
    const source = steps[from];
    const value = await this.#run(steps.slice(0, from), input, options);
    const start = words || from < steps.length - 1 ? source.words : (given, more) => opened(source, given, more);
    const known = new Set();
    let pieces = marked(await attempt(source, options, () => (source.tells ? start(value, options) : watched(this.#watch, { name: source.name, inputs: value, pieces: true }, options, (own) => start(value, own)))), source, known);
    for (const step of steps.slice(from + 1)) {
      const before = pieces;
      const parsed = watched(this.#watch, { name: step.name, pieces: true }, options, () => step.parse(before));
      pieces = parsed === before ? before : marked(parsed, step, known);
    }
    return pieces;
  }
}

async function attempt(step, { signal }, work) {
  if (signal?.aborted) throw cancelled(signal);
  try {
    return await work();
  } catch (thrown) {
    throw located(thrown, step);
  }
}

/** Pieces whose errors say which step they come from, unless one before has said so. */
async function* marked(pieces, step, known) {
  try {
    yield* pieces;
  } catch (thrown) {
    if (known.has(thrown)) throw thrown;
    const error = located(thrown, step);
    known.add(error);
    throw error;
  }
}

async function* ending(pieces, link) {
  try {
    yield* pieces;
  } finally {
    link.unlink();
    forgotten.unregister(link);
  }
}

/** Joins steps: prompts, models, parsers, functions, and objects of steps. */
export function pipe(...steps) {
  return new Chain(STEP, steps);
}

/** A step that gives what it takes. */
export function passthrough() {
  return made("passthrough", async (input) => input);
}

/** A step that adds the outputs of steps to the object it takes. */
export function assign(steps) {
  const side = stepOf(steps);
  const invoke = async (input, options) => {
    if (input === null || typeof input !== "object" || Array.isArray(input)) {
      throw fail("InvalidInput", "assign() adds to an object of values: the step before gives something else.");
    }
    return { ...input, ...(await side.invoke(input, options)) };
  };
  return made("assign", invoke, side.watch);
}

function made(name, invoke, watch) {
  return { [STEP]: { name, invoke, watch }, invoke: (input, options = {}) => invoke(input, options) };
}
