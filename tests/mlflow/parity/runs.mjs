// Runs: what they log, its limits, and their search (wire: mlflow-tracking §4).

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

export default {
  "runs: create, read, update, tags, delete, restore": async (w) => {
    const experiment_id = await w.experiment("runs");
    const run_id = await w.run(experiment_id, "try-1", { start_time: "1767225600000", tags: [{ key: "t", value: "1" }] });
    await w.post("runs/create", { experiment_id, user_id: "me" });
    await w.post("runs/create", { experiment_id: "987654321" });
    await w.post("runs/create", { experiment_id, run_name: "a", tags: [{ key: "mlflow.runName", value: "b" }] });
    await w.get("runs/get", { run_id });
    await w.get("runs/get", { run_uuid: run_id });
    await w.get("runs/get", { run_id: "nobody" });
    await w.get("runs/get");
    await w.post("runs/set-tag", { run_id, key: "k", value: "v" });
    await w.post("runs/set-tag", { run_uuid: run_id, key: "k", value: "w" });
    await w.post("runs/set-tag", { run_id, key: "mlflow.runName", value: "renamed" });
    await w.post("runs/set-tag", { run_id, key: "empty" });
    await w.post("runs/set-tag", { run_id, value: "no key" });
    await w.post("runs/set-tag", { run_id, key: "b!d", value: "x" });
    await w.post("runs/set-tag", { run_id, key: "k".repeat(251), value: "x" });
    await w.post("runs/delete-tag", { run_id, key: "nope" });
    await w.post("runs/delete-tag", { run_id, key: "empty" });
    await w.post("runs/update", { run_id, status: "FINISHED", end_time: 1_767_225_700_000 });
    await w.post("runs/update", { run_id, run_name: "again" });
    await w.post("runs/update", { run_id, status: "NONSENSE" });
    await w.post("runs/update", { run_id: "nobody", status: "FAILED" });
    await w.post("runs/update", { status: "FAILED" });
    await w.get("runs/get", { run_id });
    await w.post("runs/delete", { run_id });
    await w.post("runs/delete", { run_id });
    await w.post("runs/set-tag", { run_id, key: "k", value: "v" });
    await w.post("runs/log-metric", { run_id, key: "x", value: 1, timestamp: 1 });
    await w.post("runs/update", { run_id, status: "FAILED" });
    await w.get("runs/get", { run_id });
    await w.post("runs/restore", { run_id });
    await w.post("runs/restore", { run_id: "nobody" });
    await w.get("runs/get", { run_id });
  },

  "metrics: numbers of every kind, and their history": async (w) => {
    const run_id = await w.run(await w.experiment("metrics"), "m");
    const log = (more) => w.post("runs/log-metric", { run_id, key: "loss", value: 1, timestamp: 1_767_225_601_000, ...more });
    await log({ value: 0.5, step: 2 });
    await log({ value: "NaN", timestamp: "1767225601001", step: "-3" });
    await log({ value: "Infinity", timestamp: 1_767_225_601_001, step: 3 });
    await log({ value: "-Infinity", timestamp: 1_767_225_601_002, step: 3 });
    await log({ key: "nan", value: "NaN" });
    // beyond 2^53: as text, for JavaScript would round the number
    await log({ key: "big", value: 1e300, timestamp: "9007199254740993", step: "9007199254740993" });
    for (const [value, timestamp, step] of [[1, 5, -5], [2, 5, -6], [3, 4, -5], [1.5, 5, -5], [1.5, 5, -5]]) await log({ key: "order", value, timestamp, step });
    await log({ value: undefined });
    await log({ timestamp: undefined });
    await log({ key: undefined });
    await log({ value: "abc" });
    await log({ timestamp: "abc" });
    await log({ run_id: "nobody" });
    await log({ key: "bad!key" });
    await log({ key: "../up" });
    await log({ key: "a//b" });
    await log({ key: "k".repeat(251) });
    await log({ timestamp: -5 });
    for (const metric_key of ["loss", "nan", "big", "order", "nobody"]) await w.get("metrics/get-history", { run_id, metric_key });
    const { next_page_token } = await w.get("metrics/get-history", { run_id, metric_key: "loss", max_results: 2 });
    await w.get("metrics/get-history", { run_id, metric_key: "loss", max_results: 2, page_token: next_page_token });
    await w.get("metrics/get-history", { run_id, metric_key: "loss", max_results: 0 });
    await w.get("metrics/get-history", { run_id });
    await w.get("metrics/get-history", { run_id: "nobody", metric_key: "a" });
    await w.get("runs/get", { run_id });
  },

  "params: once said they stay": async (w) => {
    const run_id = await w.run(await w.experiment("params"), "p");
    const log = (more) => w.post("runs/log-parameter", { run_id, key: "k", value: "4", ...more });
    await log();
    await log();
    await log({ value: "5" });
    await log({ key: "empty", value: undefined });
    await log({ key: "number", value: 5 });
    await log({ key: "b!d" });
    await log({ key: "k".repeat(251) });
    await log({ key: "long", value: "x".repeat(6001) });
    await log({ run_id: "nobody" });
    await w.get("runs/get", { run_id });
  },

  "batches: every limit, and nothing of a refused one is kept": async (w) => {
    const run_id = await w.run(await w.experiment("batches"), "b");
    const batch = (body) => w.post("runs/log-batch", { run_id, ...body });
    const metric = (more) => ({ key: "m", value: 1, timestamp: 1, step: 1, ...more });
    await batch({ metrics: times(1000, (n) => metric({ key: `m${n % 3}`, value: n, timestamp: n, step: n })) });
    await batch({ metrics: times(1001, (n) => metric({ value: n })) });
    await batch({ params: times(101, (n) => ({ key: `p${n}`, value: "x" })) });
    await batch({ tags: times(101, (n) => ({ key: `t${n}`, value: "x" })) });
    await batch({ metrics: times(950, (n) => metric({ value: n })), params: times(100, (n) => ({ key: `p${n}`, value: "x" })) });
    await batch({ params: [{ key: "a", value: "1" }, { key: "a", value: "2" }] });
    await batch({ params: [{ key: "a", value: "1" }, { key: "a", value: "1" }] });
    await batch({ params: [{ key: "k", value: "4" }] });
    await batch({ params: [{ key: "k", value: "9" }], metrics: [metric({ key: "never" })] });
    await batch({ params: [{ key: "k", value: "4" }, { key: "long", value: "x".repeat(6001) }] });
    await batch({ tags: [{ key: "long", value: "x".repeat(8001) }] });
    for (const name of ["tags", "params"]) {
      await batch({ [name]: [{ key: "k".repeat(251), value: "x" }] });
      await batch({ [name]: [{ key: "fine", value: "x" }, { key: "b!d", value: "x" }] });
      await batch({ [name]: [{ key: "q" }] });
      await batch({ [name]: [{ value: "q" }] });
    }
    await batch({ metrics: [metric({ key: "k".repeat(251) })] });
    await batch({ tags: [{ key: "s", value: "x" }, { key: "s", value: "y" }] });
    await batch({ metrics: [metric({ key: "a b/c:d.e-f_g" })] });
    await batch({ metrics: [metric({ key: "bad!" })] });
    for (const name of ["value", "timestamp", "key", "step"]) await batch({ metrics: [metric({ [name]: undefined })] });
    await batch({ metrics: "x" });
    await batch({});
    await batch({ metrics: times(3, () => metric({ key: "same" })) });
    await batch({ run_id: "nobody" });
    await w.get("metrics/get-history", { run_id, metric_key: "same" });
    await w.get("runs/get", { run_id });
  },

  "runs: search by every kind of key, orders, pages, refusals": async (w) => {
    const experiment_id = await w.experiment("search");
    for (const n of [1, 2, 3]) {
      const run_id = await w.run(experiment_id, `s${n}`, { start_time: 1000 + n, tags: n === 2 ? [{ key: "t", value: "two" }] : [] });
      await w.post("runs/log-batch", { run_id, metrics: [{ key: "x", value: n, timestamp: 1, step: 1 }], params: [{ key: "k", value: `v${n}` }] });
      if (n === 3) await w.post("runs/update", { run_id, status: "FAILED", end_time: 2000 });
    }
    await w.run(experiment_id, "plain", { start_time: 900 });
    const search = (more) => w.post("runs/search", { experiment_ids: [experiment_id], ...more });
    const { next_page_token } = await search({ max_results: 2 });
    await search({ max_results: 2, page_token: next_page_token });
    for (const filter of [
      "", "metrics.x > 1", "metrics.x > 1 and params.k = 'v2'", "metrics.x > 1 AND params.k != 'v2'", "metric.x >= 2 and metrics.x <= 2",
      "params.k LIKE 'v%'", "params.k ILIKE 'V%'", "tags.`mlflow.runName` = 's1'", 'tags."mlflow.runName" = "s1"', "attributes.status = 'RUNNING'", "status != 'RUNNING'",
      "attributes.run_name = 's3'", "run_name LIKE 's%'", "attributes.start_time > 1001", "attributes.run_id IN ('x','y')", "attributes.run_id NOT IN ('x', 'y')",
      "params.k IS NOT NULL", "tags.t IS NULL", "tags.t IS NOT NULL", "tags.t = 'two'", "metrics.x = 1 and", 'metrics."x" = 1', "end_time = 2000", "params.k = 'it''s'",
    ]) await search({ filter });
    for (const filter of [
      "metrics.x > 1 or metrics.x < 1", "nonsense", "metrics.x", "metrics.x > '1'", "params.k > '1'", "params.k = 1", "tags.k = 1", "foo.k = '1'", "attributes.foo = '1'",
      "metrics.x =", "params.k = v", "metrics.x IS NULL", "metrics.x = 1;", "(metrics.x = 1)",
    ]) await search({ filter });
    for (const order of ["metrics.x DESC", "metrics.x", "params.k desc", "start_time ASC", "attributes.run_name DESC", "tags.t", "Created DESC", "attributes.status", "end_time", "foo", "metrics.x DOWN", "metrics.x DESC, params.k"])
      await search({ order_by: [order] });
    await search({ order_by: ["attributes.status DESC", "metrics.x ASC"] });
    await search({ run_view_type: "DELETED_ONLY" });
    await search({ run_view_type: "ALL" });
    await search({ experiment_ids: [] });
    await search({ experiment_ids: ["987654321"] });
    await search({ page_token: "x" });
    await search({ filter: 5 });
    await search({ experiment_ids: "2" });
    await search({ max_results: 0 });
    await search({ max_results: 50_001 });
    await search({ order_by: [5] });
  },
};
