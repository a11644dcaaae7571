// An endpoint for a model at OpenAI, from the key to the last call. `node examples/external_endpoint.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and OPENAI_API_KEY. Everything it makes it deletes.

import { secretReference, WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const endpoints = client.servingEndpoints();
const suffix = Math.random().toString(36).slice(2, 8);
const [name, scope] = [`external-gpt4-${suffix}`, `llm-${suffix}`];

// the key stands in a secret; the endpoint knows only where
await client.secrets().createScope(scope);
try {
  await client.secrets().put(scope, "openai", process.env.OPENAI_API_KEY ?? "sk-sample");
  const openai_config = { openai_api_key: secretReference(scope, "openai") };
  const external_model = { provider: "openai", name: "gpt-4", task: "llm/v1/chat", openai_config };
  const endpoint = await endpoints.createAndWait(
    { name, config: { served_entities: [{ name: "gpt-4", external_model }] }, tags: [{ key: "team", value: "web" }] },
    { onProgress: ({ ready, configUpdate }) => console.log(`${ready}, ${configUpdate}`) },
  );
  console.log(`${endpoint.task} is ready.`);
  const answer = await client.chat(name).invoke("My name is Ann. What is my name?");
  console.log(`Answer: ${answer.text}`);
  await endpoints.delete(name);
  console.log("Deleted.");
} finally {
  await client.secrets().deleteScope(scope);
}
