//! A socket in front of an Engine's, which can be cut and taken away without a word to the Engine.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::UnixStream;

use super::Door;

/// It hands on what comes, both ways, until it is dropped.
pub(crate) struct Relay {
    door: Door,
    _folder: TempDir,
}

// === impl Relay ===

impl Relay {
    pub(crate) fn to(socket: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = Arc::new(socket);
        let hand_on = move |mut near: UnixStream| {
            let socket = Arc::clone(&socket);
            async move {
                if let Ok(mut far) = UnixStream::connect(&*socket).await {
                    // Whichever side breaks off, the other one sees it.
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                }
            }
        };
        Self { door: Door::open(folder.path().join("docker.sock"), hand_on), _folder: folder }
    }

    /// What a `host` has to be to go this way.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.door.path.display())
    }

    /// Breaks all connections, the streams of events with them. New ones are taken.
    pub(crate) fn cut(&self) {
        self.door.cut();
    }

    /// Breaks all connections, and takes the socket away.
    pub(crate) fn take_away(&self) {
        self.door.shut();
    }

    /// Puts up a new socket of the same name.
    pub(crate) fn put_back(&self) {
        self.door.reopen();
    }
}
