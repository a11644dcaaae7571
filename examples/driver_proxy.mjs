// Asks an app on a cluster's driver node. `node examples/driver_proxy.mjs`
// The app is examples/apps/driver_app.mjs; the emulator reaches it with `--driver-proxy 1120-090000-abcd1234/7777`.
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_CLUSTER and LAKEWIRE_APP_PORT.

import { WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const app = {
  clusterId: process.env.LAKEWIRE_CLUSTER ?? "1120-090000-abcd1234",
  clusterDriverPort: process.env.LAKEWIRE_APP_PORT ?? 7777,
};

// a plain call
const plain = client.completions(app);
console.log(await plain.invoke("Hello."));

// with a stop
console.log(await plain.invoke("How are you?", { stop: ["."] }));

// with fields of the app's own: for every call, and for one
const warm = client.completions(app, { model_kwargs: { temperature: 0.1 } });
console.log(await warm.invoke("Hello."));
console.log(await warm.invoke("Hello.", { extra_params: { temperature: 0.9 } }));

// with a function that changes every request
const concise = client.completions(app, { transformInput: (request) => ({ ...request, prompt: `${request.prompt} Be concise.` }) });
console.log(await concise.invoke("Hello."));

// with a function that reads every answer
const loud = client.completions(app, { transformOutput: (answer) => answer.toUpperCase() });
console.log(await loud.invoke("Hello."));
