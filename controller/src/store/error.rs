//! What can be wrong with a store.

use std::path::PathBuf;

/// Why something was not read or not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not hold what was recorded, so nothing in it is trusted.
    #[error("the store {path} is unreadable: {found}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        found: String,
    },
    /// A newer canaryd wrote it. It is left as it is.
    #[error(
        "the store {path} has version {version}, and this canaryd knows only {known}; start the newer canaryd again"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i32,
        /// The newest version that this program can read.
        known: i32,
    },
    /// Another program wrote it. It is left where it is.
    #[error(
        "the file {path} is no store of canaryd: {found}; it is left as it is; move it away, or name another path for \
         the store"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What shows it.
        found: &'static str,
    },
    /// A process has it open.
    #[error("the store {path} is in use by a running canaryd; stop canaryd first")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// No backup can be made of it.
    #[error(
        "the store {path} has {bytes} bytes, and a backup is made of at most {limit}; stop canaryd and copy the file"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
    /// A file cannot take the place of a store. The store is as it was.
    #[error("the backup {path} cannot be restored: {found}; nothing has changed")]
    Backup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// It may be in order, but it cannot be reached.
    #[error("the store {path} cannot be opened: {cause}; {remedy}")]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It cannot be written. Nothing has changed in it.
    #[error("the store {path} cannot be written: {cause}; {remedy}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// There is no store in this process; why, and what to do, was said when it started.
    #[error("{0}")]
    Closed(String),
    /// So much waits for the store that no more is taken.
    #[error("{limit} requests wait for the store already; try again when its disk has caught up")]
    QueueFull {
        /// How many wait at most.
        limit: usize,
    },
    /// The thread of the store has ended.
    #[error("the store has been closed; restart canaryd")]
    Gone,
}
