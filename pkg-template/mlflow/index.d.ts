// MLflow over a client of `lakewire` or `lakewire/chat`.

export { LakewireError } from "../chat.js";
export type { CallOptions, ErrorKind } from "../chat.js";
export * from "./client.js";
export * from "./models.js";
export * from "./scoring.js";
