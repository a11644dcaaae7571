import type { TokenProvider, WorkspaceClientConfig as TokenConfig } from "./chat.js";

/** A service principal of Azure with a client secret. */
export interface AzureServicePrincipal {
  /** The principal's application id. */
  clientId: string;
  /** Its secret. */
  clientSecret: string;
  /** The tenant; the workspace is asked for it unless given. */
  tenantId?: string;
  /** The cloud; the host tells it unless given. */
  environment?: "PUBLIC" | "USGOVERNMENT" | "CHINA";
  /** The workspace's id in Azure, for a principal that is not yet a user of the workspace. */
  workspaceResourceId?: string;
  /** Where Entra gives tokens, instead of at the cloud's own address. */
  loginEndpoint?: string;
}

/** Tokens exchanged for those of another identity provider. */
export interface TokenFederation {
  /** Gives the other provider's token (a JWT); asked for each exchange. */
  token: TokenProvider;
  /** The service principal whose federation policy applies; the account's policy unless given. */
  clientId?: string;
}

/** How a client behaves, and how it signs in: give one of `token`, `clientId` with `clientSecret`, `azure`, `federation` and `session`. */
export interface WorkspaceClientConfig extends TokenConfig {
  /** A service principal of Databricks: its application id. */
  clientId?: string;
  /** Its OAuth secret. Refused in a page, as a token is. */
  clientSecret?: string;
  /** What tokens of a service principal or a federation may do: a list, or text with spaces or commas; `all-apis` unless given. */
  scopes?: string | readonly string[];
  /** Narrows the service principal's tokens to objects (RFC 9396): JSON text, or what is written as it. */
  authorizationDetails?: string | readonly object[];
  /** The account, where the host's OIDC address asks for one; for a service principal or a federation. */
  accountId?: string;
  /** Where the OIDC document is, instead of where the workspace says; for a service principal or a federation. */
  discoveryUrl?: string;
  /** A service principal of Azure. */
  azure?: AzureServicePrincipal;
  /** Tokens of another identity provider. */
  federation?: TokenFederation;
  /** A user who signed in. */
  session?: Session;
}

/** A user who signed in; made by a sign-in, given to a client as `session`. It renews itself and shows no token. */
export class Session {
  private constructor();
}

/** A user's sign-in. */
export interface SignInConfig {
  /** The workspace, or in a page a path of the page's own server. */
  host: string;
  /** The registered client; `databricks-cli`, which may only come back to this machine, unless given. */
  clientId?: string;
  /** Its secret, when it is a confidential client: never in a page. */
  clientSecret?: string;
  /** Where the browser comes back to, as registered; in a page, the page itself unless given. */
  redirectUri?: string;
  /** What the session may do; `all-apis offline_access` unless given. */
  scopes?: string | readonly string[];
  /** The account, where the host's OIDC address asks for one. */
  accountId?: string;
  /** The two endpoints, instead of asking the workspace. */
  authorizationEndpoint?: string;
  /** In a page it may be a path of the page's own server, which passes the form on: workspaces send no CORS headers. */
  tokenEndpoint?: string;
  /** Allows a client secret in a page. For pages that are yours alone. */
  dangerouslyAllowBrowser?: boolean;
  /** A fetch to use instead of the platform's. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** What is kept between the two halves of a sign-in. The verifier is a secret until it is used. */
export interface PendingSignIn {
  verifier: string;
  state: string;
}

/** A user's sign-in through a browser, in two parts (authorization code with PKCE).
 *
 * ```js
 * const signIn = new SignIn({ host, clientId, redirectUri });
 * const { url, pending } = await signIn.begin();
 * // the browser goes to `url` and comes back to `redirectUri`
 * const session = await signIn.complete(callbackUrl, pending);
 * const client = new WorkspaceClient({ host, session });
 * ```
 */
export class SignIn {
  constructor(config: SignInConfig);
  /** The address to send the browser to, and what to keep until it comes back. */
  begin(): Promise<{ url: string; pending: PendingSignIn }>;
  /** The session. Fails with kind `Unauthenticated` when the user refused or the state is another one's, `TokenEndpoint` when the code is refused. */
  complete(callback: string | URL, pending: PendingSignIn): Promise<Session>;
}

/** In a page: begins a sign-in, keeps verifier and state in `sessionStorage`, and gives the address to go to. */
export function beginSignIn(config: SignInConfig): Promise<string>;

/** In the page the browser came back to: the session, with its tokens in memory only. `url` is the page's own unless given. */
export function completeSignIn(config: SignInConfig, url?: string): Promise<Session>;

/**
 * The token of the user that a Databricks App serves (`X-Forwarded-Access-Token`), from the headers of the request: for one
 * client of this one request. Fails with kind `Unauthenticated` when there is none.
 */
export function onBehalfOf(headers: Headers | Iterable<readonly [string, string]> | Record<string, string | string[] | undefined>): string;

/** A client's configuration, where variables and a profile file fill in what is not given. */
export interface EnvironmentConfig extends Omit<WorkspaceClientConfig, "host" | "relay" | "token" | "azure" | "federation" | "session"> {
  /** Goes before `DATABRICKS_HOST`. */
  host?: string;
  /** Goes before `DATABRICKS_TOKEN`. */
  token?: string;
  /** Which way to sign in, when several are set: `pat`, `oauth-m2m`, `azure-client-secret`, `env-oidc`, `file-oidc`. */
  authType?: string;
  /** The profile to read; goes before `DATABRICKS_CONFIG_PROFILE`. */
  profile?: string;
  /** The text of the profile file, or what gives it when it is needed. */
  file?: string | (() => string | undefined);
}

/**
 * A client's configuration from variables (an object such as a worker's bindings, or a lookup) and, if its text is given, a
 * profile file, by the rules of Databricks' own SDKs. Fails with kind `InvalidInput` for credentials of more than one kind.
 */
export function configFromEnv(env: Record<string, unknown> | ((name: string) => string | undefined), options?: EnvironmentConfig): WorkspaceClientConfig;
