// The native row: the conformance tests of the Rust face, by cargo.

import { run } from "../../scripts/lib.mjs";
import { namesInJs, rust } from "./names.mjs";

/** Runs them against the emulator; gives `{ version, results }`, by the scenarios' names. */
export async function native({ root, host, engine, engineUrl }) {
  const { stdout: version } = await run("rustc", ["--version"], { cwd: root });
  const env = { LAKEWIRE_EMULATOR: host, ...(engine && { LAKEWIRE_ENGINE: engineUrl, LAKEWIRE_REQUIRED: "1" }) };
  const { stdout, stderr } = await run("cargo", ["test", "--locked", "-p", "lakewire", "--features", "native", "--no-fail-fast", "--test", "conformance", "--test", "conformance_data"], { cwd: root, check: false, env });
  const seen = new Map([...stdout.matchAll(/^test (\w+) \.\.\. (\w+)$/gm)].map(([, name, verdict]) => [name, verdict]));
  if (seen.size === 0) throw new Error(`cargo ran no scenario\n${stderr.slice(-3000)}`);
  const why = (name) => (seen.get(name) === "ok" ? null : seen.has(name) ? `${new RegExp(`---- ${name} stdout ----\\n([^]*?)\\n\\n`).exec(stdout)?.[1] ?? "failed"}` : "was not run");
  return { version: `native: Rust ${/rustc (\S+)/.exec(version)?.[1]}`, results: namesInJs().map((name) => [name, why(rust(name))]) };
}
