// The AI SDK's prompt as the messages of a chat.

import { chatFile, extras } from "./media.js";
import { unsupported } from "./settings.js";

/** What a tool gave, as text or, when there are files in it, as parts. */
export function resultContent(output, file, text) {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "execution-denied":
      return output.reason ?? "The user did not allow this tool to run.";
    case "content": {
      const parts = output.value.filter((part) => part.type === "text" || part.type === "file");
      if (parts.every((part) => part.type === "text")) return parts.map((part) => part.text).join("\n");
      return parts.map((part) => (part.type === "text" ? text(part.text) : file(part)));
    }
    default:
      return JSON.stringify(output.value ?? null);
  }
}

const textPart = (text) => ({ type: "text", text });

function toolMessage(part) {
  return { role: "tool", tool_call_id: part.toolCallId, content: resultContent(part.output, chatFile, textPart) };
}

/** Plain text where nothing else is said: every endpoint takes it. */
function plain(parts) {
  const simple = parts.every((part) => part.type === "text" && Object.keys(part).length === 2);
  return simple ? parts.map((part) => part.text).join(parts.length > 1 ? "\n" : "") : parts;
}

/** Fields for a whole message, such as `cache_control`, belong to its last part. */
function marked(parts, message) {
  const more = extras(message);
  if (Object.keys(more).length > 0 && parts.length > 0) Object.assign(parts[parts.length - 1], more);
  return parts;
}

function user(message) {
  const parts = message.content
    .filter((part) => part.type !== "text" || part.text !== "")
    .map((part) => (part.type === "text" ? { ...textPart(part.text), ...extras(part) } : chatFile(part)));
  return { role: "user", content: plain(marked(parts, message)) };
}

/** An assistant's turn, and the results of tools that stand in it. */
function assistant(message, endpoint, warnings) {
  const thoughts = [];
  const texts = [];
  const calls = [];
  const results = [];
  for (const part of message.content) {
    switch (part.type) {
      case "text":
        if (part.text !== "") texts.push({ ...textPart(part.text), ...extras(part) });
        break;
      case "reasoning": {
        // a thought goes back to the endpoint it came from, as it came: others would refuse its signature, or the lack of one
        const { summary, endpoint: origin } = extras(part);
        if (Array.isArray(summary) && summary.length > 0 && origin === endpoint) thoughts.push({ type: "reasoning", summary });
        break;
      }
      case "tool-call":
        calls.push({
          id: part.toolCallId,
          type: "function",
          function: { name: part.toolName, arguments: typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {}) },
        });
        break;
      case "tool-result":
        results.push(toolMessage(part));
        break;
      default:
        warnings.push(unsupported(`${part.type} parts of the assistant`, "They are left out: chat endpoints do not take them."));
    }
  }
  marked(texts, message);
  if (thoughts.length + texts.length + calls.length === 0) return results;
  const said = thoughts.length > 0 ? [...thoughts, ...texts] : texts;
  const turn = { role: "assistant" };
  // several texts of one turn belong together without anything between them
  if (said.length > 0) turn.content = said.every((part) => part.type === "text" && Object.keys(part).length === 2) ? said.map((part) => part.text).join("") : said;
  if (calls.length > 0) turn.tool_calls = calls;
  return [turn, ...results];
}

/** The messages of a prompt. Instructions that stand together become one message: endpoints take only one, and first. */
export function chatMessages(prompt, endpoint, warnings) {
  const messages = [];
  for (const message of prompt) {
    switch (message.role) {
      case "system": {
        const part = { ...textPart(message.content), ...extras(message) };
        const last = messages.at(-1);
        if (last?.role === "system") last.content = plain([...(Array.isArray(last.content) ? last.content : [textPart(last.content)]), part]);
        else messages.push({ role: "system", content: plain([part]) });
        break;
      }
      case "user":
        messages.push(user(message));
        break;
      case "assistant":
        messages.push(...assistant(message, endpoint, warnings));
        break;
      default:
        for (const part of message.content) if (part.type === "tool-result") messages.push(toolMessage(part));
    }
  }
  return messages;
}
