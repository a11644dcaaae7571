use std::sync::Arc;

use super::*;
use crate::auth::Credentials;
use crate::config::Config;
use crate::transport::scripted::{Reply, Scripted};

fn at(network: &Scripted) -> UnityCatalog {
    let config = Config::new("x.example").unwrap();
    UnityCatalog::new(Sender::new(config, Credentials::token("t"), Arc::new(network.clone())).unwrap())
}

fn routes(network: &Scripted) -> Vec<String> {
    let path = |url: &str| url.split("unity-catalog").nth(1).unwrap_or("").to_owned();
    network.requests().iter().map(|request| format!("{} {}", request.method.as_str(), path(&request.url))).collect()
}

#[test]
fn every_operation_has_its_route_and_reads_its_answer() {
    let network = Scripted::new();
    let uc = at(&network);
    let item = r#"{"name":"n","full_name":"c.s.n","table_type":"MANAGED","later":1}"#;
    for key in ["catalogs", "schemas", "tables", "tables", "volumes", "functions"] {
        network.push(Reply::json(&format!(r#"{{"{key}":[{item}]}}"#)));
    }
    network
        .run(async {
            assert_eq!(uc.catalogs().all().await.unwrap().len(), 1);
            assert_eq!(uc.schemas("c").all().await.unwrap()[0].full_name.as_deref(), Some("c.s.n"));
            assert_eq!(uc.tables("c", "s").all().await.unwrap()[0].table_type, Some(TableType::Managed));
            assert_eq!(uc.table_summaries("c", "", "t%").all().await.unwrap()[0].full_name, "c.s.n");
            assert_eq!(uc.volumes("c", "s").all().await.unwrap()[0].extra.len(), 3);
            let few = uc.clone().max_results(5).include_browse();
            assert_eq!(few.functions("c", "s").all().await.unwrap().len(), 1);
        })
        .unwrap();
    network.always(Reply::json(r#"{"name":"n","table_exists":true}"#));
    network
        .run(async {
            uc.catalog("c").await.unwrap();
            uc.schema("c.s").await.unwrap();
            uc.table("c.s.t").await.unwrap();
            assert!(uc.table_exists("c.s.t").await.unwrap());
            uc.function("c.s.f").await.unwrap();
            let made = CreateFunction::new("c", "s", "f", [], ColumnTypeName::Int, "int", "1").comment("One");
            uc.create_function(&made).await.unwrap();
            uc.update_function_owner("c.s.f", "ann \"a\"").await.unwrap();
            uc.delete_function("c.s.f", true).await.unwrap();
            assert!(uc.delete_function("c.s", false).await.is_err());
        })
        .unwrap();
    assert_eq!(
        routes(&network),
        [
            "GET /catalogs",
            "GET /schemas?catalog_name=c",
            "GET /tables?catalog_name=c&schema_name=s",
            "GET /table-summaries?catalog_name=c&table_name_pattern=t%25",
            "GET /volumes?catalog_name=c&schema_name=s",
            "GET /functions?catalog_name=c&schema_name=s&max_results=5&include_browse=true",
            "GET /catalogs/c",
            "GET /schemas/c.s",
            "GET /tables/c.s.t",
            "GET /tables/c.s.t/exists",
            "GET /functions/c.s.f",
            "POST /functions",
            "PATCH /functions/c.s.f",
            "DELETE /functions/c.s.f?force=true",
        ]
    );
    let body =
        |at: usize| String::from_utf8(network.requests()[at].body.as_deref().unwrap_or_default().to_vec()).unwrap();
    assert!(body(11).starts_with(r#"{"function_info":{"name":"f","catalog_name":"c","schema_name":"s","input_params":{"parameters":[]},"data_type":"INT""#));
    assert_eq!(body(12), r#"{"owner":"ann \"a\""}"#);
}

#[test]
fn a_list_that_cannot_be_asked_for_says_so_when_it_is_read() {
    let network = Scripted::new();
    let error = network.run(at(&network).tables("main", "").all()).unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("schema_name"));
    assert!(network.requests().is_empty());
}

#[test]
fn a_table_is_read_as_the_service_describes_it() {
    let text = r#"{"name":"orders","table_type":"NEW_KIND","columns":[{"name":"id","type_name":"LONG","type_text":"bigint","position":0,"nullable":false}],
        "table_constraints":[{"primary_key_constraint":{"name":"pk","child_columns":["id"]}},{"named_table_constraint":{"name":"c"}}]}"#;
    let table: TableInfo = serde_json::from_str(text).unwrap();
    assert_eq!(table.table_type, Some(TableType::Other("NEW_KIND".into())));
    assert_eq!(table.columns.as_ref().unwrap()[0].type_name, Some(ColumnTypeName::Long));
    let keys = table.table_constraints.unwrap();
    assert_eq!(keys[0].primary_key_constraint.as_ref().unwrap().child_columns, ["id"]);
    assert_eq!(keys[1].named_table_constraint.as_ref().unwrap().name, "c");
}
