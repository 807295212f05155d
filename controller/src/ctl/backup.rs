//! A copy of the store in a file that is whole or not there.

use std::fs::{self, File, Permissions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, rename, renameat_with};
use rustix::io::Errno;
use serde::Serialize;

use crate::client::{Client, Download};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::{interrupt, key};
use crate::{render, store};

/// Only its owner may read it, as it says who did what.
const MODE: u32 = 0o600;

/// What to do with a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    bytes: u64,
}

/// A file that becomes the target at its end, and is gone if that does not come.
struct Partial {
    path: PathBuf,
    file: File,
}

/// Writes the copy to a file, or to standard output.
pub(super) async fn write(target: &Path, existing: Existing, client: &Client, output: &Output) -> Result<(), Failure> {
    let copied = interrupt::unless_interrupted(copy(target, existing, client, output)).await?;
    copied.unwrap_or_else(|| Err(Failure::plain(Exit::Interrupted, "interrupted; nothing has been written")))
}

async fn copy(target: &Path, existing: Existing, client: &Client, output: &Output) -> Result<(), Failure> {
    if target == Path::new("-") {
        return pour(client, output).await;
    }
    if existing == Existing::Keep && fs::symlink_metadata(target).is_ok() {
        return Err(in_the_way(target));
    }
    // A device or a folder is not replaced, whoever asks.
    if fs::metadata(target).is_ok_and(|present| !present.is_file()) {
        return Err(Failure::plain(Exit::Usage, format!("{} is no file; name one", target.display())));
    }
    if store::is_in_use(target) {
        let what = format!("{} is the store of a canaryd that runs", target.display());
        return Err(Failure::new(Exit::Usage, what, "name another file"));
    }
    let download = client.backup().await?;
    let broken = |error: io::Error| unwritable(target, &error);
    let mut partial = Partial::beside(target).map_err(broken)?;
    let bytes = partial.fill(download, target).await?;
    partial.become_file(target, existing).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_the_way(target),
        _ => unwritable(target, &error),
    })?;
    let report = Report { file: target.display().to_string(), bytes };
    output.report(&report, &render::backed_up(&report.file, bytes, output.color()))
}

async fn pour(client: &Client, output: &Output) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::plain(Exit::Usage, "a backup is no text for a terminal; redirect it, or name a file"));
    }
    let mut download = client.backup().await?;
    while let Some(bytes) = download.next().await? {
        output.bytes(&bytes)?;
    }
    Ok(())
}

// === impl Partial ===

impl Partial {
    fn beside(target: &Path) -> io::Result<Self> {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}.partial", key::fresh()));
        let path = PathBuf::from(name);
        let file = File::options().write(true).create_new(true).mode(MODE).open(&path)?;
        Ok(Self { path, file })
    }

    async fn fill(&mut self, mut download: Download, target: &Path) -> Result<u64, Failure> {
        let mut count = 0;
        while let Some(bytes) = download.next().await? {
            self.file.write_all(&bytes).map_err(|error| unwritable(target, &error))?;
            count += bytes.len() as u64;
        }
        Ok(count)
    }

    /// From now on it is there whole, also after a loss of power.
    fn become_file(self, target: &Path, existing: Existing) -> io::Result<()> {
        self.file.set_permissions(Permissions::from_mode(MODE))?;
        self.file.sync_all()?;
        match existing {
            Existing::Replace => rename(&self.path, target)?,
            Existing::Keep => match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
                // Some file systems cannot promise it. That nothing is there was seen before.
                Err(Errno::INVAL | Errno::NOSYS) => rename(&self.path, target)?,
                renamed => renamed?,
            },
        }
        let folder = target.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It is there no more if it has become the target.
        let _gone = fs::remove_file(&self.path);
    }
}

fn in_the_way(target: &Path) -> Failure {
    let what = format!("{} is there already", target.display());
    Failure::new(Exit::Usage, what, "name another file, or replace this one with --force")
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    let what = format!("{} cannot be written: {error}", target.display());
    Failure::new(Exit::Usage, what, "name a file in a folder that can be written and has room")
}
