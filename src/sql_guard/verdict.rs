//! What a statement would do, told from its tokens.

use crate::sql_guard::tokens::{Kind, Refusal, Token};
use crate::sql_guard::{DENIED_FUNCTIONS, GuardOptions};
use crate::wire::find;

/// Words that begin a query.
const QUERIES: &[&str] = &["SELECT", "VALUES", "TABLE"];
/// Words that change data and could stand where a query may.
const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE"];
/// Words that may stand between `EXPLAIN` and its statement.
const EXPLAIN: &[&str] = &["EXTENDED", "CODEGEN", "COST", "FORMATTED"];
/// Words behind which a query may begin without a bracket.
const BEFORE_QUERY: &[&str] = &["UNION", "ALL", "DISTINCT", "EXCEPT", "INTERSECT", "MINUS", "AS"];

/// What kind of statement was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementKind {
    /// `SELECT`, `VALUES`, `TABLE`, or a `WITH` whose main verb is one of them.
    Query,
    /// `SHOW …`
    Show,
    /// `DESCRIBE …`
    Describe,
    /// `EXPLAIN` of a query.
    Explain,
}

impl StatementKind {
    /// The kind as JavaScript sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Show => "show",
            Self::Describe => "describe",
            Self::Explain => "explain",
        }
    }
}

fn refuse<T>(parts: &[&str]) -> Result<T, Refusal> {
    Err(parts.concat())
}

/// Judges the tokens of a whole text.
pub(super) fn judge(tokens: &[Token<'_>], options: GuardOptions<'_>) -> Result<StatementKind, Refusal> {
    let end = tokens.iter().position(|token| token.mark(";")).unwrap_or(tokens.len());
    let (statement, after) = tokens.split_at(end);
    if after.iter().any(|token| !token.mark(";")) {
        return refuse(&["it holds more than one statement"]);
    }
    let kind = kind_of(statement)?;
    balanced(statement)?;
    for (at, token) in statement.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| statement.get(at));
        inner(token, before, statement.get(at + 1..).unwrap_or(&[]), options)?;
    }
    Ok(kind)
}

fn kind_of(statement: &[Token<'_>]) -> Result<StatementKind, Refusal> {
    let Some(first) = statement.first() else {
        return refuse(&["it holds no statement"]);
    };
    if first.is_any(&["SHOW", "DESCRIBE", "DESC"]) {
        credentials(statement.get(1..).unwrap_or(&[]))?;
    }
    if first.is("SHOW") {
        return Ok(StatementKind::Show);
    }
    if first.is_any(&["DESCRIBE", "DESC"]) {
        return describe(statement.get(1..).unwrap_or(&[]));
    }
    if first.is("EXPLAIN") {
        let rest = statement.get(1..).unwrap_or(&[]);
        let options = rest.iter().take_while(|token| token.is_any(EXPLAIN)).count();
        return query(rest.get(options..).unwrap_or(&[])).map(|()| StatementKind::Explain);
    }
    query(statement).map(|()| StatementKind::Query)
}

/// What would list or show who may use what else: credentials and users.
fn credentials(rest: &[Token<'_>]) -> Result<(), Refusal> {
    let rest =
        if rest.first().is_some_and(|word| word.is_any(&["STORAGE", "SERVICE"])) { rest.get(1..) } else { Some(rest) };
    let (Some(first), next) = (rest.and_then(<[_]>::first), rest.and_then(|rest| rest.get(1))) else { return Ok(()) };
    let named = next.is_some_and(|next| matches!(next.kind, Kind::Word | Kind::Name));
    if first.is_any(&["CREDENTIALS", "USERS"]) && !next.is_some_and(|next| next.mark("."))
        || first.is("CREDENTIAL") && named
    {
        return refuse(&["it shows credentials or users"]);
    }
    Ok(())
}

/// A name, or a query.
fn describe(rest: &[Token<'_>]) -> Result<StatementKind, Refusal> {
    let rest = match rest.split_first() {
        Some((first, more)) if first.is("QUERY") && more.first().is_some_and(|next| next.kind == Kind::Word) => {
            query(more)?;
            return Ok(StatementKind::Describe);
        }
        _ => rest,
    };
    // a name may be any word; a word with another statement behind it is more than a name
    let names = rest.iter().position(|token| !matches!(token.kind, Kind::Word | Kind::Name) && !token.mark("."));
    match rest.iter().take(3).find(|token| {
        token.is_any(WRITES)
            || token.is_any(&["CREATE", "DROP", "ALTER", "ANALYZE", "TRUNCATE", "REPLACE", "EXECUTE", "CALL"])
    }) {
        Some(verb) if names.is_none_or(|end| end > 1) && rest.len() > 1 => {
            refuse(&["it describes `", verb.text, "`, not a table or a query"])
        }
        _ => Ok(StatementKind::Describe),
    }
}

/// A query by its main verb.
fn query(mut rest: &[Token<'_>]) -> Result<(), Refusal> {
    loop {
        let Some((first, more)) = rest.split_first() else {
            return refuse(&["it holds no query"]);
        };
        if first.is_any(QUERIES) {
            return Ok(());
        }
        if first.mark("(") {
            rest = more;
        } else if first.is("WITH") {
            rest = main_verb(more)?;
        } else if first.kind == Kind::Word {
            let verb: String = first.text.chars().take(40).collect();
            return refuse(&["it is a statement that begins with `", &verb, "`"]);
        } else {
            return refuse(&["it does not begin with a word"]);
        }
    }
}

/// What follows the list of a `WITH`.
fn main_verb<'t, 'a>(mut rest: &'t [Token<'a>]) -> Result<&'t [Token<'a>], Refusal> {
    if rest.first().is_some_and(|token| token.is("RECURSIVE"))
        && !rest.get(1).is_some_and(|next| next.mark("(") || next.is("AS"))
    {
        rest = rest.get(1..).unwrap_or(&[]);
    }
    loop {
        if !rest.first().is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Name | Kind::Text)) {
            return refuse(&["its WITH has no name"]);
        }
        rest = rest.get(1..).unwrap_or(&[]);
        // columns, `MAX RECURSION LEVEL 5`, `AS`
        if rest.first().is_some_and(|token| token.mark("(")) {
            let after = behind_bracket(rest)?;
            match after.first() {
                Some(next) if next.is_any(&["AS", "MAX"]) || next.mark("(") => rest = after,
                _ => {}
            }
        }
        let words = rest
            .iter()
            .take_while(|token| token.is_any(&["AS", "MAX", "RECURSION", "LEVEL"]) || token.kind == Kind::Number)
            .count();
        rest = rest.get(words..).unwrap_or(&[]);
        if !rest.first().is_some_and(|token| token.mark("(")) {
            return refuse(&["its WITH has no query in brackets"]);
        }
        rest = behind_bracket(rest)?;
        match rest.first() {
            Some(next) if next.mark(",") => rest = rest.get(1..).unwrap_or(&[]),
            _ => return Ok(rest),
        }
    }
}

/// What follows the bracket that begins here.
fn behind_bracket<'t, 'a>(rest: &'t [Token<'a>]) -> Result<&'t [Token<'a>], Refusal> {
    let mut depth = 0_usize;
    for (at, token) in rest.iter().enumerate() {
        if token.mark("(") {
            depth += 1;
        } else if token.mark(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Ok(rest.get(at + 1..).unwrap_or(&[]));
            }
        }
    }
    refuse(&["a bracket in it is not closed"])
}

fn balanced(statement: &[Token<'_>]) -> Result<(), Refusal> {
    let mut depth = 0_usize;
    for token in statement {
        if token.mark("(") {
            depth += 1;
        } else if token.mark(")") {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return refuse(&["a bracket in it is closed that was not opened"]),
            }
        }
    }
    if depth > 0 { refuse(&["a bracket in it is not closed"]) } else { Ok(()) }
}

/// What no place of a query may hold.
fn inner(
    token: &Token<'_>,
    before: Option<&Token<'_>>,
    after: &[Token<'_>],
    options: GuardOptions<'_>,
) -> Result<(), Refusal> {
    let part_of_name = before.is_some_and(|token| token.mark("."));
    let next = after.first();
    if token.is("INTO") && !part_of_name {
        return refuse(&["it writes INTO something"]);
    }
    if token.is("USING") && next.is_some_and(|next| next.kind == Kind::Text || next.mark(":") || next.mark("?")) {
        return refuse(&["it runs a script (USING)"]);
    }
    if part_of_name
        && token.kind != Kind::Word
        && token.name().is_some_and(|name| name.starts_with('/') || find::find(name, ":/").is_some())
    {
        return refuse(&["it reads a file by its path"]);
    }
    if token.is_any(WRITES)
        && before.is_some_and(|token| token.mark("(") || token.mark(")") || token.is_any(BEFORE_QUERY))
        && next.is_some_and(|next| matches!(next.kind, Kind::Word | Kind::Name | Kind::Text | Kind::Number))
    {
        return refuse(&["it holds `", token.text, "` inside (a column of that name goes in backticks)"]);
    }
    if !next.is_some_and(|next| next.mark("(")) {
        return Ok(());
    }
    if token.is("IDENTIFIER") {
        return refuse(&["it names something by a text (IDENTIFIER)"]);
    }
    match token.name() {
        Some(name)
            if listed(name, options.denied_functions)
                || listed(name, DENIED_FUNCTIONS) && !listed(name, options.allowed_functions) =>
        {
            refuse(&["it calls the function `", name, "`"])
        }
        _ => Ok(()),
    }
}

fn listed(name: &str, names: &[&str]) -> bool {
    names.iter().any(|listed| {
        let last = listed.rsplit('.').next().unwrap_or(listed);
        match last.strip_suffix('*') {
            Some(beginning) => name.get(..beginning.len()).is_some_and(|part| part.eq_ignore_ascii_case(beginning)),
            None => name.eq_ignore_ascii_case(last),
        }
    })
}
