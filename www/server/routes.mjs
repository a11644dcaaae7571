// Decides from the raw request who answers it: the build's files, the relay, or this server itself. Pure: a request in, a decision out.

import { PATH } from "./relay.mjs";

/** An address of this server that stands for a signed one of the workspace's storage. */
const SIGNED = /^\/signed\/([0-9a-f-]{36})(?:\?([a-z]+=[a-z0-9]+(?:&[a-z]+=[0-9]+)?))?$/;

/**
 * Where a request goes: `{ to: "relay" }`, `{ to: "storage", id }`, `{ to: "workspace-facts" }`, `{ to: "file", path }`, or
 * `{ to: "refuse", status, error_code, message }`. `port` is the one this server listens on.
 */
export function route(request, port) {
  const { method = "", url: target = "", headers } = request;
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  // A foreign Host is a name that was made to resolve to this machine (DNS rebinding).
  if (!ours.includes(headers.host ?? ""))
    return refuse(403, "PERMISSION_DENIED", "This server answers on its own loopback address only.");
  const inside = target === "/workspace.json" || target.startsWith(`${PATH}/`) || target.startsWith("/signed/");
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
  if (!target.startsWith("/signed/")) return { to: "relay" };
  const [, id, query] = SIGNED.exec(target) ?? [];
  if (id === undefined) return refuse(404, "ENDPOINT_NOT_FOUND", "There is no such address.");
  if (!["GET", "PATCH", "PUT"].includes(method))
    return refuse(405, "METHOD_NOT_ALLOWED", "What is stored is put or read.", { allow: "GET, PATCH, PUT" });
  return { to: "storage", id, query };
}

/** The page's own origin, exactly; a request that names none must be marked same-origin by the browser itself. */
function sameOrigin({ origin, host, "sec-fetch-site": site }) {
  if (site !== undefined && site !== "same-origin") return false;
  return origin === undefined ? site === "same-origin" : origin === `http://${host}`;
}

function refuse(status, error_code, message, headers) {
  return { to: "refuse", status, error_code, message, headers };
}
