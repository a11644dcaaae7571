// A trace on its way to a server: what it is goes first, and the answer says where its spans shall go.

import { fail } from "../errors.js";
import { GET, PUT, POST, SAFE, path, pure } from "../data/base.js";

const LOCATION = "mlflow.artifactLocation";

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
  const own = /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.*)$/.exec(location)?.[1];
  if (own === undefined) {
    await signed(at, traceId, spans);
    return;
  }
  if (own === place(experimentId, traceId)) proxied.add(at);
  await put(at, own, spans);
}

/** The way of workspaces: a signed URL, which takes no token. */
async function signed(at, traceId, spans) {
  const { credential_info: credential } = await at.value(at.raw([GET, path`/api/2.0/mlflow/traces/${{ trace: traceId }}/credentials-for-data-upload`, undefined, SAFE]));
  const { signed_uri: url, headers = [], type } = credential ?? {};
  if (typeof url !== "string") throw fail("Decode", "The workspace gave no address for the trace's spans.");
  const body = new TextEncoder().encode(spans);
  const own = headers.map(({ name, value }) => [name, value]);
  if (type === "AZURE_ADLS_GEN2_SAS_URI") {
    const more = (query) => `${url}${url.includes("?") ? "&" : "?"}${query}`;
    await sent(at, more("resource=file"), { method: "PUT", headers: own });
    await sent(at, more("action=append&position=0"), { method: "PATCH", headers: own, body });
    await sent(at, more(`action=flush&position=${body.byteLength}`), { method: "PATCH", headers: own });
    return;
  }
  if (type === "AZURE_SAS_URI" && !own.some(([name]) => name.toLowerCase() === "x-ms-blob-type")) own.push(["x-ms-blob-type", "BlockBlob"]);
  await sent(at, url, { method: "PUT", headers: own, body });
}

async function sent(at, url, init) {
  let answer;
  try {
    answer = await at.fetch(url, { ...init, redirect: "error", credentials: "omit" });
  } catch {
    // the platform's own words may hold the address, and that is a key
    throw fail("Connect", "The trace's spans could not be sent to their signed address: the connection failed.", { isRetryable: true });
  }
  await answer.body?.cancel?.().catch(() => {});
  if (!answer.ok) throw fail(answer.status === 403 ? "PermissionDenied" : "Server", `The store refused the trace's spans with status ${answer.status}.`, { status: answer.status });
}
