//! Answers in words: the sentences of the conversation that answer the question, and honesty where there are none.

use serde_json::{Map, Value, json};

use super::conversation::{Message, Role, ToolCall, question};
use super::text::{asks, sentences, stem, stems, turned, unlabelled, words};
use super::{arithmetic, mentions};

/// What the answer function returns: the text, no tool calls, and why.
type Answer = (String, Vec<ToolCall>, String);

/// A sentence that may answer, and who said it.
struct Known {
    text: String,
    stems: Vec<String>,
    role: Role,
    /// Newer sentences win among equals.
    order: usize,
}

/// Answers the last question from the conversation.
#[must_use]
pub fn answer(messages: &[Message], draw: u64) -> Answer {
    let asked = question(messages);
    let plain = |text: String, why: &str| (text, Vec::new(), why.to_owned());
    if asks_who(asked) {
        return plain(who(), "The person asks what answers here.");
    }
    if let Some(text) = literal(asked) {
        return plain(text, "The person asks for a text that stands in the request.");
    }
    let known = known(messages);
    if asks_for_summary(asked) {
        let said: Vec<&Known> = known.iter().filter(|sentence| sentence.role != Role::System).collect();
        if said.len() > 1 {
            return plain(
                summary(&said),
                "The person asks for a summary; the sentences that share most words with the rest carry it.",
            );
        }
    }
    let questions: Vec<&str> = sentences(asked).into_iter().map(unlabelled).filter(|sentence| asks(sentence)).collect();
    if questions.is_empty() {
        return statement(asked, draw);
    }
    let mut found = Vec::new();
    let mut open = Vec::new();
    for question in &questions {
        let best = best(question, &known);
        if best.is_empty() {
            match arithmetic::find(question).and_then(|e| arithmetic::evaluate(&e).map(|value| (e, value))) {
                Some((expression, value)) => found.push(format!("{expression} = **{}**", arithmetic::written(value))),
                None => open.push(*question),
            }
        }
        for text in best {
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    let why =
        format!("The question is about {}. {} sentence(s) of the conversation meet it.", topic(asked), found.len());
    match (found.as_slice(), open.is_empty()) {
        ([], _) => (nothing(asked, messages, draw), Vec::new(), why),
        ([one], true) => (one.clone(), Vec::new(), why),
        (all, settled) => {
            let bullets: Vec<String> = all.iter().map(|text| format!("- {text}")).collect();
            let mut text = format!(
                "{}\n\n{}",
                opening(draw, &["From what you gave me:", "This is what the text says:", "I found this:"]),
                bullets.join("\n")
            );
            if !settled {
                text.push_str(&format!("\n\nI found nothing about {}.", topics(&open)));
            }
            (text, Vec::new(), why)
        }
    }
}

fn opening<'o>(draw: u64, all: &[&'o str]) -> &'o str {
    let index = usize::try_from(draw % all.len().max(1) as u64).unwrap_or(0);
    all.get(index).copied().unwrap_or_default()
}

pub(super) fn asks_who(asked: &str) -> bool {
    let plain = words(asked).collect::<Vec<_>>().join(" ");
    let forms = [
        "what can you",
        "what do you do",
        "how do you work",
        "who are you",
        "what are you",
        "which model",
        "what model",
        "are you a",
        "are you an",
        "your name",
        "introduce yourself",
    ];
    // "You are a helpful assistant. What is your name policy?" is still about the speaker; "my name" is not
    forms.iter().any(|form| plain.contains(form)) && plain.split(' ').count() < 16
}

fn who() -> String {
    "I am the **stand-in model** of the lakewire emulator. I am not a language model: I read the conversation, find the \
     sentences that answer, call tools whose description fits, and fill in JSON by its schema. The same input always gives the \
     same answer.\n\nTo talk with a real model, start the emulator with `--upstream URL`, or point the page at a workspace."
        .to_owned()
}

/// Requests whose answer stands in them: "say X", "reply with X", "count to 5".
fn literal(asked: &str) -> Option<String> {
    let lower = asked.trim().to_lowercase();
    let lower = lower.strip_prefix("please ").unwrap_or(&lower);
    let found = mentions::words(asked);
    if lower.starts_with("count ") {
        let numbers = mentions::numbers(&found);
        let (low, high) = match numbers.as_slice() {
            [high] => (1.0, high.value),
            [low, high, ..] => (low.value, high.value),
            [] => return None,
        };
        if low.fract() != 0.0 || high.fract() != 0.0 || !(low..=low + 2000.0).contains(&high) {
            return None;
        }
        let all: Vec<String> = (low as i64..=high as i64).map(|number| number.to_string()).collect();
        return Some(all.join(", "));
    }
    let verbs = ["say ", "repeat ", "reply with ", "respond with ", "answer with ", "echo ", "write "];
    let verb = verbs.iter().find(|verb| lower.starts_with(**verb))?;
    if let Some(quote) = mentions::quoted(asked).first() {
        return Some((*quote).to_owned());
    }
    if *verb == "write " {
        return None;
    }
    let start = asked.to_lowercase().find(verb)? + verb.len();
    let rest = asked.get(start..)?.trim();
    let rest = rest.trim_start_matches("after me:").trim().trim_end_matches(['.', '!']);
    let fillers = ["exactly:", "exactly", "only", "just", "the word", "the single word", "one word:", ":"];
    let mut rest = rest.to_owned();
    for filler in fillers {
        if let Some(tail) = rest.strip_prefix(filler) {
            rest = tail.trim().to_owned();
        }
    }
    (!rest.is_empty()).then_some(rest)
}

pub(super) fn asks_for_summary(asked: &str) -> bool {
    words(asked)
        .any(|word| matches!(word.as_str(), "summarize" | "summarise" | "summary" | "tl;dr" | "tldr" | "condense"))
}

/// Everything said that can answer: all but the assistant's words and the questions themselves.
fn known(messages: &[Message]) -> Vec<Known> {
    let told = messages.iter().filter(|message| message.role != Role::Assistant);
    let said =
        told.flat_map(|message| sentences(&message.text).into_iter().map(move |text| (message.role, unlabelled(text))));
    let mut known: Vec<Known> = Vec::new();
    // names of the sentence before, for one that goes on with "it" or "she"
    let mut names: Vec<String> = Vec::new();
    for (role, text) in said {
        if role == Role::User && asks(text) {
            continue;
        }
        let mut stems = stems(text);
        let goes_on = words(text).next().is_some_and(|word| {
            matches!(word.as_str(), "it" | "he" | "she" | "they" | "its" | "his" | "her" | "their" | "this")
        });
        if goes_on {
            stems.extend(names.iter().cloned());
        } else {
            let openers = text.split_whitespace().take(4).filter(|word| word.starts_with(char::is_uppercase));
            names = openers.flat_map(super::text::stems).collect();
        }
        known.push(Known { text: text.to_owned(), stems, role, order: known.len() });
    }
    known
}

/// The sentences that answer a question, best first, at most three.
fn best(question: &str, known: &[Known]) -> Vec<String> {
    let keys = stems(question);
    if keys.is_empty() {
        return Vec::new();
    }
    let total = known.len().max(1) as f64;
    let rarity = |key: &String| {
        let holding = known.iter().filter(|sentence| sentence.stems.contains(key)).count() as f64;
        (1.0 + total / (1.0 + holding)).ln()
    };
    let mut scored: Vec<(f64, &Known)> = known
        .iter()
        .filter_map(|sentence| {
            let met: Vec<&String> = keys.iter().filter(|key| sentence.stems.contains(key)).collect();
            // instructions are not facts: they need to meet most of the question
            let needed = if sentence.role == Role::System { keys.len().div_ceil(2) } else { 1 };
            let share = met.len() as f64 / keys.len() as f64;
            if met.len() < needed || share < 0.3 {
                return None;
            }
            let points = met.iter().map(|key| rarity(key)).sum::<f64>() + kind_bonus(question, &sentence.text);
            Some((points, sentence))
        })
        .collect();
    scored.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(right.order.cmp(&left.order)));
    let Some(top) = scored.first().map(|(points, _)| *points) else { return Vec::new() };
    scored.retain(|(points, _)| *points >= 0.75 * top);
    scored.truncate(3);
    scored.into_iter().map(|(_, sentence)| as_told(sentence)).collect()
}

/// Points for holding the kind of thing asked for: a number for "how many", a name for "who".
pub(super) fn kind_bonus(question: &str, sentence: &str) -> f64 {
    let plain: Vec<String> = words(question).collect();
    let has = |word: &str| plain.iter().any(|other| other == word);
    let digits = sentence.contains(|c: char| c.is_ascii_digit());
    let found = mentions::words(sentence);
    let fits = (has("when") || has("many") || has("much") || has("year") || has("old")) && digits
        || has("who") && !mentions::names(&found).is_empty()
        || has("where")
            && words(sentence).any(|word| matches!(word.as_str(), "in" | "at" | "from" | "near" | "lives" | "live"))
        || has("why") && sentence.to_lowercase().contains("because");
    if fits { 0.6 } else { 0.0 }
}

/// A sentence as the assistant says it: what a person said of themselves is said of "you".
fn as_told(sentence: &Known) -> String {
    let text = if sentence.role == Role::User { turned(&sentence.text) } else { sentence.text.clone() };
    if text.ends_with(['.', '!', '?', ':']) { text } else { format!("{text}.") }
}

fn summary(said: &[&Known]) -> String {
    let total = said.len();
    let wanted = total.div_ceil(3).clamp(1, 5);
    let weight = |sentence: &Known| {
        let shared =
            sentence.stems.iter().map(|word| said.iter().filter(|other| other.stems.contains(word)).count() - 1);
        shared.sum::<usize>() as f64 / (sentence.stems.len().max(4) as f64).sqrt()
    };
    let mut ranked: Vec<(f64, &&Known)> = said.iter().map(|sentence| (weight(sentence), sentence)).collect();
    ranked.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(left.order.cmp(&right.order)));
    ranked.truncate(wanted);
    ranked.sort_by_key(|(_, sentence)| sentence.order);
    let bullets: Vec<String> = ranked.iter().map(|(_, sentence)| format!("- {}", as_told(sentence))).collect();
    format!("**Summary** ({} of {total} sentences):\n\n{}", bullets.len(), bullets.join("\n"))
}

/// The answer to something that is no question.
fn statement(asked: &str, draw: u64) -> Answer {
    let greeting =
        words(asked).next().is_some_and(|word| matches!(word.as_str(), "hello" | "hi" | "hey" | "hallo" | "greetings"));
    let said = sentences(asked);
    if asked.trim().is_empty() || (greeting && words(asked).count() <= 4) {
        let text = "Hello! I am the emulator's **stand-in model**. Tell me something, and then ask me about it; or give me a \
                    passage, tools or a JSON schema to work with.";
        return (text.to_owned(), Vec::new(), "A greeting.".to_owned());
    }
    let told: Vec<String> = said.iter().take(5).map(|sentence| turned(sentence)).collect();
    let text = match told.as_slice() {
        [one] => format!(
            "{} {} Ask me about it whenever you like.",
            opening(draw, &["Noted:", "I will keep that in mind:", "Understood:"]),
            ended(one)
        ),
        all => {
            let bullets: Vec<String> = all.iter().map(|text| format!("- {}", ended(text))).collect();
            format!(
                "{}\n\n{}\n\nAsk me about any of it.",
                opening(draw, &["Noted:", "I will keep that in mind:", "Understood:"]),
                bullets.join("\n")
            )
        }
    };
    (text, Vec::new(), "The person states facts; they may be asked for later.".to_owned())
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

fn topic(text: &str) -> String {
    let mut seen: Vec<String> = Vec::new();
    for word in words(text) {
        let carries = !stems(&word).is_empty() && !asks(&word);
        if carries && !seen.contains(&word) && !seen.iter().any(|other| stem(other) == stem(&word)) {
            seen.push(word);
        }
    }
    seen.truncate(6);
    if seen.is_empty() {
        "nothing I can name".to_owned()
    } else {
        seen.iter().map(|word| format!("*{word}*")).collect::<Vec<_>>().join(", ")
    }
}

fn topics(open: &[&str]) -> String {
    topic(&open.join(" "))
}

/// The honest answer where the conversation holds none.
fn nothing(asked: &str, messages: &[Message], draw: u64) -> String {
    let turns = messages.iter().filter(|message| message.role == Role::User).count();
    let attachments: Vec<&str> =
        messages.iter().flat_map(|message| message.attachments.iter().map(String::as_str)).collect();
    let mut lines = vec![
        format!(
            "{} I am the emulator's **stand-in model**: I answer from what the conversation says, and it says nothing that answers this.",
            opening(draw, &["I cannot answer that.", "That is beyond me.", "I have no answer to that."])
        ),
        String::new(),
        format!("- I have read {turns} message(s) of yours and found no sentence that meets the question."),
    ];
    if !stems(asked).is_empty() {
        lines.insert(2, format!("- You asked about {}.", topic(asked)));
    }
    if !attachments.is_empty() {
        lines.push(format!(
            "- I cannot see or hear attachments; there are {} ({}).",
            attachments.len(),
            attachments.join(", ")
        ));
    }
    lines.push("- Give me a passage with the facts, or a tool that fits, and ask again.".to_owned());
    lines.push(String::new());
    lines.push("For a real model, start the emulator with `--upstream URL` (Ollama, llama.cpp, vLLM), or set `DATABRICKS_HOST` and `DATABRICKS_TOKEN`.".to_owned());
    lines.join("\n")
}

/// The answer as a JSON object, for `json_object`: the keys that the messages name, or the answer under `answer`.
#[must_use]
pub fn as_object(messages: &[Message]) -> Value {
    let all: String = messages
        .iter()
        .filter(|message| message.role != Role::Assistant)
        .map(|message| message.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    // a schema pasted into the prompt is followed
    if let Some(schema) = pasted_schema(&all) {
        return super::arguments::fill_all(&schema, question(messages));
    }
    let keys = named_keys(&all);
    if keys.is_empty() {
        let (text, _, _) = answer(messages, 0);
        return json!({ "answer": text });
    }
    // the sentence that names the keys is about the form, not the facts
    let facts: Vec<&str> =
        sentences(question(messages)).into_iter().filter(|said| named_keys(said).is_empty()).collect();
    let facts = if facts.is_empty() { question(messages).to_owned() } else { facts.join(" ") };
    let properties: Map<String, Value> = keys.iter().map(|key| (key.clone(), guessed_schema(key))).collect();
    let schema = json!({ "type": "object", "properties": properties, "required": keys });
    super::arguments::fill_all(&schema, &facts)
}

fn pasted_schema(text: &str) -> Option<Value> {
    text.match_indices('{').take(50).find_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(text.get(at..)?).into_iter::<Value>();
        let value = values.next()?.ok()?;
        (value.get("properties").is_some_and(Value::is_object)).then_some(value)
    })
}

/// Keys in the manner of "with the keys name, age and city" or "keys: `a`, `b`".
fn named_keys(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mark = [
        "with the keys",
        "with keys",
        "the keys",
        "keys:",
        "with the fields",
        "with fields",
        "fields:",
        "with the properties",
        "properties:",
    ];
    let Some(rest) = mark.iter().find_map(|mark| lower.find(mark).and_then(|at| text.get(at + mark.len()..))) else {
        return Vec::new();
    };
    let list = rest.split(['.', '\n', ';', '(']).next().unwrap_or_default();
    list.split([',', ' ', '/', ':'])
        .map(|word| word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_')).to_owned())
        .filter(|word| !word.is_empty() && word != "and" && word != "only" && word != "are")
        .take(12)
        .collect()
}

fn guessed_schema(key: &str) -> Value {
    let counts = ["age", "count", "number", "total", "price", "amount", "year", "quantity", "score", "sum", "result"];
    let is = |set: &[&str]| super::text::identifier_words(key).iter().any(|word| set.contains(&word.as_str()));
    if is(&counts) { json!({ "type": "number" }) } else { json!({ "type": "string" }) }
}
