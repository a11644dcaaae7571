// Data: vector search, SQL and Unity Catalog, over a client of `lakewire` or `lakewire/chat`.

export { LakewireError } from "../chat.js";
export type { CallOptions, ErrorKind } from "../chat.js";
export type * from "../types.js";
export * from "./functions.js";
export * from "./genie.js";
export * from "./mcp.js";
export type * from "./pages.js";
export * from "./unity-catalog.js";
export * from "./sql.js";
export * from "./sql-database.js";
export * from "./vector-search.js";
