//! Which tool a request fits, and how often: by the words they share.

use serde_json::Value;

use super::arguments::{self, Strength};
use super::text::{asks, identifier_words, sentences, stem, stems, words};
use super::{Tool, ToolChoice, arithmetic, mentions, units};

/// From here on a tool fits.
const ENOUGH: f64 = 2.5;

/// Words that mean the same errand, and what meeting one is worth: enough by itself where the words leave no doubt.
const ERRANDS: &[(f64, &[&str])] = &[
    (2.6, &["weather", "forecast", "temperature", "rain", "sunny", "snow", "umbrella", "climate"]),
    (2.6, &["clock", "time", "hour", "date", "timezone", "o'clock"]),
    (2.6, &["convert", "conversion", "exchange", "currency"]),
    (2.6, &["translate", "translation"]),
    (2.6, &["book", "reserve", "reservation", "booking"]),
    (2.0, &["search", "find", "lookup", "retrieve", "look"]),
    (2.0, &["email", "mail", "send"]),
    (2.0, &["price", "cost", "stock", "share", "ticker"]),
    (2.0, &["distance", "route", "far", "directions"]),
    (2.0, &["order", "purchase", "delivery", "shipment"]),
    (2.0, &["person", "people", "customer", "account", "user", "profile", "contact"]),
    (2.0, &["remember", "store", "save", "record", "note"]),
    (2.0, MATH),
];

/// Words of tools that compute.
const MATH: &[&str] = &[
    "calculate",
    "calculator",
    "compute",
    "arithmetic",
    "math",
    "expression",
    "sum",
    "multiply",
    "subtract",
    "divide",
    "product",
    "evaluate",
    "addition",
    "multiplication",
    "add",
];

/// What to call, or what is missing to call it.
#[derive(Debug, Default)]
pub struct Plan {
    /// Names and arguments of the calls, in the order of the request.
    pub calls: Vec<(String, Value)>,
    /// The argument without which a fitting tool cannot be called.
    pub missing: Option<Missing>,
}

/// A required argument the text does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The tool.
    pub tool: String,
    /// Its parameter.
    pub parameter: String,
}

/// Plans the calls for what was asked.
#[must_use]
pub fn plan(asked: &str, tools: &[Tool], choice: &ToolChoice) -> Plan {
    if let ToolChoice::Function(name) = choice {
        let tool = tools.iter().find(|tool| tool.name == *name);
        let calls = tool.map(|tool| (tool.name.clone(), forced(tool, asked))).into_iter().collect();
        return Plan { calls, missing: None };
    }
    let mut plan = Plan::default();
    let all = sentences(asked);
    let asking: Vec<&str> = all.iter().copied().filter(|sentence| asks(sentence)).collect();
    for sentence in if asking.is_empty() { all } else { asking } {
        for_sentence(sentence, asked, tools, &mut plan);
    }
    if plan.calls.is_empty() && *choice == ToolChoice::Required {
        let best = tools
            .iter()
            .max_by(|a, b| score(a, asked, tools).total_cmp(&score(b, asked, tools)).then(std::cmp::Ordering::Greater));
        plan.calls.extend(best.map(|tool| (tool.name.clone(), forced(tool, asked))));
    }
    plan
}

fn forced(tool: &Tool, asked: &str) -> Value {
    arguments::fill(&tool.parameters, asked, asked, Strength::Force)
        .unwrap_or_else(|_| Value::Object(serde_json::Map::new()))
}

fn for_sentence(sentence: &str, asked: &str, tools: &[Tool], plan: &mut Plan) {
    let parts = parts(sentence);
    let fits: Vec<Option<&Tool>> = parts.iter().map(|part| best(part, tools)).collect();
    let mut distinct: Vec<&str> = fits.iter().flatten().map(|tool| tool.name.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() > 1 {
        let mut previous: Option<&Tool> = None;
        for (part, tool) in parts.iter().zip(&fits) {
            if let Some(tool) = tool {
                call(tool, part, asked, plan);
                previous = Some(tool);
            } else if let Some(tool) = previous {
                // "the weather in Paris and London": a part that names only one more argument
                if let Ok(arguments) = arguments::fill(&tool.parameters, part, part, Strength::Strong) {
                    if arguments.as_object().is_some_and(|map| !map.is_empty()) && words(part).count() <= 4 {
                        plan.calls.push((tool.name.clone(), arguments));
                    }
                }
            }
        }
        return;
    }
    let Some(tool) = fits.iter().flatten().next().copied().or_else(|| best(sentence, tools)) else { return };
    // the same tool for every part, if each part alone gives its arguments: "in Paris and London"
    if parts.len() > 1 {
        let alone: Vec<Value> = parts
            .iter()
            .filter_map(|part| arguments::fill(&tool.parameters, part, part, Strength::Strong).ok())
            .filter(|arguments| arguments.as_object().is_some_and(|map| !map.is_empty()))
            .collect();
        let differ = alone.iter().enumerate().all(|(index, one)| !alone.iter().take(index).any(|other| other == one));
        if alone.len() == parts.len() && differ {
            plan.calls.extend(alone.into_iter().map(|arguments| (tool.name.clone(), arguments)));
            return;
        }
    }
    call(tool, sentence, asked, plan);
}

fn call(tool: &Tool, part: &str, asked: &str, plan: &mut Plan) {
    match arguments::fill(&tool.parameters, part, asked, Strength::Fallback) {
        Ok(arguments) => {
            if let Some(parameter) = left_open(tool, &arguments) {
                plan.missing.get_or_insert(Missing { tool: tool.name.clone(), parameter });
                return;
            }
            let call = (tool.name.clone(), arguments);
            if !plan.calls.contains(&call) {
                plan.calls.push(call);
            }
        }
        Err(parameter) => {
            plan.missing.get_or_insert(Missing { tool: tool.name.clone(), parameter });
        }
    }
}

/// A parameter that a Unity Catalog function needs though its schema does not say so: toolkits write every parameter as one that may
/// be null, and the function then refuses the call.
fn left_open(tool: &Tool, arguments: &Value) -> Option<String> {
    let function = tool.name.split("__").count() == 3;
    let properties = tool.parameters.get("properties").and_then(Value::as_object).filter(|_| function)?;
    let open = properties.iter().find(|(name, schema)| {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        schema.get("default") == Some(&Value::Null)
            && !about.contains("(Default:")
            && arguments.get(name.as_str()).is_none()
    });
    open.map(|(name, _)| name.clone())
}

/// The parts of a sentence that may each be a request: parted by "and", "then" and semicolons, but not "3 and 4".
fn parts(sentence: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sentence;
    let mut from = 0;
    loop {
        let cut = [" and then ", ", then ", " and ", "; ", " then ", ", "]
            .iter()
            .filter_map(|mark| rest.get(from..).and_then(|tail| tail.find(mark)).map(|at| (at + from, mark.len())))
            .min();
        let Some((at, length)) = cut else { break };
        let (Some(before), Some(after)) = (rest.get(..at), rest.get(at + length..)) else { break };
        let digit = |c: char| c.is_ascii_digit();
        if before.ends_with(digit) && after.starts_with(digit) {
            from = at + length;
            continue;
        }
        found.push(before.trim());
        rest = after;
        from = 0;
    }
    found.push(rest.trim());
    found.retain(|part| part.chars().any(char::is_alphanumeric));
    found
}

fn best<'t>(part: &str, tools: &'t [Tool]) -> Option<&'t Tool> {
    let mut best: Option<(&Tool, f64)> = None;
    for tool in tools {
        let points = score(tool, part, tools);
        if points >= ENOUGH && best.is_none_or(|(_, most)| points > most) {
            best = Some((tool, points));
        }
    }
    best.map(|(tool, _)| tool)
}

/// How well a tool's words meet those of a text.
fn score(tool: &Tool, part: &str, tools: &[Tool]) -> f64 {
    let vocabulary = vocabulary(tool);
    let others: Vec<Vec<(String, f64)>> =
        tools.iter().filter(|other| other.name != tool.name).map(self::vocabulary).collect();
    // the words of an expression say what to compute, nothing else
    let computation = arithmetic::find(part);
    let plain = if computation.is_some() { arithmetic::without_operators(part) } else { part.to_owned() };
    let mut points = 0.0;
    let mut seen: Vec<String> = Vec::new();
    for word in stems(&plain) {
        if seen.contains(&word) {
            continue;
        }
        if let Some((_, weight)) = vocabulary.iter().find(|(known, _)| *known == word) {
            // a word that several tools share says little, unless it is this one's name and only spoken of by the others
            let known = |other: &&Vec<(String, f64)>| {
                other.iter().any(|(known, theirs)| *known == word && *theirs >= weight.max(1.0))
            };
            points += weight / (1.0 + others.iter().filter(known).count() as f64);
        }
        seen.push(word);
    }
    let mut said: Vec<String> = words(&plain).map(|word| stem(&word)).collect();
    let lower = plain.to_lowercase();
    if lower.contains("what day") || lower.contains("which day") {
        said.push(stem("date"));
    }
    let converts = vocabulary.iter().any(|(word, _)| *word == stem("convert") || *word == stem("conversion"));
    if converts && units::conversion(&mentions::words(part)).is_some() {
        points += 4.0;
    }
    for (worth, errand) in ERRANDS {
        let has = |word: &str| errand.iter().any(|member| stem(member) == word);
        let in_tool = vocabulary.iter().any(|(word, weight)| *weight >= 1.0 && has(word));
        if in_tool && said.iter().any(|word| has(word)) {
            points += worth;
        }
    }
    let computes = vocabulary.iter().any(|(word, _)| MATH.iter().any(|member| stem(member) == *word));
    if computes && computation.is_some() {
        points += 4.0;
    }
    points
}

/// A tool's stems with what each is worth.
fn vocabulary(tool: &Tool) -> Vec<(String, f64)> {
    let mut known: Vec<(String, f64)> = Vec::new();
    let mut add = |stems: Vec<String>, weight: f64| {
        for stem in stems {
            match known.iter_mut().find(|(word, _)| *word == stem) {
                Some((_, most)) => *most = most.max(weight),
                None => known.push((stem, weight)),
            }
        }
    };
    add(stems(&identifier_words(&tool.name).join(" ")), 3.0);
    add(stems(&tool.description), 1.0);
    for (name, schema) in tool.parameters.get("properties").and_then(Value::as_object).into_iter().flatten() {
        add(stems(&identifier_words(name).join(" ")), 1.0);
        add(schema.get("description").and_then(Value::as_str).map(stems).unwrap_or_default(), 0.5);
        for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            add(stems(value), 1.5);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Functions as the Unity Catalog toolkits write them.
    fn functions() -> Vec<Tool> {
        let tool = |name: &str, description: &str, properties: Value| Tool {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters: json!({"type": "object", "properties": properties, "additionalProperties": false}),
        };
        let nullable =
            |kind: &str| json!({"anyOf": [{"type": kind}, {"type": "null"}], "default": null, "description": ""});
        let date = json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}, {"type": "null"}], "default": null});
        let rate = json!({"anyOf": [{"type": "number"}, {"type": "null"}], "default": 0.2, "description": "Tax rate (Default: 0.2)"});
        vec![
            tool("main__tools__add_tax", "Adds tax to a net price.", json!({"net": nullable("number"), "rate": rate})),
            tool(
                "main__tools__days_between",
                "The number of days between two dates.",
                json!({"start": date, "end": date}),
            ),
            tool(
                "main__tools__nation_revenue",
                "The revenue of a nation from its customers.",
                json!({"nation": nullable("string")}),
            ),
            tool(
                "main__tools__top_customers",
                "The customers with the highest revenue.",
                json!({"n": nullable("integer")}),
            ),
        ]
    }

    fn calls(asked: &str) -> Vec<(String, Value)> {
        plan(asked, &functions(), &ToolChoice::Auto).calls
    }

    #[test]
    fn functions_of_unity_catalog_get_their_arguments() {
        for (asked, name, arguments) in [
            ("What is 250 with tax?", "add_tax", json!({"net": 250})),
            ("Add 19% tax to 250", "add_tax", json!({"net": 250, "rate": 0.19})),
            ("Add tax to a net price of 100 at a rate of 0.07.", "add_tax", json!({"net": 100, "rate": 0.07})),
            (
                "How many days are between 2024-01-01 and 2024-03-09?",
                "days_between",
                json!({"start": "2024-01-01", "end": "2024-03-09"}),
            ),
            ("What is the revenue of Germany?", "nation_revenue", json!({"nation": "Germany"})),
            ("Show me the top 5 customers", "top_customers", json!({"n": 5})),
        ] {
            assert_eq!(calls(asked), [(format!("main__tools__{name}"), arguments)], "{asked}");
        }
        let open = plan("What is the revenue of a nation?", &functions(), &ToolChoice::Auto);
        assert_eq!(open.missing.unwrap().parameter, "nation");
    }
}
