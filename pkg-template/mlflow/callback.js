// LangChain's MlflowCallbackHandler: what models, chains, tools and searches do, as metrics and files of a run.

import { pure } from "../data/base.js";
import { fail } from "../errors.js";
import { take } from "../options.js";
import { RunLog } from "./callback-run.js";
import { quietly } from "./context.js";
import { watched } from "./observe.js";
import { bounded } from "./values.js";

const OPTIONS = ["name", "experiment", "tags", "runId", "artifactsDir", "tokens", "textMetrics", "maxQueue", "maxRecords", "maxValueBytes", "onError"];
const NONE = JSON.stringify(Array(15).fill(0));

const invalid = (sentence) => fail("InvalidInput", sentence);

function checked(given) {
  const [options, rest] = take(given, OPTIONS, "The options of MlflowCallbackHandler");
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw invalid(`The options of MlflowCallbackHandler have no \`${stranger}\`: they are ${OPTIONS.join(", ")}.`);
  const settings = { name: "langchainrun-%", experiment: "langchain", artifactsDir: "", textMetrics: true, maxQueue: 1000, maxRecords: 10_000, maxValueBytes: 2 ** 20, ...options };
  for (const name of ["name", "experiment", "runId"]) {
    const value = settings[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) throw invalid(`\`${name}\` must be a text.`);
  }
  if (typeof settings.artifactsDir !== "string") throw invalid("`artifactsDir` must be a text: a folder of the run.");
  settings.artifactsDir = settings.artifactsDir.replace(/\/+$/, "");
  if (settings.artifactsDir !== "") pure("mlflow.path", settings.artifactsDir);
  for (const name of ["tokens", "textMetrics"]) if (typeof (settings[name] ?? false) !== "boolean") throw invalid(`\`${name}\` must be true or false.`);
  for (const name of ["maxQueue", "maxRecords", "maxValueBytes"]) if (!Number.isInteger(settings[name]) || settings[name] < 1) throw invalid(`\`${name}\` must be a whole number, 1 or more.`);
  if (settings.onError !== undefined && typeof settings.onError !== "function") throw invalid("`onError` must be a function.");
  return settings;
}

/** A message of LangChain's, or of the wire, as its type and words. */
const messageOf = (message) => ({
  type: quietly(() => message.getType?.() ?? message._getType?.()) ?? message?.role ?? message?.type,
  content: message?.content,
  tool_calls: message?.tool_calls,
});

/** What a model's answer cost, in Python's words. */
function outputOf(result) {
  const { tokenUsage, ...rest } = result?.llmOutput ?? result?.llm_output ?? {};
  if (tokenUsage === undefined) return rest;
  const { promptTokens: prompt_tokens, completionTokens: completion_tokens, totalTokens: total_tokens } = tokenUsage;
  return { token_usage: { prompt_tokens, completion_tokens, total_tokens }, ...rest };
}

const generationOf = (one) => ({ text: one?.text ?? "", generation_info: one?.generationInfo ?? one?.generation_info ?? null, type: one?.message === undefined ? "Generation" : "ChatGeneration" });

/** Logs what models, chains, tools and searches do into a run. */
export class MlflowCallbackHandler {
  /** LangChain knows handlers by their names. */
  name = "mlflow_callback_handler";
  #settings;
  #run;
  #observer;
  #counters = NONE;
  /** The counters that were logged last. */
  #told = NONE;
  #records = [];
  #forgotten = 0;
  #ending;
  #closed = false;

  constructor(client, options) {
    this.#settings = checked(options);
    this.#run = new RunLog(client, this.#settings);
    // one file for each piece is what LangChain's own events ask for; whoever only watches has to want it
    this.#observer = { tokens: this.#settings.tokens === true, start: (call) => this.#begin(call) };
  }

  /** A client of the same kind whose calls are logged. */
  observe(client) {
    if (typeof client?.chat !== "function") throw invalid("observe() needs a client of lakewire or lakewire/chat.");
    return watched(client, [this.#observer]);
  }

  /** The id of the run, which is made when there is none yet. */
  async runId() {
    return (await this.#run.open()).id;
  }

  /** How many events were logged (`sent`), could not be (`failed`), did not fit the queue (`dropped`) or still wait. */
  stats() {
    const { sent, failed, dropped, waiting } = this.#run;
    return { sent, failed, dropped, waiting, forgottenRecords: this.#forgotten };
  }

  /** How many events did not fit the queue. */
  dropped() {
    return this.#run.dropped;
  }

  #json(value) {
    return JSON.stringify(bounded(value, this.#settings.maxValueBytes)) ?? "null";
  }

  /** An event, as `src/mlflow/callback/log` takes it. Nothing of it reaches the caller. */
  #event(event) {
    quietly(() => this.#log(this.#json(event)));
  }

  /** Counts an event. What it logs is made when it is sent: the call it is of goes on first. */
  #log(event) {
    if (this.#closed) return;
    const before = this.#counters;
    const [counters, logs] = pure("callback.count", before, event);
    this.#counters = counters;
    if (logs === undefined) return;
    this.#told = counters;
    this.#run.push(() => this.#made(before, event));
  }

  #made(before, event) {
    const [metrics, records, files] = pure("callback.log", before, event, this.#settings.textMetrics ? "yes" : undefined);
    for (const record of records) {
      if (this.#records.length < this.#settings.maxRecords) this.#records.push(record);
      else this.#forgotten += 1;
    }
    return [metrics, files];
  }

  /** A call that begins, as `observe.js` tells of it. */
  #begin(call) {
    const { kind, name } = call;
    const around = call.parent?.kind;
    const events = pure("callback.begun", kind, `${name ?? ""}`, this.#json(quietly(() => call.inputs)), around);
    if (events.length === 0 || this.#closed) return undefined;
    for (const event of events) quietly(() => this.#log(event));
    return {
      kind,
      event: (what, data) => {
        if (what === "new_token") this.handleLLMNewToken(data.token);
      },
      end: (outputs) => {
        for (const event of pure("callback.ended", kind, this.#json(outputs), around)) quietly(() => this.#log(event));
      },
      fail: () => this.#event({ event: "error" }),
    };
  }

  // LangChain's names, with the arguments that LangChain gives them

  handleLLMStart(serialized, prompts, runId, parentRunId, extra, tags, metadata, name) {
    this.#event({ event: "llm_start", serialized, name, prompts });
  }

  handleChatModelStart(serialized, messages, runId, parentRunId, extra, tags, metadata, name) {
    this.#event({ event: "chat_model_start", serialized, name, messages: quietly(() => messages.map((list) => list.map(messageOf))) });
  }

  handleLLMNewToken(token) {
    if (this.#settings.tokens !== false) this.#event({ event: "llm_new_token", token });
  }

  handleLLMEnd(result) {
    this.#event({ event: "llm_end", llm_output: quietly(() => outputOf(result)), generations: quietly(() => result.generations.map((list) => list.map(generationOf))) ?? [] });
  }

  handleLLMError() {
    this.#event({ event: "error" });
  }

  handleChainStart(serialized, inputs, runId, parentRunId, tags, metadata, runType, name) {
    this.#event({ event: "chain_start", serialized, name, inputs });
  }

  handleChainEnd(outputs) {
    this.#event({ event: "chain_end", outputs });
  }

  handleChainError() {
    this.#event({ event: "error" });
  }

  handleToolStart(serialized, input, runId, parentRunId, tags, metadata, name) {
    this.#event({ event: "tool_start", serialized, name, input });
  }

  handleToolEnd(output) {
    this.#event({ event: "tool_end", output: quietly(() => (typeof output?.content === "string" ? output.content : output)) });
  }

  handleToolError() {
    this.#event({ event: "error" });
  }

  handleText(text) {
    this.#event({ event: "text", text });
  }

  handleAgentAction(action) {
    const { tool, toolInput, tool_input = toolInput, log } = action ?? {};
    this.#event({ event: "agent_action", tool, tool_input, log });
  }

  handleAgentEnd(finish) {
    const { returnValues, return_values = returnValues, log } = finish ?? {};
    this.#event({ event: "agent_finish", output: return_values?.output, log });
  }

  handleRetrieverStart(serialized, query, runId, parentRunId, tags, metadata, name) {
    this.#event({ event: "retriever_start", serialized, name, query });
  }

  handleRetrieverEnd(documents) {
    const read = (one) => ({ page_content: one?.pageContent ?? one?.page_content ?? "", metadata: one?.metadata });
    this.#event({ event: "retriever_end", documents: quietly(() => documents.map(read)) ?? [] });
  }

  handleRetrieverError() {
    this.#event({ event: "error" });
  }

  /**
   * Logs the tables of what happened so far and waits until everything was sent, or could not be. With `finish`, the run ends
   * (`status`: `FINISHED` unless it is given) and everything counts from 0 again. Gives `stats()`; it never throws for the server.
   */
  flushTracker(options) {
    const [{ finish = false, status = "FINISHED" }, rest] = take(options, ["finish", "status"], "The options of flushTracker()");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw invalid(`flushTracker() has no option \`${stranger}\`: they are finish and status.`);
    if (!["FINISHED", "FAILED", "KILLED"].includes(status)) throw invalid("`status` must be \"FINISHED\", \"FAILED\" or \"KILLED\".");
    const before = this.#ending ?? Promise.resolve();
    this.#ending = before.then(() => this.#flush(finish, status));
    return this.#ending;
  }

  async #flush(finish, status) {
    await this.#run.flush();
    if (this.#run.begun || this.#records.length > 0 || this.#counters !== this.#told) {
      quietly(() => {
        const files = pure("callback.tables", `[${this.#records.join(",")}]`);
        // errors that nothing followed are counted too
        const metrics = this.#counters === this.#told ? [] : [counted(this.#counters)];
        this.#told = this.#counters;
        this.#run.push(() => [metrics, files]);
      });
      await this.#run.flush();
    }
    if (finish) {
      await this.#run.end(status);
      this.#counters = NONE;
      this.#told = NONE;
      this.#records = [];
    }
    return this.stats();
  }

  /** Ends the run as `flushTracker({ finish: true })` does; what comes later is not logged. */
  async close(options) {
    if (this.#closed) return this.#ending ?? this.stats();
    const given = this.flushTracker({ ...options, finish: true });
    // what began before is logged; what comes from now on is not
    this.#closed = true;
    const stats = await given;
    this.#run.close();
    return stats;
  }
}

const NAMES = ["step", "starts", "ends", "errors", "text_ctr", "chain_starts", "chain_ends", "llm_starts", "llm_ends", "llm_streams", "tool_starts", "tool_ends", "agent_ends", "retriever_starts", "retriever_ends"];

const counted = (counters) => JSON.parse(counters).flatMap((value, at) => [NAMES[at], value]);
