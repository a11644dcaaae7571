// The request for a new external model, from what the form holds.

import type { CreateEndpointRequest } from "lakewire";

/** A provider whose models need nothing but a key. */
export interface Provider {
  id: string;
  label: string;
  config: string;
  secret: string;
  /** A model of theirs to begin with. */
  model: string;
}

export const PROVIDERS: readonly Provider[] = [
  { id: "openai", label: "OpenAI", config: "openai_config", secret: "openai_api_key", model: "gpt-4" },
  { id: "anthropic", label: "Anthropic", config: "anthropic_config", secret: "anthropic_api_key", model: "claude-sonnet-4-5" },
  { id: "cohere", label: "Cohere", config: "cohere_config", secret: "cohere_api_key", model: "command-r-plus" },
  { id: "ai21labs", label: "AI21 Labs", config: "ai21labs_config", secret: "ai21labs_api_key", model: "jamba-large" },
];

/** What the form says. */
export interface Wanted {
  name: string;
  provider: Provider;
  model: string;
  task: string;
  scope: string;
  key: string;
}

/** The body that creates the endpoint; the key stays a reference to a secret. */
export function externalEndpoint({ name, provider, model, task, scope, key }: Wanted): CreateEndpointRequest {
  return {
    name,
    config: {
      served_entities: [
        {
          name,
          external_model: { name: model, provider: provider.id, task, [provider.config]: { [provider.secret]: `{{secrets/${scope}/${key}}}` } },
        },
      ],
    },
  } as CreateEndpointRequest;
}
