//! A list of texts as bounded requests side by side, each of which may fail on its own.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::embeddings::calls::{self, Fields};
use crate::embeddings::scan::Scanned;
use crate::embeddings::vectors::{EmbeddingUsage, Embeddings};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::join::join_bounded;
use crate::observe::Kind;
use crate::order::sort;
use crate::sender::{CallOptions, Sender};
use crate::transport::BoxFuture;
use crate::wire::call::Call;

/// How some of the inputs ended.
#[derive(Debug)]
pub struct EmbeddedBatch {
    /// Which inputs.
    pub inputs: Range<usize>,
    /// Their embeddings, or why there are none; the error's sentence names the inputs.
    pub outcome: Result<Embeddings>,
}

/// What is to be embedded, and within which bounds.
pub(crate) struct Job<'a> {
    pub(crate) sender: &'a Sender,
    pub(crate) endpoint: &'a str,
    pub(crate) fields: Fields,
    /// Every text as a JSON string.
    pub(crate) texts: &'a [&'a str],
    pub(crate) batch_size: usize,
    pub(crate) max_concurrency: usize,
    pub(crate) options: &'a CallOptions,
    /// Whether a failure leaves the batches not yet sent alone, or stops them.
    pub(crate) settle: bool,
}

/// How many more parts of a batch are tried after one input was refused by itself, with nothing good anywhere, before the
/// fault is taken to be elsewhere.
const PROBES: usize = 24;

impl Job<'_> {
    /// Embeds everything; what ended comes in the order of the inputs.
    pub(crate) async fn run(&self) -> Vec<EmbeddedBatch> {
        let plan = calls::plan(self.texts.iter().map(|text| text.len()), self.batch_size, calls::BATCH_BYTES);
        let total = self.options.timeouts.or(self.sender.config().timeouts).total;
        let deadline = total.map(|total| self.sender.transport().now().saturating_add(total));
        let count = plan.len();
        let (stopped, answered) = (&AtomicBool::new(false), &AtomicBool::new(false));
        let work = plan.into_iter().enumerate().map(|(place, inputs)| {
            Box::pin(async move { Batch { job: self, deadline, place, count, stopped, answered }.run(inputs).await })
                as BoxFuture<'_, Vec<EmbeddedBatch>>
        });
        // collected first: the closure would otherwise have to be Send for every lifetime
        let work: Vec<_> = work.collect();
        let mut ended: Vec<EmbeddedBatch> =
            join_bounded(work, self.max_concurrency).await.into_iter().flatten().collect();
        differing(&mut ended);
        ended
    }
}

/// One batch of a job.
struct Batch<'a> {
    job: &'a Job<'a>,
    deadline: Option<Duration>,
    place: usize,
    count: usize,
    stopped: &'a AtomicBool,
    /// Whether any request of the job was good, so that it is the inputs that are at fault.
    answered: &'a AtomicBool,
}

impl Batch<'_> {
    /// Sends the batch. One that the service refuses as malformed is sent in halves until the input at
    /// fault stands alone, or until all halves are good: the batch was too large for the endpoint.
    async fn run(&self, inputs: Range<usize>) -> Vec<EmbeddedBatch> {
        let mut ended = Vec::new();
        let mut waiting = vec![inputs];
        // requests sent since an input was refused by itself
        let mut probes = None;
        loop {
            let doubtful = probes.filter(|_| !self.answered.load(Ordering::Relaxed));
            let hopeless = doubtful.is_some_and(|probes| probes >= PROBES);
            let next = match doubtful {
                // in turn: neither inputs at fault side by side nor those far apart shall hide the good ones
                Some(probes) => take(&mut waiting, probes % 2 == 0),
                None => waiting.pop(),
            };
            let Some(inputs) = next else { break };
            if hopeless || self.stopped.load(Ordering::Relaxed) {
                let sentence = "Not sent, because other inputs failed.";
                let error = Error::new(ErrorKind::Cancelled, sentence).about(&self.name(&inputs));
                ended.push(EmbeddedBatch { inputs, outcome: Err(error) });
                continue;
            }
            probes = probes.map(|probes| probes + 1);
            match self.send(&inputs).await {
                Ok(embeddings) => {
                    self.answered.store(true, Ordering::Relaxed);
                    ended.push(EmbeddedBatch { inputs, outcome: Ok(embeddings) });
                }
                Err(error) if inputs.len() > 1 && is_refusal(&error) => {
                    let middle = inputs.start + inputs.len() / 2;
                    waiting.push(middle..inputs.end);
                    waiting.push(inputs.start..middle);
                }
                Err(error) => {
                    probes = probes.or(Some(0));
                    if !self.job.settle {
                        self.stopped.store(true, Ordering::Relaxed);
                    }
                    let error = if self.job.texts.len() > 1 { error.about(&self.name(&inputs)) } else { error };
                    ended.push(EmbeddedBatch { inputs, outcome: Err(error) });
                }
            }
        }
        sort(&mut ended, |a, b| a.inputs.start < b.inputs.start);
        ended
    }

    /// `Input 3 (batch 1 of 2)`, `Inputs 0 to 99 (batch 1 of 2)`; counted as arrays are, the last included.
    fn name(&self, inputs: &Range<usize>) -> String {
        let mut name = String::from(if inputs.len() == 1 { "Input " } else { "Inputs " });
        name.push_str(&inputs.start.to_string());
        if inputs.len() > 1 {
            name.push_str(" to ");
            name.push_str(&(inputs.end - 1).to_string());
        }
        name.push_str(" (batch ");
        name.push_str(&(self.place + 1).to_string());
        name.push_str(" of ");
        name.push_str(&self.count.to_string());
        name.push(')');
        name
    }

    async fn send(&self, inputs: &Range<usize>) -> Result<Embeddings> {
        let job = self.job;
        let mut options = job.options.clone();
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_sub(job.sender.transport().now());
            if left.is_zero() {
                let sentence = "The total timeout had passed before the request could be sent: allow more time.";
                return Err(Error::new(ErrorKind::DeadlineExceeded, sentence).with_phase(TimeoutPhase::Total));
            }
            options.timeouts.total = Some(left);
        }
        let texts = job.texts.get(inputs.clone()).unwrap_or_default();
        let call = calls::embed(job.endpoint, job.fields.body(texts))?;
        // the vectors themselves would fill whatever keeps what is told
        let outputs = |rows: &Embeddings| {
            let usage = rows.usage.as_ref().map_or(0, |usage| usage.prompt_tokens);
            format!(
                r#"{{"embeddings":{},"dimensions":{},"usage":{{"prompt_tokens":{usage},"completion_tokens":0}}}}"#,
                inputs.len(),
                rows.dimensions
            )
        };
        let told = job.sender.watch().start(Kind::Embedding, job.endpoint, || call.request().body_text().to_owned());
        told.run(self.rows(&call, &options, inputs), outputs).await
    }

    async fn rows(&self, call: &Call<Scanned>, options: &CallOptions, inputs: &Range<usize>) -> Result<Embeddings> {
        let (scanned, meta) = self.job.sender.send(call, options).await?;
        let scanned = scanned.in_order(inputs.len(), inputs.start).map_err(|error| meta.explain(error))?;
        let usage = EmbeddingUsage {
            prompt_tokens: scanned.prompt_tokens.unwrap_or(0),
            total_tokens: scanned.total_tokens.or(scanned.prompt_tokens).unwrap_or(0),
        };
        Ok(Embeddings {
            data: scanned.data,
            dimensions: scanned.dimensions,
            usage: (scanned.prompt_tokens.is_some() || scanned.total_tokens.is_some()).then_some(usage),
            model: scanned.model,
            request_ids: meta.request_id.into_iter().collect(),
        })
    }
}

/// Takes out the longest, or else the shortest.
fn take(waiting: &mut Vec<Range<usize>>, longest: bool) -> Option<Range<usize>> {
    let mut found: Option<(usize, usize)> = None;
    for (at, inputs) in waiting.iter().enumerate() {
        let length = inputs.len();
        if found.is_none_or(|(_, best)| if longest { length > best } else { length < best }) {
            found = Some((at, length));
        }
    }
    found.map(|(at, _)| waiting.remove(at))
}

/// Whether the service says that what was sent is malformed or too much.
fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::BadRequest && matches!(error.status(), Some(400 | 413 | 422))
}

/// Vectors of other lengths than the first batch's cannot stand in one buffer: an error in their place.
fn differing(ended: &mut [EmbeddedBatch]) {
    let Some(first) = ended.iter().find_map(|batch| batch.outcome.as_ref().ok().map(|rows| rows.dimensions)) else {
        return;
    };
    for batch in ended {
        let Ok(rows) = &batch.outcome else { continue };
        if rows.dimensions != first {
            let mut sentence = String::from("The vectors of input ");
            for piece in [
                &batch.inputs.start.to_string(),
                " and those after it have ",
                &rows.dimensions.to_string(),
                " numbers, those before them ",
                &first.to_string(),
                ": the endpoint answers from more than one model.",
            ] {
                sentence.push_str(piece);
            }
            let id = rows.request_ids.first().cloned();
            let error = Error::new(ErrorKind::Decode, sentence).with_request_id(id).with_maybe_processed(true);
            batch.outcome = Err(error);
        }
    }
}

/// One whole of all batches, or the first failure that is not the consequence of another.
pub(crate) fn together(batches: Vec<EmbeddedBatch>) -> Result<Embeddings> {
    let mut whole = Embeddings::default();
    let mut consequence = None;
    for EmbeddedBatch { outcome, .. } in batches {
        match outcome {
            Ok(rows) => {
                if let Some(usage) = rows.usage {
                    let sum = whole.usage.get_or_insert_default();
                    sum.prompt_tokens += usage.prompt_tokens;
                    sum.total_tokens += usage.total_tokens;
                }
                whole.dimensions = rows.dimensions;
                whole.model = whole.model.or(rows.model);
                whole.request_ids.extend(rows.request_ids);
                if whole.data.is_empty() {
                    whole.data = rows.data;
                } else {
                    whole.data.extend_from_slice(&rows.data);
                }
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => consequence = consequence.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    consequence.map_or(Ok(whole), Err)
}
