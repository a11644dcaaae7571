// A script bundled and run in Chromium, as a page loads it.

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

/** Bundles a script that sets `globalThis.run`, calls that with an argument in a page, and gives what it gives. */
export async function inPage(script, argument) {
  const { outputFiles } = await build({
    bundle: true, write: false, format: "esm", platform: "browser", target: "es2022",
    stdin: { resolveDir: fileURLToPath(new URL("..", import.meta.url)), contents: script },
  });
  const server = createServer((request, response) => {
    const script = request.url.endsWith(".js");
    // isolated, so that the clock is fine enough to time a run with
    response.writeHead(200, {
      "content-type": script ? "text/javascript" : "text/html",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(script ? outputFiles[0].contents : '<!doctype html><meta charset="utf-8"><script type="module" src="bench.js"></script>');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => globalThis.run);
    return { version: browser.version(), result: await page.evaluate((given) => globalThis.run(given), argument) };
  } finally {
    await browser.close();
    server.close();
  }
}
