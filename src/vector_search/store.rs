//! What LangChain's `DatabricksVectorSearch` does with an index: which parameters go with which kind, what a search
//! sends, and how rows become documents. Pure.

use crate::error::Result;
use crate::vector_search::check;
use crate::vector_search::text::{Object, answer, either, given, invalid, list, unreadable, word};
use crate::wire::find::whole;
use crate::wire::json::{Raw, string};

/// Where an index's embeddings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Delta Sync whose embeddings the service computes.
    Managed,
    /// Delta Sync whose embeddings stand in the table.
    SelfManaged,
    /// Rows and embeddings are written by who uses it.
    DirectAccess,
}

/// An index and how it is used, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The index's full name.
    pub name: String,
    /// Where its embeddings come from.
    pub kind: Kind,
    /// The column that tells rows apart.
    pub key: String,
    /// The column that holds the text of a document.
    pub text_column: String,
    /// The column that holds embeddings, when it is one's own.
    pub vector_column: Option<String>,
    /// How many numbers an embedding has, when the index says it.
    pub dimension: Option<u64>,
    /// The table the index follows.
    pub source_table: Option<String>,
    columns: Vec<String>,
    doc_uri: Option<String>,
    chunk_id: Option<String>,
    include_score: bool,
}

impl Plan {
    /// Checks how an index shall be used. `index` is its description as the service gives it; `options` the JSON text of
    /// `{text_column, columns, doc_uri, primary_key, include_score, has_embedding}`.
    ///
    /// # Errors
    /// `InvalidInput`, by LangChain's rules: managed embeddings take neither an embedding model nor a text column, all
    /// others need both; columns of a Direct Access index must be in its schema.
    pub fn new(index: &str, options: &str) -> Result<Self> {
        let root = answer(index)?;
        let options = given(options, "The options")?;
        let name = word(root, "name");
        check::full_name("The index", &name)?;
        let delta = either(root, "delta_sync_index_spec");
        let spec = delta.or_else(|| either(root, "direct_access_index_spec"));
        let first = |name: &str| spec.and_then(|spec| either(spec, name)).and_then(|columns| columns.items().next());
        let source = first("embedding_source_columns");
        let vector = first("embedding_vector_columns");
        let kind = match (word(root, "index_type").as_str(), source) {
            ("DELTA_SYNC", Some(_)) => Kind::Managed,
            ("DELTA_SYNC", None) => Kind::SelfManaged,
            ("DIRECT_ACCESS", _) => Kind::DirectAccess,
            _ => return Err(unreadable("The service did not say a known `index_type` of the index.")),
        };
        let asked = |name: &str| options.get_some(name).and_then(Raw::as_str).map(std::borrow::Cow::into_owned);
        let is = |name: &str| options.get_some(name).and_then(Raw::as_bool).unwrap_or(false);
        let source = source.map(|column| word(column, "name")).unwrap_or_default();
        let text_column = match (kind, asked("text_column")) {
            (Kind::Managed, Some(_)) => {
                return Err(invalid(
                    [
                        "The index '",
                        &name,
                        "' has the source column configured as '",
                        &source,
                        "'. Do not pass `text_column`.",
                    ]
                    .concat(),
                ));
            }
            (Kind::Managed, None) => source,
            (_, Some(column)) => column,
            (_, None) => {
                return Err(invalid(
                    "`text_column` is required for this index: the column that holds the text of a document.",
                ));
            }
        };
        if kind == Kind::Managed && is("has_embedding") {
            return Err(invalid(
                ["The index '", &name, "' uses Databricks-managed embeddings. Do not pass `embedding`."].concat(),
            ));
        }
        if kind != Kind::Managed && !is("has_embedding") {
            return Err(invalid(
                "`embedding` is required for a direct-access index or a delta-sync index with self-managed embeddings.",
            ));
        }
        let mut out = Self {
            kind,
            key: word(root, "primary_key"),
            text_column,
            vector_column: vector.map(|column| word(column, "name")),
            dimension: vector
                .and_then(|column| either(column, "embedding_dimension"))
                .and_then(|size| whole(size.text())),
            source_table: delta.map(|spec| word(spec, "source_table")).filter(|table| !table.is_empty()),
            columns: Vec::new(),
            doc_uri: asked("doc_uri"),
            chunk_id: asked("primary_key"),
            include_score: is("include_score"),
            name,
        };
        let columns = options.get_some("columns").into_iter().flat_map(Raw::items).filter_map(Raw::as_str);
        let mut columns: Vec<String> = columns.map(std::borrow::Cow::into_owned).collect();
        if kind == Kind::DirectAccess {
            out.check_schema(spec, &columns)?;
        }
        let more = [Some(&out.key), Some(&out.text_column), out.doc_uri.as_ref(), out.chunk_id.as_ref()];
        for column in more.into_iter().flatten() {
            if !column.is_empty() && !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        out.columns = columns;
        Ok(out)
    }

    fn check_schema(&self, spec: Option<Raw<'_>>, columns: &[String]) -> Result<()> {
        let Some(schema) = spec.and_then(|spec| either(spec, "schema_json")).and_then(Raw::as_str) else {
            return Ok(());
        };
        let Ok(schema) = Raw::parse(&schema) else { return Ok(()) };
        let missing: Vec<String> =
            columns.iter().filter(|column| schema.get(column).is_none()).map(|column| string(column)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(invalid(
            ["Some columns specified in `columns` are not in the index schema: ", &list(missing), "."].concat(),
        ))
    }

    /// Checks that an embedding has as many numbers as the index's.
    ///
    /// # Errors
    /// `InvalidInput` when it has not.
    pub fn check_dimension(&self, length: usize) -> Result<()> {
        match self.dimension {
            Some(dimension) if dimension != length as u64 => Err(invalid(
                [
                    "The specified embedding model's dimension '",
                    &length.to_string(),
                    "' does not match with the index configuration '",
                    &dimension.to_string(),
                    "'.",
                ]
                .concat(),
            )),
            _ => Ok(()),
        }
    }

    /// Whether a search by text needs the text's embedding: indexes that compute embeddings, and searches for words, do not.
    #[must_use]
    pub fn embeds(&self, query_type: &str) -> bool {
        self.kind != Kind::Managed && !query_type.eq_ignore_ascii_case("FULL_TEXT")
    }

    /// Whether rows can be added and deleted.
    ///
    /// # Errors
    /// `InvalidInput` for every index but a Direct Access one.
    pub fn writable(&self, method: &str) -> Result<()> {
        if self.kind == Kind::DirectAccess {
            return Ok(());
        }
        Err(invalid(
            ["`", method, "` is only supported for a direct-access index: this one follows its source table."].concat(),
        ))
    }

    /// The request of a search, to be checked by [`query::body`](super::query::body). `search` is the JSON text of
    /// `{by, query, vector, k}` with further fields of the request; `by` is `text`, `vector` or `mmr`.
    ///
    /// # Errors
    /// `InvalidInput` for what this kind of index has no search for.
    pub fn request(&self, search: &str) -> Result<String> {
        let root = given(search, "The search")?;
        let by = word(root, "by");
        let query = root.get_some("query");
        let hybrid = word(root, "query_type").eq_ignore_ascii_case("HYBRID");
        let mmr = by == "mmr";
        if by != "text" {
            let method = if mmr { "max_marginal_relevance_search" } else { "similarity_search_by_vector" };
            if self.kind == Kind::Managed {
                return Err(invalid(
                    ["`", method, "` is not supported for an index with Databricks-managed embeddings."].concat(),
                ));
            }
            if hybrid && query.is_none() {
                return Err(invalid("A value for `query` must be specified for hybrid search."));
            }
            if !mmr && !hybrid && query.is_some() {
                return Err(invalid(
                    "`query` goes with an embedding in a hybrid search alone: set `query_type` to HYBRID.",
                ));
            }
        }
        let mut out = Object::new();
        let mut columns: Vec<String> = self.columns.iter().map(|column| string(column)).collect();
        if let Some(vector) = self.vector_column.as_ref().filter(|vector| mmr && !self.columns.contains(vector)) {
            columns.push(string(vector));
        }
        out.raw("columns", &list(columns));
        out.raw("num_results", root.get_some("k").map_or("4", Raw::text));
        let vector = root.get_some("vector");
        if let Some(query) = query.filter(|_| hybrid || vector.is_none()) {
            out.raw("query_text", query.text());
        }
        if let Some(vector) = vector {
            out.raw("query_vector", vector.text());
        }
        for (key, value) in
            root.fields().filter(|(key, _)| !matches!(&**key, "by" | "query" | "vector" | "k" | "columns"))
        {
            out.raw(&key, value.text());
        }
        Ok(out.finish())
    }

    /// Rows as documents, the JSON text of a list of `{page_content, metadata}`.
    ///
    /// # Errors
    /// `Decode` when a row lacks the text column.
    pub fn documents(&self, rows: &str) -> Result<String> {
        let mut out = Vec::new();
        for row in Raw::parse(rows)?.items() {
            let text = row.get(&self.text_column).ok_or_else(|| {
                unreadable("A row of the answer lacks the text column, so it cannot be made a document.")
            })?;
            let content = match text.as_str() {
                Some(content) => content.into_owned(),
                None if text.is_null() => String::new(),
                None => text.text().to_owned(),
            };
            let mut metadata = Object::new();
            for (column, value) in row.fields() {
                let column = &*column;
                let is = |name: &Option<String>| name.as_deref() == Some(column);
                if column == "score" {
                    if self.include_score {
                        metadata.raw("score", value.text());
                    }
                } else if is(&self.doc_uri) {
                    metadata.raw("doc_uri", value.text());
                } else if is(&self.chunk_id) {
                    metadata.raw("chunk_id", value.text());
                } else if !((column == "doc_uri" && self.doc_uri.is_some())
                    || (column == "chunk_id" && self.chunk_id.is_some())
                    || column == self.text_column)
                    && self.columns.iter().any(|known| known == column)
                {
                    metadata.raw(column, value.text());
                }
            }
            let mut document = Object::new();
            document.text("page_content", &content);
            document.raw("metadata", &metadata.finish());
            out.push(document.finish());
        }
        Ok(list(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector_search::tests::{DIRECT, MANAGED, SELF};
    use serde_json::{Value, json};

    const OWN: &str = r#"{"text_column":"body","has_embedding":true}"#;

    fn refused<T: std::fmt::Debug>(outcome: Result<T>, part: &str) {
        let error = outcome.unwrap_err();
        assert!(error.message().contains(part), "{part}: {error}");
    }

    #[test]
    fn each_kind_takes_its_parameters() {
        assert_eq!(Plan::new(MANAGED, "{}").unwrap().text_column, "body");
        refused(Plan::new(MANAGED, r#"{"text_column":"body"}"#), "Do not pass `text_column`");
        refused(Plan::new(MANAGED, r#"{"has_embedding":true}"#), "Do not pass `embedding`");
        for index in [SELF, DIRECT] {
            refused(Plan::new(index, r#"{"has_embedding":true}"#), "`text_column` is required");
            refused(Plan::new(index, r#"{"text_column":"body"}"#), "`embedding` is required");
            let plan = Plan::new(index, OWN).unwrap();
            assert_eq!((plan.vector_column.as_deref(), plan.dimension), (Some("vec"), Some(2)));
            refused(plan.check_dimension(3), "dimension '3' does not match with the index configuration '2'");
            plan.check_dimension(2).unwrap();
        }
        refused(
            Plan::new(DIRECT, r#"{"text_column":"body","has_embedding":true,"columns":["url","no"]}"#),
            r#"["no"]"#,
        );
        refused(Plan::new(&MANAGED.replace("a.b.c", "a.b"), "{}"), "catalog.schema.name");
        refused(Plan::new(&MANAGED.replace("DELTA_SYNC", "X"), "{}"), "index_type");
        refused(Plan::new(SELF, OWN).unwrap().writable("add_texts"), "`add_texts` is only supported");
        Plan::new(DIRECT, OWN).unwrap().writable("delete").unwrap();
    }

    #[test]
    fn the_columns_sent_are_those_asked_for_and_what_documents_need() {
        let plan = Plan::new(
            DIRECT,
            r#"{"text_column":"body","has_embedding":true,"columns":["url"],"doc_uri":"url","primary_key":"id"}"#,
        )
        .unwrap();
        let request: Value =
            serde_json::from_str(&plan.request(r#"{"by":"text","query":"q","vector":[1,2]}"#).unwrap()).unwrap();
        assert_eq!(request, json!({"columns": ["url", "id", "body"], "num_results": 4, "query_vector": [1, 2]}));
    }

    #[test]
    fn each_search_sends_what_its_kind_takes() {
        let sent = |index: &str, options: &str, search: Value| -> Value {
            let plan = Plan::new(index, options).unwrap();
            let mut value: Value = serde_json::from_str(&plan.request(&search.to_string()).unwrap()).unwrap();
            value.as_object_mut().unwrap().remove("columns");
            value
        };
        assert_eq!(
            sent(MANAGED, "{}", json!({"by": "text", "query": "q", "k": 2})),
            json!({"num_results": 2, "query_text": "q"})
        );
        assert_eq!(
            sent(
                SELF,
                OWN,
                json!({"by": "text", "query": "q", "vector": [1], "query_type": "hybrid", "score_threshold": 0.5})
            ),
            json!({"num_results": 4, "query_text": "q", "query_vector": [1], "query_type": "hybrid", "score_threshold": 0.5})
        );
        assert_eq!(sent(SELF, OWN, json!({"by": "text", "query": "q", "query_type": "FULL_TEXT"}))["query_text"], "q");
        let own = Plan::new(SELF, OWN).unwrap();
        let mmr = own.request(r#"{"by":"mmr","query":"q","vector":[1],"k":20}"#).unwrap();
        assert_eq!(mmr, r#"{"columns":["id","body","vec"],"num_results":20,"query_vector":[1]}"#);
        refused(own.request(r#"{"by":"vector","vector":[1],"query_type":"HYBRID"}"#), "must be specified for hybrid");
        refused(own.request(r#"{"by":"vector","vector":[1],"query":"q"}"#), "HYBRID");
        let managed = Plan::new(MANAGED, "{}").unwrap();
        refused(managed.request(r#"{"by":"vector","vector":[1]}"#), "similarity_search_by_vector");
        refused(managed.request(r#"{"by":"mmr","vector":[1]}"#), "max_marginal_relevance_search");
        assert!(!managed.embeds("ANN") && own.embeds("ANN") && own.embeds("") && !own.embeds("full_text"));
    }

    #[test]
    fn rows_become_documents() {
        let rows = r#"[{"id":"a1","body":"Reset.","url":"u","vec":[1,2],"doc_uri":"real","score":0.5},{"id":2,"body":null,"score":0.1}]"#;
        let plan = Plan::new(SELF, r#"{"text_column":"body","has_embedding":true,"columns":["doc_uri"],"doc_uri":"url","primary_key":"id","include_score":true}"#).unwrap();
        assert_eq!(
            plan.documents(rows).unwrap(),
            r#"[{"page_content":"Reset.","metadata":{"chunk_id":"a1","doc_uri":"u","score":0.5}},{"page_content":"","metadata":{"chunk_id":2,"score":0.1}}]"#
        );
        let plain = Plan::new(SELF, OWN).unwrap();
        assert_eq!(
            plain.documents(rows).unwrap(),
            r#"[{"page_content":"Reset.","metadata":{"id":"a1"}},{"page_content":"","metadata":{"id":2}}]"#
        );
        refused(plain.documents(r#"[{"id":1}]"#), "text column");
    }
}
