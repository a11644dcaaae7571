// Runs a bundled worker in miniflare and prints what it answers. Miniflare wants Node 22, so this is a program of its own.

import { pathToFileURL } from "node:url";

const { miniflare, ...options } = JSON.parse(process.argv[2]);
const { Miniflare } = await import(pathToFileURL(miniflare).href);
const host = new Miniflare(options);
try {
  const response = await host.dispatchFetch("http://worker.example/");
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 2000));
  console.log(`RESULT ${text}`);
} finally {
  await host.dispose();
}
