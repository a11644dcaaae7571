// The agent's tools. They run in the page: what they read never leaves it, but for what they tell the model.

import { tool } from "@langchain/core/tools";
import { z } from "zod";

/** Weather for the example, not from a service. */
const SAMPLES: Record<string, [number, string]> = { Oslo: [4, "snow"], Paris: [21, "sun"], London: [14, "rain"], Madrid: [30, "sun"] };

export const weather = tool(
  ({ city }) => {
    const [degrees, sky] = SAMPLES[city] ?? [18, "clouds"];
    return `${degrees} degrees Celsius, ${sky} (sample data)`;
  },
  { name: "get_weather", description: "Get the weather of a city", schema: z.object({ city: z.string().describe("The city") }) },
);

export const multiply = tool(({ a, b }) => `${a} × ${b} = ${a * b}`, {
  name: "multiply",
  description: "Multiplies two numbers",
  schema: z.object({ a: z.number(), b: z.number() }),
});
