//! What does things to containers, beside the engine: it is told an act, and says how it went.

use canary_config::docker::DockerHost;
use tokio::sync::mpsc;

use crate::docker::clone::restart;
use crate::docker::desire::Act;
use crate::docker::host::{Host, HostError, Volumes};
use crate::docker::sighting::ContainerId;

/// Does what it is told, each thing by itself. It repeats nothing.
#[derive(Clone, Debug)]
pub struct Hands {
    host: DockerHost,
    done: mpsc::UnboundedSender<Acted>,
}

/// How an act went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// With which container.
    pub container: ContainerId,
    /// What was to be done.
    pub act: Act,
    /// Why it was not done, in words.
    pub result: Result<(), String>,
}

// === impl Hands ===

impl Hands {
    /// Hands at this Engine, which report there.
    #[must_use]
    pub fn new(host: DockerHost, done: mpsc::UnboundedSender<Acted>) -> Self {
        Self { host, done }
    }

    /// Begins to do something with a container.
    pub fn order(&self, container: ContainerId, act: Act) {
        let Self { host, done } = self.clone();
        tokio::spawn(async move {
            let result = obey(&host, &container, &act).await.map_err(|error| error.to_string());
            // An engine that has ended needs to know no more.
            let _ = done.send(Acted { container, act, result });
        });
    }
}

async fn obey(host: &DockerHost, container: &ContainerId, act: &Act) -> Result<(), HostError> {
    let host = Host::connect(host).await?;
    let id = container.as_str();
    match act {
        Act::Start => host.start(id).await,
        Act::Pause => host.pause(id).await,
        Act::Unpause => host.unpause(id).await,
        Act::Settle(policy) => host.set_restart(id, restart::read(policy).unwrap_or_else(restart::never)).await,
        Act::Retire { is_paused } => {
            host.set_restart(id, restart::never()).await?;
            if *is_paused {
                // What is frozen cannot be told to stop.
                host.unpause(id).await?;
            }
            host.stop(id).await
        }
        Act::Remove => host.remove(id, Volumes::Remove).await,
    }
}
