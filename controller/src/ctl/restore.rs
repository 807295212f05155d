//! A backup in the place of the store, while canaryd is stopped.

use std::path::{Path, PathBuf};

use canary_config::daemon::Config;
use canary_config::name::{ReleaseId, ServiceName};
use serde::Serialize;

use crate::clock;
use crate::ctl::args::Home;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::render;
use crate::store::{self, Restored, StoreError};

/// What was restored.
#[derive(Debug, Serialize)]
struct Report<'a> {
    store: String,
    newest_at: Option<&'a str>,
    stables: Vec<Stable<'a>>,
    damaged: usize,
    set_aside: Option<String>,
    warning: Option<&'a str>,
}

/// The stable release of a service.
#[derive(Debug, Serialize)]
struct Stable<'a> {
    service: &'a ServiceName,
    release: &'a ReleaseId,
}

/// Puts it there.
pub(super) fn restore(backup: &Path, home: Home, output: &Output) -> Result<(), Failure> {
    let store = store_path(home)?;
    let folder = store.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let what = format!("{}: there is no such folder", folder.display());
        return Err(Failure::new(
            Exit::Usage,
            what,
            "name the store of canaryd.toml with --store, or its file with --config",
        ));
    }
    let restored = store::restore(backup, &store, clock::today())?;
    let text = render::restored(&store.display().to_string(), &restored, output.color());
    output.report(&Report::of(&store, &restored), &text)
}

fn store_path(Home { store, config }: Home) -> Result<PathBuf, Failure> {
    if let Some(store) = store {
        return Ok(store);
    }
    let hint = "mend it, or name the store with --store PATH";
    let config = Config::load(&config).map_err(|errors| Failure::new(Exit::Usage, errors.to_string(), hint))?;
    Ok(config.store.path)
}

// === impl Report ===

impl<'a> Report<'a> {
    fn of(store: &Path, restored: &'a Restored) -> Self {
        let Restored { stables, newest_at, damaged, set_aside, warning } = restored;
        let shown = |path: &Path| path.display().to_string();
        Self {
            store: shown(store),
            newest_at: newest_at.as_deref(),
            stables: stables.iter().map(|(service, release)| Stable { service, release }).collect(),
            damaged: *damaged,
            set_aside: set_aside.as_deref().map(shown),
            warning: warning.as_deref(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            // It was named on the command line.
            StoreError::Backup { .. } => Exit::Usage,
            _ => Exit::Refused,
        };
        Self::plain(exit, error.to_string())
    }
}
