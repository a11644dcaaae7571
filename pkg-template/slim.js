// The wasm as a file of its own: call `await init()` (or `init(module)`) before anything else.
import start, { initSync } from "./core.js";
import { fail } from "./errors.js";

export * from "./facade.js";

let started;

/** Starts the core, once; takes a URL, a Response, bytes or a WebAssembly.Module. After a failure it may be called again. */
export default function init(source = new URL("./core.wasm", import.meta.url)) {
  started ??= begin(source).catch((cause) => {
    started = undefined;
    throw fail("InvalidInput", "The core could not be started: give init() the address, the bytes or the module of lakewire/core.wasm.", { cause });
  });
  return started;
}

async function begin(source) {
  if (source instanceof WebAssembly.Module) initSync({ module: source });
  else await start({ module_or_path: source });
}
