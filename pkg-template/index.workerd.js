// Workers compile the wasm ahead: it is imported as a module.
import { initSync } from "./core.js";
import module from "./core.wasm";

initSync({ module });
export * from "./facade.js";
