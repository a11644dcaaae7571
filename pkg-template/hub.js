// Models of the Hugging Face Hub.

import { Chat } from "./chat.js";
import { WAYS, WorkspaceClient as Client, inner } from "./client.js";
import { fail } from "./errors.js";
import { openEvents } from "./events.js";
import { direct } from "./guard.js";
import { writeJson } from "./json.js";
import { pairs, settings, splitCall, take } from "./options.js";
import { pure } from "./steps.js";

const ROUTER = "https://router.huggingface.co";
/** A model may take minutes to load, and the service says how long to wait. */
const PATIENCE = { maxAttempts: 5, maxRetryAfterMs: 600_000 };

/** A text and the answer it came from. */
export class TextGeneration {
  constructor(text, raw, facts) {
    this.text = text;
    this.raw = raw;
    this.requestId = facts.requestId;
    this.attempts = facts.attempts;
  }

  /** How the text came to be, when `details` asked for it. */
  get details() {
    return (Array.isArray(this.raw) ? this.raw[0] : this.raw)?.details ?? undefined;
  }
}

/** Models of the Hugging Face Hub, through its router or from a server of one's own. */
export class HubClient {
  #client;
  #base;
  #provider;

  constructor(config) {
    const names = ["baseUrl", "provider", "billTo", "headers", "retry", "host"];
    const [{ baseUrl = ROUTER, provider = "auto", billTo, headers, retry, host }, rest] = take(config, names, "The configuration");
    if (host !== undefined) throw fail("InvalidInput", "HubClient takes `baseUrl` instead of `host`.");
    const stranger = WAYS.find((name) => rest[name] !== undefined);
    if (stranger !== undefined) throw fail("InvalidInput", `HubClient signs in with a \`token\` of Hugging Face, not with \`${stranger}\`: leave it out.`);
    if (typeof baseUrl !== "string") throw fail("InvalidInput", "`baseUrl` must be a text.");
    if (typeof provider !== "string") throw fail("InvalidInput", "`provider` must be a text.");
    if (billTo !== undefined && typeof billTo !== "string") throw fail("InvalidInput", "`billTo` must be a text: the organisation's name.");
    const billed = billTo === undefined ? headers : [...(pairs(headers) ?? []), ["x-hf-bill-to", billTo]];
    this.#client = new Client({ ...rest, host: baseUrl, headers: billed, retry: { ...PATIENCE, ...settings(retry, "retry") } });
    this.#base = baseUrl;
    this.#provider = provider;
    pure("hub.provider", provider);
  }

  #args(model, body) {
    if (model !== undefined && model !== null && typeof model !== "string") throw fail("InvalidInput", "The model must be a text such as databricks/dolly-v2-12b, or null for a server of your own.");
    return [this.#base, this.#provider, model ?? undefined, body];
  }

  /** What a call of text generation sends. */
  #prepare(model, inputs, parameters, options, stream) {
    const [scope, strangers] = splitCall(options);
    const stranger = Object.keys(strangers)[0];
    if (stranger !== undefined) throw fail("InvalidInput", `The options of a call have no \`${stranger}\`: parameters of the model are the third argument.`);
    if (typeof inputs !== "string") throw fail("InvalidInput", "The input must be a text; for a list of messages use chat().");
    const text = writeJson(parameters ?? {}, "The parameters");
    return { scope, args: this.#args(model, pure("hub.body", inputs, text, stream ? "stream" : undefined)) };
  }

  /** A text. */
  async textGeneration(model, inputs, parameters, options) {
    const { scope, args } = this.#prepare(model, inputs, parameters, options, false);
    const { text: answer, ...facts } = await inner(this.#client).call("hub.textGeneration", args, scope);
    return new TextGeneration(pure("hub.generated", answer), JSON.parse(answer), facts);
  }

  async #open(model, inputs, parameters, options, words) {
    const { scope, args } = this.#prepare(model, inputs, parameters, options, true);
    const client = inner(this.#client);
    const source = await client.open("hub.textGenerationStream", args, scope);
    return client.track(openEvents(source, { signal: scope.signal, form: "tgi", text: words }));
  }

  /** A text, token by token. */
  async textGenerationStream(model, inputs, parameters, options) {
    return this.#open(model, inputs, parameters, options, false);
  }

  /** A text in words, without the model's special tokens. */
  async textStream(model, inputs, parameters, options) {
    return this.#open(model, inputs, parameters, options, true);
  }

  /** Chat with a model; `defaults` apply to every call of the handle. */
  chat(model, defaults) {
    const [base, provider, name] = this.#args(model);
    const text = defaults === undefined ? "{}" : writeJson(defaults, "The defaults");
    const client = inner(this.#client);
    return new Chat(direct(() => client.core.hubChat(base, provider, name, text)), client, name);
  }

  /** Ends every call and stream of this client; later calls fail with kind `Closed`. */
  close() {
    this.#client.close();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.close();
  }
}

function words(value, what) {
  if (typeof value !== "string") throw fail("InvalidInput", `${what} must be a text.`);
  return value;
}

/** The prompt that Dolly was trained with. */
export function dollyPrompt(instruction, context) {
  words(instruction, "The instruction");
  return pure("hub.dollyPrompt", instruction, context === undefined || context === null ? undefined : words(context, "The context"));
}

/** Dolly's answer without its end mark and what follows. */
export function dollyAnswer(text) {
  return pure("hub.dollyAnswer", words(text, "The answer"));
}
