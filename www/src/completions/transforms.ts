// The transforms the playground offers: a function and its text as it would stand in a program.

import { dollyPrompt } from "lakewire";

/** What a request is before a transform: the prompt and the parameters. */
export type RequestFields = Record<string, unknown> & { prompt: string };

export interface InputTransform {
  name: string;
  code: string;
  run?: (request: RequestFields) => unknown;
}

export interface OutputTransform {
  name: string;
  code: string;
  run?: (response: unknown) => string;
}

export const INPUTS: readonly InputTransform[] = [
  { name: "None", code: "// the request goes as it is" },
  {
    name: "Dolly’s instruction form",
    code: "(request) => ({ ...request, prompt: dollyPrompt(request.prompt) })",
    run: (request) => ({ ...request, prompt: dollyPrompt(request.prompt) }),
  },
  {
    name: "An instruction around it",
    code: "(request) => ({\n  ...request,\n  prompt: `Answer in one sentence.\\n\\n${request.prompt}`,\n})",
    run: (request) => ({ ...request, prompt: `Answer in one sentence.\n\n${request.prompt}` }),
  },
];

/** The text in an answer, whichever of the known forms it has. */
function textOf(response: unknown): string {
  if (typeof response === "string") return response;
  const { choices } = (response ?? {}) as { choices?: { text?: string; message?: { content?: unknown } }[] };
  const text = choices?.[0]?.text ?? choices?.[0]?.message?.content;
  return typeof text === "string" ? text : JSON.stringify(response);
}

export const OUTPUTS: readonly OutputTransform[] = [
  { name: "None", code: "// the text of the first choice or prediction" },
  {
    name: "Upper case",
    code: "(response) => textOf(response).toUpperCase()",
    run: (response) => textOf(response).toUpperCase(),
  },
  {
    name: "First sentence",
    code: "(response) => textOf(response).split(/(?<=[.!?])\\s/)[0].trim()",
    run: (response) => (textOf(response).split(/(?<=[.!?])\s/)[0] ?? "").trim(),
  },
];
