//! Where an Engine keeps what is its own: a folder, and the control groups of the same name.
//!
//! Whoever has one holds a lock in it. What a run that was killed has left behind is found by that, and cleared.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{env, io};

const PREFIX: &str = "canaryd-engine-";
const LOCK: &str = "lock";
const CONFIG: &str = "daemon.json";
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// A home, until it is dropped.
pub(super) struct Home {
    pub(super) folder: PathBuf,
    _lock: File,
}

// === impl Home ===

impl Home {
    pub(super) fn new() -> Self {
        clear_those_left();
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir().expect("a temporary folder").keep();
        let lock = File::create(folder.join(LOCK)).expect("our own folder takes a file");
        lock.lock().expect("nobody else knows of it");
        fs::write(folder.join(CONFIG), "{}").expect("our own folder takes a file");
        Self { folder, _lock: lock }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file that tells an Engine nothing. What this machine's own is told is none of ours.
    pub(super) fn config(&self) -> PathBuf {
        self.path(CONFIG)
    }

    /// The control group above those of all containers.
    pub(super) fn control_group(&self) -> PathBuf {
        Path::new("/").join(name_of(&self.folder))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        clear(&self.folder);
    }
}

fn name_of(folder: &Path) -> &Path {
    Path::new(folder.file_name().expect("it was made with a name"))
}

fn clear_those_left() {
    let folders = fs::read_dir(env::temp_dir()).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|path| name_of(path).to_string_lossy().starts_with(PREFIX)) {
        // One without a lock has only just been made.
        let is_left = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_left {
            clear(&folder);
        }
    }
}

/// Clears the control groups, and then the folder; what cannot be cleared now is found by the next run.
fn clear(folder: &Path) {
    let _left = clear_control_groups(name_of(folder)).and_then(|()| fs::remove_dir_all(folder));
}

fn clear_control_groups(name: &Path) -> io::Result<()> {
    let root = Path::new(CONTROL_GROUPS);
    // There is one hierarchy, or one for each controller.
    let hierarchies = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    for hierarchy in hierarchies.chain([root.to_owned()]) {
        let group = hierarchy.join(name);
        if group.is_dir() {
            remove_groups(&group)?;
        }
    }
    Ok(())
}

/// The files of a group cannot be removed, and need not be.
fn remove_groups(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)?.flatten().filter(|entry| entry.path().is_dir()) {
        remove_groups(&entry.path())?;
    }
    fs::remove_dir(group)
}

#[test]
fn what_a_killed_run_left_is_cleared_by_the_next() {
    let left = tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap().keep();
    fs::create_dir_all(left.join("data/overlay2")).unwrap();
    let being_made = tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap();
    File::create(left.join(LOCK)).unwrap();
    let (one, other) = (Home::new(), Home::new());
    assert!(!left.exists());
    assert!(being_made.path().exists() && one.config().exists() && other.config().exists());
}
