//! The socket file: made before anything starts, with the permissions it was promised, and removed at the end.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use canary_config::daemon::Admin;

/// A bound control socket. Its file is removed when this is dropped.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    file: SocketFile,
}

/// Removes the file at the end.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another canaryd answers on it.
    #[error("admin.socket: {} is in use by another canaryd; stop it, or give this one another path", .0.display())]
    InUse(PathBuf),
    /// Something else is there.
    #[error("admin.socket: {} exists and is no socket; remove it, or choose another path", .0.display())]
    NotASocket(PathBuf),
    /// The group is not known.
    #[error("admin.socket_group: there is no group `{0}` in /etc/group; create it, or leave the key out")]
    NoSuchGroup(String),
    /// The system said no.
    #[error("admin.socket: {} cannot be {what}: {why}; see that canaryd may write in its folder", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        why: io::Error,
    },
}

// === impl AdminSocket ===

impl AdminSocket {
    /// Makes the socket, in place of one that a dead process left behind.
    ///
    /// # Errors
    /// When somebody answers there, or the system says no.
    pub fn bind(config: &Admin) -> Result<Self, SocketError> {
        let path = &config.socket;
        let failed = |what| move |why| SocketError::Failed { path: path.clone(), what, why };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed("given a folder"))?;
        }
        clear(path)?;
        let gid = config.socket_group.as_deref().map(group).transpose()?;
        // In a folder that nobody else can enter, so that the socket is never there with other permissions.
        let closed = path.with_file_name(format!(".{}", std::process::id()));
        let _ = fs::remove_dir_all(&closed);
        fs::DirBuilder::new().mode(0o700).create(&closed).map_err(failed("made"))?;
        let made = make(&closed.join("s"), path, gid, config.socket_mode);
        let _ = fs::remove_dir_all(&closed);
        let listener = made.map_err(failed("made"))?;
        Ok(Self { listener, file: SocketFile(path.clone()) })
    }

    /// The listener, and the file that must outlive it.
    pub(super) fn into_listener(self) -> io::Result<(tokio::net::UnixListener, SocketFile)> {
        self.listener.set_nonblocking(true)?;
        Ok((tokio::net::UnixListener::from_std(self.listener)?, self.file))
    }
}

/// Makes the socket out of sight, and shows it when it is as it should be.
fn make(hidden: &Path, shown: &Path, gid: Option<u32>, mode: u32) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(hidden)?;
    if gid.is_some() {
        chown(hidden, None, gid)?;
    }
    fs::set_permissions(hidden, fs::Permissions::from_mode(mode))?;
    fs::rename(hidden, shown)?;
    Ok(listener)
}

/// Removes what a dead process left behind, and nothing else.
fn clear(path: &Path) -> Result<(), SocketError> {
    let failed = |what| move |why| SocketError::Failed { path: path.to_owned(), what, why };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("looked at")(error)),
        Ok(found) if !found.file_type().is_socket() => Err(SocketError::NotASocket(path.to_owned())),
        Ok(_) if UnixStream::connect(path).is_ok() => Err(SocketError::InUse(path.to_owned())),
        Ok(_) => fs::remove_file(path).map_err(failed("replaced")),
    }
}

/// The number of a group, as `/etc/group` has it.
fn group(name: &str) -> Result<u32, SocketError> {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let of_line = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    };
    groups.lines().find_map(of_line).ok_or_else(|| SocketError::NoSuchGroup(name.into()))
}

// === impl SocketFile ===

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already; a file that stays behind is replaced at the next start.
        let _ = fs::remove_file(&self.0);
    }
}
