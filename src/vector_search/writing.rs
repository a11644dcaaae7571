//! Writing rows in batches, and the report of what became of each.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::vector_search::write::{self, BATCH_BYTES, BATCH_ROWS, Verdict};
use crate::vector_search::{VectorSearchIndex, calls, written};

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteStatus {
    /// Every row was written, but for those listed as failed.
    Done,
    /// No row was written.
    Failed,
    /// Whether rows were written is not known.
    Unknown,
}

/// One request's rows and what became of them.
#[derive(Debug)]
pub struct WriteBatch {
    /// The place of the first row.
    pub start: usize,
    /// The place after the last row.
    pub end: usize,
    /// What became of them.
    pub status: WriteStatus,
    /// The primary keys of rows the service said it failed on.
    pub failed_keys: Vec<String>,
    /// Why, when the batch failed or its fate is not known.
    pub error: Option<Error>,
}

/// What became of rows that were written (or deleted): look at [`is_complete`](Self::is_complete).
#[derive(Debug)]
#[must_use = "some rows may have failed: look at is_complete() or failed_keys()"]
pub struct WriteReport {
    /// The batches, in the order of the rows.
    pub batches: Vec<WriteBatch>,
    rows: Vec<String>,
    keys: Vec<String>,
    deletes: bool,
}

impl WriteReport {
    /// Whether every row was written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.batches.iter().all(|batch| batch.status == WriteStatus::Done && batch.failed_keys.is_empty())
    }

    /// The primary keys of rows the service said it failed on, and of those in batches that failed as a whole.
    #[must_use]
    pub fn failed_keys(&self) -> Vec<&str> {
        self.keys_where(|batch| batch.status == WriteStatus::Failed, true)
    }

    /// The primary keys of rows whose fate is not known.
    #[must_use]
    pub fn unknown_keys(&self) -> Vec<&str> {
        self.keys_where(|batch| batch.status == WriteStatus::Unknown, false)
    }

    /// The primary keys of rows that were written.
    #[must_use]
    pub fn written_keys(&self) -> Vec<&str> {
        let done = self.batches.iter().filter(|batch| batch.status == WriteStatus::Done);
        done.flat_map(|batch| {
            let keys = self.keys.get(batch.start..batch.end).unwrap_or_default().iter();
            keys.map(String::as_str).filter(|key| !batch.failed_keys.iter().any(|failed| failed == key))
        })
        .collect()
    }

    fn keys_where(&self, whole: impl Fn(&WriteBatch) -> bool, and_failed: bool) -> Vec<&str> {
        let of = |batch| {
            let keys = self.keys.get(batch_range(batch)).unwrap_or_default().iter().map(String::as_str);
            let all = whole(batch);
            keys.filter(move |key| all || (and_failed && batch.failed_keys.iter().any(|failed| failed == key)))
        };
        self.batches.iter().flat_map(of).collect()
    }

    /// Nothing when every batch was answered and adds up, failed keys included; else the first failure.
    fn first_failure(&mut self) -> Option<Error> {
        self.batches.iter_mut().find_map(|batch| batch.error.take())
    }

    /// The rows that were not written for certain.
    fn open(&self) -> (Vec<String>, Vec<String>) {
        let mut rows = Vec::new();
        let mut keys = Vec::new();
        for batch in &self.batches {
            let whole = batch.status != WriteStatus::Done;
            let places = self.keys.iter().zip(&self.rows).skip(batch.start).take(batch.end - batch.start);
            for (key, row) in places.filter(|(key, _)| whole || batch.failed_keys.contains(key)) {
                keys.push(key.clone());
                rows.push(row.clone());
            }
        }
        (rows, keys)
    }
}

fn batch_range(batch: &WriteBatch) -> std::ops::Range<usize> {
    batch.start..batch.end
}

impl VectorSearchIndex {
    /// Writes rows into a Direct Access index, over those of the same primary key, in batches one after the other.
    ///
    /// Every row is an object with the index's primary key and vector. Rows the service refused one by one stand in the
    /// report; [`resend`](Self::resend) sends just those again.
    ///
    /// # Errors
    /// `InvalidInput` when a row has no primary key; the first failure of a batch as a whole. To keep what the other
    /// batches did, use [`upsert_settled`](Self::upsert_settled).
    ///
    /// `POST /api/2.0/vector-search/indexes/{index_name}/upsert-data`
    pub async fn upsert(&self, rows: impl IntoIterator<Item = Value>) -> Result<WriteReport> {
        let mut report = self.upsert_settled(rows).await?;
        report.first_failure().map_or(Ok(report), Err)
    }

    /// Writes rows and tells how each batch ended. What is about one batch leaves the others; what is about all (a token,
    /// a right, a limit) ends the call, and the batches behind it come back as failed and not sent.
    ///
    /// # Errors
    /// `InvalidInput` when a row has no primary key; as the service answers when the index cannot be described.
    pub async fn upsert_settled(&self, rows: impl IntoIterator<Item = Value>) -> Result<WriteReport> {
        let rows = rows.into_iter().map(|row| written(&row)).collect::<Result<Vec<_>>>()?;
        let key = self.primary_key().await?;
        let cut = write::cut(Some(&key), &rows, BATCH_ROWS, BATCH_BYTES)?;
        Ok(self.write(rows, cut, false).await)
    }

    /// Deletes rows of a Direct Access index by their primary keys, in batches one after the other.
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert).
    ///
    /// `DELETE /api/2.0/vector-search/indexes/{index_name}/delete-data`
    pub async fn delete_rows<S: Into<String>>(&self, keys: impl IntoIterator<Item = S>) -> Result<WriteReport> {
        let rows: Vec<String> = keys.into_iter().map(Into::into).collect();
        let cut = write::cut(None, &rows, BATCH_ROWS, BATCH_BYTES)?;
        let mut report = self.write(rows, cut, true).await;
        report.first_failure().map_or(Ok(report), Err)
    }

    /// Sends again the rows of a report that were not written for certain, and no others. Writing by key may be repeated.
    ///
    /// # Errors
    /// `InvalidInput` never, for rows that were sent before.
    pub async fn resend(&self, report: &WriteReport) -> Result<WriteReport> {
        let (rows, keys) = report.open();
        let ends = write::cut(None, &rows, BATCH_ROWS, BATCH_BYTES)?.ends;
        Ok(self.write(rows, write::Cut { keys, ends }, report.deletes).await)
    }

    async fn write(&self, rows: Vec<String>, cut: write::Cut, deletes: bool) -> WriteReport {
        let mut batches: Vec<WriteBatch> = Vec::with_capacity(cut.ends.len());
        let mut start = 0;
        let mut stopped = false;
        for end in cut.ends {
            let sent = rows.get(start..end).unwrap_or_default();
            let keys = cut.keys.get(start..end).unwrap_or_default();
            let outcome = if stopped { Err(write::not_sent()) } else { self.write_one(sent, keys, deletes).await };
            let mut batch = WriteBatch { start, end, status: WriteStatus::Done, failed_keys: Vec::new(), error: None };
            match outcome {
                Ok(verdict) => {
                    batch.failed_keys = verdict.failed.iter().filter_map(|place| keys.get(*place).cloned()).collect();
                    if let Some(doubt) = verdict.doubt {
                        batch.status = WriteStatus::Unknown;
                        batch.error = Some(Error::new(ErrorKind::Protocol, doubt));
                    }
                }
                Err(error) => {
                    stopped = stopped || !write::goes_on(error.kind().as_str());
                    let open = error.maybe_processed() || error.kind() == ErrorKind::Decode;
                    batch.status = if open { WriteStatus::Unknown } else { WriteStatus::Failed };
                    batch.error = Some(error);
                }
            }
            batches.push(batch);
            start = end;
        }
        WriteReport { batches, rows, keys: cut.keys, deletes }
    }

    async fn write_one(&self, rows: &[String], keys: &[String], deletes: bool) -> Result<Verdict> {
        let call = if deletes { calls::delete_rows(self.name(), rows) } else { calls::upsert(self.name(), rows) };
        write::verdict(&self.search().text(call).await?, keys)
    }
}
