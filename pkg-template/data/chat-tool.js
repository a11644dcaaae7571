// Tools of a chat that data rooms make: what `tool()` of the other entries makes, without its checks.

const CODE = Symbol.for("lakewire.tool");

/** A tool for `runTools`: what the model is told, and the code that runs it. */
export function chatTool(definition, execute) {
  return Object.defineProperty({ type: "function", function: definition }, CODE, { value: { execute } });
}
