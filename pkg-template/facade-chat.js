// The public API of `lakewire/chat`: chat, streams, tools and structured output, and the smallest download.

export { ChatAnswer } from "./answer.js";
export { Chat, StructuredChat } from "./chat.js";
export { WorkspaceClient } from "./client.js";
export { LakewireError } from "./errors.js";
export { ChatStream } from "./stream.js";
export { tool } from "./tools.js";
