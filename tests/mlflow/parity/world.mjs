// One server that scenarios talk to, and the record of what it said, without what differs from server to server by itself.

import { createHash } from "node:crypto";

const DAY = 86_400_000;
const ROOTS = /(mlflow-artifacts:\/|dbfs:\/databricks\/mlflow-tracking\/)(\d+)/g;
const TRACKING = "/api/2.0/mlflow";

/** Long whole numbers as texts, so that no digit is lost. */
const exact = (text) => text.replace(/(?<=[[:,]\s*)-?\d{16,}(?=\s*[,}\]])/g, '"$&"');

export class World {
  /**
   * `base`: the server. `unique`: what names of this run end in, the same for every server. `workspace`: whether it is one of
   * Databricks, where names of experiments are paths.
   */
  constructor({ base, token, unique, workspace = false }) {
    Object.assign(this, { base, token, unique, workspace });
    this.records = [];
    this.experiments = [];
    this.ids = [];
  }

  /** A name that is not taken; an experiment's is a path in a workspace. */
  name(text) {
    return `${text}-${this.unique}`;
  }

  experimentName(text) {
    return this.workspace ? `/Shared/${this.name(text)}` : this.name(text);
  }

  /** Hexadecimal digits that belong to this run and this text. */
  hex(text, length = 32) {
    return createHash("sha256").update(`${this.unique} ${text}`).digest("hex").slice(0, length);
  }

  /** Sends a request and records the answer, of which the body comes back. Options: `headers`, `raw` (a body as it is), `messages: false` (the words may differ), `only` (the fields of the body to compare), `record: false`. */
  async send(method, path, body, { headers = {}, raw, messages = true, only, record = true } = {}) {
    const all = { ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...headers };
    if (body !== undefined) all["content-type"] ??= "application/json";
    for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
    const response = await fetch(`${this.base}${path}`, { method, headers: all, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)) });
    const text = await response.text();
    const type = (response.headers.get("content-type") ?? "").split(";")[0];
    const json = type === "application/json" || (text.startsWith("{") && text.trimEnd().endsWith("}"));
    const value = json ? JSON.parse(exact(text)) : text;
    if (record) this.records.push({ call: `${method} ${path} ${JSON.stringify(body ?? "").slice(0, 200)}`, status: response.status, type, body: value, messages, only });
    return value;
  }

  post(path, body, options) {
    return this.send("POST", `${TRACKING}/${path}`, body, options);
  }

  get(path, query = {}, options) {
    const text = new URLSearchParams(query).toString();
    return this.send("GET", `${TRACKING}/${path}${text && `?${text}`}`, undefined, options);
  }

  /** Creates an experiment whose id the records then call by its number. */
  async experiment(text) {
    const { experiment_id } = await this.post("experiments/create", { name: this.experimentName(text) });
    this.experiments.push(experiment_id);
    return experiment_id;
  }

  async run(experiment_id, run_name, more = {}) {
    const { run } = await this.post("runs/create", { experiment_id, run_name, start_time: 1_767_225_600_000, ...more });
    return run.info.run_id;
  }

  /** What was said, comparable. */
  said() {
    return this.records.map(({ call, status, type, body, messages, only }) => {
      let shown = this.#plain(body, undefined);
      if (!messages && shown?.message !== undefined) shown = { ...shown, message: "…" };
      if (only) shown = Object.fromEntries(only.map((name) => [name, shown?.[name]]));
      return { call: this.#text(call), status, type, body: shown };
    });
  }

  #plain(value, key) {
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#plain(item));
      const keyed = items.every((item) => typeof item?.key === "string") && !key?.startsWith("metrics_of");
      return keyed && key !== "attributes" ? items.toSorted((a, b) => a.key.localeCompare(b.key)) : items;
    }
    if (value !== null && typeof value === "object") {
      const entries = Object.entries(value).filter(([name]) => !(this.workspace && ["sqlstate", "error_class", "workspace"].includes(name)));
      return Object.fromEntries(entries.map(([name, item]) => [name, this.#plain(item, name)]));
    }
    if (typeof value === "number") return Math.abs(value - Date.now()) < DAY ? "<ms>" : value;
    if (typeof value !== "string") return value;
    if (key === "experiment_id" && this.experiments.includes(value)) return `<experiment ${this.experiments.indexOf(value)}>`;
    return this.#text(value);
  }

  #text(text) {
    return text
      .replace(ROOTS, (whole, root, id) => `<root>/<experiment ${this.experiments.indexOf(id)}>`)
      .replace(/(?<=id[= ]"?|experiment_ids?(?:=|\\?":\[?\\?")|artifacts\/|path=|xperiment |artifact: '|file: ')\d+\b/g, (id) => (this.experiments.includes(id) ? `<experiment ${this.experiments.indexOf(id)}>` : id))
      .replace(/(<root>\/<experiment \d+>\/)(tr-|logged_)/, (whole, before, kind) => (this.workspace ? `${before}${kind === "tr-" ? "traces/tr-" : ""}` : whole))
      .replaceAll("/Shared/", "")
      .replace(/[0-9a-f]{32}/g, (id) => {
        if (!this.ids.includes(id)) this.ids.push(id);
        return `<id ${this.ids.indexOf(id)}>`;
      })
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => (Math.abs(Date.parse(time) - Date.now()) < DAY ? "<time>" : time))
      .replace(/^[a-z]+-[a-z]+-\d{1,3}$/, "<invented>")
      .replace(/ Error: \(sqlite3[\s\S]*/, "")
      .replace(/\{('[^{}]*')\}/g, (_, list) => `{${list.split(", ").sort().join(", ")}}`);
  }
}
