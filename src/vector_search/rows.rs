//! Rows page by page, read as they are asked for.

use std::collections::VecDeque;

use crate::error::Result;
use crate::vector_search::page::{self, Walk};
use crate::vector_search::{VectorSearchIndex, calls};
use crate::wire::json::Json;

/// A row: its columns by name and, in what a query found, its `score`.
pub type Row = serde_json::Map<String, serde_json::Value>;

/// Where the next page is.
enum Next {
    /// The first page of a query, with its request's JSON text.
    Query(String),
    /// A later page of a query.
    Page(String),
    /// A page of a scan, after this key.
    Scan(Option<String>),
    End,
}

/// Rows of a query or a scan, page by page as they are asked for.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// let mut rows = client.vector_search().index("main.docs.idx").scan(100);
/// while let Some(row) = rows.next().await? {
///     println!("{}", row["id"]);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Rows {
    index: VectorSearchIndex,
    next: Next,
    held: VecDeque<Row>,
    columns: Vec<String>,
    walk: Walk,
    size: u64,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({} held)", self.held.len())
    }
}

impl Rows {
    pub(super) fn of_query(index: VectorSearchIndex, request: String) -> Self {
        Self::new(index, Next::Query(request), 0)
    }

    pub(super) fn of_scan(index: VectorSearchIndex, size: u64) -> Self {
        Self::new(index, Next::Scan(None), size)
    }

    fn new(index: VectorSearchIndex, next: Next, size: u64) -> Self {
        Self { index, next, held: VecDeque::new(), columns: Vec::new(), walk: Walk::default(), size }
    }

    /// The next row; nothing at the end. After an error the same page can be asked for again.
    ///
    /// # Errors
    /// As the service answers; `Protocol` when its pages go round in a circle or stay empty.
    pub async fn next(&mut self) -> Result<Option<Row>> {
        loop {
            if let Some(row) = self.held.pop_front() {
                return Ok(Some(row));
            }
            if matches!(self.next, Next::End) {
                return Ok(None);
            }
            self.turn().await?;
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn collect(mut self) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        while let Some(row) = self.next().await? {
            all.push(row);
        }
        Ok(all)
    }

    async fn turn(&mut self) -> Result<()> {
        let name = self.index.name();
        let call = match &self.next {
            Next::Query(request) => calls::query(name, request, self.index.storage_optimized()),
            Next::Page(token) => calls::query_next_page(name, token, None),
            Next::Scan(after) => calls::scan(name, Some(self.size), after.as_deref()),
            Next::End => return Ok(()),
        };
        let text = self.index.search().text(call).await?;
        let scans = matches!(self.next, Next::Scan(_));
        let (rows, count, next) = if scans {
            let page = page::scanned(&text)?;
            (page.rows, page.count, page.next)
        } else {
            let known: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            let page = page::read(&text, &known)?;
            self.columns = page.columns;
            (page.rows, page.count, page.next)
        };
        self.next = match self.walk.turn(next.as_deref(), count)? {
            Some(token) if scans => Next::Scan(Some(token.to_owned())),
            Some(token) => Next::Page(token.to_owned()),
            None => Next::End,
        };
        self.held.extend(Json::<Vec<Row>>::from_bytes(rows.into_bytes())?.read()?);
        Ok(())
    }
}
