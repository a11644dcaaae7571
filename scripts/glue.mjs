// What is done to the glue that wasm-bindgen writes: its traps are contained, the names it shares with the wasm become
// short, and what no entry of ours can reach is left out. Pure text in, text out; each step says so when a new wasm-bindgen
// writes what it does not know.

const unknown = (what) => new Error(`wasm-bindgen's glue ${what} in a new way: look at scripts/glue.mjs.`);

/**
 * A future that panics traps inside a microtask, where nobody can catch it: Node would end the process for it. The calls
 * in flight are rejected by the panic handler already, so the trap itself is kept from escaping. A build that never waits has
 * no tasks (`waits` is false), and traps only in the call that its caller makes.
 */
export function containTraps(text, waits = true) {
  if (!waits) {
    if (text.includes("queueMicrotask")) throw unknown("schedules tasks where nothing waits, or does so");
    return `${text}\nexport function onTrap() {}\n`;
  }
  const call = /^(\s*)queueMicrotask\(arg0\);$/gm;
  if (text.match(call)?.length !== 1) throw unknown("schedules its tasks");
  const contained = `
let trapped = () => {};
/** Calls the handler when the core stops inside one of its tasks. */
export function onTrap(handler) {
  trapped = handler;
}
function contain(task) {
  return () => {
    try {
      task();
    } catch (thrown) {
      if (!(thrown instanceof WebAssembly.RuntimeError)) throw thrown;
      trapped();
    }
  };
}
`;
  return text.replace(call, "$1queueMicrotask(contain(arg0));") + contained;
}

/**
 * The glue under the short names that `wasm-opt --minify-imports-and-exports-and-modules` gave (`said` is what it printed).
 * Each long name ends in sixteen digits that no compression shortens, and stands in both files.
 */
export function shorten(text, said) {
  const { imports, exports } = JSON.parse(said);
  const imported = new Map(imports.map(([, long, short]) => [long, short]));
  const exported = new Map(exports.map(([long, short]) => [long, short]));
  const used = new Set();
  const named = (names, long) => {
    if (!names.has(long)) throw unknown(`names ${long}`);
    used.add(long);
    return names.get(long);
  };
  const shortened = text
    .replace(/^( {8})(__w\w+)(?=: function\()/gm, (_, indent, long) => `${indent}${JSON.stringify(named(imported, long))}`)
    .replace(/\bwasm\.(\w+)/g, (_, long) => `wasm.${named(exported, long)}`)
    .replace('"./core_bg.js": import0', "a: import0");
  const left = [...imported.keys()].find((long) => !used.has(long));
  if (left !== undefined) throw unknown(`gives ${left}`);
  if (!shortened.includes(" a: import0")) throw unknown("names its module");
  return shortened;
}

/** What no entry of ours can reach: they give the module as the glue wants it, to runtimes that all have `encodeInto`. */
const UNREACHED = [
  /^if \(Symbol\.dispose\) \w+\.prototype\[Symbol\.dispose\] = \w+\.prototype\.free;\n/gm,
  /^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?^\}\n/gm,
  /^    if \(realloc === undefined\) \{\n[\s\S]*?^    \}\n/gm,
  / else \{\n\s*console\.warn\('using deprecated parameters [^\n]*\n\s*\}/g,
];

/** The glue without that; a build that never waits has less of it to leave out. */
export function trim(text, waits = true) {
  return UNREACHED.reduce((left, part) => {
    const next = left.replace(part, "");
    if (next === left && waits) throw unknown(`no longer holds ${part}`);
    return next;
  }, text);
}
