// The settings as request fields.

import { reasoningStyle } from "./endpoints.js";
import type { Settings } from "./types.js";

/** Thinking budgets in tokens by the effort picked, and what is left for the answer when no limit is set. */
const BUDGETS = { low: 1_024, medium: 4_096, high: 16_384 } as const;
const ANSWER_TOKENS = 4_096;

/** What the endpoint is told. What is not set is left out: strict endpoints refuse fields they do not know. */
export function requestFields({
  temperature,
  max_tokens,
  reasoning,
  model,
}: Pick<Settings, "temperature" | "max_tokens" | "reasoning" | "model">): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (max_tokens !== null) fields["max_tokens"] = max_tokens;
  if (reasoning !== "off") {
    const style = reasoningStyle(model);
    if (style === "thinking") {
      const budget_tokens = BUDGETS[reasoning];
      fields["thinking"] = { type: "enabled", budget_tokens };
      // The budget counts against the limit, and the model allows no other temperature while it thinks.
      fields["max_tokens"] = budget_tokens + (max_tokens ?? ANSWER_TOKENS);
      return fields;
    }
    if (style === "effort") fields["reasoning_effort"] = reasoning;
  }
  if (temperature !== null) fields["temperature"] = temperature;
  return fields;
}
