//! The store of one node: one SQLite file.
//!
//! It keeps a rollback journal (`DELETE`) and syncs file and folder at every commit (`EXTRA`). A write-ahead log would
//! save one of the four syncs, and rollouts change a few times an hour. In return the one file holds everything at
//! every moment between two records, so it can be copied, and no damage can drop the last records unseen: a log whose
//! end is damaged is taken for a log that ended there.
//!
//! `services` and `freezes` are what decisions rest on, `seal` says how they are known to be whole, `papers` are what
//! is kept beside them, `audit` keeps the trail, `schema` the layout, and `copy` makes a backup and takes one over.

mod audit;
mod copy;
mod date;
mod failure;
mod freezes;
mod line;
mod papers;
mod schema;
mod seal;
mod services;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use canary_config::name::ServiceName;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use self::failure::{Fault, reading, writing};
use self::seal::{Evidence, Held};
use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::{Generation, Saved, Stop};
use crate::store::aside::{beside, remove_if_there, sync_folder};
use crate::store::{HistoryQuery, Loaded, Lock, Record, Seed, Snapshot, Stables, Store, StoreError, stables_of};

pub use self::audit::AUDIT_ROWS_MAX;
pub use self::copy::BACKUP_BYTES_MAX;
pub(in crate::store) use self::copy::{TakenOver, settle, take_over};
pub(in crate::store) use self::failure::creating;
pub use self::papers::{ACCOUNTS_MAX, PAPER_BYTES_MAX};
pub use self::schema::SCHEMA_VERSION;

/// How long to wait for another program that reads the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// How much a check writes and frees again, so that the next record finds room.
const CHECK_BYTES: u32 = 16 * 1024;

/// What becomes of the mark that says how the process has stopped.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Set(Stop),
    Left,
}

/// A store in one file, and the snapshot beside it.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connection: Connection,
    snapshot: Snapshot,
    last_entry: i64,
    // The last field is dropped last: the place is free when the file is closed.
    _lock: Option<Lock>,
}

// === impl SqliteStore ===

impl SqliteStore {
    /// Makes a new store in which these releases are stable, and whose audit trail goes on from a number. The file
    /// appears whole or not at all, so that an empty or half-written one is never a new store, but one that was damaged.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path, stables: &Stables, last_entry: i64) -> Result<(), StoreError> {
        let fresh_path = beside(path, ".new");
        let give_up = |error: std::io::Error| creating(path, &error);
        remove_if_there(&fresh_path).map_err(give_up)?;
        remove_if_there(&beside(&fresh_path, "-journal")).map_err(give_up)?;
        let filled = fill(&fresh_path, stables, last_entry).map_err(|fault| writing(path, fault));
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
    /// It cannot be reached, it is not whole, it is no store at all, or a newer canaryd wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (connection, held) = open_whole(path)?;
        let (path, snapshot, last_entry) = (path.to_owned(), Snapshot::of(path), held.last_entry);
        Ok(Self { path, connection, snapshot, last_entry, _lock: None })
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
        self.held().map(|held| stables_of(&held.services))
    }

    fn held(&self) -> Result<Held, StoreError> {
        seal::read(&self.connection).map_err(|fault| reading(&self.path, fault))
    }

    /// Changes the file in one transaction. What is not whole is never sealed anew.
    /// Gives what is held now, with the stop that was marked before.
    fn change(
        &mut self,
        mark: Mark,
        edit: impl FnOnce(&Transaction, &mut Held) -> Result<(), Fault>,
    ) -> Result<Held, StoreError> {
        let changed = change(&mut self.connection, mark, edit).map_err(|fault| writing(&self.path, fault))?;
        self.last_entry = changed.last_entry;
        self.snapshot.keep(&stables_of(&changed.services));
        Ok(changed)
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let Held { services, freezes, stop, seed, .. } = self.change(Mark::Set(Stop::Unclean), |_, _| Ok(()))?;
        let rest = audit::answered(&self.connection)
            .and_then(|answered| papers::to_go_on_from(&self.connection, &services).map(|papers| (answered, papers)));
        let (answered, papers) = rest.map_err(|fault| reading(&self.path, fault))?;
        Ok(Loaded { services, stop, freezes, answered, papers, seed })
    }

    fn record(&mut self, record: &Record) -> Result<(), StoreError> {
        let stop = if record.is_only_told() { Mark::Left } else { Mark::Set(Stop::Unclean) };
        self.change(stop, |transaction, held| {
            for (service, saved) in &record.services {
                services::put(transaction, service, saved)?;
                held.services.insert(service.clone(), saved.clone());
            }
            if let Some(freezes) = &record.freezes {
                freezes::replace(transaction, freezes)?;
            }
            for paper in &record.papers {
                papers::put(transaction, paper)?;
            }
            for entry in &record.entries {
                held.last_entry = audit::append(transaction, held.last_entry, entry)?;
            }
            Ok(())
        })
        .map(drop)
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        audit::select(&self.connection, query).map_err(|fault| reading(&self.path, fault))
    }

    fn rollouts(&mut self, service: &ServiceName, limit: usize) -> Result<Vec<RolloutSummary>, StoreError> {
        audit::rollouts(&self.connection, service, limit).map_err(|fault| reading(&self.path, fault))
    }

    fn account(&mut self, service: &ServiceName, generation: Generation) -> Result<Option<String>, StoreError> {
        let paper = papers::account(&self.connection, service, generation);
        paper.map(|paper| paper.map(|paper| paper.body)).map_err(|fault| reading(&self.path, fault))
    }

    fn last_entry(&self) -> i64 {
        self.last_entry
    }

    fn backup(&mut self) -> Result<Vec<u8>, StoreError> {
        copy::bytes(&mut self.connection, &self.path)
    }

    fn mark_orderly_stop(&mut self) -> Result<(), StoreError> {
        self.change(Mark::Set(Stop::Orderly), |_, _| Ok(())).map(drop)
    }

    fn check(&mut self) -> Result<(), StoreError> {
        let fail = |error: rusqlite::Error| writing(&self.path, error.into());
        let fill = "INSERT OR REPLACE INTO room (id, bytes) VALUES (1, zeroblob(?1))";
        self.connection.execute(fill, [CHECK_BYTES]).map_err(fail)?;
        self.connection.execute("DELETE FROM room", []).map_err(fail)?;
        let held = self.held()?;
        // A commit that was said to have failed may have been kept.
        self.last_entry = held.last_entry;
        self.snapshot.keep(&stables_of(&held.services));
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

/// Opens a file that is there, looks at everything in it, and brings it to the present layout.
fn open_whole(path: &Path) -> Result<(Connection, Held), StoreError> {
    let (mut connection, version) = look_at(path)?;
    let read = |connection: &Connection| seal::read(connection).map_err(|fault| reading(path, fault));
    if version == SCHEMA_VERSION {
        // A transaction that may write would keep a file from being read that can only be read.
        let held = read(&connection)?;
        return Ok((connection, held));
    }
    let fail = |error: rusqlite::Error| writing(path, error.into());
    let transaction = schema::migrate(&mut connection, version).map_err(fail)?;
    let held = read(&transaction)?;
    transaction.commit().map_err(fail)?;
    Ok((connection, held))
}

/// Opens a file that is there, ends what a killed process had begun, and looks at its structure.
fn look_at(path: &Path) -> Result<(Connection, i32), StoreError> {
    let foreign = |found| StoreError::Foreign { path: path.to_owned(), found };
    let fail = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign("file is not a database"),
        _ => reading(path, error.into()),
    };
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fail)?;
    let version = schema::version(&connection).map_err(fail)?;
    if !schema::is_ours(&connection).map_err(fail)? {
        return Err(foreign("it is a database of another program"));
    }
    if version > SCHEMA_VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), version, known: SCHEMA_VERSION });
    }
    schema::examine(&connection, version).map_err(|fault| reading(path, fault))?;
    schema::keep_a_rollback_journal(&connection).map_err(fail)?;
    Ok((connection, version))
}

/// Changes what is held in one transaction, and seals it.
fn change(
    connection: &mut Connection,
    mark: Mark,
    edit: impl FnOnce(&Transaction, &mut Held) -> Result<(), Fault>,
) -> Result<Held, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut held = seal::read(&transaction)?;
    if held.evidence == Evidence::Torn {
        tracing::warn!("the evidence in the store is not what was left there, and none of it counts");
        papers::forget_evidence(&transaction)?;
    }
    edit(&transaction, &mut held)?;
    let stop = match mark {
        Mark::Set(stop) => stop,
        Mark::Left => held.stop,
    };
    seal::write(&transaction, stop, held.last_entry, &held.seed)?;
    transaction.commit()?;
    Ok(held)
}

/// Writes a whole new store into a file that is not there yet.
fn fill(path: &Path, stables: &Stables, last_entry: i64) -> Result<(), Fault> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let transaction = schema::migrate(&mut connection, 0)?;
    for (service, stable) in stables {
        services::put(&transaction, service, &Saved::new(stable.clone()))?;
    }
    seal::write(&transaction, Stop::Orderly, last_entry, &Seed::fresh())?;
    // The commit has synced the file, and the rename makes its name last.
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}
