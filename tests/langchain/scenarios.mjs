// What LangChain.js does with the models: its own chains, agents and graphs, unmodified. Each runs in Node and in a page.
// A scenario gets `fields` (where the workspace is) and throws when something is wrong.

import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { CommaSeparatedListOutputParser, JsonOutputParser, StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate, MessagesPlaceholder, PromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnableParallel, RunnablePassthrough } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { Annotation, Command, END, MemorySaver, messagesStateReducer, START, StateGraph } from "@langchain/langgraph/web";
import { createAgent, humanInTheLoopMiddleware, modelCallLimitMiddleware, providerStrategy, summarizationMiddleware, toolStrategy } from "langchain";
import { ChatDatabricks, Databricks, DatabricksEmbeddings } from "lakewire/langchain";
import { z } from "zod";
import { equal, match, ok, rejects } from "./check.mjs";

export const LLAMA = "databricks-meta-llama-3-3-70b-instruct";
export const CLAUDE = "databricks-claude-sonnet-4";
export const EXTERNAL = "team-chat";
export const GPT_OSS = "databricks-gpt-oss-20b";
const PASSAGE = "Use only this text. Lakewire was founded in 2019 in Oslo. Its office dog is called Bilbo.";
const PERSON = z.object({ name: z.string(), age: z.number() });

const weather = tool(async ({ city }) => `It is 21 degrees and sunny in ${city}.`, {
  name: "get_weather", description: "Get the weather of a city", schema: z.object({ city: z.string().describe("The city") }),
});
const multiply = tool(async ({ a, b }) => String(a * b), { name: "multiply", description: "Multiplies two numbers", schema: z.object({ a: z.number(), b: z.number() }) });

const collect = async (stream) => {
  const all = [];
  for await (const piece of stream) all.push(piece);
  return all;
};
const folded = async (stream) => (await collect(stream)).reduce((whole, chunk) => whole.concat(chunk));

const scenarios = {};

for (const model of [LLAMA, CLAUDE, EXTERNAL, GPT_OSS]) {
  scenarios[`invoke: ${model}`] = async (fields) => {
    const answer = await new ChatDatabricks({ ...fields, model }).invoke([new SystemMessage(PASSAGE), new HumanMessage("When was Lakewire founded?")]);
    match(answer.text, /2019/);
    ok(answer.usage_metadata.input_tokens > 0 && answer.usage_metadata.total_tokens === answer.usage_metadata.input_tokens + answer.usage_metadata.output_tokens, "usage");
    equal(answer.response_metadata.finish_reason, "stop");
    equal(answer.response_metadata.endpoint, model);
    ok(answer.response_metadata.request_id && answer.id, "ids");
    const thoughts = answer.contentBlocks.filter((block) => block.type === "reasoning");
    equal(thoughts.length, model === GPT_OSS ? 1 : 0, "thoughts");
  };
  scenarios[`stream: ${model}`] = async (fields) => {
    const chunks = await collect(await new ChatDatabricks({ ...fields, model }).stream([new SystemMessage(PASSAGE), new HumanMessage("What is the office dog called?")]));
    ok(chunks.length > 3, "pieces");
    const whole = chunks.reduce((sum, chunk) => sum.concat(chunk));
    match(whole.text, /Bilbo/);
    equal(whole.response_metadata.finish_reason, "stop");
    equal(chunks.filter((chunk) => chunk.usage_metadata).length, model === EXTERNAL ? 0 : 1, "usage comes once");
    if (model === GPT_OSS) equal(whole.content.map((block) => block.type), ["reasoning", "text"]);
    else equal(typeof whole.content, "string");
  };
  scenarios[`tools round trip: ${model}`] = async (fields) => {
    const bound = new ChatDatabricks({ ...fields, model }).bindTools([weather]);
    const history = [new HumanMessage("What is the weather in Paris?")];
    const first = await bound.invoke(history);
    equal(first.tool_calls.map((call) => [call.name, call.args]), [["get_weather", { city: "Paris" }]]);
    equal(first.response_metadata.finish_reason, "tool_calls");
    history.push(first);
    for (const call of first.tool_calls) history.push(await weather.invoke(call));
    match((await bound.invoke(history)).text, /21 degrees/);
  };
  scenarios[`tools in a stream: ${model}`] = async (fields) => {
    const whole = await folded(await new ChatDatabricks({ ...fields, model }).bindTools([weather]).stream("What is the weather in Paris?"));
    equal(whole.tool_calls.map((call) => [call.name, call.args]), [["get_weather", { city: "Paris" }]]);
  };
  for (const method of ["functionCalling", "jsonSchema"]) {
    scenarios[`structured output by ${method}: ${model}`] = async (fields) => {
      const people = new ChatDatabricks({ ...fields, model }).withStructuredOutput(PERSON, { method, name: "person" });
      equal(await people.invoke("Ann is 31 years old."), { name: "Ann", age: 31 });
    };
  }
}

scenarios["structured output: the raw answer beside, JSON Schema, and a value that does not fit"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: LLAMA });
  const { raw, parsed } = await model.withStructuredOutput(PERSON, { includeRaw: true }).invoke("Ann is 31 years old.");
  equal(parsed, { name: "Ann", age: 31 });
  equal(raw.tool_calls.length, 1);
  const schema = { title: "person", type: "object", properties: { name: { type: "string" }, age: { type: "number" } }, required: ["name", "age"] };
  equal(await model.withStructuredOutput(schema).invoke("Ann is 31 years old."), { name: "Ann", age: 31 });
  equal(await model.withStructuredOutput(schema, { method: "json_schema" }).invoke("Ann is 31 years old."), { name: "Ann", age: 31 });
  const young = z.object({ name: z.string(), age: z.number().refine((age) => age < 18, "too old") });
  await rejects(model.withStructuredOutput(young).invoke("Ann is 31 years old."), (failure) => /too old/.test(failure.message));
  equal((await model.withStructuredOutput(young, { includeRaw: true }).invoke("Ann is 31 years old.")).parsed, null);
};

scenarios["tools: two calls of one answer, a forced tool, and none"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: LLAMA });
  const both = await model.bindTools([weather]).invoke("What is the weather in Paris and London?");
  equal(both.tool_calls.map((call) => call.args.city), ["Paris", "London"]);
  const forced = await model.bindTools([weather, multiply], { tool_choice: "multiply" }).invoke("Multiply 6 and 7, whatever the weather in Paris is.");
  equal(forced.tool_calls.map((call) => call.name), ["multiply"]);
  const any = await model.bindTools([weather], { tool_choice: "any" }).invoke("The weather in Rome?");
  equal(any.tool_calls.length, 1);
  const none = await model.bindTools([weather], { tool_choice: "none" }).invoke("What is the weather in Paris?");
  equal(none.tool_calls, []);
  const plain = await model.bindTools([{ type: "function", function: { name: "get_weather", description: "Get the weather of a city", strict: true, parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }]).invoke("What is the weather in Paris?");
  equal(plain.tool_calls[0].args, { city: "Paris" });
};

scenarios["chains: prompt, model and parser, streamed, beside each other, and in a batch"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: LLAMA });
  const prompt = ChatPromptTemplate.fromMessages([["system", "{passage}"], new MessagesPlaceholder({ variableName: "history", optional: true }), ["human", "{question}"]]);
  const chain = prompt.pipe(model).pipe(new StringOutputParser());
  match(await chain.invoke({ passage: PASSAGE, question: "When was Lakewire founded?" }), /2019/);
  ok((await collect(await chain.stream({ passage: PASSAGE, question: "What is the office dog called?" }))).length > 3, "words come one by one");
  const both = await RunnableParallel.from({ year: chain, question: new RunnablePassthrough().pipe(RunnableLambda.from(({ question }) => question)) }).invoke({ passage: PASSAGE, question: "When was Lakewire founded?" });
  match(both.year, /2019/);
  equal(both.question, "When was Lakewire founded?");
  equal((await model.batch(["Say one", "Say two", "Say three"], { maxConcurrency: 2 })).map((answer) => answer.text), ["one", "two", "three"]);
  const said = ChatPromptTemplate.fromMessages([["human", "Say {it}"]]).pipe(model).pipe(new CommaSeparatedListOutputParser());
  equal(await said.invoke({ it: "red, green, blue" }), ["red", "green", "blue"]);
};

scenarios["fallbacks and retries: an endpoint that is not there, then one that is"] = async (fields) => {
  const missing = new ChatDatabricks({ ...fields, model: "no-such-endpoint", maxRetries: 0 });
  const model = missing.withFallbacks([new ChatDatabricks({ ...fields, model: LLAMA })]);
  equal((await model.invoke("Say one")).text, "one");
  await rejects(missing.invoke("Say one"), (failure) => failure.name === "LakewireError" && failure.lc_error_code === "MODEL_NOT_FOUND" && failure.status === 404);
  await rejects(missing.withRetry({ stopAfterAttempt: 2 }).invoke("Say one"), (failure) => failure.lc_error_code === "MODEL_NOT_FOUND");
};

scenarios["events of a chain, by LangChain's own stream of them"] = async (fields) => {
  const chain = ChatPromptTemplate.fromMessages([["human", "{q}"]]).pipe(new ChatDatabricks({ ...fields, model: LLAMA })).pipe(new StringOutputParser());
  const events = await collect(chain.streamEvents({ q: "Say one two three" }, { version: "v2" }));
  const words = events.filter(({ event }) => event === "on_chat_model_stream").map(({ data }) => data.chunk.text).join("");
  equal(words, "one two three");
  const end = events.find(({ event }) => event === "on_chat_model_end");
  equal(end.data.output.text, "one two three");
  equal(end.metadata.ls_provider, "databricks");
  equal(end.metadata.ls_model_name, LLAMA);
};

scenarios["events of the model itself: blocks that begin, grow and end"] = async (fields) => {
  const stream = new ChatDatabricks({ ...fields, model: GPT_OSS }).streamEvents("Say one two three", { version: "v3" });
  const events = await collect(stream);
  const names = new Set(events.map(({ event }) => event));
  ok(names.has("message-start") && names.has("content-block-delta") && names.has("message-finish"), [...names].join());
};

scenarios["callbacks: each word, the end with usage, and a failure"] = async (fields) => {
  const seen = { words: "", ends: [], failures: 0, starts: 0 };
  const handler = {
    handleChatModelStart: () => void (seen.starts += 1),
    handleLLMNewToken: (word) => void (seen.words += word),
    handleLLMEnd: (output) => void seen.ends.push(output),
    handleLLMError: () => void (seen.failures += 1),
  };
  const model = new ChatDatabricks({ ...fields, model: LLAMA, callbacks: [handler] });
  await collect(await model.stream("Say one two three"));
  equal(seen.words, "one two three");
  ok(seen.ends[0].llmOutput.tokenUsage.totalTokens > 0, "usage of the stream");
  await model.invoke("Say one");
  ok(seen.ends[1].llmOutput.tokenUsage.promptTokens > 0, "usage of the answer");
  await rejects(new ChatDatabricks({ ...fields, model: "no-such-endpoint", maxRetries: 0, callbacks: [handler] }).invoke("x"), () => true);
  equal([seen.starts, seen.failures], [3, 1]);
};

scenarios["a signal ends a call and a stream, by the name LangChain looks for"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: LLAMA });
  await rejects(model.invoke("Say one", { signal: AbortSignal.abort() }), (failure) => failure.name === "AbortError" || /abort/i.test(failure.message));
  const controller = new AbortController();
  const stream = await model.stream("Say one two three four five six seven eight nine ten", { signal: controller.signal });
  await rejects((async () => {
    for await (const _ of stream) controller.abort();
  })(), (failure) => failure.name === "AbortError" || /abort/i.test(failure.message));
  // leaving the loop is no failure
  for await (const _ of await model.stream("Say one two three")) break;
};

scenarios["an agent: two tools, one after the other, and the answer"] = async (fields) => {
  const agent = createAgent({ model: new ChatDatabricks({ ...fields, model: LLAMA }), tools: [weather, multiply] });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] });
  equal(messages.map((message) => message.type), ["human", "ai", "tool", "ai"]);
  match(messages.at(-1).text, /21 degrees/);
  const next = await agent.invoke({ messages: [...messages, { role: "user", content: "Multiply 6 and 7." }] });
  match(next.messages.at(-1).text, /42/);
};

scenarios["an agent of a model that thinks: its thoughts go back"] = async (fields) => {
  const agent = createAgent({ model: new ChatDatabricks({ ...fields, model: GPT_OSS }), tools: [weather] });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] });
  match(messages.at(-1).text, /21 degrees/);
  ok(messages[1].contentBlocks.some((block) => block.type === "reasoning" && block.reasoning), "a thought");
};

scenarios["an agent streams its steps and its words"] = async (fields) => {
  const agent = createAgent({ model: new ChatDatabricks({ ...fields, model: CLAUDE }), tools: [weather] });
  const steps = [];
  let words = "";
  for await (const [mode, piece] of await agent.stream({ messages: [{ role: "user", content: "What is the weather in Paris?" }] }, { streamMode: ["updates", "messages"] })) {
    if (mode === "updates") steps.push(...Object.keys(piece));
    else if (piece[0].type === "ai") words += piece[0].text;
  }
  equal(steps, ["model_request", "tools", "model_request"]);
  match(words, /21 degrees/);
};

for (const [name, strategy] of [["a tool", toolStrategy], ["a schema", providerStrategy]]) {
  scenarios[`an agent answers in a form, by ${name}`] = async (fields) => {
    const agent = createAgent({ model: new ChatDatabricks({ ...fields, model: LLAMA }), tools: [], responseFormat: strategy(PERSON) });
    const { structuredResponse } = await agent.invoke({ messages: [{ role: "user", content: "Ann is 31 years old." }] });
    equal(structuredResponse, { name: "Ann", age: 31 });
  };
}

scenarios["an agent answers in a form: a schema where the model's profile says so"] = async (fields) => {
  for (const [profile, tools] of [[{ structuredOutput: true }, 0], [undefined, 1]]) {
    const agent = createAgent({ model: new ChatDatabricks({ ...fields, model: LLAMA, profile }), tools: [], responseFormat: PERSON });
    const { structuredResponse, messages } = await agent.invoke({ messages: [{ role: "user", content: "Ann is 31 years old." }] });
    equal(structuredResponse, { name: "Ann", age: 31 });
    equal(messages.filter((message) => message.type === "tool").length, tools, "messages of tools");
  }
};

scenarios["an agent that asks a person first, and remembers"] = async (fields) => {
  const agent = createAgent({
    model: new ChatDatabricks({ ...fields, model: LLAMA }), tools: [weather], checkpointer: new MemorySaver(),
    middleware: [humanInTheLoopMiddleware({ interruptOn: { get_weather: { allowedDecisions: ["approve", "reject"] } } })],
  });
  const config = { configurable: { thread_id: "1" } };
  const asked = await agent.invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] }, config);
  equal(asked.__interrupt__.length, 1);
  const done = await agent.invoke(new Command({ resume: { decisions: [{ type: "approve" }] } }), config);
  match(done.messages.at(-1).text, /21 degrees/);
  const again = await agent.invoke({ messages: [{ role: "user", content: "Say one" }] }, config);
  ok(again.messages.length > done.messages.length, "the thread goes on");
};

scenarios["an agent that sums up what was said, and one that may ask once"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: LLAMA });
  const agent = createAgent({ model, tools: [], middleware: [summarizationMiddleware({ model, trigger: { messages: 4 }, keep: { messages: 2 } })] });
  const history = ["One.", "Two.", "Three."].flatMap((text) => [{ role: "user", content: text }, { role: "assistant", content: `You said ${text}` }]);
  const { messages } = await agent.invoke({ messages: [...history, { role: "user", content: "Say four" }] });
  ok(messages.length < history.length, `${messages.length} messages are left`);
  match(messages.at(-1).text, /four/);
  const limited = createAgent({ model, tools: [weather], middleware: [modelCallLimitMiddleware({ runLimit: 1, exitBehavior: "end" })] });
  const ended = await limited.invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] });
  match(ended.messages.at(-1).text, /limit/i);
};

scenarios["LangGraph: a graph of the model and its ToolNode"] = async (fields) => {
  const bound = new ChatDatabricks({ ...fields, model: LLAMA }).bindTools([weather]);
  const State = Annotation.Root({ messages: Annotation({ reducer: messagesStateReducer, default: () => [] }) });
  const graph = new StateGraph(State)
    .addNode("model", async ({ messages }, config) => ({ messages: [await bound.invoke(messages, config)] }))
    .addNode("tools", new ToolNode([weather]))
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => (messages.at(-1).tool_calls?.length > 0 ? "tools" : END))
    .addEdge("tools", "model")
    .compile();
  const { messages } = await graph.invoke({ messages: [new HumanMessage("What is the weather in Paris?")] });
  ok(messages.some((message) => message instanceof ToolMessage), "a tool answered");
  match(messages.at(-1).text, /21 degrees/);
};

scenarios["Databricks: text from a completions endpoint, whole, streamed and in a batch"] = async (fields) => {
  const model = new Databricks({ ...fields, endpointName: LLAMA, maxTokens: 50 });
  match(await model.invoke("Say one"), /one/);
  match((await collect(await model.stream("Say one two three"))).join(""), /one two three/);
  equal((await model.batch(["Say one", "Say two"])).length, 2);
  const chain = PromptTemplate.fromTemplate("Say {it}").pipe(model).pipe(new StringOutputParser());
  match(await chain.invoke({ it: "four" }), /four/);
  const json = new Databricks({ ...fields, endpointName: LLAMA, transformInputFn: ({ prompt }) => ({ messages: [{ role: "user", content: prompt }] }), transformOutputFn: (answer) => JSON.stringify({ said: answer.choices[0].message.content }) });
  equal(await json.pipe(new JsonOutputParser()).invoke("Say five"), { said: "five" });
};

scenarios["DatabricksEmbeddings: a query and documents"] = async (fields) => {
  const embeddings = new DatabricksEmbeddings({ ...fields, endpoint: "databricks-gte-large-en" });
  const [document] = await embeddings.embedDocuments(["a lake"]);
  equal(await embeddings.embedQuery("a lake"), document);
};

scenarios["Responses: an answer, a stream and tools, of a model and of an agent"] = async (fields) => {
  const model = new ChatDatabricks({ ...fields, model: "databricks-gpt-5", useResponsesApi: true });
  const history = [new HumanMessage("What is the weather in Paris?")];
  const first = await model.bindTools([weather]).invoke(history);
  equal(first.tool_calls.map((call) => [call.name, call.args]), [["get_weather", { city: "Paris" }]]);
  equal(first.response_metadata.finish_reason, "tool_calls");
  history.push(first, await weather.invoke(first.tool_calls[0]));
  match((await model.bindTools([weather]).invoke(history)).text, /21 degrees/);
  const streamed = await folded(await model.bindTools([weather]).stream("What is the weather in Paris?"));
  equal(streamed.tool_calls.map((call) => call.args), [{ city: "Paris" }]);
  ok(streamed.usage_metadata.total_tokens > 0, "usage");
  const agent = new ChatDatabricks({ ...fields, model: "agent-responses", useResponsesApi: true });
  const whole = await agent.invoke("What is 2 + 3?");
  match(whole.text, /5/);
  equal(whole.tool_calls, [], "what the agent ran itself is not asked for");
  equal((await folded(await agent.stream("What is 2 + 3?"))).text, whole.text, "words come once");
  const own = new ChatDatabricks({ ...fields, model: "agent-responses", useResponsesApi: true, responsesRoute: "invocations" });
  equal((await own.invoke("What is 2 + 3?")).text, whole.text);
};

scenarios["ChatAgent: an answer and a stream"] = async (fields) => {
  const agent = new ChatDatabricks({ ...fields, model: "chat-agent", endpointAPI: "chat-agent", customInputs: { depth: 2 } });
  const whole = await agent.invoke("What is 2 + 3?");
  match(whole.text, /5/);
  equal(whole.response_metadata.custom_outputs, { depth: 2 });
  match((await folded(await agent.stream("What is 2 + 3?"))).text, /5/);
};

/** Scenarios a page cannot run, for a reason of LangGraph's own: `interrupt()` needs AsyncLocalStorage, which browsers lack. */
export const notInPages = new Set(["an agent that asks a person first, and remembers"]);

export { scenarios };
