//! A list of messages with named variables: the formatter of chat prompts, on JSON text, so that
//! one code serves both faces. Pure.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::prompts::template::{Template, invalid, is_name, missing};
use crate::prompts::values::{Given, Lookup};
use crate::wire::json::{Raw, push_string};

/// A parsed chat prompt.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    /// A role and a content whose texts are templates.
    Template { role: String, content: Vec<Piece> },
    /// A message that is sent as it is.
    Fixed(String),
    /// A place for messages.
    Placeholder { name: String, optional: bool, last: Option<usize> },
}

/// A piece of a JSON text.
#[derive(Clone, Debug)]
enum Piece {
    Json(String),
    Text(Template),
}

impl Messages {
    /// Parses a JSON array of messages: a string (what the user says), a `[role, content]` pair
    /// whose texts are templates, a message object (sent as it is), or
    /// `{"placeholder":name,"optional":bool,"last":number}`.
    ///
    /// # Errors
    /// `InvalidInput`, saying which message does not fit and why.
    pub(crate) fn parse(spec: &str) -> Result<Self> {
        let root = Raw::parse(spec)?;
        if !root.is_array() {
            return Err(invalid("A chat prompt is made of a list of messages: write [[role, template], …]."));
        }
        let mut entries = Vec::new();
        for (at, item) in root.items().enumerate() {
            entries.push(entry(item).map_err(|fault| of_message(at, &fault))?);
        }
        if entries.is_empty() {
            return Err(invalid("A chat prompt needs at least one message."));
        }
        Ok(Self { entries })
    }

    /// The names that need a value, each once, in order.
    pub(crate) fn variables(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        for entry in &self.entries {
            match entry {
                Entry::Template { content, .. } => {
                    for piece in content {
                        if let Piece::Text(template) = piece {
                            template.variables().for_each(&mut add);
                        }
                    }
                }
                Entry::Placeholder { name, optional: false, .. } => add(name),
                Entry::Placeholder { .. } | Entry::Fixed(_) => {}
            }
        }
        names
    }

    /// The placeholders that may be left out.
    pub(crate) fn optional(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Placeholder { name, optional: true, .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// The messages as the JSON text of an array of message objects.
    ///
    /// # Errors
    /// `InvalidInput` for a value that is missing or does not fit.
    pub(crate) fn render(&self, values: &dyn Lookup) -> Result<String> {
        let variables = self.variables();
        let absent: Vec<&str> =
            variables.iter().map(String::as_str).filter(|name| values.given(name).is_none()).collect();
        if !absent.is_empty() {
            return Err(missing(&absent, values));
        }
        let mut out = String::from("[");
        for entry in &self.entries {
            match entry {
                Entry::Fixed(message) => {
                    comma(&mut out);
                    out.push_str(message);
                }
                Entry::Template { role, content } => {
                    comma(&mut out);
                    open(&mut out, role);
                    for piece in content {
                        match piece {
                            Piece::Json(text) => out.push_str(text),
                            Piece::Text(template) => push_string(&mut out, &template.render(values)?),
                        }
                    }
                    out.push('}');
                }
                Entry::Placeholder { name, last, .. } => {
                    if let Some(given) = values.given(name) {
                        push_given(&mut out, name, given, *last)?;
                    }
                }
            }
        }
        out.push(']');
        Ok(out)
    }
}

fn comma(out: &mut String) {
    if !out.ends_with('[') {
        out.push(',');
    }
}

fn open(out: &mut String, role: &str) {
    out.push_str("{\"role\":");
    push_string(out, role);
    out.push_str(",\"content\":");
}

/// The service's word for a role that may be in LangChain's.
pub(crate) fn role_of(word: &str) -> &str {
    match word {
        "human" => "user",
        "ai" => "assistant",
        other => other,
    }
}

fn of_message(at: usize, fault: &Error) -> Error {
    invalid(format!("Message {at} of the prompt: {}", fault.message()))
}

fn entry(item: Raw<'_>) -> Result<Entry> {
    if item.is_string() {
        return Ok(Entry::Template { role: "user".to_owned(), content: content(item)? });
    }
    if item.is_array() {
        let (role, given) = pair(item)?;
        if role == "placeholder" {
            return placeholder(given);
        }
        if !given.is_string() && !given.is_array() {
            return Err(invalid("The content must be a template or a list of typed parts."));
        }
        return Ok(Entry::Template { role: role_of(&role).to_owned(), content: content(given)? });
    }
    // a message may have a field of this name
    let place = if item.get_some("role").is_none() { item.get_some("placeholder") } else { None };
    if let Some(name) = place.and_then(Raw::as_str) {
        let last = match item.get_some("last") {
            None => None,
            Some(last) => {
                Some(last.as_i64().and_then(|last| usize::try_from(last).ok()).filter(|last| *last > 0).ok_or_else(
                    || invalid("The number of messages a placeholder keeps must be a whole number, 1 or more."),
                )?)
            }
        };
        return named(&name, item.get_some("optional").and_then(Raw::as_bool).unwrap_or(false), last);
    }
    let mut fixed = String::new();
    push_message(&mut fixed, item)?;
    Ok(Entry::Fixed(fixed))
}

/// LangChain's short form: `"{name}"` (optional) or `["{name}", optional]`.
fn placeholder(given: Raw<'_>) -> Result<Entry> {
    let wrong = || {
        invalid(
            "A placeholder names its variable in braces: write [\"placeholder\", \"{history}\"], or a MessagesPlaceholder.",
        )
    };
    let (name, optional) = match given.at(0) {
        Some(name) => (name.as_str(), given.at(1).and_then(Raw::as_bool).ok_or_else(wrong)?),
        None => (given.as_str(), true),
    };
    let name = name.as_deref().and_then(|name| name.strip_prefix('{')).and_then(|name| name.strip_suffix('}'));
    named(name.ok_or_else(wrong)?, optional, None)
}

fn named(name: &str, optional: bool, last: Option<usize>) -> Result<Entry> {
    if !is_name(name) {
        return Err(invalid("A placeholder's name may hold letters, digits, `_` and `-`, no digit first."));
    }
    Ok(Entry::Placeholder { name: name.to_owned(), optional, last })
}

fn pair<'a>(item: Raw<'a>) -> Result<(Cow<'a, str>, Raw<'a>)> {
    let mut items = item.items();
    let (role, content, more) = (items.next().and_then(Raw::as_str), items.next(), items.next());
    match (role, content, more) {
        (Some(role), Some(content), None) => Ok((role, content)),
        _ => Err(invalid("A message given as a list must be a [role, content] pair.")),
    }
}

/// Every text inside is a template; the rest stays as it is.
fn content(given: Raw<'_>) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    walk(&mut pieces, given)?;
    Ok(pieces)
}

fn walk(pieces: &mut Vec<Piece>, value: Raw<'_>) -> Result<()> {
    if let Some(text) = value.as_str() {
        pieces.push(Piece::Text(Template::parse(&text)?));
        return Ok(());
    }
    let (end, mut mark) = if value.is_object() {
        ("}", "{")
    } else if value.is_array() {
        ("]", "[")
    } else {
        pieces.push(Piece::Json(value.text().to_owned()));
        return Ok(());
    };
    let mut next = |pieces: &mut Vec<Piece>| pieces.push(Piece::Json(std::mem::replace(&mut mark, ",").to_owned()));
    for (name, inner) in value.fields() {
        next(pieces);
        let mut key = String::new();
        push_string(&mut key, &name);
        key.push(':');
        pieces.push(Piece::Json(key));
        walk(pieces, inner)?;
    }
    for inner in value.items() {
        next(pieces);
        walk(pieces, inner)?;
    }
    if mark != "," {
        pieces.push(Piece::Json(mark.to_owned()));
    }
    pieces.push(Piece::Json(end.to_owned()));
    Ok(())
}

/// Messages that were given for a placeholder.
fn push_given(out: &mut String, name: &str, given: Given<'_>, last: Option<usize>) -> Result<()> {
    let list = match &given {
        Given::Json(json) => Some(Raw::trusted(json)).filter(|raw| raw.is_array()),
        Given::Text(_) => None,
    };
    let Some(list) = list else {
        return Err(invalid(format!("The value of `{name}` must be a list of messages.")));
    };
    let count = list.items().count();
    let skipped = last.map_or(0, |last| count.saturating_sub(last));
    for (at, item) in list.items().enumerate().skip(skipped) {
        comma(out);
        push_message(out, item).map_err(|fault| invalid(format!("Message {at} of `{name}`: {}", fault.message())))?;
    }
    Ok(())
}

/// A message as an object; its texts are not templates.
fn push_message(out: &mut String, item: Raw<'_>) -> Result<()> {
    if item.is_string() {
        open(out, "user");
        out.push_str(item.text());
        out.push('}');
        return Ok(());
    }
    if item.is_array() {
        let (role, content) = pair(item)?;
        open(out, role_of(&role));
        out.push_str(content.text());
        out.push('}');
        return Ok(());
    }
    let Some(role) = item.get_some("role").and_then(Raw::as_str) else {
        return Err(invalid(
            "It is no message: give text, a [role, content] pair, or an object with a role such as answer.message.",
        ));
    };
    let word = role_of(&role);
    if word == role {
        out.push_str(item.text());
        return Ok(());
    }
    let mut mark = '{';
    for (name, value) in item.fields() {
        out.push(std::mem::replace(&mut mark, ','));
        push_string(out, &name);
        out.push(':');
        if name == "role" {
            push_string(out, word);
        } else {
            out.push_str(value.text());
        }
    }
    out.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    fn render(spec: &str, values: &str) -> Result<String> {
        Messages::parse(spec)?.render(&Raw::parse(values)?)
    }

    #[test]
    fn pairs_texts_objects_and_placeholders() {
        let spec = r#"[["system","You help {team}."],{"placeholder":"history","optional":true},{"role":"ai","content":"{as} it {is"},"{question} {{}}"]"#;
        let prompt = Messages::parse(spec).unwrap();
        assert_eq!(prompt.variables(), ["team", "question"]);
        assert_eq!(
            render(spec, r#"{"team":"a \"b\"","question":"{team}?"}"#).unwrap(),
            r#"[{"role":"system","content":"You help a \"b\"."},{"role":"assistant","content":"{as} it {is"},{"role":"user","content":"{team}? {}"}]"#
        );
        assert_eq!(
            render(
                r#"[["placeholder","{h}"],["human","{n}{b}"]]"#,
                r#"{"h":["Hi",["ai","Yes {n}"],{"role":"tool","tool_call_id":"a","content":"4"}],"n":1.50,"b":true,"extra":null}"#
            )
            .unwrap(),
            r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes {n}"},{"role":"tool","tool_call_id":"a","content":"4"},{"role":"user","content":"1.50true"}]"#
        );
    }

    #[test]
    fn placeholders_may_be_required_and_keep_the_last_messages() {
        let spec = r#"[{"placeholder":"h","last":2}]"#;
        assert_eq!(Messages::parse(spec).unwrap().variables(), ["h"]);
        assert_eq!(
            render(spec, r#"{"h":["a","b","c"]}"#).unwrap(),
            r#"[{"role":"user","content":"b"},{"role":"user","content":"c"}]"#
        );
        assert!(render(spec, "{}").unwrap_err().message().contains("`h` (nothing was given)"));
        assert!(render(r#"[["placeholder",["{h}",false]]]"#, "{}").is_err());
        assert_eq!(
            render(r#"[["placeholder",["{h}",true]],"x"]"#, "{}").unwrap(),
            r#"[{"role":"user","content":"x"}]"#
        );
        assert_eq!(
            render(r#"[["placeholder","{h}"],"x"]"#, r#"{"h":[]}"#).unwrap(),
            r#"[{"role":"user","content":"x"}]"#
        );
    }

    #[test]
    fn a_message_with_a_field_named_placeholder_is_a_message() {
        let spec = r#"[{"role":"user","content":"{x}","placeholder":"p"}]"#;
        assert!(Messages::parse(spec).unwrap().variables().is_empty());
        assert_eq!(render(spec, "{}").unwrap(), spec);
    }

    #[test]
    fn parts_are_templates_too() {
        assert_eq!(
            render(
                r#"[["human",[{"type":"text","text":"See {what}"},{"type":"image_url","image_url":{"url":"{url}","detail":"low"}},{"n":[],"o":{},"k":[1,null]}]]]"#,
                r#"{"what":"\"it\"","url":"data:{x}"}"#
            )
            .unwrap(),
            r#"[{"role":"user","content":[{"type":"text","text":"See \"it\""},{"type":"image_url","image_url":{"url":"data:{x}","detail":"low"}},{"n":[],"o":{},"k":[1,null]}]}]"#
        );
    }

    #[test]
    fn refusals_say_which_message_and_why() {
        let refusal = |spec: &str| {
            let error = Messages::parse(spec).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{spec}");
            error.message().to_owned()
        };
        assert!(refusal("{}").contains("list of messages"));
        assert!(refusal("[]").contains("at least one"));
        assert!(refusal(r#"["a",["system","{x"]]"#).starts_with("Message 1 of the prompt: The template"));
        assert!(refusal(r#"[["system"]]"#).contains("pair"));
        assert!(refusal(r#"[["system","a","b"]]"#).contains("pair"));
        assert!(refusal(r#"[["system",7]]"#).contains("content"));
        assert!(refusal(r#"[{"content":"x"}]"#).contains("role"));
        assert!(refusal(r#"[7]"#).contains("no message"));
        assert!(refusal(r#"[["placeholder","history"]]"#).contains("{history}"));
        assert!(refusal(r#"[["placeholder",["{h}"]]]"#).contains("MessagesPlaceholder"));
        assert!(refusal(r#"[{"placeholder":"a b"}]"#).contains("name"));
        assert!(refusal(r#"[{"placeholder":"a","last":0}]"#).contains("1 or more"));
        for (values, says) in [
            (r#"{"h":"Hi"}"#, "`h` must be a list"),
            (r#"{"h":{"role":"user"}}"#, "`h` must be a list"),
            (r#"{"h":[{"choices":[]}]}"#, "Message 0 of `h`"),
            (r#"{"h":[["user"]]}"#, "pair"),
        ] {
            assert!(render(r#"[{"placeholder":"h"}]"#, values).unwrap_err().message().contains(says), "{values}");
        }
        for (value, says) in [("null", "null"), ("{}", "an object"), ("[1]", "a list")] {
            let error = render(r#"["{a}"]"#, &format!(r#"{{"a":{value}}}"#)).unwrap_err();
            assert!(error.message().contains(says), "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_value_stands_in_the_messages_as_it_was(value: String, history: String) {
            let values = serde_json::json!({"it": value, "h": [history, ["ai", history]]}).to_string();
            let text = render(r#"[["system","<{it}>"],["placeholder","{h}"],["human",[{"type":"text","text":"{it}"}]]]"#, &values).unwrap();
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read[0]["content"], &serde_json::json!(format!("<{value}>")));
            prop_assert_eq!(&read[1]["content"], &serde_json::json!(history));
            prop_assert_eq!(&read[2]["content"], &serde_json::json!(history));
            prop_assert_eq!(&read[3]["content"][0]["text"], &serde_json::json!(value));
        }

        #[test]
        fn arbitrary_json_never_panics(text in r#"[\[\]{}",:a0]{0,24}"#) {
            if let Ok(prompt) = Messages::parse(&text) {
                let _ = prompt.render(&Raw::trusted("{}"));
            }
        }
    }
}
