//! The last resort: which release of each service is stable, in a file beside the store.
//!
//! It is what is served when the store is lost, so it is written whenever a stable release changes, and read only
//! when the store cannot be. It is replaced whole or not at all, and a file that is not exactly what was written is
//! rejected.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::Stables;
use crate::store::aside::{beside, remove_if_there, sync_folder};
use crate::store::ownership::Ownership;

/// The layout of the file. Another number is another layout, and is rejected.
const VERSION: u32 = 1;

/// The file, and what is known to be in it.
#[derive(Debug)]
pub struct Snapshot {
    store: PathBuf,
    path: PathBuf,
    written: Option<Stables>,
    problem: Option<String>,
}

/// Why a snapshot cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is not what was written.
    #[error("the routes snapshot {path} is unreadable: {found}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        found: String,
    },
    /// It may be in order, but it cannot be reached.
    #[error("the routes snapshot {path} cannot be opened: {cause}")]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
}

/// The file's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    stables: Stables,
    crc32: u32,
}

// === impl Snapshot ===

impl Snapshot {
    /// The snapshot of the store at `store_path`.
    #[must_use]
    pub fn of(store_path: &Path) -> Self {
        let (store, path) = (store_path.to_owned(), beside(store_path, ".routes"));
        Self { store, path, written: None, problem: None }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says, or nothing if there is none.
    ///
    /// # Errors
    /// It is there and cannot be trusted.
    pub fn read(&self) -> Result<Option<Stables>, SnapshotError> {
        match fs::read(&self.path) {
            Ok(bytes) => {
                parse(&bytes).map(Some).map_err(|found| SnapshotError::Unreadable { path: self.path.clone(), found })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SnapshotError::Unreachable { path: self.path.clone(), cause: error.to_string() }),
        }
    }

    /// Makes the file say this, unless it is known to say so already. If that fails, [`Self::problem`] says so, and
    /// the next call tries again.
    pub fn keep(&mut self, stables: &Stables) {
        if self.written.as_ref() == Some(stables) {
            return;
        }
        match self.write(stables) {
            Ok(()) => {
                self.written = Some(stables.clone());
                self.problem = None;
            }
            Err(error) => {
                let path = self.path.display();
                self.written = None;
                self.problem = Some(format!(
                    "the routes snapshot {path} cannot be written: {error}; make its folder writable, or a lost store \
                     would bring back older stable releases"
                ));
            }
        }
    }

    /// Why the file does not say what it was last to say, and what to do.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    fn write(&self, stables: &Stables) -> io::Result<()> {
        let content = Content { version: VERSION, stables: stables.clone(), crc32: checksum(stables)? };
        let fresh_path = beside(&self.path, ".new");
        // What is there is the rest of an attempt, or a link that somebody has put there.
        remove_if_there(&fresh_path)?;
        let mut file = File::create_new(&fresh_path)?;
        Ownership::of(&self.store)?.give(&file)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        file.sync_all()?;
        fs::rename(&fresh_path, &self.path)?;
        sync_folder(&self.path)
    }
}

// === functions ===

fn parse(bytes: &[u8]) -> Result<Stables, String> {
    let content: Content = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if content.version != VERSION {
        return Err(format!("it has version {}, and this canaryd knows only {VERSION}", content.version));
    }
    match checksum(&content.stables) {
        Ok(crc32) if crc32 == content.crc32 => Ok(content.stables),
        _ => Err("its checksum does not match".to_owned()),
    }
}

fn checksum(stables: &Stables) -> serde_json::Result<u32> {
    Ok(crc32fast::hash(&serde_json::to_vec(stables)?))
}
