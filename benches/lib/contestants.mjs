// Who is compared. Each takes a fetch and gives one run: a stream read to its end, the number of its deltas returned.

import { parserStream, plainStream } from "./plain.mjs";

const HOST = "https://bench.cloud.databricks.com";
const BODY = { messages: [{ role: "user", content: "x" }], stream: true };

async function drain(stream, each) {
  let count = 0;
  for await (const item of stream) {
    count += 1;
    each?.(item);
  }
  return count;
}

const post = (fetch) => fetch(`${HOST}/serving-endpoints/e/invocations`, { method: "POST", body: JSON.stringify(BODY) });

/** Plain JavaScript and lakewire: what runs everywhere. */
export function core({ WorkspaceClient }) {
  const chats = new WeakMap();
  const chat = (fetch) => {
    if (!chats.has(fetch)) {
      chats.set(fetch, new WorkspaceClient({ host: HOST, token: "dapi-bench", fetch, dangerouslyAllowBrowser: true }).chat("e"));
    }
    return chats.get(fetch);
  };
  return {
    "plain JS": async (fetch, each) => drain(plainStream(await post(fetch)), each),
    lakewire: async (fetch, each) => drain(await chat(fetch).stream("x"), each),
    "lakewire, text only": async (fetch, each) => drain(await chat(fetch).textStream("x"), each),
  };
}

export function eventsourceParser({ createParser }) {
  return { "eventsource-parser": async (fetch, each) => drain(parserStream(await post(fetch), createParser), each) };
}

export function openai({ OpenAI }) {
  const clients = new WeakMap();
  const client = (fetch) => {
    if (!clients.has(fetch)) clients.set(fetch, new OpenAI({ apiKey: "x", baseURL: `${HOST}/serving-endpoints`, fetch, dangerouslyAllowBrowser: true }));
    return clients.get(fetch);
  };
  return { openai: async (fetch, each) => drain(await client(fetch).chat.completions.create({ model: "e", ...BODY }), each) };
}

/** The real one. */
export const network = globalThis.fetch;
let current = network;
// two contestants call the global fetch, and one of them keeps the one it was made with
globalThis.fetch = (...request) => current(...request);

async function through(fetch, run) {
  current = fetch;
  try {
    return await run();
  } finally {
    current = network;
  }
}

const TOOL = { name: "save", description: "Save a text" };

export function aiSdk({ streamText, tool, createDatabricksProvider, z }) {
  const model = createDatabricksProvider({ baseURL: `${HOST}/serving-endpoints`, headers: { Authorization: "Bearer x" } }).chatCompletions("e");
  // what a streamed tool call needs to be parsed; it is not run
  const tools = { save: tool({ description: TOOL.description, inputSchema: z.object({ text: z.string() }) }) };
  return {
    "ai + provider": (fetch, each) =>
      through(fetch, () => drain(streamText({ model, maxRetries: 0, prompt: "x", tools, onError: ({ error }) => { throw error; } }).fullStream, each)),
  };
}

export function langchain({ ChatDatabricks }) {
  const model = new ChatDatabricks({ model: "e", maxRetries: 0, auth: { host: HOST, token: "x" } });
  return { langchainjs: (fetch, each) => through(fetch, async () => drain(await model.stream("x"), each)) };
}

/** One whole answer each; the answer's text is returned. */
export async function invokers() {
  const { WorkspaceClient } = await import("../../pkg/dist/index.js");
  const { OpenAI } = await import("openai");
  const { ChatDatabricks } = await import("@databricks/langchainjs");
  const { messages } = BODY;
  const init = () => ({ method: "POST", headers: { authorization: "Bearer x", "content-type": "application/json" }, body: JSON.stringify({ messages }) });
  const made = new Map();
  const of = (kind, fetch, make) => {
    if (!made.has(kind)) made.set(kind, make(fetch));
    return made.get(kind);
  };
  return {
    "bare fetch": async (fetch) => {
      const response = await fetch(`${HOST}/serving-endpoints/e/invocations`, init());
      return JSON.parse(await response.text()).choices[0].message.content;
    },
    lakewire: async (fetch) => {
      const chat = of("lakewire", fetch, () => new WorkspaceClient({ host: HOST, token: "dapi-bench", fetch }).chat("e"));
      return (await chat.invoke("x")).text;
    },
    openai: async (fetch) => {
      const client = of("openai", fetch, () => new OpenAI({ apiKey: "x", baseURL: `${HOST}/serving-endpoints`, fetch }));
      return (await client.chat.completions.create({ model: "e", messages })).choices[0].message.content;
    },
    langchainjs: async (fetch) => {
      const model = of("langchainjs", fetch, () => new ChatDatabricks({ model: "e", maxRetries: 0, auth: { host: HOST, token: "x" } }));
      return through(fetch, async () => (await model.invoke("x")).content);
    },
  };
}
