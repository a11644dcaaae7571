// Artifacts through the server, the model registry and logged models (wire: mlflow-tracking §5 and §7).

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
const TRACKING = "/api/2.0/mlflow";

/** What only a self-hosted server has. */
export const selfHosted = {
  "artifacts: put, get, list, delete, missing": async (w) => {
    const experiment_id = await w.experiment("artifacts");
    const run_id = await w.run(experiment_id, "a");
    const root = `${experiment_id}/${run_id}/artifacts`;
    const put = (path, raw, type = "text/plain") => w.send("PUT", `${PROXY}/${root}/${path}`, undefined, { raw, headers: { "content-type": type } });
    const get = (path) => w.send("GET", `${PROXY}/${root}/${path}`);
    await put("notes/a.txt", "hello");
    await put("b.json", '{"a":1}');
    await put("b.json", '{"a":2}');
    await put("notes/a%20b.html", "<p>", "text/html");
    await put("bin.png", "xx", "image/png");
    await put("plain", "xx", "application/octet-stream");
    await put("empty.txt", "");
    await put("%C3%A9%2Bx.txt", "é");
    await put("%2e%2e/%2e%2e/x", "xx");
    await put("..%2fx", "xx");
    for (const path of ["notes/a.txt", "b.json", "notes/a%20b.html", "bin.png", "plain", "%C3%A9%2Bx.txt", "nobody", "notes"]) await get(path);
    const list = (path) => w.send("GET", `${PROXY}?path=${encodeURIComponent(path)}`);
    for (const path of [root, `${root}/notes`, `${root}/nobody`, `${root}/b.json`, "../x", "/etc"]) await list(path);
    await w.get("artifacts/list", { run_id });
    for (const path of ["notes", "nobody", "b.json", "../x"]) await w.get("artifacts/list", { run_id, path });
    await w.get("artifacts/list", { run_id: "nobody" });
    await w.get("artifacts/list");
    for (const path of ["b.json", "b.json", "notes", "plain"]) await w.send("DELETE", `${PROXY}/${root}/${path}`);
    await w.get("artifacts/list", { run_id });
    await w.send("POST", `/api/2.0/mlflow-artifacts/mpu/create/${root}/big`, { path: "x", num_parts: 2 });
    await w.post("artifacts/presigned-upload-url", { run_id, path: "x" });
    await w.post("artifacts/credentials-for-write", { run_id, path: ["x"] });
  },

  "the paths beside: health, version, and what is not there": async (w) => {
    await w.send("GET", "/health");
    await w.send("GET", "/version");
    await w.send("GET", `${TRACKING}/nonsense`);
    await w.post("nonsense", {});
    await w.send("POST", "/ajax-api/2.0/mlflow/experiments/create", {});
  },
};

export default {
  "registry: models, versions, aliases, tags": async (w) => {
    const experiment_id = await w.experiment("registry");
    const run_id = await w.run(experiment_id, "r");
    const name = w.name("model");
    const other = (method, path, body) => w.send(method, `${TRACKING}/${path}`, body);
    await w.post("registered-models/create", { name, description: "d", tags: [{ key: "a", value: "b" }] });
    await w.post("registered-models/create", { name });
    await w.post("registered-models/create", {});
    await w.post("registered-models/create", { name: "a/b" });
    await w.get("registered-models/get", { name });
    await w.get("registered-models/get", { name: "nobody" });
    await w.get("registered-models/get");
    const version = (more) => w.post("model-versions/create", { name, source: "s3://bucket/model", ...more });
    await version({ run_id, tags: [{ key: "a", value: "b" }], description: "v" });
    await new Promise((resolve) => setTimeout(resolve, 3));
    await version();
    await version({ name: "nobody" });
    await version({ source: undefined });
    await version({ source: "/etc" });
    for (const number of ["1", "9", "x"]) await w.get("model-versions/get", { name, version: number });
    await w.get("model-versions/get-download-uri", { name, version: "1" });
    for (const filter of [`name='${name}'`, `run_id = '${run_id}'`, "nonsense"]) await w.get("model-versions/search", { filter });
    const first = await w.get("model-versions/search", { filter: `name='${name}'`, max_results: 1, order_by: "version_number ASC" });
    await w.get("model-versions/search", { filter: `name='${name}'`, max_results: 1, order_by: "version_number ASC", page_token: first.next_page_token });
    const alias = (more) => w.post("registered-models/alias", { name, alias: "champion", version: "1", ...more });
    await alias();
    for (const more of [{ version: "9" }, { alias: "v1" }, { alias: "latest" }, { alias: "a b" }, { name: "nobody" }]) await alias(more);
    await w.get("registered-models/alias", { name, alias: "champion" });
    await w.get("registered-models/alias", { name, alias: "nobody" });
    await w.get("registered-models/alias", { name: "nobody", alias: "x" });
    await w.get("registered-models/get", { name });
    await other("DELETE", "registered-models/alias", { name, alias: "champion" });
    await other("DELETE", "registered-models/alias", { name, alias: "champion" });
    await other("PATCH", "registered-models/update", { name, description: "new" });
    await w.post("registered-models/rename", { name, new_name: `${name}-b` });
    await w.get("registered-models/search", { filter: `name='${name}-b'` });
    await w.get("registered-models/search", { filter: `name LIKE '${name}%'`, max_results: 1 });
    await w.get("registered-models/search", { filter: "foo='x'" });
    await w.get("registered-models/search", { max_results: 100_000 });
    const renamed = { name: `${name}-b`, version: "1" };
    await w.post("model-versions/set-tag", { ...renamed, key: "k", value: "v" });
    await w.post("registered-models/set-tag", { ...renamed, version: undefined, key: "k", value: "v" });
    await other("DELETE", "registered-models/delete-tag", { name: `${name}-b`, key: "k" });
    await w.post("registered-models/set-tag", { name: "nobody", key: "k", value: "v" });
    await other("PATCH", "model-versions/update", { ...renamed, description: "z" });
    await other("DELETE", "model-versions/delete", { ...renamed, version: "2" });
    await other("DELETE", "model-versions/delete", { ...renamed, version: "2" });
    await w.post("registered-models/get-latest-versions", { name: `${name}-b` });
    await other("DELETE", "registered-models/delete", { name: `${name}-b` });
    await other("DELETE", "registered-models/delete", { name: `${name}-b` });
  },

  "logged models: create, finish, find": async (w) => {
    const experiment_id = await w.experiment("logged");
    const run_id = await w.run(experiment_id, "r");
    const other = (method, path, body) => w.send(method, `${TRACKING}/logged-models/${path}`, body);
    const create = (more) => w.post("logged-models", { experiment_id, name: "mm", ...more });
    const { model } = await create({ model_type: "agent", source_run_id: run_id, params: [{ key: "p", value: "1" }], tags: [{ key: "t", value: "2" }] });
    const { model_id } = model.info;
    await new Promise((resolve) => setTimeout(resolve, 3));
    await create({ name: "second" });
    await create({ name: "a/b" });
    await create({ experiment_id: undefined });
    await create({ experiment_id: "987654321" });
    await w.post("runs/outputs", { run_id, models: [{ model_id, step: 3 }] });
    await w.post("runs/outputs", { run_id });
    await w.post("runs/outputs", { run_id: "nobody", models: [{ model_id, step: 0 }] });
    await w.get("runs/get", { run_id });
    await other("PATCH", model_id, { model_id, status: "LOGGED_MODEL_READY" });
    await other("PATCH", "nobody", { model_id: "nobody", status: "LOGGED_MODEL_READY" });
    await other("PATCH", model_id, {});
    await other("GET", model_id);
    await other("GET", "nobody");
    const search = (more, options) => w.post("logged-models/search", { experiment_ids: [experiment_id], ...more }, options);
    await search({});
    await search({ filter: "name = 'mm'", order_by: [{ field_name: "creation_time", ascending: false }] });
    await search({ order_by: [{ field_name: "creation_time", ascending: true }] });
    await search({ filter: "params.p = '1'" });
    await search({ filter: "nonsense" });
    await search({ experiment_ids: undefined });
    // the token of a real server holds the question too
    await search({ max_results: 1 }, { only: ["models"] });
    await other("PATCH", `${model_id}/tags`, { tags: [{ key: "z", value: "2" }] });
    await other("GET", model_id);
    await other("DELETE", model_id);
    await other("GET", model_id);
  },
};
