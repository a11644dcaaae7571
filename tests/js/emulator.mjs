// A Databricks workspace on loopback for one test file.
//
//   LAKEWIRE_EMULATOR   an emulator that runs already (its URL, token `dapi-emulator`); else one is started and stopped by pid

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { after } from "node:test";
import { ROOT, WorkspaceClient } from "./package.mjs";

export const TOKEN = "dapi-emulator";
export const LLAMA = "databricks-meta-llama-3-3-70b-instruct";
export const CLAUDE = "databricks-claude-sonnet-4";
export const GPT_OSS = "databricks-gpt-oss-20b";
export const EXTERNAL = "team-chat";

/** Starts (or finds) the emulator; what was started ends after the file's tests. */
export async function emulator() {
  const given = process.env.LAKEWIRE_EMULATOR;
  if (given) return make(given.replace(/\/$/, ""));
  const program = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug", `lakewire-emulator${process.platform === "win32" ? ".exe" : ""}`);
  const flags = ["--port", "0", "--token", TOKEN, "--token-delay-ms", "0", "--endpoint-delay-ms", "100"];
  const [command, args] = existsSync(program) ? [program, flags] : ["cargo", ["run", "-q", "-p", "lakewire-emulator", "--", ...flags]];
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  after(() => void child.kill());
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more) => {
      text += more;
      const found = /listening on (http:\/\/\S+)/.exec(text);
      if (found) resolve(found[1].replace(/\/$/, ""));
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The emulator ended with exit code ${code} before it was ready.`)));
  });
  return make(url);
}

function make(url) {
  return {
    url,
    /** A client, with what the emulator saw of it and nobody else: files share one emulator, calls carry a nonce. */
    client(config = {}) {
      const nonce = randomUUID();
      const client = new WorkspaceClient({ host: url, token: TOKEN, ...config, headers: { ...config.headers, "x-lakewire-nonce": nonce } });
      const seen = async () => {
        const { operations } = await (await fetch(`${url}/_emulator/history`)).json();
        return operations.filter((operation) => operation.nonce === nonce);
      };
      return { client, seen };
    },
  };
}

/** The call option that makes the emulator misbehave for this call. */
export function fault(what) {
  return { headers: { "x-lakewire-fault": JSON.stringify(what) } };
}

/** Asks until `check` gives something truthy: for what the other side notices a moment later. The limit only detects a hang. */
export async function eventually(check, what = "the condition", limitMs = 10_000) {
  const until = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > until) throw new Error(`Waited ${limitMs} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
