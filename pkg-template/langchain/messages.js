// Messages: LangChain's → the wire's, and whole answers back.

import { AIMessage } from "@langchain/core/messages";
import { fail } from "../errors.js";
import { answerContent, plainText, wireContent } from "./blocks.js";

const ROLES = { human: "user", user: "user", ai: "assistant", assistant: "assistant", system: "system", developer: "developer", tool: "tool", function: "tool" };

/** A message's role on the wire. Fails with kind `InvalidInput` for messages that are none, such as a removal. */
export function roleOf(message) {
  const type = message.type ?? message._getType?.();
  const role = type === "generic" ? message.role : ROLES[type];
  if (typeof role !== "string") throw fail("InvalidInput", `A message of type ${type} cannot be sent to a model.`);
  return ROLES[role] ?? role;
}

/** The ids of the calls that a conversation's tools have answered. */
export function answeredCalls(messages) {
  return new Set(messages.map((message) => message.tool_call_id).filter((id) => typeof id === "string" && id !== ""));
}

/**
 * The tool calls of an assistant's message, as the wire writes them. One whose arguments could not be read goes along, as it
 * came, where a message answers it: services refuse a result without its call, and a call without its result.
 */
export function wireCalls(message, answered) {
  const good = (message.tool_calls ?? []).map(({ id, name, args }, place) => ({
    id: id || `call_${place}`, type: "function", function: { name, arguments: JSON.stringify(args ?? {}) },
  }));
  const bad = (message.invalid_tool_calls ?? []).filter(({ id }) => answered.has(id) && !good.some((call) => call.id === id));
  return [...good, ...bad.map(({ id, name, args }) => ({ id, type: "function", function: { name: name ?? "", arguments: args ?? "" } }))];
}

function wireMessage(message, endpoint, answered) {
  const role = roleOf(message);
  const content = wireContent(message.content, endpoint);
  if (role === "tool") return { role, tool_call_id: message.tool_call_id, content: plainText(content, "\n") ?? content };
  if (role === "system") return { role, content: plainText(content, "") ?? content };
  if (role === "assistant") {
    const calls = wireCalls(message, answered);
    return { role, content: content.length === 0 ? (calls.length > 0 ? null : "") : content, ...(calls.length > 0 && { tool_calls: calls }) };
  }
  return { role, content, ...(message.name && role === "user" && { name: message.name }) };
}

/** A conversation as the wire writes it. */
export function wireMessages(messages, endpoint) {
  const answered = answeredCalls(messages);
  return messages.map((message) => wireMessage(message, endpoint, answered));
}

/** An id for a call whose service gave none: a tool's result must name its call. */
export const newCallId = () => `call_${Array.from(crypto.getRandomValues(new Uint32Array(3)), (number) => number.toString(36)).join("")}`;

/** A tool call of an answer: `{ tool_calls: [call] }`, or `{ invalid_tool_calls: [call] }` when its arguments are no JSON object. */
export function readCall(id, name, text) {
  try {
    const args = text === null || text === undefined || text === "" ? {} : typeof text === "string" ? JSON.parse(text) : text;
    if (args === null || typeof args !== "object" || Array.isArray(args)) throw new Error("they are no JSON object");
    return { tool_calls: [{ type: "tool_call", id, name, args }], invalid_tool_calls: [] };
  } catch (cause) {
    return { tool_calls: [], invalid_tool_calls: [{ type: "invalid_tool_call", id, name, args: String(text), error: `The arguments cannot be read: ${cause.message}.` }] };
  }
}

/** Many of them, in order. */
export function readCalls(calls) {
  const read = calls.map(({ id, name, text }) => readCall(id || newCallId(), name, text));
  return { tool_calls: read.flatMap((call) => call.tool_calls), invalid_tool_calls: read.flatMap((call) => call.invalid_tool_calls) };
}

/** Tokens used, in LangChain's words; nothing when the service did not count. Claude's count leaves cached input out. */
export function usageMetadata(usage) {
  if (typeof (usage?.prompt_tokens ?? usage?.input_tokens) !== "number") return undefined;
  const cacheRead = usage.cache_read_input_tokens ?? undefined;
  const cacheCreation = usage.cache_creation_input_tokens ?? undefined;
  const beside = (cacheRead ?? 0) + (cacheCreation ?? 0);
  const input = (usage.prompt_tokens ?? usage.input_tokens ?? 0) + beside;
  const output = usage.completion_tokens ?? usage.output_tokens ?? 0;
  const read = cacheRead ?? usage.prompt_tokens_details?.cached_tokens ?? usage.input_tokens_details?.cached_tokens ?? undefined;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? usage.output_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens ?? undefined;
  return {
    input_tokens: input, output_tokens: output, total_tokens: Math.max(usage.total_tokens ?? 0, input + output),
    ...((read !== undefined || cacheCreation !== undefined) && {
      input_token_details: { ...(read !== undefined && { cache_read: read }), ...(cacheCreation !== undefined && { cache_creation: cacheCreation }) },
    }),
    ...(reasoning !== undefined && { output_token_details: { reasoning } }),
  };
}

/** LangChain's older count of tokens, for its callbacks. */
export function tokenUsage(usage) {
  return usage && { promptTokens: usage.input_tokens, completionTokens: usage.output_tokens, totalTokens: usage.total_tokens };
}

/** What an answer says about itself. */
export function responseMetadata(answer, endpoint) {
  const facts = {
    model_provider: "databricks", model_name: answer.model ?? endpoint, endpoint, system_fingerprint: answer.system_fingerprint, usage: answer.usage,
    request_id: answer.requestId, served_model_name: answer.servedModelName, custom_outputs: answer.custom_outputs, databricks_output: answer.databricks_output,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null));
}

/** A whole chat completion as LangChain's generations, one for each choice. */
export function generations(answer, endpoint) {
  const usage = usageMetadata(answer.usage);
  const metadata = responseMetadata(answer, endpoint);
  return (answer.choices ?? []).map(({ message, finish_reason, logprobs }, place) => {
    const calls = (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function?.name, text: call.function?.arguments }));
    const more = { ...(message.refusal && { refusal: message.refusal }), ...(message.audio && { audio: message.audio }), ...(message.annotations && { annotations: message.annotations }) };
    const generationInfo = { ...(finish_reason && { finish_reason }), ...(logprobs && { logprobs }) };
    const made = new AIMessage({
      ...(typeof answer.id === "string" && place === 0 && { id: answer.id }),
      content: answerContent(message), ...readCalls(calls), additional_kwargs: more,
      response_metadata: { ...metadata, ...generationInfo }, ...(usage && place === 0 && { usage_metadata: usage }),
    });
    return { text: made.text, message: made, generationInfo };
  });
}
