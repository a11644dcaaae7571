// Prompts: texts and messages with named variables. JavaScript keeps the templates, the core formats them.

import { pipe, STEP } from "./chain.js";
import { fail } from "./errors.js";
import { direct, watchPanics } from "./guard.js";
import { writeJson } from "./json.js";
import { pure } from "./steps.js";

/** What only this file may call, and make prompts with. */
const FORMAT = Symbol("format");
const MAKE = Symbol("make");

/** An object of values as it is, or the only value of a prompt of one variable by its name. */
function byName(values, variables) {
  if (values === undefined || values === null) return {};
  if (values instanceof Map) throw fail("InvalidInput", "The values of a prompt must be an object of names with values: write Object.fromEntries(map).");
  if (typeof values === "object" && !Array.isArray(values)) return values;
  if (variables.length === 1) return { [variables[0]]: values };
  if (variables.length === 0) return {};
  throw fail("InvalidInput", `A single value fills a prompt of one variable, this one has ${variables.length}: give an object with ${variables.join(", ")}.`);
}

function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function plain(name, value) {
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "function" || typeof value === "symbol") {
    throw fail("InvalidInput", `The value of \`${name}\` is a ${typeof value}: give text, a number, true or false.`);
  }
  return value;
}

/** What both kinds of prompt do; `format` is the core's, over JSON texts. */
class Prompt {
  #template;
  #names;
  #partial;
  #format;

  constructor(template, names, partial, format) {
    this.#template = template;
    this.#names = names;
    this.#partial = partial;
    this.#format = format;
  }

  /** The names that still need a value. */
  get variables() {
    return this.#names.filter((name) => !name.endsWith("?") && !Object.hasOwn(this.#partial, name));
  }

  /** The placeholders that may be left out. */
  get optionalVariables() {
    return this.#names.filter((name) => name.endsWith("?")).map((name) => name.slice(0, -1));
  }

  partial(values) {
    const given = Object.entries(byName(values, this.variables)).filter(([, value]) => value !== undefined);
    const partial = { ...this.#partial, ...Object.fromEntries(given) };
    return new this.constructor(MAKE, this.#template, this.#names, partial);
  }

  /** What it is made of. */
  toJSON() {
    return { template: this.#template, partial: this.#partial };
  }

  invoke(values) {
    // what is thrown shall be a rejection
    return new Promise((resolve) => resolve(this[FORMAT](values)));
  }

  pipe(...next) {
    return pipe(this, ...next);
  }

  [FORMAT](values) {
    const given = byName(values, this.variables);
    const wanted = new Set(this.#names.map((name) => name.replace(/\?$/, "")));
    // no prototype: `__proto__` is a name like any other
    const crossing = Object.create(null);
    for (const [name, value] of Object.entries(this.#partial)) {
      if (wanted.has(name) && own(given, name) === undefined) crossing[name] = plain(name, typeof value === "function" ? value() : value);
    }
    for (const name of Object.keys(given)) {
      // of the others only the names are of use, in errors
      if (given[name] !== undefined) crossing[name] = wanted.has(name) ? plain(name, given[name]) : null;
    }
    const text = writeJson(crossing, "The values of the prompt");
    return direct(() => this.#format(this.#template, text));
  }
}

function checked(key, what) {
  if (key !== MAKE) throw fail("InvalidInput", `Make it with ${what}.`);
}

/** A prompt that is one text. */
export class PromptTemplate extends Prompt {
  constructor(key, template, names, partial) {
    checked(key, "PromptTemplate.fromTemplate(text)");
    super(template, names, partial, (text, values) => pure("prompts.format", text, values));
  }

  static fromTemplate(text) {
    if (typeof text !== "string") throw fail("InvalidInput", "A prompt template is a text: write PromptTemplate.fromTemplate(\"… {name} …\").");
    watchPanics();
    return new PromptTemplate(MAKE, text, pure("prompts.variables", text), {});
  }

  format(values) {
    return this[FORMAT](values);
  }

  get [STEP]() {
    return { name: "prompt", invoke: (values) => this.format(values) };
  }
}

/** A prompt that is a list of messages. */
export class ChatPromptTemplate extends Prompt {
  constructor(key, template, names, partial) {
    checked(key, "ChatPromptTemplate.fromMessages(messages)");
    super(template, names, partial, (messages, values) => JSON.parse(pure("prompts.chatFormat", messages, values)));
  }

  static fromMessages(messages) {
    if (typeof messages?.[Symbol.iterator] !== "function" || typeof messages === "string") {
      throw fail("InvalidInput", "A chat prompt is made of a list of messages: write ChatPromptTemplate.fromMessages([[role, template], …]).");
    }
    watchPanics();
    const spec = writeJson([...messages], "The messages of the prompt");
    return new ChatPromptTemplate(MAKE, spec, pure("prompts.chatVariables", spec), {});
  }

  formatMessages(values) {
    return this[FORMAT](values);
  }

  get [STEP]() {
    return { name: "chat prompt", invoke: (values) => this.formatMessages(values) };
  }
}

/** A place in a chat prompt for a list of messages. */
export class MessagesPlaceholder {
  constructor(name, { optional = false, nMessages, ...unknown } = {}) {
    if (typeof name !== "string") throw fail("InvalidInput", "A MessagesPlaceholder needs the name of its variable.");
    const [stranger] = Object.keys(unknown);
    if (stranger !== undefined) throw fail("InvalidInput", `A MessagesPlaceholder has no option \`${stranger}\`: it takes optional, nMessages.`);
    if (nMessages !== undefined && !(Number.isInteger(nMessages) && nMessages > 0)) {
      throw fail("InvalidInput", "`nMessages` must be a whole number, 1 or more.");
    }
    this.name = name;
    this.optional = optional === true;
    this.nMessages = nMessages;
  }

  toJSON() {
    return { placeholder: this.name, optional: this.optional, last: this.nMessages };
  }
}
