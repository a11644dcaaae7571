// LangChain.js on Databricks. This file only re-exports, so that an app's bundle holds what it imports.

export { ChatDatabricks } from "./chat-models.js";
export { DatabricksEmbeddings } from "./embeddings.js";
export { DatabricksVectorSearch } from "./vectorstores.js";
export { SqlDatabase } from "./sql.js";
export { langchainTools, UCFunctionToolkit, VectorSearchRetrieverTool } from "./tools.js";
export { MlflowCallbackHandler, MlflowTracer } from "./callbacks.js";
export { Databricks } from "./llms.js";
export { DatabricksFunctionClient } from "./functions.js";
export { DatabricksVectorSearchTranslator } from "./query.js";
