// A small client for the tools of a workspace's MCP servers, over streamable HTTP.

import { fail } from "../errors.js";
import { writeJson } from "../json.js";
import { pairs, splitCall } from "../options.js";
import { operations, parse, pure } from "./base.js";
import { chatTool } from "./chat-tool.js";

const POST = 4;
const [SAFE, BILLED, NEVER] = [0, 1, 2];

/** Where a workspace's MCP servers are. */
export const mcpPath = Object.freeze({
  functions: (catalog, schema, name) => pure("mcp.functions", catalog, schema, name),
  vectorSearch: (catalog, schema, index) => pure("mcp.vectorSearch", catalog, schema, index),
  genie: (spaceId) => pure("mcp.genie", spaceId),
  sql: () => pure("mcp.sql"),
  external: (connection) => pure("mcp.external", connection),
});

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

  /** Sends a message; gives `[session, result as JSON text]`, or nothing when there is none to wait for. */
  async #exchange(message, id, session, repeat, options) {
    const own = pairs(options?.headers) ?? [];
    const headers = [...own, ["accept", "application/json, text/event-stream"]];
    if (session?.id) headers.push(["mcp-session-id", session.id]);
    if (session) headers.push(["mcp-protocol-version", session.version]);
    const { text, ...facts } = await this.#at.raw([POST, this.#path, message, repeat, true], { ...splitCall(options)[0], headers });
    if (id === undefined) return undefined;
    try {
      return pure("mcp.read", id, text);
    } catch (error) {
      throw Object.assign(error, facts);
    }
  }

  /** The session, begun when it is first needed; a failure is not kept. */
  #begin(options) {
    if (this.#session === undefined) {
      const beginning = this.#shake(options);
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
    const id = `${(this.#id += 1)}`;
    const [session, result] = await this.#exchange(pure("mcp.initialize", id), id, undefined, BILLED, options);
    const agreed = { id: session, version: pure("mcp.version", result) };
    await this.#exchange(pure("mcp.initialized"), undefined, agreed, BILLED, options);
    return agreed;
  }

  /** One request in the session; a session the server has forgotten is begun anew, once. */
  async #ask(repeat, options, write) {
    for (let fresh = false; ; fresh = true) {
      const session = this.#begin(options);
      const agreed = await session;
      const id = `${(this.#id += 1)}`;
      try {
        return (await this.#exchange(write(id), id, agreed, repeat, options))[1];
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
      const page = parse(await this.#ask(SAFE, options, (id) => pure("mcp.list", id, cursor)));
      tools.push(...(page.tools ?? []));
      cursor = page.nextCursor || undefined;
      if (cursor === undefined) return tools;
      if (seen.has(cursor) || seen.size >= 1000) throw fail("Protocol", "The MCP server's list of tools does not end.");
    }
  }

  #call(name, args, options) {
    return this.#ask(NEVER, options, (id) => pure("mcp.call", id, name, writeJson(args ?? {}, "The arguments")));
  }

  /** Calls a tool; one that fails says so in `isError`. */
  async callTool(name, args, options) {
    return parse(await this.#call(name, args, options));
  }

  /** The server's tools, for `runTools()` of a chat. */
  async tools(options) {
    return (await this.listTools(options)).map(({ name, description = "", inputSchema = { type: "object", properties: {} } }) =>
      chatTool({ name: pure("mcp.name", name), description, parameters: inputSchema }, async (args, { signal }) => {
        const [text, failed] = pure("mcp.told", await this.#call(name, args, { ...splitCall(options)[0], signal }));
        if (failed) throw fail("OperationFailed", text);
        return text;
      }),
    );
  }
}
