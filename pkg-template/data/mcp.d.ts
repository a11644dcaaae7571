import type { CallOptions, RunnableTool, WorkspaceClient } from "../chat.js";
import type { McpTool, McpToolResult } from "../types.js";

/** Where a workspace's MCP servers are: paths of its host. */
export const mcpPath: Readonly<{
  /** The functions of a schema, or one of them. */
  functions(catalog: string, schema: string, name?: string): string;
  /** The vector search indexes of a schema, or one of them. They need managed embeddings. */
  vectorSearch(catalog: string, schema: string, index?: string): string;
  /** A Genie space, or all of them. */
  genie(spaceId?: string): string;
  /** SQL on the workspace's tables. */
  sql(): string;
  /** A server elsewhere, behind a connection of Unity Catalog. */
  external(connection: string): string;
}>;

/**
 * The tools of an MCP server, over streamable HTTP. It does not have resources, prompts, sampling, or a stream of the
 * server's own messages. Servers that keep sessions need a client of `lakewire`: that of `lakewire/chat` does not read
 * the session's header.
 *
 * ```js
 * const server = new McpClient(client, mcpPath.functions("main", "tools"));
 * const run = await client.chat("my-endpoint").runTools("What does 100 cost with tax?", { tools: await server.tools() });
 * ```
 */
export class McpClient {
  /** A server at a path of the client's host. For one of your own on Databricks Apps, the client's host is the app's and the path `/mcp`. */
  constructor(client: WorkspaceClient, path: string);
  /** The server's tools. */
  listTools(options?: CallOptions): Promise<McpTool[]>;
  /** Calls a tool; one that fails says so in `isError`. Fails with kind `NotFound` when there is no such tool. */
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<McpToolResult>;
  /** The server's tools for a chat; the options apply to their calls as well. */
  tools(options?: CallOptions): Promise<RunnableTool[]>;
}
