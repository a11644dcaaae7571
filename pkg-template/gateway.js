// A self-hosted MLflow AI Gateway.

import { Chat } from "./chat.js";
import { WAYS, WorkspaceClient as Client, inner } from "./client.js";
import { fail } from "./errors.js";
import { openEvents } from "./events.js";
import { direct } from "./guard.js";
import { writeJson } from "./json.js";

/** More pages than any gateway has: what goes on longer leads in circles. */
const MOST_PAGES = 1000;

/** A self-hosted MLflow AI Gateway; see `gateway.d.ts`. */
export class GatewayClient {
  #client;

  constructor(config) {
    if (config === null || typeof config !== "object") throw fail("InvalidInput", "GatewayClient needs { host }: the gateway's address, such as http://localhost:5000.");
    if ("token" in config) throw fail("InvalidInput", "GatewayClient takes no `token`: a self-hosted gateway asks for no credential.");
    const stranger = WAYS.find((name) => config[name] !== undefined);
    if (stranger !== undefined) throw fail("InvalidInput", `GatewayClient takes no \`${stranger}\`: a self-hosted gateway asks for no credential.`);
    this.#client = new Client(config);
  }

  async #read(operation, args, options) {
    return JSON.parse((await inner(this.#client).call(`gateway.${operation}`, args, options)).text);
  }

  /** Lists the gateway's endpoints, page after page. */
  async list(options) {
    const all = [];
    let token;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { endpoints, next_page_token: next } = await this.#read("list", [token], options);
      all.push(...(endpoints ?? []));
      if (!next) return all;
      if (next === token) break;
      token = next;
    }
    throw fail("Protocol", "The gateway's list of endpoints leads in circles: its pages do not end.");
  }

  /** Describes one endpoint. */
  get(name, options) {
    return this.#read("get", [name], options);
  }

  /** Whether the gateway is up. */
  async health(options) {
    await this.#read("health", [], options);
  }

  /** Chat with an endpoint whose type is `llm/v1/chat`. */
  chat(name, defaults) {
    if (typeof name !== "string") throw fail("InvalidInput", "chat() needs the endpoint's name.");
    const text = defaults === undefined ? "{}" : writeJson(defaults, "The defaults");
    const client = inner(this.#client);
    return new Chat(direct(() => client.core.gatewayChat(name, text)), client, name);
  }

  /** Asks an endpoint of any type. */
  async query(name, body, options) {
    return this.#read("query", [name, writeJson(body, "The request")], options);
  }

  /** Asks an endpoint for a streamed answer; gives its events as they come. */
  async queryStream(name, body, options) {
    const client = inner(this.#client);
    const source = await client.open("gateway.queryStream", [name, writeJson(body, "The request")], options);
    // a gateway passes on the end mark only when its provider sends one
    return client.track(openEvents(source, { signal: options?.signal, form: "completions" }));
  }

  /** Asks by an OpenAI form; the body's `model` is the endpoint's name. */
  async openai(form, body, options) {
    return this.#read("openai", [form, writeJson(body, "The request")], options);
  }

  /** Ends every call and stream of this client. */
  close() {
    this.#client.close();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.close();
  }
}
