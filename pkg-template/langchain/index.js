// LangChain.js on Databricks. This file only re-exports, so that an app's bundle holds what it imports.

export { DatabricksEmbeddings } from "./embeddings.js";
