// Who stands behind `DATABRICKS_HOST`: a workspace, or the emulator, which says so itself.

/** How long an emulator may take to say what it is. */
const KIND_TIMEOUT_MS = 2_000;

const known = new WeakMap();

/**
 * Who answers: `{ kind: "workspace" }`, or `{ kind: "emulator", model }` when a loopback host says so itself; `model` is
 * `"stand-in"` or `"upstream"`. Remembered once it answered.
 */
export async function workspaceFacts(config) {
  const workspace = { kind: "workspace" };
  if (!config.loopback) return workspace;
  const before = known.get(config);
  if (before) return before;
  try {
    const answer = await fetch(new URL("/_emulator/health", config.host), {
      redirect: "manual",
      signal: AbortSignal.timeout(KIND_TIMEOUT_MS),
    });
    const text = await answer.text();
    const facts = answer.status === 200 ? { kind: "emulator", model: JSON.parse(text).model } : workspace;
    known.set(config, facts);
    return facts;
  } catch {
    return workspace;
  }
}
