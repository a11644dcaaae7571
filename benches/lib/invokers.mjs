// Who is compared for one small call.

import { HOST, through } from "./contestants.mjs";

/** One whole answer each; the answer's text is returned. */
export async function invokers() {
  const { WorkspaceClient } = await import("../../pkg/dist/index.js");
  const { OpenAI } = await import("openai");
  const { ChatDatabricks } = await import("@databricks/langchainjs");
  const messages = [{ role: "user", content: "x" }];
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
