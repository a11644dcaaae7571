//! The guard against examples, against itself under decoration, and against `sqlparser`'s Databricks dialect.

use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::sample::select;
use sqlparser::ast::{Query, SetExpr, Statement, Visit, Visitor};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;

use super::*;

fn sentence(statement: &str) -> String {
    let error = check(statement).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementRefused);
    error.message().to_owned()
}

#[test]
fn what_reads_is_let_through() {
    for (kind, statements) in [
        (
            StatementKind::Query,
            &[
                "SELECT 1",
                "select a from t;",
                "  ;SELECT 1".trim_start_matches([' ', ';']),
                "(SELECT 1) UNION ALL (SELECT 2)",
                "VALUES (1), (2)",
                "TABLE samples.nyctaxi.trips",
                "WITH a AS (SELECT 1), `b` (x, y) AS (SELECT 1, 2) SELECT * FROM a, b",
                "WITH RECURSIVE r(n) MAX RECURSION LEVEL 5 AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
                "WITH recursive AS (SELECT 1) SELECT * FROM recursive",
                "WITH a (SELECT 1) SELECT * FROM a",
                "SELECT /*+ BROADCAST(t, u) */ a FROM t JOIN u USING (id)",
                "SELECT 'DROP TABLE t; --' AS s, \"; DELETE FROM t\" AS d, `insert into` FROM `delete`.`from` -- ; DROP TABLE t",
                "/* ; DROP TABLE t ; */ SELECT 1",
                "SELECT 'it''s', 'it\\'s', r'\\d+' FROM t WHERE a RLIKE r'^x\\.y$'",
                "SELECT t.into, update, comment FROM t WHERE (comment IS NULL) AND (insert = 1)",
                "SELECT transform(array(1, 2), x -> x + 1), a:b.c[0]::int, :param FROM t VERSION AS OF 3",
                "SELECT replace(a, 'x', 'y'), reflect, secret FROM t",
            ][..],
        ),
        (StatementKind::Show, &["SHOW TABLES FROM `a`.`b`", "SHOW CREATE TABLE t"]),
        (
            StatementKind::Describe,
            &[
                "DESCRIBE TABLE EXTENDED a.b.c",
                "DESC t",
                "DESCRIBE QUERY SELECT 1",
                "DESCRIBE HISTORY t",
                "DESCRIBE update",
            ],
        ),
        (StatementKind::Explain, &["EXPLAIN SELECT 1", "EXPLAIN FORMATTED WITH a AS (SELECT 1) SELECT * FROM a"]),
    ] {
        for statement in statements {
            assert_eq!(check(statement).map_err(|error| error.message().to_owned()), Ok(kind), "{statement}");
        }
    }
}

#[test]
fn what_does_more_is_refused_by_name() {
    for (statement, names) in [
        ("", "no statement"),
        (" ; -- nothing", "no statement"),
        ("SELECT 1; DROP TABLE t", "more than one"),
        ("SELECT 1;; SELECT 2", "more than one"),
        ("DROP TABLE t", "`DROP`"),
        ("dRoP table t", "`dRoP`"),
        ("/* SELECT */ DELETE FROM t", "`DELETE`"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "`INSERT`"),
        ("WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a", "`INSERT`"),
        ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "`DELETE`"),
        ("WITH a AS (SELECT 1) (DELETE FROM t)", "DELETE"),
        ("SELECT * INTO new FROM t", "INTO"),
        ("SELECT 1INTO t", "INTO"),
        ("CALL p()", "`CALL`"),
        ("EXECUTE IMMEDIATE 'DROP TABLE t'", "`EXECUTE`"),
        ("SET VAR x = 1", "`SET`"),
        ("USE CATALOG main", "`USE`"),
        ("BEGIN SELECT 1; END", "more than one"),
        ("FROM t INSERT INTO u SELECT *", "`FROM`"),
        ("EXPLAIN DELETE FROM t", "`DELETE`"),
        ("EXPLAIN ANALYZE SELECT 1", "`ANALYZE`"),
        ("DESCRIBE INSERT INTO t VALUES (1)", "`INSERT`"),
        ("DESCRIBE ANALYZE DELETE FROM t", "`ANALYZE`"),
        ("SELECT TRANSFORM(a) USING 'rm -rf /' FROM t", "script"),
        ("SELECT java_method('java.lang.Runtime', 'x')", "`java_method`"),
        ("SELECT system.builtin.`Reflect` ('a', 'b')", "`Reflect`"),
        ("SELECT AI_Query /* call */ ('model', a) FROM t", "`AI_Query`"),
        ("SELECT IDENTIFIER('reflect')('a', 'b')", "IDENTIFIER"),
        ("SELECT 'open", "quote"),
        ("SELECT `open", "quote"),
        ("SELECT /* open", "comment"),
        ("SELECT (1", "bracket"),
        ("SELECT 1)", "bracket"),
        ("SELECT $$ ; DROP TABLE t $$", "`$`"),
        ("SELECT \u{a0}1", "ASCII"),
        ("WITH x AS (SELECT 1) \u{131}nsert INTO t", "ASCII"),
        ("SELECT '\0'", "NUL"),
        ("SELECT 1 -- \\\n ' \n; DROP TABLE t -- '", "comment"),
        ("SELECT 1 -- x\r; DROP TABLE t", "comment"),
        ("SELECT /*+ ' */ 1 ; DROP TABLE t /*+ ' */", "hint"),
        ("SELECT 'a\\'; DROP TABLE t; --'", "another engine"),
        ("SELECT \"a\\\"; DROP TABLE t; --\"", "another engine"),
        ("SELECT r'\\' OR '; DROP TABLE t --'", "another engine"),
        ("/* /* */ SELECT 1", "comment"),
        ("/* /* */ */ DROP TABLE t", "comment"),
        ("123", "does not begin"),
    ] {
        let said = sentence(statement);
        assert!(said.contains(names), "{statement}: {said}");
    }
}

#[test]
fn the_list_of_functions_is_the_callers() {
    let own = GuardOptions { denied_functions: &["my_*", "main.tools.Mailer"], allowed_functions: &["ai_summarize"] };
    for refused in ["main.tools.My_Mailer('x')", "mailer('x')", "ai_query('m', 'x')", "secret('a', 'b')"] {
        assert!(check_with(&["SELECT ", refused].concat(), own).is_err(), "{refused}");
    }
    assert!(check_with("SELECT ai_summarize(my_column) FROM t", own).is_ok());
    let all = GuardOptions { allowed_functions: &["*"], ..own };
    assert!(check_with("SELECT secret('a', 'b'), ai_query('m', 'x')", all).is_ok());
    assert!(check_with("SELECT my_mailer('x')", all).is_err(), "what an app denies stays denied");
    assert!(
        check_with("SELECT secret('a', 'b')", GuardOptions { denied_functions: &[], ..GuardOptions::default() })
            .is_err()
    );
}

#[test]
fn a_sentence_does_not_repeat_a_long_text() {
    assert!(sentence(&"x".repeat(100_000)).len() < 200);
}

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
