import type { CallOptions, Chat, ChatDefaults, WorkspaceClientConfig } from "./chat.js";
import type { EventStream } from "./events.js";
import type { TextGenerationDetails, TextGenerationEvent, TextGenerationParameters } from "./types.js";

/** What a `HubClient` is told. Limits are those of `WorkspaceClient`, but for 5 attempts and waits of up to 10 minutes while a model loads. */
export interface HubClientConfig extends Omit<WorkspaceClientConfig, "host" | "relay"> {
  /** The router (`https://router.huggingface.co`) unless set; else your own server's address, or a path on your page's server. */
  baseUrl?: string | undefined;
  /**
   * Who runs the models: `auto` (the router chooses for chat, Hugging Face's own servers make text), `hf-inference`,
   * `tgi` (a Text Generation Inference server of your own), or a provider by the router's name for it.
   */
  provider?: "auto" | "hf-inference" | "tgi" | (string & {}) | undefined;
  /** The organisation that pays. */
  billTo?: string | undefined;
}

/** A text and the answer it came from. */
export class TextGeneration {
  private constructor();
  /** The new text; with the prompt before it when `return_full_text` asked for that. */
  readonly text: string;
  /** How the text came to be, when `details` asked for it. */
  readonly details: TextGenerationDetails | undefined;
  /** The answer as the service sent it. */
  readonly raw: unknown;
  /** The id to quote to Hugging Face. */
  readonly requestId: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number;
}

/**
 * Models of the Hugging Face Hub: through Hugging Face's router, or from a Text Generation Inference server of your own.
 * While a model is being loaded a call waits as long as the service says, within its limits and until its signal fires.
 *
 * ```js
 * const hub = new HubClient({ token: process.env.HF_TOKEN, baseUrl: "http://localhost:8080", provider: "tgi" });
 * const { text } = await hub.textGeneration(null, dollyPrompt("Name a lake."), { max_new_tokens: 100 });
 * console.log(dollyAnswer(text));
 * ```
 */
export class HubClient {
  /** Throws a `LakewireError` of kind `InvalidInput` for a configuration that cannot work. */
  constructor(config?: HubClientConfig);
  /** A text. `model` is `org/name`; `null` for a server of your own, which has but one. */
  textGeneration(model: string | null | undefined, inputs: string, parameters?: TextGenerationParameters, options?: CallOptions): Promise<TextGeneration>;
  /** A text, token by token. */
  textGenerationStream(
    model: string | null | undefined, inputs: string, parameters?: TextGenerationParameters, options?: CallOptions,
  ): Promise<EventStream<TextGenerationEvent>>;
  /** A text in words, without the model's special tokens. */
  textStream(model: string | null | undefined, inputs: string, parameters?: TextGenerationParameters, options?: CallOptions): Promise<EventStream<string>>;
  /** Chat with a model: the same handle as a serving endpoint's. Models without a chat template, such as Dolly, refuse it. */
  chat(model: string | null | undefined, defaults?: ChatDefaults): Chat;
  /** Ends every call and stream of this client; later calls fail with kind `Closed`. */
  close(): void;
}

/** The prompt that Dolly was trained with: an instruction, with what it shall read for it, if anything. */
export function dollyPrompt(instruction: string, context?: string | null): string;

/** Dolly's answer without its end mark (`### End`), what comes after it, and the space around it. */
export function dollyAnswer(text: string): string;
