//! How an engine ends: it decides nothing more, and keeps that the end was orderly once everything is stored.

use tokio::sync::oneshot;

use crate::api::Problem;
use crate::engine::{Engine, refused};

/// Whether the process is about to end. Nothing new is decided then.
#[derive(Debug)]
pub(super) enum Stopping {
    No,
    /// It is, and this waits until everything is stored.
    Yes(Option<oneshot::Sender<()>>),
}

// === impl Engine ===

impl Engine {
    /// Decides nothing more. What is in force and not stored yet is sent once more before the end.
    pub(super) fn stop(&mut self, stopped: oneshot::Sender<()>) {
        self.save_again();
        self.keep_papers();
        self.stopping = Stopping::Yes(Some(stopped));
        self.mark_stop();
    }

    /// Why nothing is begun any more, if the end is near.
    pub(super) fn stopping(&self) -> Result<(), Problem> {
        match self.stopping {
            Stopping::No => Ok(()),
            Stopping::Yes(_) => Err(refused("canaryd is about to end; nothing was done".into())),
        }
    }

    /// Keeps that the end was orderly, once the store has answered for everything. If it lacks something that is in
    /// force, the end was not: what it would go on from is not what was.
    pub(super) fn mark_stop(&mut self) {
        let Stopping::Yes(waiting) = &mut self.stopping else { return };
        if self.outbox.is_waiting() || self.freezing.is_some() {
            return;
        }
        let Some(stopped) = waiting.take() else { return };
        if self.outbox.has_unsaved() {
            tracing::warn!("not everything is stored; the next start will take this stop for a crash");
            let _ = stopped.send(());
            return;
        }
        let unmarked = |problem| tracing::warn!(%problem, "the next start will take this stop for a crash");
        let marked = self.store.mark_orderly_stop(move |result| {
            if let Err(problem) = result {
                unmarked(problem);
            }
            let _ = stopped.send(());
        });
        if let Err(problem) = marked {
            unmarked(problem);
        }
    }
}
