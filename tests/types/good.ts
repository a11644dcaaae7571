// What must type-check: every entry point, option and result, as users write them.

import {
  Chat, ChatAgent, ChatAgentStream, ChatStream, Completions, cosineSimilarity, dollyAnswer, dollyPrompt, dot, Embedder, Embeddings, EventStream, Generation,
  HubClient, LakewireError, Responses, ResponsesStream, similarities, StructuredChat, TextGeneration, tool, WorkspaceClient,
} from "lakewire";
import type {
  ChatAgentAnswer, ChatAgentChunk, ChatAgentInput, ChatAgentMessage, ChatAgentOptions, ResponseEvent, ResponseItem, ResponsesAnswer, ResponsesInput,
  ResponsesOptions, ResponsesRun, ResponseUsage,
} from "lakewire";
import { beginSignIn, completeSignIn, configFromEnv, onBehalfOf, SignIn } from "lakewire";
import type { AzureServicePrincipal, Session } from "lakewire";
import { fromEnv, fromProfile, u2mLoopback } from "lakewire/node";
import type {
  BatchResult, CallOptions, ChatAnswer, ChatCompletion, ChatCompletionChunk, ChatDefaults, ChatInput, ChatOptions, CompletionOptions, CompletionParams,
  Completeness, CompletionsOptions, CompletionsTarget, ContentPart, DriverProxyApp, EmbeddedBatch, EmbedderOptions, EmbeddingParams, EmbeddingsError,
  EmbedOptions, ErrorKind, HubClientConfig, ModelParams, TextGenerationDetails, TextGenerationEvent, TextGenerationParameters,
  FinishReason, Message, RequestedTool, Role, RunnableTool, RunToolsOptions, ServingEndpoint, StandardSchema, StructuredOptions, Timeouts, Tool, ToolCall,
  RelayedClientConfig, ToolContext, ToolEvent, ToolRun, Usage, WorkspaceClientConfig,
} from "lakewire";
import { GatewayClient, secretReference, SecretValue } from "lakewire";
import type { CreateEndpointRequest, EndpointProgress, ExternalModel, WaitOptions } from "lakewire";
import init, { WorkspaceClient as SlimClient } from "lakewire/slim";
import * as z from "zod";

/** Holds when the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : ["the types differ"]): void {}

const bare = new WorkspaceClient({ host: "/databricks" });
const config: WorkspaceClientConfig = {
  host: "https://my-workspace.cloud.databricks.com",
  token: "dapi",
  dangerouslyAllowBrowser: false,
  timeouts: { firstByteMs: 1, idleMs: 2, totalMs: 3 },
  retry: { maxAttempts: 3, budget: 500, maxRetryAfterMs: 60_000 },
  headers: { "x-team": "a" },
  fetch: (url, init) => fetch(url, init),
  maxEventBytes: 1,
  maxBodyBytes: 1,
};
const client = new WorkspaceClient(config);
new WorkspaceClient({ host: "x", token: () => "dapi" });
new WorkspaceClient({ host: "x", token: async () => "dapi" });
new WorkspaceClient({ host: "x", token: async () => ({ token: "dapi", expiresInMs: 3_600_000 }) });
new WorkspaceClient({ host: "x", headers: new Headers(), fetch });
new WorkspaceClient({ host: "x", headers: new Map([["a", "b"]]) });
new SlimClient({ host: "x" });
const started: Promise<void> = init();
void init(new Uint8Array());
bare.close();

const defaults: ChatDefaults = { temperature: 0.2, max_tokens: 400, extra_params: { safe_prompt: true } };
const chat: Chat = client.chat("my-endpoint", defaults);
const endpoint: string = chat.endpoint;

const part: ContentPart = { type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } };
const message: Message = { role: "user", content: [{ type: "text", text: "hi" }, part] };
const role: Role = "critic";
const inputs: ChatInput[] = [
  "text",
  message,
  ["text", ["user", "pair"], ["system", [{ type: "text", text: "x" }]], message, { role: "tool", tool_call_id: "a", content: "4" }],
  [{ role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] }],
  [[role, "x"]],
] as const;

const callOptions: CallOptions = { signal: new AbortController().signal, timeouts: { totalMs: 5 } satisfies Timeouts, headers: [["a", "b"]], maxAttempts: 1 };
const add = tool({
  name: "add",
  description: "Adds",
  parameters: z.object({ a: z.number(), b: z.string().optional() }),
  execute: ({ a, b }, { signal, toolCallId }: ToolContext) => {
    same<typeof a, number>();
    same<typeof b, string | undefined>();
    return signal.aborted ? toolCallId : a;
  },
});
const described = tool({ name: "now", parameters: { type: "object", properties: {} }, strict: true, execute: async (args) => ({ at: args["zone"] }) });
const typedByHand = tool<{ city: string }>({ name: "weather", parameters: { type: "object" }, execute: ({ city }) => city.length });
const definition: Tool = { type: "function", function: { name: "f" } };
const tools: RunnableTool[] = [add, described, typedByHand];

const options: ChatOptions = {
  ...callOptions,
  max_tokens: 1, temperature: null, top_p: 0.5, top_k: 3, stop: ["a"], n: 2, tools: [add, definition], tool_choice: "any", logprobs: true, top_logprobs: 2,
  response_format: { type: "json_schema", json_schema: { name: "x", schema: {}, strict: true } }, reasoning_effort: "low", thinking: { type: "enabled" },
  user: "u", seed: 1, presence_penalty: 1, frequency_penalty: 1, stream_options: { include_usage: true }, databricks_options: { return_trace: true },
  client_request_id: "id", usage_context: { team: "x" }, custom_inputs: { a: 1 }, extra_params: { anything: [1, "2"] },
};
await chat.invoke("x", { tool_choice: { type: "function", function: { name: "add" } }, stop: "x", response_format: { type: "json_object" } });
await chat.invoke("x", { tool_choice: "add", reasoning_effort: "tomorrow's", tools: null });

const answer: ChatAnswer = await chat.invoke(inputs[0] ?? "", options);
const completion: ChatCompletion = answer;
same<typeof answer.text, string>();
same<typeof answer.parts, ContentPart[]>();
same<typeof answer.toolCalls, RequestedTool[]>();
same<typeof answer.finishReason, FinishReason | undefined>();
same<typeof answer.message, Message>();
const ids: (string | undefined)[] = [answer.requestId, answer.servedModelName];
const attempts: number | undefined = answer.attempts;
const usage: Usage | null | undefined = answer.usage;
const total: number = usage?.total_tokens ?? 0;
for (const call of answer.toolCalls) {
  const error: LakewireError | undefined = call.error;
  const args: Record<string, unknown> | undefined = call.arguments;
  void [call.id, call.name, call.argumentsRaw, error, args];
}
for (const one of answer.parts) {
  if (one.type === "text") same<typeof one.text, string>();
  if (one.type === "reasoning") for (const step of one.summary) if (step.type === "summary_text") same<typeof step.signature, string | null | undefined>();
}
const call: ToolCall | undefined = answer.choices[0]?.message.tool_calls?.[0];
await chat.invoke([["user", "q"], answer.message, "again"]);

const stream: ChatStream<ChatCompletionChunk> = await chat.stream("x", options);
for await (const chunk of stream) {
  same<typeof chunk, ChatCompletionChunk>();
  const content = chunk.choices[0]?.delta.content;
  const name: string | null | undefined = chunk.choices[0]?.delta.tool_calls?.[0]?.function?.name;
  void [content, name];
}
const readable: ReadableStream<ChatCompletionChunk> = stream;
const completeness: Completeness = stream.completeness;
if (completeness.state === "truncated") void completeness.warnings.length;
const whole: ChatAnswer = await stream.finalCompletion();
const finished: Promise<void> = stream.finished;
const words: ChatStream<string> = await chat.textStream("x");
for await (const word of words) same<typeof word, string>();
await words.cancel("enough");
words.getReader().releaseLock();
void words.pipeThrough(new TextEncoderStream());

const results: BatchResult[] = await chat.batch(new Set(["a", message]), { ...options, maxConcurrency: 2 });
for (const result of results) {
  if (result.status === "fulfilled") same<typeof result.value, ChatAnswer>();
  else same<typeof result.reason, LakewireError>();
}

const runOptions: RunToolsOptions = {
  tools,
  maxSteps: 3,
  toolTimeoutMs: 1000,
  stream: true,
  temperature: 0,
  onEvent: (event: ToolEvent) => {
    if (event.type === "chunk") same<typeof event.chunk, ChatCompletionChunk>();
    if (event.type === "tool_result") void [event.name, event.result, event.error];
  },
};
const run: ToolRun = await chat.runTools("x", runOptions);
const transcript: Message[] = run.messages;
const last: string = run.answer.text;

const person = z.object({ name: z.string(), age: z.coerce.number(), tags: z.array(z.string()).default([]) });
const structured: StructuredOptions = { method: "function_calling", name: "person", strict: true };
const typed = chat.structuredOutput(person, structured);
const { value, completion: raw } = await typed.invoke("x", options);
same<typeof value, { name: string; age: number; tags: string[] }>();
same<typeof raw, ChatAnswer>();
const byHand = await chat.structuredOutput<{ x: number }>({ type: "object" }, { method: "json_mode" }).invoke("x");
same<typeof byHand.value, { x: number }>();
const free = await chat.structuredOutput({ type: "object" }).invoke("x");
same<typeof free.value, unknown>();
const handle: StructuredChat<{ name: string; age: number; tags: string[] }> = typed;
const own: StandardSchema<number> = { "~standard": { version: 1, vendor: "own", validate: (given) => ({ value: Number(given) }) } };

const all: ServingEndpoint[] = await client.servingEndpoints().list(callOptions);
const one: ServingEndpoint = await client.servingEndpoints().get("x");
const ready: string = one.state?.ready ?? one.config?.served_entities?.[0]?.name ?? "";

const driverApp: DriverProxyApp = { clusterId: "1120-090000-abcd1234", clusterDriverPort: "7777", orgId: await client.orgId(callOptions), path: "v1" };
const targets: CompletionsTarget[] = ["dolly", driverApp, { clusterId: "c", clusterDriverPort: 7777 }];
const modelParams: ModelParams = { k: 1 };
const completionParams: CompletionParams = { temperature: 0, n: 2, max_tokens: null, stop: "x", top_p: 1, extra_params: { a: 1 } };
const completionsOptions: CompletionsOptions = {
  ...completionParams, task: "llm/v1/completions", inputFormat: "dataframe_split", params: modelParams,
  transformInput: async (request) => ({ text: request.prompt.trim(), until: request.stop?.[0] }),
  transformOutput: async (answer) => { const text: string = answer.text; return text; },
};
const completions: Completions = client.completions("dolly", completionsOptions);
for (const target of targets) client.completions(target, { model_kwargs: { a: 1 }, transformOutput: (text: string) => text.toUpperCase() });
const completionOptions: CompletionOptions = { ...callOptions, stop: ["a"], temperature: null, params: modelParams };
same<typeof completions.endpoint, string | undefined>();
const words2: string = await completions.invoke("x", completionOptions);
const generation: Generation = await completions.generate("x");
void [generation.text.length, generation.texts[0]?.length, generation.raw, generation.usage?.total_tokens, generation.requestId, generation.attempts];
const pieces: EventStream<string> = await completions.stream("x", { max_tokens: 5 });
for await (const piece of pieces) same<typeof piece, string>();
for (const result of await completions.batch(["x"], { maxConcurrency: 2, stop: "x" })) if (result.status === "fulfilled") same<typeof result.value, string>();

const hubConfig: HubClientConfig = { token: "hf", baseUrl: "http://127.0.0.1:8080", provider: "tgi", billTo: "org", retry: { maxAttempts: 2 } };
const hub = new HubClient(hubConfig);
new HubClient();
const parameters: TextGenerationParameters = { max_new_tokens: 20, stop: ["a"], grammar: { type: "json", value: {} }, extra_params: { new: 1 } };
const generated: TextGeneration = await hub.textGeneration(null, dollyPrompt("x", "y"), parameters, callOptions);
const generatedDetails: TextGenerationDetails | undefined = generated.details;
const answered: string = dollyAnswer(generated.text);
for await (const event of await hub.textGenerationStream("org/model", "x")) {
  same<typeof event, TextGenerationEvent>();
  const text: string | undefined = event.token?.text;
  void text;
}
for await (const word of await hub.textStream("org/model", "x", {}, { maxAttempts: 1 })) same<typeof word, string>();
const hubChat: Chat = hub.chat("org/model:fastest", { temperature: 0.1 });
hub.close();
void [words2, generatedDetails, answered, hubChat];

try {
  await chat.invoke("x");
} catch (error) {
  if (error instanceof LakewireError) {
    const kind: ErrorKind = error.kind;
    same<typeof error.isRetryable, boolean>();
    same<typeof error.maybeProcessed, boolean>();
    same<typeof error.attempts, number>();
    const facts: (string | number | undefined)[] = [error.status, error.errorCode, error.requestId, error.retryAfterMs, error.phase, error.message];
    const text: string | undefined = error.completion?.text;
    const partial: ChatCompletion | undefined = error.partial;
    void [kind, facts, text, partial, error.details, error.cause];
    if (error.kind === "TooManyRequests" || error.kind === "a kind of tomorrow") throw error;
  }
}

const embedderOptions: EmbedderOptions = { query_params: { instruction: "Find:", own: 7 }, documents_params: { user: null }, batchSize: 20, maxConcurrency: 2, encodingFormat: "auto" };
const embedder: Embedder = client.embeddings("gte", embedderOptions);
const embedOptions: EmbedOptions = { ...callOptions, dimensions: 256, encodingFormat: "base64", own: true };
const query: Float32Array = await embedder.embedQuery("text", embedOptions);
const documents: Embeddings = await embedder.embedDocuments(new Set(["a", "b"]), { batchSize: 1 });
for (const row of documents) same<typeof row, Float32Array>();
const settledBatches: EmbeddedBatch[] = await embedder.embedDocumentsSettled(["a"]);
for (const batch of settledBatches) {
  if (batch.status === "fulfilled") same<typeof batch.value, Embeddings>();
  else same<typeof batch.reason, LakewireError>();
}
const keptBatches: EmbeddedBatch[] | undefined = (new Error() as EmbeddingsError).batches;
const embeddingParams: EmbeddingParams = { user: "me" };
const stored = new Embeddings(new Float32Array(4), 2);
const numbers: number[] = [dot(query, [1, 2]), cosineSimilarity([1], new Float64Array(1)), ...similarities(query, stored), ...similarities([1], [[1]])];
const tokens: number | undefined = documents.usage?.total_tokens;
void [embedder.endpoint, documents.data.length, documents.dimensions, documents.length, documents.at(-1)?.length, documents.toArrays()[0]?.[0], documents.model, documents.requestIds[0], keptBatches, embeddingParams, numbers, tokens];

export { all, attempts, call, completion, endpoint, finished, handle, ids, last, own, readable, ready, started, total, transcript, whole };

// Responses and ChatAgent
const responses: Responses = client.responses("e", { route: "openai", temperature: 0, tools: null });
const responsesInput: ResponsesInput[] = [
  "x",
  { role: "user", content: "x" },
  { role: "user", content: [{ type: "input_text", text: "x" }, { type: "input_image", image_url: "data:" }] },
  { type: "message", role: "assistant", content: "x" },
  { type: "function_call_output", call_id: "c", output: "4" },
  { type: "hologram", x: 1 },
  ["x", ["user", "y"], { role: "tool", content: "4", tool_call_id: "c" }],
];
const responsesOptions: ResponsesOptions = {
  max_output_tokens: 1, custom_inputs: { a: 1 }, context: { conversation_id: "c" }, databricks_options: { return_trace: true }, reasoning: { effort: "low" },
  tools: [add, { type: "function", name: "f", parameters: {} }], tool_choice: "auto", signal: new AbortController().signal,
};
const said: ResponsesAnswer = await responses.invoke(responsesInput[0]!, responsesOptions);
same<typeof said.text, string>();
same<typeof said.reasoning, string>();
same<typeof said.toolCalls, RequestedTool[]>();
const spent: ResponseUsage | null | undefined = said.usage;
const turn: ResponseItem[] = said.nextInput(["more"]).concat(said.asInput());
await responses.invoke(turn);
for (const item of said.output) if (item.type === "message" && typeof item.content !== "string") for (const part of item.content) if (part.type === "output_text") part.text.trim();
const events: ResponsesStream<ResponseEvent> = await responses.stream("x");
const asEvents: EventStream<ResponseEvent> = events;
for await (const one of events) if (one.type === "response.output_text.delta") one.delta.trim(); else if (one.type === "response.completed") one.response.usage?.total_tokens;
const finalSaid: ResponsesAnswer = await events.finalResponse();
const responseWords: ResponsesStream<string> = await responses.textStream("x");
const responseBatch: BatchResult<ResponsesAnswer>[] = await responses.batch(["x"], { maxConcurrency: 2 });
const responsesRun: ResponsesRun = await responses.runTools("x", { tools: [add], stream: true, onEvent: (one) => void (one.type === "event" ? one.event.type : one.type) });
const agent: ChatAgent = client.chatAgent("e", { custom_inputs: {} });
const agentInput: ChatAgentInput = ["x", ["user", "y"], { role: "tool", content: "4", name: "f", tool_call_id: "c" }];
const agentOptions: ChatAgentOptions = { context: { user_id: "u" }, timeouts: { idleMs: 1 } };
const agentSaid: ChatAgentAnswer = await agent.invoke(agentInput, agentOptions);
const lastSaid: ChatAgentMessage | undefined = agentSaid.message;
const agentStream: ChatAgentStream<ChatAgentChunk> = await agent.stream("x");
for await (const { delta } of agentStream) delta?.content?.trim();
const agentWords: ChatAgentStream<string> = await agent.textStream("x");
void [spent, asEvents, finalSaid, responseWords, responseBatch, responsesRun, lastSaid, agentWords, await agentStream.finalAnswer()];

const principal = new WorkspaceClient({ host: "x.example", clientId: "id", clientSecret: "secret", scopes: ["all-apis"], authorizationDetails: [{ type: "x" }], followRedirects: true, workspaceId: "1" });
const azure: AzureServicePrincipal = { clientId: "id", clientSecret: "secret", environment: "CHINA" };
const federated: WorkspaceClientConfig = { host: "x.example", azure, federation: { token: async () => "jwt" } };
const signIn = new SignIn({ host: "x.example", redirectUri: "http://localhost:8020" });
const { url, pending } = await signIn.begin();
const session: Session = await signIn.complete(new URL(url), pending);
const pageSession: Session = await completeSignIn({ host: "/databricks", clientId: await beginSignIn({ host: "/databricks" }) });
const user = new WorkspaceClient({ host: "x.example", session });
const served: string = onBehalfOf(new Headers()) + onBehalfOf({ "x-forwarded-access-token": "t", accept: ["a"] }) + onBehalfOf([["a", "b"]]);
const configured: WorkspaceClientConfig = configFromEnv({ DATABRICKS_HOST: "x", OTHER: 7 }, { profile: "robot", file: () => undefined, token: served });
const machine: WorkspaceClient = fromEnv({ timeouts: { idleMs: 1 } });
const named: WorkspaceClient = fromProfile("robot", { authType: "pat" });
const looped: Session = await u2mLoopback({ host: "x.example", show: (at: string) => console.log(at), signal: AbortSignal.timeout(1) });
void [principal, federated, pageSession, user, configured, machine, named, looped];

// Serving endpoints, secrets and a self-hosted gateway.
const model: ExternalModel = { provider: "openai", name: "gpt-4", task: "llm/v1/chat", openai_config: { openai_api_key: secretReference("llm", "openai") } };
const everyProvider: ExternalModel[] = [
  model,
  { provider: "anthropic", name: "m", task: "llm/v1/chat", anthropic_config: { anthropic_api_key_plaintext: "k" } },
  { provider: "cohere", name: "m", task: "llm/v1/embeddings", cohere_config: { cohere_api_key: "r", cohere_api_base: "b" } },
  { provider: "ai21labs", name: "m", task: "llm/v1/completions", ai21labs_config: { ai21labs_api_key: "r" } },
  { provider: "palm", name: "m", task: "llm/v1/chat", palm_config: { palm_api_key: "r" } },
  { provider: "amazon-bedrock", name: "m", task: "llm/v1/chat", amazon_bedrock_config: { aws_region: "r", bedrock_provider: "amazon", instance_profile_arn: "a" } },
  { provider: "google-cloud-vertex-ai", name: "m", task: "llm/v1/chat", google_cloud_vertex_ai_config: { project_id: "p", region: "r", private_key: "k" } },
  { provider: "databricks-model-serving", name: "m", task: "llm/v1/chat", databricks_model_serving_config: { databricks_workspace_url: "u", databricks_api_token: "t" } },
  { provider: "custom", name: "m", task: "llm/v1/chat", custom_provider_config: { custom_provider_url: "u", bearer_token_auth: { token: "t" } } },
];
const request: CreateEndpointRequest = {
  name: "e",
  config: { served_entities: everyProvider.map((external_model) => ({ external_model })), traffic_config: { routes: [{ served_entity_name: "a", traffic_percentage: 100 }] } },
  ai_gateway: { rate_limits: [{ renewal_period: "minute", calls: 5, key: "user" }], guardrails: { input: { pii: { behavior: "BLOCK" } } } },
  tags: [{ key: "team" }],
};
const management = client.servingEndpoints();
const waiting: WaitOptions = { timeoutMs: 1, signal: new AbortController().signal, onProgress: ({ ready, attempt, endpoint }: EndpointProgress) => void [ready, attempt, endpoint.name] };
async function managed(): Promise<void> {
  same<ServingEndpoint, Awaited<ReturnType<typeof management.createAndWait>>>();
  await management.createAndWait(request, waiting);
  await management.updateConfigAndWait("e", { served_entities: [{ entity_name: "c.s.m", entity_version: "1", workload_size: "Small" }] });
  const answer = await management.query<{ predictions: number[] }>("e", { inputs: [1] });
  same<typeof answer, { predictions: number[] }>();
  for await (const event of await management.queryStream<{ a: number }>("e", {})) same<typeof event, { a: number }>();
  const permissions = await management.permissions("e");
  await permissions.set([{ group_name: "users", permission_level: "CAN_QUERY" }]);
  await client.secrets().createScope({ scope: "llm", initial_manage_principal: "users" });
  await client.secrets().put("llm", "k", new Uint8Array());
  const value: SecretValue = await client.secrets().get("llm", "k");
  const text: string = value.expose();
  await client.secrets().put("llm", text, value);
  const gateway = new GatewayClient({ host: "http://127.0.0.1:5000", allowHttp: true, timeouts: { totalMs: 1 } });
  const names: string[] = (await gateway.list()).map(({ name }) => name);
  same<Chat, ReturnType<typeof gateway.chat>>();
  await gateway.openai("embeddings", { model: names[0] ?? "x", input: "x" });
}
void managed;

const relayed: RelayedClientConfig = { relay: "/api/lakewire", headers: { "x-csrf": "1" }, timeouts: { totalMs: 1000 } };
void new WorkspaceClient(relayed).chat("e");
