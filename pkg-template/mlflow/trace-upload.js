// A trace on its way to a server: what it is goes first, and the answer says where its spans shall go.

import { fail } from "../errors.js";
import { address } from "./artifacts.js";
import { gone } from "./queue.js";
import { keep, toStore } from "./store.js";
import { GET, PUT, POST, SAFE, path, pure } from "../data/base.js";

const LOCATION = "mlflow.artifactLocation";

/** The path of a location that the server itself keeps; nothing for one in a store. */
const proxyPath = (location) => /^mlflow-artifacts:\/(?:\/[^/]*\/)?(.*)$/.exec(location)?.[1];

/** Which servers keep their artifacts themselves, by the clients' operations: known from their answers. */
const proxied = new WeakSet();

const place = (experimentId, traceId) => `${experimentId}/traces/${traceId}/artifacts`;

/** A path of names, each encoded. */
const encodedPath = (names) => names.split("/").map((artifact) => path`${{ artifact }}`).join("/");

const put = (at, to, spans) => at.raw([PUT, `/api/2.0/mlflow-artifacts/artifacts/${encodedPath(to)}/traces.json`, spans, SAFE]);

/** Sends a trace, given as the text that the encoders take. */
export async function uploadTrace(at, traceId, experimentId, text) {
  const spans = pure("tracing.spans", text);
  const started = at.value(at.raw([POST, "/api/3.0/mlflow/traces", pure("tracing.info", text), SAFE]));
  if (proxied.has(at)) {
    // a page that goes may not live to read the answer: such servers always name the same place
    const [left, forget] = gone();
    const answered = await Promise.race([started.then(() => true), left]).finally(forget);
    if (answered !== true) {
      await Promise.all([started, put(at, place(experimentId, traceId), spans)]);
      return;
    }
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
  await keep(at, "traces", [url, headers], type, new TextEncoder().encode(spans));
}

/** The spans of a trace as the server has them: a JSON text that the core reads. */
export async function spansOf(at, traceId, info, scope) {
  const { "mlflow.trace.spansLocation": kept, [LOCATION]: location = "" } = info.tags ?? {};
  const own = proxyPath(location);
  if (kept === "TRACKING_STORE") return (await at.raw([GET, path`/api/3.0/mlflow/traces/get${{ "?trace_id": traceId }}`, undefined, SAFE], scope)).text;
  if (own !== undefined) return (await at.raw([GET, `/api/2.0/mlflow-artifacts/artifacts/${encodedPath(own)}/traces.json`, undefined, SAFE], scope)).text;
  const [url, headers] = await credential(at, traceId, "download", scope);
  return new TextDecoder().decode(await toStore(at, "traces", url, { method: "GET", headers }, scope));
}
