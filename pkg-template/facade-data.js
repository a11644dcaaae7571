// The public API of `lakewire/data`: vector search, SQL and Unity Catalog, over a client of `lakewire` or `lakewire/chat`.
// Its wasm holds pure steps alone; the client sends.

export { LakewireError } from "./errors.js";

export { DatabricksVectorSearch } from "./data/databricks-vector-search.js";
export { Filter, VectorSearch, VectorSearchIndex, WriteReport } from "./data/vector-search.js";
export { Batch, BatchReader, Column } from "./data/rows.js";
export { StatementExecution, StatementResult, param, quoteIdentifier } from "./data/sql.js";
export { Warehouses } from "./data/warehouses.js";
export { UCFunctionToolkit } from "./data/functions.js";
export { Genie, GenieTable } from "./data/genie.js";
export { McpClient, mcpPath } from "./data/mcp.js";
export { UnityCatalog } from "./data/unity-catalog.js";
export { SQLDatabaseChain, SQLDatabaseToolkit, createSqlQueryChain } from "./data/sql-chain.js";
export { SQLDatabase, checkReadOnly } from "./data/sql-database.js";
