// Writes a conversation down as a run: each answer is a step of its metrics.

import { LakewireError } from "lakewire";
import type { MlflowClient } from "lakewire/mlflow";
import type { Facts } from "../chat/types.js";
import { EXPERIMENT } from "../traces/record.js";

const KEY = "lakewire-demo/run";

/** The run of the conversation that is shown, across a reload. */
interface Open {
  run_id: string;
  answers: number;
  tokens: number;
}

export class RunLog {
  /** One thing after the other, so that steps come in order; what fails is told and the next goes on. */
  #last: Promise<void> = Promise.resolve();
  #open: Open | undefined = remembered();

  constructor(
    private readonly mlflow: () => Promise<MlflowClient>,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  /** An answer came, or failed. */
  answered(model: string, facts: Facts, failed: boolean): void {
    this.#then(async (mlflow) => {
      const open = (this.#open ??= await begin(mlflow, model));
      open.answers += 1;
      open.tokens += facts.completion_tokens ?? 0;
      const { first_token_ms, tokens_per_second, prompt_tokens, completion_tokens, answer_ms } = facts;
      const figures = { answers: open.answers, completion_tokens_total: open.tokens, failed: failed ? 1 : 0, first_token_ms, answer_ms, tokens_per_second, prompt_tokens, completion_tokens };
      const timestamp = Date.now();
      const metrics = Object.entries(figures).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value, timestamp, step: open.answers }]));
      remember(open);
      try {
        await mlflow.logBatch(open.run_id, { metrics });
      } catch (error) {
        // a run that is gone, or is another workspace's: the next answer begins a new one
        if (error instanceof LakewireError && error.kind === "NotFound" && this.#open === open) {
          this.#open = undefined;
          remember(undefined);
        }
        throw error;
      }
    });
  }

  /** The conversation is over. */
  end(): void {
    const open = this.#open;
    this.#open = undefined;
    remember(undefined);
    if (open !== undefined) this.#then((mlflow) => mlflow.setTerminated(open.run_id, "FINISHED"));
  }

  /** When all that was written so far has arrived, or failed. */
  settled(): Promise<void> {
    return this.#last;
  }

  #then(act: (mlflow: MlflowClient) => Promise<unknown>): void {
    this.#last = this.#last.then(async () => void (await act(await this.mlflow()))).catch(this.onProblem);
  }
}

async function begin(mlflow: MlflowClient, model: string): Promise<Open> {
  const { experiment_id: experimentId } = await mlflow.experiment(EXPERIMENT);
  const at = new Date().toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const { info } = await mlflow.createRun(experimentId, { runName: `conversation ${at}`, tags: { model } });
  return { run_id: info.run_id, answers: 0, tokens: 0 };
}

function remembered(): Open | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Open | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function remember(open: Open | undefined): void {
  try {
    if (open === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(open));
  } catch {
    // a reload then begins a run of its own
  }
}
