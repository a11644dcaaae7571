// Written from the Rust types by `npm run types`; change them there.

/** A whole answer. */
export interface ChatCompletion {
  /** The answer's id; `null` from some models. */
  id?: string | null;
  /** `chat.completion`. */
  object?: string | null;
  /** Seconds since 1970. */
  created?: number | null;
  /** The served model, not always the endpoint's name. */
  model?: string | null;
  /** The choices, one unless `n` asked for more. */
  choices: Choice[];
  /** Tokens used. */
  usage?: Usage | null;
  /** What agent endpoints add, such as a trace. */
  databricks_output?: unknown | null;
  [key: string]: unknown;
}

/** One choice of an answer. */
export interface Choice {
  /** Its place. */
  index: number;
  /** What the model says. */
  message: Message;
  /** Why it ended; absent when the service did not say. */
  finish_reason?: FinishReason | null;
  /** Log probabilities, when asked for. */
  logprobs?: unknown | null;
  [key: string]: unknown;
}

/** One message of a conversation. */
export interface Message {
  /** Who speaks. */
  role: Role;
  /** Text, or typed parts; absent or `null` when the message only holds tool calls. */
  content?: string | ContentPart[] | null;
  /** Who of several speakers; tolerated on user messages. */
  name?: string | null;
  /** The tools the assistant asks for. */
  tool_calls?: ToolCall[] | null;
  /** Which call a tool message answers. */
  tool_call_id?: string | null;
  [key: string]: unknown;
}

/** Who speaks. */
export type Role = "system" | "user" | "assistant" | "tool" | "developer" | (string & {});

/** One part of a message's content, told apart by `type`. */
export type ContentPart =
  | ({ type: "text" } & TextPart)
  | ({ type: "image_url" } & ImageUrlPart)
  | ({ type: "audio_url" } & AudioUrlPart)
  | ({ type: "video_url" } & VideoUrlPart)
  | ({ type: "input_audio" } & InputAudioPart)
  | ({ type: "document" } & DocumentPart)
  | ({ type: "file" } & FilePart)
  | ({ type: "reasoning" } & ReasoningPart);

/** A text part. */
export interface TextPart {
  /** The text. */
  text: string;
  /** Where the text comes from, when the model cites. */
  citations?: unknown | null;
  /** Marks the end of a prompt prefix to cache (Claude), e.g. `{"type": "ephemeral"}`. */
  cache_control?: unknown | null;
  [key: string]: unknown;
}

/** An image part. */
export interface ImageUrlPart {
  /** Where the image is. */
  image_url: MediaUrl;
  [key: string]: unknown;
}

/** An address of media. Some endpoints (Claude class) take `data:` addresses only. */
export interface MediaUrl {
  /** An `https:` or `data:` address. */
  url: string;
  /** How closely to look at an image. */
  detail?: string | null;
  [key: string]: unknown;
}

/** An audio part by address. */
export interface AudioUrlPart {
  /** Where the audio is. */
  audio_url: MediaUrl;
  [key: string]: unknown;
}

/** A video part by address. */
export interface VideoUrlPart {
  /** Where the video is. */
  video_url: MediaUrl;
  [key: string]: unknown;
}

/** An audio part as data. */
export interface InputAudioPart {
  /** The audio. */
  input_audio: InputAudio;
  [key: string]: unknown;
}

/** Audio as data. */
export interface InputAudio {
  /** Base64. */
  data: string;
  /** `wav` or `mp3`. */
  format: string;
  [key: string]: unknown;
}

/** A document part. */
export interface DocumentPart {
  /** Where the document is, in the provider's words. */
  source: unknown;
  [key: string]: unknown;
}

/** A file part. */
export interface FilePart {
  /** The file, in the provider's words (`filename`, `file_data`, `file_id`). */
  file: unknown;
  [key: string]: unknown;
}

/** What a reasoning model thought. */
export interface ReasoningPart {
  /** The pieces. */
  summary: ReasoningSummary[];
  [key: string]: unknown;
}

/** One piece of reasoning, told apart by `type`. */
export type ReasoningSummary =
  | ({ type: "summary_text" } & SummaryText)
  | ({ type: "summary_encrypted_text" } & SummaryEncryptedText);

/** Readable reasoning. */
export interface SummaryText {
  /** The text. */
  text: string;
  /** The provider's proof of origin; the next turn is refused without it. */
  signature?: string | null;
  [key: string]: unknown;
}

/** Reasoning the provider keeps closed. */
export interface SummaryEncryptedText {
  /** The closed text. */
  data: string;
  [key: string]: unknown;
}

/** A tool the model asks for. */
export interface ToolCall {
  /** Which call it is; the tool message repeats it. */
  id?: string | null;
  /** Always `function` so far. */
  type?: string | null;
  /** What to call. */
  function: FunctionCall;
  [key: string]: unknown;
}

/** A function's name and arguments. */
export interface FunctionCall {
  /** The tool's name. */
  name: string;
  /** The arguments: JSON text as the model wrote it, not yet checked. */
  arguments?: string | null;
  [key: string]: unknown;
}

/** Why a choice ended. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "function_call" | (string & {});

/** Tokens used. */
export interface Usage {
  /** Tokens of the prompt; without cached ones in the Claude class. */
  prompt_tokens?: number | null;
  /** Tokens of the answer. */
  completion_tokens?: number | null;
  /** Both. */
  total_tokens?: number | null;
  /** Tokens of thought. */
  reasoning_tokens?: number | null;
  /** More on the prompt, such as `cached_tokens`. */
  prompt_tokens_details?: unknown | null;
  /** More on the answer, such as `reasoning_tokens`. */
  completion_tokens_details?: unknown | null;
  /** Prompt tokens read from the cache (Claude class). */
  cache_read_input_tokens?: number | null;
  /** Prompt tokens written to the cache (Claude class). */
  cache_creation_input_tokens?: number | null;
  [key: string]: unknown;
}

/** One event of a streamed answer. */
export interface ChatCompletionChunk {
  /** The answer's id. */
  id?: string | null;
  /** `chat.completion.chunk`. */
  object?: string | null;
  /** Seconds since 1970. */
  created?: number | null;
  /** The served model. */
  model?: string | null;
  /** What is new; empty in a last chunk that only holds usage. */
  choices: ChunkChoice[];
  /** Tokens used so far; counts may be `null` at first. Take the last, never the sum. */
  usage?: Usage | null;
  [key: string]: unknown;
}

/** What is new in one choice. */
export interface ChunkChoice {
  /** Which choice. */
  index: number;
  /** What is new. */
  delta: Delta;
  /** Why it ended; `null` until it does. */
  finish_reason?: FinishReason | null;
  /** Log probabilities of the new tokens. */
  logprobs?: unknown | null;
  [key: string]: unknown;
}

/** The new piece of a message. */
export interface Delta {
  /** Who speaks; on the first chunk, sometimes on all. */
  role?: Role | null;
  /** New text, or new parts. */
  content?: string | ContentPart[] | null;
  /** New pieces of tool calls. */
  tool_calls?: ToolCallDelta[] | null;
  [key: string]: unknown;
}

/** A new piece of a tool call. */
export interface ToolCallDelta {
  /** Which call of the message; some providers leave it out. */
  index?: number | null;
  /** Which call it is, in its first piece. */
  id?: string | null;
  /** Always `function` so far. */
  type?: string | null;
  /** Name and argument text. */
  function?: FunctionCallDelta | null;
  [key: string]: unknown;
}

/** A new piece of a function call. */
export interface FunctionCallDelta {
  /** The name, in the first piece. */
  name?: string | null;
  /** Argument text to append. */
  arguments?: string | null;
  [key: string]: unknown;
}

/**
 * The options of a chat request. What is not set is absent on the wire: open-weight endpoints
 * refuse unknown fields and nulls. Endpoint-specific options go into `extra_params`.
 */
export interface ChatParams {
  /** The longest answer, in tokens, above 0; no limit when absent (Claude class: 1000). */
  max_tokens?: number | null;
  /** Randomness, 0 to 2; 1 when absent. */
  temperature?: number | null;
  /** Nucleus sampling, above 0 to 1; 1 when absent. */
  top_p?: number | null;
  /** Sample from the k likeliest tokens, above 0. */
  top_k?: number | null;
  /** Where to stop; the sequence itself is not part of the answer. */
  stop?: string | string[] | null;
  /** How many choices; more than 1 on provisioned throughput only. */
  n?: number | null;
  /** The tools on offer, up to 32. */
  tools?: Tool[] | null;
  /** Which tool to use: `auto`, `none`, `required` or `any`, or a tool's name. */
  tool_choice?: "auto" | "none" | "required" | "any" | (string & {}) | { type: "function"; function: { name: string } } | null;
  /** The form of the answer. */
  response_format?: ResponseFormat | null;
  /** Whether to return log probabilities. */
  logprobs?: boolean | null;
  /** How many alternatives per token, 0 to 20; needs `logprobs`. */
  top_logprobs?: number | null;
  /** How much to think (GPT-OSS, GPT-5 and Gemini class). */
  reasoning_effort?: ReasoningEffort | null;
  /** Extended thinking (Claude class), e.g. `{"type": "enabled", "budget_tokens": 1024}`. */
  thinking?: unknown | null;
  /** Who asks, for abuse monitoring. */
  user?: string | null;
  /** Lower repetition of topics, -2 to 2 (external OpenAI class). */
  presence_penalty?: number | null;
  /** Lower repetition of words, -2 to 2 (external OpenAI class). */
  frequency_penalty?: number | null;
  /** Repeatable sampling (external OpenAI class). */
  seed?: number | null;
  /** Streaming options; open-weight endpoints refuse it and send usage anyway. */
  stream_options?: unknown | null;
  /** Options of agent endpoints, e.g. `{"return_trace": true}`. */
  databricks_options?: unknown | null;
  /** Free input of agent endpoints. */
  custom_inputs?: unknown | null;
  /** An id of yours, recorded in inference and usage tables. */
  client_request_id?: string | null;
  /** Strings of yours for usage tracking. */
  usage_context?: Record<string, unknown> | null;
  /** Endpoint-specific options, merged into the body's top level. */
  extra_params?: Record<string, unknown> | null;
}

/** A tool offered to the model. */
export interface Tool {
  /** Always `function`. */
  type: string;
  /** The function. */
  function: FunctionDefinition;
  [key: string]: unknown;
}

/** A function the model may call. */
export interface FunctionDefinition {
  /** The name the model calls it by. */
  name: string;
  /** What it does and when to use it. */
  description?: string | null;
  /** JSON Schema of the arguments, of type `object`; an empty one is sent when absent. */
  parameters?: unknown | null;
  /** Whether arguments must fit the schema exactly (GPT class only). */
  strict?: boolean | null;
  [key: string]: unknown;
}

/** The form of the answer, told apart by `type`. */
export type ResponseFormat =
  | ({ type: "text" } & TextFormat)
  | ({ type: "json_object" } & JsonObjectFormat)
  | ({ type: "json_schema" } & JsonSchemaFormat);

/** Free text. */
export interface TextFormat {
  [key: string]: unknown;
}

/** Any JSON object. */
export interface JsonObjectFormat {
  [key: string]: unknown;
}

/** JSON that fits a schema. */
export interface JsonSchemaFormat {
  /** The schema and its name. */
  json_schema: JsonSchema;
  [key: string]: unknown;
}

/** A named JSON Schema. */
export interface JsonSchema {
  /** The schema's name. */
  name: string;
  /** What the output is for. */
  description?: string | null;
  /** The schema. */
  schema: unknown;
  /** Whether the output must fit exactly. */
  strict?: boolean | null;
  [key: string]: unknown;
}

/** How much a reasoning model thinks. */
export type ReasoningEffort = "low" | "medium" | "high" | (string & {});

/** What an embeddings request may set besides its texts; fields of an endpoint's own go into the same object. */
export interface EmbeddingParams {
  /** An instruction for models that take one, such as the retrieval prefix of BGE; for queries, not for documents. */
  instruction?: string | null;
  /** How many numbers a vector shall have, where the model can choose (OpenAI class). */
  dimensions?: number | null;
  /** Who asks, for the provider's logs. */
  user?: string | null;
  [key: string]: unknown;
}

/** The answer of `GET /api/2.0/serving-endpoints`. */
export interface ServingEndpointList {
  /** The endpoints the caller may see; absent when there are none. */
  endpoints?: ServingEndpoint[] | null;
  [key: string]: unknown;
}

/** A serving endpoint. */
export interface ServingEndpoint {
  /** The name calls are made with. */
  name: string;
  /** The id permissions are set on. */
  id?: string | null;
  /** Who made it. */
  creator?: string | null;
  /** What it is for. */
  description?: string | null;
  /** What it does, such as `llm/v1/chat`; absent for plain custom models. */
  task?: string | null;
  /** Whether it can answer. */
  state?: EndpointState | null;
  /** What it serves. */
  config?: EndpointConfig | null;
  /** What it will serve when the update under way succeeds. */
  pending_config?: EndpointConfig | null;
  /** Limits, guardrails and logging in front of it. */
  ai_gateway?: AiGatewayConfig | null;
  /** What stands behind it, such as `EXTERNAL_MODEL` or `FOUNDATION_MODEL_API`. */
  endpoint_type?: string | null;
  /** What the caller may do, such as `CAN_QUERY`. */
  permission_level?: string | null;
  /** Milliseconds since 1970. */
  creation_timestamp?: number | null;
  /** Milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  /** The workspace's own labels. */
  tags?: EndpointTag[] | null;
  /** Whether it has an address of its own. */
  route_optimized?: boolean | null;
  /** That address. */
  endpoint_url?: string | null;
  /** Who is told when an update ends. */
  email_notifications?: unknown | null;
  /** The budget policy it is billed to. */
  budget_policy_id?: string | null;
  [key: string]: unknown;
}

/** Whether an endpoint can answer. */
export interface EndpointState {
  /** Whether it answers now. */
  ready?: EndpointReady | null;
  /** Whether its configuration is changing. */
  config_update?: ConfigUpdate | null;
  [key: string]: unknown;
}

/** Whether an endpoint answers now. */
export type EndpointReady = "READY" | "NOT_READY" | (string & {});

/** Whether an endpoint's configuration is changing. */
export type ConfigUpdate = "NOT_UPDATING" | "IN_PROGRESS" | "UPDATE_FAILED" | "UPDATE_CANCELED" | (string & {});

/** What an endpoint serves. */
export interface EndpointConfig {
  /** The models behind it. */
  served_entities?: ServedEntity[] | null;
  /** How calls are shared among them. */
  traffic_config?: TrafficConfig | null;
  /** Counts the updates. */
  config_version?: number | null;
  /** The inference table of older endpoints. */
  auto_capture_config?: unknown | null;
  [key: string]: unknown;
}

/** One model behind an endpoint. */
export interface ServedEntity {
  /** Its name within the endpoint. */
  name?: string | null;
  /** The registered model. */
  entity_name?: string | null;
  /** The registered model's version. */
  entity_version?: string | null;
  /** A model at another provider; secrets stand there as references. */
  external_model?: unknown | null;
  /** A model hosted by Databricks. */
  foundation_model?: unknown | null;
  /** How its deployment stands. */
  state?: ServedEntityState | null;
  [key: string]: unknown;
}

/** How a served entity's deployment stands. */
export interface ServedEntityState {
  /** The state. */
  deployment?: Deployment | null;
  /** What the service says of it, such as why it failed. */
  deployment_state_message?: string | null;
  [key: string]: unknown;
}

/** The state of a deployment. */
export type Deployment = "DEPLOYMENT_CREATING" | "DEPLOYMENT_RECOVERING" | "DEPLOYMENT_READY" | "DEPLOYMENT_FAILED" | "DEPLOYMENT_ABORTED" | (string & {});

/** How calls are shared among the served entities. */
export interface TrafficConfig {
  /** One route for each entity. */
  routes?: Route[] | null;
  [key: string]: unknown;
}

/** One entity's share of the calls. */
export interface Route {
  /** The entity. */
  served_entity_name?: string | null;
  /** The entity by its older name. */
  served_model_name?: string | null;
  /** Its share, 0 to 100. */
  traffic_percentage?: number | null;
  [key: string]: unknown;
}

/** What the AI Gateway in front of an endpoint does. Setting it replaces all of it. */
export interface AiGatewayConfig {
  /** Whether tokens are counted in a system table. */
  usage_tracking_config?: UsageTrackingConfig | null;
  /** Where calls and answers are logged. */
  inference_table_config?: InferenceTableConfig | null;
  /** How much may be asked. */
  rate_limits?: AiGatewayRateLimit[] | null;
  /** What is let through. */
  guardrails?: Guardrails | null;
  /** Whether the next entity is tried when one fails. */
  fallback_config?: FallbackConfig | null;
  [key: string]: unknown;
}

/** Whether tokens are counted. */
export interface UsageTrackingConfig {
  /** Whether they are. */
  enabled?: boolean | null;
  [key: string]: unknown;
}

/** Where calls and answers are logged. */
export interface InferenceTableConfig {
  /** Whether they are. */
  enabled?: boolean | null;
  /** The catalog. */
  catalog_name?: string | null;
  /** The schema. */
  schema_name?: string | null;
  /** What the table's name begins with. */
  table_name_prefix?: string | null;
  [key: string]: unknown;
}

/** One limit of the AI Gateway. */
export interface AiGatewayRateLimit {
  /** Over what it is counted. */
  renewal_period: RenewalPeriod;
  /** The most calls. */
  calls?: number | null;
  /** The most tokens. */
  tokens?: number | null;
  /** For whom; `endpoint` unless set. */
  key?: RateLimitKey | null;
  /** Which group or service principal. */
  principal?: string | null;
  [key: string]: unknown;
}

/** Over what a limit is counted. */
export type RenewalPeriod = "minute" | (string & {});

/** For whom a limit is counted. */
export type RateLimitKey = "endpoint" | "user" | "user_group" | "service_principal" | (string & {});

/** What is let through. */
export interface Guardrails {
  /** On the way in. */
  input?: GuardrailParameters | null;
  /** On the way out. */
  output?: GuardrailParameters | null;
  [key: string]: unknown;
}

/** What is looked for. */
export interface GuardrailParameters {
  /** Whether unsafe content is blocked. */
  safety?: boolean | null;
  /** What happens to personal data. */
  pii?: PiiGuardrail | null;
  /** Words that block (deprecated). */
  invalid_keywords?: string[] | null;
  /** The topics allowed (deprecated). */
  valid_topics?: string[] | null;
  [key: string]: unknown;
}

/** What happens to personal data. */
export interface PiiGuardrail {
  /** What. */
  behavior?: PiiBehavior | null;
  [key: string]: unknown;
}

/** What happens to personal data. */
export type PiiBehavior = "NONE" | "BLOCK" | "MASK" | (string & {});

/** Whether the next entity is tried when one fails. */
export interface FallbackConfig {
  /** Whether it is. */
  enabled?: boolean | null;
  [key: string]: unknown;
}

/** A label. */
export interface EndpointTag {
  /** Its name. */
  key: string;
  /** Its value. */
  value?: string | null;
  [key: string]: unknown;
}

/** What a request for text may set. What is set is sent, to every kind of endpoint; what is not set is not. */
export interface CompletionParams {
  /** Randomness, 0 to 2. */
  temperature?: number | null;
  /** How many texts to make. */
  n?: number | null;
  /** The longest text, in tokens. */
  max_tokens?: number | null;
  /** Texts that end the answer; the endpoint keeps them out of it. */
  stop?: string | string[] | null;
  /** Nucleus sampling, 0 to 1. */
  top_p?: number | null;
  /** How many likely tokens to choose from. */
  top_k?: number | null;
  /** What follows the text to make. */
  suffix?: string | null;
  /** Whether the prompt is repeated before the text. */
  echo?: boolean | null;
  /** `error` or `truncate`: what happens when the context is too long. */
  error_behavior?: string | null;
  /** Whether the prompt is sent to the model without the endpoint's template. */
  use_raw_prompt?: boolean | null;
  /** Who asks. */
  user?: string | null;
  /** Fields this version does not know, by name; they win over fields of the same name. */
  extra_params?: Record<string, unknown> | null;
  /** The older name of `extra_params`. */
  model_kwargs?: Record<string, unknown> | null;
}

/** What text generation may be told besides its input. */
export interface TextGenerationParameters {
  /** How many tokens to make at most; servers cap it, some at few. */
  max_new_tokens?: number | null;
  /** Randomness, above 0: servers refuse 0. Leave it out, or set `do_sample` to false, for the likeliest words. */
  temperature?: number | null;
  /** Whether to draw words instead of taking the likeliest. */
  do_sample?: boolean | null;
  /** Texts that end the answer, at most 4 on most servers. */
  stop?: string | string[] | null;
  /** The older name of `stop`. */
  stop_sequences?: string | string[] | null;
  /** Whether the prompt stands before the text; `false` is sent when absent. */
  return_full_text?: boolean | null;
  /** Nucleus sampling, between 0 and 1. */
  top_p?: number | null;
  /** How many likely tokens to choose from. */
  top_k?: number | null;
  /** Typical sampling, between 0 and 1. */
  typical_p?: number | null;
  /** Above 0; more than 1 discourages repetition. */
  repetition_penalty?: number | null;
  /** −2 to 2. */
  frequency_penalty?: number | null;
  /** How many texts to draw the best from; needs sampling, refused with streams. */
  best_of?: number | null;
  /** Keeps only so many of the prompt's last tokens. */
  truncate?: number | null;
  /** Whether to mark the text as a machine's. */
  watermark?: boolean | null;
  /** Whether the answer tells its tokens and why it ended. */
  details?: boolean | null;
  /** Whether it tells the prompt's tokens too; refused with streams. */
  decoder_input_details?: boolean | null;
  /** Makes sampling repeatable. */
  seed?: number | null;
  /** How many alternatives to tell for each token. */
  top_n_tokens?: number | null;
  /** The form the text must have: a JSON Schema or a regular expression. */
  grammar?: unknown | null;
  /** The LoRA adapter to use. */
  adapter_id?: string | null;
  /** Parameters this version does not know, by name; they win over those of the same name. */
  extra_params?: Record<string, unknown> | null;
}

/** One event of a streamed text. */
export interface TextGenerationEvent {
  /** Its number, from 1. */
  index?: number | null;
  /** The new token. */
  token?: TextGenerationToken | null;
  /** The whole text; on the last event alone. */
  generated_text?: string | null;
  /** How it came to be; on the last event alone. */
  details?: TextGenerationDetails | null;
  [key: string]: unknown;
}

/** One token. */
export interface TextGenerationToken {
  /** Its number in the vocabulary. */
  id?: number | null;
  /** Its text. */
  text: string;
  /** How likely it was, as a logarithm. */
  logprob?: number | null;
  /** Whether it is a mark of the model's and no text. */
  special?: boolean | null;
  [key: string]: unknown;
}

/** How a text came to be, when `details` asked for it. */
export interface TextGenerationDetails {
  /** `length`, `eos_token` or `stop_sequence`. */
  finish_reason?: string | null;
  /** How many tokens were made. */
  generated_tokens?: number | null;
  /** How many tokens the prompt has; told at the end of streams. */
  input_length?: number | null;
  /** The seed of sampling. */
  seed?: number | null;
  /** The tokens of the text. */
  tokens?: TextGenerationToken[] | null;
  [key: string]: unknown;
}

/** A whole answer. */
export interface ResponseObject {
  /** The answer's id. */
  id?: string | null;
  /** `response`. */
  object?: string | null;
  /** Seconds since 1970. */
  created_at?: number | null;
  /** The model. */
  model?: string | null;
  /** What came out, in order. */
  output: ResponseItem[];
  /** How far it has come. */
  status?: ResponseStatus | null;
  /** Tokens used. */
  usage?: ResponseUsage | null;
  /** Why it was cut off. */
  incomplete_details?: IncompleteDetails | null;
  /** Strings of the caller's or of the agent's. */
  metadata?: Record<string, unknown> | null;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  /** What Databricks adds, such as a trace. */
  databricks_output?: unknown | null;
  [key: string]: unknown;
}

/** One item of an input or an output. An item of a type this version does not know (such as `web_search_call`, `file_search_call`, `computer_call` or `custom_tool_call`) is kept as it came. */
export type ResponseItem =
  | ({ type: "message" } & ResponseMessage)
  | ({ type: "function_call" } & FunctionCallItem)
  | ({ type: "function_call_output" } & FunctionCallOutputItem)
  | ({ type: "reasoning" } & ReasoningItem)
  | ({ type: "mcp_approval_request" } & McpApprovalRequest)
  | ({ type: "mcp_approval_response" } & McpApprovalResponse);

/** A message. */
export interface ResponseMessage {
  /** `user`, `assistant`, `system` or `developer`. */
  role: string;
  /** Text, or typed parts. */
  content: string | ResponsePart[];
  /** Which item it is; on messages that came out of a call. */
  id?: string | null;
  /** How far it has come; on messages that came out of a call. */
  status?: ResponseStatus | null;
  [key: string]: unknown;
}

/** One part of a message's content. A part of a type this version does not know (such as `input_file`) is kept as it came. */
export type ResponsePart =
  | ({ type: "output_text" } & OutputText)
  | ({ type: "refusal" } & Refusal)
  | ({ type: "input_text" } & InputText)
  | ({ type: "input_image" } & InputImage);

/** Text of the model. */
export interface OutputText {
  /** The text. */
  text: string;
  /** What the text refers to. */
  annotations?: Annotation[] | null;
  [key: string]: unknown;
}

/** What a stretch of text refers to. */
export type Annotation =
  | ({ type: "url_citation" } & UrlCitation)
  | ({ type: "file_citation" } & FileReference)
  | ({ type: "file_path" } & FileReference);

/** A page the text refers to. */
export interface UrlCitation {
  /** Its address. */
  url: string;
  /** Its title. */
  title?: string | null;
  /** Where in the text the reference begins. */
  start_index?: number | null;
  /** Where it ends. */
  end_index?: number | null;
  [key: string]: unknown;
}

/** A file the text refers to. */
export interface FileReference {
  /** Which file. */
  file_id: string;
  /** Its place among the files. */
  index?: number | null;
  [key: string]: unknown;
}

/** Why the model does not answer. */
export interface Refusal {
  /** The model's words. */
  refusal: string;
  [key: string]: unknown;
}

/** Text of the caller. */
export interface InputText {
  /** The text. */
  text: string;
  [key: string]: unknown;
}

/** A picture of the caller's. */
export interface InputImage {
  /** Its address, or a `data:` address that holds it. */
  image_url?: string | null;
  /** The file that holds it. */
  file_id?: string | null;
  /** How closely to look. */
  detail?: string | null;
  [key: string]: unknown;
}

/** How far an item or an answer has come. */
export type ResponseStatus = "in_progress" | "completed" | "incomplete" | "failed" | (string & {});

/** A tool the model asks for. */
export interface FunctionCallItem {
  /** Which call it is; its result names it. */
  call_id: string;
  /** The tool's name. */
  name: string;
  /** The arguments as JSON text. */
  arguments: string;
  /** Which item it is. */
  id?: string | null;
  /** How far it has come. */
  status?: ResponseStatus | null;
  [key: string]: unknown;
}

/** What a tool gave. */
export interface FunctionCallOutputItem {
  /** Which call it answers. */
  call_id: string;
  /** The result. */
  output: string | unknown[];
  /** Which item it is. */
  id?: string | null;
  /** How far it has come. */
  status?: ResponseStatus | null;
  [key: string]: unknown;
}

/** What the model thought. */
export interface ReasoningItem {
  /** Which item it is. */
  id?: string | null;
  /** The thought, as far as it may be read. */
  summary: ReasoningSummary[];
  /** How far it has come. */
  status?: ResponseStatus | null;
  [key: string]: unknown;
}

/** A request to allow a tool of an MCP server. */
export interface McpApprovalRequest {
  /** Which request it is; its answer names it. */
  id: string;
  /** The tool's name. */
  name: string;
  /** Which server. */
  server_label?: string | null;
  /** The arguments as JSON text. */
  arguments?: string | null;
  [key: string]: unknown;
}

/** The answer to a request to allow a tool. */
export interface McpApprovalResponse {
  /** Which request it answers. */
  approval_request_id: string;
  /** Whether the tool may run. */
  approve: boolean;
  /** Which item it is. */
  id?: string | null;
  /** Why. */
  reason?: string | null;
  [key: string]: unknown;
}

/** Tokens used. */
export interface ResponseUsage {
  /** Tokens of the input. */
  input_tokens?: number | null;
  /** More on the input, such as `cached_tokens`. */
  input_tokens_details?: unknown | null;
  /** Tokens of the output. */
  output_tokens?: number | null;
  /** More on the output, such as `reasoning_tokens`. */
  output_tokens_details?: unknown | null;
  /** Both. */
  total_tokens?: number | null;
  [key: string]: unknown;
}

/** Why an answer was cut off. */
export interface IncompleteDetails {
  /** Such as `max_output_tokens`. */
  reason?: string | null;
  [key: string]: unknown;
}

/** One event of a streamed answer. An event of a type this version does not know (such as `response.web_search_call.*`), of none, or not of the documented shape is kept as it came. `response.failed`, `response.error` and `error` are no events but the error the stream ends with. */
export type ResponseEvent =
  | ({ type: "response.created" } & ResponseStateEvent)
  | ({ type: "response.in_progress" } & ResponseStateEvent)
  | ({ type: "response.completed" } & ResponseStateEvent)
  | ({ type: "response.incomplete" } & ResponseStateEvent)
  | ({ type: "response.output_item.added" } & OutputItemEvent)
  | ({ type: "response.output_item.done" } & OutputItemEvent)
  | ({ type: "response.content_part.added" } & ContentPartEvent)
  | ({ type: "response.content_part.done" } & ContentPartEvent)
  | ({ type: "response.output_text.delta" } & TextDeltaEvent)
  | ({ type: "response.output_text.done" } & TextDoneEvent)
  | ({ type: "response.output_text.annotation.added" } & AnnotationAddedEvent)
  | ({ type: "response.refusal.delta" } & TextDeltaEvent)
  | ({ type: "response.refusal.done" } & RefusalDoneEvent)
  | ({ type: "response.reasoning_summary_text.delta" } & SummaryDeltaEvent)
  | ({ type: "response.function_call_arguments.delta" } & TextDeltaEvent)
  | ({ type: "response.function_call_arguments.done" } & ArgumentsDoneEvent);

/** How far the whole answer has come. */
export interface ResponseStateEvent {
  /** The answer; its `output` may be empty before the end. */
  response: ResponseState;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** As much of a whole answer as an event tells. */
export interface ResponseState {
  /** The answer's id. */
  id?: string | null;
  /** How far it has come. */
  status?: ResponseStatus | null;
  /** The model. */
  model?: string | null;
  /** What came out; empty or missing before the end. */
  output?: ResponseItem[] | null;
  /** Tokens used. */
  usage?: ResponseUsage | null;
  [key: string]: unknown;
}

/** An item that begins or is whole. */
export interface OutputItemEvent {
  /** The item. */
  item: ResponseItem;
  /** Its place in the output. */
  output_index?: number | null;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** A part of a message that begins or is whole. */
export interface ContentPartEvent {
  /** The part. */
  part: ResponsePart;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** The item's place in the output. */
  output_index?: number | null;
  /** The part's place in the message. */
  content_index?: number | null;
  [key: string]: unknown;
}

/** New text. */
export interface TextDeltaEvent {
  /** The text. */
  delta: string;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** The item's place in the output. */
  output_index?: number | null;
  /** The part's place in the message. */
  content_index?: number | null;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** All text of a part. */
export interface TextDoneEvent {
  /** The text. */
  text: string;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** The item's place in the output. */
  output_index?: number | null;
  /** The part's place in the message. */
  content_index?: number | null;
  [key: string]: unknown;
}

/** A new reference of a text. */
export interface AnnotationAddedEvent {
  /** The reference. */
  annotation: Annotation;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** Its place among the references. */
  annotation_index?: number | null;
  [key: string]: unknown;
}

/** All of a refusal. */
export interface RefusalDoneEvent {
  /** The model's words. */
  refusal: string;
  /** Which item it belongs to. */
  item_id?: string | null;
  [key: string]: unknown;
}

/** New text of a readable thought. */
export interface SummaryDeltaEvent {
  /** The text. */
  delta: string;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** The item's place in the output. */
  output_index?: number | null;
  /** The piece's place in the summary. */
  summary_index?: number | null;
  [key: string]: unknown;
}

/** All of a call's arguments. */
export interface ArgumentsDoneEvent {
  /** The arguments as JSON text. */
  arguments: string;
  /** Which item it belongs to. */
  item_id?: string | null;
  /** The item's place in the output. */
  output_index?: number | null;
  [key: string]: unknown;
}

/** The options of a Responses call. */
export interface ResponsesParams {
  /** The longest answer, in tokens. */
  max_output_tokens?: number | null;
  /** Randomness. */
  temperature?: number | null;
  /** Nucleus sampling. */
  top_p?: number | null;
  /** The tools on offer. */
  tools?: ResponsesTool[] | null;
  /** Which tool to use: `auto`, `none`, `required` or `any`, a tool's name, or an object. */
  tool_choice?: unknown | null;
  /** Whether several tools may be asked for at once. */
  parallel_tool_calls?: boolean | null;
  /** How much to think. */
  reasoning?: ResponsesReasoning | null;
  /** The form of the text. */
  text?: unknown | null;
  /** `auto` or `disabled`. */
  truncation?: string | null;
  /** Who asks. */
  user?: string | null;
  /** Strings of yours. */
  metadata?: Record<string, unknown> | null;
  /** Free input of the agent. */
  custom_inputs?: Record<string, unknown> | null;
  /** Which conversation and which user the agent serves. */
  context?: AgentContext | null;
  /** Such as `{"return_trace": true}`; models that are no agents refuse it. */
  databricks_options?: unknown | null;
  /** Whether the service keeps the answer; Databricks' own models refuse it. */
  store?: boolean | null;
  /** Whether to answer later; Databricks' own models refuse it. */
  background?: boolean | null;
  /** The answer to go on from; Databricks' own models refuse it. */
  previous_response_id?: string | null;
  /** The conversation to go on with; Databricks' own models refuse it. */
  conversation?: unknown | null;
  /** How urgent it is; Databricks' own models refuse it. */
  service_tier?: string | null;
  /** An id of yours, recorded in inference and usage tables. */
  client_request_id?: string | null;
  /** Strings of yours for usage tracking. */
  usage_context?: Record<string, unknown> | null;
  /** Endpoint-specific options, merged into the body's top level. */
  extra_params?: Record<string, unknown> | null;
}

/** A tool on offer, in the flat form of Responses. */
export interface ResponsesTool {
  /** `function`, or a kind of tool the service runs itself. */
  type: string;
  /** The tool's name. */
  name?: string | null;
  /** What it does and when to use it. */
  description?: string | null;
  /** The arguments as a JSON Schema. */
  parameters?: unknown | null;
  /** Whether arguments must fit exactly. */
  strict?: boolean | null;
  [key: string]: unknown;
}

/** How much to think. */
export interface ResponsesReasoning {
  /** Such as `low`, `medium` or `high`. */
  effort?: string | null;
  /** How the thought is summed up. */
  generate_summary?: string | null;
  [key: string]: unknown;
}

/** Which conversation and which user an agent serves. */
export interface AgentContext {
  /** Which conversation. */
  conversation_id?: string | null;
  /** Which user. */
  user_id?: string | null;
  [key: string]: unknown;
}

/** A whole answer of an agent. */
export interface ChatAgentResponse {
  /** What the agent said and did, in order. */
  messages: ChatAgentMessage[];
  /** Why it ended. */
  finish_reason?: string | null;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  /** Tokens used. */
  usage?: unknown | null;
  /** What Databricks adds, such as a trace. */
  databricks_output?: unknown | null;
  [key: string]: unknown;
}

/** One message of an agent's conversation. */
export interface ChatAgentMessage {
  /** `user`, `assistant`, `system` or `tool`. */
  role: string;
  /** The text; may be absent beside `tool_calls`. */
  content?: string | null;
  /** Which message it is; made for messages that have none. */
  id?: string | null;
  /** Who speaks; on tool messages the tool's name, which they need. */
  name?: string | null;
  /** The tools the agent asks for. */
  tool_calls?: unknown[] | null;
  /** Which call a tool message answers, which it needs. */
  tool_call_id?: string | null;
  /** What the agent attached. */
  attachments?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** One event of a streamed answer of an agent. Deltas with the same id are pieces of one message. */
export interface ChatAgentChunk {
  /** A message, or a piece of one. */
  delta?: ChatAgentDelta | null;
  /** Why the answer ended; absent until it does. */
  finish_reason?: string | null;
  /** Free output of the agent. */
  custom_outputs?: Record<string, unknown> | null;
  /** Tokens used. */
  usage?: unknown | null;
  /** What Databricks adds, such as a trace. */
  databricks_output?: unknown | null;
  [key: string]: unknown;
}

/** A message, or a piece of one. */
export interface ChatAgentDelta {
  /** Who speaks. */
  role?: string | null;
  /** New text. */
  content?: string | null;
  /** Which message it belongs to. */
  id?: string | null;
  /** Who speaks, or the tool's name. */
  name?: string | null;
  /** The tools the agent asks for. */
  tool_calls?: unknown[] | null;
  /** Which call a tool message answers. */
  tool_call_id?: string | null;
  /** What the agent attached. */
  attachments?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** The options of a ChatAgent call. */
export interface ChatAgentParams {
  /** Which conversation and which user the agent serves. */
  context?: AgentContext | null;
  /** Free input of the agent. */
  custom_inputs?: Record<string, unknown> | null;
  /** Such as `{"return_trace": true}`. */
  databricks_options?: unknown | null;
  /** An id of yours, recorded in inference and usage tables. */
  client_request_id?: string | null;
  /** Strings of yours for usage tracking. */
  usage_context?: Record<string, unknown> | null;
  /** Endpoint-specific options, merged into the body's top level. */
  extra_params?: Record<string, unknown> | null;
}

/** A new endpoint. */
export interface CreateEndpointRequest {
  /** Its name: letters, digits, `-`, `_` and `.`. */
  name: string;
  /** What it serves. */
  config?: EndpointConfigInput | null;
  /** What the AI Gateway in front of it does. */
  ai_gateway?: AiGatewayConfig | null;
  /** The workspace's own labels. */
  tags?: EndpointTag[] | null;
  /** Limits of the older kind; newer endpoints set them in `ai_gateway`. */
  rate_limits?: RateLimit[] | null;
  /** Whether it gets an address of its own; cannot be changed later. */
  route_optimized?: boolean | null;
  /** The budget policy it is billed to. */
  budget_policy_id?: string | null;
  /** What it is for. */
  description?: string | null;
  /** Who is told when an update ends. */
  email_notifications?: EmailNotifications | null;
  /** What telemetry goes where. */
  telemetry_config?: TelemetryConfig | null;
}

/** What an endpoint shall serve. */
export interface EndpointConfigInput {
  /** The models behind it, at most ten. */
  served_entities?: ServedEntityInput[] | null;
  /** How calls are shared among them; may be left out for one. */
  traffic_config?: TrafficConfig | null;
  /** The inference table of older endpoints. */
  auto_capture_config?: AutoCaptureConfig | null;
}

/** One model an endpoint shall serve. */
export interface ServedEntityInput {
  /** Its name within the endpoint; made from the model's name unless set. */
  name?: string | null;
  /** A model of Unity Catalog (`catalog.schema.model`) or of the workspace, or a function. */
  entity_name?: string | null;
  /** The model's version. */
  entity_version?: string | null;
  /** A model at another provider; then there is no `entity_name`. */
  external_model?: ExternalModel | null;
  /** How much a custom model is given. */
  workload_size?: WorkloadSize | null;
  /** On what a custom model runs; `CPU` unless set. */
  workload_type?: WorkloadType | null;
  /** Whether it may be shut down while nobody calls; the next call then waits. */
  scale_to_zero_enabled?: boolean | null;
  /** The least concurrency, in place of `workload_size`. */
  min_provisioned_concurrency?: number | null;
  /** The most concurrency, in place of `workload_size`. */
  max_provisioned_concurrency?: number | null;
  /** The least throughput, in tokens per second. */
  min_provisioned_throughput?: number | null;
  /** The most throughput, in tokens per second. */
  max_provisioned_throughput?: number | null;
  /** Model units of provisioned throughput. */
  provisioned_model_units?: number | null;
  /** Whether bursts beyond what is provisioned are allowed. */
  burst_scaling_enabled?: boolean | null;
  /** Environment variables; values may be `{{secrets/scope/key}}`. */
  environment_vars?: Record<string, string> | null;
  /** AWS: the role the model runs as. */
  instance_profile_arn?: string | null;
}

/** A model at another provider. */
export type ExternalModel =
  | ({ provider: "openai" } & OpenAiModel)
  | ({ provider: "anthropic" } & AnthropicModel)
  | ({ provider: "cohere" } & CohereModel)
  | ({ provider: "ai21labs" } & Ai21LabsModel)
  | ({ provider: "palm" } & PalmModel)
  | ({ provider: "amazon-bedrock" } & AmazonBedrockModel)
  | ({ provider: "google-cloud-vertex-ai" } & GoogleCloudVertexAiModel)
  | ({ provider: "databricks-model-serving" } & DatabricksModelServingModel)
  | ({ provider: "custom" } & CustomModel);

/** OpenAI, or OpenAI models at Azure. */
export interface OpenAiModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  openai_config: OpenAiConfig;
}

/** What an external model does. All external models of an endpoint do the same. */
export type ExternalTask = "llm/v1/chat" | "llm/v1/completions" | "llm/v1/embeddings" | (string & {});

/**
 * OpenAI: a key. Azure with a key: `openai_api_type` `azure`, base, deployment, version and key.
 * Azure with Entra: `azuread`, base, deployment, version, tenant, client and client secret.
 */
export interface OpenAiConfig {
  /** The key, as a reference. */
  openai_api_key?: string | null;
  /** The key itself. */
  openai_api_key_plaintext?: string | null;
  /** The organization. */
  openai_organization?: string | null;
  /** The address, when it is not OpenAI's own. */
  openai_api_base?: string | null;
  /** `openai`, `azure` or `azuread`. */
  openai_api_type?: string | null;
  /** Azure: the API's version. */
  openai_api_version?: string | null;
  /** Azure: the deployment. */
  openai_deployment_name?: string | null;
  /** Azure with Entra: the tenant. */
  microsoft_entra_tenant_id?: string | null;
  /** Azure with Entra: the client. */
  microsoft_entra_client_id?: string | null;
  /** Azure with Entra: the client's secret, as a reference. */
  microsoft_entra_client_secret?: string | null;
  /** Azure with Entra: the client's secret itself. */
  microsoft_entra_client_secret_plaintext?: string | null;
}

/** A model of Anthropic. */
export interface AnthropicModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  anthropic_config: AnthropicConfig;
}

/** Anthropic. */
export interface AnthropicConfig {
  /** The key, as a reference. */
  anthropic_api_key?: string | null;
  /** The key itself. */
  anthropic_api_key_plaintext?: string | null;
}

/** A model of Cohere. */
export interface CohereModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  cohere_config: CohereConfig;
}

/** Cohere. */
export interface CohereConfig {
  /** The key, as a reference. */
  cohere_api_key?: string | null;
  /** The key itself. */
  cohere_api_key_plaintext?: string | null;
  /** The address, when it is not Cohere's own. */
  cohere_api_base?: string | null;
}

/** A model of AI21 Labs. */
export interface Ai21LabsModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  ai21labs_config: Ai21LabsConfig;
}

/** AI21 Labs. */
export interface Ai21LabsConfig {
  /** The key, as a reference. */
  ai21labs_api_key?: string | null;
  /** The key itself. */
  ai21labs_api_key_plaintext?: string | null;
}

/** A model of Google PaLM (legacy). */
export interface PalmModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  palm_config: PalmConfig;
}

/** Google PaLM (legacy). */
export interface PalmConfig {
  /** The key, as a reference. */
  palm_api_key?: string | null;
  /** The key itself. */
  palm_api_key_plaintext?: string | null;
}

/** A model at Amazon Bedrock. */
export interface AmazonBedrockModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  amazon_bedrock_config: AmazonBedrockConfig;
}

/** Amazon Bedrock, by access keys, an instance profile or a service credential of Unity Catalog. */
export interface AmazonBedrockConfig {
  /** The region. */
  aws_region?: string | null;
  /** Whose model: `anthropic`, `cohere`, `ai21labs` or `amazon`. */
  bedrock_provider?: string | null;
  /** The key's id, as a reference. */
  aws_access_key_id?: string | null;
  /** The key's id itself. */
  aws_access_key_id_plaintext?: string | null;
  /** The key, as a reference. */
  aws_secret_access_key?: string | null;
  /** The key itself. */
  aws_secret_access_key_plaintext?: string | null;
  /** In place of keys: the role. */
  instance_profile_arn?: string | null;
  /** In place of keys: the service credential. */
  uc_service_credential_name?: string | null;
}

/** A model at Google Cloud Vertex AI. */
export interface GoogleCloudVertexAiModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  google_cloud_vertex_ai_config: GoogleCloudVertexAiConfig;
}

/** Google Cloud Vertex AI. */
export interface GoogleCloudVertexAiConfig {
  /** The project. */
  project_id?: string | null;
  /** The region. */
  region?: string | null;
  /** The service account's JSON, as a reference. */
  private_key?: string | null;
  /** The service account's JSON itself. */
  private_key_plaintext?: string | null;
}

/** A serving endpoint of another workspace. */
export interface DatabricksModelServingModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  databricks_model_serving_config: DatabricksModelServingConfig;
}

/** A serving endpoint of another workspace. */
export interface DatabricksModelServingConfig {
  /** The workspace's address. */
  databricks_workspace_url?: string | null;
  /** The token, as a reference. */
  databricks_api_token?: string | null;
  /** The token itself. */
  databricks_api_token_plaintext?: string | null;
}

/** Any server that speaks the OpenAI form. */
export interface CustomModel {
  /** The model's name at the provider. */
  name: string;
  /** What it does. */
  task: ExternalTask;
  /** How it is reached. */
  custom_provider_config: CustomProviderConfig;
}

/** Any server that speaks the OpenAI form, with one way to sign in at most. */
export interface CustomProviderConfig {
  /** The address, `https` only. */
  custom_provider_url?: string | null;
  /** A token in the `Authorization` header. */
  bearer_token_auth?: BearerTokenAuth | null;
  /** A key in a header or parameter of its own. */
  api_key_auth?: ApiKeyAuth | null;
}

/** A token in the `Authorization` header. */
export interface BearerTokenAuth {
  /** The token, as a reference. */
  token?: string | null;
  /** The token itself. */
  token_plaintext?: string | null;
}

/** A key under a name of its own. */
export interface ApiKeyAuth {
  /** The name. */
  key?: string | null;
  /** The key, as a reference. */
  value?: string | null;
  /** The key itself. */
  value_plaintext?: string | null;
}

/** How much a custom model is given. */
export type WorkloadSize = "Small" | "Medium" | "Large" | (string & {});

/** On what a custom model runs. */
export type WorkloadType = "CPU" | "CPU_MEDIUM" | "CPU_LARGE" | "GPU_SMALL" | "GPU_MEDIUM" | "GPU_LARGE" | "GPU_XLARGE" | "GPU_XLARGE_8" | "MULTIGPU_MEDIUM" | (string & {});

/** The inference table of older endpoints; newer ones set it in `ai_gateway`. */
export interface AutoCaptureConfig {
  /** The catalog. */
  catalog_name?: string | null;
  /** The schema. */
  schema_name?: string | null;
  /** What the table's name begins with. */
  table_name_prefix?: string | null;
  /** Whether calls are logged. */
  enabled?: boolean | null;
  [key: string]: unknown;
}

/** One limit of the older kind; newer endpoints set limits in `ai_gateway`. */
export interface RateLimit {
  /** The most calls. */
  calls: number;
  /** Over what they are counted. */
  renewal_period: RenewalPeriod;
  /** For whom: `user` or `endpoint`. */
  key?: RateLimitKey | null;
  [key: string]: unknown;
}

/** Who is told when an update ends. */
export interface EmailNotifications {
  /** Told when it succeeded. */
  on_update_success?: string[] | null;
  /** Told when it failed. */
  on_update_failure?: string[] | null;
  [key: string]: unknown;
}

/** What telemetry of the served models goes where; newest, so most of it is kept as it comes. */
export interface TelemetryConfig {
  /** What is collected. */
  enabled_telemetry_features?: string[] | null;
  /** The tables. */
  table_names?: unknown | null;
  /** The inference table. */
  inference_table_config?: unknown | null;
  /** A profile that says all of it. */
  telemetry_profile_id?: string | null;
  [key: string]: unknown;
}

/** A new endpoint with provisioned throughput. */
export interface CreatePtEndpointRequest {
  /** Its name. */
  name: string;
  /** What it serves. */
  config: PtEndpointConfigInput;
  /** What the AI Gateway in front of it does. */
  ai_gateway?: AiGatewayConfig | null;
  /** The workspace's own labels. */
  tags?: EndpointTag[] | null;
  /** The budget policy it is billed to. */
  budget_policy_id?: string | null;
  /** Who is told when an update ends. */
  email_notifications?: EmailNotifications | null;
}

/** What an endpoint with provisioned throughput serves. */
export interface PtEndpointConfigInput {
  /** The models. */
  served_entities: PtServedEntityInput[];
  /** How calls are shared among them. */
  traffic_config?: TrafficConfig | null;
}

/** One model with provisioned throughput. */
export interface PtServedEntityInput {
  /** The model of Unity Catalog. */
  entity_name: string;
  /** Model units. */
  provisioned_model_units: number;
  /** The model's version. */
  entity_version?: string | null;
  /** Its name within the endpoint. */
  name?: string | null;
  /** Whether bursts beyond what is provisioned are allowed. */
  burst_scaling_enabled?: boolean | null;
}

/** Labels to set and to take away. */
export interface UpdateTagsRequest {
  /** Set, over those of the same key. */
  add_tags?: EndpointTag[] | null;
  /** Taken away, by key. */
  delete_tags?: string[] | null;
}

/** The older limits of an endpoint. */
export interface RateLimits {
  /** The limits. */
  rate_limits?: RateLimit[] | null;
  [key: string]: unknown;
}

/** The answer to setting who is told. */
export interface EndpointNotifications {
  /** The endpoint. */
  name?: string | null;
  /** Who is told. */
  email_notifications?: EmailNotifications | null;
  [key: string]: unknown;
}

/** What one user, group or service principal shall be allowed. */
export interface AccessControlRequest {
  /** The user. */
  user_name?: string | null;
  /** Or the group. */
  group_name?: string | null;
  /** Or the service principal's application id. */
  service_principal_name?: string | null;
  /** What. */
  permission_level: EndpointPermissionLevel;
}

/** What somebody may do. */
export type EndpointPermissionLevel = "CAN_VIEW" | "CAN_QUERY" | "CAN_MANAGE" | (string & {});

/** Who may do what with an endpoint. */
export interface EndpointPermissions {
  /** `/serving-endpoints/<id>`. */
  object_id?: string | null;
  /** `serving-endpoint`. */
  object_type?: string | null;
  /** One item for each user, group or service principal. */
  access_control_list?: AccessControl[] | null;
  [key: string]: unknown;
}

/** What one user, group or service principal is allowed. */
export interface AccessControl {
  /** The user. */
  user_name?: string | null;
  /** Or the group. */
  group_name?: string | null;
  /** Or the service principal. */
  service_principal_name?: string | null;
  /** The name to show. */
  display_name?: string | null;
  /** What, and from where it comes. */
  all_permissions?: EndpointPermission[] | null;
  [key: string]: unknown;
}

/** One permission. */
export interface EndpointPermission {
  /** What. */
  permission_level?: EndpointPermissionLevel | null;
  /** Whether it comes from elsewhere. */
  inherited?: boolean | null;
  /** From where. */
  inherited_from_object?: string[] | null;
  [key: string]: unknown;
}

/** The permissions there are. */
export interface EndpointPermissionLevels {
  /** Each with what it means. */
  permission_levels?: EndpointPermissionLevelInfo[] | null;
  [key: string]: unknown;
}

/** A permission and what it means. */
export interface EndpointPermissionLevelInfo {
  /** The permission. */
  permission_level?: EndpointPermissionLevel | null;
  /** What it means. */
  description?: string | null;
  [key: string]: unknown;
}

/** Whether a model can be served with provisioned throughput. */
export interface ModelOptimizationInfo {
  /** Whether it can. */
  optimizable?: boolean | null;
  /** Its type. */
  model_type?: string | null;
  /** Throughput is bought in multiples of this many tokens per second. */
  throughput_chunk_size?: number | null;
  [key: string]: unknown;
}

/** A new scope. */
export interface CreateScopeRequest {
  /** Its name: letters, digits, `-`, `_`, `.` and `@`, at most 128. */
  scope: string;
  /** `users` gives everybody `MANAGE`; only the creator has it when absent. */
  initial_manage_principal?: string | null;
  /** Where its secrets stand; `DATABRICKS` unless set. */
  scope_backend_type?: ScopeBackendType | null;
  /** The vault, for `AZURE_KEYVAULT`. */
  backend_azure_keyvault?: AzureKeyVault | null;
}

/** Where a scope's secrets stand. */
export type ScopeBackendType = "DATABRICKS" | "AZURE_KEYVAULT" | (string & {});

/** An Azure Key Vault. */
export interface AzureKeyVault {
  /** Its resource id. */
  resource_id: string;
  /** Its DNS name. */
  dns_name: string;
  [key: string]: unknown;
}

/** The scopes the caller may see. */
export interface SecretScopes {
  /** The scopes; absent when there are none. */
  scopes?: SecretScope[] | null;
  [key: string]: unknown;
}

/** A scope. */
export interface SecretScope {
  /** Its name. */
  name: string;
  /** Where its secrets stand. */
  backend_type?: ScopeBackendType | null;
  /** The vault, when they stand in one. */
  keyvault_metadata?: AzureKeyVault | null;
  [key: string]: unknown;
}

/** The names of a scope's secrets. */
export interface SecretList {
  /** The names; absent when there are none. */
  secrets?: SecretMetadata[] | null;
  [key: string]: unknown;
}

/** A secret without its value. */
export interface SecretMetadata {
  /** Its name. */
  key: string;
  /** When it was put last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  [key: string]: unknown;
}

/** Who may do what with a scope. */
export interface Acls {
  /** One item for each user, group or service principal; absent when there are none. */
  items?: AclItem[] | null;
  [key: string]: unknown;
}

/** What somebody may do with a scope. */
export interface AclItem {
  /** The user, group or service principal. */
  principal: string;
  /** What. */
  permission: AclPermission;
  [key: string]: unknown;
}

/** What a user, group or service principal may do with a scope. Each includes those before it. */
export type AclPermission = "READ" | "WRITE" | "MANAGE" | (string & {});

/** One page of a gateway's endpoints. */
export interface GatewayEndpointList {
  /** The endpoints. */
  endpoints?: GatewayEndpoint[] | null;
  /** Asks for the next page; absent on the last. */
  next_page_token?: string | null;
  [key: string]: unknown;
}

/** An endpoint of a gateway. */
export interface GatewayEndpoint {
  /** The name calls are made with. */
  name: string;
  /** What it does: `llm/v1/chat`, `llm/v1/completions` or `llm/v1/embeddings`. A workspace calls this `task`. */
  endpoint_type?: string | null;
  /** The model behind it. */
  model?: GatewayModel | null;
  /** Its path on the gateway. */
  endpoint_url?: string | null;
  /** How often it may be asked: `{ calls, key, renewal_period }`. */
  limit?: unknown | null;
  [key: string]: unknown;
}

/** The model behind a gateway's endpoint. */
export interface GatewayModel {
  /** Its name at the provider. */
  name?: string | null;
  /** The provider. */
  provider?: string | null;
  [key: string]: unknown;
}

/** A new vector search endpoint. */
export interface CreateVectorEndpointRequest {
  /** Its name. */
  name: string;
  /** What it is built for. */
  endpoint_type: EndpointType;
  /** Whom it is billed to. */
  budget_policy_id?: string | null;
  /** How many queries per second it shall bear; standard endpoints alone. */
  target_qps?: number | null;
}

/** What an endpoint is built for. */
export type EndpointType = "STANDARD" | "STORAGE_OPTIMIZED" | (string & {});

/** One page of endpoints. */
export interface VectorEndpointList {
  /** The endpoints. */
  endpoints?: VectorEndpoint[] | null;
  /** What asks for the next page. */
  next_page_token?: string | null;
  [key: string]: unknown;
}

/** A vector search endpoint. */
export interface VectorEndpoint {
  /** Its name. */
  name: string;
  /** Its id. */
  id?: string | null;
  /** Who made it. */
  creator?: string | null;
  /** When it was made, in milliseconds since 1970. */
  creation_timestamp?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  /** Who changed it last. */
  last_updated_user?: string | null;
  /** What it is built for. */
  endpoint_type?: EndpointType | null;
  /** How it is. */
  endpoint_status?: VectorEndpointStatus | null;
  /** How many indexes it holds. */
  num_indexes?: number | null;
  /** Its tags. */
  custom_tags?: CustomTag[] | null;
  /** The budget policy set on it. */
  budget_policy_id?: string | null;
  /** The budget policy that holds for it. */
  effective_budget_policy_id?: string | null;
  /** What was asked of it in queries per second. */
  scaling_info?: ScalingInfo | null;
  [key: string]: unknown;
}

/** How an endpoint is. */
export interface VectorEndpointStatus {
  /** Its state. */
  state?: VectorEndpointState | null;
  /** What the service says of it. */
  message?: string | null;
  [key: string]: unknown;
}

/** How an endpoint is. */
export type VectorEndpointState = "PROVISIONING" | "ONLINE" | "OFFLINE" | "STARTING" | "STOPPING" | "STOPPED" | "DELETED" | "RED_STATE" | "YELLOW_STATE" | (string & {});

/** A tag. */
export interface CustomTag {
  /** Its key. */
  key: string;
  /** Its value. */
  value?: string | null;
  [key: string]: unknown;
}

/** What was asked of an endpoint in queries per second. */
export interface ScalingInfo {
  /** How many. */
  requested_target_qps?: number | null;
  /** How far that is, such as `SCALING_CHANGE_APPLIED`. */
  state?: string | null;
  [key: string]: unknown;
}

/** An endpoint's budget policy. */
export interface BudgetPolicy {
  /** The one set. */
  budget_policy_id?: string | null;
  /** The one that holds. */
  effective_budget_policy_id?: string | null;
  [key: string]: unknown;
}

/** An endpoint's tags. */
export interface CustomTags {
  /** The endpoint. */
  name?: string | null;
  /** Its tags. */
  custom_tags?: CustomTag[] | null;
  [key: string]: unknown;
}

/** A new index. [`delta_sync`](Self::delta_sync) and [`direct_access`](Self::direct_access) begin one. */
export interface CreateIndexRequest {
  /** Its full name, `catalog.schema.index`. */
  name: string;
  /** The endpoint that holds it. */
  endpoint_name: string;
  /** The column that tells rows apart. */
  primary_key: string;
  /** Where its rows come from. */
  index_type: IndexType;
  /** What it can be searched by. */
  index_subtype?: IndexSubtype | null;
  /** For `DELTA_SYNC`. */
  delta_sync_index_spec?: DeltaSyncIndexSpec | null;
  /** For `DIRECT_ACCESS`. */
  direct_access_index_spec?: DirectAccessIndexSpec | null;
}

/** Where an index's rows come from. */
export type IndexType = "DELTA_SYNC" | "DIRECT_ACCESS" | (string & {});

/** What an index can be searched by. */
export type IndexSubtype = "HYBRID" | "FULL_TEXT" | (string & {});

/** How an index follows a Delta table. */
export interface DeltaSyncIndexSpec {
  /** The table's full name. */
  source_table?: string | null;
  /** When it follows. */
  pipeline_type?: PipelineType | null;
  /** Columns whose embeddings the service computes. */
  embedding_source_columns?: EmbeddingSourceColumn[] | null;
  /** Columns that hold embeddings. */
  embedding_vector_columns?: EmbeddingVectorColumn[] | null;
  /** The columns to take over; all unless set. */
  columns_to_sync?: string[] | null;
  /** A table the computed embeddings are written to. */
  embedding_writeback_table?: string | null;
  /** Whom the pipeline is billed to. */
  budget_policy_id?: string | null;
  /** The pipeline, in answers. */
  pipeline_id?: string | null;
  [key: string]: unknown;
}

/** When an index follows its table. */
export type PipelineType = "TRIGGERED" | "CONTINUOUS" | (string & {});

/** A text column whose embeddings the service computes. */
export interface EmbeddingSourceColumn {
  /** The column. */
  name: string;
  /** The serving endpoint that embeds its texts. */
  embedding_model_endpoint_name?: string | null;
  /** The serving endpoint that embeds queries, when it is another one. */
  model_endpoint_name_for_query?: string | null;
  [key: string]: unknown;
}

/** A column that holds embeddings. */
export interface EmbeddingVectorColumn {
  /** The column. */
  name: string;
  /** How many numbers each has. */
  embedding_dimension?: number | null;
  [key: string]: unknown;
}

/** What a Direct Access index holds. */
export interface DirectAccessIndexSpec {
  /** Columns that hold embeddings. */
  embedding_vector_columns?: EmbeddingVectorColumn[] | null;
  /** Columns whose embeddings the service computes. */
  embedding_source_columns?: EmbeddingSourceColumn[] | null;
  /** The JSON text of an object from columns to types, such as `{"id":"string","vec":"array<float>"}`. */
  schema_json?: string | null;
  [key: string]: unknown;
}

/** One page of indexes; each is described in short. */
export interface VectorIndexList {
  /** The indexes. */
  vector_indexes?: VectorIndex[] | null;
  /** What asks for the next page. */
  next_page_token?: string | null;
  [key: string]: unknown;
}

/** An index. */
export interface VectorIndex {
  /** Its full name. */
  name: string;
  /** Its id in Unity Catalog. */
  id?: string | null;
  /** The endpoint that holds it. */
  endpoint_name?: string | null;
  /** That endpoint's id. */
  endpoint_id?: string | null;
  /** The column that tells rows apart. */
  primary_key?: string | null;
  /** Where its rows come from. */
  index_type?: IndexType | null;
  /** What it can be searched by. */
  index_subtype?: IndexSubtype | null;
  /** Who made it. */
  creator?: string | null;
  /** How it follows its table. */
  delta_sync_index_spec?: DeltaSyncIndexSpec | null;
  /** What it holds. */
  direct_access_index_spec?: DirectAccessIndexSpec | null;
  /** How it is. */
  status?: VectorIndexStatus | null;
  [key: string]: unknown;
}

/** How an index is. */
export interface VectorIndexStatus {
  /** Whether it answers. */
  ready?: boolean | null;
  /** What the service says of it. */
  message?: string | null;
  /** How many rows it holds. */
  indexed_row_count?: number | null;
  /** Its address; it may come without a scheme. */
  index_url?: string | null;
  /** Its state in detail, such as `ONLINE_NO_PENDING_UPDATE`. */
  detailed_state?: string | null;
  [key: string]: unknown;
}

/** A query of an index. The service takes it as it stands, but for `filters`. */
export interface QueryRequest {
  /** The columns to give back; the score is added. */
  columns: string[];
  /** How many rows; 10 unless set. */
  num_results?: number | null;
  /** The text to find, for an index that computes embeddings itself, and for words. */
  query_text?: string | null;
  /** The vector to find, for an index whose embeddings are given. */
  query_vector?: number[] | null;
  /** How rows are found; by the nearest vectors unless set. */
  query_type?: QueryType | null;
  /** Which rows are looked at: a [`Filter`](super::Filter), a dictionary, a list of them, or SQL-like text. */
  filters?: unknown | null;
  /** The lowest score to give back; applied before reranking. */
  score_threshold?: number | null;
  /** The older form of `reranker`. */
  columns_to_rerank?: string[] | null;
  /** Sorts the best rows anew by a model. */
  reranker?: Reranker | null;
  /** The text columns searched for words; all unless set. */
  query_columns?: string[] | null;
  /** Sorts rows by columns: `"year DESC"`. */
  sort_columns?: string[] | null;
  /** Counts values: `"lang"`, `"lang TOP 5"`, `"year BUCKETS [[2000,2010]]"`. */
  facets?: string[] | null;
  /** 1 has the service tell of the query's course. */
  debug_level?: number | null;
}

/** How rows are found. */
export type QueryType = "ANN" | "HYBRID" | "FULL_TEXT" | (string & {});

/** A model that sorts the best rows anew by how they fit the query. */
export interface Reranker {
  /** The model: `databricks_reranker`, or a serving endpoint of a tuned one. */
  model: string;
  /** `MODEL_TYPE_BASE` or `MODEL_TYPE_FINETUNED`. */
  model_type?: string | null;
  /** What it reads. */
  parameters?: RerankerParameters | null;
  [key: string]: unknown;
}

/** What a reranker reads. */
export interface RerankerParameters {
  /** The columns whose texts it reads, joined; the service cuts them at 2000 characters. */
  columns_to_rerank?: string[] | null;
  [key: string]: unknown;
}

/** A passage that was found. */
export interface Document {
  /** Its text. */
  page_content: string;
  /** Its other columns. */
  metadata: Record<string, unknown>;
  [key: string]: unknown;
}

/** An experiment: a named folder of runs. */
export interface Experiment {
  /** Its id. */
  experiment_id: string;
  /** Its name; in a workspace an absolute path such as `/Users/me@example.com/my-experiment`. */
  name: string;
  /** Where its artifacts lie. */
  artifact_location?: string | null;
  /** Whether it is active or deleted. */
  lifecycle_stage?: LifecycleStage | null;
  /** When it was made, in milliseconds since 1970. */
  creation_time?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  last_update_time?: number | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
  [key: string]: unknown;
}

/** Whether an experiment or a run is there or in the bin. */
export type LifecycleStage = "active" | "deleted" | (string & {});

/** A tag of an experiment, a run or a model. */
export interface MlflowTag {
  /** Its name. */
  key: string;
  /** Its value. */
  value?: string | null;
  [key: string]: unknown;
}

/** Which experiments or runs a search shows. */
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL" | (string & {});

/** A run: what it is, and what it logged. */
export interface Run {
  /** What it is. */
  info: RunInfo;
  /** What it logged. */
  data?: RunData | null;
  /** The data sets and models it read. */
  inputs?: unknown | null;
  /** The models it wrote. */
  outputs?: unknown | null;
  [key: string]: unknown;
}

/** What a run is. */
export interface RunInfo {
  /** Its id, 32 hexadecimal digits. */
  run_id: string;
  /** The experiment it belongs to. */
  experiment_id: string;
  /** Its name. */
  run_name?: string | null;
  /** Who started it. */
  user_id?: string | null;
  /** How it stands. */
  status?: RunStatus | null;
  /** When it began, in milliseconds since 1970. */
  start_time?: number | null;
  /** When it ended, in milliseconds since 1970. */
  end_time?: number | null;
  /** Where its artifacts lie. */
  artifact_uri?: string | null;
  /** Whether it is active or deleted. */
  lifecycle_stage?: LifecycleStage | null;
  [key: string]: unknown;
}

/** How a run stands. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED" | (string & {});

/** What a run logged. */
export interface RunData {
  /** The last value of each metric. */
  metrics?: Metric[] | null;
  /** Its parameters. */
  params?: MlflowParam[] | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
  [key: string]: unknown;
}

/** A value of a metric. */
export interface Metric {
  /** The metric's name. */
  key: string;
  /** The value; in JavaScript `NaN` too. */
  value: number;
  /** When it was measured, in milliseconds since 1970; now unless set. */
  timestamp?: number | null;
  /** At which step, which may be negative; 0 unless set. */
  step?: number | null;
  [key: string]: unknown;
}

/** A parameter: what the run was given, and never changes. */
export interface MlflowParam {
  /** Its name. */
  key: string;
  /** Its value. */
  value: string;
  [key: string]: unknown;
}

/** A file or folder of a run. */
export interface FileInfo {
  /** Its path, from the run's artifacts on. */
  path: string;
  /** Whether it is a folder. */
  is_dir?: boolean | null;
  /** How long it is, in bytes; absent for folders. */
  file_size?: number | null;
  [key: string]: unknown;
}

/** A registered model: a name under which versions of a model stand. */
export interface RegisteredModel {
  /** Its name; in Unity Catalog `catalog.schema.model`. */
  name: string;
  /** When it was made, in milliseconds since 1970. */
  creation_timestamp?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  /** What somebody wrote about it. */
  description?: string | null;
  /** Its newest versions. */
  latest_versions?: ModelVersion[] | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
  /** Names for versions of it. */
  aliases?: ModelAlias[] | null;
  [key: string]: unknown;
}

/** A version of a registered model. */
export interface ModelVersion {
  /** The registered model's name. */
  name: string;
  /** Which version: a number, as text. */
  version: string;
  /** When it was made, in milliseconds since 1970. */
  creation_timestamp?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  /** What somebody wrote about it. */
  description?: string | null;
  /** Where its files came from. */
  source?: string | null;
  /** The run that made it. */
  run_id?: string | null;
  /** The logged model it is. */
  model_id?: string | null;
  /** Whether it can be used. */
  status?: ModelVersionStatus | null;
  /** Why it cannot. */
  status_message?: string | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
  /** Names for it. */
  aliases?: string[] | null;
  [key: string]: unknown;
}

/** Whether a version can be used. */
export type ModelVersionStatus = "PENDING_REGISTRATION" | "FAILED_REGISTRATION" | "READY" | (string & {});

/** A name for a version of a model. */
export interface ModelAlias {
  /** The name. */
  alias: string;
  /** The version. */
  version: string;
  [key: string]: unknown;
}

/** A new version of a registered model. */
export interface CreateModelVersion {
  /** The registered model's name. */
  name: string;
  /** Where its files lie, such as `models:/m-…` or the artifact URI of a run's model. */
  source: string;
  /** The run that made it. */
  run_id?: string | null;
  /** The logged model it is. */
  model_id?: string | null;
  /** What to say about it. */
  description?: string | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
}

/** A model that a run or somebody logged: its files and what is known of it. */
export interface LoggedModel {
  /** What it is. */
  info: LoggedModelInfo;
  /** What it logged. */
  data?: LoggedModelData | null;
  [key: string]: unknown;
}

/** What a logged model is. */
export interface LoggedModelInfo {
  /** Its id, `m-` and 32 hexadecimal digits. */
  model_id: string;
  /** The experiment it belongs to. */
  experiment_id?: string | null;
  /** Its name. */
  name?: string | null;
  /** When it was made, in milliseconds since 1970. */
  creation_timestamp_ms?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  last_updated_timestamp_ms?: number | null;
  /** Where its files lie. */
  artifact_uri?: string | null;
  /** Whether its files are there. */
  status?: LoggedModelStatus | null;
  /** What kind of model it is, in the words of whoever logged it. */
  model_type?: string | null;
  /** The run that made it. */
  source_run_id?: string | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
  [key: string]: unknown;
}

/** Whether a logged model's files are there. */
export type LoggedModelStatus = "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED" | (string & {});

/** What a logged model logged. */
export interface LoggedModelData {
  /** Its parameters. */
  params?: MlflowParam[] | null;
  /** Its metrics. */
  metrics?: unknown | null;
  [key: string]: unknown;
}

/** A new logged model. */
export interface CreateLoggedModel {
  /** The experiment it belongs to. */
  experiment_id: string;
  /** Its name. */
  name?: string | null;
  /** What kind of model it is. */
  model_type?: string | null;
  /** The run that made it. */
  source_run_id?: string | null;
  /** Its parameters. */
  params?: MlflowParam[] | null;
  /** Its tags. */
  tags?: MlflowTag[] | null;
}

/** What a server keeps of a trace besides its spans. */
export interface TraceInfo {
  /** `tr-` and 32 hex digits. */
  trace_id: string;
  /** The caller's own id of the request. */
  client_request_id?: string | null;
  /** Where it is kept: `{type, mlflow_experiment: {experiment_id}}`. */
  trace_location?: Record<string, unknown> | null;
  /** What lists show of the request. */
  request_preview?: string | null;
  /** What lists show of the answer. */
  response_preview?: string | null;
  /** When it began, as RFC 3339. */
  request_time?: string | null;
  /** How long it took, such as `0.412s`. */
  execution_duration?: string | null;
  /** How it ended. */
  state?: TraceState | null;
  /** What stays as it is; all values are texts. */
  trace_metadata?: Record<string, unknown> | null;
  /** What may be changed; all values are texts. */
  tags?: Record<string, unknown> | null;
  /** What people and judges say of it. */
  assessments?: Assessment[] | null;
  [key: string]: unknown;
}

/** How a trace ended. */
export type TraceState = "STATE_UNSPECIFIED" | "OK" | "ERROR" | "IN_PROGRESS" | (string & {});

/** What somebody says of a trace: a feedback, or what the answer should have been. */
export interface Assessment {
  /** Its id: `a-` and 32 hex digits; the server gives it. */
  assessment_id?: string | null;
  /** Its name, such as `correct`. */
  assessment_name?: string | null;
  /** The trace. */
  trace_id?: string | null;
  /** The span, when it is about one. */
  span_id?: string | null;
  /** Who says it. */
  source?: AssessmentSource | null;
  /** When it was made, as RFC 3339. */
  create_time?: string | null;
  /** When it was changed last, as RFC 3339. */
  last_update_time?: string | null;
  /** The feedback: `{value, error}`. */
  feedback?: Record<string, unknown> | null;
  /** What was expected: `{value}`, or `{serialized_value}` of a list or object. */
  expectation?: Record<string, unknown> | null;
  /** Why. */
  rationale?: string | null;
  /** Facts; all values are texts. */
  metadata?: Record<string, unknown> | null;
  /** The assessment it stands in place of. */
  overrides?: string | null;
  /** Whether it holds; false once another stands in its place. */
  valid?: boolean | null;
  [key: string]: unknown;
}

/** Who says it. */
export interface AssessmentSource {
  /** What kind of source it is. */
  source_type: SourceType;
  /** Who: a person's name, a judge's model, a check's name. */
  source_id?: string | null;
  [key: string]: unknown;
}

/** What kind of source says something of a trace. */
export type SourceType = "HUMAN" | "LLM_JUDGE" | "CODE" | "SOURCE_TYPE_UNSPECIFIED" | (string & {});

/** A catalog. */
export interface CatalogInfo {
  /** Its name. */
  name: string;
  /** Where its data comes from, such as `MANAGED_CATALOG`. */
  catalog_type?: string | null;
  /** What somebody wrote about it. */
  comment?: string | null;
  /** Who owns it. */
  owner?: string | null;
  /** The metastore it belongs to. */
  metastore_id?: string | null;
  /** Whether it is open to all workspaces of the metastore. */
  isolation_mode?: string | null;
  /** Where its managed data lies. */
  storage_root?: string | null;
  /** What kind of thing it is to permissions. */
  securable_type?: string | null;
  /** Its full name. */
  full_name?: string | null;
  /** When it was made, in milliseconds since 1970. */
  created_at?: number | null;
  /** Who made it. */
  created_by?: string | null;
  /** When it was changed last, in milliseconds since 1970. */
  updated_at?: number | null;
  /** Who changed it last. */
  updated_by?: string | null;
  /** Properties by name. */
  properties?: Record<string, unknown> | null;
  /** Whether the caller may see it but not use it. */
  browse_only?: boolean | null;
  [key: string]: unknown;
}

/** A schema. */
export interface SchemaInfo {
  /** Its name. */
  name: string;
  /** The catalog it is in. */
  catalog_name?: string | null;
  /** `catalog.schema`. */
  full_name?: string | null;
  /** Its id. */
  schema_id?: string | null;
  /** What somebody wrote about it. */
  comment?: string | null;
  /** Who owns it. */
  owner?: string | null;
  /** When it was made, in milliseconds since 1970. */
  created_at?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  updated_at?: number | null;
  /** Properties by name. */
  properties?: Record<string, unknown> | null;
  [key: string]: unknown;
}

/** A table, a view or a vector index. */
export interface TableInfo {
  /** Its name. */
  name: string;
  /** The catalog it is in. */
  catalog_name?: string | null;
  /** The schema it is in. */
  schema_name?: string | null;
  /** `catalog.schema.table`. */
  full_name?: string | null;
  /** Its id. */
  table_id?: string | null;
  /** What kind of table it is. */
  table_type?: TableType | null;
  /** How its data is stored, such as `DELTA` or `VECTOR_INDEX_FORMAT`. */
  data_source_format?: string | null;
  /** Its columns. */
  columns?: ColumnInfo[] | null;
  /** What somebody wrote about it. */
  comment?: string | null;
  /** Who owns it. */
  owner?: string | null;
  /** Properties by name. */
  properties?: Record<string, unknown> | null;
  /** Where its data lies. */
  storage_location?: string | null;
  /** The SQL of a view. */
  view_definition?: string | null;
  /** What a view reads; not in lists. */
  view_dependencies?: unknown | null;
  /** Its constraints; not in lists. */
  table_constraints?: TableConstraint[] | null;
  /** The function that filters its rows. */
  row_filter?: unknown | null;
  /** When it was made, in milliseconds since 1970. */
  created_at?: number | null;
  /** When it was changed last, in milliseconds since 1970. */
  updated_at?: number | null;
  [key: string]: unknown;
}

/** What kind of table it is. */
export type TableType = "MANAGED" | "EXTERNAL" | "EXTERNAL_SHALLOW_CLONE" | "MANAGED_SHALLOW_CLONE" | "FOREIGN" | "MATERIALIZED_VIEW" | "METRIC_VIEW" | "STREAMING_TABLE" | "VIEW" | (string & {});

/** A column of a table. */
export interface ColumnInfo {
  /** Its name. */
  name: string;
  /** Its type as SQL text in lower case. */
  type_text?: string | null;
  /** Its type. */
  type_name?: ColumnTypeName | null;
  /** Its type as JSON text. */
  type_json?: string | null;
  /** Digits of a decimal. */
  type_precision?: number | null;
  /** Digits after the point of a decimal. */
  type_scale?: number | null;
  /** The parts of an interval. */
  type_interval_type?: string | null;
  /** Its place, counted from 0. */
  position?: number | null;
  /** Whether it may hold NULL. */
  nullable?: boolean | null;
  /** What somebody wrote about it. */
  comment?: string | null;
  /** Its place among the columns the table is partitioned by. */
  partition_index?: number | null;
  /** The function that hides its values. */
  mask?: unknown | null;
  [key: string]: unknown;
}

/** The type of a column or parameter. */
export type ColumnTypeName = "ARRAY" | "BINARY" | "BOOLEAN" | "BYTE" | "CHAR" | "DATE" | "DECIMAL" | "DOUBLE" | "FLOAT" | "GEOGRAPHY" | "GEOMETRY" | "INT" | "INTERVAL" | "LONG" | "MAP" | "NULL" | "SHORT" | "STRING" | "STRUCT" | "TABLE_TYPE" | "TIMESTAMP" | "TIMESTAMP_NTZ" | "USER_DEFINED_TYPE" | "VARIANT" | (string & {});

/** A constraint of a table: one of the three. */
export interface TableConstraint {
  /** A primary key. */
  primary_key_constraint?: PrimaryKeyConstraint | null;
  /** A foreign key. */
  foreign_key_constraint?: ForeignKeyConstraint | null;
  /** Another one. */
  named_table_constraint?: NamedTableConstraint | null;
  [key: string]: unknown;
}

/** A primary key. */
export interface PrimaryKeyConstraint {
  /** Its name. */
  name: string;
  /** The columns that make it. */
  child_columns: string[];
  [key: string]: unknown;
}

/** A foreign key. */
export interface ForeignKeyConstraint {
  /** Its name. */
  name: string;
  /** The columns of this table. */
  child_columns: string[];
  /** The table they point at. */
  parent_table: string;
  /** The columns there. */
  parent_columns: string[];
  [key: string]: unknown;
}

/** A constraint that has a name and nothing else. */
export interface NamedTableConstraint {
  /** Its name. */
  name: string;
  [key: string]: unknown;
}

/** The name and type of a table. */
export interface TableSummary {
  /** `catalog.schema.table`. */
  full_name: string;
  /** What kind of table it is. */
  table_type?: TableType | null;
  [key: string]: unknown;
}

/** A volume of files; its fields other than the name are kept as they came. */
export interface VolumeInfo {
  /** Its name. */
  name: string;
  [key: string]: unknown;
}

/** A function. */
export interface FunctionInfo {
  /** Its name. */
  name: string;
  /** The catalog it is in. */
  catalog_name?: string | null;
  /** The schema it is in. */
  schema_name?: string | null;
  /** `catalog.schema.function`. */
  full_name?: string | null;
  /** Its id. */
  function_id?: string | null;
  /** What it takes. */
  input_params?: FunctionParameterInfos | null;
  /** What it gives; `TABLE_TYPE` for a table. */
  data_type?: ColumnTypeName | null;
  /** What it gives as SQL text. */
  full_data_type?: string | null;
  /** The columns of the table it gives. */
  return_params?: FunctionParameterInfos | null;
  /** `SQL` or `EXTERNAL`. */
  routine_body?: string | null;
  /** Its code. */
  routine_definition?: string | null;
  /** What it reads. */
  routine_dependencies?: unknown | null;
  /** How its parameters are passed, `S`. */
  parameter_style?: string | null;
  /** Whether it gives the same for the same. */
  is_deterministic?: boolean | null;
  /** Whether it reads data. */
  sql_data_access?: string | null;
  /** Whether it gives NULL for NULL. */
  is_null_call?: boolean | null;
  /** Whose rights it has, `DEFINER`. */
  security_type?: string | null;
  /** Its name for the engine. */
  specific_name?: string | null;
  /** The language of its code, such as `Python`. */
  external_language?: string | null;
  /** The name of its code. */
  external_name?: string | null;
  /** Where its SQL looks for names. */
  sql_path?: string | null;
  /** What somebody wrote about it; the model reads it. */
  comment?: string | null;
  /** Properties as JSON text. */
  properties?: string | null;
  /** Who owns it. */
  owner?: string | null;
  /** The metastore it belongs to. */
  metastore_id?: string | null;
  /** Whether the caller may see it but not use it. */
  browse_only?: boolean | null;
  /** When it was made, in milliseconds since 1970. */
  created_at?: number | null;
  /** Who made it. */
  created_by?: string | null;
  /** When it was changed last, in milliseconds since 1970. */
  updated_at?: number | null;
  /** Who changed it last. */
  updated_by?: string | null;
  [key: string]: unknown;
}

/** Parameters in order. */
export interface FunctionParameterInfos {
  /** The parameters. */
  parameters?: FunctionParameterInfo[] | null;
  [key: string]: unknown;
}

/** A parameter of a function, or a column of the table it gives. */
export interface FunctionParameterInfo {
  /** Its name. */
  name: string;
  /** Its type as SQL text in lower case, such as `decimal(10,2)`. */
  type_text: string;
  /** Its type. */
  type_name: ColumnTypeName;
  /** Its place, counted from 0. */
  position: number;
  /** Its type as JSON text, from which a tool's schema is made. */
  type_json?: string | null;
  /** Digits of a decimal. */
  type_precision?: number | null;
  /** Digits after the point of a decimal. */
  type_scale?: number | null;
  /** The parts of an interval. */
  type_interval_type?: string | null;
  /** What somebody wrote about it; the model reads it. */
  comment?: string | null;
  /** The SQL expression that stands in for it when it is left out. */
  parameter_default?: string | null;
  /** Its direction, `IN`. */
  parameter_mode?: string | null;
  /** `PARAM` for inputs, `COLUMN` for columns of a result. */
  parameter_type?: string | null;
  [key: string]: unknown;
}

/** A function to be made. [`new`](CreateFunction::new) fills in what is the same for all SQL functions. */
export interface CreateFunction {
  /** Its name. */
  name: string;
  /** The catalog it goes to. */
  catalog_name: string;
  /** The schema it goes to. */
  schema_name: string;
  /** What it takes. */
  input_params: FunctionParameterInfos;
  /** What it gives; `TABLE_TYPE` for a table. */
  data_type: ColumnTypeName;
  /** What it gives as SQL text. */
  full_data_type: string;
  /** `SQL` or `EXTERNAL`. */
  routine_body: string;
  /** Its code. */
  routine_definition: string;
  /** How its parameters are passed, `S`. */
  parameter_style: string;
  /** Whether it gives the same for the same. */
  is_deterministic: boolean;
  /** `CONTAINS_SQL`, `READS_SQL_DATA` or `NO_SQL`. */
  sql_data_access: string;
  /** Whether it is called for NULL. */
  is_null_call: boolean;
  /** Whose rights it has, `DEFINER`. */
  security_type: string;
  /** Its name for the engine. */
  specific_name: string;
  /** The columns of the table it gives. */
  return_params?: FunctionParameterInfos | null;
  /** What it reads. */
  routine_dependencies?: unknown | null;
  /** What is said about it. */
  comment?: string | null;
  /** Properties as JSON text. */
  properties?: string | null;
  /** The language of its code, `Python`. */
  external_language?: string | null;
  /** The name of its code. */
  external_name?: string | null;
  /** Where its SQL looks for names. */
  sql_path?: string | null;
  [key: string]: unknown;
}

/** What running a function gave: `format`, `value` and `truncated`, or `error` alone. */
export interface FunctionResult {
  /** Why it failed; the other fields are absent then. */
  error?: string | null;
  /** `SCALAR` for one value, `CSV` for a table. */
  format?: string | null;
  /** The value as text, or the table as CSV with a header line; absent for NULL. */
  value?: string | null;
  /** Whether the table is longer than what is here. */
  truncated?: boolean | null;
  [key: string]: unknown;
}

/** A Genie space: tables and instructions that questions are answered from. */
export interface GenieSpace {
  /** Its id. */
  space_id: string;
  /** Its title. */
  title?: string | null;
  /** What it knows about. */
  description?: string | null;
  /** The SQL warehouse its queries run on. */
  warehouse_id?: string | null;
  /** The version, for changes. */
  etag?: string | null;
  /** The folder it is in. */
  parent_path?: string | null;
  /** The whole space as JSON text, when it was asked for. */
  serialized_space?: string | null;
  [key: string]: unknown;
}

/** A conversation in a space. */
export interface GenieConversation {
  /** Its id. */
  conversation_id?: string | null;
  /** The same id. */
  id?: string | null;
  /** The space it is in. */
  space_id?: string | null;
  /** Its title. */
  title?: string | null;
  /** Who began it. */
  user_id?: number | null;
  /** When it began, in milliseconds since 1970. */
  created_timestamp?: number | null;
  /** When something was said last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  [key: string]: unknown;
}

/** A question and, when it is done, its answer. */
export interface GenieMessage {
  /** Its id. */
  message_id?: string | null;
  /** The same id. */
  id?: string | null;
  /** The space it is in. */
  space_id?: string | null;
  /** The conversation it is in. */
  conversation_id?: string | null;
  /** The question. */
  content?: string | null;
  /** How far the answer is. */
  status?: GenieStatus | null;
  /** The parts of the answer. */
  attachments?: GenieAttachment[] | null;
  /** Why it failed. */
  error?: GenieError | null;
  /** What was said of the answer. */
  feedback?: unknown | null;
  /** Who asked. */
  user_id?: number | null;
  /** When it was asked, in milliseconds since 1970. */
  created_timestamp?: number | null;
  /** When it changed last, in milliseconds since 1970. */
  last_updated_timestamp?: number | null;
  [key: string]: unknown;
}

/** How far the answer to a message is. The order is not strict. */
export type GenieStatus = "SUBMITTED" | "FILTERING_CONTEXT" | "FETCHING_METADATA" | "ASKING_AI" | "PENDING_WAREHOUSE" | "EXECUTING_QUERY" | "COMPLETED" | "FAILED" | "CANCELLED" | "QUERY_RESULT_EXPIRED" | (string & {});

/** One part of an answer: a query, words or suggested questions. */
export interface GenieAttachment {
  /** Its id, by which a query's rows are asked for. */
  attachment_id?: string | null;
  /** A query. */
  query?: GenieQuery | null;
  /** Words. */
  text?: GenieText | null;
  /** Questions that may be asked next. */
  suggested_questions?: GenieSuggestedQuestions | null;
  /** A picture of a query's rows. */
  viz?: unknown | null;
  [key: string]: unknown;
}

/** The query Genie wrote. */
export interface GenieQuery {
  /** The SQL. */
  query?: string | null;
  /** What it does, in words. */
  description?: string | null;
  /** Its title. */
  title?: string | null;
  /** Its id. */
  id?: string | null;
  /** The statement that ran it. */
  statement_id?: string | null;
  /** Its parameters. */
  parameters?: unknown[] | null;
  /** How Genie came to it. */
  thoughts?: unknown[] | null;
  /** How many rows it gave. */
  query_result_metadata?: GenieResultMetadata | null;
  [key: string]: unknown;
}

/** How many rows a query gave. */
export interface GenieResultMetadata {
  /** How many. */
  row_count?: number | null;
  /** Whether there are more. */
  is_truncated?: boolean | null;
  [key: string]: unknown;
}

/** What Genie says in words. */
export interface GenieText {
  /** The words. */
  content?: string | null;
  /** Its id. */
  id?: string | null;
  /** What it is for. */
  purpose?: string | null;
  [key: string]: unknown;
}

/** Questions that may be asked next. */
export interface GenieSuggestedQuestions {
  /** The questions. */
  questions?: string[] | null;
  [key: string]: unknown;
}

/** Why a message failed. */
export interface GenieError {
  /** What happened, in words. */
  error?: string | null;
  /** What happened, such as `SQL_EXECUTION_EXCEPTION`. */
  type?: string | null;
  [key: string]: unknown;
}

/** An answer in short. What is absent was not part of it. */
export interface GenieAnswer {
  /** The conversation, to ask on in. */
  conversation_id: string;
  /** The message, to give feedback on. */
  message_id: string;
  /** What Genie says in words. */
  text?: string | null;
  /** The SQL it wrote; the last one when there are more. */
  query?: string | null;
  /** What the query does, in words. */
  description?: string | null;
  /** The query's title. */
  title?: string | null;
  /** By which the query's rows are asked for. */
  attachment_id?: string | null;
  /** The statement that ran the query. */
  statement_id?: string | null;
  /** Questions that may be asked next. */
  suggested_questions?: string[] | null;
  [key: string]: unknown;
}

/** What is thought of an answer. */
export type GenieRating = "POSITIVE" | "NEGATIVE" | "NONE" | (string & {});

/** A tool of an MCP server. */
export interface McpTool {
  /** Its name; `__` stands for the dots of a name in Unity Catalog. */
  name: string;
  /** A title for people. */
  title?: string | null;
  /** What it does and when to use it. */
  description?: string | null;
  /** JSON Schema of its arguments. */
  inputSchema?: unknown | null;
  /** JSON Schema of its structured content. */
  outputSchema?: unknown | null;
  [key: string]: unknown;
}

/** What a tool gave. */
export interface McpToolResult {
  /** Parts for the model: texts, pictures and others, told apart by `type`. */
  content?: unknown[] | null;
  /** The same as one JSON value. */
  structuredContent?: unknown | null;
  /** Whether the tool failed; the content says why. */
  isError?: boolean | null;
  [key: string]: unknown;
}
