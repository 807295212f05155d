//! What SQLite says, in words that help.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::StoreError;
use crate::store::aside::beside;

/// What can go wrong within the file.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite says so.
    Sql(rusqlite::Error),
    /// What was read is not what was written.
    Wrong(String),
}

// === impl Fault ===

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Wrong(error.to_string())
    }
}

// === functions ===

/// A failure to read: either the place cannot be reached, or what is there is not ours.
pub(super) fn reading(path: &Path, fault: Fault) -> StoreError {
    let found = match fault {
        Fault::Wrong(found) => found,
        Fault::Sql(error) => match error.sqlite_error_code() {
            Some(code) if is_of_the_place(code) => {
                return StoreError::Unreachable {
                    path: path.to_owned(),
                    cause: error.to_string(),
                    remedy: remedy(Some(code)),
                };
            }
            _ => error.to_string(),
        },
    };
    StoreError::Unreadable { path: path.to_owned(), found }
}

/// A failure to write. Where what was there already turned out to be damaged, that is said instead.
pub(super) fn writing(path: &Path, fault: Fault) -> StoreError {
    let error = match fault {
        Fault::Sql(error) if !is_of_the_content(&error) => error,
        fault => return reading(path, fault),
    };
    let code = error.sqlite_error_code();
    let cause = match code {
        // SQLite knows that it must not write, and the system knows why.
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => obstacle(path).map(|error| error.to_string()),
        _ => None,
    };
    let cause = cause.unwrap_or_else(|| error.to_string());
    StoreError::Write { path: path.to_owned(), cause, remedy: remedy(code) }
}

/// A failure to make the file.
pub(in crate::store) fn creating(path: &Path, error: &io::Error) -> StoreError {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::CannotOpen,
    };
    StoreError::Write { path: path.to_owned(), cause: error.to_string(), remedy: remedy(Some(code)) }
}

/// Whether the file may be in order although it was not read.
const fn is_of_the_place(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
    )
}

/// Whether a failure to write was one to understand what was there. Errors without a code come from reading a value.
fn is_of_the_content(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), None | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

const fn remedy(code: Option<ErrorCode>) -> &'static str {
    match code {
        Some(ErrorCode::DiskFull) => "free some space on that disk",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            "make the file and its folder writable for canaryd"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "end the other program that uses it",
        Some(ErrorCode::SystemIoFailure) => "look for this disk in the kernel's log",
        _ => "restart canaryd, and if that does not help, move the file away",
    }
}

/// Why nothing can be written beside the file, as a journal must be.
fn obstacle(path: &Path) -> Option<io::Error> {
    let probe = beside(path, ".probe");
    let written = OpenOptions::new().create(true).truncate(true).write(true).open(&probe);
    written.and_then(|_| fs::remove_file(&probe)).err()
}
