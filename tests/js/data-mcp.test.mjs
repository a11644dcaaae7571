// A small MCP client, over a scripted fetch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asksFor, completion, failure, json, scripted } from "./fakes.mjs";
import { entry } from "./package.mjs";

const { McpClient, mcpPath } = await import(entry("./data"));
const chatOnly = await import(entry("./chat"));

const answer = (id, result, headers) => json({ jsonrpc: "2.0", id, result }, { headers });
const hello = (id, session = "s-1") => [answer(id, { protocolVersion: "2025-03-26", capabilities: {} }, { "mcp-session-id": session }), new Response(null, { status: 202 })];
const events = (...messages) => new Response(messages.map((one) => `event: message\ndata: ${JSON.stringify(one)}\n\n`).join(""), { headers: { "content-type": "text/event-stream" } });
const TOOL = { name: "main__tools__add_tax", description: "Adds tax", inputSchema: { type: "object", properties: { net: { type: "number" } } } };
const server = (answers, path = mcpPath.functions("main", "tools")) => {
  const { client, calls } = scripted(answers);
  return { server: new McpClient(client, path), calls, client };
};

test("the addresses of managed servers", () => {
  assert.deepEqual(
    [mcpPath.functions("main", "tools"), mcpPath.functions("main", "tools", "f"), mcpPath.vectorSearch("main", "a b", "i"), mcpPath.genie("01ef"), mcpPath.genie(), mcpPath.sql(), mcpPath.external("github")],
    ["functions/main/tools", "functions/main/tools/f", "vector-search/main/a%20b/i", "genie/01ef", "genie", "sql", "external/github"].map((path) => `/api/2.0/mcp/${path}`),
  );
});

test("no token goes to another host", async () => {
  const { client, calls } = scripted([]);
  for (const bad of ["https://evil.example/mcp", "//evil.example/mcp", "mcp", "/a/../b", "", undefined]) await failure(() => new McpClient(client, bad), "InvalidInput");
  await failure(() => mcpPath.functions("", "b"), "InvalidInput");
  assert.equal(calls.length, 0);
});

test("hands are shaken once, the session goes along, and answers are JSON or events", async () => {
  const progress = { jsonrpc: "2.0", method: "notifications/progress", params: {} };
  const { server: at, calls } = server([...hello(1), answer(2, { tools: [TOOL], nextCursor: "p2" }), events(progress, { jsonrpc: "2.0", id: 3, result: { tools: [{ name: "b" }] } }), answer(4, { content: [] })]);
  assert.deepEqual((await at.listTools()).map(({ name }) => name), ["main__tools__add_tax", "b"]);
  assert.deepEqual(await at.callTool("b", { n: 1 }), { content: [] });
  assert.deepEqual(calls.map(({ json }) => json.method), ["initialize", "notifications/initialized", "tools/list", "tools/list", "tools/call"]);
  assert.equal(calls[0].headers.get("mcp-session-id"), null);
  for (const { headers } of calls.slice(1)) {
    assert.equal(headers.get("mcp-session-id"), "s-1");
    assert.equal(headers.get("mcp-protocol-version"), "2025-03-26");
    assert.equal(headers.get("accept"), "application/json, text/event-stream");
  }
  assert.equal(calls[3].json.params.cursor, "p2");
  assert.deepEqual(calls[4].json.params, { name: "b", arguments: { n: 1 } });
});

test("a forgotten session is begun anew, once; calls side by side share one", async () => {
  const { server: at, calls } = server([...hello(1, "old"), new Response("{}", { status: 404 }), ...hello(3, "new"), answer(4, { tools: [] })]);
  assert.deepEqual(await at.listTools(), []);
  assert.equal(calls.at(-1).headers.get("mcp-session-id"), "new");
  const gone = server([...hello(1), new Response("{}", { status: 404 }), ...hello(3), new Response("{}", { status: 404 })]);
  await failure(gone.server.listTools(), "NotFound");
  const both = server([...hello(1), answer(2, { content: [] }), answer(3, { content: [] })]);
  await Promise.all([both.server.callTool("a"), both.server.callTool("b")]);
  assert.equal(both.calls.length, 4);
});

test("who gives up waiting for the handshake does not end the wait of others", async () => {
  const controller = new AbortController();
  let give;
  const [first, second] = hello(1);
  const { server: at, calls } = server([() => new Promise((resolve) => { give = () => resolve(first); }), second, answer(2, { tools: [TOOL] })]);
  const aborted = failure(at.listTools({ signal: controller.signal }), "Cancelled");
  const other = at.listTools({ headers: { "x-own": "1" } });
  while (give === undefined) await new Promise((done) => setTimeout(done));
  controller.abort();
  await aborted;
  give();
  assert.equal((await other).length, 1);
  assert.equal(calls.length, 3);
  await failure(at.listTools({ signal: controller.signal }), "Cancelled");
});

test("a failed handshake is not kept", async () => {
  const { server: at } = server([json({ jsonrpc: "2.0", id: 1, error: { code: -32600, message: "no" } }), ...hello(2), answer(3, { tools: [] })]);
  assert.equal((await failure(at.listTools(), "BadRequest")).errorCode, "-32600");
  assert.deepEqual(await at.listTools(), []);
});

test("O10: pages of tools that repeat end; a call whose fate is open is not repeated", async () => {
  const { server: at } = server([...hello(1), answer(2, { tools: [], nextCursor: "x" }), answer(3, { tools: [], nextCursor: "x" })]);
  await failure(at.listTools(), "Protocol");
  const lost = server([...hello(1), new TypeError("fetch failed")]);
  await failure(lost.server.callTool("a"));
  assert.equal(lost.calls.length, 3);
});

test("errors are typed, and what is no answer is said to be none", async () => {
  const refused = json({ jsonrpc: "2.0", id: 2, error: { code: -32601, message: "no such tool", data: { x: 1 } } });
  const error = await failure(server([...hello(1), refused]).server.callTool("a"), "NotFound");
  assert.deepEqual([error.errorCode, error.details, error.isRetryable], ["-32601", { x: 1 }, false]);
  for (const bad of [answer(9, {}), new Response("data: {\n\n", { headers: { "content-type": "text/event-stream" } }), new Response("", { status: 200 })]) {
    await failure(server([...hello(1), bad]).server.callTool("a"), "Truncated");
  }
});

test("its tools run in a chat; a tool's own failure is told to the model", async () => {
  const said = (text, isError) => answer(0, { content: [{ type: "text", text }], ...(isError ? { isError } : {}) });
  const numbered = async (response, id) => json({ ...(await response.json()), id });
  const { server: at, client } = server([
    ...hello(1), answer(2, { tools: [TOOL] }), json(asksFor([TOOL.name, { net: 100 }])), await numbered(said("net is too high", true), 3),
    json(asksFor([TOOL.name, { net: 10 }])), await numbered(said("12"), 4), json(completion("12")),
  ]);
  const tools = await at.tools();
  assert.deepEqual(tools[0].function, { name: TOOL.name, description: "Adds tax", parameters: TOOL.inputSchema });
  const run = await client.chat("endpoint").runTools("With tax?", { tools });
  assert.deepEqual(run.messages.filter(({ role }) => role === "tool").map(({ content }) => content), ["Error: net is too high", "12"]);
});

test("the client of lakewire/chat serves for servers without sessions", async () => {
  const answers = [answer(1, { protocolVersion: "2025-06-18" }), new Response(null, { status: 202 }), events({ jsonrpc: "2.0", id: 2, result: { tools: [TOOL] } })];
  const client = new chatOnly.WorkspaceClient({ host: "https://workspace.example", token: "t", fetch: async () => answers.shift() });
  assert.equal((await new McpClient(client, mcpPath.sql()).listTools()).length, 1);
});
