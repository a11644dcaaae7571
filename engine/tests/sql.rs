//! SQL as Databricks writes it, run for real.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that fails says so by panicking"
)]

mod common;

use common::Client;
use lakewire_engine::engine::Config;
use serde_json::{Value, json};

#[tokio::test]
async fn the_queries_of_tpch_run() {
    let client = Client::new().await;
    let mut ran = 0;
    for query in include_str!("tpch.sql").split("-- Q").skip(1) {
        let (number, text) = query.split_once('\n').unwrap();
        let body = json!({"id": number, "statement": text, "catalog": "samples", "schema": "tpch"});
        let answer = client.execute(body).await;
        assert_eq!(answer["state"], "SUCCEEDED", "Q{number}: {answer}");
        ran += 1;
    }
    assert_eq!(ran, 22);
    // at scale 0.01, as dbgen makes it
    let counts = "SELECT (SELECT count(*) FROM samples.tpch.lineitem), (SELECT count(*) FROM samples.tpch.orders)";
    assert_eq!(client.row(counts).await, ["60175", "15000"]);
}

#[tokio::test]
async fn values_have_the_types_and_texts_of_databricks() {
    let client = Client::new().await;
    for (expression, ty, text) in [
        ("1", "INT", "1"),
        ("5000000000", "BIGINT", "5000000000"),
        ("7 / 2", "DOUBLE", "3.5"),
        ("1.50", "DECIMAL(3,2)", "1.50"),
        ("CAST(19.9 AS DECIMAL(10,2))", "DECIMAL(10,2)", "19.90"),
        ("CAST(12345678.5 AS DOUBLE)", "DOUBLE", "1.23456785E7"),
        ("DATE'2024-03-09'", "DATE", "2024-03-09"),
        ("TIMESTAMP'2021-01-01 10:00:00'", "TIMESTAMP", "2021-01-01T10:00:00.000Z"),
        ("CAST('2021-01-01 10:00:00' AS TIMESTAMP_NTZ)", "TIMESTAMP_NTZ", "2021-01-01T10:00:00.000"),
        ("true", "BOOLEAN", "true"),
        ("unbase64('AQI=')", "BINARY", "AQI="),
        ("array(1, NULL)", "ARRAY<INT>", "[1,null]"),
        ("map('a', 'b')", "MAP<STRING, STRING>", "{\"a\":\"b\"}"),
        ("named_struct('street', 'x', 'zip', 1)", "STRUCT<street: STRING, zip: INT>", "{\"street\":\"x\",\"zip\":1}"),
        ("from_json('[{\"x\":1}]', 'array<struct<x:int>>')", "ARRAY<STRUCT<x: INT>>", "[{\"x\":1}]"),
        ("NULL", "VOID", "NULL"),
        ("date_add(DATE'2024-02-28', 2)", "DATE", "2024-03-01"),
        ("datediff(DATE'2024-03-01', DATE'2024-02-28')", "INT", "2"),
        ("add_months(DATE'2024-01-31', 1)", "DATE", "2024-02-29"),
        ("trunc(DATE'2024-05-17', 'MM')", "DATE", "2024-05-01"),
        ("date_format(DATE'2024-05-07', 'd MMM yyyy')", "STRING", "7 May 2024"),
        ("concat('a', NULL)", "STRING", "NULL"),
        ("get_json_object('{\"a\":{\"b\":[5]}}', '$.a.b[0]')", "STRING", "5"),
        ("NULL <=> NULL", "BOOLEAN", "true"),
        ("\"it's\"", "STRING", "it's"),
    ] {
        let answer = client.execute(json!({"id": "v", "statement": format!("SELECT {expression} AS v")})).await;
        assert_eq!(answer["manifest"]["schema"]["columns"][0]["type_text"], ty, "{expression}: {answer}");
        assert_eq!(client.row(&format!("SELECT {expression} AS v")).await, [text], "{expression}");
    }
}

#[tokio::test]
async fn parameters_are_typed_and_may_name_things() {
    let client = Client::new().await;
    let parameters = json!([
        {"name": "f", "value": "main.tools.add_tax"}, {"name": "net", "type": "double", "value": 10.5},
        {"name": "rate", "type": "int", "value": 2}, {"name": "n", "value": "1", "type": "INT"}, {"name": "none"},
    ]);
    let statement = "SELECT IDENTIFIER(:f)(:net,rate => :rate), :none, ':n' FROM samples.tpch.nation LIMIT :`n`";
    assert_eq!(client.rows(statement, parameters).await, [[Some("31.5".to_owned()), None, Some(":n".to_owned())]]);
    assert_eq!(client.failure("SELECT :x").await.0, "42P02");
    let bad = client
        .execute(json!({"id": "p", "statement": "SELECT :d",
        "parameters": [{"name": "d", "value": "no", "type": "DATE"}]}))
        .await;
    assert_eq!(bad["sql_state"], "22018", "{bad}");
}

#[tokio::test]
async fn names_come_back_as_they_were_spelled() {
    let client = Client::new().await;
    client.rows("CREATE TABLE cased (Id INT, `Big Name` STRING)", json!([])).await;
    client.rows("CREATE VIEW seen AS SELECT ID AS Key, * FROM cased", json!([])).await;
    let names = async |statement: &str| -> Vec<String> {
        let answer = client.execute(json!({"id": "n", "statement": statement})).await;
        let columns = answer["manifest"]["schema"]["columns"].as_array().unwrap_or_else(|| panic!("{answer}"));
        columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("SELECT * FROM CASED").await, ["Id", "Big Name"]);
    assert_eq!(
        names("SELECT ID, `big name`, id + 1, CAST(NULL AS DOUBLE) FROM main.default.cased").await,
        ["ID", "big name", "id + 1", "CAST(NULL AS DOUBLE)"]
    );
    assert_eq!(names("SELECT 1 AS First, c.*, 2 FROM cased c").await, ["First", "Id", "Big Name", "2"]);
    assert_eq!(names("SELECT * FROM seen").await, ["Key", "Id", "Big Name"]);
}

#[tokio::test]
async fn rows_are_written_changed_and_counted() {
    let client = Client::new().await;
    let create = client
        .execute(json!({"id": "c", "statement": "CREATE TABLE t (id BIGINT NOT NULL, name STRING DEFAULT 'new', price DECIMAL(10,2)) USING DELTA"}))
        .await;
    assert_eq!(create["manifest"]["schema"], json!({"column_count": 0}));
    assert_eq!(client.row("INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', 2.5)").await, ["2", "2"]);
    assert_eq!(client.row("INSERT INTO t (id) SELECT 3").await, ["1", "1"]);
    assert_eq!(client.row("UPDATE t SET price = price * 2 WHERE id < 3").await, ["2"]);
    assert_eq!(client.row("DELETE FROM t WHERE price > 4").await, ["1"]);
    let rows = client.rows("SELECT * FROM t ORDER BY id DESC", json!([])).await;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows, [vec![text("3"), text("new"), None], vec![text("1"), text("a"), text("3.00")]]);
    for (statement, state) in [
        ("INSERT INTO t (name) VALUES ('x')", "23502"),
        ("INSERT INTO t VALUES (1)", "21S01"),
        ("INSERT INTO t VALUES ('x', 'y', 1)", "22018"),
        ("UPDATE t SET nope = 1", "42703"),
        ("CREATE TABLE t (a INT)", "42P07"),
        ("CREATE TABLE u (a INT, A INT)", "42711"),
        ("DELETE FROM samples.tpch.nation", "42501"),
        ("DROP VIEW t", "42809"),
    ] {
        assert_eq!(client.failure(statement).await.0, state, "{statement}");
    }
    client
        .rows("CREATE OR REPLACE TABLE t AS SELECT n_name FROM samples.tpch.nation WHERE n_regionkey = 1", json!([]))
        .await;
    assert_eq!(client.row("SELECT count(*), min(n_name) FROM t").await, ["5", "ARGENTINA"]);
    client.rows("TRUNCATE TABLE t", json!([])).await;
    assert_eq!(client.row("SELECT count(*) FROM t").await, ["0"]);
}

#[tokio::test]
async fn functions_run_with_defaults_names_and_columns() {
    let client = Client::new().await;
    assert_eq!(
        client.row("SELECT main.tools.add_tax(net => 100), main.tools.days_between('2024-01-01', '2024-03-01')").await,
        ["120.0", "60"]
    );
    let france = client.row("SELECT main.tools.nation_revenue('france')").await;
    let summed = "SELECT CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(25,2)) FROM customer, orders, lineitem, nation \
                  WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND c_nationkey = n_nationkey AND n_name = 'FRANCE'";
    let body = json!({"id": "s", "statement": summed, "catalog": "samples", "schema": "tpch"});
    client.execute(body).await;
    let (_, chunk) = client.send("GET", "/results/s/0", None, true).await;
    assert_eq!(serde_json::from_slice::<Value>(&chunk).unwrap(), json!([[france[0]]]));
    assert_eq!(client.rows("SELECT * FROM main.tools.top_customers(3)", json!([])).await.len(), 3);
    client.rows("CREATE FUNCTION pick(id INT) RETURNS STRING RETURN SELECT n_name FROM samples.tpch.nation WHERE n_nationkey = pick.id", json!([])).await;
    assert_eq!(client.row("SELECT pick(6)").await, ["FRANCE"]);
    for (statement, state) in [
        ("SELECT pick()", "4274K"),
        ("SELECT pick(1, 2)", "42605"),
        ("SELECT pick(frob => 1)", "4274K"),
        ("SELECT * FROM pick(1)", "42887"),
        ("CREATE FUNCTION bad(x INT) RETURNS INT RETURN y", "42703"),
        ("CREATE FUNCTION py(x INT) RETURNS INT LANGUAGE PYTHON AS $$ return x $$", "0A000"),
        ("DROP FUNCTION nope", "42883"),
    ] {
        assert_eq!(client.failure(statement).await.0, state, "{statement}");
    }
}

#[tokio::test]
async fn mistakes_are_worded_as_databricks_words_them() {
    let client = Client::new().await;
    for (statement, state, beginning) in [
        ("SELECT * FROM nope", "42P01", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nope` cannot be found."),
        (
            "SELECT * FORM x",
            "42601",
            "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'. SQLSTATE: 42601 (line 1, pos 9)\n\n== SQL ==\n",
        ),
        (
            "SELECT n_nam FROM samples.tpch.nation",
            "42703",
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `n_nam` cannot be resolved. Did you mean one of the following? [`n_name`,",
        ),
        ("SELECT 1 / 0", "22012", "[DIVIDE_BY_ZERO]"),
        ("SELECT n_nationkey / (n_nationkey - n_nationkey) FROM samples.tpch.nation", "22012", "[DIVIDE_BY_ZERO]"),
        (
            "SELECT CAST('abc' AS INT)",
            "22018",
            "[CAST_INVALID_INPUT] The value 'abc' of the type \"STRING\" cannot be cast to \"INT\"",
        ),
        ("SELECT frob(1)", "42883", "[UNRESOLVED_ROUTINE] Cannot resolve routine `frob`"),
        ("SELECT * FROM a.b.c.d", "42P01", "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("FROB x", "42601", "\n[PARSE_SYNTAX_ERROR]"),
        ("SELECT 'open", "42601", "\n[PARSE_SYNTAX_ERROR]"),
    ] {
        let (found, message) = client.failure(statement).await;
        assert_eq!(found, state, "{statement}: {message}");
        assert!(message.starts_with(beginning), "{statement}: {message}");
    }
    let (_, place) = client.failure("SELECT *\nFROM nope").await;
    assert!(place.ends_with("SQLSTATE: 42P01; line 2 pos 5"), "{place}");
}

#[tokio::test]
async fn show_and_describe_have_the_columns_that_clients_read() {
    let client = Client::new().await;
    client
        .rows("CREATE TABLE p (id BIGINT COMMENT 'key', CONSTRAINT pk_p PRIMARY KEY (id)) COMMENT 'parts'", json!([]))
        .await;
    client.rows("CREATE VIEW v AS SELECT id FROM p", json!([])).await;
    for (statement, columns) in [
        ("SHOW CATALOGS", "catalog"),
        ("SHOW SCHEMAS IN main", "databaseName"),
        ("SHOW TABLES FROM `main`.`default`", "database,tableName,isTemporary"),
        ("SHOW VIEWS FROM `main`.`default`", "namespace,viewName,isTemporary,isMaterialized"),
        (
            "SHOW TABLES IN CATALOG main SCHEMA LIKE 'default' LIKE '*'",
            "namespace,tableName,isTemporary,information,catalogName,tableType,remarks",
        ),
        ("DESCRIBE QUERY SELECT 1 AS a", "col_name,data_type,comment"),
        ("SHOW VOLUMES IN main.default", "database,volume_name"),
    ] {
        let answer = client.execute(json!({"id": "s", "statement": statement})).await;
        let found = answer["manifest"]["schema"]["columns"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let names: Vec<&str> = found.iter().map(|column| column["name"].as_str().unwrap()).collect();
        assert_eq!(names.join(","), columns, "{statement}");
    }
    let names =
        |rows: Vec<Vec<Option<String>>>| rows.into_iter().map(|row| row[1].clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(names(client.rows("SHOW TABLES FROM main.default", json!([])).await), ["p", "v"]);
    assert_eq!(names(client.rows("SHOW VIEWS IN default", json!([])).await), ["v"]);
    let described = client.rows("DESCRIBE TABLE EXTENDED `main`.`default`.`p`", json!([])).await;
    let line = |name: &str| described.iter().find(|row| row[0].as_deref() == Some(name)).and_then(|row| row[1].clone());
    assert_eq!(line("id").as_deref(), Some("bigint"));
    assert_eq!(line("pk_p").as_deref(), Some("PRIMARY KEY (`id`)"));
    assert_eq!(line("Comment").as_deref(), Some("parts"));
    let columns = "SELECT column_name, comment FROM main.information_schema.columns WHERE table_name = 'p'";
    assert_eq!(client.row(columns).await, ["id", "key"]);
}

#[tokio::test]
async fn changes_outlive_the_process_where_asked() {
    let folder = std::env::temp_dir().join(format!("lakewire-engine-{}", std::process::id()));
    let config = Config { data: Some(folder.clone()), ..Config::default() };
    {
        let client = Client::with(&config).await;
        client.rows("CREATE SCHEMA main.kept", json!([])).await;
        client.rows("CREATE TABLE main.kept.t (a INT, b STRING)", json!([])).await;
        client
            .rows(
                "INSERT INTO main.kept.t VALUES (:a, :b)",
                json!([{"name": "a", "value": 5, "type": "INT"}, {"name": "b", "value": "it's \\ :x"}]),
            )
            .await;
        client.rows("CREATE FUNCTION main.kept.f(x INT) RETURNS INT RETURN x + 1", json!([])).await;
        client.failure("INSERT INTO main.kept.t VALUES ('no', 1)").await;
    }
    let client = Client::with(&config).await;
    assert_eq!(client.row("SELECT main.kept.f(a), b FROM main.kept.t").await, ["6", "it's \\ :x"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_at_once_are_repeated_in_their_order() {
    let folder = std::env::temp_dir().join(format!("lakewire-engine-order-{}", std::process::id()));
    let config = Config { data: Some(folder.clone()), ..Config::default() };
    let all = "SELECT who, n FROM main.default.`odd``name` ORDER BY who, n";
    let before = {
        let client = std::sync::Arc::new(Client::with(&config).await);
        client.rows("CREATE TABLE `odd``name` (who INT, n INT)", json!([])).await;
        let writers = (0..8).map(|who| {
            let client = std::sync::Arc::clone(&client);
            tokio::spawn(async move {
                for (at, statement) in [
                    format!("INSERT INTO `odd``name` VALUES ({who}, 1)"),
                    "UPDATE `odd``name` SET n = n * 3 + 1".to_owned(),
                    format!("DELETE FROM `odd``name` WHERE who = {}", who - 1),
                    "TRUNCATE TABLE t".to_owned(),
                    format!("CREATE TABLE IF NOT EXISTS t AS SELECT {who} AS last"),
                    format!("DROP TABLE {}t", if who % 2 == 0 { "IF EXISTS " } else { "" }),
                    format!("CREATE TABLE IF NOT EXISTS t AS SELECT {who} AS last"),
                ]
                .into_iter()
                .enumerate()
                {
                    // some are refused, as another writer was faster
                    client.execute(json!({"id": format!("{who}-{at}"), "statement": statement})).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        (client.rows(all, json!([])).await, client.rows("SELECT last FROM t", json!([])).await)
    };
    assert!(!before.0.is_empty());
    let client = Client::with(&config).await;
    assert_eq!((client.rows(all, json!([])).await, client.rows("SELECT last FROM t", json!([])).await), before);
    std::fs::remove_dir_all(folder).unwrap();
}
