// The AI SDK's prompt as the items of a Responses input.

import { resultContent } from "./chat-prompt.js";
import { extras, responsesFile } from "./media.js";
import { unsupported } from "./settings.js";

const inputText = (text) => ({ type: "input_text", text });

const resultItem = (part) => ({ type: "function_call_output", call_id: part.toolCallId, output: resultContent(part.output, responsesFile, inputText) });

function user({ content }) {
  const parts = content
    .filter((part) => part.type !== "text" || part.text !== "")
    .map((part) => (part.type === "text" ? { ...inputText(part.text), ...extras(part) } : responsesFile(part)));
  const simple = parts.every((part) => part.type === "input_text" && Object.keys(part).length === 2);
  return { role: "user", content: simple ? parts.map((part) => part.text).join("\n") : parts };
}

function assistant({ content }, endpoint, warnings) {
  const items = [];
  const seen = new Set();
  for (const part of content) {
    switch (part.type) {
      case "text": {
        const last = items.at(-1);
        if (part.text === "") break;
        if (last?.role === "assistant") last.content.push({ type: "output_text", text: part.text });
        else items.push({ type: "message", role: "assistant", content: [{ type: "output_text", text: part.text }] });
        break;
      }
      case "reasoning": {
        // as it came, and only to where it came from; the parts of one thought share one item
        const { item, endpoint: origin } = extras(part);
        if (item === undefined || origin !== endpoint) break;
        const key = item.id ?? JSON.stringify(item);
        if (!seen.has(key)) {
          seen.add(key);
          items.push(item);
        }
        break;
      }
      case "tool-call": {
        const call = { name: part.toolName, arguments: typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {}) };
        const { approval, server } = extras(part);
        if (approval === undefined) items.push({ type: "function_call", call_id: part.toolCallId, ...call });
        else items.push({ type: "mcp_approval_request", id: approval, server_label: server ?? "", ...call });
        break;
      }
      case "tool-result":
        items.push(resultItem(part));
        break;
      default:
        warnings.push(unsupported(`${part.type} parts of the assistant`, "They are left out: Responses endpoints do not take them."));
    }
  }
  return items;
}

/** What came of tools, and what the user says to calls that an agent asks leave for. */
function tool({ content }, asked) {
  return content.flatMap((part) => {
    if (part.type === "tool-result") return part.output.type === "execution-denied" && asked.has(part.toolCallId) ? [] : [resultItem(part)];
    if (part.type !== "tool-approval-response" || !asked.has(part.approvalId)) return [];
    return [{ type: "mcp_approval_response", approval_request_id: part.approvalId, approve: part.approved, ...(part.reason === undefined ? {} : { reason: part.reason }) }];
  });
}

/** The items of a prompt. */
export function responsesInput(prompt, endpoint, warnings) {
  const parts = prompt.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  const asked = new Set(parts.map((part) => extras(part).approval).filter((id) => id !== undefined));
  return prompt.flatMap((message) => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }];
      case "user":
        return [user(message)];
      case "assistant":
        return assistant(message, endpoint, warnings);
      default:
        return tool(message, asked);
    }
  });
}
