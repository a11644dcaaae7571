// Experiments, and what every call refuses in the same words (wire: mlflow-tracking §2 and §3).

export default {
  "experiments: create, read, rename, tag, delete, restore": async (w) => {
    const name = w.experimentName("life");
    const { experiment_id } = await w.post("experiments/create", { name, tags: [{ key: "a", value: "b" }] });
    w.experiments.push(experiment_id);
    await w.get("experiments/get", { experiment_id });
    await w.get("experiments/get-by-name", { experiment_name: name });
    await w.post("experiments/create", { name });
    await w.post("experiments/update", { experiment_id, new_name: `${name}-2` });
    await w.experiment("other");
    await w.post("experiments/update", { experiment_id, new_name: w.experimentName("other") }, { messages: false });
    await w.post("experiments/set-experiment-tag", { experiment_id, key: "k", value: "v" });
    await w.post("experiments/set-experiment-tag", { experiment_id, key: "k" });
    await w.get("experiments/get", { experiment_id });
    await w.post("experiments/delete-experiment-tag", { experiment_id, key: "k" });
    await w.post("experiments/delete-experiment-tag", { experiment_id, key: "k" });
    await w.post("experiments/delete", { experiment_id });
    await w.post("experiments/delete", { experiment_id });
    await w.get("experiments/get", { experiment_id });
    await w.post("experiments/create", { name: `${name}-2` });
    await w.post("runs/create", { experiment_id });
    await w.post("experiments/restore", { experiment_id });
    await w.post("experiments/restore", { experiment_id });
    await w.get("experiments/get", { experiment_id });
  },

  "experiments: refusals": async (w) => {
    await w.post("experiments/create", {});
    await w.post("experiments/create", { name: 5 });
    await w.post("experiments/create", { name: ["a"] });
    await w.post("experiments/create", undefined, { raw: '{"name', headers: { "content-type": "application/json" } });
    await w.post("experiments/create", undefined, { raw: "{}", headers: { "content-type": "text/plain" } });
    await w.get("experiments/get");
    await w.get("experiments/get", { experiment_id: "abc" });
    await w.get("experiments/get", { experiment_id: "987654321" });
    await w.get("experiments/get-by-name", { experiment_name: "nobody" });
    await w.get("experiments/get-by-name");
    await w.post("experiments/update", { experiment_id: 2, new_name: "q" });
    await w.post("experiments/update", { experiment_id: "987654321" });
    await w.post("experiments/set-experiment-tag", { experiment_id: "987654321", value: "k" });
    await w.post("experiments/delete", { experiment_id: "987654321" });
  },

  "experiments: search by name and tag, orders, pages": async (w) => {
    const ids = [];
    for (const n of [1, 2, 3]) {
      const { experiment_id } = await w.post("experiments/create", { name: w.experimentName(`found-${n}`), tags: [{ key: "set", value: w.unique }, { key: "n", value: `${n}` }] });
      ids.push(experiment_id);
      w.experiments.push(experiment_id);
      // so that no two are of one millisecond
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const filter = `tags.set = '${w.unique}'`;
    const search = (more) => w.post("experiments/search", { max_results: 10, filter, ...more });
    await search({});
    await search({ order_by: ["name ASC"] });
    await search({ order_by: ["name DESC"] });
    await search({ order_by: ["creation_time ASC"] });
    await search({ filter: `name = '${w.experimentName("found-2")}'` });
    await search({ filter: `name LIKE '%found-%' AND ${filter}` });
    await search({ filter: `${filter} AND tags.n != '2'` });
    const { next_page_token } = await search({ max_results: 2 });
    await search({ max_results: 2, page_token: next_page_token });
    await w.post("experiments/delete", { experiment_id: ids[0] });
    await search({});
    await search({ view_type: "DELETED_ONLY" });
    await search({ view_type: "ALL" });
    await w.get("experiments/search", { max_results: "10", filter });
    await search({ filter: "nonsense" });
    await search({ order_by: ["foo"] });
    await search({ max_results: 50_001 });
    await search({ max_results: 0 });
    await search({ page_token: "x" });
    await w.post("experiments/search", {});
  },
};
