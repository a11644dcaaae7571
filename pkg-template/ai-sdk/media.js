// Files of a prompt as the service takes them.

import { UnsupportedFunctionalityError } from "@ai-sdk/provider";

/** What a file's first base64 characters say, for files whose type is only half known. */
const BEGINS = [
  ["iVBORw0KGgo", "image/png"], ["/9j/", "image/jpeg"], ["R0lGOD", "image/gif"], ["JVBERi", "application/pdf"], ["SUQz", "audio/mpeg"],
];

/** Kinds of RIFF files, by the four letters behind their length. */
const RIFF = { WEBP: "image/webp", WAVE: "audio/wav" };

function typeOf(content) {
  if (content.startsWith("UklGR")) return RIFF[atob(content.slice(0, 16)).slice(8)];
  return BEGINS.find(([begin]) => content.startsWith(begin))?.[1];
}

/**
 * What is said of an endpoint in any part: `providerOptions.databricks`. Conversations kept with `@databricks/ai-sdk-provider` hold
 * its notes there, which are no fields of the service.
 */
export function extras(part) {
  const { itemId, itemType, toolName, approvalRequestId, serverLabel, ...own } = part.providerOptions?.databricks ?? {};
  return approvalRequestId === undefined ? own : { approval: approvalRequestId, server: serverLabel, ...own };
}

function base64(data) {
  if (typeof data === "string") return data;
  let text = "";
  // in pieces: a call takes only so many arguments
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(text);
}

function unsupported(functionality, message) {
  return new UnsupportedFunctionalityError({ functionality, message });
}

/** A file as `{ kind, type, url, data, text, id, name }`: `url` is an address or holds the data. */
export function readFile({ data, mediaType = "", filename }) {
  const [kind, subtype = "*"] = mediaType.toLowerCase().split("/");
  if (data.type === "text") return { kind, text: data.text, name: filename };
  if (data.type === "reference") {
    const id = data.reference.databricks;
    if (id === undefined) throw unsupported("files by reference", "The file's reference names no id of Databricks: give the file's data.");
    return { kind, id, name: filename };
  }
  if (data.type === "url") {
    const url = data.originalUrl ?? data.url.href;
    return { kind, type: subtype === "*" ? undefined : mediaType, url, remote: !url.startsWith("data:"), name: filename };
  }
  const content = base64(data.data);
  const type = subtype === "*" ? typeOf(content) : mediaType;
  if (type === undefined) throw unsupported(`files of type ${mediaType}`, `A file's media type is only "${mediaType}": write the whole type, such as image/png.`);
  return { kind, type, data: content, url: `data:${type};base64,${content}`, name: filename };
}

/** A file as a part of a chat message. `providerOptions.databricks.as` chooses between the two forms that audio has. */
export function chatFile(part) {
  const file = readFile(part);
  const { as, detail, ...more } = extras(part);
  if (file.text !== undefined) return { type: "text", text: file.text, ...more };
  if (file.id !== undefined) return { type: "file", file: { file_id: file.id }, ...more };
  if (file.kind === "image") return { type: "image_url", image_url: detail === undefined ? { url: file.url } : { url: file.url, detail }, ...more };
  if (file.kind === "video") return { type: "video_url", video_url: { url: file.url }, ...more };
  if (file.kind === "audio") {
    const format = { "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3" }[file.type];
    if (as === "audio_url" || file.data === undefined || format === undefined) return { type: "audio_url", audio_url: { url: file.url }, ...more };
    return { type: "input_audio", input_audio: { data: file.data, format }, ...more };
  }
  if (file.remote) throw unsupported("files by address", "Only images, audio and video can be given by address: give this file's data.");
  return { type: "file", file: { filename: file.name, file_data: file.url }, ...more };
}

/** A file as a part of a Responses message. */
export function responsesFile(part) {
  const file = readFile(part);
  const { detail, as, ...more } = extras(part);
  if (file.text !== undefined) return { type: "input_text", text: file.text, ...more };
  if (file.kind === "image") {
    const where = file.id === undefined ? { image_url: file.url } : { file_id: file.id };
    return { type: "input_image", ...where, ...(detail === undefined ? {} : { detail }), ...more };
  }
  if (file.id !== undefined) return { type: "input_file", file_id: file.id, ...more };
  if (file.remote) return { type: "input_file", file_url: file.url, ...more };
  return { type: "input_file", filename: file.name ?? "file", file_data: file.url, ...more };
}

/** What models may be given by address; everything else the AI SDK fetches and sends as data. */
export function addresses(remoteImages) {
  return remoteImages ? { "image/*": [/^https:\/\/.*$/] } : {};
}
