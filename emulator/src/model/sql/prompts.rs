//! Prompts of SQL chains: which step of one a conversation is at.

use super::super::conversation::{Message, Role, question};
use super::{outcome, schema, words, write};

/// Most rows of a list where the prompt names no number.
const MOST: usize = 10;

/// Tables that stand between others, and are needed to join them: the one, the other, what is between.
const BETWEEN: &[(&str, &str, &[&str])] = &[
    ("lineitem", "customer", &["orders"]),
    ("lineitem", "nation", &["orders", "customer"]),
    ("lineitem", "region", &["orders", "customer", "nation"]),
    ("orders", "nation", &["customer"]),
    ("orders", "region", &["customer", "nation"]),
    ("customer", "region", &["nation"]),
    ("supplier", "region", &["nation"]),
    ("partsupp", "nation", &["supplier"]),
    ("partsupp", "region", &["supplier", "nation"]),
];
/// Words of a question, and the tables that usually hold what they speak of.
const HELD: &[(&str, &str)] = &[
    ("revenue", "lineitem"),
    ("discount", "lineitem"),
    ("quantity", "lineitem"),
    ("ship", "lineitem"),
    ("shipped", "lineitem"),
    ("tax", "lineitem"),
    ("balance", "customer"),
    ("segment", "customer"),
    ("price", "part"),
    ("brand", "part"),
    ("expensive", "part"),
    ("fare", "trips"),
    ("distance", "trips"),
    ("pickup", "trips"),
    ("taxi", "trips"),
    ("stock", "partsupp"),
    ("status", "orders"),
    ("priority", "orders"),
    ("clerk", "orders"),
];

/// The text that a SQL chain's prompt is answered with, and why; `None` where this is no such prompt.
#[must_use]
pub fn answer(messages: &[Message]) -> Option<(String, &'static str)> {
    let asked = question(messages);
    let tail = asked.rfind("Question:").and_then(|at| asked.get(at + "Question:".len()..)).unwrap_or(asked);
    if let Some((before, result)) = tail.split_once("SQLResult:") {
        let (question, sql) = before.split_once("SQLQuery:").unwrap_or((before, ""));
        let result = result.trim().strip_suffix("Answer:").unwrap_or(result);
        return Some((
            outcome::sentence(question.trim(), sql, result),
            "The rows of the query are there; the answer follows from them.",
        ));
    }
    let said =
        |role: Role| messages.iter().filter(move |message| message.role == role).map(|message| message.text.as_str());
    let all: Vec<&str> = said(Role::System).chain(said(Role::User)).collect();
    let all = all.join("\n\n");
    let lower = all.to_lowercase();
    if lower.contains("double check") && lower.contains("mistakes") {
        let query = checked(asked)?;
        return Some((query.to_owned(), "The query is to be checked; the stand-in gives it back as it is."));
    }
    if (lower.contains("comma separated") || lower.contains("comma-separated")) && lower.contains("table names") {
        if let Some(picked) = from_list(asked) {
            return Some((picked, "The names whose words the question shares, and what joins them."));
        }
    }
    let tables = schema::tables(&all);
    if tables.is_empty() || !lower.contains("sql") {
        return None;
    }
    let question = tail.split("SQLQuery:").next().unwrap_or(tail);
    // a question behind the tables in one message
    let question = match question.to_uppercase().rfind("CREATE TABLE") {
        Some(_) => question.trim().rsplit('\n').next().unwrap_or(question),
        None => question,
    };
    Some((
        query(question.trim(), &tables, most(&lower)),
        "A question over tables: words are met with names of tables and columns.",
    ))
}

/// The query, or a comment that says why there is none.
#[must_use]
pub fn query(question: &str, tables: &[schema::Table], most: usize) -> String {
    write(question, tables, most).unwrap_or_else(|why| {
        format!(
            "-- The emulator's stand-in model cannot write this query: {}. It is not a language model.",
            why.replace(['\n', '\r'], " ")
        )
    })
}

/// "at most 5 results", "at most {top_k} rows".
fn most(lower: &str) -> usize {
    let number = lower.split("at most ").skip(1).find_map(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(MOST)
}

/// The query in a prompt that has it checked: in a code fence, behind a label, or the first lines that read as one.
fn checked(asked: &str) -> Option<&str> {
    if let Some((_, rest)) = asked.split_once("```") {
        let (inside, _) = rest.split_once("```")?;
        return Some(inside.strip_prefix("sql").unwrap_or(inside).trim());
    }
    let begins = |line: &str| {
        ["SELECT", "WITH", "SHOW", "DESCRIBE", "--", "("]
            .iter()
            .any(|word| line.trim_start().to_uppercase().starts_with(word))
    };
    let labelled = asked.find("SQLQuery:").map(|at| at + "SQLQuery:".len());
    let mut at = labelled.unwrap_or(0);
    if labelled.is_none() {
        for line in asked.split_inclusive('\n') {
            if begins(line) {
                break;
            }
            at += line.len();
        }
    }
    let rest = asked.get(at..)?;
    let lower = rest.to_ascii_lowercase();
    let end =
        ["\ndouble check", "\n\n", "\ncheck "].iter().filter_map(|mark| lower.find(mark)).min().unwrap_or(rest.len());
    rest.get(..end).map(str::trim).filter(|query| !query.is_empty())
}

/// The tables of a list that a question needs, from a prompt that asks for them.
fn from_list(asked: &str) -> Option<String> {
    let at = asked.find("Table Names:").or_else(|| asked.find("table names:")).map(|at| at + "Table Names:".len())?;
    let line = asked.get(at..)?.trim_start().lines().next()?;
    let names: Vec<&str> = line
        .trim_matches(['[', ']'])
        .split(',')
        .map(|name| name.trim().trim_matches(['\'', '"']))
        .filter(|name| !name.is_empty())
        .collect();
    let question = asked
        .find("Question:")
        .and_then(|at| asked.get(at + "Question:".len()..))
        .and_then(|rest| rest.trim_start().lines().next());
    Some(pick(question.unwrap_or_default(), &names).join(", "))
}

/// The tables of a list that a question needs; all of them where nothing tells.
#[must_use]
pub fn pick<'n>(question: &str, names: &[&'n str]) -> Vec<&'n str> {
    let said: Vec<String> = super::super::text::words(question).map(|word| words::canonical(&word)).collect();
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).trim_matches('`').to_lowercase();
    let mut wanted: Vec<String> = Vec::new();
    for name in names {
        let own = words::of_name(&short(name));
        if !own.is_empty() && said.windows(own.len()).any(|window| window == own) {
            wanted.push(short(name));
        }
    }
    // a table spoken of holds its own balance, price or status
    let own = wanted.clone();
    for (word, table) in HELD {
        if said.contains(&words::canonical(word)) && (own.is_empty() || matches!(*table, "lineitem" | "trips")) {
            wanted.push((*table).to_owned());
        }
    }
    let found = wanted.clone();
    for (one, other, between) in BETWEEN {
        let both = [one, other].iter().all(|table| found.iter().any(|name| name == *table));
        let by_supplier = *one == "lineitem" && found.iter().any(|name| name == "supplier");
        if both && !by_supplier {
            wanted.extend(between.iter().map(|name| (*name).to_owned()));
        }
    }
    let picked: Vec<&str> = names.iter().copied().filter(|name| wanted.contains(&short(name))).collect();
    if picked.is_empty() { names.to_vec() } else { picked }
}
