// MLflow over a client of `lakewire` or `lakewire/chat`.

export { LakewireError } from "../chat.js";
export type { CallOptions, ErrorKind } from "../chat.js";
export * from "./callback.js";
export * from "./client.js";
export * from "./observe.js";
export * from "./tracing.js";
export type * from "./traces.js";
export * from "./models.js";
export * from "./scoring.js";
