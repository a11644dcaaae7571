// What would run on a cluster's driver node: a small HTTP app that takes { prompt, stop } and answers with a JSON text.
// `node examples/apps/driver_app.mjs 7777`; the emulator reaches it with `--driver-proxy 1120-090000-abcd1234/7777`.
//
// It is no language model: it says what it was asked. On a real driver it would listen on 0.0.0.0.

import { createServer } from "node:http";

/** Answers one request: a status and a value. */
function answer({ prompt, stop = [], temperature }, path) {
  if (path === "/fail") return [422, { detail: "the app was told to refuse" }];
  let text = `You said: ${prompt} And I, an app, say hello.`;
  if (temperature !== undefined) text += ` At temperature ${temperature}.`;
  for (const mark of stop) text = text.split(mark)[0];
  return [200, path === "/object" ? { text, path } : text];
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  // the platform may leave a second slash in front
  const path = new URL(request.url.replace(/^\/+/, "/"), "http://app").pathname;
  if (path === "/words") return response.end("words that are no JSON");
  const [status, value] = answer(JSON.parse(body || "{}"), path);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
});
server.listen(Number(process.argv[2] ?? 7777), "127.0.0.1", () => console.log(`listening on port ${server.address().port}`));
