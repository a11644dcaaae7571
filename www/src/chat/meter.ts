// Measures one answer: how soon it began, and how fast the model wrote.

import type { Facts } from "./types.js";

/** Counts as the service reports them; any of them may be missing or null. */
export interface UsageLike {
  prompt_tokens?: number | null | undefined;
  completion_tokens?: number | null | undefined;
}

/** An answer may take several steps (one request each) when tools are called; counts add up over steps. */
export class Meter {
  readonly #began: number;
  #first: number | undefined;
  #stepFirst: number | undefined;
  #stepLast: number | undefined;
  #writingMs = 0;
  #chunks = 0;
  #stepUsage: UsageLike | undefined;
  #prompt = 0;
  #completion = 0;
  #counted = false;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#began = now();
  }

  /** A chunk came. `wrote` says whether it held something the model wrote. The newest usage replaces the one before. */
  chunk(wrote: boolean, usage: UsageLike | null | undefined): void {
    if (wrote) {
      const at = this.now();
      this.#first ??= at;
      this.#stepFirst ??= at;
      this.#stepLast = at;
      this.#chunks += 1;
    }
    if (typeof usage?.prompt_tokens === "number" || typeof usage?.completion_tokens === "number") this.#stepUsage = usage;
  }

  /** One request is over; the next (after tools ran) counts on its own. */
  stepEnded(): void {
    if (this.#stepFirst !== undefined && this.#stepLast !== undefined) this.#writingMs += this.#stepLast - this.#stepFirst;
    if (this.#stepUsage) {
      this.#prompt += this.#stepUsage.prompt_tokens ?? 0;
      this.#completion += this.#stepUsage.completion_tokens ?? 0;
      this.#counted = true;
    }
    this.#stepFirst = this.#stepLast = this.#stepUsage = undefined;
  }

  /** The figures so far, steps that ended included. */
  facts(): Facts {
    const facts: Facts = {};
    if (this.#first !== undefined) facts.first_token_ms = this.#first - this.#began;
    const tokens = this.#counted ? this.#completion : this.#chunks;
    if (tokens > 0) {
      facts.completion_tokens = tokens;
      if (this.#counted) facts.prompt_tokens = this.#prompt;
      else facts.estimated = true;
      // Below a tenth of a second a rate says more about the clock than about the model.
      if (this.#writingMs >= 100) facts.tokens_per_second = tokens / (this.#writingMs / 1000);
    }
    return facts;
  }
}
