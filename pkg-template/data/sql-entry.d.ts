// SQL: statements and their results, over a client of `lakewire` or `lakewire/chat`.

export { LakewireError } from "../chat.js";
export type { CallOptions, ErrorKind } from "../chat.js";
export type * from "../types.js";
export * from "../data/sql.js";
