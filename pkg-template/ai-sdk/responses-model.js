// An endpoint that speaks Responses as a language model.

import { asFailure, wholeClient } from "./failure.js";
import { addresses } from "./media.js";
import { Blocks, facts, headerFacts, responseFacts, streamParts, toolParts } from "./parts.js";
import { responsesInput } from "./responses-prompt.js";
import { responsesFields, scopeOf } from "./settings.js";
import { responsesReason, responsesUsage } from "./usage.js";

const list = (value) => (Array.isArray(value) ? value : []);
const textOf = (item) => (typeof item.content === "string" ? item.content : list(item.content).map((part) => part.text ?? part.refusal ?? "").join(""));
const thoughtOf = (item) => list(item.summary).map((piece) => piece.text ?? "").join("\n\n");
const thoughtMetadata = (item, endpoint) => ({ endpoint, item });

const spoken = (item) => (item.role ?? "assistant") === "assistant";
const cited = (item) => list(item.content).flatMap((part) => list(part.annotations));

/** The pages that an item cites, each once. */
class Sources {
  #seen = new Set();

  of(annotations, item) {
    const fresh = annotations.filter(({ type, url }) => type === "url_citation" && typeof url === "string" && !this.#seen.has(url) && this.#seen.add(url));
    return fresh.map(({ url, title }) => ({
      type: "source", sourceType: "url", id: `${item ?? "source"}-${[...this.#seen].indexOf(url)}`, url, ...(title ? { title } : {}),
    }));
  }
}

function callOf(item, remote) {
  const call = { type: "tool-call", toolCallId: item.call_id, toolName: item.name, input: item.arguments || "{}" };
  return remote ? { ...call, providerExecuted: true, dynamic: true } : call;
}

/** The agent asks whether it may run a tool of an MCP server: a call of its own that waits for the user. */
function approvalOf({ id, name, arguments: input, server_label: server }) {
  const call = { type: "tool-call", toolCallId: id, toolName: name, input: input || "{}", providerExecuted: true, dynamic: true };
  return [{ ...call, providerMetadata: { databricks: facts({ approval: id, server }) } }, { type: "tool-approval-request", approvalId: id, toolCallId: id }];
}

function resultOf(output, call) {
  return { type: "tool-result", toolCallId: output.call_id, toolName: call.name, result: output.output ?? "", dynamic: true };
}

/** The calls of earlier turns by their ids: after an approval the result comes in a turn of its own, and the call is told again with it. */
function earlierCalls(prompt) {
  const calls = prompt.flatMap(({ content }) => list(content)).filter((part) => part.type === "tool-call" && part.providerExecuted);
  return new Map(calls.map(({ toolCallId: id, toolName: name, input }) => [id, { call_id: id, name, arguments: typeof input === "string" ? input : JSON.stringify(input ?? {}) }]));
}

/** The items of an output as content. A call whose result stands beside it was run by the agent. */
function contentOf(output, endpoint, remoteTools, earlier) {
  const results = new Map(output.filter((item) => item.type === "function_call_output").map((item) => [item.call_id, item]));
  const sources = new Sources();
  return output.flatMap((item) => {
    switch (item.type) {
      case "message": {
        const text = spoken(item) ? textOf(item) : "";
        return text === "" ? [] : [{ type: "text", text }, ...sources.of(cited(item), item.id)];
      }
      case "reasoning":
        return [{ type: "reasoning", text: thoughtOf(item), providerMetadata: { databricks: thoughtMetadata(item, endpoint) } }];
      case "function_call": {
        const result = results.get(item.call_id);
        const call = callOf(item, remoteTools || result !== undefined);
        return result === undefined ? [call] : [call, resultOf(result, item)];
      }
      case "function_call_output": {
        const call = earlier.get(item.call_id);
        return call === undefined || output.some((other) => other.type === "function_call" && other.call_id === item.call_id) ? [] : [callOf(call, true), resultOf(item, call)];
      }
      case "mcp_approval_request":
        return approvalOf(item);
      default:
        return [];
    }
  });
}

/** What events say. Text comes once, although deltas, done events and the whole answer repeat it. */
class ResponsesFold {
  #blocks = new Blocks();
  #told = false;
  #written = "";
  #sources = new Sources();
  /** Texts by item, as far as they were said. */
  #said = new Map();
  /** Calls by the id of their item, and those that are told already. */
  #calls = new Map();
  #done = new Set();

  constructor(stream, endpoint, { tools, remoteTools, earlier }) {
    this.stream = stream;
    this.earlier = earlier;
    this.endpoint = endpoint;
    this.tools = tools;
    this.remoteTools = remoteTools;
  }

  event(event, emit) {
    const { type, item_id: id } = event;
    if (!this.#told && event.response !== undefined) {
      this.#told = true;
      emit({ type: "response-metadata", ...responseFacts(event.response) });
    }
    switch (type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        this.#text(id, event.delta ?? "", emit);
        break;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        this.#thought(id, event, emit);
        break;
      case "response.output_item.added":
        if (event.item?.type === "function_call") this.#begin(event.item, emit);
        break;
      case "response.function_call_arguments.delta":
        this.#arguments(id, event.delta ?? "", emit);
        break;
      case "response.output_item.done":
        this.#item(event.item ?? {}, emit);
        break;
      case "response.output_text.annotation.added":
        this.#sources.of([event.annotation ?? {}], id).forEach((part) => emit(part));
        break;
      // some agents send the result without an event around it
      case "function_call_output":
        this.#ran(event, emit);
        break;
      default:
    }
  }

  #text(id, delta, emit) {
    this.#said.set(id, (this.#said.get(id) ?? "") + delta);
    this.#written += delta;
    this.#blocks.say("text", delta, emit, { key: id });
  }

  #thought(id, { delta = "", summary_index: index = 0 }, emit) {
    const { text = "", part = index } = this.#said.get(`thought ${id}`) ?? {};
    const more = part === index ? delta : `\n\n${delta}`;
    this.#said.set(`thought ${id}`, { text: text + more, part: index });
    this.#blocks.say("reasoning", more, emit, { key: id });
  }

  /** Arguments are shown while they come when the tool is the app's; an agent's own tools are told with their results. */
  #begin(item, emit) {
    if (this.remoteTools || !this.tools.has(item.name) || !item.call_id || this.#calls.has(item.id)) return;
    this.#blocks.close(emit);
    this.#calls.set(item.id, item.call_id);
    emit({ type: "tool-input-start", id: item.call_id, toolName: item.name });
  }

  #arguments(id, delta, emit) {
    const call = this.#calls.get(id);
    if (call !== undefined && delta !== "") emit({ type: "tool-input-delta", id: call, delta });
  }

  #item(item, emit) {
    switch (item.type) {
      case "message": {
        if (!spoken(item)) break;
        // deltas without an item's id belong to the item that is done first
        const key = this.#said.has(item.id) ? item.id : undefined;
        const said = this.#said.get(key) ?? "";
        const text = textOf(item);
        if (text.startsWith(said) && text.length > said.length) this.#text(key ?? item.id, text.slice(said.length), emit);
        this.#said.delete(undefined);
        this.#blocks.close(emit);
        this.#sources.of(cited(item), item.id).forEach((part) => emit(part));
        break;
      }
      case "reasoning": {
        const said = this.#said.get(`thought ${item.id}`)?.text ?? "";
        const text = thoughtOf(item);
        const more = text.startsWith(said) ? text.slice(said.length) : "";
        this.#blocks.say("reasoning", more, emit, { key: item.id, metadata: () => thoughtMetadata(item, this.endpoint) });
        this.#blocks.close(emit);
        break;
      }
      case "function_call":
        this.#blocks.close(emit);
        this.#calls.set(`call ${item.call_id}`, item);
        break;
      case "function_call_output":
        this.#ran(item, emit);
        break;
      case "mcp_approval_request":
        this.#approve(item, emit);
        break;
      default:
    }
  }

  #approve(item, emit) {
    if (this.#done.has(item.id)) return;
    this.#done.add(item.id);
    this.#blocks.close(emit);
    approvalOf(item).forEach((part) => emit(part));
  }

  /** The agent ran a tool itself. */
  #ran(output, emit) {
    const call = this.#calls.get(`call ${output.call_id}`) ?? this.earlier.get(output.call_id);
    if (call === undefined || this.#done.has(output.call_id)) return;
    this.#done.add(output.call_id);
    this.#blocks.close(emit);
    emit(callOf(call, true));
    emit(resultOf(output, call));
  }

  async end(emit) {
    this.#blocks.close(emit);
    const answer = await this.stream.finalResponse();
    const output = list(answer.output);
    const text = answer.text;
    // an endpoint may say all of it in its last event
    if (text.startsWith(this.#written) && text.length > this.#written.length) {
      this.#text("rest", text.slice(this.#written.length), emit);
      this.#blocks.close(emit);
    }
    const begun = new Set(this.#calls.values());
    for (const item of output) if (item.type === "function_call") this.#calls.set(`call ${item.call_id}`, item);
    for (const item of output) {
      if (item.type === "function_call_output") this.#ran(item, emit);
      if (item.type === "mcp_approval_request") this.#approve(item, emit);
      if (item.type === "message") this.#sources.of(cited(item), item.id).forEach((part) => emit(part));
    }
    let asks = false;
    for (const item of output) {
      if (item.type !== "function_call" || this.#done.has(item.call_id)) continue;
      const call = callOf(item, this.remoteTools);
      asks ||= !this.remoteTools;
      if (this.remoteTools) {
        emit(call);
      } else if (begun.has(item.call_id)) {
        emit({ type: "tool-input-end", id: item.call_id });
        emit(call);
      } else {
        toolParts(call, emit);
      }
    }
    emit({ type: "finish", usage: responsesUsage(answer.usage), finishReason: responsesReason(answer, asks), providerMetadata: { databricks: metadataOf(answer) } });
  }
}

function metadataOf({ requestId, servedModelName, customOutputs, trace }) {
  return facts({ requestId, servedModelName, customOutputs, trace });
}

/** An endpoint that speaks Responses; made by `databricks.responses(endpoint)`. */
export class ResponsesModel {
  specificationVersion = "v4";
  #client;
  #settings;
  #headers;
  #remoteTools;

  constructor(endpoint, settings, { name, client, headers, remoteTools }) {
    this.modelId = endpoint;
    this.provider = `${name}.responses`;
    this.#client = client;
    this.#settings = settings;
    this.#headers = headers;
    this.#remoteTools = settings.useRemoteToolCalling ?? remoteTools ?? false;
  }

  get supportedUrls() {
    return addresses(this.#settings.remoteImages);
  }

  async #prepare(options) {
    const warnings = [];
    const values = { input: responsesInput(options.prompt, this.modelId, warnings), ...responsesFields(options, this.#settings, this.modelId, warnings) };
    const { input, ...fields } = values;
    const signal = options.abortSignal;
    const { route, defaults } = this.#settings;
    const path = route === "openai" ? "/serving-endpoints/responses" : `/serving-endpoints/${encodeURIComponent(this.modelId)}/invocations`;
    const failure = (thrown) => asFailure(thrown, { path, values, signal });
    signal?.throwIfAborted();
    const client = await this.#client();
    if (typeof client.responses !== "function") throw wholeClient("Responses");
    const handle = client.responses(this.modelId, route === undefined ? defaults : { ...defaults, route });
    return { handle, input, call: { ...fields, ...scopeOf(options, this.#headers) }, warnings, values, failure, signal };
  }

  async doGenerate(options) {
    const { handle, input, call, warnings, values, failure } = await this.#prepare(options);
    let answer;
    try {
      answer = await handle.invoke(input, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    const content = contentOf(list(answer.output), this.modelId, this.#remoteTools, earlierCalls(options.prompt));
    return {
      content,
      finishReason: responsesReason(answer, content.some((part) => part.type === "tool-call" && !part.providerExecuted)),
      usage: responsesUsage(answer.usage),
      providerMetadata: { databricks: metadataOf(answer) },
      request: { body: values },
      response: { ...responseFacts(answer), headers: headerFacts(answer), body: { ...answer } },
      warnings,
    };
  }

  async doStream(options) {
    const { handle, input, call, warnings, values, failure, signal } = await this.#prepare(options);
    let stream;
    try {
      stream = await handle.stream(input, call);
    } catch (thrown) {
      throw failure(thrown);
    }
    const tools = new Set((options.tools ?? []).map((tool) => tool.name));
    const fold = new ResponsesFold(stream, this.modelId, { tools, remoteTools: this.#remoteTools, earlier: earlierCalls(options.prompt) });
    return {
      stream: streamParts(stream, fold, { warnings, includeRawChunks: options.includeRawChunks, failure, signal }),
      request: { body: values },
      response: { headers: headerFacts(stream) },
    };
  }
}
