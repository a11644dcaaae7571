// An agent of MLflow's ChatAgent form as a language model.

import { chatMessages } from "./chat-prompt.js";
import { asFailure, wholeClient } from "./failure.js";
import { Blocks, facts, headerFacts, responseFacts, streamParts } from "./parts.js";
import { extraParams, noSettings, scopeOf } from "./settings.js";
import { chatUsage, finishReason } from "./usage.js";

const SETTINGS = [
  "maxOutputTokens", "temperature", "topP", "topK", "stopSequences", "seed", "presencePenalty", "frequencyPenalty", "responseFormat", "tools", "reasoning",
];

/** Calls and results of tools that the agent ran, as they come. */
class Tools {
  #names = new Map();

  of(message) {
    if (message.role === "tool") {
      const id = message.tool_call_id;
      return [{ type: "tool-result", toolCallId: id, toolName: message.name ?? this.#names.get(id) ?? "tool", result: message.content ?? "", dynamic: true }];
    }
    return (message.tool_calls ?? []).map(({ id, function: { name, arguments: input } }) => {
      this.#names.set(id, name);
      return { type: "tool-call", toolCallId: id, toolName: name, input: input || "{}", providerExecuted: true, dynamic: true };
    });
  }
}

class AgentFold {
  #blocks = new Blocks();
  #tools = new Tools();
  #told = false;

  constructor(stream) {
    this.stream = stream;
  }

  event(chunk, emit) {
    if (!this.#told) {
      this.#told = true;
      emit({ type: "response-metadata", ...responseFacts(chunk) });
    }
    const { delta } = chunk;
    if (!delta) return;
    if (delta.role !== "tool" && delta.content) this.#blocks.say("text", delta.content, emit, { key: delta.id });
    for (const part of this.#tools.of(delta)) {
      this.#blocks.close(emit);
      emit(part);
    }
  }

  async end(emit) {
    this.#blocks.close(emit);
    const answer = await this.stream.finalAnswer();
    emit({ type: "finish", usage: chatUsage(answer.usage), finishReason: finishReason(answer.finishReason ?? "stop", false), providerMetadata: { databricks: metadataOf(answer) } });
  }
}

function metadataOf({ requestId, servedModelName, customOutputs, trace }) {
  return facts({ requestId, servedModelName, customOutputs, trace });
}

/** An agent; made by `databricks.chatAgent(endpoint)`. */
export class AgentModel {
  specificationVersion = "v4";
  supportedUrls = {};
  #client;
  #settings;
  #headers;

  constructor(endpoint, settings, { name, client, headers }) {
    this.modelId = endpoint;
    this.provider = `${name}.chatAgent`;
    this.#client = client;
    this.#settings = settings;
    this.#headers = headers;
  }

  async #prepare(options) {
    const warnings = [];
    noSettings(options, SETTINGS, warnings);
    const names = new Map(options.prompt.flatMap(({ content }) => (Array.isArray(content) ? content : [])).filter((part) => part.toolName).map((part) => [part.toolCallId, part.toolName]));
    const messages = chatMessages(options.prompt, this.modelId, warnings).map((message) => {
      // this form knows text alone
      const { content } = message;
      const text = Array.isArray(content) ? content.map((part) => part.text ?? "").filter((one) => one !== "").join("\n") : content ?? "";
      return { ...message, content: text, ...(message.role === "tool" ? { name: names.get(message.tool_call_id) ?? "tool" } : {}) };
    });
    const extra = extraParams(options);
    const values = { messages, ...(extra === undefined ? {} : { extra_params: extra }) };
    const signal = options.abortSignal;
    const failure = (thrown) => asFailure(thrown, { path: `/serving-endpoints/${encodeURIComponent(this.modelId)}/invocations`, values, signal });
    signal?.throwIfAborted();
    const client = await this.#client();
    if (typeof client.chatAgent !== "function") throw wholeClient("Agents");
    const { messages: _, ...fields } = values;
    return { agent: client.chatAgent(this.modelId, this.#settings.defaults), messages, call: { ...fields, ...scopeOf(options, this.#headers) }, warnings, values, failure, signal };
  }

  async doGenerate(options) {
    const { agent, messages, call, warnings, values, failure } = await this.#prepare(options);
    let answer;
    try {
      answer = await agent.invoke(messages, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    const tools = new Tools();
    const content = answer.messages.flatMap((message) => {
      const said = message.role === "assistant" && message.content ? [{ type: "text", text: message.content }] : [];
      return [...said, ...tools.of(message)];
    });
    return {
      content,
      finishReason: finishReason(answer.finishReason ?? "stop", false),
      usage: chatUsage(answer.usage),
      providerMetadata: { databricks: metadataOf(answer) },
      request: { body: values },
      response: { ...responseFacts(answer), headers: headerFacts(answer), body: { ...answer } },
      warnings,
    };
  }

  async doStream(options) {
    const { agent, messages, call, warnings, values, failure, signal } = await this.#prepare(options);
    let stream;
    try {
      stream = await agent.stream(messages, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    return {
      stream: streamParts(stream, new AgentFold(stream), { warnings, includeRawChunks: options.includeRawChunks, failure, signal }),
      request: { body: values },
      response: { headers: headerFacts(stream) },
    };
  }
}
