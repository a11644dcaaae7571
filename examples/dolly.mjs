// Asks a custom model that was trained like Dolly. `node examples/dolly.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT: an endpoint whose model takes `prompt` and `stop`.

import { dollyAnswer, dollyPrompt, WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const endpoint = process.env.LAKEWIRE_ENDPOINT ?? "dolly-v2-12b";
console.log(await client.completions(endpoint).invoke("How are you?"));

// with a stop, and the question put into the words the model was trained with
const dolly = client.completions(endpoint, {
  stop: ["### End"],
  transformInput: (request) => ({ ...request, prompt: dollyPrompt(request.prompt) }),
  transformOutput: dollyAnswer,
});
console.log(`Dolly: ${await dolly.invoke("How are you?")}`);
