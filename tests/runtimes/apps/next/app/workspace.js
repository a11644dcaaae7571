// On the server alone: here the token may be known.
import { WorkspaceClient } from "lakewire";

export const ENDPOINT = "databricks-meta-llama-3-3-70b-instruct";
export const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
