export type { DatabricksClientFields } from "./client.js";
export { DatabricksEmbeddings } from "./embeddings.js";
export type { DatabricksEmbeddingsFields } from "./embeddings.js";
