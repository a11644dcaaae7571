//! Chunks of a result: fetched by their place, renewed when their link has expired.

use std::time::Duration;

use super::calls;
use super::progress::{self, Step};
use super::value::epoch_micros;
use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Link, Sender};
use crate::wire::json::{Json, Raw};

/// How often a chunk gets a fresh link.
const RENEWALS: u32 = 3;
/// How long a link must last for its download to begin.
const MARGIN: Duration = Duration::from_secs(5);

/// Where the chunks of one result come from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    sender: Sender,
    options: CallOptions,
    id: String,
}

/// A chunk as it came.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) step: Step,
    pub(super) bytes: Vec<u8>,
}

impl Source {
    pub(super) fn new(sender: Sender, options: CallOptions, id: &str) -> Self {
        Self { sender, options, id: id.to_owned() }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Fetches a chunk; `first` is the `result` of the answer that ended the statement, when it may hold the chunk.
    pub(super) async fn fetch(self, index: u64, total: Option<u64>, first: Option<Json<()>>) -> Result<Fetched> {
        let mut data = match first {
            Some(first) => first,
            None => self.ask(index).await?,
        };
        let mut renewals = 0;
        loop {
            let step = progress::follow(data.root(), index, total)?;
            let Some(link) = data.root().get_some("external_links").and_then(|links| links.at(0)) else {
                let rows = data.root().get_some("data_array").map_or("[]", Raw::text);
                return Ok(Fetched { step, bytes: rows.as_bytes().to_vec() });
            };
            let bytes = if self.is_over(link) && renewals < RENEWALS {
                None
            } else {
                match self.sender.download(&follow(link)?, &self.options).await {
                    Ok((bytes, _)) => Some(bytes),
                    Err(error) if renewals < RENEWALS && renewable(&error) => None,
                    Err(error) => return Err(error),
                }
            };
            if let Some(bytes) = bytes {
                progress::check_size(&chunk(index), "bytes", step.bytes, bytes.len() as u64)?;
                return Ok(Fetched { step, bytes });
            }
            renewals += 1;
            data = self.ask(index).await?;
        }
    }

    async fn ask(&self, index: u64) -> Result<Json<()>> {
        let call = calls::chunk(&self.id, index)?.into_text();
        let (text, _) = self.sender.send(&call, &self.options).await?;
        Ok(Json::from_checked(text))
    }

    /// Whether the link says that its time is up.
    fn is_over(&self, link: Raw<'_>) -> bool {
        let end = link.get_some("expiration").and_then(Raw::as_str).and_then(|text| epoch_micros(&text));
        let now = self.sender.transport().wall_clock().saturating_add(MARGIN).as_micros();
        end.is_some_and(|end| u128::try_from(end).unwrap_or(0) <= now)
    }
}

pub(super) fn chunk(index: u64) -> String {
    ["chunk ", &index.to_string()].concat()
}

/// Whether a fresh link may help: the store refuses it, or broke off while it gave.
fn renewable(error: &Error) -> bool {
    error.status().is_some_and(progress::renews) || matches!(error.kind(), ErrorKind::Truncated | ErrorKind::Connect)
}

fn follow(link: Raw<'_>) -> Result<Link> {
    let url = link.get_some("external_link").and_then(Raw::as_str).ok_or_else(|| {
        Error::new(ErrorKind::Decode, "The result's link is missing: its answer has no `external_link`.")
    })?;
    let mut followed = Link::new(&url)?;
    for (name, value) in link.get_some("http_headers").into_iter().flat_map(Raw::fields) {
        followed = followed.header(name, value.as_str().unwrap_or_default());
    }
    Ok(followed)
}
