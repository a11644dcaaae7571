// A small client for the tools of a workspace's MCP servers, over streamable HTTP.

import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { pairs, splitCall } from "../options.js";
import { BILLED, kept, NEVER, operations, path, POST, pure, SAFE } from "./base.js";
import { chatTool } from "./chat-tool.js";
import { shared } from "./wait.js";

const ROOT = "/api/2.0/mcp/";

/** The server of a schema, or of one thing in it. */
function inSchema(what, catalog, schema, full) {
  const whole = path`/api/2.0/mcp/${{ what }}/${{ catalog }}/${{ schema }}`;
  return full === undefined ? whole : whole + path`/${{ full }}`;
}

/** Where a workspace's MCP servers are. */
export const mcpPath = Object.freeze({
  functions: (...names) => inSchema("functions", ...names),
  vectorSearch: (...names) => inSchema("vector-search", ...names),
  genie: (space) => (space === undefined ? `${ROOT}genie` : path`/api/2.0/mcp/genie/${{ space }}`),
  sql: () => `${ROOT}sql`,
  external: (connection) => path`/api/2.0/mcp/external/${{ connection }}`,
});

const VERSION = "2025-06-18";

/** A server's answer: its session, when the client gave a line of it, and the body. */
function split(text) {
  const [, session, body] = /^([!-~]*)\n([^]*)$/.exec(text) ?? [text, "", text];
  // a client that does not read the session's header gives the body alone
  return /^([{[:]|data:|event:|id:|retry:)/.test(session) ? ["", text] : [session, body];
}

/** The messages of a body: one, a list of them, or a stream of events. */
function messages(body) {
  if (/^\s*[{[]/.test(body)) return [JSON.parse(body)].flat();
  const events = body.replace(/\r\n?/g, "\n").split("\n\n");
  const data = events.map((event) => event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n"));
  return data.filter((text) => text.trim() !== "").map((text) => JSON.parse(text));
}

/** The result of the request with this id; what the server asks or tells on the way is not it. */
function result(body, id) {
  let all;
  try {
    all = messages(body);
  } catch {
    all = [];
  }
  // an error about a request that could not be read has no id
  const answer = all.find((one) => one?.method === undefined && (one?.id === id || (one?.error && one.id == null)));
  if (answer?.error) pure("mcp.refusal", JSON.stringify(answer.error));
  if (answer?.result === undefined) {
    throw fail("Truncated", "The MCP server's answer ended before the result: check that the address is that of an MCP server, and try again.");
  }
  return answer.result;
}

/** What a tool's result tells the model. */
function told({ content = [], structuredContent, isError }) {
  const text = content.map((part) => (typeof part.text === "string" ? part.text : JSON.stringify(part))).join("\n") || (structuredContent === undefined ? "" : JSON.stringify(structuredContent));
  if (isError) throw fail("OperationFailed", text);
  return text;
}

/** An MCP server at a path of the client's host, and the session with it. */
export class McpClient {
  #at;
  #path;
  #session;
  #id = 0;

  constructor(client, path) {
    this.#at = operations(client);
    pure("mcp.check", path);
    this.#path = path;
  }

  /** Sends a request and gives `[session, result]`; without an id, a notification, which has none. */
  async #exchange(message, session, repeat, options) {
    const headers = [...(pairs(options?.headers) ?? []), ["accept", "application/json, text/event-stream"]];
    if (session?.id) headers.push(["mcp-session-id", session.id]);
    if (session) headers.push(["mcp-protocol-version", session.version]);
    const body = writeJson({ jsonrpc: "2.0", ...message }, "The arguments");
    const { text, requestId, attempts } = await this.#at.raw([POST, this.#path, body, repeat, true], { ...splitCall(options)[0], headers });
    if (message.id === undefined) return undefined;
    const [given, rest] = split(text);
    try {
      return [given, result(rest, message.id)];
    } catch (error) {
      throw Object.assign(error, { requestId, attempts });
    }
  }

  /** The session, begun when it is first needed, for all who wait: no caller's signal or time limits end it. A failure is not kept. */
  #begin(options) {
    if (this.#session === undefined) {
      const beginning = this.#shake({ headers: options?.headers });
      this.#session = beginning;
      beginning.catch(() => this.#forget(beginning));
    }
    return this.#session;
  }

  #forget(session) {
    // another call may have begun a new one meanwhile
    if (this.#session === session) this.#session = undefined;
  }

  async #shake(options) {
    const params = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: "lakewire", version: "0.1" } };
    const [session, { protocolVersion }] = await this.#exchange({ id: (this.#id += 1), method: "initialize", params }, undefined, BILLED, options);
    // it goes into a header
    const agreed = { id: session, version: /^[!-~]+$/.test(protocolVersion) ? protocolVersion : VERSION };
    await this.#exchange({ method: "notifications/initialized" }, agreed, BILLED, options);
    return agreed;
  }

  /** One request in the session; a session the server has forgotten is begun anew, once. */
  async #ask(method, params, repeat, options) {
    for (let fresh = false; ; fresh = true) {
      this.#at.scope(options);
      const session = this.#begin(options);
      const agreed = await shared(options?.signal, session);
      try {
        return (await this.#exchange({ id: (this.#id += 1), method, params }, agreed, repeat, options))[1];
      } catch (error) {
        if (error.status !== 404 || !agreed.id || fresh) throw error;
        this.#forget(session);
      }
    }
  }

  /** The server's tools. */
  async listTools(options) {
    const tools = [];
    const seen = new Set();
    for (let cursor; ; seen.add(cursor)) {
      const page = await this.#ask("tools/list", { cursor }, SAFE, options);
      tools.push(...(page.tools ?? []));
      cursor = page.nextCursor || undefined;
      if (cursor === undefined) return tools;
      if (seen.has(cursor) || seen.size >= 1000) throw fail("Protocol", "The MCP server's list of tools does not end.");
    }
  }

  /** Calls a tool; one that fails says so in `isError`. */
  async callTool(name, args = {}, options) {
    if (args === null || typeof args !== "object" || Array.isArray(args)) throw fail("InvalidArguments", "The arguments of a tool must be an object.");
    return this.#at.watch({ kind: "TOOL", within: true, sends: false, name: `${name}`, inputs: args }, options, (own) => this.#ask("tools/call", { name: `${name}`, arguments: args }, NEVER, own));
  }

  /** The server's tools, for `runTools()` of a chat. */
  async tools(options) {
    return (await this.listTools(options)).map(({ name, description = "", inputSchema = { type: "object", properties: {} } }) =>
      chatTool({ name: pure("mcp.name", name), description, parameters: inputSchema }, async (args, { signal, ...context }) =>
        told(await this.callTool(name, args, { ...kept(context, splitCall(options)[0]), signal })),
      ),
    );
  }
}
