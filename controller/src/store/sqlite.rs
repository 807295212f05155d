//! The store of one node: one SQLite file.
//!
//! It keeps a rollback journal (`DELETE`) and syncs file and folder at every commit (`EXTRA`). A write-ahead log would
//! save one of the four syncs, and rollouts change a few times an hour. In return the one file holds everything at
//! every moment between two records, so it can be copied, and no damage can drop the last records unseen: a log whose
//! end is damaged is taken for a log that ended there.
//!
//! `services` says what is kept and how it is known to be whole, `audit` keeps the trail, `schema` the layout.

mod audit;
mod failure;
mod schema;
mod services;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use self::failure::{Fault, reading, writing};
use crate::api::HistoryEntry;
use crate::rollout::{Saved, Stop};
use crate::store::aside::{beside, remove_if_there, sync_folder};
use crate::store::{HistoryQuery, Loaded, Lock, Record, Snapshot, Stables, Store, StoreError, stables_of};

pub use self::audit::AUDIT_ROWS_MAX;
pub use self::schema::SCHEMA_VERSION;

/// How long to wait for another program that reads the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// How much a check writes and frees again, so that the next record finds room.
const CHECK_BYTES: u32 = 16 * 1024;

/// A store in one file, and the snapshot beside it.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connection: Connection,
    snapshot: Snapshot,
    // The last field is dropped last: the place is free when the file is closed.
    _lock: Option<Lock>,
}

// === impl SqliteStore ===

impl SqliteStore {
    /// Makes a new store in which these releases are stable. The file appears whole or not at all, so that an empty or
    /// half-written one is never a new store, but one that was damaged.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path, stables: &Stables) -> Result<(), StoreError> {
        let fresh_path = beside(path, ".new");
        let give_up = |error: std::io::Error| failure::creating(path, &error);
        remove_if_there(&fresh_path).map_err(give_up)?;
        remove_if_there(&beside(&fresh_path, "-journal")).map_err(give_up)?;
        let filled = fill(&fresh_path, stables).map_err(|fault| writing(path, fault));
        let moved =
            filled.and_then(|()| fs::rename(&fresh_path, path).and_then(|()| sync_folder(path)).map_err(give_up));
        if moved.is_err() {
            // On a full disk the rest of an attempt would be in the way of the next one, and it is worth nothing.
            let _ = remove_if_there(&fresh_path);
        }
        moved
    }

    /// Opens a store that is there, and brings it to the present layout. Everything in it is looked at first.
    ///
    /// # Errors
    /// It cannot be reached, it is not whole, or a newer canaryd wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let fail = |fault: Fault| reading(path, fault);
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| fail(error.into()))?;
        let version = schema::version(&connection).map_err(|error| fail(error.into()))?;
        if version > SCHEMA_VERSION {
            return Err(StoreError::Newer { path: path.to_owned(), version, known: SCHEMA_VERSION });
        }
        schema::examine(&connection, version).map_err(fail)?;
        schema::keep_a_rollback_journal(&connection).map_err(|error| fail(error.into()))?;
        schema::migrate(&mut connection, version).map_err(|error| writing(path, error.into()))?;
        services::read(&connection).map_err(fail)?;
        Ok(Self { path: path.to_owned(), connection, snapshot: Snapshot::of(path), _lock: None })
    }

    /// Keeps other processes from the store for as long as it lives.
    #[must_use]
    pub fn guarded_by(self, lock: Lock) -> Self {
        Self { _lock: Some(lock), ..self }
    }

    /// The stable release of every service.
    ///
    /// # Errors
    /// What is in the file is not what was recorded, or it cannot be reached.
    pub fn stables(&self) -> Result<Stables, StoreError> {
        let held = services::read(&self.connection).map_err(|fault| reading(&self.path, fault))?;
        Ok(stables_of(&held.services))
    }

    /// Changes the file in one transaction. What is not whole is never sealed anew.
    /// Gives what is held now, with the stop that was marked before.
    fn change(
        &mut self,
        stop: Stop,
        edit: impl FnOnce(&Transaction, &mut Loaded) -> Result<(), Fault>,
    ) -> Result<Loaded, Fault> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut held = services::read(&transaction)?;
        edit(&transaction, &mut held)?;
        services::seal(&transaction, stop)?;
        transaction.commit()?;
        self.snapshot.keep(&stables_of(&held.services));
        Ok(held)
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.change(Stop::Unclean, |_, _| Ok(())).map_err(|fault| writing(&self.path, fault))
    }

    fn record(&mut self, record: &Record) -> Result<(), StoreError> {
        self.change(Stop::Unclean, |transaction, held| {
            for (service, saved) in &record.services {
                services::put(transaction, service, saved)?;
                held.services.insert(service.clone(), saved.clone());
            }
            record.entries.iter().try_for_each(|entry| audit::append(transaction, entry))
        })
        .map(drop)
        .map_err(|fault| writing(&self.path, fault))
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        audit::select(&self.connection, query).map_err(|error| reading(&self.path, error.into()))
    }

    fn mark_orderly_stop(&mut self) -> Result<(), StoreError> {
        self.change(Stop::Orderly, |_, _| Ok(())).map(drop).map_err(|fault| writing(&self.path, fault))
    }

    fn check(&mut self) -> Result<(), StoreError> {
        let fail = |error: rusqlite::Error| writing(&self.path, error.into());
        let fill = "INSERT OR REPLACE INTO room (id, bytes) VALUES (1, zeroblob(?1))";
        self.connection.execute(fill, [CHECK_BYTES]).map_err(fail)?;
        self.connection.execute("DELETE FROM room", []).map_err(fail)?;
        self.snapshot.keep(&self.stables()?);
        Ok(())
    }

    fn warning(&self) -> Option<String> {
        self.snapshot.problem().map(str::to_owned)
    }
}

// === functions ===

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // The store has one thread, so SQLite's own mutexes would guard nothing.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")?;
    Ok(connection)
}

/// Writes a whole new store into a file that is not there yet.
fn fill(path: &Path, stables: &Stables) -> Result<(), Fault> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    schema::migrate(&mut connection, 0)?;
    let transaction = connection.transaction()?;
    for (service, stable) in stables {
        services::put(&transaction, service, &Saved::new(stable.clone()))?;
    }
    services::seal(&transaction, Stop::Orderly)?;
    // The commit has synced the file, and the rename makes its name last.
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}
