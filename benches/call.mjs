// One small non-streaming call in memory: what a client costs on top of fetch and JSON.parse. CPU time, ratio to bare
// fetch. `npm run build`, `npm ci --legacy-peer-deps` here, then `node call.mjs`.

import { invokers } from "./lib/invokers.mjs";
import { rounds, table } from "./lib/measure.mjs";

process.env.LANGSMITH_TRACING = "false";
const ANSWER = JSON.stringify({
  id: "chatcmpl-1", object: "chat.completion", created: 1764000000, model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "A lakehouse keeps tables on object storage." }, finish_reason: "stop", logprobs: null }],
  usage: { prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 },
});
const fetch = async () => new Response(ANSWER, { headers: { "content-type": "application/json" } });
const CALLS = 300;

const once = await invokers();
for (const [name, invoke] of Object.entries(once)) {
  const said = await invoke(fetch);
  if (said !== "A lakehouse keeps tables on object storage.") throw new Error(`${name} says ${said}`);
}
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const work = (name) => ({ run: async () => { for (let at = 0; at < CALLS; at += 1) await once[name](fetch); }, events: CALLS });
const times = await rounds(Object.keys(once), work, { rounds: 15, clock: cpu });
console.log(`\nOne small call in memory, Node ${process.version}, CPU time, ratio to bare fetch (less is better)\n`);
console.log(table(["call"], [{ head: ["invoke"], times }], "bare fetch"));
