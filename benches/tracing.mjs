// What tracing costs a chat call: the same call watched and not, in turn, with an answer made in memory and over loopback.
// Every figure is a ratio of medians of the wall time of one call in the same run. `npm run build`, then `node benches/tracing.mjs`.

import { createServer } from "node:http";
import { WorkspaceClient } from "../pkg/dist/index.js";
import { MlflowTracing } from "../pkg/dist/mlflow/index.js";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 60);
const CALLS = 50;
const ANSWER = JSON.stringify({
  id: "c", object: "chat.completion", created: 1, model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "A lake is a body of water. ".repeat(20) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 30, completion_tokens: 120, total_tokens: 150 },
});
const PIECES = [...Array.from({ length: 100 }, () => ({ content: "water " })), undefined].map((delta) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: delta ?? {}, finish_reason: delta ? null : "stop" }] })}\n\n`).join("") + "data: [DONE]\n\n";
const QUESTION = [{ role: "system", content: "You know lakes." }, { role: "user", content: "What is a lake? ".repeat(10) }];

const answer = (body) => (body.includes('"stream":true') ? [PIECES, "text/event-stream"] : [ANSWER, "application/json"]);
const memory = async (_, init) => {
  const [text, type] = answer(new TextDecoder().decode(init.body));
  return new Response(text, { headers: { "content-type": type } });
};
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const [text, type] = answer(body);
    response.writeHead(200, { "content-type": type }).end(text);
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

/** A server of MLflow's that takes everything at once: what is measured is our part. */
const keeps = async (url, init) => {
  if (url.endsWith("traces.json")) return new Response("{}");
  const { trace_id } = JSON.parse(new TextDecoder().decode(init.body)).trace.trace_info;
  return new Response(JSON.stringify({ trace: { trace_info: { tags: { "mlflow.artifactLocation": `mlflow-artifacts:/1/traces/${trace_id}/artifacts` } } } }), { headers: { "content-type": "application/json" } });
};

const median = (list) => [...list].sort((one, two) => one - two)[Math.floor(list.length / 2)];
const token = "t";

console.log("| call | not watched, µs | traced: the call | with its export | sampled out |\n|---|---|---|---|---|");
for (const [where, config] of [["in memory", { host: "https://bench.example", token, fetch: memory }], ["loopback", { host: `http://127.0.0.1:${server.address().port}`, token }]]) {
  for (const kind of ["invoke", "stream"]) {
    const plain = new WorkspaceClient(config);
    const sink = new WorkspaceClient({ host: "https://mlflow.example", token, fetch: keeps });
    const make = (options) => new MlflowTracing(sink, { experimentId: "1", maxQueue: 10_000, ...options });
    const [kept, out] = [make(), make({ sampling: 0 })];
    const chats = { plain: plain.chat("m"), traced: kept.observe(plain).chat("m"), out: out.observe(plain).chat("m") };
    const one = kind === "invoke" ? (chat) => chat.invoke(QUESTION) : async (chat) => { for await (const _ of await chat.stream(QUESTION)); };
    const times = { plain: [], traced: [], whole: [], out: [] };
    for (let round = 0; round < ROUNDS + 5; round += 1) {
      for (const name of ["plain", "traced", "out"]) {
        const begun = performance.now();
        for (let call = 0; call < CALLS; call += 1) await one(chats[name]);
        const ended = performance.now();
        if (name === "traced") await kept.flush();
        if (round < 5) continue;
        times[name].push((ended - begun) / CALLS);
        if (name === "traced") times.whole.push((performance.now() - begun) / CALLS);
      }
    }
    const { exported, dropped, failed } = kept.stats();
    if (exported !== (ROUNDS + 5) * CALLS || dropped + failed > 0) throw new Error(`Not every trace was sent: ${JSON.stringify(kept.stats())}`);
    const base = median(times.plain);
    const ratio = (name) => (median(times[name]) / base).toFixed(2);
    console.log(`| ${kind}, ${where} | ${Math.round(base * 1000)} | ${ratio("traced")} | ${ratio("whole")} | ${ratio("out")} |`);
  }
}
server.close();
