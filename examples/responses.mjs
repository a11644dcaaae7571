// Talks to an agent: streams its answer, and goes on from it. `node examples/responses.mjs`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_AGENT.

import { WorkspaceClient } from "lakewire";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const agent = client.responses(process.env.LAKEWIRE_AGENT ?? "agent-responses");

const stream = await agent.textStream("What is 17 + 25?");
for await (const word of stream) process.stdout.write(word);
process.stdout.write("\n");

// the whole of what was streamed: what the agent did on the way, and what it costs
const first = await stream.finalResponse();
console.log(first.output.map((item) => item.type).join(", "));

// the next turn: what was sent, what came out of it, and more
const second = await agent.invoke(first.nextInput("What is 6 * 7?"));
console.log(second.text);
