// Traces of a chain in MLflow, read back. `node examples/tracing.mjs "What is a lakehouse?"`
// Reads DATABRICKS_HOST, DATABRICKS_TOKEN and, if set, LAKEWIRE_ENDPOINT and MLFLOW_EXPERIMENT_NAME.

import { PromptTemplate, pipe, StrOutputParser, WorkspaceClient } from "lakewire";
import { MlflowClient, MlflowTracing } from "lakewire/mlflow";

const client = new WorkspaceClient({ host: process.env.DATABRICKS_HOST, token: process.env.DATABRICKS_TOKEN });
const tracing = new MlflowTracing(client, {
  experimentName: process.env.MLFLOW_EXPERIMENT_NAME ?? "/Shared/lakewire-traces",
  // what must not be kept is changed before anything is sent
  redact: (span) => {
    if (typeof span.inputs?.question === "string") span.inputs.question = span.inputs.question.replace(/\d{6,}/g, "…");
  },
});

// every call of this client is a span
const chat = tracing.observe(client).chat(process.env.LAKEWIRE_ENDPOINT ?? "databricks-meta-llama-3-3-70b-instruct");
const chain = pipe(PromptTemplate.fromTemplate("Answer in one sentence: {question}"), chat, new StrOutputParser());

let traceId;
await tracing.withSpan({ name: "question", type: "AGENT", session: "example", tags: { example: "tracing" } }, async (span) => {
  traceId = span.traceId;
  for await (const words of await chain.stream({ question: process.argv[2] ?? "What is a lakehouse?" })) process.stdout.write(words);
});
process.stdout.write("\n");
await tracing.close();

const { info, spans } = await new MlflowClient(client).getTrace(traceId);
const depth = (span) => (span.parent_id === null ? 0 : 1 + depth(spans.find(({ span_id }) => span_id === span.parent_id)));
for (const span of spans) console.log(`${"  ".repeat(depth(span))}${span.type} ${span.name}: ${span.status.code}`);
console.log(`State ${info.state}, session ${info.trace_metadata["mlflow.trace.session"]}.`);
