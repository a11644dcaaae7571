// The public API of `lakewire/data`: vector search, SQL and Unity Catalog, over a client of `lakewire` or `lakewire/chat`.
// Its wasm holds pure steps alone; the client sends.

export { LakewireError } from "./errors.js";
export { DatabricksVectorSearch } from "./data/databricks-vector-search.js";
export { Filter, VectorSearch, VectorSearchIndex, WriteReport } from "./data/vector-search.js";
