//! Names beside the store's file, and moving to one of them what cannot be used.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// So many stores may be set aside within one second.
const ATTEMPTS_MAX: usize = 100;

/// Why a file is moved out of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// It cannot be read.
    Unreadable,
    /// Another takes its place.
    Replaced,
}

/// What SQLite may leave beside a file. A journal belongs to its file: beside another it would destroy it.
const SIDECARS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// The path with something behind its last name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Moves a file and what SQLite left beside it out of the way, and says where it is now.
pub(super) fn set_aside(path: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let target = free_name(path, Aside::Unreadable, now)?;
    // The file goes first: a journal that stays behind alone is harmless, a file without its journal may be torn.
    fs::rename(path, &target)?;
    move_sidecars(path, &target)?;
    sync_folder(path)?;
    Ok(target)
}

/// Copies a file under a name out of the way, moves there what SQLite left beside it, and says where they are. The file
/// itself stays where it is. The copy has the name `fresh_path` until it is whole.
pub(super) fn copy_aside(path: &Path, fresh_path: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let target = free_name(path, Aside::Replaced, now)?;
    fs::copy(path, fresh_path)?;
    File::open(fresh_path)?.sync_all()?;
    fs::rename(fresh_path, &target)?;
    move_sidecars(path, &target)?;
    sync_folder(path)?;
    Ok(target)
}

/// Moves away what SQLite left beside a file that is itself gone.
pub(super) fn set_aside_orphans(path: &Path, now: SystemTime) -> io::Result<()> {
    if SIDECARS.iter().any(|suffix| beside(path, suffix).exists()) {
        move_sidecars(path, &free_name(path, Aside::Unreadable, now)?)?;
        sync_folder(path)?;
    }
    Ok(())
}

/// Makes renames in the file's folder survive a loss of power.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Removes a file that may not be there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn move_sidecars(path: &Path, target: &Path) -> io::Result<()> {
    for suffix in SIDECARS {
        match fs::rename(beside(path, suffix), beside(target, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A name that nothing has yet, neither itself nor with what SQLite would put behind it.
fn free_name(path: &Path, aside: Aside, now: SystemTime) -> io::Result<PathBuf> {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let label = match aside {
        Aside::Unreadable => "unreadable",
        Aside::Replaced => "replaced",
    };
    let is_free = |target: &PathBuf| !target.exists() && SIDECARS.iter().all(|suffix| !beside(target, suffix).exists());
    (1..=ATTEMPTS_MAX)
        .map(|attempt| match attempt {
            1 => beside(path, &format!(".{label}-{seconds}")),
            _ => beside(path, &format!(".{label}-{seconds}-{attempt}")),
        })
        .find(is_free)
        .ok_or_else(|| io::Error::new(io::ErrorKind::AlreadyExists, "too many stores have been set aside"))
}
