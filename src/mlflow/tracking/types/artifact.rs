//! The files of a run.

use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// A file or folder of a run.
    pub struct FileInfo {
        /// Its path, from the run's artifacts on.
        pub path: String,
        /// Whether it is a folder.
        pub is_dir: Option<bool>,
        /// How long it is, in bytes; absent for folders.
        pub file_size: Option<i64>,
    }
}

wire_struct! {
    /// Leave to move one file, signed: whoever holds it may use it.
    pub struct ArtifactCredentialInfo {
        /// The run it belongs to.
        pub run_id: Option<String>,
        /// The file's path, from the run's artifacts on.
        pub path: Option<String>,
        /// Where the bytes go to or come from.
        pub signed_uri: String = redacted,
        /// Headers that the request must have.
        pub headers: Option<Vec<ArtifactHeader>> = redacted,
        /// Which store it is.
        pub kind as "type": Option<ArtifactCredentialType>,
    }
}

wire_struct! {
    /// A header of a signed request.
    pub struct ArtifactHeader {
        /// Its name.
        pub name: String,
        /// Its value.
        pub value: String = redacted,
    }
}

open_enum! {
    /// Which store a signed address leads to.
    pub enum ArtifactCredentialType {
        /// Amazon S3.
        AwsPresignedUrl = "AWS_PRESIGNED_URL",
        /// Google Cloud Storage.
        GcpSignedUrl = "GCP_SIGNED_URL",
        /// Azure Blob Storage.
        AzureSasUri = "AZURE_SAS_URI",
        /// Azure Data Lake Storage Gen2.
        AzureAdlsGen2SasUri = "AZURE_ADLS_GEN2_SAS_URI",
    }
}
