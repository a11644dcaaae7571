import type { TokenProvider, WorkspaceClient } from "../chat.js";

/**
 * Where an adapter's workspace is. Give `client`, or `relay`, or `host` with credentials; with none of them the
 * environment's `DATABRICKS_HOST` and `DATABRICKS_TOKEN` (or `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET`) are
 * read on the first call. A client that is not given is made lazily by `import("lakewire")`.
 */
export interface DatabricksClientFields {
  /** The client the app has: of `lakewire`, of `lakewire/chat`, or one that `lakewire/mlflow` observes. */
  client?: WorkspaceClient;
  /** The same as `client`, by the name that Python's packages use. */
  workspaceClient?: WorkspaceClient;
  /** In a page: where the relay is, such as `/api/lakewire`. No token is needed. */
  relay?: string;
  /** The workspace, such as `https://my-workspace.cloud.databricks.com`. */
  host?: string;
  /** A personal access token, or a function that gives tokens. Never in a page. */
  token?: string | TokenProvider;
  /** A service principal's application id. */
  clientId?: string;
  /** Its OAuth secret. */
  clientSecret?: string;
  /** The same four by the name that `@databricks/langchainjs` uses. */
  auth?: { host?: string; token?: string | TokenProvider; clientId?: string; clientSecret?: string; authType?: string };
  /** Headers of every request. */
  headers?: Record<string, string> | Iterable<[string, string]> | Headers;
  /** A fetch to use instead of the platform's. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Allows a token in a page. For pages that are yours alone. */
  dangerouslyAllowBrowser?: boolean;
  /** The workspace's id, for hosts that serve several. */
  workspaceId?: string;
}
