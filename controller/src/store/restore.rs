//! The way back: a backup takes the place of a store that nobody uses.
//!
//! The backup is copied beside the store, and everything that can fail is done with that copy; then it takes the
//! store's place in one rename. Whenever this is cut short, the old store or the new one is there, whole.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::store::aside::{beside, copy_aside, folder_of, remove_if_there, set_aside_orphans, sync_folder};
use crate::store::lock::LockError;
use crate::store::opening::number_after_a_loss;
use crate::store::ownership::make_folder;
use crate::store::sqlite::{BACKUP_BYTES_MAX, TakenOver, creating, settle, take_over};
use crate::store::{Lock, Snapshot, Stables, StoreError};

/// What stands behind the store's name while a backup is made ready.
const RESTORING: &str = ".restoring";

/// What stands behind the store's name while it is copied out of the way.
const SETTING_ASIDE: &str = ".setting-aside";

/// How every SQLite file begins.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What a store holds after a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The stable release of every service. A rollout that was under way begins at its first step again.
    pub stables: Stables,
    /// When the newest line of the audit trail was written, as RFC 3339 in UTC: how old the backup is.
    pub newest_at: Option<String>,
    /// How many lines of the audit trail were damaged in the backup already.
    pub damaged: usize,
    /// Where the store is that was there before, if there was one.
    pub set_aside: Option<PathBuf>,
    /// What is wrong although it is restored, and what to do about it.
    pub warning: Option<String>,
}

/// Puts a backup in the place of a store, for the user who owns the store; a new store belongs to the owner of its
/// folder, and so does what is made beside either. `now` is for the name under which the present store is kept, and for the numbers of the audit trail.
///
/// # Errors
/// A canaryd uses the store, the backup is not what a canaryd made, or the place cannot be written. Nothing has changed
/// then.
pub fn restore(backup: &Path, store: &Path, now: SystemTime) -> Result<Restored, StoreError> {
    let bytes = read(backup)?;
    let _lock = lock(store)?;
    // A link goes on leading to the store.
    let place = fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
    if fs::canonicalize(backup).is_ok_and(|backup| backup == place) {
        return Err(refused(backup, "it is the store itself".to_owned()));
    }
    let replaced = replace(backup, &bytes, store, &place, now);
    if replaced.is_err() {
        // What failed says why; on a full disk the rest of the attempt would be in the way.
        let _ = remove_attempt(&place);
    }
    let (taken_over, set_aside) = replaced?;
    let TakenOver { stables, newest_at, damaged } = taken_over;
    let mut snapshot = Snapshot::of(store);
    snapshot.keep(&stables);
    Ok(Restored { stables, newest_at, damaged, set_aside, warning: snapshot.problem().map(str::to_owned) })
}

/// Makes a copy of the backup ready beside the store, keeps the store under another name, and puts the copy in its place.
fn replace(
    backup: &Path,
    bytes: &[u8],
    store: &Path,
    place: &Path,
    now: SystemTime,
) -> Result<(TakenOver, Option<PathBuf>), StoreError> {
    let fail = |error: io::Error| creating(store, &error);
    remove_attempt(place).map_err(fail)?;
    let fresh_path = beside(place, RESTORING);
    let present = fs::metadata(place).ok();
    write(&fresh_path, bytes, present.as_ref()).map_err(fail)?;
    let last_entry = if present.is_some() { last_entry_of(store, place)? } else { None };
    let last_entry = last_entry.unwrap_or_else(|| number_after_a_loss(now));
    let taken_over = take_over(&fresh_path, last_entry).map_err(|error| said_of(backup, store, error))?;
    let set_aside = match present {
        Some(_) => Some(copy_aside(place, &beside(place, SETTING_ASIDE), now).map_err(fail)?),
        None => set_aside_orphans(place, now).map(|()| None).map_err(fail)?,
    };
    fs::rename(&fresh_path, place).and_then(|()| sync_folder(place)).map_err(fail)?;
    Ok((taken_over, set_aside))
}

/// Reads a backup that looks like one.
fn read(backup: &Path) -> Result<Vec<u8>, StoreError> {
    let refuse = |found: String| refused(backup, found);
    // A pipe would never end, and may never begin.
    if !fs::metadata(backup).map_err(|error| refuse(error.to_string()))?.is_file() {
        return Err(refuse("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = File::open(backup).map_err(|error| refuse(error.to_string()))?;
    file.take(BACKUP_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| refuse(error.to_string()))?;
    if bytes.len() as u64 > BACKUP_BYTES_MAX {
        return Err(refuse(format!("it has more than {BACKUP_BYTES_MAX} bytes")));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(refuse("it is no store of canaryd; make one with `canaryctl backup FILE`".to_owned()));
    }
    match length_of(&bytes) {
        Some(length) if length != bytes.len() as u64 => {
            Err(refuse(format!("it has {} bytes and should have {length}; copy it again", bytes.len())))
        }
        _ => Ok(bytes),
    }
}

/// How long the file is by its own word: SQLite reads what is missing of a page as zeros.
fn length_of(bytes: &[u8]) -> Option<u64> {
    let page_size = u16::from_be_bytes(*bytes.get(16..)?.first_chunk()?);
    let pages = u32::from_be_bytes(*bytes.get(28..)?.first_chunk()?);
    // A page of 64 KiB is written as 1.
    let page_size = if page_size == 1 { 65_536 } else { u64::from(page_size) };
    Some(page_size * u64::from(pages))
}

/// Keeps every canaryd from the store.
fn lock(store: &Path) -> Result<Lock, StoreError> {
    let taken = make_folder(folder_of(store)).map_err(LockError::Unreachable).and_then(|()| Lock::take(store));
    taken.map_err(|error| match error {
        LockError::Held(_) => StoreError::InUse { path: store.to_owned() },
        LockError::Unreachable(error) => creating(store, &error),
    })
}

/// The last number of the store that is there. Where a store has been, what is there now is what became of it.
fn last_entry_of(store: &Path, place: &Path) -> Result<Option<i64>, StoreError> {
    match settle(place) {
        Err(StoreError::Foreign { .. }) if Snapshot::of(store).path().exists() => Ok(None),
        settled => settled,
    }
}

/// Writes a new file, which belongs to whom the store belongs to: else a restore by root would lock canaryd out.
fn write(path: &Path, bytes: &[u8], present: Option<&Metadata>) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    let own = file.metadata()?;
    let (owner, group) = match present {
        Some(present) => (present.uid(), present.gid()),
        None => fs::metadata(folder_of(path)).map(|folder| (folder.uid(), folder.gid()))?,
    };
    if (own.uid(), own.gid()) != (owner, group) {
        let given = fchown(&file, Some(owner), Some(group));
        // The folder's owner is only a guess at who will use the store.
        if present.is_some()
            && let Err(error) = given
        {
            let message =
                format!("it belongs to uid {owner} and gid {group} ({error}); run this as that user, or as root");
            return Err(io::Error::new(error.kind(), message));
        }
    }
    if let Some(present) = present {
        file.set_permissions(present.permissions())?;
    }
    file.sync_all()
}

/// Removes what a restore that was cut short has left.
pub(super) fn remove_attempt(place: &Path) -> io::Result<()> {
    let fresh_path = beside(place, RESTORING);
    let attempt = [beside(&fresh_path, "-journal"), fresh_path, beside(place, SETTING_ASIDE)];
    attempt.iter().try_for_each(|path| remove_if_there(path))
}

/// What was found in the copy, said of the backup; what the disk did to it, said of the store.
fn said_of(backup: &Path, store: &Path, error: StoreError) -> StoreError {
    let path = store.to_owned();
    match error {
        StoreError::Unreadable { found, .. } => refused(backup, found),
        StoreError::Foreign { found, .. } => refused(backup, found.to_owned()),
        StoreError::Newer { version, known, .. } => {
            let found = format!("it has version {version}, and this canaryctl knows only {known}");
            refused(backup, format!("{found}; restore it with the newer one"))
        }
        StoreError::Write { cause, remedy, .. } | StoreError::Unreachable { cause, remedy, .. } => {
            StoreError::Write { path, cause, remedy }
        }
        error => error,
    }
}

fn refused(backup: &Path, found: String) -> StoreError {
    StoreError::Backup { path: backup.to_owned(), found }
}
