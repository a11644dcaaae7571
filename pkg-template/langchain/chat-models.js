// The chat model in LangChain.js's form.

import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AsyncCaller } from "@langchain/core/utils/async_caller";
import { fail } from "../errors.js";
import { chatChunks } from "./chunks.js";
import { clientOf, method, serialisedClient, withoutClient } from "./client.js";
import { explain } from "./failures.js";
import { generations, tokenUsage, wireMessages } from "./messages.js";
import { agentFields, callOptions, chatFields, MODEL_FIELDS, responsesFields, toolChoice, WIRE_NAMES } from "./options.js";
import { agentChunks, agentGenerations, agentMessages, inputItems, responseChunks, responseGenerations } from "./responses.js";
import { structured } from "./structured.js";
import { wireTools } from "./bound-tools.js";

/** How each kind of endpoint is asked and read; `tools` are those it takes besides functions. */
const KINDS = {
  "chat-completions": {
    open: (client, { model }) => client.chat(model),
    fields: ({ parallel_tool_calls: parallel, extra_params, ...fields }) => (parallel === undefined ? { ...fields, ...(extra_params && { extra_params }) } : { ...fields, extra_params: { parallel_tool_calls: parallel, ...extra_params } }),
    input: wireMessages,
    whole: generations,
    chunks: chatChunks,
  },
  responses: {
    open: (client, { model, responsesRoute }) => method(client, "responses")(model, { route: responsesRoute }),
    fields: responsesFields,
    input: inputItems,
    tools: "its own",
    whole: responseGenerations,
    chunks: responseChunks,
  },
  "chat-agent": {
    open: (client, { model }) => method(client, "chatAgent")(model),
    fields: agentFields,
    tools: "none",
    input: agentMessages,
    whole: agentGenerations,
    chunks: agentChunks,
  },
};

/** Names of Python's package, for those who bring their fields along. */
const PYTHON = { ...WIRE_NAMES, max_completion_tokens: "maxTokens", extra_params: "extraParams", model_kwargs: "extraParams", modelKwargs: "extraParams", use_responses_api: "useResponsesApi", stream_usage: "streamUsage", max_retries: "maxRetries", workspace_client: "workspaceClient" };

/** What Python's package has and this class has not; to leave it out in silence would ask another address. */
const ABSENT = ["target_uri", "use_ai_gateway", "use_ai_gateway_native_api"];

function read(given, more) {
  const fields = typeof given === "string" ? { ...more, model: given } : { ...given };
  const absent = ABSENT.find((name) => fields[name] !== undefined && fields[name] !== null && fields[name] !== false && fields[name] !== "databricks");
  if (absent !== undefined) throw fail("InvalidInput", `ChatDatabricks has no \`${absent}\`: it asks serving endpoints; leave it out.`);
  for (const [theirs, ours] of Object.entries(PYTHON)) {
    if (theirs !== ours && theirs in fields) {
      fields[ours] ??= fields[theirs];
      delete fields[theirs];
    }
  }
  return fields;
}

/**
 * Tells that a stream was left, or aborted, before its end: LangChain.js mostly tells nobody, and tracers would wait for it. When
 * it does tell of an abort, that comes afterwards: once is enough.
 */
async function tellLeft(runManager) {
  const told = runManager.handleLLMError(new DOMException("The stream was left before its end.", "AbortError"));
  runManager.handleLLMError = () => told;
  await told;
}

/** LangChain's chat model over a serving endpoint. */
export class ChatDatabricks extends BaseChatModel {
  static lc_name() {
    return "ChatDatabricks";
  }

  lc_serializable = true;
  #client;
  #written;
  #handle;
  #profile;

  constructor(given, more) {
    const fields = read(given, more);
    const { profile, endpoint, ...rest } = fields;
    rest.model ??= endpoint;
    super(withoutClient(rest));
    if (typeof rest.model !== "string" || rest.model === "") throw fail("InvalidInput", "ChatDatabricks needs `model` (or `endpoint`), the name of a chat endpoint.");
    for (const name of ["model", "useResponsesApi", "endpointAPI", "timeout", "maxRetries", "streamUsage", "extraParams", ...MODEL_FIELDS]) {
      if (rest[name] !== undefined) this[name] = rest[name];
    }
    if (this.endpointAPI !== undefined && KINDS[this.endpointAPI] === undefined) {
      throw fail("InvalidInput", '`endpointAPI` must be "chat-completions", "responses" or "chat-agent".');
    }
    // a relay knows the endpoints' own addresses alone
    this.responsesRoute = rest.responsesRoute ?? (fields.relay === undefined ? "openai" : "invocations");
    // failed calls are repeated by the client, which knows what may be: a second loop around it would multiply
    this.caller = new AsyncCaller({ maxConcurrency: rest.maxConcurrency, maxRetries: 0, onFailedAttempt: rest.onFailedAttempt ?? ((failure) => { throw failure; }) });
    this.#profile = profile;
    this.#client = clientOf(fields);
    this.#written = serialisedClient(fields);
  }

  /** The endpoint's name. */
  get endpoint() {
    return this.model;
  }

  get lc_aliases() {
    return { model: "endpoint" };
  }

  get lc_secrets() {
    return { token: "DATABRICKS_TOKEN", clientSecret: "DATABRICKS_CLIENT_SECRET" };
  }

  toJSON() {
    const json = super.toJSON();
    if (json.type === "constructor") json.kwargs = { ...json.kwargs, ...this.#written };
    return json;
  }

  get profile() {
    return this.#profile ?? {};
  }

  _llmType() {
    return "chat-databricks";
  }

  get #kind() {
    return KINDS[this.endpointAPI ?? (this.useResponsesApi ? "responses" : "chat-completions")];
  }

  /** What a call sends besides its messages. */
  invocationParams(options = {}) {
    const fields = chatFields(this, options);
    if (options.tools?.length > 0) {
      fields.tools = wireTools(options.tools, this.model, options.strict, this.#kind.tools);
      const chosen = toolChoice(options.tool_choice ?? options.toolChoice);
      if (chosen !== undefined) fields.tool_choice = chosen;
    }
    return this.#kind.fields(fields);
  }

  get identifyingParams() {
    return this._identifyingParams();
  }

  _identifyingParams() {
    return { endpoint: this.model, ...this.#written, token: undefined, client_secret: undefined, ...this.invocationParams() };
  }

  getLsParams(options) {
    const { temperature, max_tokens, max_output_tokens = max_tokens, stop } = chatFields(this, options ?? {});
    return {
      ls_provider: "databricks", ls_model_name: this.model, ls_model_type: "chat",
      ...(temperature !== undefined && { ls_temperature: temperature }), ...(max_output_tokens !== undefined && { ls_max_tokens: max_output_tokens }),
      ...(stop !== undefined && { ls_stop: typeof stop === "string" ? [stop] : stop }),
    };
  }

  /** An estimate, a token for four letters: the models' own vocabularies are not known here, and nothing is downloaded. */
  async getNumTokens(content) {
    const text = typeof content === "string" ? content : content.map((part) => (typeof part === "string" ? part : (part.text ?? ""))).join("");
    return Math.ceil(text.length / 4);
  }

  async #open() {
    this.#handle ??= this.#client().then((client) => this.#kind.open(client, this)).catch((failure) => {
      this.#handle = undefined;
      throw failure;
    });
    return this.#handle;
  }

  /** Asks for whole answers. */
  async _generate(messages, options) {
    const input = this.#kind.input(messages, this.model);
    const { stream_options: _, ...asked } = this.invocationParams(options);
    const fields = { ...asked, ...callOptions(this, options) };
    try {
      const answer = await this.caller.call(async () => (await this.#open()).invoke(input, fields));
      const made = this.#kind.whole(answer, this.model);
      return { generations: made, llmOutput: { tokenUsage: tokenUsage(made[0]?.message.usage_metadata) ?? {} } };
    } catch (failure) {
      throw explain(failure, options.signal);
    }
  }

  /** Asks for a streamed answer. Leaving the loop ends it at the server. */
  async *_streamResponseChunks(messages, options, runManager) {
    const input = this.#kind.input(messages, this.model);
    const fields = { ...this.invocationParams(options), ...callOptions(this, options) };
    const usage = options.streamUsage ?? this.streamUsage ?? true;
    let ended = runManager === undefined;
    const left = async () => {
      if (ended) return;
      ended = true;
      await tellLeft(runManager);
    };
    // who is aborted between two chunks is not even asked to end
    const aborted = () => void left().catch(() => {});
    options.signal?.addEventListener("abort", aborted, { once: true });
    try {
      const stream = await this.caller.call(async () => (await this.#open()).stream(input, fields));
      for await (const chunk of this.#kind.chunks(stream, this.model, usage)) {
        yield chunk;
        await runManager?.handleLLMNewToken(chunk.text, { prompt: 0, completion: 0 }, undefined, undefined, undefined, { chunk });
      }
      ended = true;
    } catch (failure) {
      ended = true;
      throw explain(failure, options.signal);
    } finally {
      options.signal?.removeEventListener("abort", aborted);
      await left();
    }
  }

  _combineLLMOutput(...outputs) {
    const sum = { promptTokens: 0, completionTokens: 0, totalTokens: 0 };
    for (const output of outputs) for (const name of Object.keys(sum)) sum[name] += output?.tokenUsage?.[name] ?? 0;
    return { tokenUsage: sum };
  }

  /** The model with tools: LangChain's, definitions of OpenAI's form, or objects with a name and a schema. */
  bindTools(tools, options = {}) {
    const { tool_choice, toolChoice: chosen = tool_choice, strict, ...rest } = options;
    const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return this.withConfig({ ...set, tools: wireTools(tools, this.model, strict, this.#kind.tools), ...(chosen !== undefined && chosen !== null && { tool_choice: toolChoice(chosen) }) });
  }

  /** The model with answers of a schema's form. */
  withStructuredOutput(schema, config) {
    return structured(this, schema, config);
  }
}
