//! Models at other providers: one form for each provider.
//!
//! Every secret field has a twin that ends in `_plaintext`; exactly one of the two is given. The
//! field itself takes a reference, made by [`SecretText::reference`].

use serde_json::Map;

use super::SecretText;
use crate::macros::{open_enum, setters, wire_struct, wire_union};

open_enum! {
    /// What an external model does. All external models of an endpoint do the same.
    pub enum ExternalTask {
        /// Chat.
        Chat = "llm/v1/chat",
        /// Completion of a prompt.
        Completions = "llm/v1/completions",
        /// Embeddings.
        Embeddings = "llm/v1/embeddings",
    }
}

wire_union! {
    /// A model at another provider.
    pub enum ExternalModel by "provider" {
        /// OpenAI, or OpenAI models at Azure.
        OpenAi(OpenAiModel) = "openai",
        /// Anthropic.
        Anthropic(AnthropicModel) = "anthropic",
        /// Cohere.
        Cohere(CohereModel) = "cohere",
        /// AI21 Labs.
        Ai21Labs(Ai21LabsModel) = "ai21labs",
        /// Google PaLM (legacy).
        Palm(PalmModel) = "palm",
        /// Amazon Bedrock.
        AmazonBedrock(AmazonBedrockModel) = "amazon-bedrock",
        /// Google Cloud Vertex AI.
        GoogleCloudVertexAi(GoogleCloudVertexAiModel) = "google-cloud-vertex-ai",
        /// A serving endpoint of another workspace.
        DatabricksModelServing(DatabricksModelServingModel) = "databricks-model-serving",
        /// Any server that speaks the OpenAI form.
        Custom(CustomModel) = "custom",
    }
}

macro_rules! provider {
    ($(#[doc = $doc:literal])* $model:ident, $variant:ident, $field:ident: $config:ident, $cdoc:literal) => {
        wire_struct! {
            $(#[doc = $doc])*
            pub struct $model closed {
                /// The model's name at the provider.
                pub name: String,
                /// What it does.
                pub task: ExternalTask,
                #[doc = $cdoc]
                pub $field: $config,
            }
        }

        impl $model {
            /// The model of this name at the provider.
            #[must_use]
            pub fn new(name: impl Into<String>, task: ExternalTask, config: $config) -> Self {
                Self { name: name.into(), task, $field: config, extra: Map::new() }
            }
        }

        impl From<$model> for ExternalModel {
            fn from(model: $model) -> Self {
                Self::$variant(model)
            }
        }
    };
}

/// A configuration whose fields are all optional, with chainable setters.
macro_rules! provider_config {
    ($(#[doc = $doc:literal])* $name:ident { $( $(#[doc = $fdoc:literal])* $field:ident: $ty:ty ),* $(,)? }) => {
        wire_struct! {
            $(#[doc = $doc])*
            pub struct $name closed {
                $( $(#[doc = $fdoc])* pub $field: Option<$ty>, )*
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: None,)* extra: Map::new() }
            }
        }

        impl $name {
            setters! { $( $(#[doc = $fdoc])* $field: $ty ),* }
        }
    };
}

provider!(
    /// OpenAI, or OpenAI models at Azure.
    OpenAiModel, OpenAi, openai_config: OpenAiConfig, " How it is reached.");
provider_config! {
    /// OpenAI: a key. Azure with a key: `openai_api_type` `azure`, base, deployment, version and key.
    /// Azure with Entra: `azuread`, base, deployment, version, tenant, client and client secret.
    OpenAiConfig {
        /// The key, as a reference.
        openai_api_key: SecretText,
        /// The key itself.
        openai_api_key_plaintext: SecretText,
        /// The organization.
        openai_organization: String,
        /// The address, when it is not OpenAI's own.
        openai_api_base: String,
        /// `openai`, `azure` or `azuread`.
        openai_api_type: String,
        /// Azure: the API's version.
        openai_api_version: String,
        /// Azure: the deployment.
        openai_deployment_name: String,
        /// Azure with Entra: the tenant.
        microsoft_entra_tenant_id: String,
        /// Azure with Entra: the client.
        microsoft_entra_client_id: String,
        /// Azure with Entra: the client's secret, as a reference.
        microsoft_entra_client_secret: SecretText,
        /// Azure with Entra: the client's secret itself.
        microsoft_entra_client_secret_plaintext: SecretText,
    }
}

provider!(
    /// A model of Anthropic.
    AnthropicModel, Anthropic, anthropic_config: AnthropicConfig, " How it is reached.");
provider_config! {
    /// Anthropic.
    AnthropicConfig {
        /// The key, as a reference.
        anthropic_api_key: SecretText,
        /// The key itself.
        anthropic_api_key_plaintext: SecretText,
    }
}

provider!(
    /// A model of Cohere.
    CohereModel, Cohere, cohere_config: CohereConfig, " How it is reached.");
provider_config! {
    /// Cohere.
    CohereConfig {
        /// The key, as a reference.
        cohere_api_key: SecretText,
        /// The key itself.
        cohere_api_key_plaintext: SecretText,
        /// The address, when it is not Cohere's own.
        cohere_api_base: String,
    }
}

provider!(
    /// A model of AI21 Labs.
    Ai21LabsModel, Ai21Labs, ai21labs_config: Ai21LabsConfig, " How it is reached.");
provider_config! {
    /// AI21 Labs.
    Ai21LabsConfig {
        /// The key, as a reference.
        ai21labs_api_key: SecretText,
        /// The key itself.
        ai21labs_api_key_plaintext: SecretText,
    }
}

provider!(
    /// A model of Google PaLM (legacy).
    PalmModel, Palm, palm_config: PalmConfig, " How it is reached.");
provider_config! {
    /// Google PaLM (legacy).
    PalmConfig {
        /// The key, as a reference.
        palm_api_key: SecretText,
        /// The key itself.
        palm_api_key_plaintext: SecretText,
    }
}

provider!(
    /// A model at Amazon Bedrock.
    AmazonBedrockModel, AmazonBedrock, amazon_bedrock_config: AmazonBedrockConfig, " How it is reached.");
provider_config! {
    /// Amazon Bedrock, by access keys, an instance profile or a service credential of Unity Catalog.
    AmazonBedrockConfig {
        /// The region.
        aws_region: String,
        /// Whose model: `anthropic`, `cohere`, `ai21labs` or `amazon`.
        bedrock_provider: String,
        /// The key's id, as a reference.
        aws_access_key_id: SecretText,
        /// The key's id itself.
        aws_access_key_id_plaintext: SecretText,
        /// The key, as a reference.
        aws_secret_access_key: SecretText,
        /// The key itself.
        aws_secret_access_key_plaintext: SecretText,
        /// In place of keys: the role.
        instance_profile_arn: String,
        /// In place of keys: the service credential.
        uc_service_credential_name: String,
    }
}

provider!(
    /// A model at Google Cloud Vertex AI.
    GoogleCloudVertexAiModel, GoogleCloudVertexAi, google_cloud_vertex_ai_config: GoogleCloudVertexAiConfig, " How it is reached.");
provider_config! {
    /// Google Cloud Vertex AI.
    GoogleCloudVertexAiConfig {
        /// The project.
        project_id: String,
        /// The region.
        region: String,
        /// The service account's JSON, as a reference.
        private_key: SecretText,
        /// The service account's JSON itself.
        private_key_plaintext: SecretText,
    }
}

provider!(
    /// A serving endpoint of another workspace.
    DatabricksModelServingModel, DatabricksModelServing, databricks_model_serving_config: DatabricksModelServingConfig, " How it is reached.");
provider_config! {
    /// A serving endpoint of another workspace.
    DatabricksModelServingConfig {
        /// The workspace's address.
        databricks_workspace_url: String,
        /// The token, as a reference.
        databricks_api_token: SecretText,
        /// The token itself.
        databricks_api_token_plaintext: SecretText,
    }
}

provider!(
    /// Any server that speaks the OpenAI form.
    CustomModel, Custom, custom_provider_config: CustomProviderConfig, " How it is reached.");
provider_config! {
    /// Any server that speaks the OpenAI form, with one way to sign in at most.
    CustomProviderConfig {
        /// The address, `https` only.
        custom_provider_url: String,
        /// A token in the `Authorization` header.
        bearer_token_auth: BearerTokenAuth,
        /// A key in a header or parameter of its own.
        api_key_auth: ApiKeyAuth,
    }
}
provider_config! {
    /// A token in the `Authorization` header.
    BearerTokenAuth {
        /// The token, as a reference.
        token: SecretText,
        /// The token itself.
        token_plaintext: SecretText,
    }
}
provider_config! {
    /// A key under a name of its own.
    ApiKeyAuth {
        /// The name.
        key: String,
        /// The key, as a reference.
        value: SecretText,
        /// The key itself.
        value_plaintext: SecretText,
    }
}
