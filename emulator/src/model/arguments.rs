//! Values for a JSON schema, read from a text: the arguments of a tool call, or an answer that must follow a schema.

use serde_json::{Map, Value};

use super::mentions;
use super::schemas::{allows_null, decimal, fitted, kind, whole};
use super::strings::{self, FREE, PLACE, Wanted, among, implied, key_stems, request_body, tidy};
use super::text::{self, identifier_words, sentences, stem, stems};

/// Deepest nesting of a schema that is followed.
const MAX_DEPTH: usize = 12;

/// Words of properties that hold shares of a whole.
const RATE: &[&str] = &["rate", "percent", "percentage", "share", "discount", "tax"];

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
        // first what the text plainly gives, so that no property takes a name or place that is another's for sure
        let strength = std::mem::replace(&mut self.strength, Strength::Strong);
        let mut plain = Map::new();
        for (name, property) in properties {
            let text = kind(&self.resolved(property)) == "string";
            if let Some(value) = text.then(|| self.value(name, property, false, &names, depth + 1)).flatten() {
                plain.insert(name.clone(), value);
            }
        }
        self.strength = strength;
        for (name, property) in properties {
            let needed = required.contains(&name.as_str());
            let found = plain.remove(name);
            match found.or_else(|| self.value(name, property, needed, &names, depth + 1)) {
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
            // words between a number and one of the keys, up to 3; behind the number counts as nearer: "2 passengers"
            let distance = |keys: &[String], number: &mentions::Number| {
                let near = words.iter().enumerate().filter(|(_, word)| keys.contains(&stem(&word.lower)));
                let steps = near
                    .filter(|(at, _)| *at != number.at)
                    .map(|(at, _)| if at > number.at { 2 * (at - number.at) } else { 2 * (number.at - at) + 1 });
                steps.filter(|steps| *steps <= 7).min()
            };
            let keys = key_stems(name, about);
            let reserved = |number: &mentions::Number| {
                siblings.iter().any(|other| *other != name && distance(&key_stems(other, ""), number).is_some())
            };
            let keyed = free.iter().filter_map(|number| distance(&keys, number).map(|steps| (steps, number)));
            let nearest = keyed.min_by_key(|(steps, _)| *steps).map(|(_, number)| number);
            // "19%" is a rate before it is anything else
            let percent =
                |number: &&mentions::Number| words.get(number.at).is_some_and(|word| is_percent(text, word.raw));
            let of_rate = among(&keys, RATE);
            let rated = free.iter().find(|number| percent(number)).filter(|_| of_rate);
            let plain = || free.iter().find(|number| !reserved(number) && !percent(number));
            let chosen = rated.or(nearest).or_else(plain).or_else(|| free.iter().find(|number| !reserved(number)));
            if let Some(number) = chosen {
                self.used.push(place(text, number.at));
                let fraction = percent(&number)
                    && schema.get("default").and_then(Value::as_f64).is_some_and(|known| known.abs() < 1.0);
                return Some(if fraction || percent(&number) && key_stems(name, "").contains(&stem("rate")) {
                    number.value / 100.0
                } else {
                    number.value
                });
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
        let of_place = among(&key_stems(name, ""), PLACE);
        let names = if of_place { mentions::places(&words) } else { mentions::names(&words) };
        names.into_iter().map(Value::from).collect()
    }

    fn string(&mut self, name: &str, schema: &Value, required: bool, siblings: &[&str]) -> Option<String> {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        let wanted = Wanted { name, about, format, siblings };
        for text in self.places_to_look() {
            if let Some(found) = strings::find(&wanted, text, &self.used) {
                self.used.push(found.clone());
                return Some(fitted(found, schema));
            }
        }
        if !required || self.strength == Strength::Strong {
            return None;
        }
        let free = among(&key_stems(name, ""), FREE);
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

    /// The sentence whose words meet the property best.
    fn best_sentence(&self, name: &str, schema: &Value) -> String {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let keys: Vec<String> = key_stems(name, about);
        let said = sentences(self.text);
        let meets = |sentence: &&str| stems(sentence).iter().filter(|word| keys.contains(word)).count();
        let unused: Vec<&str> = said.iter().copied().filter(|sentence| !text::asks(sentence)).collect();
        let pool = if unused.is_empty() { said } else { unused };
        let best = pool.iter().rev().max_by_key(|sentence| meets(sentence)).copied();
        best.map_or_else(|| "unknown".to_owned(), |sentence| text::unlabelled(sentence).to_owned())
    }
}

/// Whether a number is followed by a sign of per cent.
fn is_percent(text: &str, raw: &str) -> bool {
    let after = text.split_once(raw).map_or("", |(_, after)| after).trim_start();
    after.starts_with('%') || after.starts_with("percent") || after.starts_with("per cent")
}

/// Names a place in a text, so that what stands there is given out once.
fn place(text: &str, at: usize) -> String {
    format!("{}#{at}", text.len())
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
