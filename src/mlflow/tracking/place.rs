//! Where a run's artifacts lie and what their paths look like. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::find::find;
use crate::wire::request::encode;

/// How the files of a run or a logged model move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Through the tracking server, under this path of its store, encoded.
    Proxied(String),
    /// To and from the store itself, by signed addresses that the workspace gives.
    Signed,
}

impl Place {
    /// The place that an `artifact_uri` names.
    ///
    /// # Errors
    /// `InvalidInput` for stores that neither the server nor the workspace passes on.
    ///
    /// ```
    /// use lakewire::mlflow::tracking::Place;
    /// assert_eq!(Place::of("mlflow-artifacts:/1/r/artifacts")?, Place::Proxied("1/r/artifacts".into()));
    /// assert_eq!(Place::of("dbfs:/databricks/mlflow-tracking/1/r/artifacts")?, Place::Signed);
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    pub fn of(artifact_uri: &str) -> Result<Self> {
        if artifact_uri.starts_with("dbfs:") {
            return Ok(Self::Signed);
        }
        if let Some(path) = artifact_uri.strip_prefix("mlflow-artifacts:") {
            // after two slashes the server's own name comes first
            let path = match path.strip_prefix("//") {
                Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(""),
                None => path,
            };
            return Ok(Self::Proxied(encoded(path.trim_matches('/'))?));
        }
        let scheme = match artifact_uri.find(':').and_then(|at| artifact_uri.get(..at)) {
            Some(scheme) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) => scheme,
            _ => "file",
        };
        let rule = "` store, which the tracking server does not pass on: start it with --serve-artifacts, so that they go through it.";
        Err(invalid(&["The artifacts lie in a `", scheme, rule]))
    }
}

/// The path of an artifact, from the run's artifacts on, checked and encoded.
///
/// # Errors
/// `InvalidInput` for a path that is empty, begins or ends with `/`, holds `.`, `..`, `\` or a control character.
///
/// ```
/// use lakewire::mlflow::tracking::place::encoded;
/// assert_eq!(encoded("plots/a b.png")?, "plots/a%20b.png");
/// assert!(encoded("../other-run/secret").is_err());
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn encoded(path: &str) -> Result<String> {
    let mut out = String::new();
    for part in path.split('/') {
        let fault = match part {
            "" => "has an empty part: write it without a slash at its beginning or end",
            "." | ".." => "holds `.` or `..`: write where the file shall lie, from the run's artifacts on",
            part if part.chars().any(|one| one.is_control() || one == '\\') => "holds `\\` or a control character",
            _ => "",
        };
        if !fault.is_empty() {
            return Err(invalid(&["The artifact path `", path, "` ", fault, "."]));
        }
        if !out.is_empty() {
            out.push('/');
        }
        encode(&mut out, part);
    }
    Ok(out)
}

/// Files that MLflow's own client calls plain text.
const TEXT: &str = " txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb MLmodel mlproject ";
/// What else people log, by its name.
const KNOWN: &[(&str, &str)] = &[
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("wav", "audio/x-wav"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
];

/// The content type that MLflow's Python client sends for a file of this name.
///
/// ```
/// use lakewire::mlflow::tracking::place::content_type;
/// assert_eq!(content_type("a/b.json"), "text/plain");
/// assert_eq!(content_type("table.html"), "text/html");
/// ```
#[must_use]
pub fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    // a file named `MLmodel` has no ending, and one named `.txt` neither
    let ending = match name.bytes().rposition(|byte| byte == b'.') {
        Some(dot) if dot > 0 => name.get(dot + 1..).unwrap_or(""),
        _ => name,
    };
    if !ending.is_empty()
        && !ending.bytes().any(|byte| byte == b' ')
        && find(TEXT, &[" ", ending, " "].concat()).is_some()
    {
        return "text/plain";
    }
    KNOWN.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, media_type)| media_type)
}

#[inline(never)]
fn invalid(parts: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidInput, parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_that_nobody_passes_on_are_told() {
        assert_eq!(Place::of("mlflow-artifacts://host:5000/1/a b").unwrap(), Place::Proxied("1/a%20b".into()));
        for uri in ["s3://bucket/1", "file:///tmp/x", "/tmp/x", "./mlruns/1", "mlflow-artifacts:/1/../2"] {
            assert_eq!(Place::of(uri).unwrap_err().kind(), ErrorKind::InvalidInput, "{uri}");
        }
        assert!(Place::of("s3://bucket/KEY").unwrap_err().message().contains("`s3` store"));
    }

    #[test]
    fn paths_stay_below_the_run() {
        assert_eq!(encoded("a/ü?#%2e.txt").unwrap(), "a/%C3%BC%3F%23%252e.txt");
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a\nb"] {
            assert_eq!(encoded(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad:?}");
        }
    }

    #[test]
    fn content_types_are_those_of_the_python_client() {
        for (path, media_type) in [
            ("MLmodel", "text/plain"),
            ("a.b/model.pkl", "application/octet-stream"),
            ("x.svg", "image/svg+xml"),
            ("x", "application/octet-stream"),
            (".txt", "application/octet-stream"),
            ("a b", "application/octet-stream"),
        ] {
            assert_eq!(content_type(path), media_type, "{path}");
        }
    }
}
