// Tracing as users write it.

import { WorkspaceClient } from "lakewire";
import { MlflowClient, MlflowTracing, observed } from "lakewire/mlflow";
import type { Observer, Span, TraceInfo, TraceSpan, TracingStats } from "lakewire/mlflow";

const client = new WorkspaceClient({ host: "https://workspace.example", token: "t" });
const tracing = new MlflowTracing(client, {
  experimentName: "/Shared/traces",
  sampling: 0.5,
  redact: (content) => {
    content.inputs = undefined;
    return content.span.type === "TOOL" ? null : undefined;
  },
  onError: (error: unknown) => void error,
});

export async function traced(header: string | null): Promise<string> {
  const watched: WorkspaceClient = tracing.observe(client);
  const double = tracing.trace(async (n: number) => n * 2, { type: "TASK" });
  const four: number = await double(2);
  const stats: TracingStats = tracing.stats();
  const text: string = await tracing.withSpan({ name: "ask", session: "s", parent: tracing.fromTraceparent(header) ?? null }, async (span: Span) => {
    span.setAttribute("four", four).addEvent("asked");
    await span.observe(client).chat("m").invoke("Hi.", span.options({ temperature: 0 }));
    return (await watched.chat("m").invoke("Hi.", span.options())).text;
  });
  await tracing.flush();
  return `${text} ${stats.exported}`;
}

export async function read(id: string): Promise<TraceSpan | undefined> {
  const mlflow = new MlflowClient(client);
  const { info, spans }: { info: TraceInfo; spans: TraceSpan[] } = await mlflow.getTrace(id);
  for await (const one of mlflow.searchTraces([info.trace_location.mlflow_experiment?.experiment_id ?? "0"], { filter: "tags.a = 'b'" })) void one.state;
  await mlflow.logFeedback(id, { name: "good", value: true, source: { type: "HUMAN", id: "me" } });
  return spans[0];
}

const observer: Observer = { tokens: true, start: ({ kind }) => (kind === "CHAT_MODEL" ? { end() {}, fail() {} } : undefined) };
export const both: WorkspaceClient = observed(client, observer);

// @ts-expect-error an experiment's id is a text
new MlflowTracing(client, { experimentId: 7 });
// @ts-expect-error no such export
new MlflowTracing(client, { experimentId: "7", export: "grpc" });
// @ts-expect-error an observer has start
observed(client, {});
