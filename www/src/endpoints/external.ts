// The request for a new external model, from what the form holds.

import type { CreateEndpointRequest, ExternalModel } from "lakewire";

interface Named {
  /** The provider's name for the model. */
  name: string;
  task: string;
}

/** A provider whose models need nothing but a key. */
export interface Provider {
  id: string;
  label: string;
  /** A model of theirs to begin with. */
  model: string;
  /** The model as the service wants it; `key` refers to a secret. */
  external(named: Named, key: string): ExternalModel;
}

export const PROVIDERS: readonly Provider[] = [
  {
    id: "openai",
    label: "OpenAI",
    model: "gpt-4",
    external: (named, key) => ({ ...named, provider: "openai", openai_config: { openai_api_key: key } }),
  },
  {
    id: "anthropic",
    label: "Anthropic",
    model: "claude-sonnet-4-5",
    external: (named, key) => ({ ...named, provider: "anthropic", anthropic_config: { anthropic_api_key: key } }),
  },
  {
    id: "cohere",
    label: "Cohere",
    model: "command-r-plus",
    external: (named, key) => ({ ...named, provider: "cohere", cohere_config: { cohere_api_key: key } }),
  },
  {
    id: "ai21labs",
    label: "AI21 Labs",
    model: "jamba-large",
    external: (named, key) => ({ ...named, provider: "ai21labs", ai21labs_config: { ai21labs_api_key: key } }),
  },
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
  const external_model = provider.external({ name: model, task }, `{{secrets/${scope}/${key}}}`);
  return { name, config: { served_entities: [{ name, external_model }] } };
}
