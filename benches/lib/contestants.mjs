// Who is compared. Each takes a fetch and gives one run: a stream read to its end, the number of its deltas returned.

import { parserStream, plainStream } from "./plain.mjs";

export const HOST = "https://bench.cloud.databricks.com";
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

export async function through(fetch, run) {
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
