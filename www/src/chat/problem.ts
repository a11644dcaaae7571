// Errors as sentences: what happened, what to do. The service's own words are kept as the detail.

import { LakewireError } from "lakewire";
import type { Problem } from "./types.js";

/** True when the call ended because it was told to. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof LakewireError) return error.kind === "Cancelled";
  return error instanceof DOMException && error.name === "AbortError";
}

/** Says an error to a person. `model` is the endpoint that was asked. */
export function toProblem(error: unknown, model: string): Problem {
  if (!(error instanceof LakewireError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { title: "Something in this page went wrong.", advice: "Try again; if it happens again, reload the page.", detail };
  }
  const problem: Problem = { ...words(error, model), detail: error.message };
  if (error.requestId) problem.request_id = error.requestId;
  return problem;
}

function words(error: LakewireError, model: string): { title: string; advice: string } {
  // A stream that fails after its headers carries their status 200: then the kind tells.
  switch (error.status) {
    case 400:
    case 422:
      return {
        title: `${model} refused the request.`,
        advice:
          "Read what it says below. Often the model does not support a setting: switch tools off, set temperature, reasoning or format back, or pick another model.",
      };
    case 401:
      return {
        title: "The workspace does not know the server's token.",
        advice: "Give a valid token in DATABRICKS_TOKEN where the demo was started, and start it again.",
      };
    case 403:
      return {
        title: "The workspace does not allow this.",
        advice:
          "The server's token is invalid, expired, or has no permission to query this endpoint. Check DATABRICKS_TOKEN, or pick another model.",
      };
    case 404:
      return { title: `There is no endpoint named ${model} any more.`, advice: "Pick another model in the list above." };
    case 413:
      return { title: "This conversation has become too large for one request.", advice: "Start a new chat." };
    case 429:
      return { title: "The workspace is busy: its rate limit is reached.", advice: waitSentence(error.retryAfterMs) };
    case 502:
      return {
        title: "The workspace could not be reached.",
        advice: "Check DATABRICKS_HOST and the network of the machine that runs the demo, then try again.",
      };
    case 503:
      return { title: `${model} is not ready to answer.`, advice: "It may be starting up. Try again in a moment." };
    default:
      return byKind(error);
  }
}

/** What to say about errors that have no status of their own, by the package's kinds. */
const KINDS: Record<string, { title: string; advice: string }> = {
  DeadlineExceeded: { title: "The answer took too long.", advice: "Try again; a shorter question or a lower token limit helps." },
  Truncated: {
    title: "The answer broke off before it was complete.",
    advice: "What came so far is kept above. Try again for a whole answer.",
  },
  Connect: { title: "The demo’s server does not answer.", advice: "See whether npm run demo is still running, then try again." },
  StepLimit: {
    title: "The model asked for tools again and again without an answer.",
    advice: "Ask more precisely, or switch a tool off in the settings.",
  },
  UnknownTool: { title: "The model asked for a tool this page does not have.", advice: "Try again, or pick another model." },
  InvalidArguments: {
    title: "The model wrote tool arguments that cannot be read.",
    advice: "Try again; another model may do better with tools.",
  },
  OutputMismatch: {
    title: "The answer does not fit the schema.",
    advice: "Try again, make the schema simpler, or say in the question where each value comes from.",
  },
  InvalidInput: { title: "The request could not be built.", advice: "Check the schema and the other settings, then try again." },
  EventTooLarge: { title: "The answer holds a piece too large to take in.", advice: "Set a lower token limit and try again." },
  BodyTooLarge: { title: "The answer is too large to take in.", advice: "Set a lower token limit and try again." },
};
const UNREADABLE = {
  title: "The workspace answered with something that is not a chat answer.",
  advice: "Try again. If it happens again, check that DATABRICKS_HOST is a workspace and not a login page.",
};

function byKind(error: LakewireError): { title: string; advice: string } {
  const known = Object.hasOwn(KINDS, error.kind) ? KINDS[error.kind] : undefined;
  if (known) return known;
  if (["Decode", "UnexpectedContentType", "UnsupportedEncoding", "EmptyBody", "Protocol", "Redirect"].includes(error.kind))
    return UNREADABLE;
  if ((error.status ?? 0) >= 500 || error.kind === "InternalError")
    return { title: "The workspace failed inside.", advice: "This is not your doing. Try again in a moment." };
  return { title: "The request did not succeed.", advice: "Try again; the words below say more." };
}

function waitSentence(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return "Wait a little, then try again.";
  const seconds = Math.ceil(retryAfterMs / 1000);
  return seconds < 90
    ? `It asks to wait ${seconds} ${seconds === 1 ? "second" : "seconds"} before trying again.`
    : `It asks to wait ${Math.ceil(seconds / 60)} minutes before trying again.`;
}
