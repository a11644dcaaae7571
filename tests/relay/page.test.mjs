// A page in Chromium on one origin, the relay on another: what the browser itself adds, asks before, and forbids.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { emulator, LLAMA, TOKEN as EMULATOR_TOKEN } from "../js/emulator.mjs";
import { PACKAGE } from "../js/package.mjs";
import { createRelay, listen, nodeHandler, readSessionCookie, serverOptions, sessionCookie } from "./lab.mjs";

const workspace = await emulator();
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium"].find((path) => path !== undefined && existsSync(path));
const browser = await chromium.launch({ ...(executablePath === undefined ? {} : { executablePath }), args: ["--no-sandbox"] });
after(() => browser.close());

/** A site with the package and, where `behind` is a handler, whatever it answers below `/api/`. */
async function site(behind) {
  const server = createServer(serverOptions, async (req, res) => {
    if (behind !== undefined && req.url.startsWith("/api/")) return behind(req, res);
    if (req.url === "/login") return res.writeHead(204, { "set-cookie": sessionCookie("session", "ada") }).end();
    const file = /^\/dist\/([\w./-]+\.js)$/.exec(req.url)?.[1];
    const [type, body] = file === undefined ? ["text/html", "<!doctype html><title>page</title>"] : ["text/javascript", await readFile(join(PACKAGE, "dist", file))];
    res.writeHead(200, { "content-type": type }).end(body);
  });
  return `http://localhost:${await listen(server)}`;
}

const made = (more) =>
  createRelay({ host: workspace.url, token: EMULATOR_TOKEN, allow: { chat: [LLAMA] }, limits: { rate: { requests: 1_000, perMs: 60_000 } }, ...("authorize" in more ? {} : { public: true }), ...more });

/** Asks from a page of `origin`; gives the text, or the kind of error. */
async function ask(origin, relay, { login = false } = {}) {
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/`);
    return await page.evaluate(
      async ({ relay, endpoint, login }) => {
        if (login) await fetch("/login");
        const { WorkspaceClient } = await import("/dist/chat/index.js");
        const client = new WorkspaceClient({ relay, retry: { maxAttempts: 1 } });
        try {
          let text = "";
          for await (const { choices } of await client.chat(endpoint).stream("My name is Ada. What is my name?")) text += choices[0]?.delta.content ?? "";
          return text;
        } catch (error) {
          return `${error.kind} ${error.status ?? ""}`.trim();
        }
      },
      { relay, endpoint: LLAMA, login },
    );
  } finally {
    await page.close();
  }
}

test("P1 P2: a listed page of another origin streams through the relay; one that is not listed gets nothing", async () => {
  const [listed, stranger] = [await site(), await site()];
  const told = [];
  const relay = `http://localhost:${await listen(createServer(serverOptions, nodeHandler(made({ origins: [listed], onEvent: (event) => told.push(event) }))))}/api/lakewire`;
  assert.match(await ask(listed, relay), /Ada/);
  const before = told.filter(({ type }) => type === "answered").length;
  assert.equal(before, 1);
  assert.match(await ask(stranger, relay), /^(Connect|Network|PermissionDenied)/);
  assert.equal(told.filter(({ type }) => type === "answered").length, before);
});

test("P32 P5: a page beside its relay, with a session cookie of the strict form", async () => {
  const relay = made({ origins: [], sameOrigin: true, authorize: (request) => (readSessionCookie(request.headers, "session") === "ada" ? { id: "ada" } : null) });
  const origin = await site(nodeHandler(relay));
  assert.equal(await ask(origin, "/api/lakewire"), "Unauthenticated 401");
  assert.match(await ask(origin, "/api/lakewire", { login: true }), /Ada/);
});

test("P3: forms, images, scripts and navigations of any page get nothing", async () => {
  const [listed, told] = [await site(), []];
  const relay = `http://localhost:${await listen(createServer(serverOptions, nodeHandler(made({ origins: [listed], onEvent: (event) => told.push(event) }))))}`;
  const page = await browser.newPage();
  await page.goto(`${listed}/`);
  const statuses = [];
  page.on("response", (response) => response.url().startsWith(relay) && statuses.push(response.status()));
  const target = `${relay}/api/lakewire/serving-endpoints/${LLAMA}/invocations`;
  await page.evaluate(async (url) => {
    for (const tag of ["img", "script", "iframe"]) {
      await new Promise((resolve) => {
        const element = document.createElement(tag);
        element.onload = element.onerror = resolve;
        element.src = url;
        document.body.append(element);
      });
    }
    await fetch(url, { method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body: "{\"messages\":[]}" }).catch(() => {});
  }, target);
  await page.setContent(`<form method="post" enctype="text/plain" action="${target}"><input name='{"messages":[],"x":"' value='"}'></form>`);
  await Promise.all([page.waitForResponse((response) => response.url() === target), page.evaluate(() => document.forms[0].submit())]);
  await page.close();
  assert.ok(told.length >= 5, `${told.length}`);
  assert.ok(statuses.every((status) => status >= 400 && status < 500), `${statuses}`);
  assert.equal(told.filter(({ type }) => type !== "refused").length, 0);
});
