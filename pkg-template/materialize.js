// Columns to objects: what the decoder recognised by its shape is built from a copy of that
// shape and the scalars that vary, without parsing. No eval: it works under a strict CSP.
import { wasmMemory } from "./core.js";

const PLAIN = -1;
const LEARNED = -2;
const STRING = 0x40000000;
const WORDS = -3;
const NUMBER = 0x80000000;

// ignoreBOM: a piece of text may begin with U+FEFF, which is then part of it
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

let bytes = new Uint8Array(0);
let words = new Int32Array(0);

// The memory's buffer is replaced whenever it grows; views of the old one are then empty.
function look() {
  const { buffer } = wasmMemory();
  bytes = new Uint8Array(buffer);
  words = new Int32Array(buffer);
}

// Where the event at hand is being read: the word, the text, and how far the text is used up.
let at = 0;
let text = "";
let used = 0;

function scalar() {
  const word = words[at++];
  if (word >= STRING) {
    const from = used;
    used = word - STRING;
    return text.substring(from, used);
  }
  if (word >= 0) return word;
  if (word >= WORDS) return word === -1 ? null : word === -2;
  const from = used;
  used = word + NUMBER;
  return Number(text.substring(from, used));
}

// Each copies an object. An engine learns the shape of what is copied per place in the source, so
// every object of a shape gets a place of its own; one place for all runs at half the speed.
const copiers = [
  (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }),
  (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }),
  (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }),
  (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }),
  (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }), (o) => ({ ...o }),
];

// The same for setting what varies in nearly every chunk.
const setters = {
  choices: (o, v) => { o.choices = v; },
  delta: (o, v) => { o.delta = v; },
  content: (o, v) => { o.content = v; },
  usage: (o, v) => { o.usage = v; },
  completion_tokens: (o, v) => { o.completion_tokens = v; },
  total_tokens: (o, v) => { o.total_tokens = v; },
  tool_calls: (o, v) => { o.tool_calls = v; },
  function: (o, v) => { o.function = v; },
  arguments: (o, v) => { o.arguments = v; },
  finish_reason: (o, v) => { o.finish_reason = v; },
  summary: (o, v) => { o.summary = v; },
  text: (o, v) => { o.text = v; },
  id: (o, v) => { o.id = v; },
  created: (o, v) => { o.created = v; },
};

function setter(key) {
  return Object.hasOwn(setters, key) ? setters[key] : (o, v) => { o[key] = v; };
}

let turn = 0;

/** A function that builds a value like `template`, its scalars numbered `holes` read anew. */
function builder(template, holes) {
  let leaf = 0;
  let hole = 0;
  const visit = (value) => {
    if (value === null || typeof value !== "object") {
      if (holes[hole] !== leaf++) return null;
      hole += 1;
      return scalar;
    }
    if (Array.isArray(value)) {
      const parts = value.map(visit);
      if (parts.length === 0) return () => [];
      if (parts.length === 1 && parts[0]) {
        const only = parts[0];
        return () => [only()];
      }
      return () => {
        const copy = value.slice();
        for (let i = 0; i < parts.length; i++) if (parts[i]) copy[i] = parts[i]();
        return copy;
      };
    }
    const changes = [];
    for (const key of Object.keys(value)) {
      const make = visit(value[key]);
      if (make) changes.push({ make, set: setter(key) });
    }
    const copy = copiers[turn++ % copiers.length];
    const [a, b, c] = changes;
    if (changes.length === 0) return () => copy(value);
    if (changes.length === 1) {
      const { make, set } = a;
      return () => { const o = copy(value); set(o, make()); return o; };
    }
    if (changes.length === 2) {
      return () => { const o = copy(value); a.set(o, a.make()); b.set(o, b.make()); return o; };
    }
    if (changes.length === 3) {
      return () => { const o = copy(value); a.set(o, a.make()); b.set(o, b.make()); c.set(o, c.make()); return o; };
    }
    return () => {
      const o = copy(value);
      for (const change of changes) change.set(o, change.make());
      return o;
    };
  };
  return visit(template) ?? (() => template);
}

/** The reading end of one decoder. */
export class Columns {
  constructor(decoder) {
    this.decoder = decoder;
    this.base = decoder.state() >>> 2;
    this.shapes = [];
    this.at = 0;
    this.end = 0;
    this.text = "";
    this.used = 0;
  }

  /** Takes a read; gives the status: 0 wants more bytes, 1 holds more already, 2 has ended. */
  push(chunk) {
    const { length } = chunk;
    if (words.length === 0) look();
    if (length > words[this.base + 7]) {
      this.decoder.reserve(length);
      if (words.length === 0) look();
    }
    bytes.set(chunk, words[this.base + 6] >>> 0);
    return this.more(length);
  }

  /** Decodes `length` bytes of the window, or goes on with the last read. */
  more(length = 0) {
    this.decoder.push(length);
    if (words.length === 0) look();
    const { base } = this;
    this.at = words[base + 1] >>> 2;
    this.end = this.at + words[base + 2];
    const size = words[base + 4];
    const from = words[base + 3] >>> 0;
    this.text = size === 0 ? "" : utf8.decode(bytes.subarray(from, from + size));
    this.used = 0;
    return words[base];
  }

  /** Whether an event is there to be taken. */
  get ready() {
    return this.at < this.end;
  }

  /** The next event's object. */
  next() {
    if (words.length === 0) look();
    at = this.at;
    text = this.text;
    used = this.used;
    const head = words[at++];
    let value;
    if (head >= 0) {
      let shape = this.shapes[head];
      if (shape.build === null) shape.build = builder(JSON.parse(shape.json), shape.holes);
      value = shape.build();
    } else {
      let learned = -1;
      let holes;
      if (head === LEARNED) {
        learned = words[at++];
        const count = words[at++];
        holes = words.slice(at, at + count);
        at += count;
      }
      const from = used;
      used = words[at++];
      const json = text.substring(from, used);
      if (learned >= 0) this.shapes[learned] = { json, holes, build: null };
      value = JSON.parse(json);
    }
    this.at = at;
    this.used = used;
    return value;
  }
}
