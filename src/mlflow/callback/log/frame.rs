//! A table of records, as pandas makes and prints it.

use super::cells::{Column, escaped, label};
use crate::wire::json::Raw;

/// Columns of cells; a cell that no record has is nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) columns: Vec<(String, Vec<Option<Raw<'a>>>)>,
    pub(super) rows: usize,
}

impl<'a> Frame<'a> {
    /// One row per record, with all the keys there are.
    pub(super) fn of(records: &[Raw<'a>]) -> Self {
        let mut frame = Self { columns: Vec::new(), rows: records.len() };
        for (row, record) in records.iter().enumerate() {
            for (key, value) in record.fields() {
                let at = frame.place(&key);
                if let Some(cell) = frame.columns.get_mut(at).and_then(|(_, cells)| cells.get_mut(row)) {
                    *cell = Some(value);
                }
            }
        }
        frame
    }

    /// Where a column stands, which is made when there is none.
    fn place(&mut self, name: &str) -> usize {
        self.columns.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.columns.push((name.to_owned(), vec![None; self.rows]));
            self.columns.len() - 1
        })
    }

    pub(super) fn column(&self, name: &str) -> Option<&[Option<Raw<'a>>]> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, cells)| cells.as_slice())
    }

    /// A column under another name, unless one of its cells is empty.
    pub(super) fn full(&self, name: &str, new_name: &str) -> Option<(String, Vec<Option<Raw<'a>>>)> {
        let cells = self.column(name)?;
        let full = cells.iter().all(|cell| cell.is_some_and(|value| !value.is_null()));
        full.then(|| (new_name.to_owned(), cells.to_vec()))
    }

    /// As many rows in every column as the longest has.
    pub(super) fn aligned(mut self) -> Self {
        self.rows = self.columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        for (_, cells) in &mut self.columns {
            cells.resize(self.rows, None);
        }
        self
    }

    /// The table as HTML.
    pub(super) fn to_html(&self) -> String {
        let printed: Vec<Vec<String>> =
            self.columns.iter().map(|(_, cells)| Column::of(cells).printed(cells)).collect();
        let mut out = String::from(
            "<table border=\"1\" class=\"dataframe\">\n  <thead>\n    <tr style=\"text-align: right;\">\n      <th></th>\n",
        );
        for (name, _) in &self.columns {
            line(&mut out, "th", &label(name));
        }
        out.push_str("    </tr>\n  </thead>\n  <tbody>\n");
        for row in 0..self.rows {
            out.push_str("    <tr>\n");
            line(&mut out, "th", &row.to_string());
            for cells in &printed {
                line(&mut out, "td", cells.get(row).map_or("", String::as_str));
            }
            out.push_str("    </tr>\n");
        }
        out.push_str("  </tbody>\n</table>");
        out
    }
}

fn line(out: &mut String, tag: &str, text: &str) {
    for piece in ["      <", tag, ">", &spaced(&escaped(text)), "</", tag, ">\n"] {
        out.push_str(piece);
    }
}

/// Two spaces as HTML shows two.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == ' ' && rest.next_if_eq(&' ').is_some() {
            out.push_str("&nbsp;&nbsp;");
        } else {
            out.push(c);
        }
    }
    out
}
