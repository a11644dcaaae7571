// The workspace's serving endpoints.

import { fail, toError } from "./errors.js";
import { openEvents } from "./events.js";
import { writeJson } from "./json.js";
import { settings, take } from "./options.js";
import { pure } from "./steps.js";

/** How many looks in a row may fail for a passing reason. */
const PATIENCE = 5;

/** What is kept for the last look, so that it can be answered within the wait. */
const LAST_MS = 1000;

/** A wait that ends early when a signal fires; who waits then sees the signal. */
function pause(ms, signals) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}

/** How far a description says the endpoint is; a bad end carries the facts of the answer that told of it. */
function judge(text, facts) {
  try {
    return pure("endpoints.judge", text);
  } catch (error) {
    throw Object.assign(error, facts);
  }
}

/** Reads and changes serving endpoints; made by `client.servingEndpoints()`. */
export class ServingEndpoints {
  #client;

  constructor(client) {
    this.#client = client;
  }

  async #text(operation, args, options) {
    return (await this.#client.call(`endpoints.${operation}`, args, options)).text;
  }

  async #read(operation, args, options) {
    return JSON.parse(await this.#text(operation, args, options));
  }

  /** Changes something by a body. */
  #change(operation, name, body, options) {
    return this.#read(operation, [name, writeJson(body, "The request")], options);
  }

  /** Lists the endpoints the caller may see. */
  async list(options) {
    return (await this.#read("list", [], options)).endpoints ?? [];
  }

  /** Describes one endpoint. */
  get(name, options) {
    return this.#read("get", [name], options);
  }

  /** Creates an endpoint; it gets ready later. */
  create(request, options) {
    return this.#read("create", [writeJson(request, "The request")], options);
  }

  /** Creates an endpoint and waits until it is ready. */
  async createAndWait(request, options) {
    const [wait, scope] = take(options, ["timeoutMs", "onProgress"], "The options of createAndWait()");
    this.#limits(wait);
    const { name } = await this.create(request, scope);
    return this.waitUntilReady(name, options);
  }

  /** Changes what an endpoint serves. */
  updateConfig(name, config, options) {
    return this.#change("updateConfig", name, config, options);
  }

  /** Changes what an endpoint serves and waits until that is ready. */
  async updateConfigAndWait(name, config, options) {
    const [wait, scope] = take(options, ["timeoutMs", "onProgress"], "The options of updateConfigAndWait()");
    this.#limits(wait);
    await this.updateConfig(name, config, scope);
    return this.waitUntilReady(name, options);
  }

  /** Sets and takes away labels; gives those it has now. */
  async updateTags(name, tags, options) {
    const answer = await this.#change("updateTags", name, tags, options);
    // older servers answer with the bare list
    return Array.isArray(answer) ? answer : (answer.tags ?? []);
  }

  /** Replaces the older rate limits. */
  async updateRateLimits(name, limits, options) {
    return (await this.#change("updateRateLimits", name, { rate_limits: limits }, options)).rate_limits ?? [];
  }

  /** Replaces what the AI Gateway in front of an endpoint does. */
  updateAiGateway(name, gateway, options) {
    return this.#change("updateAiGateway", name, gateway, options);
  }

  /** Sets who is told when an update ends. */
  updateNotifications(name, who, options) {
    return this.#change("updateNotifications", name, { email_notifications: who }, options);
  }

  /** Sets what telemetry goes where. */
  updateTelemetry(name, telemetry, options) {
    return this.#change("updateTelemetry", name, telemetry, options);
  }

  /** Deletes an endpoint. */
  async delete(name, options) {
    await this.#text("delete", [name], options);
  }

  /** Creates an endpoint with provisioned throughput. */
  createProvisionedThroughput(request, options) {
    return this.#read("createPt", [writeJson(request, "The request")], options);
  }

  /** Changes what an endpoint with provisioned throughput serves. */
  updateProvisionedThroughput(name, config, options) {
    return this.#change("updatePt", name, { config }, options);
  }

  /** Says whether a model can be served with provisioned throughput. */
  optimizationInfo(model, version, options) {
    return this.#read("optimizationInfo", [model, `${version}`], options);
  }

  /** The log of how a served entity was built. */
  async buildLogs(name, entity, options) {
    return (await this.#read("buildLogs", [name, entity], options)).logs ?? "";
  }

  /** The latest log of a served entity. */
  async logs(name, entity, options) {
    return (await this.#read("logs", [name, entity], options)).logs ?? "";
  }

  /** The OpenAPI description of an endpoint. */
  openApi(name, options) {
    return this.#read("openApi", [name], options);
  }

  /** The metrics of an endpoint as Prometheus text. */
  metrics(name, options) {
    return this.#text("metrics", [name], options);
  }

  /** Asks an endpoint of any task; body and answer are whatever it speaks. */
  query(name, body, options) {
    return this.#change("query", name, body, options);
  }

  /** Asks an endpoint for a streamed answer; gives its events as they come. */
  async queryStream(name, body, options) {
    const source = await this.#client.open("endpoints.queryStream", [name, writeJson(body, "The request")], options);
    return this.#client.track(openEvents(source, { signal: options?.signal, form: "json" }));
  }

  /** Who may do what with an endpoint; permissions stand on its id, which is looked up here. */
  async permissions(name, options) {
    const { id } = await this.get(name, options);
    if (typeof id !== "string") {
      throw fail("Decode", "The service did not say the endpoint's id, on which permissions stand: endpoints of the platform itself have none.");
    }
    const list = (entries) => writeJson({ access_control_list: entries }, "The permissions");
    return Object.freeze({
      endpointId: id,
      get: (options) => this.#read("permissions", [id], options),
      set: async (entries, options) => this.#read("setPermissions", [id, list(entries)], options),
      update: async (entries, options) => this.#read("updatePermissions", [id, list(entries)], options),
      levels: async (options) => (await this.#read("permissionLevels", [id], options)).permission_levels ?? [],
    });
  }

  #limits({ timeoutMs = 1_200_000, onProgress }) {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) throw fail("InvalidInput", "`timeoutMs` must be above 0 and below 2^31 milliseconds.");
    if (onProgress !== undefined && typeof onProgress !== "function") throw fail("InvalidInput", "`onProgress` must be a function.");
    return { timeoutMs, onProgress };
  }

  /** Waits until an endpoint answers and nothing about it is changing. */
  async waitUntilReady(name, options) {
    const [wait, scope] = take(options, ["timeoutMs", "onProgress"], "The options of waitUntilReady()");
    const { timeoutMs, onProgress } = this.#limits(wait);
    const begun = performance.now();
    let seen = [false, "", "", ""];
    let failures = 0;
    const left = () => begun + timeoutMs - performance.now();
    const own = settings(scope.timeouts, "timeouts");
    const ownMs = own?.totalMs ?? this.#client.totalMs ?? Infinity;
    for (let attempt = 1; ; attempt += 1) {
      // a timer may end late: what is left is never nothing, which is no time limit
      const within = Math.max(left(), 1);
      try {
        const timeouts = { ...own, totalMs: Math.min(ownMs, within) };
        const { text, requestId, attempts } = await this.#client.call("endpoints.get", [name], { ...scope, timeouts });
        seen = judge(text, { requestId, attempts });
        failures = 0;
        const [done, ready, configUpdate, message] = seen;
        const endpoint = JSON.parse(text);
        onProgress?.({ name, done, ready, configUpdate, message, attempt, elapsedMs: performance.now() - begun, endpoint });
        if (done) return endpoint;
      } catch (thrown) {
        // the wait's own end cut the look short
        if (thrown?.phase === "total" && within < ownMs) throw toError(pure("endpoints.late", name, ...seen.slice(1)));
        failures += 1;
        if (thrown?.isRetryable !== true || failures > PATIENCE) throw thrown;
      }
      if (left() <= LAST_MS) throw toError(pure("endpoints.late", name, ...seen.slice(1)));
      const { signals } = this.#client.scope(scope);
      await pause(Math.min(Math.min(attempt, 10) * 1000 + Math.random() * 1000, left() - LAST_MS), signals);
    }
  }
}
