// What must not type-check. Every statement after a directive has to be an error, or tsc reports the directive.

import { GatewayClient, Chat, ChatStream, Completions, dot, Embedder, Embeddings, HubClient, LakewireError, similarities, tool, WorkspaceClient } from "lakewire";
import { Session } from "lakewire";
import { u2mLoopback } from "lakewire/node";
import * as z from "zod";
import { DatabricksVectorSearch, Filter, VectorSearch } from "lakewire/data";

// @ts-expect-error a host is needed
new WorkspaceClient({});
// @ts-expect-error a configuration is needed
new WorkspaceClient();
// @ts-expect-error a token is text or a function
new WorkspaceClient({ host: "x", token: 7 });
// @ts-expect-error a provider gives text or an object with the token
new WorkspaceClient({ host: "x", token: () => ({ access_token: "x" }) });
// @ts-expect-error the option is named maxAttempts
new WorkspaceClient({ host: "x", retry: { max_attempts: 3 } });
// @ts-expect-error call options are camelCase
new WorkspaceClient({ host: "x", timeouts: { total_ms: 3 } });
// @ts-expect-error no such option
new WorkspaceClient({ host: "x", tokens: "y" });

const client = new WorkspaceClient({ host: "x" });
// @ts-expect-error an endpoint is named
client.chat();
// @ts-expect-error a default must be a request field
client.chat("e", { tempreature: 1 });
// @ts-expect-error request fields are snake_case
client.chat("e", { maxTokens: 1 });
// @ts-expect-error handles are made by the client
new Chat();
// @ts-expect-error streams are made by the chat
new ChatStream();
// @ts-expect-error errors are made by the package
new LakewireError();

// @ts-expect-error a target is named
client.completions();
// @ts-expect-error an app has a port
client.completions({ clusterId: "c" });
// @ts-expect-error an endpoint is given by its name alone
client.completions({ endpoint: "e" });
// @ts-expect-error no such format
client.completions("e", { inputFormat: "csv" });
// @ts-expect-error a misspelt option
client.completions("e", { tempreature: 1 });
// @ts-expect-error an output function gives text
client.completions("e", { transformOutput: () => 7 });
// @ts-expect-error a prompt is a text
await client.completions("e").invoke(["a"]);
// @ts-expect-error the hub has a base URL
new HubClient({ host: "x" });
const hub = new HubClient({ token: "hf" });
// @ts-expect-error the parameter is named max_new_tokens
await hub.textGeneration("m", "x", { max_tokens: 1 });
// @ts-expect-error parameters are no options of the call
await hub.textGeneration("m", "x", {}, { max_new_tokens: 1 });
// @ts-expect-error handles are made by the client
new Completions();

const chat = client.chat("e");
// @ts-expect-error an endpoint's name does not change
chat.endpoint = "other";
// @ts-expect-error a number is no message
await chat.invoke(7);
// @ts-expect-error a message has a role
await chat.invoke([{ content: "x" }]);
// @ts-expect-error a pair has two items
await chat.invoke([["user", "x", "y"]]);
// @ts-expect-error content is text or parts
await chat.invoke({ role: "user", content: 7 });
// @ts-expect-error a text part has a text
await chat.invoke({ role: "user", content: [{ type: "text" }] });
// @ts-expect-error temperature is a number
await chat.invoke("x", { temperature: "hot" });
// @ts-expect-error a misspelt option
await chat.invoke("x", { max_token: 1 });
// @ts-expect-error streaming is a method of its own
await chat.invoke("x", { stream: true });
// @ts-expect-error a signal is an AbortSignal
await chat.invoke("x", { signal: new AbortController() });
// @ts-expect-error a response format has a known type
await chat.invoke("x", { response_format: { type: "yaml" } });
// @ts-expect-error a tool is an object
await chat.invoke("x", { tools: ["add"] });
// @ts-expect-error extra parameters are an object
await chat.invoke("x", { extra_params: "x" });
// @ts-expect-error a batch takes a list
await chat.batch(7);
// @ts-expect-error the bound is a number
await chat.batch(["x"], { maxConcurrency: "4" });
// @ts-expect-error an invoke has no bound
await chat.invoke("x", { maxConcurrency: 4 });

const answer = await chat.invoke("x");
// @ts-expect-error views are read only
answer.text = "other";
// @ts-expect-error a finish reason may be absent
answer.finishReason.length;
// @ts-expect-error usage may be absent
answer.usage.total_tokens;
// @ts-expect-error arguments may be absent, when they are no JSON object
answer.toolCalls[0]!.arguments.x;

// @ts-expect-error a stream is awaited first
for await (const chunk of chat.stream("x")) void chunk;
const stream = await chat.stream("x");
// @ts-expect-error a chunk has a delta, not a message
for await (const chunk of stream) void chunk.choices[0]?.message;
// @ts-expect-error a stream of words gives text
for await (const word of await chat.textStream("x")) void word.choices;

// @ts-expect-error a tool has a name
tool({ execute: () => 1 });
// @ts-expect-error a tool has code
tool({ name: "x" });
// @ts-expect-error the schema says that a is a number
tool({ name: "x", parameters: z.object({ a: z.number() }), execute: ({ a }) => a.toUpperCase() });
// @ts-expect-error the schema has no b
tool({ name: "x", parameters: z.object({ a: z.number() }), execute: ({ b }) => b });
// @ts-expect-error a loop needs tools
await chat.runTools("x", {});
// @ts-expect-error a loop needs tools with code
await chat.runTools("x", { tools: [7] });

const typed = chat.structuredOutput(z.object({ x: z.number() }));
// @ts-expect-error the value follows the schema
(await typed.invoke("x")).value.y;
// @ts-expect-error no such method
chat.structuredOutput({ type: "object" }, { method: "guess" });
// @ts-expect-error a schema is an object
chat.structuredOutput("object");

const result = (await chat.batch(["x"]))[0]!;
// @ts-expect-error a result may be a failure
result.value.text;

declare const error: LakewireError;
// @ts-expect-error facts are read only
error.kind = "BadRequest";
// @ts-expect-error a status may be absent
error.status.toFixed();

// @ts-expect-error a session comes from a sign-in
new Session();
// @ts-expect-error Azure has no such cloud
new WorkspaceClient({ host: "x.example", azure: { clientId: "id", clientSecret: "s", environment: "MOON" } });
// @ts-expect-error the address has to be shown somewhere
void u2mLoopback({ host: "x.example" });
// @ts-expect-error embedders are made by the client
new Embedder();
// @ts-expect-error no such option
client.embeddings("e", { batch_size: 1 });
// @ts-expect-error a handle's request fields go into query_params and documents_params
client.embeddings("e", { instruction: "x" });
// @ts-expect-error no such encoding
client.embeddings("e", { encodingFormat: "hex" });
// @ts-expect-error one text at a time
client.embeddings("e").embedQuery(["a"]);
// @ts-expect-error texts are texts
client.embeddings("e").embedDocuments([1]);
// @ts-expect-error a limit is a number
client.embeddings("e").embedDocuments(["a"], { batchSize: "1" });
// @ts-expect-error one buffer of 32-bit floats
new Embeddings([1, 2], 2);
// @ts-expect-error a row is taken with at()
dot(new Embeddings(new Float32Array(2), 2), new Embeddings(new Float32Array(2), 2));
// @ts-expect-error a query is one vector
similarities([[1]], [[1]]);

const management = client.servingEndpoints();
// @ts-expect-error an endpoint has a name
await management.create({ config: {} });
// @ts-expect-error a misspelt field
await management.create({ name: "e", confg: {} });
// @ts-expect-error a provider has a configuration of its own
await management.create({ name: "e", config: { served_entities: [{ external_model: { provider: "openai", name: "m", task: "llm/v1/chat", anthropic_config: {} } }] } });
// @ts-expect-error a misspelt key field
await management.create({ name: "e", config: { served_entities: [{ external_model: { provider: "openai", name: "m", task: "llm/v1/chat", openai_config: { openai_key: "x" } } }] } });
// @ts-expect-error the time limit is timeoutMs
await management.waitUntilReady("e", { timeout_ms: 1 });
// @ts-expect-error percentages are numbers
await management.updateConfig("e", { traffic_config: { routes: [{ traffic_percentage: "100" }] } });
// @ts-expect-error a secret is text or bytes
await client.secrets().put("s", "k", 7);
// @ts-expect-error a value is shown only when asked
const shown: string = await client.secrets().get("s", "k");
// @ts-expect-error a gateway takes no token
new GatewayClient({ host: "x", token: "y" });
// @ts-expect-error three forms
await new GatewayClient({ host: "x" }).openai("models", { model: "m" });
// @ts-expect-error an endpoint is named
client.responses();
// @ts-expect-error no such route
client.responses("e", { route: "azure" });
// @ts-expect-error a chat option is no Responses option
client.responses("e", { max_tokens: 1 });
// @ts-expect-error a number is no input
await client.responses("e").invoke(7);
// @ts-expect-error streaming is a method of its own
await client.responses("e").invoke("x", { stream: true });
// @ts-expect-error views are read only
(await client.responses("e").invoke("x")).text = "y";
// @ts-expect-error the whole of a Responses stream is a response
(await client.responses("e").stream("x")).finalCompletion();
// @ts-expect-error tools are made by tool()
await client.responses("e").runTools("x", { tools: ["add"] });
// @ts-expect-error a tool's message has a role
await client.chatAgent("e").invoke({ content: "4", tool_call_id: "c" });
// @ts-expect-error an agent takes no sampling options
await client.chatAgent("e").invoke("x", { temperature: 0 });
// @ts-expect-error an agent may have said nothing
(await client.chatAgent("e").invoke("x")).message.content;
const indexed = new VectorSearch(client).index<{ id: string }>("a.b.c");
// @ts-expect-error an endpoint is of one of two types
await new VectorSearch(client).createEndpoint({ name: "vs", endpoint_type: 7 });
// @ts-expect-error a misspelt option
new VectorSearch(client).index("a.b.c", { primary_key: "id" });
// @ts-expect-error the columns to give back are named
await indexed.query({ query_text: "q" });
// @ts-expect-error a filter is made by Filter's functions
await indexed.query({ columns: ["id"], query_text: "q", filters: 7 });
// @ts-expect-error a row has the columns asked for
(await indexed.query({ columns: ["id"], query_text: "q" })).rows[0]?.body;
// @ts-expect-error a column is what the row's type says
const numbered: number | undefined = (await indexed.query({ columns: ["id"], query_text: "q" })).rows[0]?.id;
// @ts-expect-error null has no filter
Filter.eq("a", null);
// @ts-expect-error the page size is pageSize
indexed.scan({ page_size: 10 });
// @ts-expect-error a store is made by create()
new DatabricksVectorSearch(client, { indexName: "a.b.c" });
// @ts-expect-error the index is indexName
await DatabricksVectorSearch.create(client, { index_name: "a.b.c" });

// @ts-expect-error a relay has the token
new WorkspaceClient({ relay: "/api/lakewire", token: "dapi" });
// @ts-expect-error a relay stands in the place of the host
new WorkspaceClient({ relay: "/api/lakewire", host: "x.example" });
