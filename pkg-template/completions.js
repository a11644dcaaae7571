// Text from endpoints of every kind, and from apps on a cluster's driver node.

import { settleAll } from "./batch.js";
import { fail } from "./errors.js";
import { openEvents } from "./events.js";
import { writeJson } from "./json.js";
import { splitCall, take } from "./options.js";
import { pure } from "./steps.js";

/** A text and the answer it came from. */
export class Generation {
  constructor(texts, raw, facts) {
    this.text = texts[0] ?? "";
    this.texts = texts;
    this.raw = raw;
    this.requestId = facts.requestId;
    this.servedModelName = facts.servedModelName;
    this.attempts = facts.attempts;
  }

  /** The tokens used, when the endpoint says so. */
  get usage() {
    return this.raw?.usage ?? undefined;
  }
}

const APP = ["clusterId", "clusterDriverPort", "orgId", "path"];

/** A target as the core takes it: an endpoint's name, or the four texts of an app's address. */
function readTarget(target) {
  if (typeof target === "string") {
    if (target === "") throw fail("InvalidInput", "completions() needs the endpoint's name.");
    return { endpoint: target };
  }
  if (target === null || typeof target !== "object") {
    throw fail("InvalidInput", "completions() needs an endpoint's name, or { clusterId, clusterDriverPort } of an app on a cluster's driver node.");
  }
  const [{ clusterId, clusterDriverPort, orgId = "0", path = "" }, rest] = take(target, APP, "The app");
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw fail("InvalidInput", `The app has no \`${stranger}\`: it takes ${APP.join(", ")}. An endpoint is given by its name alone.`);
  if (typeof clusterId !== "string") throw fail("InvalidInput", "`clusterId` must be the cluster's id as a text.");
  if (clusterDriverPort === undefined) throw fail("InvalidInput", "`clusterDriverPort` must be given: the port the app listens on.");
  const app = [clusterId, `${clusterDriverPort}`, `${orgId}`, `${path}`];
  pure("completions.route", ...app);
  return { app };
}

function readFunction(value, name) {
  if (value !== undefined && value !== null && typeof value !== "function") throw fail("InvalidInput", `\`${name}\` must be a function.`);
  return value ?? undefined;
}

/** A promise that its waiter can leave. */
function unless(signal, promise) {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = () => reject(fail("Cancelled", "The call was aborted by its signal.", { cause: signal.reason }));
    const settled = (settle) => (value) => {
      signal.removeEventListener("abort", leave);
      settle(value);
    };
    signal.addEventListener("abort", leave, { once: true });
    promise.then(settled(resolve), settled(reject));
    if (signal.aborted) leave();
  });
}

/** Text from one target; made by `client.completions(target, options)`. */
export class Completions {
  #client;
  #endpoint;
  #app;
  #defaults;
  #format;
  #params;
  #input;
  #output;
  #kind;
  #looking;

  constructor(client, target, options) {
    this.#client = client;
    const { endpoint, app } = readTarget(target);
    this.#endpoint = endpoint;
    this.#app = app;
    const [own, fields] = take(options, ["task", "inputFormat", "params", "transformInput", "transformOutput"], "The options of completions()");
    this.#defaults = writeJson(fields, "The options of completions()");
    // a misspelt option is refused here and not at the first call
    pure("completions.request", "", this.#defaults, "{}");
    this.#format = own.inputFormat ?? undefined;
    if (this.#format !== undefined) pure("completions.body", "custom", "{}", `${this.#format}`);
    this.#params = own.params ?? undefined;
    this.#input = readFunction(own.transformInput, "transformInput");
    this.#output = readFunction(own.transformOutput, "transformOutput");
    if (own.task !== undefined && own.task !== null && typeof own.task !== "string") throw fail("InvalidInput", "`task` must be a text such as llm/v1/completions.");
    const told = own.task !== undefined && own.task !== null ? pure("completions.kind", own.task) : undefined;
    if (app !== undefined) {
      const unused = ["task", "inputFormat", "params"].find((name) => own[name] !== undefined && own[name] !== null);
      if (unused !== undefined) throw fail("InvalidInput", `An app takes no \`${unused}\`: it gets the request as it is, or what transformInput makes of it.`);
      this.#kind = "app";
    } else if (this.#format !== undefined) {
      if (told !== undefined && told !== "custom") throw fail("InvalidInput", "`inputFormat` says that the endpoint is a custom model, `task` that it is not: leave one of them out.");
      this.#kind = "custom";
    } else {
      this.#kind = told;
    }
  }

  /** The endpoint's name; nothing for an app. */
  get endpoint() {
    return this.#endpoint;
  }

  /** What kind of endpoint answers, looked up once for all calls: none of them ends it for the others. */
  async #find({ signal, ...scope }) {
    if (this.#kind !== undefined) return this.#kind;
    this.#looking ??= this.#client.call("completions.describe", [this.#endpoint], scope).finally(() => { this.#looking = undefined; });
    const { text } = await unless(signal, this.#looking);
    this.#kind = pure("completions.kind", undefined, text);
    return this.#kind;
  }

  async #apply(name, transform, text, signal) {
    try {
      return await unless(signal, Promise.resolve(transform(JSON.parse(text))));
    } catch (cause) {
      if (signal?.aborted && cause?.kind === "Cancelled") throw cause;
      throw fail("TransformFailed", `The function given as ${name} failed: its own error is this error's cause.`, { cause });
    }
  }

  async #body(kind, prompt, fields, params, stream, signal) {
    if (typeof prompt !== "string") {
      throw fail("InvalidInput", "The prompt must be a text; for a list of messages use chat().");
    }
    let text = pure("completions.request", prompt, this.#defaults, writeJson(fields, "The options of the call"));
    if (this.#input !== undefined) text = writeJson(await this.#apply("transformInput", this.#input, text, signal), "What transformInput gave");
    const beside = params ?? this.#params;
    return pure("completions.body", kind, text, this.#format, beside === undefined ? undefined : writeJson(beside, "`params`"), stream ? "stream" : undefined);
  }

  /** A text. */
  async invoke(prompt, options) {
    return (await this.generate(prompt, options)).text;
  }

  /** A text and the answer it came from. */
  async generate(prompt, options) {
    const [scope, { params, ...fields }] = splitCall(options);
    const kind = await this.#find(scope);
    return this.#whole(kind, prompt, fields, params, scope);
  }

  async #whole(kind, prompt, fields, params, scope) {
    const body = await this.#body(kind, prompt, fields, params, false, scope.signal);
    const { text, ...facts } = this.#app === undefined
      ? await this.#client.call("completions.invoke", [this.#endpoint, body], scope)
      // an app is asked once unless the call says otherwise: only its author knows what twice would do
      : await this.#client.call("completions.app", [...this.#app, body], { ...scope, maxAttempts: scope.maxAttempts ?? 1 });
    if (this.#output === undefined) return new Generation(JSON.parse(pure("completions.texts", kind, text)), JSON.parse(text), facts);
    const given = await this.#apply("transformOutput", this.#output, pure("completions.value", kind, text), scope.signal);
    if (typeof given !== "string") throw fail("TransformFailed", "The function given as transformOutput must give a text.");
    return new Generation([given], JSON.parse(text), facts);
  }

  /** A text in pieces: where the endpoint streams as they come, else as one. */
  async stream(prompt, options) {
    const [scope, { params, ...fields }] = splitCall(options);
    const { signal } = scope;
    const kind = await this.#find(scope);
    if ((kind === "chat" || kind === "completions") && this.#output === undefined) {
      const body = await this.#body(kind, prompt, fields, params, true, signal);
      const source = await this.#client.open("completions.stream", [this.#endpoint, body], scope);
      return this.#client.track(openEvents(source, { signal, form: "completions", text: true }));
    }
    const { text, ...facts } = await this.#whole(kind, prompt, fields, params, scope);
    const single = JSON.stringify({ choices: [{ index: 0, text, finish_reason: "stop" }] });
    return this.#client.track(openEvents({ ...facts, single }, { signal, form: "completions", text: true }));
  }

  /** Many texts, a bounded number at once, in order; a failed one leaves the others. */
  batch(prompts, options) {
    return settleAll(prompts, options, (prompt, rest) => this.invoke(prompt, rest));
  }
}
