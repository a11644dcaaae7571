// The errors of the package. A core error crosses the wasm border as a plain object of facts.

const BRAND = Symbol.for("lakewire.error");

/** A failed operation; see `index.d.ts` for its facts. */
export class LakewireError extends Error {
  constructor(facts, cause) {
    super(facts.message, cause === undefined ? undefined : { cause });
    this.kind = facts.kind;
    this.isRetryable = facts.isRetryable ?? false;
    this.maybeProcessed = facts.maybeProcessed ?? false;
    this.attempts = facts.attempts ?? 0;
    for (const name of ["phase", "status", "errorCode", "requestId", "retryAfterMs", "step"]) {
      if (facts[name] !== undefined && facts[name] !== null) this[name] = facts[name];
    }
    if (facts.details) this.details = parseOrKeep(facts.details);
    // not enumerable: what the model said shall not land in logs that print an error's fields
    if (facts.partial) hide(this, "partial", parseOrKeep(facts.partial));
    if (facts.completion) hide(this, "completion", facts.completion);
  }

  get name() {
    return "LakewireError";
  }

  get [BRAND]() {
    return true;
  }

  /** Holds across copies of the package, where the classes differ. */
  static [Symbol.hasInstance](value) {
    return value !== null && typeof value === "object" && value[BRAND] === true;
  }
}

function hide(target, name, value) {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

function parseOrKeep(text) {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Makes a LakewireError of whatever was thrown. */
export function toError(thrown, cause) {
  if (thrown instanceof LakewireError) return thrown;
  if (thrown !== null && typeof thrown === "object" && typeof thrown.kind === "string" && !(thrown instanceof Error)) {
    return new LakewireError(thrown, cause);
  }
  if (thrown instanceof WebAssembly.RuntimeError) {
    return new LakewireError({ kind: "InternalError", message: "The core stopped unexpectedly; this is a bug in lakewire." }, thrown);
  }
  const message = thrown instanceof Error ? thrown.message : "The call failed for a reason that is not an error object.";
  return new LakewireError({ kind: "Protocol", message }, thrown);
}

/** Makes an error of a kind with a sentence. */
export function fail(kind, message, facts = {}) {
  const { cause, ...rest } = facts;
  return new LakewireError({ kind, message, ...rest }, cause);
}
