// What the tests of this folder share: the emulator, and a provider over a scripted fetch.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL, token `dapi-emulator`); else one is started and stopped by pid

import { tool } from "ai";
import { after } from "node:test";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createDatabricks } from "lakewire/ai-sdk";
import { z } from "zod";
import { start } from "../../scripts/lib.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const TOKEN = "dapi-emulator";
export const LLAMA = "databricks-meta-llama-3-3-70b-instruct";
export const CLAUDE = "databricks-claude-sonnet-4";
export const GPT_OSS = "databricks-gpt-oss-20b";
export const EXTERNAL = "team-chat";

/** The emulator's address. */
export async function emulator() {
  const given = process.env.LAKEWIRE_EMULATOR;
  if (given) return given.replace(/\/$/, "");
  const program = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${process.platform === "win32" ? ".exe" : ""}`);
  const child = await start(program, ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0"], { ready: /listening on (http:\/\/\S+)/ });
  after(() => child.stop());
  return child.match[1].replace(/\/$/, "");
}

/** The header that makes the emulator misbehave for one call. */
export const fault = (what) => ({ "x-lakewire-fault": JSON.stringify(what) });

/** A tool of the app's. */
export const weather = tool({
  description: "Get the weather of a city",
  inputSchema: z.object({ city: z.string().describe("The city") }),
  execute: async ({ city }) => ({ temperature: 21, sky: "clear", city }),
});

/** A provider over a fetch that gives these answers in turn, and the bodies and headers it was asked with. */
export function scripted(answers, options = {}) {
  const sent = [];
  const fetch = async (url, init) => {
    sent.push({ url, headers: new Headers(init.headers), body: JSON.parse(new TextDecoder().decode(typeof init.body === "string" ? new TextEncoder().encode(init.body) : init.body)) });
    const answer = answers.shift();
    if (answer === undefined) throw new Error("The script has no answer for this request.");
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(init) : answer;
  };
  return { databricks: createDatabricks({ host: "https://workspace.example", token: "dapi-secret", fetch, ...options }), sent };
}

/** All parts of a model's stream, and what it failed with. */
export async function drain(stream) {
  const parts = [];
  try {
    for await (const part of stream) parts.push(part);
  } catch (error) {
    return { parts, error };
  }
  return { parts };
}
