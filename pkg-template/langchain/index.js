// LangChain.js on Databricks. This file only re-exports, so that an app's bundle holds what it imports.

export { ChatDatabricks } from "./chat-models.js";
export { DatabricksEmbeddings } from "./embeddings.js";
export { Databricks } from "./llms.js";
