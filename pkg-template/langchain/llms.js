// Text in, text out, in LangChain.js's form: completion endpoints, custom models and apps behind the driver proxy.

import { LLM } from "@langchain/core/language_models/llms";
import { GenerationChunk } from "@langchain/core/outputs";
import { AsyncCaller } from "@langchain/core/utils/async_caller";
import { fail } from "../errors.js";
import { clientOf, method, serialisedClient, withoutClient } from "./client.js";
import { explain } from "./failures.js";
import { callOptions } from "./options.js";
import { tokenUsage, usageMetadata } from "./messages.js";

/** Names of Python's class, and those of the client. */
const NAMES = {
  endpoint_name: "endpointName", endpoint: "endpointName", model: "endpointName", cluster_id: "clusterId", cluster_driver_port: "clusterDriverPort",
  model_kwargs: "modelKwargs", transform_input_fn: "transformInputFn", transform_output_fn: "transformOutputFn", extra_params: "extraParams",
  max_tokens: "maxTokens", api_token: "token", apiToken: "token",
};

function read(given) {
  const fields = typeof given === "string" ? { endpointName: given } : { ...given };
  for (const [theirs, ours] of Object.entries(NAMES)) {
    if (theirs in fields) {
      fields[ours] ??= fields[theirs];
      delete fields[theirs];
    }
  }
  return fields;
}

const OWN = ["endpointName", "clusterId", "clusterDriverPort", "orgId", "temperature", "n", "stop", "maxTokens", "extraParams", "modelKwargs", "task", "inputFormat", "params", "timeout", "maxRetries"];

/** LangChain's LLM over an endpoint of any task, or an app on a cluster's driver node. */
export class Databricks extends LLM {
  static lc_name() {
    return "Databricks";
  }

  lc_serializable = true;
  #client;
  #written;
  #handle;
  #transforms;

  constructor(given = {}) {
    const fields = read(given);
    const { transformInputFn, transformOutputFn, ...plain } = fields;
    super(withoutClient(plain));
    for (const name of OWN) if (fields[name] !== undefined) this[name] = fields[name];
    if ((this.endpointName === undefined) === (this.clusterId === undefined)) {
      throw fail("InvalidInput", "Databricks needs `endpointName`, or `clusterId` with `clusterDriverPort`: one of the two.");
    }
    if (this.clusterId !== undefined && this.clusterDriverPort === undefined) throw fail("InvalidInput", "Beside `clusterId` stands `clusterDriverPort`, the port the app listens on.");
    if (this.endpointName !== undefined && this.clusterDriverPort !== undefined) throw fail("InvalidInput", "`clusterDriverPort` belongs to `clusterId`: an endpoint has no port.");
    const strange = ["prompt", "stop"].find((name) => this.modelKwargs && name in this.modelKwargs);
    if (strange) throw fail("InvalidInput", `\`modelKwargs\` must not hold \`${strange}\`: it is set by each call.`);
    this.#transforms = { ...(transformInputFn && { transformInput: transformInputFn }), ...(transformOutputFn && { transformOutput: transformOutputFn }) };
    this.caller = new AsyncCaller({ maxConcurrency: fields.maxConcurrency, maxRetries: 0, onFailedAttempt: fields.onFailedAttempt ?? ((failure) => { throw failure; }) });
    this.#client = clientOf(fields);
    this.#written = serialisedClient(fields);
  }

  get lc_secrets() {
    return { token: "DATABRICKS_TOKEN", clientSecret: "DATABRICKS_CLIENT_SECRET" };
  }

  toJSON() {
    // functions are not written: what was loaded would answer differently
    if (Object.keys(this.#transforms).length > 0) return this.toJSONNotImplemented();
    const json = super.toJSON();
    if (json.type === "constructor") json.kwargs = { ...json.kwargs, ...this.#written };
    return json;
  }

  _llmType() {
    return "databricks";
  }

  _identifyingParams() {
    const { token: _, client_secret: __, ...written } = this.#written;
    return { ...written, endpointName: this.endpointName, clusterId: this.clusterId, clusterDriverPort: this.clusterDriverPort, ...this.invocationParams() };
  }

  /** What a call sends besides its prompt. */
  invocationParams(options = {}) {
    const set = {
      temperature: options.temperature ?? this.temperature, n: options.n ?? this.n, stop: options.stop ?? this.stop,
      max_tokens: options.maxTokens ?? options.max_tokens ?? this.maxTokens,
    };
    if (set.n === 1) delete set.n;
    if (Array.isArray(set.stop) && set.stop.length === 0) delete set.stop;
    const extra = { ...this.modelKwargs, ...this.extraParams, ...options.extraParams, ...options.extra_params };
    if (Object.keys(extra).length > 0) set.extra_params = extra;
    return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined && value !== null));
  }

  async #open() {
    this.#handle ??= this.#client().then((client) => {
      const target = this.endpointName ?? { clusterId: this.clusterId, clusterDriverPort: this.clusterDriverPort, ...(this.orgId && { orgId: this.orgId }) };
      const { task, inputFormat, params } = this;
      return method(client, "completions")(target, { ...(task && { task }), ...(inputFormat && { inputFormat }), ...(params && { params }), ...this.#transforms });
    }).catch((failure) => {
      this.#handle = undefined;
      throw failure;
    });
    return this.#handle;
  }

  #options(options) {
    return { ...this.invocationParams(options), ...callOptions(this, options) };
  }

  async #ask(prompt, options) {
    try {
      return await this.caller.call(async () => (await this.#open()).generate(prompt, this.#options(options)));
    } catch (failure) {
      throw explain(failure, options.signal);
    }
  }

  /** The text of one prompt. */
  async _call(prompt, options) {
    return (await this.#ask(prompt, options ?? {})).text;
  }

  /** The texts of many prompts: as many of each as `n` asked for. */
  async _generate(prompts, options) {
    const answers = await Promise.all(prompts.map((prompt) => this.#ask(prompt, options)));
    const sum = { promptTokens: 0, completionTokens: 0, totalTokens: 0 };
    for (const { usage } of answers) {
      const used = tokenUsage(usageMetadata(usage)) ?? {};
      for (const name of Object.keys(sum)) sum[name] += used[name] ?? 0;
    }
    return { generations: answers.map(({ texts }) => texts.map((text) => ({ text }))), llmOutput: { tokenUsage: sum } };
  }

  /** The text in pieces: as they come where the endpoint streams, as one piece from all others. */
  async *_streamResponseChunks(prompt, options, runManager) {
    try {
      const stream = await this.caller.call(async () => (await this.#open()).stream(prompt, this.#options(options)));
      for await (const text of stream) {
        yield new GenerationChunk({ text });
        await runManager?.handleLLMNewToken(text);
      }
    } catch (failure) {
      throw explain(failure, options.signal);
    }
  }
}
