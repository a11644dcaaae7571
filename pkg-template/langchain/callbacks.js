// What LangChain.js tells of its runs, into MLflow: as metrics and files of a run, or as traces.

import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { fail } from "../errors.js";
import { clientOf } from "./client.js";
import { mlflowEntry, picked } from "./lazy.js";
import { chatMessage, told, usageOf } from "./told.js";

const RUN = ["name", "experiment", "tags", "runId", "artifactsDir", "tokens", "textMetrics", "maxQueue", "maxRecords", "maxValueBytes", "onError"];
const TRACING = ["experimentId", "experimentName", "sampling", "redact", "tags", "metadata", "runId", "export", "ucTable", "serviceName", "maxQueue", "maxValueBytes", "onError"];
const EVENTS = [
  "handleLLMStart", "handleChatModelStart", "handleLLMNewToken", "handleLLMEnd", "handleLLMError", "handleChainStart", "handleChainEnd", "handleChainError",
  "handleToolStart", "handleToolEnd", "handleToolError", "handleText", "handleAgentAction", "handleAgentEnd", "handleRetrieverStart", "handleRetrieverEnd", "handleRetrieverError",
];
/** How many runs that have not ended are known of; beyond, the oldest count as left. */
const OPEN = 10_000;
/** How many events wait while `lakewire/mlflow` is loaded. */
const EARLY = 1000;

/** The client whose MLflow it is: the workspace's, or that of a tracking server. */
function trackedBy(fields) {
  const { trackingUri } = fields;
  if (trackingUri === undefined || trackingUri === "databricks") return clientOf(fields);
  if (!/^https?:\/\//.test(`${trackingUri}`)) throw fail("InvalidInput", "`trackingUri` must be the URL of an MLflow server, or \"databricks\" for the workspace.");
  return clientOf({ ...fields, host: trackingUri });
}

/** LangChain's runs as metrics, files and tables of a run of MLflow. */
export class MlflowCallbackHandler extends BaseCallbackHandler {
  name = "mlflow_callback_handler";
  #make;
  #making;
  #handler;
  #early = [];
  #dropped = 0;
  #fields;

  constructor(fields = {}) {
    // events are told in their order, each before the run goes on: nothing here waits for the server
    super({ _awaitHandler: true });
    const client = trackedBy(fields);
    this.#fields = picked(fields, RUN);
    this.#make = async () => {
      const [workspace, mlflow] = await Promise.all([client(), mlflowEntry(fields)]);
      return new mlflow.MlflowCallbackHandler(workspace, this.#fields);
    };
  }

  copy() {
    return this;
  }

  #open() {
    this.#making ??= this.#make().then(
      (handler) => {
        this.#handler = handler;
        for (const [name, args] of this.#early.splice(0)) handler[name](...args);
        return handler;
      },
      (error) => {
        this.#making = undefined;
        this.#dropped += this.#early.splice(0).length;
        throw error;
      },
    );
    return this.#making;
  }

  #tell(name, args) {
    if (this.#handler !== undefined) return void this.#handler[name](...args);
    if (this.#early.length >= EARLY) this.#dropped += 1;
    else this.#early.push([name, args]);
    this.#open().catch((error) => {
      const { onError = (thrown) => console.warn(`MLflow: ${thrown.message}`) } = this.#fields;
      try {
        onError(error);
      } catch {
        // what a listener throws is not the run's affair
      }
    });
  }

  /** The id of the run, which is made when there is none yet. */
  async runId() {
    return (await this.#open()).runId();
  }

  /** How many events were logged, could not be, did not fit, or still wait. */
  stats() {
    const { sent = 0, failed = 0, dropped = 0, waiting = 0, forgottenRecords = 0 } = this.#handler?.stats() ?? {};
    return { sent, failed, dropped: dropped + this.#dropped, waiting: waiting + this.#early.length, forgottenRecords };
  }

  /** Logs the tables and waits until everything was sent, or could not be. */
  async flushTracker(options) {
    await (await this.#open()).flushTracker(options);
    return this.stats();
  }

  /** Flushes and ends the run. */
  async close(options) {
    await (await this.#open()).close(options);
    return this.stats();
  }

  static {
    for (const name of EVENTS) {
      Object.defineProperty(this.prototype, name, {
        configurable: true, writable: true,
        value(...args) {
          this.#tell(name, args);
        },
      });
    }
  }
}

const nameOf = (serialized, name) => name ?? serialized?.name ?? serialized?.id?.at?.(-1) ?? "run";

/** What a model is called, as LangChain tells it. */
function modelOf(extra, metadata) {
  const { tools, model } = extra?.invocation_params ?? {};
  const facts = { "mlflow.llm.model": metadata?.ls_model_name ?? model, "mlflow.llm.provider": metadata?.ls_provider };
  if (Array.isArray(tools) && tools.length > 0) facts["mlflow.chat.tools"] = tools;
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** In a stream, what a step was given is known when it ends. */
const asked = (span, more) => (more?.inputs === undefined ? span : span.setInputs(told(more.inputs)));

function parsed(text) {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** LangChain's runs as traces of MLflow: each run is a span beneath the one that began it. */
export class MlflowTracer extends BaseCallbackHandler {
  name = "mlflow_tracer";
  #tracing;
  #tokens;
  #spans = new Map();

  constructor(fields) {
    super({ _awaitHandler: true });
    const { tracing, tokens = false } = fields ?? {};
    if (typeof tracing?.startSpan !== "function") throw fail("InvalidInput", "A MlflowTracer needs `tracing`, a MlflowTracing of lakewire/mlflow; `await MlflowTracer.create({ experimentName })` makes one.");
    this.#tracing = tracing;
    this.#tokens = tokens === true;
  }

  /** A tracer with tracing of its own, in the workspace or on an MLflow server. */
  static async create(fields = {}) {
    const client = trackedBy(fields);
    const [workspace, mlflow] = await Promise.all([client(), mlflowEntry(fields)]);
    return new this({ tracing: new mlflow.MlflowTracing(workspace, picked(fields, TRACING)), tokens: fields.tokens });
  }

  copy() {
    return this;
  }

  /** The tracing that the spans go to. */
  get tracing() {
    return this.#tracing;
  }

  /** Waits until every trace that has ended was sent, or could not be. */
  flush() {
    return this.#tracing.flush();
  }

  /** Sends what has ended and what was left; what comes later is not traced. */
  close() {
    // children first: a trace goes when its root ends
    for (const runId of [...this.#spans.keys()].reverse()) this.#leave(runId);
    return this.#tracing.close();
  }

  /** LangChain.js tells of no end when a stream is left or aborted. */
  #leave(runId) {
    this.#end(runId, (span) => span.addEvent("left_early", {}).end());
  }

  #start(runId, parentRunId, metadata, { name, type, inputs, attributes = {} }) {
    const parent = this.#spans.get(parentRunId);
    const options = { name, type, inputs, attributes, parent };
    // a conversation of LangGraph's is a session of MLflow's
    if (parent === undefined && typeof metadata?.thread_id === "string") options.session = metadata.thread_id;
    try {
      this.#spans.set(runId, this.#tracing.startSpan(options));
      if (this.#spans.size > OPEN) this.#leave(this.#spans.keys().next().value);
    } catch {
      // closed: the run goes on untraced
    }
  }

  #end(runId, act) {
    const span = this.#spans.get(runId);
    this.#spans.delete(runId);
    if (span !== undefined) act(span);
  }

  #event(runId, name, attributes) {
    this.#spans.get(runId)?.addEvent(name, attributes);
  }

  handleLLMStart(llm, prompts, runId, parentRunId, extra, tags, metadata, name) {
    this.#start(runId, parentRunId, metadata, { name: nameOf(llm, name), type: "LLM", inputs: [...prompts], attributes: modelOf(extra, metadata) });
  }

  handleChatModelStart(llm, messages, runId, parentRunId, extra, tags, metadata, name) {
    const attributes = { "mlflow.message.format": "langchain", ...modelOf(extra, metadata) };
    this.#start(runId, parentRunId, metadata, { name: nameOf(llm, name), type: "CHAT_MODEL", inputs: { messages: messages.flat().map(chatMessage) }, attributes });
  }

  handleLLMNewToken(token, indices, runId) {
    if (this.#tokens) this.#event(runId, "new_token", { token });
  }

  handleLLMEnd(output, runId) {
    this.#end(runId, (span) => {
      const generations = output?.generations ?? [];
      const used = usageOf(output);
      if (used !== undefined) span.setAttribute("mlflow.chat.tokenUsage", used);
      const chat = generations[0]?.[0]?.message !== undefined;
      const text = (one) => ({ text: one.text, generation_info: one.generationInfo ?? null });
      span.end(chat ? { choices: generations.flat().map(({ message }) => ({ message: chatMessage(message), finish_reason: null })) } : { generations: generations.map((list) => list.map(text)) });
    });
  }

  handleLLMError(error, runId) {
    // as a model of ours tells of a stream that was left
    if (error?.name === "AbortError" && /was left/.test(error.message)) return this.#leave(runId);
    this.#end(runId, (span) => span.fail(error));
  }

  handleChainStart(chain, inputs, runId, parentRunId, tags, metadata, runType, name) {
    // prompts, parsers and graphs too: as MLflow's own tracer has it
    this.#start(runId, parentRunId, metadata, { name: nameOf(chain, name), type: "CHAIN", inputs: told(inputs) });
  }

  handleChainEnd(outputs, runId, parentRunId, tags, more) {
    this.#end(runId, (span) => asked(span, more).end(told(outputs)));
  }

  handleChainError(error, runId, parentRunId, tags, more) {
    this.#end(runId, (span) => asked(span, more).fail(error));
  }

  handleToolStart(tool, input, runId, parentRunId, tags, metadata, name, toolCallId) {
    const attributes = toolCallId === undefined ? {} : { tool_call_id: toolCallId };
    this.#start(runId, parentRunId, metadata, { name: nameOf(tool, name), type: "TOOL", inputs: parsed(input), attributes });
  }

  handleToolEnd(output, runId) {
    this.#end(runId, (span) => span.end(told(output)));
  }

  handleToolError(error, runId) {
    this.#end(runId, (span) => span.fail(error));
  }

  handleRetrieverStart(retriever, query, runId, parentRunId, tags, metadata, name) {
    this.#start(runId, parentRunId, metadata, { name: nameOf(retriever, name), type: "RETRIEVER", inputs: query });
  }

  handleRetrieverEnd(documents, runId) {
    this.#end(runId, (span) => span.end(told(documents)));
  }

  handleRetrieverError(error, runId) {
    this.#end(runId, (span) => span.fail(error));
  }

  handleAgentAction(action, runId) {
    this.#event(runId, "agent_action", { tool: action?.tool, tool_input: told(action?.toolInput), log: action?.log });
  }

  handleAgentEnd(finish, runId) {
    this.#event(runId, "agent_finish", { return_values: told(finish?.returnValues), log: finish?.log });
  }

  handleText(text, runId) {
    this.#event(runId, "text", { text });
  }
}
