//! Vectors of texts: from the emulator's own embedder, or from the server of `--upstream`.

use serde_json::{Map, Value};

use crate::embeddings::{DIMENSIONS, embedder};
use crate::state::Emulator;
use crate::upstream;

/// Texts of one request to an upstream server.
const BATCH: usize = 32;

/// The vectors of these texts, each of length one.
///
/// # Errors
/// A sentence saying why the upstream server gave none.
pub(super) async fn texts(emulator: &Emulator, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
    let mut vectors = Vec::with_capacity(texts.len());
    let Some(server) = &emulator.config().upstream else {
        for text in texts {
            vectors.push(embedder::embed(text, None, DIMENSIONS));
            // other requests are answered between two texts
            tokio::task::yield_now().await;
        }
        return Ok(vectors);
    };
    for batch in texts.chunks(BATCH) {
        let mut body = Map::new();
        body.insert("input".to_owned(), batch.iter().map(String::as_str).collect());
        let answer = upstream::embed(server, &body)
            .await
            .map_err(|error| format!("The upstream server gave no embeddings: {}", error.body()))?;
        let data = answer.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if data.len() != batch.len() {
            return Err(format!("The upstream server gave {} embeddings for {} texts.", data.len(), batch.len()));
        }
        for entry in data {
            let numbers = entry.get("embedding").and_then(Value::as_array);
            let vector = numbers.and_then(|numbers| vector(numbers));
            vectors.push(unit(vector.ok_or("The upstream server gave an embedding that is no list of numbers.")?));
        }
    }
    Ok(vectors)
}

/// The numbers of a JSON list.
// the service stores floats of 32 bits too
#[allow(clippy::cast_possible_truncation)]
pub(super) fn vector(numbers: &[Value]) -> Option<Vec<f32>> {
    let read = numbers.iter().map(|number| number.as_f64().map(|number| number as f32).filter(|n| n.is_finite()));
    read.collect()
}

/// The vector in length one: what managed embeddings are stored as.
fn unit(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 { vector.into_iter().map(|number| number / length).collect() } else { vector }
}
