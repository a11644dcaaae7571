//! The tokens of a trace.

use super::model::Span;
use super::write::Writer;
use crate::order;
use crate::wire::json::Raw;

/// The attribute of a span that says its tokens.
pub(crate) const USAGE: &str = "mlflow.chat.tokenUsage";

/// How many tokens a model read and wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenUsage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Of those read: found in the service's cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Of those read: put into the service's cache.
    pub cache_creation_input_tokens: Option<u64>,
}

impl TokenUsage {
    /// The usage of an answer in any of the forms services have: `prompt_tokens` and `completion_tokens` of chat,
    /// `input_tokens` and `output_tokens` of Responses and of spans. Nothing when neither is said.
    #[must_use]
    pub fn read(usage: Raw<'_>) -> Option<Self> {
        let number = |value: Option<Raw<'_>>| value.and_then(Raw::as_i64).and_then(|number| u64::try_from(number).ok());
        let either = |one: &str, other: &str| number(usage.get(one)).or_else(|| number(usage.get(other)));
        let input = either("input_tokens", "prompt_tokens");
        let output = either("output_tokens", "completion_tokens");
        if input.is_none() && output.is_none() {
            return None;
        }
        let (input_tokens, output_tokens) = (input.unwrap_or(0), output.unwrap_or(0));
        let cached = |details: &str| number(usage.get(details).and_then(|details| details.get("cached_tokens")));
        let total_tokens =
            number(usage.get("total_tokens")).unwrap_or_else(|| input_tokens.saturating_add(output_tokens));
        Some(Self {
            input_tokens,
            output_tokens,
            total_tokens,
            cache_read_input_tokens: number(usage.get("cache_read_input_tokens"))
                .or_else(|| cached("prompt_tokens_details"))
                .or_else(|| cached("input_tokens_details")),
            cache_creation_input_tokens: number(usage.get("cache_creation_input_tokens")),
        })
    }

    /// As JSON text, in the form of the span attribute `mlflow.chat.tokenUsage`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        out.open('{').key("input_tokens").number(self.input_tokens);
        out.key("output_tokens").number(self.output_tokens).key("total_tokens").number(self.total_tokens);
        if let Some(tokens) = self.cache_read_input_tokens {
            out.key("cache_read_input_tokens").number(tokens);
        }
        if let Some(tokens) = self.cache_creation_input_tokens {
            out.key("cache_creation_input_tokens").number(tokens);
        }
        out.close('}');
        out.finish()
    }

    /// The sum over spans, leaving out those inside of one that is counted.
    pub(super) fn of(spans: &[Span]) -> Option<Self> {
        let usage = |span: &Span| Raw::parse(span.attribute(USAGE)?).ok().and_then(Self::read);
        let mut by_id: Vec<&Span> = spans.iter().collect();
        order::sort(&mut by_id, |one, other| one.span_id < other.span_id);
        let parent = |span: &Span| {
            let id = span.parent_id.as_deref()?;
            let at = by_id.binary_search_by(|span| span.span_id.as_str().cmp(id)).ok()?;
            by_id.get(at).copied()
        };
        let mut sum: Option<Self> = None;
        for span in spans {
            let Some(own) = usage(span) else { continue };
            let mut above = parent(span);
            // spans that hold each other in a circle end after as many steps as there are spans
            let mut steps = spans.len();
            let counted = loop {
                match above {
                    Some(ancestor) if steps > 0 => {
                        if ancestor.attribute(USAGE).is_some() {
                            break true;
                        }
                        above = parent(ancestor);
                        steps -= 1;
                    }
                    _ => break false,
                }
            };
            if !counted {
                sum = Some(sum.map_or(own, |sum| sum.plus(own)));
            }
        }
        sum
    }

    fn plus(self, other: Self) -> Self {
        let both = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            total_tokens: self.total_tokens.saturating_add(other.total_tokens),
            cache_read_input_tokens: both(self.cache_read_input_tokens, other.cache_read_input_tokens),
            cache_creation_input_tokens: both(self.cache_creation_input_tokens, other.cache_creation_input_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(id: u32, parent: Option<u32>, tokens: Option<u64>) -> Span {
        let mut span = Span { span_id: format!("{id:016x}"), ..Span::default() };
        span.parent_id = parent.map(|parent| format!("{parent:016x}"));
        if let Some(tokens) = tokens {
            span.attributes.push((USAGE.into(), format!(r#"{{"input_tokens":{tokens},"output_tokens":1}}"#)));
        }
        span
    }

    #[test]
    fn what_is_inside_a_counted_span_is_not_counted_again() {
        let spans = [
            span(1, None, None),
            span(2, Some(1), Some(10)),
            span(3, Some(2), None),
            span(4, Some(3), Some(10)),
            span(5, Some(1), Some(7)),
        ];
        let sum = TokenUsage::of(&spans).unwrap();
        assert_eq!((sum.input_tokens, sum.output_tokens, sum.total_tokens), (17, 2, 19));
        assert_eq!(TokenUsage::of(&spans[..1]), None);
        let circle = [span(1, Some(2), None), span(2, Some(1), None), span(3, Some(1), Some(4))];
        assert_eq!(TokenUsage::of(&circle).unwrap().input_tokens, 4);
    }

    #[test]
    fn usage_is_read_in_each_services_words() {
        for (json, expected) in [
            (
                r#"{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}"#,
                (9, 1, 10, Some(4)),
            ),
            (r#"{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cached_tokens":3}}"#, (9, 1, 10, Some(3))),
            (r#"{"prompt_tokens":9}"#, (9, 0, 9, None)),
        ] {
            let usage = TokenUsage::read(Raw::parse(json).unwrap()).unwrap();
            assert_eq!(
                (usage.input_tokens, usage.output_tokens, usage.total_tokens, usage.cache_read_input_tokens),
                expected
            );
        }
        for nothing in ["{}", "null", r#"{"prompt_tokens":"9"}"#, r#"{"prompt_tokens":-1}"#] {
            assert_eq!(TokenUsage::read(Raw::parse(nothing).unwrap()), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(input in 0..1_u64 << 40, output in 0..1_u64 << 40, read in prop::option::of(0..1_u64 << 40)) {
            let usage = TokenUsage { input_tokens: input, output_tokens: output, total_tokens: input + output,
                cache_read_input_tokens: read, cache_creation_input_tokens: None };
            prop_assert_eq!(TokenUsage::read(Raw::parse(&usage.to_json()).unwrap()), Some(usage));
        }

        #[test]
        fn any_tree_is_summed_once(parents in prop::collection::vec((any::<u32>(), prop::option::of(0..100_u64)), 1..30)) {
            let spans: Vec<Span> = parents.iter().enumerate().map(|(at, (parent, tokens))| {
                let at = u32::try_from(at).unwrap();
                span(at, (at > 0).then(|| parent % at), *tokens)
            }).collect();
            // the plain way: walk each span's ancestors
            let mut expected = None;
            for (at, (_, tokens)) in parents.iter().enumerate() {
                let mut up = at;
                let mut inside = false;
                while up > 0 {
                    up = (parents[up].0 % u32::try_from(up).unwrap()) as usize;
                    inside |= parents[up].1.is_some();
                }
                if let (Some(tokens), false) = (tokens, inside) {
                    expected = Some(expected.unwrap_or(0) + tokens);
                }
            }
            prop_assert_eq!(TokenUsage::of(&spans).map(|sum| sum.input_tokens), expected);
        }
    }
}
