//! What the workspace holds of vector search: endpoints, indexes, and the pages being read; in memory, and in the folder of `--data`.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::endpoints::Endpoint;
use super::index::{Index, Key, Progress, Row};
use crate::errors::ApiError;
use crate::workspace::{check_version, read, write};

const ENDPOINTS_FILE: &str = "vector-search.json";
const INDEX_PREFIX: &str = "vector-index-";
const VERSION: u32 = 1;
/// How many answers are held for their next pages.
const HELD_ANSWERS: usize = 64;

#[derive(Serialize, Deserialize)]
struct EndpointsFile {
    version: u32,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct IndexFile {
    version: u32,
    index: Index,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct IndexFileRef<'i> {
    version: u32,
    index: &'i Index,
    rows: Vec<&'i Row>,
}

/// An answer whose rows are given out page by page.
#[derive(Debug)]
struct Held {
    id: u64,
    index: String,
    rows: Arc<Vec<Value>>,
    page: usize,
}

/// The endpoints and indexes of the workspace.
#[derive(Debug, Default)]
pub struct Store {
    endpoints: Vec<Endpoint>,
    indexes: BTreeMap<String, Arc<Index>>,
    held: VecDeque<Held>,
    answers: u64,
    folder: Option<PathBuf>,
}

impl Store {
    /// The seeded endpoint, or what the folder holds.
    ///
    /// # Errors
    /// A sentence saying which file cannot be read.
    pub fn open(folder: Option<&Path>) -> Result<Self, String> {
        let mut store = Self { endpoints: vec![Endpoint::seeded()], ..Self::default() };
        let Some(folder) = folder else { return Ok(store) };
        store.folder = Some(folder.to_owned());
        if let Some(file) = read::<EndpointsFile>(folder, ENDPOINTS_FILE)? {
            check_version(folder, ENDPOINTS_FILE, file.version)?;
            store.endpoints = file.endpoints;
        }
        let entries = fs::read_dir(folder).map_err(|error| format!("{} cannot be read: {error}.", folder.display()))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with(INDEX_PREFIX) || !name.ends_with(".json") {
                continue;
            }
            let Some(IndexFile { version, mut index, rows }) = read::<IndexFile>(folder, &name)? else { continue };
            check_version(folder, &name, version)?;
            let kind = index.key_kind();
            let keyed = rows.into_iter().filter_map(|row| {
                let key = row.values.get(&index.primary_key).and_then(|value| Key::read(&kind, value))?;
                Some((key, row))
            });
            let keyed: Vec<(Key, Row)> = keyed.collect();
            index.put(keyed);
            if let Some(origin) = &mut index.origin {
                let serving = match origin.progress {
                    Progress::First => Some(false),
                    Progress::Again => Some(true),
                    _ => None,
                };
                if let Some(serving) = serving {
                    let message = "The emulator was stopped while it synced the index: sync it again.".to_owned();
                    origin.progress = Progress::Failed { message, serving };
                }
            }
            store.indexes.insert(index.name.clone(), Arc::new(index));
        }
        Ok(store)
    }

    /// The endpoints in the order they were made.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The endpoint of that name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// Changes the endpoints and keeps them; a change that is refused or cannot be kept changes nothing.
    ///
    /// # Errors
    /// What `change` refuses, or 500 if the folder cannot be written.
    pub fn edit_endpoints<T>(
        &mut self,
        change: impl FnOnce(&mut Vec<Endpoint>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut next = self.endpoints.clone();
        let answer = change(&mut next)?;
        if let Some(folder) = &self.folder {
            let file = EndpointsFile { version: VERSION, endpoints: next.clone() };
            save(folder, ENDPOINTS_FILE, &file)?;
        }
        self.endpoints = next;
        Ok(answer)
    }

    /// The indexes by name.
    pub fn indexes(&self) -> impl Iterator<Item = &Arc<Index>> {
        self.indexes.values()
    }

    /// The index of that name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<Arc<Index>> {
        self.indexes.get(name).cloned()
    }

    /// Keeps an index, in the place of an older one of its name.
    ///
    /// # Errors
    /// 500 if the folder cannot be written.
    pub fn put_index(&mut self, index: Index) -> Result<(), ApiError> {
        if let Some(folder) = &self.folder {
            let rows = index.rows.values().map(|row| &**row).collect();
            save(folder, &file_name(&index.name), &IndexFileRef { version: VERSION, index: &index, rows })?;
        }
        self.indexes.insert(index.name.clone(), Arc::new(index));
        Ok(())
    }

    /// Forgets an index.
    ///
    /// # Errors
    /// 500 if its file cannot be removed.
    pub fn remove_index(&mut self, name: &str) -> Result<(), ApiError> {
        if let Some(folder) = &self.folder {
            let path = folder.join(file_name(name));
            if let Err(error) = fs::remove_file(&path) {
                if error.kind() != std::io::ErrorKind::NotFound {
                    return Err(broken(format!("{} could not be removed: {error}.", path.display())));
                }
            }
        }
        self.indexes.remove(name);
        self.held.retain(|held| held.index != name);
        Ok(())
    }

    /// Holds the rows of an answer and gives the token of what comes after its first page.
    pub fn hold(&mut self, index: &str, rows: Arc<Vec<Value>>, page: usize) -> String {
        self.answers += 1;
        if self.held.len() == HELD_ANSWERS {
            self.held.pop_front();
        }
        self.held.push_back(Held { id: self.answers, index: index.to_owned(), rows, page });
        format!("{:x}.{page:x}", self.answers)
    }

    /// The rows behind a token, and the token of those after them. A token can be used again.
    #[must_use]
    pub fn page(&self, index: &str, token: &str) -> Option<(Vec<Value>, Option<String>)> {
        let (id, start) = token.split_once('.')?;
        let (id, start) = (u64::from_str_radix(id, 16).ok()?, usize::from_str_radix(start, 16).ok()?);
        let held = self.held.iter().find(|held| held.id == id && held.index == index)?;
        let end = start.saturating_add(held.page).min(held.rows.len());
        let rows = held.rows.get(start..end).filter(|rows| !rows.is_empty())?;
        Some((rows.to_vec(), (end < held.rows.len()).then(|| format!("{id:x}.{end:x}"))))
    }
}

/// Names of indexes hold letters, digits, `_` and `-` only: they are safe in the name of a file.
fn file_name(index: &str) -> String {
    format!("{INDEX_PREFIX}{index}.json")
}

fn broken(sentence: String) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", sentence)
}

fn save(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), ApiError> {
    let text =
        serde_json::to_string(value).map_err(|error| broken(format!("{name} could not be written: {error}.")))?;
    write(folder, name, &text).map_err(broken)
}
