// Decides from the raw request what may happen, before anything is sent anywhere. Pure: a request in, a decision out.
//
// The raw target is matched against typed routes and the upstream path is built anew from the validated name. Client text
// is never joined into a URL: URL parsers rewrite paths (`%2e%2e`, `\`, `//host`) before one could check them (fault P8).

/** The prefix under which the page reaches the workspace: the `host` it gives to `WorkspaceClient`. */
export const PREFIX = "/databricks";

/** The grammar of the names that stand in a path: endpoints, three-part names, ids. No separator, no escape, no dot segment. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/;
/** What a query may hold after its `?`: plain names and values, nothing that a URL parser would read in two ways. */
const QUERY = /^[A-Za-z0-9_.=&%~-]{0,1000}$/;

/** A route: `*` stands for one name. With `query`, the names of the parameters that may follow. */
const on = (method, pattern, query) => ({ method, segments: pattern.split("/"), query });
const SEARCH = "/api/2.0/vector-search";
const STATEMENTS = "/api/2.0/sql/statements";
const CATALOG = "/api/2.1/unity-catalog";
const MLFLOW = "/api/2.0/mlflow";
const TRACES = "/api/3.0/mlflow/traces";
const ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts";

const ROUTES = [
  on("GET", "/api/2.0/serving-endpoints"),
  on("POST", "/api/2.0/serving-endpoints"),
  on("GET", "/api/2.0/serving-endpoints/*"),
  on("DELETE", "/api/2.0/serving-endpoints/*"),
  on("POST", "/serving-endpoints/*/invocations"),
  on("GET", `${SEARCH}/endpoints`, ["page_token"]),
  on("GET", `${SEARCH}/indexes`, ["endpoint_name", "page_token"]),
  on("POST", `${SEARCH}/indexes`),
  on("GET", `${SEARCH}/indexes/*`, ["ensure_reranker_compatible"]),
  on("DELETE", `${SEARCH}/indexes/*`),
  on("POST", `${SEARCH}/indexes/*/query`),
  on("POST", `${SEARCH}/indexes/*/upsert-data`),
  on("GET", "/api/2.0/sql/warehouses", ["page_size", "page_token"]),
  on("GET", "/api/2.0/sql/warehouses/*"),
  on("POST", "/api/2.0/sql/warehouses/*/start"),
  on("POST", STATEMENTS),
  on("GET", `${STATEMENTS}/*`),
  on("POST", `${STATEMENTS}/*/cancel`),
  on("GET", `${STATEMENTS}/*/result/chunks/*`),
  on("GET", `${CATALOG}/tables`, ["catalog_name", "schema_name", "max_results", "page_token", "include_browse", "omit_columns", "omit_properties", "omit_username"]),
  on("GET", `${CATALOG}/tables/*`, ["include_browse"]),
  on("GET", `${CATALOG}/functions`, ["catalog_name", "schema_name", "max_results", "page_token", "include_browse"]),
  on("GET", `${CATALOG}/functions/*`, ["include_browse"]),
  on("DELETE", `${CATALOG}/functions/*`, ["force"]),
  on("GET", `${MLFLOW}/experiments/get-by-name`, ["experiment_name"]),
  on("GET", `${MLFLOW}/experiments/get`, ["experiment_id"]),
  on("POST", `${MLFLOW}/experiments/create`),
  on("POST", `${MLFLOW}/runs/create`),
  on("POST", `${MLFLOW}/runs/update`),
  on("POST", `${MLFLOW}/runs/log-batch`),
  on("POST", `${MLFLOW}/runs/search`),
  on("GET", `${MLFLOW}/runs/get`, ["run_id"]),
  on("GET", `${MLFLOW}/metrics/get-history`, ["run_id", "metric_key", "max_results", "page_token"]),
  on("POST", `${MLFLOW}/traces/link-to-run`),
  on("GET", `${MLFLOW}/traces/*/credentials-for-data-upload`),
  on("GET", `${MLFLOW}/traces/*/credentials-for-data-download`),
  on("POST", TRACES),
  on("POST", `${TRACES}/search`),
  on("GET", `${TRACES}/get`, ["trace_id", "allow_partial"]),
  on("GET", `${TRACES}/*`),
  on("POST", `${TRACES}/*/assessments`),
  // a self-hosted MLflow keeps the spans itself
  on("PUT", `${ARTIFACTS}/*/traces/*/artifacts/traces.json`),
  on("GET", `${ARTIFACTS}/*/traces/*/artifacts/traces.json`),
];
/** Answers that hold signed addresses of the workspace's storage. */
const CREDENTIALS = /\/credentials-for-data-(up|down)load$/;
/** An address of this server that stands for such a one. */
const SIGNED = /^\/signed\/([0-9a-f-]{36})(?:\?([a-z]+=[a-z0-9]+(?:&[a-z]+=[0-9]+)?))?$/;

/**
 * Where a request goes: `{ to: "workspace", method, path, signs }`, `{ to: "storage", id }`, `{ to: "workspace-facts" }`,
 * `{ to: "file", path }`, or
 * `{ to: "refuse", status, error_code, message }`. `port` is the one this server listens on.
 */
export function route(request, port) {
  const { method = "", url: target = "", headers } = request;
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  // A foreign Host is a name that was made to resolve to this machine (DNS rebinding).
  if (!ours.includes(headers.host ?? ""))
    return refuse(403, "PERMISSION_DENIED", "This server answers on its own loopback address only.");
  const inside = target === "/workspace.json" || target.startsWith(`${PREFIX}/`) || target.startsWith("/signed/");
  if (!inside) {
    if (method !== "GET" && method !== "HEAD")
      return refuse(405, "METHOD_NOT_ALLOWED", "The page's files can only be read.", { allow: "GET, HEAD" });
    return { to: "file", path: target };
  }
  if (!sameOrigin(headers)) return refuse(403, "PERMISSION_DENIED", "Only the page served here may use this route.");
  if (target === "/workspace.json") {
    return method === "GET"
      ? { to: "workspace-facts" }
      : refuse(405, "METHOD_NOT_ALLOWED", "This route can only be read.", { allow: "GET" });
  }
  if (target.startsWith("/signed/")) {
    const [, id, query] = SIGNED.exec(target) ?? [];
    if (id === undefined) return notFound();
    return ["GET", "PATCH", "PUT"].includes(method) ? { to: "storage", id, query } : refuse(405, "METHOD_NOT_ALLOWED", "What is stored is put or read.", { allow: "GET, PATCH, PUT" });
  }
  return workspaceRoute(method, target.slice(PREFIX.length), headers);
}

function workspaceRoute(method, target, headers) {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const segments = path.split("/");
  const allowed = [];
  for (const known of ROUTES) {
    if (known.segments.length !== segments.length) continue;
    if (!known.segments.every((segment, at) => segment === "*" || segment === segments[at])) continue;
    if (known.segments.some((segment, at) => segment === "*" && !NAME.test(segments[at] ?? ""))) return notFound();
    if (query !== "" && !mayAsk(query, known.query ?? [])) continue;
    if (known.method !== method) {
      allowed.push(known.method);
      continue;
    }
    // A cross-site form cannot send JSON without a preflight, which is never granted here (fault P3).
    if (method !== "GET" && method !== "DELETE" && !/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
      return refuse(415, "BAD_REQUEST", "Send the request as application/json.");
    }
    // built from the pieces that were looked at, never from the text as it came
    return { to: "workspace", method, path: segments.join("/") + (query === "" ? "" : `?${query}`), signs: CREDENTIALS.test(path) };
  }
  if (allowed.length > 0)
    return refuse(405, "METHOD_NOT_ALLOWED", "This route does not take this method.", { allow: allowed.join(", ") });
  return notFound();
}

/** Whether a query names only parameters that its route takes. */
function mayAsk(query, names) {
  return QUERY.test(query) && query.split("&").every((pair) => names.includes(pair.split("=", 1)[0]));
}

/** The page's own origin, exactly; a request that names none must be marked same-origin by the browser itself. */
function sameOrigin({ origin, host, "sec-fetch-site": site }) {
  if (site !== undefined && site !== "same-origin") return false;
  return origin === undefined ? site === "same-origin" : origin === `http://${host}`;
}

/** One body for unknown and forbidden routes alike, so that the answer tells nothing about the workspace. */
function notFound() {
  return refuse(
    404,
    "ENDPOINT_NOT_FOUND",
    "This demo passes on what its views ask: serving endpoints, vector indexes, SQL statements, functions, runs and traces. Nothing else.",
  );
}

function refuse(status, error_code, message, headers) {
  return { to: "refuse", status, error_code, message, headers };
}
