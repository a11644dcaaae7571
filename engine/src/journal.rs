//! The changes that outlive the process: the statements that succeeded, one JSON object a line, repeated at the start.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::error::{Result, SqlError};

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The catalog it was made in.
    pub catalog: String,
    /// The schema it was made in.
    pub schema: String,
    /// Its text, parameters written out.
    pub statement: String,
}

/// The file of changes.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
}

impl Journal {
    /// Opens the folder's journal, and makes both when they are not there. A last line cut short by a crash is left out.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Entry>)> {
        let fault =
            |error: std::io::Error| SqlError::internal(format!("The data folder {}: {error}.", folder.display()));
        std::fs::create_dir_all(folder).map_err(fault)?;
        let path = folder.join("statements.jsonl");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fault(error)),
        };
        let entries = text.lines().filter_map(entry).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(fault)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(fault)?;
        }
        Ok((Self { file: Mutex::new(file) }, entries))
    }

    /// Adds a change.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, catalog: &str, schema: &str, statement: &str) -> Result<()> {
        let line = format!("{}\n", json!({"catalog": catalog, "schema": schema, "statement": statement}));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .and_then(|()| file.flush())
            .map_err(|error| SqlError::internal(format!("The change was made and could not be kept: {error}.")))
    }
}

fn entry(line: &str) -> Option<Entry> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Entry { catalog: text("catalog")?, schema: text("schema")?, statement: text("statement")? })
}
