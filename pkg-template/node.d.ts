import type { EnvironmentConfig, Session, SignInConfig, WorkspaceClient } from "./index.js";

/** A client from the environment and `~/.databrickscfg`, by the rules of Databricks' own SDKs; what is given goes before both.
 *
 * ```js
 * import { fromEnv } from "lakewire/node";
 * const client = fromEnv();
 * console.log((await client.chat("my-endpoint").invoke("Hello")).text);
 * ```
 */
export function fromEnv(config?: Omit<EnvironmentConfig, "file">): WorkspaceClient;

/** A client from a profile of `~/.databrickscfg`, or of the file that `DATABRICKS_CONFIG_FILE` names. Variables that are set go before the profile's values. */
export function fromProfile(name: string, config?: Omit<EnvironmentConfig, "file" | "profile">): WorkspaceClient;

/** A user's sign-in on this machine. */
export interface LoopbackConfig extends Omit<SignInConfig, "redirectUri"> {
  /** Gets the address to open in a browser of this machine; nothing is opened by itself. */
  show: (url: string) => unknown;
  /** Ends the wait for the browser. */
  signal?: AbortSignal;
}

/** Signs a user in: the browser comes back to `http://localhost:8020`, or the next free port up to 8040.
 *
 * ```js
 * const host = "https://my-workspace.cloud.databricks.com";
 * const session = await u2mLoopback({ host, show: (url) => console.log(`Open ${url}`) });
 * const client = new WorkspaceClient({ host, session });
 * ```
 */
export function u2mLoopback(config: LoopbackConfig): Promise<Session>;
