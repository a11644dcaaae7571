//! The guard against itself under decoration, and against `sqlparser`'s Databricks dialect.

use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use sqlparser::ast::{Query, SetExpr, Statement, Visit, Visitor};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;

use super::*;

/// Whether the oracle sees anything but reading; nothing when it cannot parse.
fn oracle_sees_a_write(text: &str) -> Option<bool> {
    struct Writes(bool);
    impl Visitor for Writes {
        type Break = ();

        fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
            self.0 |= !matches!(
                statement,
                Statement::Query(_)
                    | Statement::Explain { .. }
                    | Statement::ExplainTable { .. }
                    | Statement::ShowCreate { .. }
                    | Statement::ShowColumns { .. }
                    | Statement::ShowCatalogs { .. }
                    | Statement::ShowDatabases { .. }
                    | Statement::ShowSchemas { .. }
                    | Statement::ShowTables { .. }
                    | Statement::ShowViews { .. }
                    | Statement::ShowFunctions { .. }
                    | Statement::ShowVariable { .. }
                    | Statement::ShowVariables { .. }
                    | Statement::ShowStatus { .. }
                    | Statement::ShowCollation { .. }
                    | Statement::ShowObjects(_)
                    | Statement::ShowCharset(_)
            );
            ControlFlow::Continue(())
        }

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            fn into(body: &SetExpr) -> bool {
                match body {
                    SetExpr::Select(select) => select.into.is_some(),
                    SetExpr::SetOperation { left, right, .. } => into(left) || into(right),
                    _ => false,
                }
            }
            self.0 |= into(&query.body);
            ControlFlow::Continue(())
        }
    }
    let statements = Parser::parse_sql(&DatabricksDialect {}, text).ok()?;
    let mut writes = Writes(statements.len() != 1);
    let _ = statements.visit(&mut writes);
    Some(writes.0)
}

#[test]
fn the_oracle_sees_writes_where_there_are_some() {
    for text in [
        "DROP TABLE t",
        "SELECT 1; SELECT 2",
        "SELECT * INTO a FROM b",
        "WITH a AS (INSERT INTO t VALUES (1)) SELECT 1",
        "EXPLAIN DELETE FROM t",
    ] {
        assert_eq!(oracle_sees_a_write(text), Some(true), "{text}");
    }
    for text in ["SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "SHOW TABLES", "EXPLAIN SELECT 1"] {
        assert_eq!(oracle_sees_a_write(text), Some(false), "{text}");
    }
}

const PIECES: &[&str] = &[
    "SELECT",
    "select",
    "WITH",
    "RECURSIVE",
    "AS",
    "INSERT",
    "INTO",
    "OVERWRITE",
    "UPDATE",
    "SET",
    "DELETE",
    "FROM",
    "MERGE",
    "USING",
    "ON",
    "WHEN MATCHED THEN DELETE",
    "VALUES",
    "TABLE",
    "DROP TABLE",
    "CREATE TABLE",
    "EXPLAIN",
    "DESCRIBE",
    "QUERY",
    "SHOW TABLES",
    "UNION",
    "ALL",
    "EXCEPT",
    "a",
    "b",
    "t",
    "t.c",
    "`x`",
    "`a``b`",
    "1",
    "1e5",
    "2L",
    "*",
    ",",
    ".",
    "=",
    "(",
    ")",
    "(",
    ")",
    ";",
    ";",
    "-",
    "/",
    "::",
    ":p",
    "?",
    "'s'",
    "''",
    "'it''s'",
    "'",
    "\"",
    "\"d\"",
    "`",
    "\\",
    "'\\'",
    "\"\\\"",
    "r'\\'",
    "R\"x\"",
    "N'x'",
    "X'1F'",
    "--",
    "-- c\n",
    "\n",
    "\r",
    "/*",
    "*/",
    "/* c */",
    "/* /* */ */",
    "/*+ hint */",
    "/* /*+ */",
    "/*+ /*",
    "b://y-- ",
    "://",
    "r'a''b\\'",
    "r\"a\"\"b\"",
    "1r'",
    "\"ai_query\"(",
    "`ai_query`(",
    "${x}",
    "$$",
    "LIMIT 1",
    "FOR UPDATE",
    "DROP TABLE t",
    "; DROP TABLE t",
    "INSERT INTO t VALUES (1)",
    "DELETE FROM t",
    "UPDATE t SET a = 1",
    "(SELECT 1)",
    "SELECT 1",
    "JOIN",
    "WHERE",
    "AND",
    "IN",
    "LATERAL VIEW explode(a) AS b",
    "reflect(",
    "\u{131}",
    "\u{a0}",
];

/// Anything that is made of SQL's pieces.
fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec((select(PIECES), any::<bool>()), 1..14).prop_map(|pieces| {
        pieces.iter().fold(String::new(), |text, (piece, space)| text + piece + if *space { " " } else { "" })
    })
}

/// A statement that can be read, with pieces put in at one place: most soups cannot be read, which proves nothing.
fn mixed() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(select(PIECES), 1..3);
    (prop_oneof![query(), write()], pieces, any::<prop::sample::Index>()).prop_map(|(statement, pieces, place)| {
        let mut words: Vec<&str> = statement.split(' ').collect();
        let place = place.index(words.len() + 1);
        words.splice(place..place, pieces);
        words.join(" ")
    })
}

/// How many of a thousand the oracle can read.
fn read_in_a_thousand(made: &impl Strategy<Value = String>) -> usize {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let one = |_| made.new_tree(&mut runner).unwrap().current();
    (0..1000).map(one).filter(|statement| oracle_sees_a_write(statement).is_some()).count()
}

#[test]
fn the_oracle_can_read_enough_of_what_is_made() {
    for (what, read, least) in
        [("mixed", read_in_a_thousand(&mixed()), 200), ("writes", read_in_a_thousand(&write()), 500)]
    {
        assert!(read >= least, "{what}: {read} of 1000");
    }
}

fn text() -> impl Strategy<Value = String> {
    select(
        &["'x'", "''", "'it''s'", "'; DROP TABLE t; --'", "'/* '", "'INSERT INTO t'", "\"d; --\"", "'é'", "'-- '"][..],
    )
    .prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> {
    select(&["a", "b2", "_c", "`insert into`", "`a;b`", "`a``b`", "`-- `", "main.shop.orders", "t.`drop`"][..])
        .prop_map(str::to_owned)
}

/// A query that both the guard and the oracle know.
fn query() -> impl Strategy<Value = String> {
    let leaf =
        (name(), name(), text()).prop_map(|(column, table, text)| format!("SELECT {column}, {text} FROM {table}"));
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("WITH x AS ({a}), y (c, d) AS ({b}) SELECT * FROM x")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) UNION ALL ({b})")),
            inner.clone().prop_map(|a| format!("SELECT count(*) FROM ({a}) AS q WHERE 1 < 2 ORDER BY 1 LIMIT 5")),
            (inner, name()).prop_map(|(a, b)| format!("SELECT max({b}) FROM {b} WHERE {b} IN ({a}) GROUP BY ALL")),
        ]
    })
}

/// A statement that changes something.
fn write() -> impl Strategy<Value = String> {
    (query(), name(), 0..10_usize).prop_map(|(query, name, which)| match which {
        0 => format!("INSERT INTO {name} {query}"),
        1 => format!("WITH w AS ({query}) INSERT INTO {name} SELECT * FROM w"),
        2 => format!("DELETE FROM {name} WHERE a IN ({query})"),
        3 => format!("UPDATE {name} SET a = 1"),
        4 => format!("CREATE TABLE {name} AS {query}"),
        5 => format!("DROP TABLE {name}"),
        6 => format!("{query}; DROP TABLE {name}"),
        7 => format!("MERGE INTO {name} USING ({query}) AS s ON 1 = 1 WHEN MATCHED THEN DELETE"),
        8 => format!("EXPLAIN DELETE FROM {name}"),
        _ => format!("WITH w AS (DELETE FROM {name}) SELECT * FROM w"),
    })
}

/// The same tokens with other space, comments and case between them.
fn decorated(statement: &str, seed: u64) -> String {
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut out = String::new();
    for token in tokens::read(statement, DATABRICKS).unwrap().tokens {
        out.push_str(
            [" /* ; DROP TABLE t */", " ", "\n\t", "-- it's ; DELETE FROM t\n", " /* a ' b ` c */ "]
                [usize::try_from(next(5)).unwrap()],
        );
        match (token.kind, next(3)) {
            (tokens::Kind::Word, 0) => out.push_str(&token.text.to_lowercase()),
            (tokens::Kind::Word, 1) => out.push_str(&token.text.to_uppercase()),
            _ => out.push_str(token.text),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn nothing_the_oracle_sees_as_a_write_gets_through(statement in soup()) {
        if check(&statement).is_ok() {
            prop_assert_ne!(oracle_sees_a_write(&statement), Some(true), "{}", statement);
        }
    }

    #[test]
    fn nothing_that_can_be_read_gets_a_write_through(statement in mixed()) {
        if check(&statement).is_ok() {
            prop_assert_ne!(oracle_sees_a_write(&statement), Some(true), "{}", statement);
        }
    }

    #[test]
    fn queries_get_through_and_stay_queries(statement in query(), seed: u64) {
        prop_assert_eq!(oracle_sees_a_write(&statement), Some(false), "{}", statement);
        prop_assert_eq!(check(&statement).map_err(|error| error.message().to_owned()), Ok(StatementKind::Query), "{}", statement);
        let other = decorated(&statement, seed);
        prop_assert_eq!(check(&other).map_err(|error| error.message().to_owned()), Ok(StatementKind::Query), "{}", other);
    }

    #[test]
    fn writes_are_refused_in_every_dress(statement in write(), seed: u64) {
        prop_assert_ne!(oracle_sees_a_write(&statement), Some(false), "{}", statement);
        prop_assert!(check(&statement).is_err(), "{}", statement);
        prop_assert!(check(&decorated(&statement, seed)).is_err());
    }

    #[test]
    fn a_write_behind_a_query_is_refused_wherever_it_hides(query in query(), hidden in soup()) {
        let statement = format!("{query} {hidden}");
        if check(&statement).is_ok() {
            prop_assert_ne!(oracle_sees_a_write(&statement), Some(true), "{}", statement);
        }
    }

    #[test]
    fn nothing_panics_and_any_text_in_quotes_is_a_text(text: String) {
        let _ = check(&text);
        let quoted = format!("SELECT '{}' AS a", text.replace('\\', "\\\\").replace('\'', "''"));
        let free = !text.contains('\0') && !quoted.contains("${");
        if free && !text.contains('\\') { prop_assert!(check(&quoted).is_ok(), "{}", quoted); }
        let named = format!("SELECT `{}` FROM t", text.replace('`', "``"));
        if free { prop_assert!(check(&named).is_ok(), "{}", named); }
    }
}
