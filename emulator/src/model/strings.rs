//! Texts for a string property: what the form of a text, or the words around it, mark as the property's.

use serde_json::Value;

use super::mentions::{self, Word};
use super::text::{self, identifier_words, stem, stems};
use super::{arithmetic, units};

/// Names of properties that hold places.
pub(super) const PLACE: &[&str] =
    &["location", "city", "place", "country", "region", "town", "address", "state", "area", "cities", "nation"];
/// Names of properties that hold free text.
pub(super) const FREE: &[&str] = &[
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
    "title",
    "subject",
    "body",
    "thought",
    "sentence",
    "summary",
    "reason",
    "statement",
    "not",
    "note",
    "request",
    "q",
];

/// The property a text is sought for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    /// Its name.
    pub(super) name: &'w str,
    /// Its description.
    pub(super) about: &'w str,
    /// Its `format`.
    pub(super) format: &'w str,
    /// The names of all properties of the object, its own too.
    pub(super) siblings: &'w [&'w str],
}

/// A text that the form or the words around it mark as this property's.
pub(super) fn find(wanted: &Wanted<'_>, text: &str, used: &[String]) -> Option<String> {
    let Wanted { name, about, format, siblings } = *wanted;
    let keys = key_stems(name, "");
    let is = |set: &[&str]| among(&keys, set);
    let words = mentions::words(text);
    let unused = |found: &String| !used.contains(found);
    if format == "email" || is(&["email", "mail"]) {
        return mentions::email(&words);
    }
    if format == "uri" || is(&["url", "uri", "link", "website"]) {
        return mentions::url(text);
    }
    let math = ["expression", "formula", "equation", "calculation", "arithmetic"];
    if is(&math) || (is(&["input"]) && stems(about).iter().any(|word| math.iter().any(|known| stem(known) == *word))) {
        return arithmetic::find(text);
    }
    if is(&["timezone", "tz", "zone"]) || name.to_lowercase().contains("timezone") {
        return zone(&words).or_else(|| mentions::places(&words).into_iter().find(unused));
    }
    if is(&["unit", "currency"]) && is(&["from", "to", "source", "target"]) {
        let conversion = units::conversion(&words)?;
        return Some(if is(&["to", "target"]) { conversion.to } else { conversion.from });
    }
    if is(&["to", "recipient", "cc"]) {
        if let Some(found) = mentions::email(&words) {
            return Some(found);
        }
    }
    if let Some(found) = quoted_after(name, text).or_else(|| after_key(&words, name, text)).filter(unused) {
        return Some(found);
    }
    if format.starts_with("date") || is(&["date", "day", "when", "deadline"]) {
        let found = mentions::dates(&words);
        // one date may be what two properties ask for; of several, each takes its own
        let next = found.iter().find(|date| !used.contains(date)).cloned();
        return if found.len() > 1 { next } else { found.into_iter().next() };
    }
    if is(&["from", "origin", "source", "departure", "start"]) && siblings.len() > 1 {
        return first_of(mentions::after_words(&words, &["from"]));
    }
    if is(&["to", "destination", "target", "arrival", "end"]) && siblings.len() > 1 {
        return first_of(mentions::after_words(&words, &["to", "into"]));
    }
    if is(&["language", "lang"]) {
        return first_of(mentions::after_words(&words, &["to", "into", "in"]));
    }
    if is(&["role", "job", "occupation", "profession", "position"]) {
        return occupation(text);
    }
    if is(PLACE) {
        return mentions::places(&words).into_iter().find(unused);
    }
    if is(&["id", "number", "code", "sku", "key", "identifier", "phone"]) {
        return mentions::codes(&words).into_iter().find(unused);
    }
    if is(&["name", "person", "user", "customer", "author", "who", "speaker", "firstname", "lastname", "company"]) {
        return mentions::names(&words).into_iter().find(unused);
    }
    // a quotation that stands behind another property's name is that one's
    let theirs: Vec<String> =
        siblings.iter().filter(|other| **other != name).filter_map(|other| quoted_after(other, text)).collect();
    mentions::quoted(text).into_iter().map(str::to_owned).find(|found| unused(found) && !theirs.contains(found))
}

/// What somebody is or works as: "is a nurse in Bern", "works as a data engineer".
fn occupation(text: &str) -> Option<String> {
    let openers = [" as an ", " as a ", " as ", " is an ", " is a ", " am an ", " am a "];
    let rest = openers.iter().find_map(|opener| text.split_once(opener)).map(|(_, rest)| rest)?;
    let ends = [" in ", " at ", " for ", " from ", " and ", " who ", " with ", ",", ".", ";", "\n"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    let found = tidy(end.and_then(|end| rest.get(..end)).unwrap_or(rest));
    (!found.is_empty() && found.split_whitespace().count() <= 5).then(|| found.to_owned())
}

/// The quotation directly behind a property's name: `subject "Lunch"`, `title: 'x'`.
fn quoted_after(name: &str, text: &str) -> Option<String> {
    let key = identifier_words(name).join(" ");
    let lower = text.to_lowercase();
    // lower case may change byte lengths beyond ASCII: then the quotation is left to the other ways
    let at = (lower.len() == text.len()).then(|| lower.find(&key)).flatten()?;
    // a quoted name, as in "with the keys 'name' and 'age'", is not followed by its value
    if text.get(..at)?.ends_with(|c: char| !c.is_whitespace()) {
        return None;
    }
    let rest = text.get(at + key.len()..)?.trim_start_matches([' ', ':', '=']);
    let rest = rest.strip_prefix("is ").unwrap_or(rest);
    let opens = rest.starts_with(['"', '“', '`', '\'']);
    let padded = format!(" {rest}");
    opens
        .then(|| mentions::quoted(&padded).into_iter().find(|quote| padded.find(quote) <= Some(4)).map(str::to_owned))
        .flatten()
}

/// The stems of a property's name and description.
pub(super) fn key_stems(name: &str, about: &str) -> Vec<String> {
    let mut keys: Vec<String> = identifier_words(name).iter().map(|word| stem(word)).collect();
    keys.extend(stems(about));
    keys
}

/// Whether one of these words, stemmed, is among the keys.
pub(super) fn among(keys: &[String], set: &[&str]) -> bool {
    set.iter().any(|word| keys.contains(&stem(word)))
}

fn first_of(list: Vec<String>) -> Option<String> {
    list.into_iter().next()
}

pub(super) fn tidy(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', '?', ',', ';', ':']).trim_matches('"').trim()
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
        if !(word.lower == last || called) {
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
            if matches!(word.lower.as_str(), "and" | "with" | "but" | "or" | "the" | "a" | "what" | "how" | "it") {
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
pub(super) fn implied<'v>(values: &'v [Value], said: &[String], text: &str) -> Option<&'v Value> {
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
        ("bern", "Europe/Zurich"),
        ("lisbon", "Europe/Lisbon"),
        ("vienna", "Europe/Vienna"),
        ("seoul", "Asia/Seoul"),
        ("cairo", "Africa/Cairo"),
        ("toronto", "America/Toronto"),
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
pub(super) fn request_body(text: &str) -> String {
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
    let body = match after {
        Some((_, rest)) if opens_with_errand && !rest.trim().is_empty() => rest,
        _ => text,
    };
    // "... and show 5 results" is about the answer, not what is sought
    let about_answer = [" and show ", " and give ", " and return ", " and list ", " and limit ", " and tell "];
    let end = about_answer.iter().filter_map(|mark| body.find(mark)).min();
    tidy(text::unlabelled(end.and_then(|end| body.get(..end)).unwrap_or(body))).to_owned()
}
