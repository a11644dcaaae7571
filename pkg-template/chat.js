// The chat handle.

import { CoreStructured } from "./core.js";
import { makeAnswer } from "./answer.js";
import { settleAll } from "./batch.js";
import { fail } from "./errors.js";
import { direct } from "./guard.js";
import { writeJson } from "./json.js";
import { splitCall } from "./options.js";
import { readSchema } from "./schema.js";
import { openStream } from "./stream.js";
import { runTools, toolLimits } from "./tools.js";

/** Splits what a call was given into request fields (for the wire) and options of the call. */
function split(options) {
  const [scope, fields] = splitCall(options);
  return { fields, scope };
}

/** A chat endpoint with defaults; made by `client.chat(endpoint, defaults)`. */
export class Chat {
  #core;
  #client;
  #endpoint;

  constructor(core, client, endpoint) {
    this.#core = core;
    this.#client = client;
    this.#endpoint = endpoint;
  }

  get endpoint() {
    return this.#endpoint;
  }

  /** For who watches it: a handle that sends through another client. */
  [Symbol.for("lakewire.over")](change) {
    return new Chat(this.#core, change(this.#client), this.#endpoint);
  }

  #request(input, fields) {
    return writeJson({ ...fields, messages: input }, "The chat request");
  }

  #body(request, stream) {
    return direct(() => this.#core.body(request, stream));
  }

  async #whole(body, scope) {
    const { text, ...facts } = await this.#client.ask(this.#core, "invoke", [body], scope);
    return { text, answer: makeAnswer(text, facts) };
  }

  async #open(body, scope, text) {
    const source = await this.#client.begin(this.#core, "stream", [body], scope);
    return this.#client.track(openStream(source, { signal: scope.signal, text }));
  }

  /** A whole answer. */
  async invoke(input, options) {
    const { fields, scope } = split(options);
    const { answer } = await this.#whole(this.#body(this.#request(input, fields), false), scope);
    return answer;
  }

  /** A stream of chunks. */
  async stream(input, options) {
    const { fields, scope } = split(options);
    return this.#open(this.#body(this.#request(input, fields), true), scope, false);
  }

  /** A stream of words. */
  async textStream(input, options) {
    const { fields, scope } = split(options);
    return this.#open(this.#body(this.#request(input, fields), true), scope, true);
  }

  /** Many whole answers, a bounded number at once, in order; a failed one leaves the others. */
  batch(inputs, options) {
    return settleAll(inputs, options, (input, rest) => this.invoke(input, rest));
  }

  /** Asks, runs tools, and repeats until the model answers. */
  async runTools(input, options) {
    const [limits, rest] = toolLimits(options);
    const { fields, scope } = split(rest);
    const { stream, onEvent } = limits;
    if (!Array.isArray(fields.tools)) throw fail("InvalidInput", "runTools needs `tools`, an array made by tool().");
    const ask = stream ? (body) => this.#streamed(body, scope, onEvent) : (body) => this.#whole(body, scope);
    const body = this.#body(this.#request(input, fields), stream);
    return runTools(body, fields.tools, { ...limits, ask, signal: scope.signal });
  }

  async #streamed(body, scope, onEvent) {
    const chunks = await this.#open(body, scope, false);
    for await (const chunk of chunks) onEvent?.({ type: "chunk", chunk });
    const answer = await chunks.finalCompletion();
    return { text: JSON.stringify(answer), answer };
  }

  /** A handle whose answers fit a schema. */
  structuredOutput(schema, options) {
    const { method = "json_schema", name, strict } = options ?? {};
    const { json, check } = readSchema(schema, "The schema");
    const core = direct(() => new CoreStructured(writeJson(json, "The schema"), name, method, strict));
    return new StructuredChat(
      core,
      check,
      (input, fields) => this.#body(direct(() => core.addTo(this.#request(input, fields))), false),
      (body, scope) => this.#whole(body, scope),
    );
  }
}

/** A chat endpoint that answers with a value; made by `chat.structuredOutput(schema)`. */
export class StructuredChat {
  #core;
  #check;
  #body;
  #ask;

  constructor(core, check, body, ask) {
    this.#core = core;
    this.#check = check;
    this.#body = body;
    this.#ask = ask;
  }

  /** Asks for a value; gives `{ value, completion }`. */
  async invoke(input, options) {
    const { fields, scope } = split(options);
    const { text, answer } = await this.#ask(this.#body(input, fields), scope);
    try {
      const found = JSON.parse(direct(() => this.#core.extract(text)));
      return { value: await this.#check(found), completion: answer };
    } catch (thrown) {
      if (thrown?.kind === "OutputMismatch") {
        throw fail("OutputMismatch", thrown.message, { completion: answer });
      }
      throw fail("OutputMismatch", `The model's answer does not fit the schema: ${thrown.message}.`, { completion: answer, cause: thrown });
    }
  }
}
