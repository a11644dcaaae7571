//! Structured output: a JSON Schema in, a value that fits it out. Pure; the validator is the
//! caller's, since each face has a well-kept one of its own.

use crate::chat::tool_calls::{first_message, requested_tools};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string};

/// How the model is made to answer with JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StructuredMethod {
    /// `response_format: json_schema`: the service holds the model to the schema.
    #[default]
    JsonSchema,
    /// `response_format: json_object`: any JSON object; describe the shape in the prompt.
    JsonMode,
    /// A tool with the schema as its parameters, which the model must call.
    FunctionCalling,
}

impl StructuredMethod {
    /// The method of this name, as LangChain spells it.
    ///
    /// # Errors
    /// `InvalidInput` for any other name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "json_schema" => Ok(Self::JsonSchema),
            "json_mode" => Ok(Self::JsonMode),
            "function_calling" => Ok(Self::FunctionCalling),
            _ => Err(invalid("The structured output method must be json_schema, json_mode or function_calling.")),
        }
    }
}

/// A schema and how to ask for it.
#[derive(Clone, Debug)]
pub struct StructuredOutput {
    schema: String,
    name: String,
    method: StructuredMethod,
    strict: Option<bool>,
}

impl StructuredOutput {
    /// Takes a JSON Schema as JSON text. The name is the schema's `title` unless one is given.
    ///
    /// # Errors
    /// `InvalidInput` when the schema is no JSON object, or the name has characters the service
    /// refuses.
    pub fn new(schema: &str, name: Option<&str>, method: StructuredMethod, strict: Option<bool>) -> Result<Self> {
        let root =
            Raw::parse(schema).map_err(|fault| invalid(format!("The schema cannot be sent: {}", fault.message())))?;
        if !root.is_object() {
            return Err(invalid("The schema must be a JSON Schema object."));
        }
        let title = root.get_some("title").and_then(Raw::as_str);
        let name = match name {
            Some(name) => name.to_owned(),
            None => tidy(title.as_deref().unwrap_or("output")),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(invalid("The schema's name may hold letters, digits, _ and -, 64 at most."));
        }
        Ok(Self { schema: root.text().to_owned(), name, method, strict })
    }

    /// The schema as JSON text.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Adds the fields that ask for this output to a request object's JSON text.
    ///
    /// # Errors
    /// `InvalidInput` when the request is no JSON object.
    pub fn add_to(&self, request: &str) -> Result<String> {
        let open = Raw::parse(request).ok().filter(|raw| raw.is_object()).and_then(|raw| raw.text().strip_suffix('}'));
        let Some(open) = open else {
            return Err(invalid("The request must be an object of request fields."));
        };
        let mut out = open.trim_end().to_owned();
        if !out.ends_with('{') {
            out.push(',');
        }
        match self.method {
            StructuredMethod::JsonMode => out.push_str("\"response_format\":{\"type\":\"json_object\"}"),
            StructuredMethod::JsonSchema => {
                out.push_str("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":");
                push_string(&mut out, &self.name);
                out.push_str(",\"schema\":");
                out.push_str(&self.schema);
                self.push_strict(&mut out);
                out.push_str("}}");
            }
            StructuredMethod::FunctionCalling => {
                out.push_str("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":");
                push_string(&mut out, &self.name);
                if let Some(description) = Raw::trusted(&self.schema).get_some("description").filter(|d| d.is_string())
                {
                    out.push_str(",\"description\":");
                    out.push_str(description.text());
                }
                out.push_str(",\"parameters\":");
                out.push_str(&self.schema);
                self.push_strict(&mut out);
                out.push_str("}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":");
                push_string(&mut out, &self.name);
                out.push_str("}}");
            }
        }
        out.push('}');
        Ok(out)
    }

    fn push_strict(&self, out: &mut String) {
        if let Some(strict) = self.strict {
            out.push_str(if strict { ",\"strict\":true" } else { ",\"strict\":false" });
        }
    }

    /// Takes the output out of an answer, as checked JSON text. Whether it fits the schema is the
    /// validator's to say.
    ///
    /// # Errors
    /// `OutputMismatch` when the answer holds no JSON, with the reason.
    pub fn extract(&self, completion: Raw<'_>) -> Result<String> {
        let text = match self.method {
            StructuredMethod::FunctionCalling => requested_tools(completion)?
                .into_iter()
                .find(|tool| tool.name == self.name)
                .map(|tool| tool.arguments_raw)
                .ok_or_else(|| mismatch(completion, "the model did not call the function"))?,
            _ => first_message(completion).map(text_of).unwrap_or_default(),
        };
        let bare = without_fence(text.trim());
        if bare.is_empty() {
            return Err(mismatch(completion, "the answer holds no text"));
        }
        Raw::parse(bare).map_err(|fault| mismatch(completion, fault.message()))?;
        Ok(bare.to_owned())
    }
}

fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

fn mismatch(completion: Raw<'_>, reason: &str) -> Error {
    let finish = completion
        .get_some("choices")
        .and_then(|choices| choices.at(0))
        .and_then(|choice| choice.get_some("finish_reason"));
    let hint = match finish.and_then(Raw::as_str).as_deref() {
        Some("length") => " The answer was cut at max_tokens: raise it.",
        Some("content_filter") => " A content filter cut the answer.",
        _ => "",
    };
    Error::new(
        ErrorKind::OutputMismatch,
        format!("The model's answer is not the JSON asked for: {}.{hint}", reason.trim_end_matches('.')),
    )
    .with_partial(Some(completion.text().to_owned()))
}

/// A schema's title as a name the service takes.
fn tidy(title: &str) -> String {
    let name: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' })
        .take(64)
        .collect();
    if name.is_empty() { "output".to_owned() } else { name }
}

/// Models in JSON mode like to wrap their answer in a Markdown fence.
fn without_fence(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return text;
    };
    inner.split_once('\n').map_or(inner, |(_, body)| body).trim()
}

/// The text of a message, parts that are not text left out.
#[must_use]
pub fn text_of(message: Raw<'_>) -> String {
    let Some(content) = message.get_some("content") else { return String::new() };
    if let Some(text) = content.as_str() {
        return text.into_owned();
    }
    content
        .items()
        .filter(|part| part.get("type").and_then(Raw::as_str).is_some_and(|kind| kind == "text"))
        .filter_map(|part| part.get_some("text").and_then(Raw::as_str).map(|text| text.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"title":"A point","type":"object","properties":{"x":{"type":"number"}},"required":["x"]}"#;

    fn output(method: StructuredMethod) -> StructuredOutput {
        StructuredOutput::new(SCHEMA, None, method, Some(true)).unwrap()
    }

    #[test]
    fn each_method_asks_in_its_own_way() {
        assert_eq!(
            output(StructuredMethod::JsonSchema).add_to(r#"{"messages":"x"}"#).unwrap(),
            format!(
                r#"{{"messages":"x","response_format":{{"type":"json_schema","json_schema":{{"name":"A_point","schema":{SCHEMA},"strict":true}}}}}}"#
            )
        );
        assert_eq!(
            output(StructuredMethod::JsonMode).add_to("{}").unwrap(),
            r#"{"response_format":{"type":"json_object"}}"#
        );
        let tool = output(StructuredMethod::FunctionCalling).add_to("{}").unwrap();
        assert!(tool.contains(r#""tool_choice":{"type":"function","function":{"name":"A_point"}}"#));
        crate::wire::json::check(&tool).unwrap();
    }

    #[test]
    fn output_is_taken_from_text_parts_fences_and_tool_calls() {
        let answer = |message: &str| format!(r#"{{"choices":[{{"message":{message}}}]}}"#);
        let json = output(StructuredMethod::JsonSchema);
        for message in [
            r#"{"content":" {\"x\":1} "}"#,
            r#"{"content":"```json\n{\"x\":1}\n```"}"#,
            r#"{"content":[{"type":"reasoning","summary":[]},{"type":"text","text":"{\"x\":1}"}]}"#,
        ] {
            assert_eq!(json.extract(Raw::parse(&answer(message)).unwrap()).unwrap(), r#"{"x":1}"#);
        }
        let called = answer(
            r#"{"content":null,"tool_calls":[{"id":"a","function":{"name":"A_point","arguments":"{\"x\":1}"}}]}"#,
        );
        assert_eq!(
            output(StructuredMethod::FunctionCalling).extract(Raw::parse(&called).unwrap()).unwrap(),
            r#"{"x":1}"#
        );
    }

    #[test]
    fn a_cut_answer_says_so_and_is_kept() {
        let cut = r#"{"choices":[{"message":{"content":"{\"x\":"},"finish_reason":"length"}]}"#;
        let error = output(StructuredMethod::JsonSchema).extract(Raw::parse(cut).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutputMismatch);
        assert!(error.message().contains("max_tokens"));
        assert_eq!(error.partial(), Some(cut));
    }

    #[test]
    fn bad_schemas_and_names_are_refused() {
        assert!(StructuredOutput::new("[]", None, StructuredMethod::JsonSchema, None).is_err());
        assert!(StructuredOutput::new("{}", Some("a b"), StructuredMethod::JsonSchema, None).is_err());
        assert_eq!(StructuredOutput::new("{}", None, StructuredMethod::JsonSchema, None).unwrap().name, "output");
    }
}
