// The demo's small same-origin server: it serves the built page, and lakewire's relay passes the page's calls on to the workspace with
// the token, which never reaches the page.
//
//   DATABRICKS_HOST, DATABRICKS_TOKEN   the workspace and a personal access token for it
//   DATABRICKS_WAREHOUSE_ID             the SQL warehouse that answers (default: the first that runs)
//   PORT                                the port on 127.0.0.1 (default 5173; 0 = any)
//
// Its first line of output is its address, printed when it answers.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { readConfig } from "./server/config.mjs";
import { workspaceFacts } from "./server/facts.mjs";
import { workspaceRelay } from "./server/relay.mjs";
import { sendJson, SECURITY_HEADERS } from "./server/respond.mjs";
import { route } from "./server/routes.mjs";
import { Signed } from "./server/signed.mjs";
import { staticFiles } from "./server/static.mjs";

/** Headers must be in within this time; a client that drips them holds no socket for longer (fault P19). */
const HEADERS_TIMEOUT_MS = 10_000;
/** The whole request, body included. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Builds the server without listening, so that tests can run it on a port and a configuration of their own. */
export async function createDemoServer(config, dist = fileURLToPath(new URL("./dist/", import.meta.url))) {
  const signed = new Signed();
  const relay = workspaceRelay(config, signed);
  const serveFile = await staticFiles(dist);
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 16_384 },
    (request, response) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      const decision = route(request, server.address()?.port);
      switch (decision.to) {
        case "refuse":
          return sendJson(
            response,
            decision.status,
            { error_code: decision.error_code, message: decision.message },
            decision.headers,
          );
        case "workspace-facts":
          return void workspaceFacts(config).then((facts) => sendJson(response, 200, { host: config.host.host, warehouse: config.warehouse, ...facts }));
        case "relay":
          return void relay(request, response).catch(() =>
            sendJson(response, 502, {
              error_code: "TEMPORARILY_UNAVAILABLE",
              message: `The demo's server could not reach the workspace at ${config.host.host}. Check DATABRICKS_HOST and your network, then try again.`,
            }),
          );
        case "storage":
          return signed.pass(request, response, decision.id, decision.query);
        default:
          return void serveFile(request, response, decision.path);
      }
    },
  );
  // Nothing here speaks another protocol: an upgrade is closed unanswered (fault P28).
  server.on("upgrade", (_request, socket) => socket.destroy());
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

async function main() {
  const config = readConfig(process.env);
  const server = await createDemoServer(config);
  const port = Number(process.env.PORT ?? 5173);
  server.on("error", (error) => {
    console.error(
      error.code === "EADDRINUSE" ? `Port ${port} is taken. Set PORT to another one.` : `The server failed: ${error.message}`,
    );
    process.exit(1);
  });
  server.listen({ port, host: "127.0.0.1" }, () => {
    console.log(`demo page listening on http://127.0.0.1:${server.address().port}/`);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeAllConnections();
    });
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  main().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
