//! The words around a Genie question: what is asked in it, the prompts for whoever answers, and the query out of an answer.

/// The question of a message. Agents send a chat history of lines such as `user: How many?`: its last line is the question.
pub(super) fn asked(content: &str) -> &str {
    let content = content.trim();
    let Some((_, last)) = content.rsplit_once('\n') else { return content };
    let last = last.trim();
    match last.split_once(": ") {
        Some((label, rest)) if !label.is_empty() && !label.contains(char::is_whitespace) => rest.trim(),
        _ => last,
    }
}

/// A question that goes on from the one before: "And per month?" after "How many orders per year?".
pub(super) fn going_on(question: &str, before: Option<&str>) -> String {
    let lower = question.to_lowercase();
    let openers = ["and what about ", "what about ", "how about ", "and ", "now "];
    let rest =
        openers.iter().find(|opener| lower.starts_with(**opener)).and_then(|opener| question.get(opener.len()..));
    let (Some(rest), Some(before)) = (rest, before) else { return question.to_owned() };
    let before = before.trim_end_matches(['?', '.', '!', ' ']);
    let groups = [" per ", " by ", " for each ", " in each "];
    let grouped = ["per ", "by ", "for each ", "in each "].iter().any(|group| rest.to_lowercase().starts_with(group));
    // a new group takes the place of the old one
    let cut = if grouped { groups.iter().filter_map(|group| before.find(group)).min() } else { None };
    format!("{} {rest}", cut.and_then(|cut| before.get(..cut)).unwrap_or(before))
}

/// The instructions for writing a query.
pub(super) fn to_write(tables: &str) -> String {
    format!(
        "Write one Databricks SQL query that answers the user's question. Use only the tables and columns below. Answer with the SQL \
         alone. List at most 100 rows where the question asks for a list. If the tables cannot answer it, say so in one sentence \
         instead.\n\n{tables}"
    )
}

/// The request for a sentence from a result.
pub(super) fn to_answer(question: &str, sql: &str, rows: &str) -> String {
    format!(
        "Answer the question in one short sentence from the result of the query.\n\nQuestion: {question}\nSQLQuery: {sql}\nSQLResult: {rows}\nAnswer:"
    )
}

/// The query of an answer, or the sentence that is there instead of one.
pub(super) fn query(answer: &str) -> Result<String, String> {
    let fenced = answer.split_once("```").and_then(|(_, rest)| rest.split_once("```")).map(|(inside, _)| inside);
    let text = fenced.map_or(answer, |inside| inside.strip_prefix("sql").unwrap_or(inside)).trim();
    let text = text.strip_prefix("SQLQuery:").unwrap_or(text).trim().trim_end_matches(';').trim();
    let first: String = text.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH") {
        return Err(text.trim_start_matches("--").trim().to_owned());
    }
    if text.contains(';') {
        return Err("The answer held more than one statement, and only one query is run.".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_of_a_chat_history_is_its_last_line() {
        assert_eq!(asked("How many orders?"), "How many orders?");
        assert_eq!(
            asked("I will provide you a chat history.\nuser: Hello\nNone: How many orders?"),
            "How many orders?"
        );
        assert_eq!(asked("Two lines,\nthe ratio is: what?"), "the ratio is: what?");
    }

    #[test]
    fn a_question_may_go_on_from_the_one_before() {
        let before = Some("How many orders are there per year?");
        assert_eq!(going_on("And per month?", before), "How many orders are there per month?");
        assert_eq!(going_on("What about in 1995?", Some("How many orders?")), "How many orders in 1995?");
        assert_eq!(going_on("How many parts?", before), "How many parts?");
        assert_eq!(going_on("And per month?", None), "And per month?");
    }

    #[test]
    fn only_one_query_is_taken() {
        assert_eq!(query("```sql\nSELECT 1;\n```").unwrap(), "SELECT 1");
        assert_eq!(query("WITH a AS (SELECT 1) SELECT * FROM a").unwrap(), "WITH a AS (SELECT 1) SELECT * FROM a");
        assert!(query("SELECT 1; DROP TABLE x").is_err());
        assert!(query("DROP TABLE x").is_err());
        assert_eq!(query("-- I cannot write this.").unwrap_err(), "I cannot write this.");
    }
}
