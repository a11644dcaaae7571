//! Answers from passages: documents in a prompt or from a retrieval tool, with the numbers of their sources.

use serde_json::Value;

use super::Tool;
use super::conversation::{Message, Role, ToolResult, question};
use super::text::{asks, capitalised, is_common, sentences, stems, unlabelled, words};

/// Labels before the passages of a prompt.
const LABELS: &[&str] =
    &["context:", "passages:", "documents:", "sources:", "retrieved documents:", "context information:", "excerpts:"];
/// Labels before the question behind them.
const QUESTIONS: &[&str] = &["question:", "query:", "user question:", "user:"];
/// Most sentences of an answer.
const MOST: usize = 3;

/// One passage with the number it is quoted by.
#[derive(Debug, Clone, PartialEq)]
struct Passage {
    number: usize,
    text: String,
}

/// The answer from the passages of the conversation; `None` where there are none.
#[must_use]
pub fn answer(messages: &[Message], results: &[ToolResult<'_>]) -> Option<String> {
    let asked = question(messages);
    let mut found: Vec<Passage> = Vec::new();
    for result in results {
        for text in documents(result.text)? {
            found.push(Passage { number: found.len() + 1, text });
        }
    }
    let mut wanted = asked.to_owned();
    if results.is_empty() {
        let told = messages.iter().filter(|message| matches!(message.role, Role::System | Role::User));
        for message in told {
            let (passages, rest) = in_prompt(&message.text);
            if !passages.is_empty() {
                found = passages;
                if std::ptr::eq(message.text.as_str(), asked) {
                    wanted = rest;
                }
            }
        }
    }
    if found.is_empty() || stems(&wanted).is_empty() || super::answers::asks_for_summary(&wanted) {
        return None;
    }
    Some(from(&wanted, &found))
}

/// The best sentences, each with its source.
fn from(question: &str, passages: &[Passage]) -> String {
    let mut keys = stems(question);
    keys.sort();
    keys.dedup();
    let all: Vec<(usize, &str, Vec<String>)> = passages
        .iter()
        .flat_map(|passage| {
            sentences(&passage.text).into_iter().map(|sentence| (passage.number, unlabelled(sentence), stems(sentence)))
        })
        .filter(|(_, sentence, _)| !asks(sentence))
        .collect();
    let about: Vec<(usize, Vec<String>)> =
        passages.iter().map(|passage| (passage.number, stems(&passage.text))).collect();
    let rarity = |key: &String| {
        let holding = all.iter().filter(|(_, _, stems)| stems.contains(key)).count() as f64;
        (1.0 + all.len() as f64 / (1.0 + holding)).ln()
    };
    let mut scored: Vec<(f64, usize, usize, &str)> = Vec::new();
    for (order, (number, sentence, stems)) in all.iter().enumerate() {
        let met: Vec<&String> = keys.iter().filter(|key| stems.contains(key)).collect();
        if met.is_empty() {
            continue;
        }
        // what the rest of the passage is about counts a little
        let around = about
            .iter()
            .filter(|(of, _)| of == number)
            .flat_map(|(_, stems)| keys.iter().filter(|key| stems.contains(key)))
            .count() as f64;
        let points = met.iter().map(|key| rarity(key)).sum::<f64>()
            + 0.2 * around
            + super::answers::kind_bonus(question, sentence);
        let share = met.len() as f64 / keys.len() as f64;
        if share >= 0.3 || keys.len() > 4 && met.len() > 1 {
            scored.push((points, order, *number, sentence));
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let Some(top) = scored.first().map(|(points, ..)| *points) else {
        let count = match passages.len() {
            1 => "the one passage".to_owned(),
            many => format!("the {many} passages"),
        };
        return format!("That is not in the documents: nothing in {count} I was given speaks of it.");
    };
    scored.retain(|(points, ..)| *points >= 0.7 * top);
    scored.truncate(MOST);
    scored.sort_by_key(|(_, order, ..)| *order);
    let mut lines: Vec<String> = Vec::new();
    for (_, _, number, sentence) in scored {
        let end = if sentence.ends_with(['.', '!', '?', ':']) { "" } else { "." };
        let line = format!("{}{end} [{number}]", capitalised(sentence));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join(" ")
}

/// The passages of a prompt, and the question in it.
fn in_prompt(text: &str) -> (Vec<Passage>, String) {
    let lower = text.to_lowercase();
    let mut starts: Vec<(usize, usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let inner = line.trim_start();
        let number = inner
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(number, _)| number.parse::<usize>().ok());
        if let Some(number) = number {
            let behind = at + (line.len() - inner.len()) + number.to_string().len() + 2;
            starts.push((number, at, behind));
        }
        at += line.len();
    }
    let question_at = QUESTIONS.iter().filter_map(|label| line_start(&lower, label)).max();
    if starts.first().is_some_and(|(number, ..)| *number <= 1) {
        let first = starts.first().map_or(0, |(_, at, _)| *at);
        let end_of_all = question_at.filter(|(start, _)| *start > first).map_or(text.len(), |(start, _)| start);
        let mut passages = Vec::new();
        let mut last_end = first;
        for (index, (number, _, behind)) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(end_of_all, |(_, next, _)| *next);
            let body = text.get(*behind..end.max(*behind)).unwrap_or_default();
            // without a label, the last passage ends at a blank line: the question follows
            let cut = if index + 1 == starts.len() && question_at.is_none() { body.find("\n\n") } else { None };
            let body = cut.and_then(|cut| body.get(..cut)).unwrap_or(body);
            last_end = behind + body.len();
            passages.push(Passage { number: *number, text: body.trim().to_owned() });
        }
        let rest = match question_at {
            Some((_, behind)) => text.get(behind..).and_then(|rest| rest.trim().lines().next()),
            None => text.get(last_end..).map(str::trim).filter(|rest| !rest.is_empty()).or_else(|| text.get(..first)),
        };
        return (passages, rest.unwrap_or_default().to_owned());
    }
    let label = LABELS.iter().filter_map(|label| line_start(&lower, label)).min();
    let Some((start, behind)) = label.filter(|_| lower.len() == text.len()) else { return (Vec::new(), String::new()) };
    let end = question_at.filter(|(question, _)| *question > start).map_or(text.len(), |(question, _)| question);
    let body = text.get(behind..end).unwrap_or_default().trim();
    if body.is_empty() {
        return (Vec::new(), String::new());
    }
    let parts = body.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    let passages =
        parts.enumerate().map(|(index, text)| Passage { number: index + 1, text: text.to_owned() }).collect();
    let rest = question_at.and_then(|(_, behind)| text.get(behind..)).and_then(|rest| rest.trim().lines().next());
    (passages, rest.or_else(|| text.get(..start)).unwrap_or_default().to_owned())
}

/// Where a label stands at the beginning of a line, and the place behind it.
fn line_start(lower: &str, label: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut found = None;
    for line in lower.split_inclusive('\n') {
        let inner = line.trim_start();
        if inner.starts_with(label) {
            let start = at + (line.len() - inner.len());
            found = Some((start, start + label.len()));
        }
        at += line.len();
    }
    found
}

/// The documents of a retrieval tool's result: JSON, Python's print of LangChain documents, or XML-like blocks.
fn documents(text: &str) -> Option<Vec<String>> {
    const KEYS: &[&str] = &["page_content", "content", "text", "chunk"];
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let list = match &value {
            Value::Array(list) => list.clone(),
            Value::Object(map) => {
                ["documents", "results", "passages"].iter().find_map(|key| map.get(*key)?.as_array().cloned())?
            }
            _ => return None,
        };
        let of = |item: &Value| KEYS.iter().find_map(|key| item.get(*key)?.as_str().map(str::to_owned));
        let found: Vec<String> = list.iter().filter_map(of).collect();
        return (!found.is_empty() && found.len() == list.len()).then_some(found);
    }
    if text.contains("page_content=") {
        let pieces = text.split("page_content=").skip(1);
        let found: Vec<String> = pieces
            .filter_map(|piece| {
                let open = piece.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                let inside = piece.get(1..)?;
                let ends = [format!("{open})"), format!("{open}, ")];
                let end = ends.iter().filter_map(|end| inside.find(end.as_str())).min()?;
                Some(inside.get(..end)?.replace("\\n", "\n").replace("\\'", "'"))
            })
            .collect();
        return (!found.is_empty()).then_some(found);
    }
    let blocks: Vec<String> = text
        .split("<page_content>")
        .skip(1)
        .filter_map(|piece| piece.split("</page_content>").next().map(|inside| inside.trim().to_owned()))
        .collect();
    (!blocks.is_empty()).then_some(blocks)
}

/// The call of a retrieval tool for a question that no other tool fits: it takes one text, and its description speaks of retrieval.
#[must_use]
pub fn retrieval(asked: &str, tools: &[Tool]) -> Option<(String, Value)> {
    let carries = words(asked).filter(|word| !is_common(word)).count() > 0;
    if !sentences(asked).iter().any(|sentence| asks(sentence)) || !carries || super::answers::asks_who(asked) {
        return None;
    }
    let tool = tools.iter().find(|tool| {
        let properties = tool.parameters.get("properties").and_then(Value::as_object);
        let one = properties.is_some_and(|all| {
            all.get("query").is_some_and(|query| query.get("type") == Some(&Value::from("string")))
                && all.keys().all(|key| matches!(key.as_str(), "query" | "filters"))
        });
        let about: Vec<String> = words(&tool.description).collect();
        one && about.iter().any(|word| {
            word.starts_with("retriev")
                || word.starts_with("search")
                || matches!(word.as_str(), "index" | "documents" | "vector" | "docs" | "passages")
        })
    })?;
    Some((tool.name.clone(), serde_json::json!({ "query": asked.trim() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: Role, text: &str) -> Message {
        Message { role, text: text.to_owned(), ..Message::default() }
    }

    #[test]
    fn numbered_passages_are_quoted_by_number() {
        let prompt = "Answer from these passages.\n\n[1] Lakes freeze in winter. Ice is thick.\n[2] The emulator listens on port 8787 by default.\n\n\
            Question: Which port does the emulator listen on?";
        let told = answer(&[said(Role::User, prompt)], &[]).unwrap();
        assert_eq!(told, "The emulator listens on port 8787 by default. [2]");
        let none = answer(
            &[said(Role::User, &prompt.replace("Which port does the emulator listen on?", "Who painted Guernica?"))],
            &[],
        )
        .unwrap();
        assert!(none.starts_with("That is not in the documents"), "{none}");
    }

    #[test]
    fn context_in_the_system_prompt_and_the_question_alone() {
        let system = "Use the context.\nContext:\nTokens live for an hour.\n\nSecrets are kept in scopes.";
        let told = answer(&[said(Role::System, system), said(Role::User, "Where are secrets kept?")], &[]).unwrap();
        assert_eq!(told, "Secrets are kept in scopes. [2]");
    }

    #[test]
    fn documents_of_tools() {
        assert_eq!(
            documents(r#"[{"page_content":"One.","metadata":{}},{"page_content":"Two."}]"#).unwrap(),
            ["One.", "Two."]
        );
        let python = "[Document(metadata={'id': '1'}, page_content='Dogs bark.\\nLoudly.'), Document(page_content=\"Cat's meow.\", metadata={})]";
        assert_eq!(documents(python).unwrap(), ["Dogs bark.\nLoudly.", "Cat's meow."]);
        assert_eq!(documents("it is sunny"), None);
        assert_eq!(documents(r#"{"temperature":21}"#), None);
    }

    #[test]
    fn a_plain_conversation_holds_no_passages() {
        assert_eq!(answer(&[said(Role::User, "My name is Ann. What is my name?")], &[]), None);
        assert_eq!(answer(&[said(Role::User, "[citation needed] is a joke, is it?")], &[]), None);
    }
}
