//! The watch over a Docker Engine: what it sees comes in by it, and what it is to look for goes out.

use canary_config::docker::DockerHost;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::docker::sighting::Sightings;
use crate::docker::wanted::Wanted;
use crate::docker::watch::Watcher;

/// Of a watch that has failed itself.
const ENDED: &str = "the watch over containers has broken down, which is a defect of canaryd; restart it";

/// A watch that goes on until this is dropped.
#[derive(Debug)]
pub(in crate::engine) struct Discovery {
    wanted: watch::Sender<Wanted>,
    seen: watch::Receiver<Sightings>,
    task: AbortHandle,
    has_ended: bool,
}

// === impl Discovery ===

impl Discovery {
    /// Begins to look for these services' containers.
    pub(in crate::engine) fn begin(host: &DockerHost, wanted: Wanted) -> Self {
        let (wanted, wanted_reader) = watch::channel(wanted);
        let (watcher, mut seen) = Watcher::new(host.clone(), wanted_reader);
        // That nothing has been seen yet is something to be told, too.
        seen.mark_changed();
        Self { wanted, seen, task: tokio::spawn(watcher.run()).abort_handle(), has_ended: false }
    }

    /// From now on it looks for these.
    pub(in crate::engine) fn look_for(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|present| {
            let is_other = *present != wanted;
            *present = wanted;
            is_other
        });
    }

    /// What it sees next, once that is another thing.
    pub(in crate::engine) async fn next(discovery: &mut Option<Self>) -> Sightings {
        let Some(Self { seen, has_ended: has_ended @ false, .. }) = discovery else {
            return std::future::pending().await;
        };
        if seen.changed().await.is_ok() {
            return seen.borrow_and_update().clone();
        }
        // It goes on for as long as this is there, so that it has failed; what it saw is never seen otherwise again.
        *has_ended = true;
        Sightings { trouble: Some(ENDED.to_owned()), ..seen.borrow().clone() }
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.task.abort();
    }
}
