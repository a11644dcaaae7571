export type { DatabricksClientFields } from "./client.js";
export { ChatDatabricks } from "./chat-models.js";
export type { ChatDatabricksCallOptions, ChatDatabricksInput, ChatDatabricksOptions } from "./chat-models.js";
export { DatabricksEmbeddings } from "./embeddings.js";
export type { DatabricksEmbeddingsFields } from "./embeddings.js";
export { Databricks } from "./llms.js";
export type { DatabricksCallOptions, DatabricksFields } from "./llms.js";
