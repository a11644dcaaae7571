//! The requests of embeddings endpoints as values, and how a list of texts is cut into them.

use std::ops::Range;

use crate::embeddings::scan::{Scanned, scan};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer::{self, Answer};
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Raw, push_string};
use crate::wire::request::{Method, Path, Request};

/// How many texts one request carries unless told otherwise. Older documentation names 150 as the most an endpoint
/// takes, Databricks' own LangChain client sends 20.
pub const BATCH_SIZE: usize = 100;

/// How long the texts of one request may be together, in bytes of JSON. Endpoints of foundation and external models
/// take 4 MB.
pub const BATCH_BYTES: usize = 3 << 20;

/// Asks for the embeddings of the texts in a body made by [`Fields::body`].
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::embeddings::calls::{Fields, embed};
/// let body = Fields::new("{}", r#"{"instruction":"Find:"}"#, None)?.body(&[r#""a text""#]);
/// let call = embed("databricks-bge-large-en", body)?;
/// assert_eq!(call.request().path, "/serving-endpoints/databricks-bge-large-en/invocations");
/// assert_eq!(call.request().body_text(), r#"{"input":["a text"],"instruction":"Find:"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn embed(endpoint: &str, body: String) -> Result<Call<Scanned>> {
    let path = Path::literal("/serving-endpoints/").segment("endpoint", endpoint)?.then("/invocations").finish();
    Ok(Call::new(Request::new(Method::Post, path).json(body), Repeat::Billed, read))
}

/// Reads the answer's bytes. What other tasks answer gets a sentence of its own.
fn read(answer: Answer) -> Result<Scanned> {
    answer::screen(&answer)?;
    if let Some(scanned) = scan(&answer.body)? {
        return Ok(scanned);
    }
    let json = answer::json::<()>(answer)?;
    let root = json.root();
    let task = if root.get("choices").is_some() {
        "This endpoint answers with choices (a chat or completions task)"
    } else if root.get("predictions").is_some() {
        "This endpoint serves a custom model (it answers with predictions)"
    } else {
        "The answer has no data"
    };
    let mut sentence = String::from(task);
    sentence.push_str(": an embeddings call needs an endpoint whose task is llm/v1/embeddings.");
    Err(Error::new(ErrorKind::Decode, sentence))
}

/// The fields of a request besides its texts, checked and merged once for all its batches.
#[derive(Clone, Debug)]
pub struct Fields {
    /// `,"name":value` for each.
    tail: String,
}

impl Fields {
    /// Merges two JSON objects of request fields: those of the call win over the `defaults`, and a `null` takes a
    /// default back. `encoding` becomes `encoding_format`, unless a field of that name is there.
    ///
    /// # Errors
    /// `InvalidInput` when one is no object, or sets `input`.
    pub fn new(defaults: &str, call: &str, encoding: Option<&str>) -> Result<Self> {
        let (defaults, call) = (object(defaults)?, object(call)?);
        let mut tail = String::new();
        let mut put = |name: &str, value: &str| {
            tail.push(',');
            push_string(&mut tail, name);
            tail.push(':');
            tail.push_str(value);
        };
        let inherited = defaults.fields().filter(|(name, _)| call.get(name).is_none());
        for (name, value) in inherited.chain(call.fields()) {
            if name == "input" {
                return Err(invalid("`input` is set by the texts: give them to the call instead."));
            }
            if !value.is_null() {
                put(&name, value.text());
            }
        }
        let named = [defaults, call].iter().any(|fields| fields.get("encoding_format").is_some());
        match encoding {
            Some("float") if !named => put("encoding_format", "\"float\""),
            Some("base64") if !named => put("encoding_format", "\"base64\""),
            Some("float" | "base64") | None => {}
            Some(_) => return Err(invalid("`encodingFormat` must be \"float\", \"base64\" or \"auto\".")),
        }
        Ok(Self { tail })
    }

    /// The body for these texts, each a JSON string.
    #[must_use]
    pub fn body(&self, texts: &[&str]) -> String {
        let length: usize = texts.iter().map(|text| text.len() + 1).sum();
        let mut body = String::with_capacity(length + self.tail.len() + 16);
        body.push_str("{\"input\":[");
        for (place, text) in texts.iter().enumerate() {
            if place > 0 {
                body.push(',');
            }
            body.push_str(text);
        }
        body.push(']');
        body.push_str(&self.tail);
        body.push('}');
        body
    }
}

/// Cuts texts of these lengths into batches: at most `count` and at most `bytes` each, but never less than one text.
///
/// ```
/// use lakewire::embeddings::calls::plan;
/// assert_eq!(plan([1, 1, 1, 9, 1], 2, 5), [0..2, 2..3, 3..4, 4..5]);
/// ```
#[must_use]
pub fn plan(lengths: impl IntoIterator<Item = usize>, count: usize, bytes: usize) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut from, mut to, mut held) = (0, 0, 0_usize);
    for length in lengths {
        if to > from && (to - from >= count.max(1) || held.saturating_add(length) > bytes) {
            batches.push(from..to);
            (from, held) = (to, 0);
        }
        to += 1;
        held = held.saturating_add(length);
    }
    if to > from {
        batches.push(from..to);
    }
    batches
}

/// Whether an endpoint's description (JSON text) says that it gives base64: every model behind it is an external one
/// of provider `openai`.
///
/// ```
/// use lakewire::embeddings::calls::gives_base64;
/// assert!(gives_base64(r#"{"config":{"served_entities":[{"external_model":{"provider":"openai"}}]}}"#));
/// assert!(!gives_base64(r#"{"config":{"served_entities":[{"foundation_model":{"name":"gte"}}]}}"#));
/// ```
#[must_use]
pub fn gives_base64(description: &str) -> bool {
    let Ok(root) = Raw::parse(description) else { return false };
    let entities = root.get_some("config").and_then(|config| config.get_some("served_entities"));
    let mut any = false;
    for entity in entities.iter().flat_map(|list| list.items()) {
        let provider = entity.get_some("external_model").and_then(|model| model.get_some("provider"));
        if provider.and_then(Raw::as_str).as_deref() != Some("openai") {
            return false;
        }
        any = true;
    }
    any
}

fn object(text: &str) -> Result<Raw<'_>> {
    Raw::parse(text)
        .ok()
        .filter(|fields| fields.is_object())
        .ok_or_else(|| invalid("The request fields must be an object."))
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::Headers;
    use proptest::prelude::*;

    fn answer(body: &str) -> Result<Scanned> {
        read(Answer { status: 200, headers: Headers::default(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn other_tasks_pages_and_errors_are_named() {
        assert_eq!(answer(r#"{"data":[]}"#).unwrap().rows(), 0);
        assert!(answer(r#"{"choices":[]}"#).unwrap_err().message().contains("chat"));
        assert!(answer(r#"{"predictions":[]}"#).unwrap_err().message().contains("custom model"));
        assert!(answer("{}").unwrap_err().message().contains("no data"));
        assert_eq!(answer("").unwrap_err().kind(), ErrorKind::EmptyBody);
        assert_eq!(answer("<html>").unwrap_err().kind(), ErrorKind::UnexpectedContentType);
        let error = answer(r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Slow down."}"#).unwrap_err();
        assert_eq!((error.kind(), error.error_code()), (ErrorKind::TooManyRequests, Some("REQUEST_LIMIT_EXCEEDED")));
    }

    #[test]
    fn the_call_wins_over_the_defaults_and_null_takes_them_back() {
        let body =
            |defaults, call, encoding| Fields::new(defaults, call, encoding).map(|fields| fields.body(&["\"x\""]));
        assert_eq!(
            body(
                r#"{"instruction":"a","user":"u","big":12345678901234567890}"#,
                r#"{"instruction":"b","user":null}"#,
                Some("base64")
            )
            .unwrap(),
            r#"{"input":["x"],"big":12345678901234567890,"instruction":"b","encoding_format":"base64"}"#
        );
        assert_eq!(
            body("{}", r#"{"encoding_format":"float"}"#, Some("base64")).unwrap(),
            r#"{"input":["x"],"encoding_format":"float"}"#
        );
        assert_eq!(body("{}", "{}", Some("float")).unwrap(), r#"{"input":["x"],"encoding_format":"float"}"#);
        assert_eq!(Fields::new("{}", "{}", None).unwrap().body(&[]), r#"{"input":[]}"#);
        for (defaults, call, encoding) in
            [("[]", "{}", None), ("{}", "x", None), ("{}", r#"{"input":"y"}"#, None), ("{}", "{}", Some("hex"))]
        {
            assert_eq!(body(defaults, call, encoding).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn base64_is_known_of_openai_models_alone() {
        let served = |entities: &str| gives_base64(&format!(r#"{{"config":{{"served_entities":{entities}}}}}"#));
        assert!(served(r#"[{"external_model":{"provider":"openai"}},{"external_model":{"provider":"openai"}}]"#));
        assert!(!served(r#"[{"external_model":{"provider":"openai"}},{"external_model":{"provider":"cohere"}}]"#));
        assert!(!served(r#"[{"external_model":{"provider":"openai"}},{"entity_name":"m"}]"#));
        assert!(!served("[]"));
        assert!(!gives_base64("{}"));
        assert!(!gives_base64("no json"));
    }

    proptest! {
        #[test]
        fn batches_hold_every_text_once_in_order(lengths in prop::collection::vec(0_usize..20, 0..60), count in 0_usize..9, bytes in 0_usize..50) {
            let batches = plan(lengths.iter().copied(), count, bytes);
            let all: Vec<usize> = batches.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            for batch in batches {
                prop_assert!(batch.len() == 1 || (batch.len() <= count && lengths[batch].iter().sum::<usize>() <= bytes));
            }
        }
    }
}
