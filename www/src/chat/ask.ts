// One exchange: sends the conversation, and writes what comes back into the answer's turn, piece by piece.

import { type ChatCompletionChunk, LakewireError, type Message, type tool, type WorkspaceClient } from "lakewire";
import { PAGE_TOOLS } from "../tools/index.js";
import { appendDelta, finishTool, startTool } from "./delta.js";
import { requestFields } from "./fields.js";
import { Meter } from "./meter.js";
import { isCancelled, toProblem } from "./problem.js";
import type { AnswerTurn, Settings } from "./types.js";

/** Rounds of tool calls before the page gives up on an answer. */
const MAX_STEPS = 8;
const TOOL_TIMEOUT_MS = 15_000;
/** What runs on a warehouse may have to wait for it to start. */
const SLOW_TOOL_TIMEOUT_MS = 180_000;

export interface Exchange {
  client: WorkspaceClient;
  settings: Settings;
  messages: Message[];
  turn: AnswerTurn;
  signal: AbortSignal;
  /** Tools of a view of its own, instead of the page's. */
  tools?: ReturnType<typeof tool>[];
  /** Called after every change of the turn. */
  changed: () => void;
}

/** Runs the exchange to its end. Never rejects: what went wrong is written into the turn. */
export async function ask(exchange: Exchange): Promise<void> {
  const { turn, settings, changed } = exchange;
  const meter = new Meter();
  try {
    if (settings.format === "json") await askForJson(exchange, meter);
    else if (exchange.tools || settings.tools.length > 0) await askWithTools(exchange, meter);
    else await askForText(exchange, meter);
    turn.state = "done";
  } catch (error) {
    for (const part of turn.parts)
      if (part.kind === "tool" && (part.state === "writing" || part.state === "running")) part.state = "stopped";
    if (exchange.signal.aborted || isCancelled(error)) {
      turn.state = "stopped";
    } else {
      turn.state = "failed";
      turn.problem = toProblem(error, settings.model);
    }
  }
  meter.stepEnded();
  const { first_token_ms, ...figures } = meter.facts();
  Object.assign(turn.facts, figures);
  if (first_token_ms !== undefined) turn.facts[settings.format === "json" ? "answer_ms" : "first_token_ms"] = first_token_ms;
  changed();
}

async function askForText({ client, settings, messages, turn, signal, changed }: Exchange, meter: Meter): Promise<void> {
  const stream = await client.chat(settings.model, requestFields(settings)).stream(messages, { signal });
  noteModel(turn, stream.servedModelName, stream.requestId);
  for await (const chunk of stream) take(turn, meter, 1, chunk, changed);
  const completion = await stream.finalCompletion();
  turn.messages = [completion.message];
  noteFinish(turn, completion.finishReason);
}

async function askWithTools({ client, settings, messages, turn, signal, changed, tools: own }: Exchange, meter: Meter): Promise<void> {
  const tools = own ?? PAGE_TOOLS.filter(({ name }) => settings.tools.includes(name)).map(({ tool }) => tool);
  let step = 0;
  const { answer, messages: transcript } = await client.chat(settings.model, requestFields(settings)).runTools(messages, {
    tools,
    stream: true,
    maxSteps: MAX_STEPS,
    toolTimeoutMs: own ? SLOW_TOOL_TIMEOUT_MS : TOOL_TIMEOUT_MS,
    signal,
    onEvent: (event) => {
      switch (event.type) {
        case "step":
          meter.stepEnded();
          step += 1;
          break;
        case "chunk":
          take(turn, meter, step, event.chunk, changed);
          break;
        case "tool_call":
          startTool(turn, { id: event.id, name: event.name, arguments: event.argumentsRaw }, performance.now());
          changed();
          break;
        case "tool_result":
          finishTool(turn, { id: event.id, content: told(event), failed: event.error !== undefined }, performance.now());
          changed();
          break;
      }
    },
  });
  noteModel(turn, answer.servedModelName, answer.requestId);
  turn.messages = transcript.slice(messages.length);
  noteFinish(turn, answer.finishReason);
}

/** An answer in the shape of a schema, checked by the package; it comes as a whole. */
async function askForJson({ client, settings, messages, turn, signal, changed }: Exchange, meter: Meter): Promise<void> {
  const schema = JSON.parse(settings.schema) as Record<string, unknown>;
  turn.state = "streaming";
  changed();
  const typed = client.chat(settings.model, requestFields(settings)).structuredOutput(schema, { name: "answer" });
  const { value, completion } = await typed.invoke(messages, { signal }).catch((error: unknown) => {
    // An answer that does not fit is still worth reading.
    const raw = error instanceof LakewireError ? error.completion?.text : undefined;
    if (raw) turn.parts.push({ kind: "text", text: raw });
    throw error;
  });
  meter.chunk(true, completion.usage);
  const text = JSON.stringify(value, null, 2);
  turn.parts.push({ kind: "json", text });
  turn.messages = [{ role: "assistant", content: text }];
  noteModel(turn, completion.servedModelName, completion.requestId);
  noteFinish(turn, completion.finishReason);
}

function take(turn: AnswerTurn, meter: Meter, step: number, chunk: ChatCompletionChunk, changed: () => void): void {
  turn.state = "streaming";
  const wrote = appendDelta(turn, step, chunk);
  meter.chunk(wrote, chunk.usage);
  if (chunk.model && !turn.facts.model) turn.facts.model = chunk.model;
  changed();
}

/** What the model is told about a call: its result, or why there is none. */
function told({ result, error }: { result?: unknown; error?: unknown }): string {
  if (error !== undefined) return error instanceof Error ? error.message : String(error);
  return typeof result === "string" ? result : JSON.stringify(result ?? null);
}

function noteModel(turn: AnswerTurn, model: string | null | undefined, requestId: string | null | undefined): void {
  if (model) turn.facts.model = model;
  if (requestId) turn.facts.request_id = requestId;
}

function noteFinish(turn: AnswerTurn, reason: string | null | undefined): void {
  if (reason) turn.facts.finish_reason = reason;
}
