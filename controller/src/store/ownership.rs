//! Whose the files beside a store are: whoever owns the store. Else those that root made during a restore would lock
//! canaryd out.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown, lchown};
use std::path::Path;

use crate::store::aside::folder_of;

/// What the owner of a file may do with it in any case.
const OWNER_MODE: u32 = 0o600;

/// What a file may take over from the mode of its folder: others than its owner and group have no business with it.
const FROM_FOLDER_MODE: u32 = 0o660;

/// An owner, a group, and what they may do.
#[derive(Debug)]
pub(super) struct Ownership {
    uid: u32,
    gid: u32,
    mode: u32,
}

// === impl Ownership ===

impl Ownership {
    /// That of the store at a path, or if there is none, of the folder that it would be in.
    pub(super) fn of(store: &Path) -> io::Result<Self> {
        let (metadata, mask) = match fs::metadata(store) {
            Ok(metadata) => (metadata, 0o666),
            Err(_) => (fs::metadata(folder_of(store))?, FROM_FOLDER_MODE),
        };
        Ok(Self { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & mask | OWNER_MODE })
    }

    /// Gives it to a file that this process has just made. Of one that it found nobody knows where the name leads, and
    /// root would give away what is not the store's.
    pub(super) fn give(&self, made: &File) -> io::Result<()> {
        made.set_permissions(Permissions::from_mode(self.mode))?;
        let own = made.metadata()?;
        if (own.uid(), own.gid()) != (self.uid, self.gid) {
            // Only root can give a file away. Whoever else made it can use it, and that is who runs canaryd.
            let _ = fchown(made, Some(self.uid), Some(self.gid));
        }
        Ok(())
    }
}

// === functions ===

/// Makes a folder and those that it is in. They belong to the owner of the folder that was there already.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|path| !is_current(path) && !path.exists()).collect();
    fs::create_dir_all(folder)?;
    let Some(first) = missing.last() else { return Ok(()) };
    let present = fs::metadata(folder_of(first))?;
    // The deepest one goes first: in what is not given away yet nobody else can put a link in the way of the next.
    for path in missing {
        let own = fs::symlink_metadata(path)?;
        if (own.uid(), own.gid()) != (present.uid(), present.gid()) {
            // Only root can, and others need not.
            let _ = lchown(path, Some(present.uid()), Some(present.gid()));
        }
    }
    Ok(())
}

/// Whether this is what remains of a relative path.
fn is_current(path: &Path) -> bool {
    path == Path::new("")
}
