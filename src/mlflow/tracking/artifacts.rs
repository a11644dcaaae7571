//! The files of runs and logged models: through the tracking server, or to and from the store by signed addresses.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::calls::{self, ROOT};
use super::place::{Place, content_type, encoded};
use super::types::{ArtifactCredentialInfo, ArtifactCredentialType, FileInfo, RunInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::pages::Pages;
use crate::sender::Link;
use crate::wire::call::Repeat;
use crate::wire::request::Method;

/// How many files and folders one walk finds at most.
const MOST: usize = 100_000;

/// The files of a run or of a logged model. Which way they go is told by where they lie: `mlflow-artifacts:` through the
/// tracking server, `dbfs:` to and from the workspace's store by signed addresses, which get none of the client's headers
/// and stand in no error. Made by [`MlflowClient::artifacts`]; cheap to clone.
///
/// Paths begin at the run's artifacts, with `/` between their parts.
#[derive(Clone)]
pub struct Artifacts {
    client: MlflowClient,
    /// The run they belong to; a logged model's belong to none.
    run_id: Option<String>,
    place: Place,
}

impl Artifacts {
    pub(super) fn new(client: &MlflowClient, run_id: Option<&str>, artifact_uri: Option<&str>) -> Result<Self> {
        let Some(uri) = artifact_uri else {
            return Err(Error::new(ErrorKind::Decode, "The server does not say where the artifacts lie."));
        };
        Ok(Self { client: client.clone(), run_id: run_id.map(str::to_owned), place: Place::of(uri)? })
    }

    /// Logs a file's bytes, over one of the same path.
    ///
    /// # Errors
    /// `InvalidInput` for a path that leads out of the run; as the server or the store answers.
    ///
    /// `PUT /api/2.0/mlflow-artifacts/artifacts/…`, or `POST /api/2.0/mlflow/artifacts/credentials-for-write`
    pub async fn log_bytes(&self, path: &str, bytes: impl Into<Arc<[u8]>>) -> Result<()> {
        let bytes = bytes.into();
        let way = encoded(path)?;
        match &self.place {
            Place::Proxied(root) => {
                let call = calls::put_artifact(&[root, "/", &way].concat(), content_type(path), bytes);
                self.client.sender.send(&call, &self.client.options).await.map(drop)
            }
            Place::Signed => {
                let mut fresh = false;
                loop {
                    let leave = self.leave("write", path).await?;
                    match self.client.put_signed(&leave, bytes.clone()).await {
                        // an address can expire while it waits for its turn
                        Err(error) if error.status() == Some(403) && !fresh => fresh = true,
                        other => return other.map_err(|error| error.about(path)),
                    }
                }
            }
        }
    }

    /// Logs a text, in UTF-8.
    ///
    /// # Errors
    /// As [`log_bytes`](Self::log_bytes).
    pub async fn log_text(&self, path: &str, text: &str) -> Result<()> {
        self.log_bytes(path, text.as_bytes()).await
    }

    /// Logs a value as JSON, indented by two spaces as MLflow's own client does. Into `.yaml` and `.yml` files goes the same:
    /// JSON is YAML.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be written as JSON; as [`log_bytes`](Self::log_bytes).
    pub async fn log_dict(&self, path: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The value cannot be written as JSON.").with_source(fault)
        })?;
        self.log_text(path, &text).await
    }

    /// Downloads a file.
    ///
    /// # Errors
    /// `NotFound` when there is none at this path; `BodyTooLarge` when it is longer than the client's limit for answers.
    ///
    /// `GET /api/2.0/mlflow-artifacts/artifacts/…`, or `POST /api/2.0/mlflow/artifacts/credentials-for-read`
    pub async fn download(&self, path: &str) -> Result<Vec<u8>> {
        let way = encoded(path)?;
        match &self.place {
            Place::Proxied(root) => {
                let call = calls::get_artifact(&[root, "/", &way].concat());
                Ok(self.client.sender.send(&call, &self.client.options).await?.0)
            }
            Place::Signed => {
                let mut fresh = false;
                loop {
                    let link = link_of(&self.leave("read", path).await?)?;
                    match self.client.sender.download(&link, &self.client.options).await {
                        Err(error) if error.status() == Some(403) && !fresh => fresh = true,
                        other => return other.map(|(bytes, _)| bytes).map_err(|error| error.about(path)),
                    }
                }
            }
        }
    }

    /// Lists a folder, the topmost with an empty path: files and folders, with their paths from the run's artifacts on.
    ///
    /// # Errors
    /// `InvalidInput` for a path that leads out of the run.
    ///
    /// `GET /api/2.0/mlflow/artifacts/list`
    pub async fn list(&self, path: &str) -> Result<Vec<FileInfo>> {
        let way = if path.is_empty() { String::new() } else { encoded(path)? };
        if let Some(run_id) = &self.run_id {
            let mut query = vec![("run_id", run_id.as_str())];
            query.extend((!path.is_empty()).then_some(("path", path)));
            return self.client.pages(Ok(calls::get(ROOT, "artifacts/list", &query)), "files").all().await;
        }
        let Place::Proxied(root) = &self.place else { return Err(unsigned()) };
        let joint = if way.is_empty() { "" } else { "/" };
        // the query is encoded once more, so that slashes and spaces are what the server reads
        let mut call = calls::get::<()>("", calls::ARTIFACTS, &[]);
        call.request_mut().path = [calls::ARTIFACTS, "?path=", root, joint, &way].concat();
        let pages: Pages<FileInfo> = self.client.pages(Ok(call), "files");
        let mut files = pages.all().await?;
        for file in &mut files {
            file.path.insert_str(0, joint);
            file.path.insert_str(0, path);
        }
        Ok(files)
    }

    /// Lists every file below a folder, the topmost with an empty path.
    ///
    /// # Errors
    /// As [`list`](Self::list); `Protocol` for folders without end.
    pub async fn walk(&self, path: &str) -> Result<Vec<FileInfo>> {
        let mut folders = VecDeque::from([path.to_owned()]);
        let mut files = Vec::new();
        let mut seen = 0;
        while let Some(folder) = folders.pop_front() {
            for one in self.list(&folder).await? {
                seen += 1;
                if seen > MOST {
                    return Err(Error::new(ErrorKind::Protocol, "The run holds more than 100,000 files and folders."));
                }
                // what is not below its folder would lead round in circles
                let below = folder.is_empty() || one.path.strip_prefix(&folder).is_some_and(|rest| rest.len() > 1);
                match one.is_dir {
                    Some(true) if below => folders.push_back(one.path),
                    Some(true) => {}
                    _ => files.push(one),
                }
            }
        }
        Ok(files)
    }

    /// Deletes a file, or a folder with all it holds. Only a server that passes artifacts on has a call for it.
    ///
    /// # Errors
    /// `NotImplemented` in a workspace.
    ///
    /// `DELETE /api/2.0/mlflow-artifacts/artifacts/…`
    pub async fn delete(&self, path: &str) -> Result<()> {
        let way = encoded(path)?;
        let Place::Proxied(root) = &self.place else {
            let sentence = "A workspace has no call that deletes an artifact of a run: delete the run.";
            return Err(Error::new(ErrorKind::NotImplemented, sentence));
        };
        let call = calls::delete_artifact(&[root, "/", &way].concat());
        self.client.sender.send(&call, &self.client.options).await.map(drop)
    }

    /// Leave to move a file.
    async fn leave(&self, what: &str, path: &str) -> Result<ArtifactCredentialInfo> {
        let Some(run_id) = &self.run_id else { return Err(unsigned()) };
        let operation = ["artifacts/credentials-for-", what].concat();
        let body = json!({"run_id": run_id, "path": [path]});
        // asking twice changes nothing
        let call = calls::send::<Value>(Method::Post, ROOT, &operation, &body, Repeat::Safe);
        let infos: Vec<ArtifactCredentialInfo> = self.client.field(call.map(retyped), "credential_infos").await?;
        infos.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::Decode, "The workspace gave no signed address for the artifact.").about(path)
        })
    }
}

fn retyped<T>(
    call: crate::wire::call::Call<crate::wire::json::Json<Value>>,
) -> crate::wire::call::Call<crate::wire::json::Json<T>> {
    call.read_by(crate::wire::answer::json)
}

fn link_of(leave: &ArtifactCredentialInfo) -> Result<Link> {
    let headers = leave.headers.iter().flatten();
    Ok(headers.fold(Link::new(&leave.signed_uri)?, |link, header| link.header(&header.name, &header.value)))
}

fn unsigned() -> Error {
    let sentence = "The files of this logged model lie in the workspace's store, for which only runs get signed addresses: log them as artifacts of its run.";
    Error::new(ErrorKind::NotImplemented, sentence)
}

impl fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifacts").field("run_id", &self.run_id).field("place", &self.place).finish_non_exhaustive()
    }
}

impl MlflowClient {
    /// Sends a file to a store, as its kind wants it.
    pub(crate) async fn put_signed(&self, leave: &ArtifactCredentialInfo, bytes: Arc<[u8]>) -> Result<()> {
        let mut link = link_of(leave)?;
        let put =
            async |link: &Link, method, bytes| self.sender.upload(link, method, bytes, &self.options).await.map(drop);
        match &leave.kind {
            Some(ArtifactCredentialType::AzureAdlsGen2SasUri) => {
                // three steps: an empty file, its bytes, and the word that these are all
                let empty = || Arc::from(&b""[..]);
                let length = bytes.len().to_string();
                put(&link.query("resource=file"), Method::Put, empty()).await?;
                if !bytes.is_empty() {
                    put(&link.query("action=append&position=0"), Method::Patch, bytes).await?;
                }
                put(&link.query(&["action=flush&position=", &length].concat()), Method::Patch, empty()).await
            }
            kind => {
                if *kind == Some(ArtifactCredentialType::AzureSasUri) {
                    link = link.header("x-ms-blob-type", "BlockBlob");
                }
                put(&link, Method::Put, bytes).await
            }
        }
    }

    /// Reads a file from a store.
    pub(crate) async fn get_signed(&self, leave: &ArtifactCredentialInfo) -> Result<Vec<u8>> {
        Ok(self.sender.download(&link_of(leave)?, &self.options).await?.0)
    }

    /// The files of a run: asks once where they lie.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `InvalidInput` when its store is one that nobody passes on.
    pub async fn artifacts(&self, run_id: &str) -> Result<Artifacts> {
        self.artifacts_of(&self.get_run(run_id).await?.info)
    }

    /// The files of a run that was read already.
    ///
    /// # Errors
    /// `InvalidInput` when its store is one that nobody passes on.
    pub fn artifacts_of(&self, run: &RunInfo) -> Result<Artifacts> {
        Artifacts::new(self, Some(&run.run_id), run.artifact_uri.as_deref())
    }

    /// Logs a file's bytes. For more than one file [`artifacts`](Self::artifacts) asks only once where they go.
    ///
    /// # Errors
    /// As [`Artifacts::log_bytes`].
    pub async fn log_artifact(&self, run_id: &str, path: &str, bytes: impl Into<Arc<[u8]>>) -> Result<()> {
        encoded(path)?;
        self.artifacts(run_id).await?.log_bytes(path, bytes).await
    }

    /// Logs a text as a file.
    ///
    /// # Errors
    /// As [`Artifacts::log_bytes`].
    pub async fn log_text(&self, run_id: &str, path: &str, text: &str) -> Result<()> {
        self.log_artifact(run_id, path, text.as_bytes()).await
    }

    /// Logs a value as a JSON file.
    ///
    /// # Errors
    /// As [`Artifacts::log_dict`].
    pub async fn log_dict(&self, run_id: &str, path: &str, value: &impl Serialize) -> Result<()> {
        encoded(path)?;
        self.artifacts(run_id).await?.log_dict(path, value).await
    }

    /// Lists a folder of a run's files, the topmost with an empty path.
    ///
    /// # Errors
    /// As [`Artifacts::list`].
    pub async fn list_artifacts(&self, run_id: &str, path: &str) -> Result<Vec<FileInfo>> {
        let place = Place::Signed;
        Artifacts { client: self.clone(), run_id: Some(run_id.to_owned()), place }.list(path).await
    }

    /// Downloads a file of a run.
    ///
    /// # Errors
    /// As [`Artifacts::download`].
    pub async fn download_artifact(&self, run_id: &str, path: &str) -> Result<Vec<u8>> {
        encoded(path)?;
        self.artifacts(run_id).await?.download(path).await
    }
}
