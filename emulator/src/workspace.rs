//! What of the workspace can change and is kept: endpoints, their permissions, secrets and warehouses; in memory, and in a folder with `--data`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::secrets::Scopes;
use crate::serving_endpoints::{Endpoint, seeded};
use crate::sql::Warehouse;

/// The files of a data folder.
const ENDPOINTS_FILE: &str = "endpoints.json";
const SECRETS_FILE: &str = "secrets.json";
const WAREHOUSES_FILE: &str = "warehouses.json";
/// The form of the files; a newer one is not read.
const VERSION: u32 = 1;

/// Everything that can change.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// The serving endpoints, in listing order.
    pub endpoints: Vec<Arc<Endpoint>>,
    /// Endpoints of a fresh workspace that were deleted: a restart does not bring them back.
    pub deleted: Vec<String>,
    /// The secret scopes.
    pub scopes: Scopes,
    /// The SQL warehouses, in listing order.
    pub warehouses: Vec<Warehouse>,
}

#[derive(Serialize, Deserialize)]
struct EndpointsFile {
    version: u32,
    endpoints: Vec<Endpoint>,
    #[serde(default)]
    deleted: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SecretsFile {
    version: u32,
    scopes: Scopes,
}

#[derive(Serialize, Deserialize)]
struct WarehousesFile {
    version: u32,
    warehouses: Vec<Warehouse>,
}

impl Workspace {
    /// A workspace with the seeded endpoints and the seeded warehouse.
    #[must_use]
    pub fn fresh(seeds: Vec<Endpoint>) -> Self {
        Self {
            endpoints: seeds.into_iter().map(Arc::new).collect(),
            warehouses: vec![Warehouse::seeded()],
            ..Self::default()
        }
    }

    /// The endpoint of that name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// The endpoint of that name, to be changed.
    pub fn endpoint_mut(&mut self, name: &str) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.name == name).map(Arc::make_mut)
    }

    /// Lets deployments end whose time has come.
    pub fn settle(&mut self, now_ms: u64) {
        for endpoint in &mut self.endpoints {
            if endpoint.pending.as_ref().is_some_and(|pending| pending.until_ms <= now_ms) {
                Arc::make_mut(endpoint).settle(now_ms);
            }
        }
    }

    fn endpoints_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&EndpointsFile {
            version: VERSION,
            endpoints: self.endpoints.iter().map(|endpoint| Endpoint::clone(endpoint)).collect(),
            deleted: self.deleted.clone(),
        })
    }

    fn secrets_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&SecretsFile { version: VERSION, scopes: self.scopes.clone() })
    }

    fn warehouses_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&WarehousesFile { version: VERSION, warehouses: self.warehouses.clone() })
    }
}

/// The folder of `--data`, and what was last written there.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    endpoints: String,
    secrets: String,
    warehouses: String,
}

impl Folder {
    /// Opens a folder, makes it if need be, and reads what it holds over the seeded endpoints.
    ///
    /// # Errors
    /// A sentence saying which file or folder cannot be read; nothing is written then.
    pub fn open(path: &Path, seeds: Vec<Endpoint>) -> Result<(Self, Workspace), String> {
        // a folder that was there keeps its modes: it may be shared
        if !path.exists() {
            fs::create_dir_all(path)
                .map_err(|error| format!("The folder {} of --data cannot be made: {error}.", path.display()))?;
            private(path, 0o700);
        }
        let mut workspace = Workspace::fresh(seeds);
        if let Some(file) = read::<EndpointsFile>(path, ENDPOINTS_FILE)? {
            check_version(path, ENDPOINTS_FILE, file.version)?;
            workspace.endpoints = joined(workspace.endpoints, file.endpoints, &file.deleted);
            workspace.deleted = file.deleted;
        }
        if let Some(file) = read::<SecretsFile>(path, SECRETS_FILE)? {
            check_version(path, SECRETS_FILE, file.version)?;
            workspace.scopes = file.scopes;
        }
        if let Some(file) = read::<WarehousesFile>(path, WAREHOUSES_FILE)? {
            check_version(path, WAREHOUSES_FILE, file.version)?;
            workspace.warehouses = file.warehouses;
        }
        let folder =
            Self { path: path.to_owned(), endpoints: String::new(), secrets: String::new(), warehouses: String::new() };
        Ok((folder, workspace))
    }

    /// Writes what has changed since the last time.
    ///
    /// # Errors
    /// A sentence saying what could not be written; the file from before is still whole.
    pub fn save(&mut self, workspace: &Workspace) -> Result<(), String> {
        let texts = [
            (ENDPOINTS_FILE, workspace.endpoints_text(), &mut self.endpoints),
            (SECRETS_FILE, workspace.secrets_text(), &mut self.secrets),
            (WAREHOUSES_FILE, workspace.warehouses_text(), &mut self.warehouses),
        ];
        for (name, text, written) in texts {
            let text = text.map_err(|error| format!("The workspace could not be written: {error}."))?;
            if text != *written {
                write(&self.path, name, &text)?;
                *written = text;
            }
        }
        Ok(())
    }
}

/// The kept endpoints over the seeded ones. A seeded endpoint keeps what was changed, and what it is comes from this program.
fn joined(seeds: Vec<Arc<Endpoint>>, kept: Vec<Endpoint>, deleted: &[String]) -> Vec<Arc<Endpoint>> {
    let mut all: Vec<Arc<Endpoint>> = Vec::with_capacity(seeds.len() + kept.len());
    for seed in seeds {
        if deleted.contains(&seed.name) && !kept.iter().any(|kept| kept.name == seed.name) {
            continue;
        }
        match kept.iter().find(|kept| kept.name == seed.name) {
            None => all.push(seed),
            Some(kept) if !kept.seeded => {}
            Some(kept) => {
                let mut endpoint = kept.clone();
                endpoint.description.clone_from(&seed.description);
                if kept.updated_ms == seeded::CREATED_MS {
                    endpoint = Endpoint { settings: kept.settings.clone(), acl: kept.acl.clone(), ..(*seed).clone() };
                }
                endpoint.derive();
                all.push(Arc::new(endpoint));
            }
        }
    }
    for mut endpoint in kept {
        if all.iter().any(|known| known.name == endpoint.name) {
            continue;
        }
        // an endpoint of an older program's seeds that this one no longer has
        if endpoint.seeded {
            continue;
        }
        endpoint.derive();
        all.push(Arc::new(endpoint));
    }
    all
}

pub(crate) fn read<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> Result<Option<T>, String> {
    let path = folder.join(name);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}.", path.display())),
    };
    // only the place: the error's own words may quote what stands there, which may be a secret
    serde_json::from_str(&text).map(Some).map_err(|error| {
        format!(
            "{} is not what the emulator wrote (line {}, column {}). Nothing was changed: repair the file, or move it away to \
             start afresh.",
            path.display(),
            error.line(),
            error.column()
        )
    })
}

pub(crate) fn check_version(folder: &Path, name: &str, version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    let path = folder.join(name);
    Err(format!(
        "{} has the form {version}, and this emulator knows {VERSION} only. Nothing was changed.",
        path.display()
    ))
}

/// Writes a file whole or not at all: under another name first, which then takes the place.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    let temporary = folder.join(format!("{name}.new"));
    let written = || -> std::io::Result<()> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        private(&temporary, 0o600);
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        // the new name itself must last too, where folders can be synced
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    written().map_err(|error| format!("{} could not be written: {error}.", path.display()))
}

/// Only the owner may read it; where the system has no such modes, the folder's own rules hold.
fn private(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}
