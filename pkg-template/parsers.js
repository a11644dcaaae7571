// What models write, read as text, JSON or a list.

import { pipe, STEP } from "./chain.js";
import { fail } from "./errors.js";
import { pure } from "./steps.js";

/** The text of whatever has one. */
function textOf(value) {
  if (typeof value === "string") return value;
  if (typeof value?.text === "string") return value.text;
  const content = value?.content;
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map((part) => (part?.type === "text" ? part.text : "")).join("");
  throw fail("InvalidInput", "An output parser takes text, an answer or a message: the step before gives something else.");
}

class Parser {
  invoke(input) {
    // what is thrown shall be a rejection
    return new Promise((resolve) => resolve(this.parse(input)));
  }

  pipe(...next) {
    return pipe(this, ...next);
  }
}

/** The text of an answer. */
export class StrOutputParser extends Parser {
  parse(input) {
    return textOf(input);
  }

  get [STEP]() {
    const invoke = (input) => this.invoke(input);
    async function* words(input) {
      yield await invoke(input);
    }
    // text goes through as it is
    return { name: "StrOutputParser", invoke, words, parse: (pieces) => pieces };
  }
}

/** The JSON of an answer. */
export class JsonOutputParser extends Parser {
  parse(input) {
    const text = textOf(input);
    return JSON.parse(pure("output.wholeJson", text));
  }

  getFormatInstructions() {
    return "Return a JSON object.";
  }

  get [STEP]() {
    async function* parse(pieces) {
      let text = "";
      let shown;
      let next = 0;
      for await (const piece of pieces) {
        text += piece;
        if (text.length < next) continue;
        // each look reads the whole text: the core's `next_look` is the same rule
        next = text.length + 1 + Math.max(0, text.length - 4096) / 16;
        const json = pure("output.partialJson", text);
        // another text is another value
        if (json === undefined || json === shown) continue;
        shown = json;
        yield JSON.parse(json);
      }
      const json = pure("output.wholeJson", text);
      if (json !== shown) yield JSON.parse(json);
    }
    return { name: "JsonOutputParser", invoke: (input) => this.invoke(input), parse };
  }
}

/** The items of a comma separated list. */
export class CommaSeparatedListOutputParser extends Parser {
  parse(input) {
    const text = textOf(input);
    return pure("output.takeItems", text, "end").slice(0, -1);
  }

  getFormatInstructions() {
    return "Your response should be a list of comma separated values, eg: `foo, bar, baz` or `foo,bar,baz`";
  }

  get [STEP]() {
    async function* parse(pieces) {
      let rest = "";
      for await (const piece of pieces) {
        const items = pure("output.takeItems", rest + piece);
        rest = items.pop();
        for (const item of items) yield [item];
      }
      for (const item of pure("output.takeItems", rest, "end").slice(0, -1)) yield [item];
    }
    return { name: "CommaSeparatedListOutputParser", invoke: (input) => this.invoke(input), parse };
  }
}
