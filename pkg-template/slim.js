// The wasm as a file of its own: call `await init()` (or `init(module)`) before anything else.
import start, { initSync } from "./core.js";

export * from "./facade.js";

let started;

/** Starts the core, once; takes a URL, a Response, bytes or a WebAssembly.Module. */
export default function init(source = new URL("./core.wasm", import.meta.url)) {
  if (source instanceof WebAssembly.Module) {
    started ??= Promise.resolve(initSync({ module: source }));
  }
  started ??= start({ module_or_path: source });
  return started.then(() => undefined);
}
