// The files of runs and logged models: through the tracking server, or to and from the store by signed addresses.

import { AT, DELETE, FILE, NEVER, PUT, ROOT, SAFE, fail, known, named, paged, pure, splitCall } from "./base.js";
import { indented, writeExact } from "../data/exact.js";
import { pairs } from "../options.js";
import { keep, toStore } from "./store.js";

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
/** How many files and folders one walk finds at most. */
const MOST = 100_000;

/** Bytes of what callers give. */
async function bytesOf(data) {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (typeof data?.arrayBuffer === "function") return new Uint8Array(await data.arrayBuffer());
  throw fail("InvalidInput", "An artifact is given as a text, an ArrayBuffer, a typed array or a Blob.");
}

/** A signed address, checked; nothing may show it. */
export function address({ signed_uri: url, headers = [] }) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    // the platform's error holds the address
  }
  const safe = parsed?.protocol === "https:" || (parsed?.protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(parsed.hostname));
  const named = headers.some(({ name }) => `${name}`.toLowerCase() === "authorization");
  if (!safe || parsed.username || parsed.password || named) throw fail("InvalidInput", "The signed address of the artifact is not a plain https address with headers of its own: ask the workspace's administrator what answers there.");
  return [url, Object.fromEntries(headers.map(({ name, value }) => [name, value]))];
}

/** The files of a run or of a logged model. */
export class Artifacts {
  #at;
  #run;
  #root;

  constructor(at, info, run) {
    if (typeof info?.artifact_uri !== "string") throw fail("Decode", "The server does not say where the artifacts lie.");
    this.#at = at;
    this.#run = run;
    this.#root = pure("mlflow.place", info.artifact_uri);
  }

  /** Logs a file, over one of the same path. */
  async log(path, data, options) {
    const [scope] = splitCall(options);
    const way = pure("mlflow.path", named(path, "artifact's path"));
    const bytes = await bytesOf(data);
    if (this.#root !== undefined) {
      const headers = [...(pairs(scope.headers) ?? []), ["content-type", pure("mlflow.type", path)]];
      await this.#at.raw([PUT, `${PROXY}/${this.#root}/${way}`, bytes, SAFE], { ...scope, headers });
      return;
    }
    await this.#signed("write", path, scope, (to, { type }) => keep(this.#at, "artifacts", to, type, bytes, scope));
  }

  /** Logs a value as JSON, indented as MLflow's own client does. */
  async logDict(path, value, options) {
    return this.log(path, indented(writeExact(value, "The value")), options);
  }

  /** Downloads a file's bytes. */
  async download(path, options) {
    const [scope] = splitCall(options);
    const way = pure("mlflow.path", named(path, "artifact's path"));
    if (this.#root === undefined) {
      return this.#signed("read", path, scope, async ([url, headers]) => new Uint8Array(await toStore(this.#at, "artifacts", url, { method: "GET", headers }, scope)));
    }
    const { text } = await this.#at.raw([0, `${PROXY}/${this.#root}/${way}`, undefined, FILE], scope);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    return bytes;
  }

  /** Downloads a file of text. */
  async downloadText(path, options) {
    return new TextDecoder().decode(await this.download(path, options));
  }

  /** Lists a folder, the topmost without a path. */
  async list(path = "", options) {
    const way = path === "" ? "" : pure("mlflow.path", path);
    if (this.#run !== undefined) return filesOf(this.#at, this.#run, path, options).all();
    if (this.#root === undefined) throw unsigned();
    const { files = [] } = await this.#at.get(`${PROXY}?path=${this.#root}${way && `/${way}`}`, {}, options);
    return files.map((file) => ({ ...file, path: path === "" ? file.path : `${path}/${file.path}` }));
  }

  /** Lists every file below a folder. */
  async walk(path = "", options) {
    const folders = [path];
    const files = [];
    for (let seen = 0; folders.length > 0; ) {
      const folder = folders.shift();
      for (const one of await this.list(folder, options)) {
        seen += 1;
        if (seen > MOST) throw fail("Protocol", "The run holds more than 100,000 files and folders.");
        if (!one.is_dir) files.push(one);
        // what is not below its folder would lead round in circles
        else if (folder === "" || one.path.startsWith(`${folder}/`)) folders.push(one.path);
      }
    }
    return files;
  }

  /** Deletes a file, or a folder with all it holds. */
  async delete(path, options) {
    const way = pure("mlflow.path", named(path, "artifact's path"));
    if (this.#root === undefined) throw fail("NotImplemented", "A workspace has no call that deletes an artifact of a run: delete the run.");
    await this.#at.raw([DELETE, `${PROXY}/${this.#root}/${way}`, undefined, NEVER], options);
  }

  /** Does something with leave to move one file; an address can expire while it waits for its turn. */
  async #signed(what, path, scope, act) {
    if (this.#run === undefined) throw unsigned();
    for (let fresh = false; ; fresh = true) {
      const { credential_infos: [info] = [] } = await this.#at.send(`${ROOT}artifacts/credentials-for-${what}`, { run_id: this.#run, path: [path] }, scope, SAFE);
      if (info === undefined) throw fail("Decode", `${path}: The workspace gave no signed address for the artifact.`);
      try {
        return await act(address(info), info);
      } catch (error) {
        if (error.status === 403 && !fresh) continue;
        throw error;
      }
    }
  }
}

const unsigned = () => fail("NotImplemented", "The files of this logged model lie in the workspace's store, for which only runs get signed addresses: log them as artifacts of its run.");

/** The pages of a folder of a run's files. */
function filesOf(at, run_id, path, options) {
  const [scope] = splitCall(options);
  return paged((page_token) => at.get(`${ROOT}artifacts/list`, { run_id, path: path || undefined, page_token }, scope), "files");
}

export const withArtifacts = (Base) =>
  class extends Base {
    /** The files of a run, given by its id or as it was read, or of a logged model. */
    async artifacts(of, options) {
      const [scope] = known(options, []);
      const found = typeof of === "string" ? await this.getRun(of, scope) : of;
      return new Artifacts(this[AT], found?.info, found?.info?.run_id);
    }

    /** Logs a file of a run. */
    async logArtifact(runId, path, data, options) {
      pure("mlflow.path", named(path, "artifact's path"));
      return (await this.artifacts(named(runId, "run's id"), options)).log(path, data, options);
    }

    /** Logs a text as a file of a run. */
    async logText(runId, path, text, options) {
      if (typeof text !== "string") throw fail("InvalidInput", "logText() needs a text.");
      return this.logArtifact(runId, path, text, options);
    }

    /** Logs a value as a JSON file of a run. */
    async logDict(runId, path, value, options) {
      pure("mlflow.path", named(path, "artifact's path"));
      return (await this.artifacts(named(runId, "run's id"), options)).logDict(path, value, options);
    }

    /** Lists a folder of a run's files. */
    async listArtifacts(runId, path = "", options) {
      if (path !== "") pure("mlflow.path", path);
      return filesOf(this[AT], named(runId, "run's id"), path, options).all();
    }

    /** Downloads a file of a run. */
    async downloadArtifact(runId, path, options) {
      pure("mlflow.path", named(path, "artifact's path"));
      return (await this.artifacts(named(runId, "run's id"), options)).download(path, options);
    }
  };
