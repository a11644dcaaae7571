//! What MLflow's pages want to know of a call to a model, read out of what went in and came out. Pure.

use super::model::{Span, span_type};
use super::usage::{TokenUsage, USAGE};
use crate::wire::json::{Raw, string};

/// Adds model, provider, tools, message form and tokens to the span of a model, as far as it does not have them.
pub(super) fn enrich(span: &mut Span) {
    let chat = span.span_type == span_type::CHAT_MODEL;
    if !chat && ![span_type::LLM, span_type::EMBEDDING, span_type::AGENT].contains(&span.span_type.as_str()) {
        return;
    }
    let inputs = span.inputs.as_deref().and_then(|text| Raw::parse(text).ok());
    let outputs = span.outputs.as_deref().and_then(|text| Raw::parse(text).ok());
    let of = |value: Option<Raw<'_>>, key: &str| value?.get_some(key).map(|value| value.text().to_owned());
    let model = of(outputs, "model").or_else(|| of(inputs, "model")).unwrap_or_else(|| string(&span.name));
    let usage = outputs.and_then(|outputs| outputs.get_some("usage")).and_then(TokenUsage::read);
    let tools = if chat { of(inputs, "tools") } else { None };
    let facts = [
        ("mlflow.llm.model", Some(model)),
        ("mlflow.llm.provider", Some(string("databricks"))),
        ("mlflow.message.format", chat.then(|| string("openai"))),
        ("mlflow.chat.tools", tools),
        (USAGE, usage.map(|usage| usage.to_json())),
    ];
    for (key, json) in facts {
        if let Some(json) = json.filter(|_| span.attribute(key).is_none()) {
            span.attributes.push((key.to_owned(), json));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_says_its_model_its_tools_and_its_tokens() {
        let mut span = Span { span_type: "CHAT_MODEL".into(), name: "endpoint".into(), ..Span::default() };
        span.inputs = Some(r#"{"messages":[],"tools":[{"type":"function"}]}"#.into());
        span.outputs =
            Some(r#"{"model":"m-1","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#.into());
        enrich(&mut span);
        assert_eq!(span.attribute("mlflow.llm.model"), Some("\"m-1\""));
        assert_eq!(span.attribute("mlflow.message.format"), Some("\"openai\""));
        assert_eq!(span.attribute("mlflow.chat.tools"), Some(r#"[{"type":"function"}]"#));
        assert_eq!(span.attribute(USAGE), Some(r#"{"input_tokens":3,"output_tokens":2,"total_tokens":5}"#));
        let before = span.clone();
        enrich(&mut span);
        assert_eq!(span, before, "a second time changes nothing");
    }

    #[test]
    fn a_failed_call_has_its_endpoints_name_and_a_tool_is_left() {
        let mut span = Span { span_type: "LLM".into(), name: "dolly".into(), ..Span::default() };
        enrich(&mut span);
        assert_eq!((span.attribute("mlflow.llm.model"), span.attribute(USAGE)), (Some("\"dolly\""), None));
        let mut tool = Span { span_type: "TOOL".into(), ..Span::default() };
        enrich(&mut tool);
        assert!(tool.attributes.is_empty());
    }
}
