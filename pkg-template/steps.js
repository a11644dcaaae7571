// The pure steps of the core by name: texts in, a text or a list of texts out.

import { step } from "./core.js";
import { direct } from "./guard.js";

/** Runs one. What is absent is `undefined`; for a condition that holds, any text. */
export const pure = (name, ...args) => direct(() => step(name, args));
