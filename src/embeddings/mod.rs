//! Embeddings from a serving endpoint whose task is `llm/v1/embeddings`: texts in, vectors out.
//!
//! An [`Embedder`] is a handle on one endpoint. Lists of any length are cut into requests the
//! endpoint takes, a bounded number at once, and come back as rows of one buffer in the order of the
//! texts:
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::{WorkspaceClient, embeddings::{EmbeddingParams, similarities}};
//!
//! let client = WorkspaceClient::from_env()?;
//! let embedder = client
//!     .embeddings("databricks-bge-large-en")
//!     .query_params(EmbeddingParams::new().instruction("Represent this sentence for searching relevant passages:"));
//! let documents = embedder.embed_documents(["A lake holds water.", "A lakehouse holds tables."]).await?;
//! let query = embedder.embed_query("Where are my tables?").await?;
//! println!("{:?}", similarities(&query, &documents)?);
//! # Ok(())
//! # }
//! ```
//!
//! Answers are read from their bytes straight to floats, decimal or base64 (see [`scan`]).

mod base64;
mod batch;
pub mod calls;
mod number;
pub mod scan;
pub mod types;
mod vectors;

use std::sync::{Arc, OnceLock};

pub use batch::EmbeddedBatch;
pub(crate) use batch::{Job, together};
pub use types::{EmbeddingParams, EncodingFormat};
pub use vectors::{EmbeddingUsage, Embeddings, cosine_similarity, dot, similarities};

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::serving_endpoints;
use crate::wire::json::string;

/// An embeddings endpoint and how it is asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Embedder {
    sender: Sender,
    endpoint: String,
    query_params: EmbeddingParams,
    documents_params: EmbeddingParams,
    batch_size: usize,
    max_concurrency: usize,
    encoding: EncodingFormat,
    base64: Arc<OnceLock<bool>>,
    options: CallOptions,
}

impl Embedder {
    pub(crate) fn new(sender: Sender, endpoint: String) -> Self {
        Self {
            sender,
            endpoint,
            query_params: EmbeddingParams::default(),
            documents_params: EmbeddingParams::default(),
            batch_size: calls::BATCH_SIZE,
            max_concurrency: 4,
            encoding: EncodingFormat::Unset,
            base64: Arc::default(),
            options: CallOptions::default(),
        }
    }

    /// What queries set besides their text, such as an instruction.
    #[must_use]
    pub fn query_params(self, query_params: EmbeddingParams) -> Self {
        Self { query_params, ..self }
    }

    /// What documents set besides their texts.
    #[must_use]
    pub fn documents_params(self, documents_params: EmbeddingParams) -> Self {
        Self { documents_params, ..self }
    }

    /// How many texts one request carries; [`calls::BATCH_SIZE`] unless set. Their bytes are bounded too, see
    /// [`calls::BATCH_BYTES`].
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// How many requests run at once; 4 unless set.
    #[must_use]
    pub fn max_concurrency(self, max_concurrency: usize) -> Self {
        Self { max_concurrency, ..self }
    }

    /// How vectors shall be written in the answer.
    #[must_use]
    pub fn encoding_format(self, encoding: EncodingFormat) -> Self {
        Self { encoding, ..self }
    }

    /// Time limits, headers and attempts of the calls. A total limit that is set holds for all requests of a call
    /// together; unset, each request has ten minutes.
    #[must_use]
    pub fn options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Embeds one text as a query.
    ///
    /// # Errors
    /// `BadRequest`, `NotFound`, `TooManyRequests` and the like as the service answers; `Decode` when the endpoint
    /// does not answer with one embedding.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations`
    pub async fn embed_query(&self, text: impl AsRef<str>) -> Result<Vec<f32>> {
        let batches = self.run([text], &self.query_params, false).await?;
        Ok(together(batches)?.data)
    }

    /// Embeds texts as documents. Without texts nothing is sent.
    ///
    /// A batch that the service refuses as malformed is sent again in halves, to find the text at fault or to get
    /// below a limit of the endpoint. After a failure no further batch is sent; to keep what did arrive, use
    /// [`embed_documents_settled`](Self::embed_documents_settled).
    ///
    /// # Errors
    /// As [`embed_query`](Self::embed_query); the sentence names the inputs and their batch.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations`
    pub async fn embed_documents<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> Result<Embeddings> {
        together(self.run(texts, &self.documents_params, false).await?)
    }

    /// Embeds texts as documents and tells how each batch ended, in the order of the texts. A failed one leaves the
    /// others as they are.
    ///
    /// Of a refused batch the texts at fault are found by halving, in about `2 * log2(batch size)` requests each, and
    /// the others are embedded. Only when no request of the call was good so far, one text was refused by itself and 24
    /// more requests for other parts of the batch, long and short ones in turn, were refused too, is the rest of that
    /// batch not sent: it comes back with kind `Cancelled`.
    ///
    /// # Errors
    /// `InvalidInput` when nothing can be sent at all.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations`
    pub async fn embed_documents_settled<S: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = S>,
    ) -> Result<Vec<EmbeddedBatch>> {
        self.run(texts, &self.documents_params, true).await
    }

    async fn run<S: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = S>,
        params: &EmbeddingParams,
        settle: bool,
    ) -> Result<Vec<EmbeddedBatch>> {
        let texts: Vec<String> = texts.into_iter().map(|text| string(text.as_ref())).collect();
        if self.batch_size == 0 || self.max_concurrency == 0 {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The batch size and the number of requests at once must be 1 or more.",
            ));
        }
        let params = serde_json::to_string(params).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The request fields cannot be written as JSON.").with_source(fault)
        })?;
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let encoding = match self.encoding {
            EncodingFormat::Unset => None,
            EncodingFormat::Float => Some("float"),
            EncodingFormat::Base64 => Some("base64"),
            EncodingFormat::Auto => {
                let mut known = self.base64.get().copied();
                if known.is_none() {
                    known = gives_base64(&self.sender, &self.endpoint, &self.options).await?;
                    if let Some(known) = known {
                        self.base64.get_or_init(|| known);
                    }
                }
                (known == Some(true)).then_some("base64")
            }
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let job = Job {
            sender: &self.sender,
            endpoint: &self.endpoint,
            fields: calls::Fields::new("{}", &params, encoding)?,
            texts: &texts,
            batch_size: self.batch_size,
            max_concurrency: self.max_concurrency,
            options: &self.options,
            settle,
        };
        Ok(job.run().await)
    }
}

/// Asks for the endpoint's description, once, and whether it gives base64; nothing when there was no answer to tell.
pub(crate) async fn gives_base64(sender: &Sender, endpoint: &str, options: &CallOptions) -> Result<Option<bool>> {
    let call = serving_endpoints::calls::get(endpoint)?.into_text();
    let options = CallOptions { max_attempts: Some(1), ..options.clone() };
    Ok(sender.send(&call, &options).await.ok().map(|(text, _)| calls::gives_base64(&text)))
}

#[cfg(test)]
mod tests;
