// Whether what the page asks is written down as traces, and where. The room that does it is loaded when first needed.

import type { Message, WorkspaceClient } from "lakewire";
import type { MlflowClient, MlflowTracing } from "lakewire/mlflow";
import { plainText } from "../chat/history.js";
import type { AnswerTurn } from "../chat/types.js";
import { RunLog } from "../runs/log.js";

/** On Databricks an experiment's name is a path of the workspace. */
export const EXPERIMENT = "/Shared/lakewire-demo";
const KEY = "lakewire-demo/record";

/** What stands behind a recorded conversation. */
interface Room {
  tracing: MlflowTracing;
  mlflow: MlflowClient;
}

/** Facts of one recorded answer. */
export interface Recorded {
  traceId: string | undefined;
}

export class Recorder {
  #room: Promise<Room> | undefined;
  #on: boolean | undefined;
  #emulator: Promise<boolean>;
  #problem: unknown;
  /** The conversation that the chat's answers belong to. */
  #session = crypto.randomUUID();
  #runs = new RunLog(
    async () => (await this.room()).mlflow,
    (error) => (this.#problem = error),
  );

  constructor(private readonly client: WorkspaceClient) {
    this.#on = remembered();
    this.#emulator = fetch("/workspace.json").then(
      async (answer) => ((await answer.json()) as { kind?: string }).kind === "emulator",
      () => false,
    );
  }

  /** In the emulator what is recorded stays on this machine; in a workspace others may read it, so somebody must want it. */
  async on(): Promise<boolean> {
    return this.#on ?? (await this.#emulator);
  }

  turn(on: boolean): void {
    this.#on = on;
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // good for this tab then
    }
  }

  /** What went wrong when it was last written. */
  get problem(): unknown {
    return this.#problem;
  }

  /** MLflow of the workspace, with the tracing of this page. */
  room(): Promise<Room> {
    this.#room ??= import("lakewire/mlflow").then(({ MlflowClient, MlflowTracing }) => ({
      mlflow: new MlflowClient(this.client),
      tracing: new MlflowTracing(this.client, { experimentName: EXPERIMENT, onError: (error: unknown) => (this.#problem = error) }),
    }));
    this.#room.catch(() => (this.#room = undefined));
    return this.#room;
  }

  /** Does something with a client that is watched, under a span of this name; with the plain client when nothing is recorded. */
  async run<T>(
    name: string,
    given: { inputs: unknown; session?: string; outputs?: (value: T) => unknown; failed?: () => string | undefined },
    act: (client: WorkspaceClient) => Promise<T>,
  ): Promise<{ value: T } & Recorded> {
    const room = (await this.on()) ? await this.room().catch(() => undefined) : undefined;
    if (room === undefined) return { value: await act(this.client), traceId: undefined };
    const { inputs, session, outputs, failed } = given;
    const came: T[] = [];
    let traceId: string | undefined;
    // what the function gives is what the span says came out
    await room.tracing.withSpan({ name, type: "CHAIN", inputs, ...(session !== undefined && { session }) }, async (span) => {
      traceId = span.traceId;
      const value = await act(span.observe(this.client));
      came.push(value);
      const why = failed?.();
      if (why !== undefined) span.setStatus("ERROR", why);
      return outputs ? outputs(value) : value;
    });
    return { value: came[0] as T, traceId };
  }

  /** One answer of a chat: the trace's name stands in its facts. `act` never rejects; what went wrong is in the turn. */
  async answer(turn: AnswerTurn, messages: readonly Message[], act: (client: WorkspaceClient) => Promise<void>): Promise<void> {
    const given = { inputs: { messages }, session: this.#session, outputs: () => plainText(turn), failed: () => turn.problem && `${turn.problem.title} ${turn.problem.detail ?? ""}`.trim() };
    const { traceId } = await this.run("answer", given, act);
    if (traceId !== undefined) turn.facts.trace_id = traceId;
  }

  /** The figures of an answer, for the run of its conversation. */
  answered(model: string, turn: AnswerTurn): void {
    if (turn.facts.trace_id !== undefined) this.#runs.answered(model, turn.facts, turn.state === "failed");
  }

  /** The conversation is over: the next one is a run of its own. */
  ended(): void {
    this.#session = crypto.randomUUID();
    this.#runs.end();
  }

  /** When the figures so far have arrived, or failed. */
  settled(): Promise<void> {
    return this.#runs.settled();
  }
}

function remembered(): boolean | undefined {
  try {
    const said = localStorage.getItem(KEY);
    return said === null ? undefined : said === "on";
  } catch {
    return undefined;
  }
}
