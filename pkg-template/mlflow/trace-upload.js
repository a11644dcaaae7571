// A trace on its way to a server: what it is goes first, and the answer says where its spans shall go.

import { fail } from "../errors.js";
import { pause } from "../data/wait.js";
import { address } from "./artifacts.js";
import { GET, PUT, POST, SAFE, path, pure } from "../data/base.js";

const LOCATION = "mlflow.artifactLocation";
const TRIES = 3;

/** The path of a location that the server itself keeps; nothing for one in a store. */
const proxyPath = (location) => /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.*)$/.exec(location)?.[1];

/** Which servers keep their artifacts themselves, by the clients' operations: known from their answers. */
const proxied = new WeakSet();

const hidden = () => globalThis.document?.visibilityState === "hidden";

const place = (experimentId, traceId) => `${experimentId}/traces/${traceId}/artifacts`;

/** A path of names, each encoded. */
const encodedPath = (names) => names.split("/").map((artifact) => path`${{ artifact }}`).join("/");

const put = (at, to, spans) => at.raw([PUT, `/api/2.0/mlflow-artifacts/artifacts/${encodedPath(to)}/traces.json`, spans, SAFE]);

/** Sends a trace, given as the text that the encoders take. */
export async function uploadTrace(at, traceId, experimentId, text) {
  const spans = pure("tracing.spans", text);
  const started = at.value(at.raw([POST, "/api/3.0/mlflow/traces", pure("tracing.info", text), SAFE]));
  if (hidden() && proxied.has(at)) {
    // the page may not live to read the answer: such servers always name the same place
    await Promise.all([started, put(at, place(experimentId, traceId), spans)]);
    return;
  }
  const answer = await started;
  const location = answer?.trace?.trace_info?.tags?.[LOCATION];
  if (typeof location !== "string") throw fail("Decode", "The server did not say where the trace's spans shall go: check that it is an MLflow server of version 3 or a workspace.");
  const own = proxyPath(location);
  if (own === undefined) {
    await signed(at, traceId, spans);
    return;
  }
  if (own === place(experimentId, traceId)) proxied.add(at);
  await put(at, own, spans);
}

/** What a workspace lets do with the spans: a signed address, which takes no token. */
async function credential(at, traceId, what, scope) {
  const to = `${path`/api/2.0/mlflow/traces/${{ trace: traceId }}`}/credentials-for-data-${what}`;
  const { credential_info: info } = await at.value(at.raw([GET, to, undefined, SAFE], scope));
  if (info === undefined) throw fail("Decode", "The workspace gave no address for the trace's spans.");
  return [...address(info), info.type];
}

async function signed(at, traceId, spans) {
  const [url, headers, type] = await credential(at, traceId, "upload");
  const body = new TextEncoder().encode(spans);
  if (type === "AZURE_ADLS_GEN2_SAS_URI") {
    const more = (query) => `${url}${url.includes("?") ? "&" : "?"}${query}`;
    await sent(at, more("resource=file"), { method: "PUT", headers });
    await sent(at, more("action=append&position=0"), { method: "PATCH", headers, body });
    await sent(at, more(`action=flush&position=${body.byteLength}`), { method: "PATCH", headers });
    return;
  }
  await sent(at, url, { method: "PUT", headers: type === "AZURE_SAS_URI" ? { "x-ms-blob-type": "BlockBlob", ...headers } : headers, body });
}

/** Sends to the store, with nothing of the client's. A failure that may pass is tried again. */
async function sent(at, url, init) {
  for (let tries = 1; ; tries += 1) {
    let error;
    try {
      const answer = await at.fetch(url, { ...init, redirect: "error", credentials: "omit", referrerPolicy: "no-referrer" });
      if (answer.ok) return await answer.text();
      await answer.body?.cancel().catch(() => {});
      const { status } = answer;
      const again = status === 429 || status >= 500;
      error = fail(again ? "TemporarilyUnavailable" : status === 404 ? "NotFound" : "PermissionDenied", `The store of the traces refuses its signed address with status ${status}.`, { status, isRetryable: again, attempts: tries });
    } catch {
      // neither the platform's error nor its cause: they may hold the address
      error = fail("Connect", "The store of the traces could not be reached. In a page, it must allow the page's origin.", { isRetryable: true, attempts: tries });
    }
    if (!error.isRetryable || tries === TRIES) throw error;
    await pause(250 * 2 ** tries * (0.75 + 0.5 * Math.random()), []);
  }
}

/** The spans of a trace as the server has them: a JSON text that the core reads. */
export async function spansOf(at, traceId, info, scope) {
  const { "mlflow.trace.spansLocation": kept, [LOCATION]: location = "" } = info.tags ?? {};
  const own = proxyPath(location);
  if (kept === "TRACKING_STORE") return (await at.raw([GET, path`/api/3.0/mlflow/traces/get${{ "?trace_id": traceId }}`, undefined, SAFE], scope)).text;
  if (own !== undefined) return (await at.raw([GET, `/api/2.0/mlflow-artifacts/artifacts/${encodedPath(own)}/traces.json`, undefined, SAFE], scope)).text;
  const [url, headers] = await credential(at, traceId, "download", scope);
  return sent(at, url, { method: "GET", headers });
}
