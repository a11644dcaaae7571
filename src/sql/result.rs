//! A statement's result, read while it is downloaded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use super::column::Kind;
use super::fetch::{Fetched, Source, chunk};
use super::progress::{self, Limits};
use super::scan::Scanner;
use super::statement::StatementSettings;
use super::types::{ColumnInfo, ResultFormat, StatementResponse};
use super::value::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::BoxFuture;
use crate::wire::json::Json;

/// How many rows a batch has at most, unless they came in one piece.
const BATCH: usize = 65_536;
/// How much of a chunk is read between two looks at the size of the batch, in bytes.
const PIECE: usize = 1 << 20;

/// The result of a statement that ended well. Its chunks are fetched while it is read.
pub struct StatementResult {
    source: Source,
    schema: Arc<[ColumnInfo]>,
    format: ResultFormat,
    total_rows: Option<u64>,
    truncated: bool,
    /// Whether the end of a cut result is an error that is still to come.
    complain: bool,
    chunks: Option<u64>,
    sizes: Vec<u64>,
    first: Option<Json<()>>,
    next: u64,
    ended: bool,
    under_way: VecDeque<Slot>,
    ahead: usize,
    ahead_bytes: u64,
    scanner: Scanner,
    open: Option<Open>,
    rows: u64,
}

enum Slot {
    Waiting(u64, BoxFuture<'static, Result<Fetched>>),
    There(u64, Result<Fetched>),
}

/// A chunk that is being read.
struct Open {
    index: u64,
    chunk: Fetched,
    at: usize,
    before: u64,
}

/// A whole result in memory.
#[derive(Clone, Debug)]
pub struct Table {
    /// The rows, by batches of columns.
    pub batches: Vec<Batch>,
    /// Whether rows were cut off by a limit.
    pub truncated: bool,
}

impl Table {
    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batches.iter().map(Batch::len).sum()
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = super::Row<'_>> {
        self.batches.iter().flat_map(Batch::rows)
    }
}

impl StatementResult {
    pub(super) fn new(source: Source, settings: &StatementSettings, answer: &str, limits: Limits) -> Result<Self> {
        let whole: Json<StatementResponse> = Json::from_checked(progress::head(answer));
        if let Some(manifest) = whole.root().get_some("manifest") {
            progress::check_manifest(manifest)?;
        }
        let first = Json::<()>::from_checked(answer.to_owned());
        let first = first.root().get_some("result").map(|result| Json::from_checked(result.text().to_owned()));
        let manifest = whole.read()?.manifest;
        let schema = manifest.as_ref().and_then(|manifest| manifest.schema.clone());
        let columns = schema.and_then(|schema| schema.columns).unwrap_or_default();
        let kinds: Vec<_> = columns.iter().map(|column| Kind::of(column.type_name.as_deref().unwrap_or(""))).collect();
        let of = |read: fn(&super::ResultManifest) -> Option<u64>| manifest.as_ref().and_then(read);
        let truncated = manifest.as_ref().and_then(|manifest| manifest.truncated).unwrap_or(false);
        let sizes = manifest
            .as_ref()
            .and_then(|manifest| manifest.chunks.as_ref())
            .map_or_else(Vec::new, |chunks| chunks.iter().map(|chunk| chunk.byte_count.unwrap_or(0)).collect());
        let chunks = of(|manifest| manifest.total_chunk_count);
        Ok(Self {
            source,
            schema: columns.into(),
            format: manifest.as_ref().and_then(|manifest| manifest.format.clone()).unwrap_or(ResultFormat::JsonArray),
            total_rows: of(|manifest| manifest.total_row_count),
            truncated,
            complain: truncated
                && !settings.allow_truncated
                && !limits.explain(of(|manifest| manifest.total_row_count)),
            // DDL has no chunks and an empty result
            ended: chunks == Some(0) || (chunks.is_none() && first.is_none()),
            chunks,
            sizes,
            first,
            next: 0,
            under_way: VecDeque::new(),
            ahead: settings.prefetch,
            ahead_bytes: settings.prefetch_bytes,
            scanner: Scanner::new(&kinds),
            open: None,
            rows: 0,
        })
    }

    /// The statement's id.
    #[must_use]
    pub fn statement_id(&self) -> &str {
        self.source.id()
    }

    /// The columns' names and types, in order; none for statements without a result.
    #[must_use]
    pub fn schema(&self) -> &[ColumnInfo] {
        &self.schema
    }

    /// How many rows it has, as the service says.
    #[must_use]
    pub fn total_rows(&self) -> Option<u64> {
        self.total_rows
    }

    /// Whether rows were cut off by a limit. Reading to the end of a result that was cut by no limit of the request is an
    /// error too, unless the settings allow it.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// How its rows are written.
    #[must_use]
    pub fn format(&self) -> &ResultFormat {
        &self.format
    }

    /// The next rows, by columns; `None` after the last. A batch has at most about 65,536 rows.
    ///
    /// # Errors
    /// `InvalidInput` when the format is not JSON_ARRAY; `ResultCorrupt` when what comes is not what was announced;
    /// `ResultTruncated` at the end of a result that the service cut off; else as of [`next_chunk`](Self::next_chunk).
    pub async fn next_batch(&mut self) -> Result<Option<Batch>> {
        if self.format != ResultFormat::JsonArray {
            let sentence =
                "Rows are read from JSON_ARRAY only: take the chunks' bytes of other formats by next_chunk().";
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
        loop {
            if let Some(open) = &mut self.open {
                let rest = open.chunk.bytes.get(open.at..).unwrap_or_default();
                let piece = rest.get(..PIECE).unwrap_or(rest);
                open.at += piece.len();
                let mut rows = self.scanner.push(piece)?;
                let ended = open.at >= open.chunk.bytes.len();
                if ended {
                    rows = self.scanner.finish()?;
                    let came = self.scanner.total() - open.before;
                    progress::check_size(&chunk(open.index), "rows", open.chunk.step.rows, came)?;
                    self.open = None;
                }
                if rows >= BATCH || (ended && rows > 0) {
                    let (rows, columns) = self.scanner.take();
                    self.rows += rows as u64;
                    return Ok(Some(Batch { schema: self.schema.clone(), columns, rows }));
                }
                continue;
            }
            match self.fetched().await? {
                Some((index, chunk)) => {
                    self.open = Some(Open { index, chunk, at: 0, before: self.scanner.total() });
                }
                None => {
                    progress::check_size("the result", "rows", self.total_rows, self.rows)?;
                    return self.end();
                }
            }
        }
    }

    /// The next chunk's bytes: an Arrow IPC stream of its own for ARROW_STREAM, part of a text for CSV, a list of lists for
    /// JSON_ARRAY; `None` after the last.
    ///
    /// # Errors
    /// `ResultExpired` when the service no longer keeps the result; `ResultCorrupt` when what comes is not what was
    /// announced; `ResultTruncated` at the end of a result that the service cut off; else as the service or the store
    /// answers.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        match self.fetched().await? {
            Some((_, chunk)) => Ok(Some(chunk.bytes)),
            None => self.end(),
        }
    }

    /// Reads all rows into memory.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    pub async fn collect(mut self) -> Result<Table> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            batches.push(batch);
        }
        Ok(Table { batches, truncated: self.truncated })
    }

    fn end<T>(&mut self) -> Result<Option<T>> {
        if std::mem::take(&mut self.complain) { Err(progress::truncated()) } else { Ok(None) }
    }

    /// The next chunk in order; those behind it are under way meanwhile.
    async fn fetched(&mut self) -> Result<Option<(u64, Fetched)>> {
        std::future::poll_fn(|cx| {
            self.start();
            for slot in &mut self.under_way {
                if let Slot::Waiting(index, future) = slot {
                    if let Poll::Ready(outcome) = future.as_mut().poll(cx) {
                        *slot = Slot::There(*index, outcome);
                    }
                }
            }
            match self.under_way.pop_front() {
                None => Poll::Ready(Ok(None)),
                Some(Slot::There(index, Ok(chunk))) => {
                    if self.chunks.is_none() {
                        self.ended = !chunk.step.more;
                    }
                    // those behind it go on while this one is read
                    self.start();
                    Poll::Ready(Ok(Some((index, chunk))))
                }
                Some(Slot::There(_, Err(error))) => {
                    self.ended = true;
                    self.under_way.clear();
                    Poll::Ready(Err(error))
                }
                Some(waiting) => {
                    self.under_way.push_front(waiting);
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Starts what may be under way.
    fn start(&mut self) {
        loop {
            let bytes: u64 = self.under_way.iter().map(|slot| self.size(slot.index())).sum();
            let room = self.under_way.is_empty()
                || (self.chunks.is_some()
                    && self.under_way.len() <= self.ahead
                    && bytes.saturating_add(self.size(self.next)) <= self.ahead_bytes);
            if self.ended || !room {
                return;
            }
            let first = if self.next == 0 { self.first.take() } else { None };
            let future = Box::pin(self.source.clone().fetch(self.next, self.chunks, first));
            self.under_way.push_back(Slot::Waiting(self.next, future));
            self.next += 1;
            self.ended = self.chunks.is_some_and(|chunks| self.next >= chunks);
            if self.chunks.is_none() {
                return;
            }
        }
    }

    fn size(&self, index: u64) -> u64 {
        usize::try_from(index).ok().and_then(|index| self.sizes.get(index)).copied().unwrap_or(0)
    }
}

impl Slot {
    fn index(&self) -> u64 {
        match self {
            Self::Waiting(index, _) | Self::There(index, _) => *index,
        }
    }
}

impl std::fmt::Debug for StatementResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatementResult")
            .field("statement_id", &self.source.id())
            .field("columns", &self.schema.len())
            .field("total_rows", &self.total_rows)
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}
