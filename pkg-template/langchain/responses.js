// Responses and ChatAgent: LangChain's messages → items, and their answers back.

import { AIMessage } from "@langchain/core/messages";
import { wireContent } from "./blocks.js";
import { piece, Places } from "./chunks.js";
import { answeredCalls, readCalls, responseMetadata, roleOf, tokenUsage, usageMetadata, wireCalls, wireMessages } from "./messages.js";

/** A part of chat's as a part of Responses'. */
function inputPart(part) {
  if (part.type === "text") return { type: "input_text", text: part.text };
  if (part.type === "image_url") return { type: "input_image", image_url: part.image_url.url, ...(part.image_url.detail && { detail: part.image_url.detail }) };
  if (part.type === "file") return { type: "input_file", ...part.file };
  return part;
}

function assistantItems(message, endpoint, answered) {
  const blocks = typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
  const items = blocks.flatMap((block) => {
    if (block.type === "non_standard") return [block.value];
    if (block.type === "reasoning") {
      // a thought of Responses has an id, which goes back with it; thoughts of chat models do not belong here
      return typeof block.id === "string" ? [{ type: "reasoning", id: block.id.slice(0, 64), summary: block.reasoning ? [{ type: "summary_text", text: block.reasoning }] : [], ...(block.encrypted_content && { encrypted_content: block.encrypted_content }) }] : [];
    }
    const text = wireContent([block], endpoint).map((part) => part.text ?? "").join("");
    return text === "" ? [] : [{ type: "message", role: "assistant", content: [{ type: "output_text", text, annotations: block.annotations ?? [] }] }];
  });
  const calls = wireCalls(message, answered).map((call) => ({ type: "function_call", call_id: call.id.slice(0, 64), name: call.function.name, arguments: call.function.arguments }));
  return [...items, ...calls];
}

/** A conversation as items. */
export function inputItems(messages, endpoint) {
  const answered = answeredCalls(messages);
  return messages.flatMap((message) => {
    const role = roleOf(message);
    if (role === "assistant") return assistantItems(message, endpoint, answered);
    const content = wireContent(message.content, endpoint);
    if (role === "tool") {
      const output = typeof content === "string" ? content : content.map((part) => part.text ?? JSON.stringify(part)).join("\n");
      return [{ type: "function_call_output", call_id: message.tool_call_id.slice(0, 64), output }];
    }
    return [{ type: "message", role, content: typeof content === "string" ? content : content.map(inputPart) }];
  });
}

/** An output item that is no call as blocks. */
function outputBlocks(item) {
  if (item.type === "message" || (item.type === undefined && item.content)) {
    const parts = typeof item.content === "string" ? [{ type: "output_text", text: item.content }] : (item.content ?? []);
    return parts.map((part) => (part.type === "output_text" ? { type: "text", text: part.text ?? "", ...(part.annotations?.length > 0 && { annotations: part.annotations }) } : part));
  }
  if (item.type === "reasoning") {
    const reasoning = (item.summary ?? []).map((piece) => piece.text ?? "").join("");
    return [{ type: "reasoning", ...(item.id && { id: item.id }), reasoning, ...(item.encrypted_content && { encrypted_content: item.encrypted_content }) }];
  }
  return [{ type: "non_standard", value: item }];
}

/** The items of an answer that asks for tools of the app's. */
function openCalls(answer) {
  const done = new Set((answer.output ?? []).filter((item) => item.type === "function_call_output").map((item) => item.call_id));
  return (answer.output ?? []).filter((item) => item.type === "function_call" && !done.has(item.call_id));
}

function refusalOf(blocks) {
  return blocks.filter((block) => block.type === "refusal").map((block) => block.refusal ?? "").join("");
}

/** A whole answer of Responses as LangChain's generation. */
export function responseGenerations(answer, endpoint) {
  const open = new Set(openCalls(answer));
  const blocks = (answer.output ?? []).filter((item) => !open.has(item)).flatMap(outputBlocks);
  const plain = blocks.every((block) => block.type === "text" && block.annotations === undefined);
  const calls = [...open].map((item) => ({ id: item.call_id, name: item.name, text: item.arguments }));
  const usage = usageMetadata(answer.usage);
  const refusal = refusalOf(blocks);
  const generationInfo = { finish_reason: finishOf(answer, calls.length) };
  const message = new AIMessage({
    ...(typeof answer.id === "string" && { id: answer.id }), content: plain ? blocks.map((block) => block.text).join("") : blocks.filter((block) => block.type !== "refusal"),
    ...readCalls(calls), additional_kwargs: refusal === "" ? {} : { refusal },
    response_metadata: { ...responseMetadata(answer, endpoint), ...generationInfo }, ...(usage && { usage_metadata: usage }),
  });
  return [{ text: message.text, message, generationInfo }];
}

/** Why an answer of Responses ended, in chat's words. */
function finishOf(answer, calls) {
  if (answer.status === "incomplete") return answer.incomplete_details?.reason === "max_output_tokens" ? "length" : (answer.incomplete_details?.reason ?? "incomplete");
  return calls > 0 ? "tool_calls" : "stop";
}

/**
 * The chunks of a stream of Responses. Agents may send a message as deltas, whole, or both: its words come once. Tool calls
 * come whole, at the end: only then is it known which of them the agent has run itself.
 */
export async function* responseChunks(stream, endpoint, streamUsage) {
  const places = new Places();
  let delta = false;
  let thought = false;
  for await (const event of stream) {
    if (event.type === "response.output_text.delta" && event.delta) {
      delta = true;
      yield piece({ content: places.text(event.delta) });
    } else if (event.type === "response.reasoning_summary_text.delta" && event.delta) {
      thought = true;
      yield piece({ content: places.block({ type: "reasoning", reasoning: event.delta }) });
    } else if (event.type === "response.output_item.done" && event.item) {
      const { item } = event;
      if (item.type === "message") {
        for (const made of outputBlocks(item)) {
          if (made.type === "text" && !delta && made.text) yield piece({ content: made.annotations ? places.block(made) : places.text(made.text) });
          else if (made.type === "text" && made.annotations) yield piece({ content: places.block({ type: "text", text: "", annotations: made.annotations }) });
        }
        delta = false;
      } else if (item.type === "reasoning") {
        for (const made of outputBlocks(item)) yield piece({ content: places.block(thought ? { ...made, reasoning: "" } : made) });
        thought = false;
      } else if (item.type !== "function_call") {
        yield piece({ content: places.block({ type: "non_standard", value: item }) });
      }
    }
  }
  const answer = await stream.finalResponse();
  const calls = openCalls(answer);
  if (calls.length > 0) {
    const chunks = calls.map((item, index) => ({ type: "tool_call_chunk", index, id: item.call_id, name: item.name, args: item.arguments ?? "" }));
    yield piece({ content: "", tool_call_chunks: chunks });
  }
  const usage = streamUsage ? usageMetadata(answer.usage) : undefined;
  const refusal = refusalOf((answer.output ?? []).flatMap(outputBlocks));
  yield piece(
    { ...(typeof answer.id === "string" && { id: answer.id }), content: "", additional_kwargs: refusal === "" ? {} : { refusal }, response_metadata: responseMetadata(answer, endpoint), ...(usage && { usage_metadata: usage }) },
    { finish_reason: finishOf(answer, calls.length), ...(usage && { tokenUsage: tokenUsage(usage) }) },
  );
}

/** A conversation for a ChatAgent: its messages have no parts, and a tool's names the tool. */
export function agentMessages(messages, endpoint) {
  return wireMessages(messages, endpoint).map((message, place) => ({
    ...message, ...(messages[place].id && { id: messages[place].id }),
    ...(Array.isArray(message.content) && { content: message.content.map((part) => part.text ?? "").join("") }),
    ...(message.role === "tool" && { name: messages[place].name ?? "tool" }),
  }));
}

/** The calls of a ChatAgent's messages that the agent did not run itself. */
function agentCalls(messages) {
  const done = new Set(messages.filter((message) => message.role === "tool").map((message) => message.tool_call_id));
  return messages.flatMap((message) => message.tool_calls ?? []).filter((call) => !done.has(call.id))
    .map((call) => ({ id: call.id, name: call.function?.name, text: call.function?.arguments }));
}

/** A whole answer of a ChatAgent: its last words, with all its messages in `additional_kwargs.messages`. */
export function agentGenerations(answer, endpoint) {
  const messages = answer.messages ?? [];
  const last = answer.message;
  const usage = usageMetadata(answer.usage);
  const generationInfo = { ...(answer.finish_reason && { finish_reason: answer.finish_reason }) };
  const message = new AIMessage({
    ...(last?.id && { id: last.id }), content: last?.content ?? "", ...readCalls(agentCalls(messages)), additional_kwargs: { messages },
    response_metadata: { ...responseMetadata(answer, endpoint), ...generationInfo }, ...(usage && { usage_metadata: usage }),
  });
  return [{ text: message.text, message, generationInfo }];
}

/** The chunks of a ChatAgent's stream: the assistant's words as they come. */
export async function* agentChunks(stream, endpoint, streamUsage) {
  let id;
  for await (const { delta } of stream) {
    if (delta?.role !== "assistant" || typeof delta.content !== "string" || delta.content === "") continue;
    id ??= delta.id;
    yield piece({ ...(id && { id }), content: delta.content });
  }
  const answer = await stream.finalAnswer();
  const chunks = agentCalls(answer.messages ?? []).map(({ id: call, name, text }, index) => ({ type: "tool_call_chunk", index, id: call, name, args: text ?? "" }));
  const usage = streamUsage ? usageMetadata(answer.usage) : undefined;
  yield piece(
    { ...(id && { id }), content: "", tool_call_chunks: chunks, additional_kwargs: { messages: answer.messages ?? [] }, response_metadata: responseMetadata(answer, endpoint), ...(usage && { usage_metadata: usage }) },
    { ...(answer.finish_reason && { finish_reason: answer.finish_reason }) },
  );
}

