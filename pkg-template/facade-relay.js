// The public API of `lakewire/relay`: the handler between pages and a workspace. Its wasm holds the decision alone.

export { LakewireError } from "./errors.js";
export { createRelay } from "./relay/relay.js";
export { readSessionCookie, sameSecret, sessionCookie } from "./relay/session.js";
