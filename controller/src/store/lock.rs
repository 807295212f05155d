//! One process, one store: a lock on a file beside it, which the kernel gives back when the process ends.
//!
//! The lock has a file of its own. On the store's file it would move away with a store that is set aside, and closing
//! that file would drop the locks that SQLite holds on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::aside::beside;
use crate::store::ownership::Ownership;

/// The right to use a store, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Another process uses the store, so this one must not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store {path} is in use by another canaryd; stop it, or give this one a store of its own")]
pub struct Locked {
    /// The store's file.
    pub path: PathBuf,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process has it.
    Held(Locked),
    /// The lock's file cannot be had, so nobody can say who uses the store.
    Unreachable(io::Error),
}

/// Whether a canaryd uses the store at this path now.
#[must_use]
pub fn is_in_use(path: &Path) -> bool {
    let lock = File::open(beside(path, ".lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

// === impl Lock ===

impl Lock {
    /// Takes the lock of the store at `path`, without waiting for it.
    pub(super) fn take(path: &Path) -> Result<Self, LockError> {
        let lock_path = beside(path, ".lock");
        let file = make(&lock_path, path).or_else(|_| reach(&lock_path)).map_err(LockError::Unreachable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(Locked { path: path.to_owned() })),
            Err(TryLockError::Error(cause)) => Err(LockError::Unreachable(cause)),
        }
    }
}

// === functions ===

/// Makes the lock's file, for whoever owns the store.
fn make(lock_path: &Path, store: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create_new(true).write(true).open(lock_path)?;
    Ownership::of(store).and_then(|ownership| ownership.give(&file))?;
    Ok(file)
}

/// Opens the lock's file, which another may have made.
fn reach(lock_path: &Path) -> io::Result<File> {
    // A file that can only be read can be locked all the same, and then a read-only store can still be read.
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_path)
        .or_else(|cause| File::open(lock_path).map_err(|_| cause))
}
