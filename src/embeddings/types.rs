//! What an embeddings request may set besides its texts.

use serde_json::Map;

use crate::macros::{setters, wire_struct};

wire_struct! {
    /// What an embeddings request may set besides its texts; fields of an endpoint's own go into the same object.
    pub struct EmbeddingParams {
        /// An instruction for models that take one, such as the retrieval prefix of BGE; for queries, not for documents.
        pub instruction: Option<String>,
        /// How many numbers a vector shall have, where the model can choose (OpenAI class).
        pub dimensions: Option<u64>,
        /// Who asks, for the provider's logs.
        pub user: Option<String>,
    }
}

impl Default for EmbeddingParams {
    fn default() -> Self {
        Self { instruction: None, dimensions: None, user: None, extra: Map::new() }
    }
}

impl EmbeddingParams {
    /// Nothing set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// An instruction for models that take one.
        instruction: String,
        /// How many numbers a vector shall have.
        dimensions: u64,
        /// Who asks.
        user: String,
    }

    /// A field of the endpoint's own.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}

/// How vectors shall be written in the answer. Both forms are read, whichever was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodingFormat {
    /// Nothing is asked for: endpoints write decimal numbers.
    #[default]
    Unset,
    /// Asks for decimal numbers.
    Float,
    /// Asks for base64, a third of the bytes; some gateways refuse the word, some ignore it.
    Base64,
    /// Looks at the endpoint's description once: base64 when every model behind it is an external one of provider
    /// `openai`, else nothing is asked for. Where the look fails nothing is asked for either, and the next call looks
    /// again.
    Auto,
}
