// Values of LangChain.js as MLflow reads them: messages as chats have them, documents as retrievers give them.

const ROLES = { human: "user", ai: "assistant", system: "system", tool: "tool", function: "function", developer: "developer" };
/** How deep values are looked into; what lies deeper is told as it is. */
const DEPTH = 8;

const typeOf = (message) => (typeof message?.getType === "function" ? message.getType() : typeof message?._getType === "function" ? message._getType() : undefined);

/** The calls of a message, as models are told of them. */
function callsOf({ tool_calls: calls }) {
  if (!Array.isArray(calls) || calls.length === 0) return null;
  return calls.map(({ id, name, args }) => ({ id, type: "function", function: { name, arguments: JSON.stringify(args ?? {}) } }));
}

/** A message as chats have it; what is not there is null. */
export function chatMessage(message) {
  const type = typeOf(message);
  const { content = null, tool_call_id = null, additional_kwargs: more } = message ?? {};
  return { role: type === "generic" ? message.role : (ROLES[type] ?? type ?? "user"), content, tool_calls: callsOf(message ?? {}), refusal: more?.refusal ?? null, tool_call_id };
}

/** A message as LangChain's Python writes it. */
function messageOf(message, type) {
  const { content, name = null, id = null, additional_kwargs = {}, response_metadata = {}, tool_call_id } = message;
  const told = { content, type, name, id, additional_kwargs, response_metadata };
  if (type === "ai") told.tool_calls = (message.tool_calls ?? []).map(({ name, args, id }) => ({ name, args, id }));
  if (tool_call_id !== undefined) told.tool_call_id = tool_call_id;
  return told;
}

/** A value with its messages and documents as plain objects. */
export function told(value, around = []) {
  if (value === null || typeof value !== "object" || around.length > DEPTH || around.includes(value)) return value;
  const within = [...around, value];
  if (Array.isArray(value)) return value.map((one) => told(one, within));
  const type = typeOf(value);
  if (type !== undefined) return messageOf(value, type);
  if (typeof value.pageContent === "string") return { page_content: value.pageContent, metadata: value.metadata ?? {}, id: value.id ?? null };
  // what LangGraph's nodes give: a Command, a Send
  const plain = [Object.prototype, null].includes(Object.getPrototypeOf(value)) || typeof value.lg_name === "string";
  if (!plain) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, told(one, within)]));
}

/** What a model counted, in MLflow's words. */
export function usageOf(output) {
  const counted = output?.generations?.flat().map(({ message }) => message?.usage_metadata).find((usage) => usage !== undefined && usage !== null);
  if (counted !== undefined) {
    const { input_tokens, output_tokens, total_tokens, input_token_details: details } = counted;
    const cached = Object.entries({ cache_read_input_tokens: details?.cache_read, cache_creation_input_tokens: details?.cache_creation }).filter(([, count]) => count !== undefined);
    return { input_tokens, output_tokens, total_tokens, ...Object.fromEntries(cached) };
  }
  const { promptTokens, completionTokens, totalTokens } = output?.llmOutput?.tokenUsage ?? {};
  return totalTokens === undefined ? undefined : { input_tokens: promptTokens, output_tokens: completionTokens, total_tokens: totalTokens };
}
