// Which serving endpoints can be chatted with, and why the others cannot.

/** The fields of a listed endpoint that the page reads. */
export interface EndpointLike {
  name?: string | undefined;
  task?: string | null | undefined;
  description?: string | null | undefined;
  state?: { ready?: string | null | undefined; config_update?: string | null | undefined } | null | undefined;
}

/** One line of the model picker. */
export interface Choice {
  name: string;
  description: string;
  /** Why it cannot be picked; absent when it can. */
  reason?: string;
}

const TASKS: Record<string, string> = {
  "llm/v1/embeddings": "makes embeddings",
  "llm/v1/completions": "completes text, no chat",
  "agent/v1/responses": "an agent (Responses)",
  "agent/v2/chat": "an agent (ChatAgent)",
};

/** Sorts endpoints into choices: those that can chat first, models before agents, each group by name. */
export function toChoices(endpoints: readonly EndpointLike[]): Choice[] {
  return [...endpoints]
    .sort((a, b) => Number(a.task === "agent/v1/chat") - Number(b.task === "agent/v1/chat") || (a.name ?? "").localeCompare(b.name ?? ""))
    .flatMap((endpoint): Choice[] => {
      if (!endpoint.name) return [];
      const choice: Choice = { name: endpoint.name, description: endpoint.description ?? "" };
      const reason = whyNot(endpoint);
      if (reason) choice.reason = reason;
      return [choice];
    })
    .sort((a, b) => Number(Boolean(a.reason)) - Number(Boolean(b.reason)));
}

function whyNot({ task, state }: EndpointLike): string | undefined {
  if (task !== "llm/v1/chat" && task !== "agent/v1/chat") return TASKS[task ?? ""] ?? "not a chat model";
  if (state?.ready === "READY") return undefined;
  return state?.config_update === "IN_PROGRESS" ? "starting up" : "not ready";
}

/**
 * How a model is asked to reason, by the family its name tells: Claude takes a thinking budget, the GPT and Gemini
 * families an effort. Others take neither, and the strict ones refuse the field, so nothing is sent.
 */
export function reasoningStyle(model: string): "thinking" | "effort" | "none" {
  if (/claude/i.test(model)) return "thinking";
  if (/gpt-?oss|gpt-?5|gemini|(^|[-_.])o[134]([-_.]|$)/i.test(model)) return "effort";
  return "none";
}
