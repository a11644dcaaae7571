// What the page must never do, and whom it must not shut out.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { startAll, TOKEN } from "./harness.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let all;
let page;

before(async () => (all = await startAll()));
after(() => all?.stop());
beforeEach(() => all.emulator.clear());
afterEach(() => page?.close());

const converse = async () => {
  await page.send("What is 12.5 * 8 + 4?");
  assert.equal(await page.settled(), "done");
};

test("L1 L5 L6: the token is nowhere in the page: not in the DOM, storage, scripts, requests or answers", async () => {
  page = await all.open();
  await converse();
  const inPage = await page.tab.evaluate(() =>
    [
      document.documentElement.outerHTML,
      JSON.stringify({ ...sessionStorage }),
      JSON.stringify({ ...localStorage }),
      document.cookie,
      location.href,
    ].join("\n"),
  );
  assert.ok(inPage.includes("12.5 * 8 + 4"), "the search looks at the right things");
  assert.ok(!inPage.includes(TOKEN));
  let bodies = 0;
  for (const response of page.log.responses) {
    const request = response.request();
    const text = [
      response.url(),
      JSON.stringify(await response.allHeaders()),
      JSON.stringify(await request.allHeaders()),
      request.postData() ?? "",
      await response.text().catch(() => ""),
    ].join("\n");
    bodies += text.length;
    assert.ok(!text.includes(TOKEN), response.url());
  }
  assert.ok(bodies > 100_000, "the scripts were searched");
});

test("the page asks no one but its own server, and violates no policy", async () => {
  page = await all.open();
  await page.tab.evaluate(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await converse();
  await page.tab.getByRole("button", { name: "Settings", exact: true }).click();
  await page.tab.getByRole("button", { name: /colours/ }).click();
  const origin = new URL(all.url).origin;
  for (const request of page.log.requests)
    assert.ok(request.url().startsWith(origin) || request.url().startsWith("data:"), request.url());
  assert.deepEqual(await page.tab.evaluate(() => window.violations), []);
  assert.deepEqual(page.log.errors, []);
  assert.deepEqual(
    page.log.console.filter((line) => /Content Security Policy|TrustedHTML|^error/i.test(line)),
    [],
  );
});

test("what a model writes cannot become active content", async () => {
  page = await all.open();
  const hostile =
    'Hi <img src=x onerror="window.pwned=1"><script>window.pwned=1</script> [a](javascript:window.pwned=1) ![p](https://evil.example/p.png) <iframe src="https://evil.example"></iframe>\n\n<svg onload="window.pwned=1"></svg>';
  const chunk = (content, finish_reason = null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason }] })}\n\n`;
  await all.emulator.faults([
    {
      match: { path: "/invocations", method: "POST" },
      times: 1,
      fault: {
        status: 200,
        content_type: "text/event-stream",
        body: `${chunk(hostile.slice(0, 40))}${chunk(hostile.slice(40), "stop")}data: [DONE]\n\n`,
      },
    },
  ]);
  await page.send("Hello");
  assert.equal(await page.settled(), "done");
  const prose = page.last().locator(".prose");
  assert.match(await prose.innerText(), /<script>/, "raw HTML is shown as text");
  assert.equal(await prose.locator("script, img, iframe, svg, [onerror], [onload]").count(), 0);
  assert.deepEqual(await prose.locator("a").evaluateAll((links) => links.map((link) => [link.getAttribute("href"), link.rel])), [
    [null, ""],
    ["https://evil.example/p.png", "noopener noreferrer"],
  ]);
  assert.equal(await page.tab.evaluate(() => window.pwned), undefined);
  assert.ok(page.log.requests.every((request) => !request.url().includes("evil.example")));
});

for (const theme of ["light", "dark"]) {
  test(`axe finds no serious violation: ${theme}, empty, in conversation, settings open, with an error`, async () => {
    page = await all.open({ theme });
    const check = async (what) => {
      await page.tab.evaluate(axe);
      // Colours fade in; a contrast measured half-way would be the animation's.
      const { violations } = await page.tab.evaluate(async () => {
        await Promise.all(
          document
            .getAnimations()
            .filter((animation) => animation.effect.getComputedTiming().iterations !== Infinity)
            .map((animation) => animation.finished.catch(() => {})),
        );
        return window.axe.run(document, { resultTypes: ["violations"] });
      });
      const bad = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
      assert.deepEqual(bad, [], what);
    };
    await check("empty");
    await converse();
    await check("in conversation");
    await all.emulator.faults([
      {
        match: { path: "/invocations", method: "POST" },
        times: 1,
        fault: { status: 400, body: { error_code: "BAD_REQUEST", message: "no" } },
      },
    ]);
    await page.send("Hello");
    await page.settled("failed");
    await page.tab.getByRole("button", { name: "Settings", exact: true }).click();
    await check("settings open, with an error");
  });
}

test("keyboard alone: skip link, every control in order, send, stop, settings and back", async () => {
  page = await all.open();
  const { tab } = page;
  await tab.evaluate(() => document.activeElement?.blur());
  const focused = () => tab.evaluate(() => document.activeElement?.id || document.activeElement?.className);
  // The focus was in the message field; from there it goes once around, through the browser's own controls.
  for (let i = 0; i < 5 && (await focused()) !== "skip"; i += 1) await tab.keyboard.press("Tab");
  assert.equal(await focused(), "skip", "the skip link comes first");
  const order = [];
  for (let i = 0; i < 14; i += 1) {
    await tab.keyboard.press("Tab");
    order.push(await focused());
  }
  assert.deepEqual(order, ["to-chat", "to-completions", "to-embeddings", "to-documents", "to-data", "to-tools", "to-traces", "to-runs", "to-endpoints", "model", "new-chat", "theme", "open-settings", "scroll"]);
  await tab.keyboard.press("Shift+Tab");
  await tab.keyboard.press("Enter");
  assert.equal(await focused(), "close-settings", "opening the settings moves the focus into them");
  await tab.keyboard.press("Escape");
  assert.equal(await focused(), "open-settings", "closing them brings it back");
  await tab.evaluate(() => document.activeElement?.blur());
  await tab.locator(".skip").focus();
  await tab.keyboard.press("Enter");
  assert.equal(await focused(), "prompt");
  await tab.keyboard.type("My name is Ann.");
  await tab.keyboard.press("Shift+Enter");
  await tab.keyboard.type("What is my name?");
  assert.equal(await tab.locator("#prompt").inputValue(), "My name is Ann.\nWhat is my name?");
  await tab.keyboard.press("Enter");
  assert.equal(await page.settled(), "done");
  assert.equal(await focused(), "prompt", "the focus stays where the next message goes");
});

test("a screen reader hears whole sentences, each once", async () => {
  page = await all.open();
  await page.tab.evaluate(() => {
    window.heard = [];
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) window.heard.push(node.textContent);
    }).observe(document.getElementById("announcer"), { childList: true });
  });
  await page.send("Lake Baikal is the deepest lake in the world. It is in Siberia. Where is Lake Baikal?");
  await page.settled("done");
  const heard = await page.tab.evaluate(() => window.heard);
  const written = (await page.last().locator(".prose").allInnerTexts()).join(" ");
  assert.ok(heard.length > 0);
  assert.equal(new Set(heard).size, heard.length, "nothing is said twice");
  const squash = (text) => text.replace(/[^\p{L}\p{N}]+/gu, "");
  assert.equal(squash(heard.join(" ")), squash(written), "everything written is said, in order");
  for (const sentence of heard.slice(0, -1))
    assert.ok(/\s/.test(sentence) || sentence.length > 3, `a lone token was said: ${sentence}`);
});

test("a phone: nothing wider than the screen, touch targets large enough, no zoom on focus", async () => {
  for (const [width, height] of [
    [360, 740],
    [320, 568],
  ]) {
    page = await all.open({ width, height, phone: true });
    const wide = () =>
      page.tab.evaluate(
        () =>
          Math.max(
            document.documentElement.scrollWidth,
            document.body.scrollWidth,
            document.getElementById("scroll").scrollWidth,
          ) - innerWidth,
      );
    assert.ok((await wide()) <= 0, `empty at ${width}`);
    await converse();
    assert.ok((await wide()) <= 0, `conversation at ${width}`);
    await page.tab.getByRole("button", { name: "Settings", exact: true }).tap();
    assert.ok((await wide()) <= 0, `settings at ${width}`);
    const small = await page.tab.evaluate(() =>
      [...document.querySelectorAll("input, select, textarea")]
        .filter(
          (control) =>
            control.type !== "checkbox" && control.id !== "schema" && parseFloat(getComputedStyle(control).fontSize) < 16,
        )
        .map(({ id }) => id),
    );
    assert.deepEqual(small, [], "a phone zooms in on fields under 16 pixels");
    await page.tab.getByRole("button", { name: "Close settings" }).tap();
    const targets = await page.tab.evaluate(() =>
      [...document.querySelectorAll("button")]
        .filter((button) => button.offsetParent && (button.offsetHeight < 32 || button.offsetWidth < 32))
        .map((button) => button.id || button.textContent),
    );
    assert.deepEqual(targets, []);
    await page.close();
  }
  page = undefined;
});

test("light and dark follow the system until the button decides, and the choice outlives a reload", async () => {
  page = await all.open({ theme: "dark" });
  const brightness = () =>
    page.tab.evaluate(
      () =>
        getComputedStyle(document.body)
          .backgroundColor.match(/[\d.]+/g)
          .slice(0, 3)
          .reduce((sum, part) => sum + Number(part), 0) / 3,
    );
  assert.ok((await brightness()) < 60);
  await page.tab.emulateMedia({ colorScheme: "light" });
  assert.ok((await brightness()) > 200);
  await page.tab.getByRole("button", { name: "Dark colours" }).click();
  assert.ok((await brightness()) < 60);
  await page.tab.reload();
  await page.ready();
  assert.ok((await brightness()) < 60);
  await page.tab.getByRole("button", { name: "Light colours" }).click();
  assert.ok((await brightness()) > 200);
});
