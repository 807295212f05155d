//! The word of the user, or of the system, that it is enough.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Does what takes long, unless it is interrupted before: then there is nothing.
///
/// # Errors
/// The system does not tell us about signals.
pub(super) async fn unless_interrupted<T>(long: impl Future<Output = T>) -> io::Result<Option<T>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        biased;
        done = long => Ok(Some(done)),
        _ = interrupt.recv() => Ok(None),
        _ = terminate.recv() => Ok(None),
    }
}
