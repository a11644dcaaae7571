// Points Databricks' own clients at the emulator; nothing in them is changed.

const emulator = process.env.LAKEWIRE_EMULATOR;
if (!emulator) throw new Error("LAKEWIRE_EMULATOR must hold the emulator's URL, such as http://127.0.0.1:8787.");

export const host = emulator.replace(/\/$/, "");
export const token = process.env.DATABRICKS_TOKEN ?? "dapi-emulator";

process.env.DATABRICKS_HOST = host;
process.env.DATABRICKS_TOKEN = token;
process.env.LANGSMITH_TRACING = "false";

export const llama = "databricks-meta-llama-3-3-70b-instruct";
export const claude = "databricks-claude-sonnet-4";
export const external = "team-chat";
export const gptOss = "databricks-gpt-oss-20b";

export const passage = "Use only this text. Lakewire was founded in 2019 in Oslo. Its office dog is called Bilbo.";

// The Databricks SDK inside langchainjs makes every host `https://<name>`, without a port. So the test stands where name
// resolution and TLS would: requests to this workspace go to the emulator. The client itself is untouched.
export const workspace = "https://judged.cloud.databricks.com";
const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = typeof input === "string" || input instanceof URL ? String(input) : input.url;
  if (!url.startsWith(workspace)) return realFetch(input, init);
  const target = host + url.slice(workspace.length);
  return realFetch(typeof input === "string" || input instanceof URL ? target : new Request(target, input), init);
};
