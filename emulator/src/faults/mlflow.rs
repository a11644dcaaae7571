//! What can go wrong with answers of MLflow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PagesFault;

/// What goes wrong with one answer of MLflow, or is unusual about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MlflowFault {
    /// The links of this answer are over already.
    pub link_expired: bool,
    /// The type of the links: how bytes are sent to them.
    pub credential_type: Option<CredentialType>,
    /// Headers that the links name, and that the store then demands.
    pub link_headers: BTreeMap<String, String>,
    /// Rows of one page.
    pub page_rows: Option<usize>,
    /// What is wrong with the pages.
    pub pages: Option<PagesFault>,
}

/// Whose link it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CredentialType {
    /// Amazon S3: one PUT.
    #[default]
    AwsPresignedUrl,
    /// Google Cloud Storage: one PUT.
    GcpSignedUrl,
    /// Azure's blobs: one PUT with `x-ms-blob-type: BlockBlob`, or blocks and their list.
    AzureSasUri,
    /// Azure Data Lake: create, append, flush.
    #[serde(rename = "AZURE_ADLS_GEN2_SAS_URI")]
    AzureAdlsGen2SasUri,
}

impl CredentialType {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AwsPresignedUrl => "AWS_PRESIGNED_URL",
            Self::GcpSignedUrl => "GCP_SIGNED_URL",
            Self::AzureSasUri => "AZURE_SAS_URI",
            Self::AzureAdlsGen2SasUri => "AZURE_ADLS_GEN2_SAS_URI",
        }
    }

    /// The type of that name; Amazon's if it is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let all = [Self::GcpSignedUrl, Self::AzureSasUri, Self::AzureAdlsGen2SasUri];
        all.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }
}
