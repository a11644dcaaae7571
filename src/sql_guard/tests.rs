//! The guard against examples.

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
        ("SHOW CREDENTIALS", "credentials"),
        ("SHOW STORAGE CREDENTIALS", "credentials"),
        ("SHOW USERS LIKE 'a*'", "users"),
        ("DESCRIBE CREDENTIAL c", "credentials"),
        ("DESC STORAGE CREDENTIAL c", "credentials"),
        ("SELECT * FROM cloud_files('s3://bucket/x')", "`cloud_files`"),
        ("SELECT * FROM cloud_files_state('/x')", "`cloud_files_state`"),
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
