// The same for `lakewire/data` and `lakewire/sql` beside the client: each has a core of its own. Takes the packages as they
// were imported there; `engine` says whether the emulator runs statements.

import { each, same } from "./smoke.mjs";

const LONG = 9007199254740993n;

/** Runs all; gives `[[name, why or null], …]`. */
export async function smokeData({ WorkspaceClient }, data, sql, { engine, ...config }) {
  const client = new WorkspaceClient(config);
  const statement = async ({ StatementExecution }) => {
    const execution = new StatementExecution(client, { warehouseId: "emulator-warehouse" });
    const result = await execution.execute("SELECT id, :word AS word FROM range(3)", { parameters: { word: "it's" } });
    const rows = [];
    for await (const { id, word } of result) rows.push([typeof id, `${id}`, word]);
    same(rows, [0, 1, 2].map((id) => ["bigint", `${id}`, "it's"]), "rows");
  };
  const checks = {
    "a statement of lakewire/data": () => statement(data),
    "a statement of lakewire/sql": () => statement(sql),
    "a vector query": async () => {
      const search = new data.VectorSearch(client);
      const name = `main.default.smoke_${crypto.randomUUID().replaceAll("-", "")}`;
      await search.createIndex({
        name, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
        direct_access_index_spec: { schema_json: { id: "long", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 2 }] },
      });
      try {
        const index = search.index(name);
        await index.waitUntilReady();
        await index.upsert([{ id: 1, vec: [0, 1] }, { id: LONG, vec: [1, 0] }]);
        const { rows } = await index.query({ columns: ["id"], query_vector: Float32Array.of(1, 0.1), filters: data.Filter.gt("id", 1) });
        same(rows.map(({ id }) => `${typeof id} ${id}`), [`bigint ${LONG}`], "rows");
      } finally {
        await search.index(name).delete();
      }
    },
    "the guard": async () => {
      same(data.checkReadOnly("SELECT 1"), "query", "kind");
      let error;
      try {
        data.checkReadOnly("DROP TABLE t");
      } catch (thrown) {
        error = thrown;
      }
      same(error?.kind, "StatementRefused", "kind");
    },
  };
  if (!engine) for (const name of Object.keys(checks).filter((name) => name.startsWith("a statement"))) delete checks[name];
  return each(checks);
}
