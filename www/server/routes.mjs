// Decides from the raw request what may happen, before anything is sent anywhere. Pure: a request in, a decision out.
//
// The raw target is matched against typed routes and the upstream path is built anew from the validated name. Client text
// is never joined into a URL: URL parsers rewrite paths (`%2e%2e`, `\`, `//host`) before one could check them (fault P8).

/** The prefix under which the page reaches the workspace: the `host` it gives to `WorkspaceClient`. */
export const PREFIX = "/databricks";

/** The service's grammar for endpoint names; it holds no separator, no escape and no dot segment. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/;

const ROUTES = [
  { method: "GET", pattern: /^\/api\/2\.0\/serving-endpoints$/, path: () => "/api/2.0/serving-endpoints" },
  { method: "POST", pattern: /^\/api\/2\.0\/serving-endpoints$/, path: () => "/api/2.0/serving-endpoints" },
  { method: "GET", pattern: /^\/api\/2\.0\/serving-endpoints\/([^/]+)$/, path: (name) => `/api/2.0/serving-endpoints/${name}` },
  { method: "DELETE", pattern: /^\/api\/2\.0\/serving-endpoints\/([^/]+)$/, path: (name) => `/api/2.0/serving-endpoints/${name}` },
  {
    method: "POST",
    pattern: /^\/serving-endpoints\/([^/]+)\/invocations$/,
    path: (name) => `/serving-endpoints/${name}/invocations`,
  },
];

/**
 * Where a request goes: `{ to: "workspace", method, path }`, `{ to: "workspace-facts" }`, `{ to: "file", path }`, or
 * `{ to: "refuse", status, error_code, message }`. `port` is the one this server listens on.
 */
export function route(request, port) {
  const { method = "", url: target = "", headers } = request;
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  // A foreign Host is a name that was made to resolve to this machine (DNS rebinding).
  if (!ours.includes(headers.host ?? ""))
    return refuse(403, "PERMISSION_DENIED", "This server answers on its own loopback address only.");
  const inside = target === "/workspace.json" || target.startsWith(`${PREFIX}/`);
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
  return workspaceRoute(method, target.slice(PREFIX.length), headers);
}

function workspaceRoute(method, target, headers) {
  const allowed = [];
  for (const known of ROUTES) {
    const match = known.pattern.exec(target);
    if (!match) continue;
    const name = match[1];
    if (name !== undefined && !NAME.test(name)) return notFound();
    if (known.method !== method) {
      allowed.push(known.method);
      continue;
    }
    // A cross-site form cannot send JSON without a preflight, which is never granted here (fault P3).
    if (method === "POST" && !/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
      return refuse(415, "BAD_REQUEST", "Send the request as application/json.");
    }
    return { to: "workspace", method, path: known.path(name) };
  }
  if (allowed.length > 0)
    return refuse(405, "METHOD_NOT_ALLOWED", "This route does not take this method.", { allow: allowed.join(", ") });
  return notFound();
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
    "This demo passes on the list of serving endpoints, one endpoint's description, its making and its end, and queries. Nothing else.",
  );
}

function refuse(status, error_code, message, headers) {
  return { to: "refuse", status, error_code, message, headers };
}
