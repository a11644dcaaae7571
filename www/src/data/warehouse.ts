// The warehouse that answers: the one the server names, else the first that runs. It may have to start first.

import type { WorkspaceClient } from "lakewire";
import { Warehouses } from "lakewire/data";

let named: Promise<string | undefined> | undefined;

/** The warehouse's id; waits until it runs, and says so while it does. */
export async function warehouse(client: WorkspaceClient, signal: AbortSignal, say: (text: string) => void): Promise<string> {
  named ??= fetch("/workspace.json").then(async (answer) => ((await answer.json()) as { warehouse?: string }).warehouse);
  const all = new Warehouses(client);
  const id = (await named.catch(() => undefined)) ?? (await all.choose({ signal }));
  const { state, name } = await all.get(id, { signal });
  if (state === "RUNNING") return id;
  say(`The warehouse ${name ?? id} is starting. In the demo that means its SQL engine is still being built: the first time takes some minutes.`);
  if (state !== "STARTING") await all.start(id, { signal });
  await all.waitUntilRunning(id, { signal });
  say("");
  return id;
}
