// A page of its own in Chromium, for one use.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Gives `use` a page and gives what it gives; what the page itself complains of is a failure too. */
export async function inBrowser(use) {
  const path = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((one) => existsSync(one));
  const browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const complaints = [];
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => complaints.push(`${error}`));
    page.on("console", (message) => {
      // a refused sign-in is logged by the browser itself
      if (["error", "warning"].includes(message.type()) && !/status of 401|favicon/.test(message.text() + message.location().url)) complaints.push(message.text());
    });
    const why = await use(page);
    return why ?? (complaints.length > 0 ? `the page complains: ${complaints.join("; ")}` : undefined);
  } catch (error) {
    throw new Error(`${error.stack}\nThe page complains: ${complaints.join("; ") || "of nothing"}`);
  } finally {
    await browser.close();
  }
}
