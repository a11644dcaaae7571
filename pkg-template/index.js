// The wasm is inlined and started while the module loads: no init call, in every bundler and runtime.
import { initSync } from "./core.js";
import module from "./wasm-inline.js";

initSync({ module });
export * from "./facade.js";
