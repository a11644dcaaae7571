//! Values for a JSON schema, read from a text: the arguments of a tool call, or an answer that must follow a schema.

use serde_json::{Map, Number as JsonNumber, Value};

use super::mentions::{self, Word};
use super::text::{identifier_words, sentences, stem, stems};
use super::{arithmetic, text};

/// Deepest nesting of a schema that is followed.
const MAX_DEPTH: usize = 12;

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Only what the text plainly gives.
    Strong,
    /// Also the text around it, and the request itself for free text.
    Fallback,
    /// Every required value, made up in form only if need be.
    Force,
}

/// Values for an object schema.
///
/// # Errors
/// The name of the required property that could not be found.
pub fn fill(schema: &Value, text: &str, context: &str, strength: Strength) -> Result<Value, String> {
    let mut filler = Filler { root: schema, text, context, strength, used: Vec::new() };
    filler.object(schema, 0).map(Value::Object)
}

/// A value that follows `schema` in every required part, whatever its type.
#[must_use]
pub fn fill_all(schema: &Value, text: &str) -> Value {
    let mut filler = Filler { root: schema, text, context: text, strength: Strength::Force, used: Vec::new() };
    filler.value("answer", schema, true, &[], 0).unwrap_or(Value::Null)
}

struct Filler<'f> {
    root: &'f Value,
    text: &'f str,
    context: &'f str,
    strength: Strength,
    /// Texts already given to a property, so that two numbers or two names go to two properties.
    used: Vec<String>,
}

impl<'f> Filler<'f> {
    fn object(&mut self, schema: &Value, depth: usize) -> Result<Map<String, Value>, String> {
        let schema = self.resolved(schema);
        let mut filled = Map::new();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(filled) };
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        for (name, property) in properties {
            let needed = required.contains(&name.as_str());
            match self.value(name, property, needed, &names, depth + 1) {
                Some(value) => {
                    filled.insert(name.clone(), value);
                }
                None if needed => return Err(name.clone()),
                None => {}
            }
        }
        Ok(filled)
    }

    /// Follows `$ref` and picks the first alternative that is not null.
    fn resolved(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        for _ in 0..MAX_DEPTH {
            if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
                let found = path.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                schema = found.cloned().unwrap_or(Value::Null);
                continue;
            }
            let alternatives =
                ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)).and_then(Value::as_array);
            let first =
                alternatives.and_then(|list| list.iter().find(|one| one.get("type") != Some(&Value::from("null"))));
            match first.cloned() {
                Some(mut one) => {
                    // the description usually stands beside the alternatives
                    if let (Some(object), Some(about)) = (one.as_object_mut(), schema.get("description")) {
                        object.entry("description").or_insert_with(|| about.clone());
                    }
                    schema = one;
                }
                None => break,
            }
        }
        schema
    }

    fn value(&mut self, name: &str, schema: &Value, required: bool, siblings: &[&str], depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let nullable = allows_null(schema);
        let schema = self.resolved(schema);
        if let Some(constant) = schema.get("const") {
            return Some(constant.clone());
        }
        let found = match kind(&schema) {
            "object" => self.nested(&schema, required, depth),
            "array" => self.array(name, &schema, required, depth),
            "integer" => self.number(name, &schema, siblings).map(|number| whole(number, &schema)),
            "number" => self.number(name, &schema, siblings).and_then(|number| decimal(number, &schema)),
            "boolean" => self.boolean(name, &schema),
            "null" => Some(Value::Null),
            _ if schema.get("enum").is_some() => self.one_of(&schema),
            _ => self.string(name, &schema, required, siblings).map(Value::String),
        };
        found.or_else(|| if required { self.made_up(name, &schema, nullable, depth) } else { None })
    }

    fn nested(&mut self, schema: &Value, required: bool, depth: usize) -> Option<Value> {
        let filled = self.object(schema, depth).ok()?;
        (required || !filled.is_empty()).then_some(Value::Object(filled))
    }

    /// Last resort for required values: the form without the substance.
    fn made_up(&mut self, name: &str, schema: &Value, nullable: bool, depth: usize) -> Option<Value> {
        if self.strength != Strength::Force {
            return None;
        }
        if let Some(default) = schema.get("default") {
            return Some(default.clone());
        }
        if nullable {
            return Some(Value::Null);
        }
        Some(match kind(schema) {
            "object" => Value::Object(self.object(schema, depth).unwrap_or_default()),
            "array" => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let items = schema.get("items").cloned().unwrap_or(Value::Null);
                (0..least.min(16)).filter_map(|_| self.value(name, &items, true, &[], depth + 1)).collect()
            }
            "integer" => whole(0.0, schema),
            "number" => decimal(0.0, schema)?,
            "boolean" => Value::Bool(false),
            _ => match schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
                Some(first) => first.clone(),
                None => Value::String(fitted(self.best_sentence(name, schema), schema)),
            },
        })
    }

    /// The texts to look in, nearest first.
    fn places_to_look(&self) -> Vec<&'f str> {
        if self.strength == Strength::Strong || self.text == self.context {
            vec![self.text]
        } else {
            vec![self.text, self.context]
        }
    }

    fn one_of(&self, schema: &Value) -> Option<Value> {
        let values = schema.get("enum").and_then(Value::as_array)?;
        self.places_to_look().into_iter().find_map(|text| {
            let known = stems(text);
            let said: Vec<String> = text::words(text).map(|word| stem(&word)).collect();
            let named = values.iter().find(|value| {
                let words = value.as_str().map(identifier_words).unwrap_or_default();
                !words.is_empty() && words.iter().all(|word| said.contains(&stem(word)))
            });
            named.or_else(|| implied(values, &known, text)).cloned()
        })
    }

    fn boolean(&self, name: &str, schema: &Value) -> Option<Value> {
        let key: Vec<String> = identifier_words(name).iter().flat_map(|word| stems(word)).collect();
        let about = schema.get("description").and_then(Value::as_str).map(stems).unwrap_or_default();
        self.places_to_look().into_iter().find_map(|text| {
            let words: Vec<String> = text::words(text).collect();
            let at = words.iter().position(|word| {
                let stem = stem(word);
                key.contains(&stem) || (key.is_empty() && about.contains(&stem))
            })?;
            let negated = words.iter().take(at).skip(at.saturating_sub(4)).any(|word| {
                matches!(
                    word.as_str(),
                    "no" | "not" | "without" | "never" | "don't" | "isn't" | "disable" | "skip" | "false"
                )
            });
            Some(Value::Bool(!negated))
        })
    }

    fn number(&mut self, name: &str, schema: &Value, siblings: &[&str]) -> Option<f64> {
        for text in self.places_to_look() {
            let words = mentions::words(text);
            let numbers = mentions::numbers(&words);
            let free: Vec<mentions::Number> =
                numbers.into_iter().filter(|number| !self.is_used(text, number.at)).collect();
            let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let near = |keys: &[String], number: &mentions::Number| {
                words.iter().enumerate().any(|(at, word)| {
                    at.abs_diff(number.at) <= 3 && at != number.at && keys.contains(&stem(&word.lower))
                })
            };
            let keys = key_stems(name, about);
            let reserved = |number: &mentions::Number| {
                siblings.iter().any(|other| *other != name && near(&key_stems(other, ""), number))
            };
            let chosen =
                free.iter().find(|number| near(&keys, number)).or_else(|| free.iter().find(|number| !reserved(number)));
            if let Some(number) = chosen {
                self.used.push(place(text, number.at));
                return Some(number.value);
            }
        }
        None
    }

    fn is_used(&self, text: &str, at: usize) -> bool {
        self.used.contains(&place(text, at))
    }

    fn array(&mut self, name: &str, schema: &Value, required: bool, depth: usize) -> Option<Value> {
        let items = schema.get("items").map(|items| self.resolved(items)).unwrap_or(Value::Null);
        let mut found: Vec<Value> =
            match kind(&items) {
                "integer" | "number" => {
                    let words = mentions::words(self.text);
                    let numbers = mentions::numbers(&words);
                    let integer = kind(&items) == "integer";
                    numbers
                        .iter()
                        .filter_map(|number| {
                            if integer { Some(whole(number.value, &items)) } else { decimal(number.value, &items) }
                        })
                        .collect()
                }
                "object" => self.array_of_objects(&items),
                "string" => self.array_of_strings(name, &items),
                _ => self.value(name, &items, false, &[], depth + 1).into_iter().collect(),
            };
        let least =
            schema.get("minItems").and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
        if let Some(most) = schema.get("maxItems").and_then(Value::as_u64) {
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        }
        while self.strength == Strength::Force && found.len() < least.min(16) {
            found.push(self.value(name, &items, true, &[], depth + 1)?);
        }
        let may_be_empty = required && self.strength != Strength::Strong;
        (!found.is_empty() || may_be_empty).then_some(Value::Array(found))
    }

    fn array_of_objects(&self, items: &Value) -> Vec<Value> {
        let from = |part: &str| {
            let mut filler =
                Filler { root: self.root, text: part, context: part, strength: Strength::Strong, used: Vec::new() };
            filler.object(items, 1).ok().filter(|map| !map.is_empty()).map(Value::Object)
        };
        let by_sentence: Vec<Value> = sentences(self.text).into_iter().filter_map(from).collect();
        if by_sentence.len() > 1 {
            return by_sentence;
        }
        let parts = self.text.split(" and ").flat_map(|part| part.split(['.', ';', '\n', ',']));
        let by_part: Vec<Value> = parts.filter_map(from).collect();
        if by_part.len() >= by_sentence.len() { by_part } else { by_sentence }
    }

    fn array_of_strings(&self, name: &str, items: &Value) -> Vec<Value> {
        if let Some(values) = items.get("enum").and_then(Value::as_array) {
            let said: Vec<String> = text::words(self.text).map(|word| stem(&word)).collect();
            let named = |value: &&Value| {
                value
                    .as_str()
                    .is_some_and(|value| identifier_words(value).iter().all(|word| said.contains(&stem(word))))
            };
            return values.iter().filter(named).cloned().collect();
        }
        let quoted = mentions::quoted(self.text);
        if !quoted.is_empty() {
            return quoted.into_iter().map(Value::from).collect();
        }
        if let Some((_, list)) = self.text.split_once(':') {
            let list: Vec<&str> = list
                .split([',', ';', '\n'])
                .flat_map(|part| part.split(" and "))
                .map(tidy)
                .filter(|part| !part.is_empty())
                .collect();
            if list.len() > 1 {
                return list.into_iter().map(Value::from).collect();
            }
        }
        let words = mentions::words(self.text);
        let of_place = key_stems(name, "").iter().any(|key| PLACE.contains(&key.as_str()));
        let names = if of_place { mentions::places(&words) } else { mentions::names(&words) };
        names.into_iter().map(Value::from).collect()
    }

    fn string(&mut self, name: &str, schema: &Value, required: bool, siblings: &[&str]) -> Option<String> {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        for text in self.places_to_look() {
            if let Some(found) = self.plain_string(name, about, format, text, siblings) {
                self.used.push(found.clone());
                return Some(fitted(found, schema));
            }
        }
        if !required || self.strength == Strength::Strong {
            return None;
        }
        let free = key_stems(name, "").iter().any(|key| FREE.contains(&key.as_str()));
        if free {
            return Some(fitted(request_body(self.text), schema));
        }
        let words = mentions::words(self.text);
        let unused = mentions::names(&words).into_iter().find(|found| !self.used.contains(found));
        if let Some(found) = unused {
            self.used.push(found.clone());
            return Some(fitted(found, schema));
        }
        // a lone required text takes what the request is about
        let object = [" for ", " about ", " of ", " named ", " called ", " on "]
            .iter()
            .find_map(|opener| self.text.split_once(opener));
        object.filter(|_| siblings.len() == 1).map(|(_, rest)| fitted(tidy(rest).to_owned(), schema))
    }

    /// A text that the form or the words around it mark as this property's.
    fn plain_string(&self, name: &str, about: &str, format: &str, text: &str, siblings: &[&str]) -> Option<String> {
        let keys = key_stems(name, "");
        let is = |set: &[&str]| keys.iter().any(|key| set.contains(&key.as_str()));
        let words = mentions::words(text);
        let unused = |found: &String| !self.used.contains(found);
        if format == "email" || is(&["email", "mail"]) {
            return mentions::email(&words);
        }
        if format == "uri" || is(&["url", "uri", "link", "websit"]) {
            return mentions::url(text);
        }
        let math = ["express", "expression", "formula", "equation", "calculation", "arithmetic"];
        if is(&math) || (is(&["input"]) && stems(about).iter().any(|word| math.contains(&word.as_str()))) {
            return arithmetic::find(text);
        }
        if let Some(found) = after_key(&words, name, text).filter(unused) {
            return Some(found);
        }
        if format.starts_with("date") || is(&["date", "day", "when", "deadlin"]) {
            return mentions::date(&words);
        }
        if is(&["timezon", "tz"]) || name.to_lowercase().contains("timezone") {
            return zone(&words);
        }
        if is(&["from", "origin", "sourc", "departur", "start"]) && siblings.len() > 1 {
            return first_of(mentions::after_words(&words, &["from"]));
        }
        if is(&["to", "destination", "target", "arrival", "end"]) && siblings.len() > 1 {
            return first_of(mentions::after_words(&words, &["to", "into"]));
        }
        if is(&["languag", "lang"]) {
            return first_of(mentions::after_words(&words, &["to", "into", "in"]));
        }
        if is(PLACE) {
            return mentions::places(&words).into_iter().find(unused);
        }
        if is(&["id", "number", "code", "sku", "key", "identifier", "phon"]) {
            return mentions::codes(&words).into_iter().find(unused);
        }
        if is(&[
            "name",
            "person",
            "user",
            "customer",
            "author",
            "who",
            "speaker",
            "firstname",
            "lastname",
            "compani",
            "company",
        ]) {
            return mentions::names(&words).into_iter().find(unused);
        }
        mentions::quoted(text).into_iter().map(str::to_owned).find(unused)
    }

    /// The sentence whose words meet the property best.
    fn best_sentence(&self, name: &str, schema: &Value) -> String {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let keys: Vec<String> = key_stems(name, about);
        let said = sentences(self.text);
        let meets = |sentence: &&str| stems(sentence).iter().filter(|word| keys.contains(word)).count();
        let unused: Vec<&str> = said.iter().copied().filter(|sentence| !text::asks(sentence)).collect();
        let pool = if unused.is_empty() { said } else { unused };
        let best = pool.iter().rev().max_by_key(|sentence| meets(sentence)).copied();
        best.map_or_else(|| "unknown".to_owned(), str::to_owned)
    }
}

/// Names of properties that hold places.
const PLACE: &[&str] =
    &["location", "city", "plac", "place", "country", "region", "town", "address", "stat", "area", "cities"];
/// Names of properties that hold free text.
const FREE: &[&str] = &[
    "query",
    "question",
    "text",
    "prompt",
    "input",
    "messag",
    "message",
    "content",
    "topic",
    "keyword",
    "search",
    "term",
    "description",
    "titl",
    "subject",
    "body",
    "thought",
    "sentenc",
    "summary",
    "reason",
    "statement",
    "not",
    "note",
    "request",
    "q",
];

fn place(text: &str, at: usize) -> String {
    format!("{}#{at}", text.len())
}

fn key_stems(name: &str, about: &str) -> Vec<String> {
    let mut keys: Vec<String> = identifier_words(name).iter().map(|word| stem(word)).collect();
    keys.extend(stems(about));
    keys
}

fn first_of(list: Vec<String>) -> Option<String> {
    list.into_iter().next()
}

fn tidy(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', '?', ',', ';', ':']).trim_matches('"').trim()
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn allows_null(schema: &Value) -> bool {
    let null = Value::from("null");
    let listed = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&null));
    let alternative = |key: &str| {
        let list = schema.get(key).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one.get("type") == Some(&null)))
    };
    listed(schema.get("type")) || alternative("anyOf") || alternative("oneOf")
}

fn bounded(value: f64, schema: &Value) -> f64 {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let mut value = value;
    if let Some(least) = bound("minimum").or(bound("exclusiveMinimum").map(|least| least + 1.0)) {
        value = value.max(least);
    }
    if let Some(most) = bound("maximum").or(bound("exclusiveMaximum").map(|most| most - 1.0)) {
        value = value.min(most);
    }
    value
}

fn whole(value: f64, schema: &Value) -> Value {
    // saturating by definition: a float outside the range becomes its end
    Value::from(bounded(value, schema).round() as i64)
}

fn decimal(value: f64, schema: &Value) -> Option<Value> {
    let value = bounded(value, schema);
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some(Value::from(value as i64));
    }
    JsonNumber::from_f64(value).map(Value::Number)
}

/// The text within the schema's length limits.
fn fitted(text: String, schema: &Value) -> String {
    let most = schema.get("maxLength").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    most.map_or_else(|| text.clone(), |most| text.chars().take(most).collect())
}

/// What follows `<key> is`, `<key>:`, `called` and the like.
fn after_key(words: &[Word<'_>], name: &str, text: &str) -> Option<String> {
    let mut keys = identifier_words(name);
    if keys.iter().any(|key| key == "name") {
        keys.extend(["called", "named"].map(str::to_owned));
    }
    // two-word names such as user_id are found by their last word
    let last = keys.last()?.clone();
    for (at, word) in words.iter().enumerate() {
        let called = matches!(word.lower.as_str(), "called" | "named") && keys.contains(&word.lower);
        if !(word.lower == last || called || (keys.len() <= 2 && keys.first() == Some(&word.lower))) {
            continue;
        }
        let mut next = at + 1;
        let link = words.get(next).is_some_and(|word| matches!(word.lower.as_str(), "is" | "are" | "as" | "=" | "be"));
        if link {
            next += 1;
        }
        let colon = text.contains(&format!("{}:", word.raw)) || text.contains(&format!("{}=", word.raw));
        if !(link || colon || called) {
            continue;
        }
        if let Some(quote) = text.get(text.find(word.raw)?..).and_then(|tail| {
            let quote = mentions::quoted(tail).into_iter().next()?;
            (tail.find(quote)? < word.raw.len() + 12).then(|| quote.to_owned())
        }) {
            return Some(quote);
        }
        let mut value = Vec::new();
        for word in words.iter().skip(next).take(4) {
            if matches!(word.lower.as_str(), "and" | "with" | "but" | "or" | "the" | "a" | "what" | "how") {
                break;
            }
            value.push(word.raw);
            if word.stops {
                break;
            }
        }
        if !value.is_empty() {
            return Some(value.join(" "));
        }
    }
    None
}

/// An enum value that other words imply: moods, temperatures, urgencies.
fn implied<'v>(values: &'v [Value], said: &[String], text: &str) -> Option<&'v Value> {
    let lower = text.to_lowercase();
    let value =
        |name: &str| values.iter().find(|value| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(name)));
    let any = |words: &[&str]| words.iter().any(|word| said.contains(&stem(word)));
    let good = any(&[
        "love",
        "great",
        "good",
        "excellent",
        "happy",
        "amazing",
        "wonderful",
        "fantastic",
        "best",
        "nice",
        "perfect",
    ]);
    let bad = any(&[
        "bad",
        "terrible",
        "hate",
        "awful",
        "worst",
        "angry",
        "poor",
        "broken",
        "disappointing",
        "disappointed",
        "sad",
    ]);
    if lower.contains("°c") {
        return value("celsius");
    }
    if lower.contains("°f") {
        return value("fahrenheit");
    }
    if any(&["urgent", "urgently", "critical", "immediately", "asap"]) {
        return value("high").or_else(|| value("urgent"));
    }
    match (good, bad) {
        (true, false) => value("positive"),
        (false, true) => value("negative"),
        _ => value("neutral"),
    }
}

/// The time zone named, or that of a well-known city.
fn zone(words: &[Word<'_>]) -> Option<String> {
    const CITIES: &[(&str, &str)] = &[
        ("tokyo", "Asia/Tokyo"),
        ("paris", "Europe/Paris"),
        ("london", "Europe/London"),
        ("berlin", "Europe/Berlin"),
        ("oslo", "Europe/Oslo"),
        ("madrid", "Europe/Madrid"),
        ("rome", "Europe/Rome"),
        ("sydney", "Australia/Sydney"),
        ("york", "America/New_York"),
        ("francisco", "America/Los_Angeles"),
        ("angeles", "America/Los_Angeles"),
        ("chicago", "America/Chicago"),
        ("singapore", "Asia/Singapore"),
        ("delhi", "Asia/Kolkata"),
        ("mumbai", "Asia/Kolkata"),
        ("shanghai", "Asia/Shanghai"),
        ("zurich", "Europe/Zurich"),
        ("amsterdam", "Europe/Amsterdam"),
    ];
    words.iter().find_map(|word| {
        if word.raw.contains('/') && word.raw.chars().next().is_some_and(char::is_uppercase) {
            return Some(word.raw.to_owned());
        }
        if word.raw == "UTC" || word.raw == "GMT" {
            return Some("UTC".to_owned());
        }
        CITIES.iter().find(|(city, _)| *city == word.lower.trim_end_matches("'s")).map(|(_, zone)| (*zone).to_owned())
    })
}

/// A request without its opening: "search the docs for X" is about X.
fn request_body(text: &str) -> String {
    if let Some(quote) = mentions::quoted(text).first() {
        return (*quote).to_owned();
    }
    let opens_with_errand = text::words(text).next().is_some_and(|word| {
        matches!(
            word.as_str(),
            "search" | "find" | "look" | "lookup" | "query" | "please" | "can" | "could" | "use" | "ask" | "check"
        )
    });
    let after = [" for ", " about ", " that says ", ": "].iter().find_map(|mark| text.split_once(mark));
    match after {
        Some((_, rest)) if opens_with_errand && !rest.trim().is_empty() => tidy(rest).to_owned(),
        _ => tidy(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(schema: Value, text: &str) -> Value {
        fill(&schema, text, text, Strength::Fallback).unwrap()
    }

    #[test]
    fn arguments_come_from_the_text_by_the_schema() {
        let weather = json!({"type":"object","properties":{
            "city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":1}},
            "required":["city"]});
        assert_eq!(filled(weather.clone(), "What is the weather in New York?"), json!({"city":"New York"}));
        assert_eq!(
            filled(weather, "Show the forecast for Oslo in fahrenheit for the next 3 days"),
            json!({"city":"Oslo","unit":"fahrenheit","days":3})
        );
        let add =
            json!({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]});
        assert_eq!(filled(add, "Add 3.5 and -4"), json!({"a":3.5,"b":-4}));
        let person = json!({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"email":{"type":"string"}},
            "required":["name","age"]});
        assert_eq!(
            filled(person, "My name is Ann Lee, I am 30 years old, write to ann@example.com."),
            json!({"name":"Ann Lee","age":30,"email":"ann@example.com"})
        );
        let calculator =
            json!({"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]});
        assert_eq!(filled(calculator, "What is 17 * 23?"), json!({"expression":"17 * 23"}));
    }

    #[test]
    fn what_is_missing_is_named() {
        let schema = json!({"type":"object","properties":{"order_id":{"type":"string"},"x":{"type":"string"}},"required":["order_id"]});
        assert_eq!(fill(&schema, "where is it?", "where is it?", Strength::Fallback), Err("order_id".to_owned()));
        assert_eq!(filled(schema, "Where is order A-1234?"), json!({"order_id":"A-1234"}));
    }

    #[test]
    fn nested_arrays_and_nullable() {
        let schema = json!({"type":"object","properties":{
            "people":{"type":"array","items":{"$ref":"#/$defs/person"}},
            "place":{"type":["string","null"]},
            "note":{"anyOf":[{"type":"string"},{"type":"null"}]}},
            "required":["people","place","note"],
            "$defs":{"person":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}}});
        let value = fill_all(&schema, "Ann is 30 years old. Bob is 41 years old.");
        assert_eq!(value["people"], json!([{"name":"Ann","age":30},{"name":"Bob","age":41}]));
        assert!(value.get("place").is_some() && value.get("note").is_some());
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]});
        let _ = fill_all(&schema, "x");
        let _ = fill_all(&json!({"$ref":"#"}), "x");
    }
}
