// Content: LangChain's blocks (standard, OpenAI's, Anthropic's and the older ones) ↔ parts on the wire.

import { fail } from "../errors.js";

/** Blocks that say again what a message's tool calls say. */
const CALLS = new Set(["tool_call", "tool_call_chunk", "tool_use", "input_json_delta", "function_call", "invalid_tool_call", "server_tool_call", "server_tool_call_chunk", "server_tool_call_result"]);
/** Parts of the wire that may stand in LangChain's content as they are. */
const WIRE = new Set(["image_url", "video_url", "audio_url", "input_audio", "document"]);

function base64(data) {
  if (typeof data === "string") return data;
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Where the bytes of a block are: an address, or the bytes as a data address. */
function address(block) {
  const mime = block.mimeType ?? block.mime_type ?? block.source?.media_type;
  const data = block.data ?? (block.source?.type === "base64" ? block.source.data : undefined);
  if (data !== undefined) {
    if (mime === undefined) throw fail("InvalidInput", `A ${block.type} block with data needs its \`mimeType\`.`);
    return `data:${mime};base64,${base64(data)}`;
  }
  const url = block.url ?? block.source?.url;
  if (typeof url === "string") return url;
  throw fail("InvalidInput", `A ${block.type} block needs a \`url\` or \`data\`: files kept by a provider (\`fileId\`) do not reach a serving endpoint.`);
}

function file(block) {
  if (block.file !== undefined) return { type: "file", file: block.file };
  const filename = block.metadata?.filename ?? block.metadata?.name ?? block.metadata?.title ?? block.filename;
  const id = block.fileId ?? (block.source_type === "id" ? block.id : undefined);
  return { type: "file", file: { ...(filename && { filename }), ...(id ? { file_id: id } : { file_data: address(block) }) } };
}

function audio(block, endpoint) {
  const where = address(block);
  const found = /^data:audio\/(wav|x-wav|wave|mp3|mpeg);base64,(.*)$/s.exec(where);
  // Gemini's take addresses, all others bytes
  if (found === null || /gemini/i.test(endpoint)) return { type: "audio_url", audio_url: { url: where } };
  return { type: "input_audio", input_audio: { data: found[2], format: found[1].includes("wav") || found[1] === "wave" ? "wav" : "mp3" } };
}

function thought(block) {
  if (Array.isArray(block.summary)) return [{ type: "reasoning", summary: block.summary }];
  // what came as a field of its own is refused as input
  if (block.extras?.field === "reasoning_content") return [];
  const { reasoning: text = block.thinking, signature, encrypted } = block;
  if (encrypted) return [{ type: "reasoning", summary: [{ type: "summary_encrypted_text", data: encrypted }] }];
  if (!text && !signature) return [];
  return [{ type: "reasoning", summary: [{ type: "summary_text", text: text ?? "", ...(signature && { signature }) }] }];
}

/** One block as parts on the wire: none for what is said elsewhere. */
function parts(block, endpoint) {
  if (typeof block === "string") return block === "" ? [] : [{ type: "text", text: block }];
  const { index: _, ...rest } = block;
  if (block.type === "text" || block.type === "output_text" || block.type === "input_text") {
    if (!block.text) return [];
    return [{ type: "text", text: block.text, ...(block.cache_control && { cache_control: block.cache_control }), ...(block.citations && { citations: block.citations }) }];
  }
  if (CALLS.has(block.type)) return [];
  if (block.type === "reasoning" || block.type === "thinking") return thought(block);
  if (block.type === "image_url") return [{ type: "image_url", image_url: typeof block.image_url === "string" ? { url: block.image_url } : block.image_url }];
  if (WIRE.has(block.type)) return [rest];
  if (block.type === "image") return [{ type: "image_url", image_url: { url: address(block), ...(block.metadata?.detail && { detail: block.metadata.detail }) } }];
  if (block.type === "audio") return [audio(block, endpoint)];
  if (block.type === "video") return [{ type: "video_url", video_url: { url: address(block) } }];
  if (block.type === "file") return [file(block)];
  if (block.type === "text-plain") return [{ type: "text", text: block.text ?? block.data ?? "" }];
  if (block.type === "non_standard") return [block.value];
  return [rest];
}

/** Content on the wire: text as it is, a list of blocks as a list of parts. */
export function wireContent(content, endpoint) {
  return typeof content === "string" ? content : content.flatMap((block) => parts(block, endpoint));
}

/** Text of a content of nothing but text; else nothing. */
export function plainText(content, between) {
  if (typeof content === "string") return content;
  const plain = content.every((part) => part.type === "text" && part.cache_control === undefined);
  return plain ? content.map((part) => part.text).join(between) : undefined;
}

/** The thought of a reasoning part as a block of LangChain's. */
function thoughtBlock({ summary, type: _, ...rest }) {
  const pieces = Array.isArray(summary) ? summary : [];
  const text = pieces.map((piece) => piece.text ?? "").join("");
  const signature = pieces.find((piece) => piece.signature)?.signature;
  const encrypted = pieces.find((piece) => piece.type === "summary_encrypted_text")?.data;
  return { ...rest, type: "reasoning", reasoning: text, ...(signature && { signature }), ...(encrypted && { encrypted }) };
}

/** A part of an answer as a block of LangChain's. */
export function block(part) {
  return part.type === "reasoning" ? thoughtBlock(part) : part;
}

/** The content of a whole answer: text, or blocks where the model thought or said more than text. */
export function answerContent({ content, reasoning_content: thoughts }) {
  const said = typeof content === "string" ? content : Array.isArray(content) ? content.map(block) : "";
  if (typeof thoughts !== "string" || thoughts === "") return said;
  const rest = typeof said === "string" ? (said === "" ? [] : [{ type: "text", text: said }]) : said;
  return [{ type: "reasoning", reasoning: thoughts, extras: { field: "reasoning_content" } }, ...rest];
}
