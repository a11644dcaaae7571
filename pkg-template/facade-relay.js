// The public API of `lakewire/relay`. Its wasm decides; the handler around it sends.

export { RelayCore, logSafe, sameSecret, sessionCookie } from "./core.js";
