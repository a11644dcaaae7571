// The relay between the page and the workspace: lakewire's own, as any app would use it. What it lets through is what the page's
// views ask; more than an app for strangers should, because this server answers on its own machine alone.

import { createRelay } from "lakewire/relay";
import { nodeHandler } from "lakewire/relay/node";
import { workspaceFacts } from "./facts.mjs";

/** Where the page reaches the workspace: the `relay` it gives to `WorkspaceClient`. */
export const PATH = "/api/lakewire";
/** The emulator's switch for faults: passed on to the emulator only, a real workspace never sees it. */
const FAULT_HEADER = "x-lakewire-fault";
/** How long the workspace may take to say which warehouses it has. */
const WAREHOUSES_TIMEOUT_MS = 10_000;
/** How long the warehouses that were named are taken for all there are. */
const WAREHOUSES_KEPT_MS = 60_000;
/** Answers that hold signed addresses of the workspace's storage. */
const CREDENTIALS = /\/credentials-for-data-(up|down)load$/;

/** What the views ask; any endpoint and any index, since the page makes some itself. */
function allow(warehouses) {
  return {
    chat: true,
    completions: true,
    embeddings: true,
    responses: true,
    models: true,
    servingEndpoints: { list: true, get: true, manage: true },
    vectorSearch: { indexes: true, list: true, write: true, manage: true },
    ...(warehouses.length > 0 && { sql: { warehouseId: warehouses, list: true, start: true, reading: true, writing: true, rowLimit: 1_000_000 } }),
    functions: { names: true, delete: true },
    tables: true,
    mlflow: { experiments: true, write: true, storage: true },
  };
}

/**
 * The listener for requests under `PATH`. It is made when the first one comes, because it names the warehouses, and those are the
 * workspace's to say; `signed` replaces the signed addresses in answers, `now` is for tests.
 */
export function workspaceRelay(config, signed, now = Date.now) {
  let made;
  let until = Number.NEGATIVE_INFINITY;
  const make = async () => {
    const [{ kind }, warehouses] = await Promise.all([workspaceFacts(config), warehousesOf(config)]);
    const relay = createRelay({
      host: config.host.origin,
      token: config.token.reveal(),
      path: PATH,
      sameOrigin: true,
      public: true,
      errors: "workspace",
      requestHeaders: kind === "emulator" ? [FAULT_HEADER] : [],
      allow: allow(warehouses),
      limits: { openPerClient: 64, maxTokens: 100_000, n: 8, rate: { requests: 6_000, perMs: 60_000 } },
    });
    return nodeHandler(async (request, context) => {
      const answer = await relay(request, context);
      const storage = CREDENTIALS.test(new URL(request.url).pathname) && answer.status === 200;
      return storage ? signed.answer(answer, new URL(request.url).origin) : answer;
    });
  };
  return async (request, response) => {
    // warehouses come and go; a workspace that could not be asked is asked again by the next request, or what it said before is good
    const before = made;
    if (now() >= until) {
      until = now() + WAREHOUSES_KEPT_MS;
      made = make().catch((error) => {
        if (before !== undefined) return before;
        made = undefined;
        until = Number.NEGATIVE_INFINITY;
        throw error;
      });
    }
    return made.then((handle) => handle(request, response));
  };
}

/** The ids of the workspace's warehouses, or the one that is configured. */
async function warehousesOf(config) {
  if (config.warehouse !== undefined) return [config.warehouse];
  const answer = await fetch(new URL("/api/2.0/sql/warehouses", config.host), {
    headers: { authorization: `Bearer ${config.token.reveal()}` },
    redirect: "manual",
    signal: AbortSignal.timeout(WAREHOUSES_TIMEOUT_MS),
  });
  await (answer.status === 200 ? undefined : answer.body?.cancel());
  // who may not see warehouses has none; any other answer says nothing about them
  if (answer.status === 401 || answer.status === 403 || answer.status === 404) return [];
  if (answer.status !== 200) throw new Error(`The workspace could not say which warehouses it has: it answered with ${answer.status}.`);
  return ((await answer.json()).warehouses ?? []).map(({ id }) => id);
}
