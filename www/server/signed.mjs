// Signed addresses of a workspace's storage, which the page may use without meeting them: they hold a right in their text,
// and most storages answer no other origin. The answer that gives one is read here, and the page gets an address of this
// server in its place, good for as short a time as the one it stands for.

import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream";
import { sendJson } from "./respond.mjs";

/** How long an address may be used, and how many are kept at once. */
const GOOD_FOR_MS = 15 * 60_000;
const MOST = 1_000;
/** A trace is larger than this only when something is wrong with it. */
const MOST_BYTES = 16 * 1024 * 1024;
/** How long a storage may take for all of it. */
const MOST_MS = 60_000;
/** What a trace may be; whatever else a storage says is bytes, and never a page of this server. */
const TYPES = /^(application\/(json|octet-stream)|text\/plain)(;|$)/i;
/** Storages are reached encrypted, but for those of this machine. */
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
/** The steps of a file in a data lake, besides the one PUT of all other storages. */
const STEPS = /^(resource=file|action=(append|flush)&position=\d{1,12})$/;
/** What the page may say to a storage: the headers that come with an address, and what the body is. */
const REQUEST_HEADERS = /^(content-type|x-ms-[a-z-]+|x-amz-[a-z-]+|x-goog-[a-z-]+)$/;

/** The addresses that were given out; one box for each server. */
export class Signed {
  #known = new Map();

  /** The relay's answer with the addresses in it replaced; `origin` is this server's. It is small, and read whole. */
  async answer(response, origin) {
    try {
      return Response.json(this.#replace(await response.text(), origin), { headers: { "cache-control": "no-store" } });
    } catch {
      return Response.json({ error_code: "BAD_GATEWAY", message: "The workspace's answer about its storage could not be read." }, { status: 502 });
    }
  }

  /** Throws when the text cannot be read, or an address leads nowhere one may go. */
  #replace(text, origin) {
    const answer = JSON.parse(text);
    for (const info of [answer.credential_info, ...(answer.credential_infos ?? [])]) {
      if (typeof info?.signed_uri === "string") info.signed_uri = `${origin}/signed/${this.#keep(new URL(info.signed_uri))}`;
    }
    return answer;
  }

  #keep(url) {
    if (url.protocol !== "https:" && !(url.protocol === "http:" && LOOPBACK.has(url.hostname))) throw new TypeError("not an address of a storage");
    const now = Date.now();
    for (const [id, { until }] of this.#known) if (until < now || this.#known.size >= MOST) this.#known.delete(id);
    const id = randomUUID();
    this.#known.set(id, { url, until: now + GOOD_FOR_MS });
    return id;
  }

  /**
   * Sends what the page sends to the address that `id` stands for, without any credential of ours. Some storages take a file in
   * steps: `query` says which.
   */
  pass(request, response, id, query = "") {
    const found = this.#known.get(id);
    const url = found && new URL(found.url);
    if (url && STEPS.test(query)) url.search += `${url.search === "" ? "" : "&"}${query}`;
    if (url === undefined || found.until < Date.now()) {
      request.resume();
      return sendJson(response, 403, { error_code: "PERMISSION_DENIED", message: "This address is not good any more: ask for a new one." });
    }
    const headers = { "accept-encoding": "identity" };
    for (const [name, value] of Object.entries(request.headers)) if (REQUEST_HEADERS.test(name)) headers[name] = value;
    const length = Number(request.headers["content-length"] ?? Number.NaN);
    if (request.method !== "GET") {
      if (!(length <= MOST_BYTES)) {
        request.resume();
        return sendJson(response, 413, { error_code: "BAD_REQUEST", message: "What is stored must say its length, and may have 16 MiB." }, { connection: "close" });
      }
      headers["content-length"] = length;
    }
    // bytes that no length bounds would be a second request to the storage
    if (request.method === "GET" && (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0)) {
      request.resume();
      return sendJson(response, 400, { error_code: "BAD_REQUEST", message: "A request that reads has no body." }, { connection: "close" });
    }
    const upstream = (url.protocol === "https:" ? https : http).request(url, { method: request.method, headers, agent: false });
    const late = setTimeout(() => upstream.destroy(new Error("The storage took too long.")), MOST_MS);
    upstream.on("close", () => clearTimeout(late));
    response.on("close", () => {
      if (!response.writableFinished) upstream.destroy();
    });
    upstream.on("error", () => {
      if (response.headersSent) return response.destroy();
      sendJson(response, 502, { error_code: "TEMPORARILY_UNAVAILABLE", message: "The workspace's storage could not be reached." });
    });
    upstream.on("response", (answer) => {
      const type = answer.headers["content-type"];
      let size = 0;
      answer.on("data", (chunk) => {
        size += chunk.length;
        // a part must not look like the whole
        if (size > MOST_BYTES) answer.destroy(new Error("The storage's answer is too large."));
      });
      response.writeHead(answer.statusCode ?? 502, { "cache-control": "no-store", ...(type && { "content-type": TYPES.test(type) ? type : "application/octet-stream" }) });
      pipeline(answer, response, () => {});
    });
    if (request.method === "GET") return upstream.end();
    pipeline(request, upstream, () => {});
  }
}
