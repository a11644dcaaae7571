// What outlives a reload: the conversation and the settings, in this tab's session storage. No secret is ever here; the
// page holds none.

import { PAGE_TOOLS } from "../tools/index.js";
import type { Settings, Turn } from "./types.js";

const KEY = "lakewire-demo/1";

export const EXAMPLE_SCHEMA = JSON.stringify(
  {
    type: "object",
    properties: {
      name: { type: "string", description: "The person's name" },
      role: { type: "string", description: "What the person does for work" },
      city: { type: "string", description: "The city the person lives in" },
      age: { type: "integer", description: "The person's age in years" },
    },
    required: ["name", "role", "city", "age"],
    additionalProperties: false,
  },
  null,
  2,
);

export function defaultSettings(): Settings {
  return {
    model: "",
    system: "",
    temperature: null,
    max_tokens: null,
    reasoning: "off",
    format: "text",
    schema: EXAMPLE_SCHEMA,
    tools: PAGE_TOOLS.map(({ name }) => name),
  };
}

export interface Saved {
  turns: Turn[];
  settings: Settings;
}

/** Reads what was saved. Anything unreadable counts as nothing: a page that cannot start helps nobody. */
export function load(): Saved {
  const fresh: Saved = { turns: [], settings: defaultSettings() };
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Saved> | null;
    if (!saved || !Array.isArray(saved.turns)) return fresh;
    // An answer that was on its way when the page went is not coming any more.
    const turns = saved.turns.map((turn) => {
      if (turn.role !== "assistant") return turn;
      for (const part of turn.parts)
        if (part.kind === "tool" && (part.state === "writing" || part.state === "running")) part.state = "stopped";
      return turn.state === "waiting" || turn.state === "streaming" ? { ...turn, state: "stopped" as const } : turn;
    });
    return { turns, settings: { ...fresh.settings, ...saved.settings } };
  } catch {
    return fresh;
  }
}

/** Saves; silently does without when the browser refuses (private mode, storage full). */
export function save(saved: Saved): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(saved));
  } catch {
    // The conversation still lives in the page.
  }
}
