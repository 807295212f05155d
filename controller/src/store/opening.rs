//! The way to a store: one that can be trusted, or none, and what to serve until then.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::store::aside::{folder_of, set_aside, set_aside_orphans};
use crate::store::lock::LockError;
use crate::store::restore::remove_attempt;
use crate::store::{
    ClosedStore, Loaded, Lock, Locked, Snapshot, SnapshotError, SqliteStore, Stables, Store, StoreError,
};

/// What the attempt to open a store led to.
pub enum Opened {
    /// It is in order.
    Ready {
        /// The store.
        store: Box<dyn Store>,
        /// What it held.
        loaded: Loaded,
    },
    /// It is not, until an operator does something and canaryd is restarted. Traffic is served meanwhile.
    Degraded {
        /// What was found, where the file is now, and what to do.
        reason: String,
        /// The last known stable releases. A service that is not among them has the one that is configured.
        stables: Stables,
        /// A store that refuses everything for that reason.
        store: Box<dyn Store>,
    },
}

/// Why there is no store, and what is known all the same.
struct Lost {
    reason: String,
    stables: Stables,
}

/// Opens the store in a file, or begins a new one if the file is not there. A new one has the stable releases of the
/// routes snapshot, if there is one, so that a lost file never brings an older release back.
///
/// A file that is not exactly what was recorded is renamed, and nothing in it is used. `now` is for its new name. A file
/// of another program at a place where no store has been is left as it is.
///
/// # Errors
/// Another process uses the store.
pub fn open(path: &Path, now: SystemTime) -> Result<Opened, Locked> {
    let lock = match fs::create_dir_all(folder_of(path)).map_err(LockError::Unreachable).and_then(|()| Lock::take(path))
    {
        Ok(lock) => lock,
        Err(LockError::Held(locked)) => return Err(locked),
        Err(LockError::Unreachable(error)) => return Ok(without_lock(path, &error, now)),
    };
    if let Err(error) = remove_attempt(path) {
        tracing::warn!(path = %path.display(), %error, "what a restore that was cut short has left cannot be removed");
    }
    Ok(match reach(path, now) {
        Ok((store, loaded)) => Opened::Ready { store: Box::new(store.guarded_by(lock)), loaded },
        Err(lost) => lost.degraded(Some(lock)),
    })
}

fn reach(path: &Path, now: SystemTime) -> Result<(SqliteStore, Loaded), Lost> {
    if is_missing(path) {
        begin(path, now)?;
    }
    let mut store = SqliteStore::open(path).map_err(|error| Lost::because(&error, path, now))?;
    match store.load() {
        Ok(loaded) => Ok((store, loaded)),
        Err(error @ StoreError::Write { .. }) => {
            // What can be read and not written knows better than its snapshot.
            let stables = store.stables();
            let lost = Lost::because(&error, path, now);
            Err(Lost { stables: stables.unwrap_or(lost.stables), ..lost })
        }
        Err(error) => {
            drop(store);
            Err(Lost::because(&error, path, now))
        }
    }
}

/// Makes a new store.
fn begin(path: &Path, now: SystemTime) -> Result<(), Lost> {
    let (snapshot, problem) = last_stables(path, now);
    // Where there was a store before, its numbers are not given again.
    let last_entry = if snapshot.is_some() { number_after_a_loss(now) } else { 0 };
    let stables = snapshot.unwrap_or_default();
    if let Some(problem) = problem {
        return Err(Lost { reason: format!("the store {} is gone; {problem}", path.display()), stables });
    }
    let made = set_aside_orphans(path, now)
        .map_err(|error| Lost::of_the_place(path, &error))
        .and_then(|()| SqliteStore::create(path, &stables, last_entry).map_err(|error| ending_in_restart(&error)));
    made.map_err(|reason| Lost { reason, stables: stables.clone() })?;
    if !stables.is_empty() {
        let services = stables.len();
        tracing::warn!(path = %path.display(), services, "the store was gone; a new one begins with the last releases");
    }
    Ok(())
}

/// What the snapshot says. If it is there and says nothing, that is told, and the file is set aside.
fn last_stables(path: &Path, now: SystemTime) -> (Option<Stables>, Option<String>) {
    let snapshot = Snapshot::of(path);
    match snapshot.read() {
        Ok(stables) => (stables, None),
        Err(error @ SnapshotError::Unreadable { .. }) => {
            let problem = told_with_place(&error, set_aside(snapshot.path(), now));
            (None, Some(format!("{problem}, with the configured releases")))
        }
        Err(error) => (None, Some(format!("{error}; make it readable and restart canaryd"))),
    }
}

/// Where an audit trail goes on whose last number nobody knows: no trail grows by a line a second all its life, so the
/// seconds since 1970 are more.
pub(super) fn number_after_a_loss(now: SystemTime) -> i64 {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn without_lock(path: &Path, error: &io::Error, now: SystemTime) -> Opened {
    let (stables, _) = last_stables(path, now);
    Lost { reason: Lost::of_the_place(path, error), stables: stables.unwrap_or_default() }.degraded(None)
}

/// Whether there is nothing at all. A link that leads nowhere is something.
fn is_missing(path: &Path) -> bool {
    matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn ending_in_restart(error: &StoreError) -> String {
    format!("{error}, then restart canaryd")
}

fn told_with_place(error: &dyn std::error::Error, set_aside: io::Result<std::path::PathBuf>) -> String {
    match set_aside {
        Ok(target) => format!("{error}; it is kept as {}; restart canaryd to begin a new one", target.display()),
        Err(cause) => format!("{error}; it cannot be set aside: {cause}; move it away and restart canaryd"),
    }
}

// === impl Lost ===

impl Lost {
    /// Sets aside what is unreadable, and leaves alone what is only out of reach or another program's.
    fn because(error: &StoreError, path: &Path, now: SystemTime) -> Self {
        let reason = match error {
            // A store has been here, so what is here now is what became of it.
            StoreError::Foreign { path, found } if Snapshot::of(path).path().exists() => {
                let error = StoreError::Unreadable { path: path.clone(), found: (*found).to_owned() };
                told_with_place(&error, set_aside(path, now))
            }
            StoreError::Unreadable { .. } => told_with_place(error, set_aside(path, now)),
            StoreError::Foreign { .. } | StoreError::Write { .. } | StoreError::Unreachable { .. } => {
                ending_in_restart(error)
            }
            _ => error.to_string(),
        };
        match last_stables(path, now) {
            (stables, None) => Self { reason, stables: stables.unwrap_or_default() },
            (stables, Some(problem)) => {
                Self { reason: format!("{reason}; {problem}"), stables: stables.unwrap_or_default() }
            }
        }
    }

    fn of_the_place(path: &Path, error: &io::Error) -> String {
        let path = path.display();
        format!("the store {path} cannot be made: {error}; make its folder writable for canaryd, then restart canaryd")
    }

    fn degraded(self, lock: Option<Lock>) -> Opened {
        let store = Box::new(ClosedStore::new(self.reason.clone(), lock));
        Opened::Degraded { reason: self.reason, stables: self.stables, store }
    }
}
