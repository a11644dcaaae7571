export * from "./index.js";

/**
 * Starts the core, once, before anything else is used. Without an argument the wasm is fetched from
 * beside this file; give a URL, a `Response`, the bytes or a compiled `WebAssembly.Module` otherwise.
 */
export default function init(
  source?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>,
): Promise<void>;
