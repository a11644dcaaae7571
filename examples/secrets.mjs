// Secrets by scope. `node examples/secrets.mjs`
// Reads DATABRICKS_HOST and DATABRICKS_TOKEN. The scope it makes it deletes.

import { WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const secrets = client.secrets();
const scope = `example-${Math.random().toString(36).slice(2, 8)}`;

await secrets.createScope(scope);
try {
  await secrets.put(scope, "openai", "sk-sample");
  await secrets.put(scope, "certificate", new Uint8Array([48, 130, 1]));
  await secrets.putAcl(scope, "users", "READ");
  for (const { key } of await secrets.list(scope)) console.log(key);
  for (const { principal, permission } of await secrets.listAcls(scope)) console.log(`${principal} may ${permission}`);
  const value = await secrets.get(scope, "openai");
  console.log(`The key is ${value}, ${value.expose().length} characters long.`);
} finally {
  await secrets.deleteScope(scope);
}
