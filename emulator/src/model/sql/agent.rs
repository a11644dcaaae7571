//! Agents with SQL tools: list the tables, read their definitions, query, answer.

use serde_json::{Map, Value, json};

use super::super::Tool;
use super::super::conversation::{Message, Role, ToolResult};
use super::super::results::failed;
use super::super::text;
use super::{outcome, prompts, schema, write};

/// What an agent does next.
#[derive(Debug)]
pub enum Next {
    /// Call a tool.
    Call(String, Value),
    /// Say this.
    Say(String),
}

/// The tools of a SQL agent.
#[derive(Debug)]
struct Kit<'t> {
    query: &'t Tool,
    schema: Option<&'t Tool>,
    list: Option<&'t Tool>,
}

fn kit(tools: &[Tool]) -> Option<Kit<'_>> {
    let named = |end: &str| tools.iter().find(|tool| tool.name.ends_with(end));
    let speaks = |tool: &&Tool| {
        let properties = tool.parameters.get("properties").and_then(Value::as_object);
        let one = properties.is_some_and(|all| {
            all.len() == 1 && ["query", "sql", "statement"].iter().any(|name| all.contains_key(*name))
        });
        let about: Vec<String> = text::words(&tool.description).collect();
        one && about.iter().any(|word| word == "sql") && !about.iter().any(|word| word == "check")
    };
    let query = named("sql_db_query").or_else(|| tools.iter().find(speaks))?;
    Some(Kit { query, schema: named("sql_db_schema"), list: named("sql_db_list_tables") })
}

/// Arguments with one text under the tool's first property.
fn with(tool: &Tool, text: &str) -> Value {
    let properties = tool.parameters.get("properties").and_then(Value::as_object);
    let name = properties.and_then(|all| all.keys().next());
    name.map_or_else(|| Value::Object(Map::new()), |name| json!({ name: text }))
}

/// What to do next with the SQL tools; `None` where there are none, or the question is not for them.
#[must_use]
pub fn next(messages: &[Message], asked: &str, tools: &[Tool], results: &[ToolResult<'_>]) -> Option<Next> {
    let kit = kit(tools)?;
    let of =
        |tool: Option<&Tool>| tool.and_then(|tool| results.iter().rev().find(|result| result.call.name == tool.name));
    if let Some(result) = of(Some(kit.query)) {
        let arguments: Value = serde_json::from_str(&result.call.arguments).unwrap_or_default();
        let sql = arguments.as_object().and_then(|map| map.values().find_map(Value::as_str)).unwrap_or_default();
        return Some(Next::Say(outcome::sentence(asked, sql, result.text)));
    }
    let told = |message: &&Message| matches!(message.role, Role::System | Role::User | Role::Tool);
    let texts: Vec<&str> = messages.iter().filter(told).map(|message| message.text.as_str()).collect();
    let tables = schema::tables(&texts.join("\n\n"));
    if !tables.is_empty() {
        return Some(match write(asked, &tables, 10) {
            Ok(sql) => Next::Call(kit.query.name.clone(), with(kit.query, &sql)),
            Err(why) => Next::Say(format!(
                "I don't know: {why}. I am the emulator's stand-in model, and write only simple queries over these tables."
            )),
        });
    }
    if let Some(result) = of(kit.schema) {
        return Some(Next::Say(format!("I could not read the tables: {}", result.text.trim())));
    }
    // a greeting or a question about the speaker needs no tables
    if !text::sentences(asked).iter().any(|sentence| text::asks(sentence)) && text::words(asked).count() < 3 {
        return None;
    }
    match (of(kit.list), kit.list, kit.schema) {
        (None, Some(list), _) => Some(Next::Call(list.name.clone(), with(list, ""))),
        (Some(result), _, _) if failed(result.text) => {
            Some(Next::Say(format!("I could not list the tables: {}", result.text.trim())))
        }
        (Some(result), _, Some(reads)) => {
            let names: Vec<&str> =
                result.text.split([',', '\n']).map(str::trim).filter(|name| !name.is_empty()).collect();
            Some(Next::Call(reads.name.clone(), with(reads, &prompts::pick(asked, &names).join(", "))))
        }
        _ => None,
    }
}
