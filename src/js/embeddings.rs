//! Embeddings: texts cross as one JSON text, vectors leave as one copy into a `Float32Array`.

use js_sys::{Array, Float32Array, Promise};
use wasm_bindgen::prelude::*;

use crate::embeddings::calls::Fields;
use crate::embeddings::{EmbeddedBatch, Embeddings, Job, gives_base64};
use crate::error::{Error, ErrorKind, Result};
use crate::js::client::CoreClient;
use crate::js::error::to_js;
use crate::js::options::{Scope, run};
use crate::js::promise;
use crate::wire::json::Raw;

#[wasm_bindgen]
impl CoreClient {
    /// Embeds the strings of a JSON array.
    ///
    /// `fields` are two objects of request fields as JSON texts, the handle's and the call's; `encoding` is `float`,
    /// `base64`, `auto` or nothing. Gives `[encoding, data, dimensions, batches]`: `encoding` as `auto` found it (`auto`
    /// itself when it could not), and for each batch `[start, end, error, data, dimensions, prompt tokens, total tokens, model, request id]`. Where
    /// all batches are good, `data` holds all rows and theirs is left out.
    ///
    /// # Errors
    /// `InvalidInput`, `Cancelled`; other failures stand with their batch.
    #[allow(clippy::too_many_arguments, reason = "they cross the border one by one")]
    pub fn embed(
        &self,
        endpoint: String,
        texts: String,
        fields: Vec<String>,
        encoding: Option<String>,
        batch_size: usize,
        max_concurrency: usize,
        settle: bool,
        options: JsValue,
    ) -> Promise {
        let sender = self.sender().clone();
        promise(Box::pin(async move {
            let (options, signals) = Scope::read(options)?.into_parts();
            let work = async {
                let mut told = true;
                let encoding = match encoding.as_deref() {
                    Some("auto") => {
                        let found = gives_base64(&sender, &endpoint, &options).await?;
                        told = found.is_some();
                        (found == Some(true)).then_some("base64")
                    }
                    said => said,
                };
                let field = |at: usize| fields.get(at).map_or("{}", String::as_str);
                let list: Vec<&str> = Raw::trusted(&texts).items().map(Raw::text).collect();
                let job = Job {
                    sender: &sender,
                    endpoint: &endpoint,
                    fields: Fields::new(field(0), field(1), encoding)?,
                    texts: &list,
                    batch_size,
                    max_concurrency,
                    options: &options,
                    settle,
                };
                let batches = job.run().await;
                deliver(if told { encoding } else { Some("auto") }, batches)
            };
            run(signals, Box::pin(work)).await
        }))
    }
}

fn deliver(encoding: Option<&str>, batches: Vec<EmbeddedBatch>) -> Result<JsValue> {
    let text = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
    let number = |count: usize| JsValue::from_f64(count as f64);
    let rows = || batches.iter().map_while(|batch| batch.outcome.as_ref().ok());
    let good = rows().count() == batches.len();
    let dimensions = rows().map(|rows| rows.dimensions).next().unwrap_or(0);
    let whole = good.then(|| array(rows().map(|rows| rows.data.len()).sum())).transpose()?;
    let list = Array::new();
    let mut at = 0;
    for EmbeddedBatch { inputs, outcome } in batches {
        let entry = Array::of2(&number(inputs.start), &number(inputs.end));
        match outcome {
            Err(error) => {
                entry.push(&to_js(&error));
            }
            Ok(Embeddings { data, dimensions, usage, model, request_ids, .. }) => {
                entry.push(&JsValue::UNDEFINED);
                match &whole {
                    Some(whole) => {
                        whole.subarray(at, at + data.len() as u32).copy_from(&data);
                        at += data.len() as u32;
                        entry.push(&JsValue::UNDEFINED);
                    }
                    None => {
                        let own = array(data.len())?;
                        own.copy_from(&data);
                        entry.push(&own);
                    }
                }
                entry.push(&number(dimensions));
                let count = |tokens: fn(crate::embeddings::EmbeddingUsage) -> u64| {
                    usage.map_or(JsValue::UNDEFINED, |usage| JsValue::from_f64(tokens(usage) as f64))
                };
                entry.push(&count(|usage| usage.prompt_tokens));
                entry.push(&count(|usage| usage.total_tokens));
                entry.push(&text(model.as_deref()));
                entry.push(&text(request_ids.first().map(String::as_str)));
            }
        }
        list.push(&entry);
    }
    let whole = whole.map_or(JsValue::UNDEFINED, JsValue::from);
    Ok([text(encoding), whole, number(dimensions), list.into()].into_iter().collect::<Array>().into())
}

/// Room for so many numbers.
fn array(count: usize) -> Result<Float32Array> {
    // more would throw through the wasm; no page has the memory
    let count = u32::try_from(count).ok().filter(|count| *count < 1 << 29).ok_or_else(|| {
        Error::new(ErrorKind::BodyTooLarge, "The vectors do not fit into one Float32Array: embed fewer texts at once.")
    })?;
    Ok(Float32Array::new_with_length(count))
}
