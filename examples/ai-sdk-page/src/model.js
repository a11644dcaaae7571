// The agent: it runs in the page. The relay has the token; the page knows neither it nor the workspace.

import { ToolLoopAgent, tool } from "ai";
import { createDatabricks } from "lakewire/ai-sdk";
import { z } from "zod";

const databricks = createDatabricks({ relay: "/api/lakewire" });

/** The time zone that is named after a city, as `Europe/Oslo` is. */
function zoneOf(city) {
  const wanted = city.trim().toLowerCase().replaceAll(" ", "_");
  return Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(`/${wanted}`));
}

export const agent = new ToolLoopAgent({
  model: databricks("databricks-claude-sonnet-4"),
  reasoning: "low",
  tools: {
    get_time: tool({
      description: "Get the time that it is now in a city",
      inputSchema: z.object({ city: z.string().describe("The city") }),
      execute: ({ city }) => {
        const timeZone = zoneOf(city);
        if (timeZone === undefined) return { city, time: "unknown: no time zone is named after this city" };
        return { city, time: new Date().toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }), timeZone };
      },
    }),
  },
});
