//! What a deployment puts on the shelf before it makes anything.

use tokio::sync::watch;

use super::{Deployment, Part, Stock};
use crate::clock;
use crate::docker::shelf::Shelved;
use crate::docker::swarm::twin::Twin;
use crate::engine::managed::Managed;

// === impl Managed ===

impl Managed {
    /// Puts a deployment's release on the shelf, and beside it stable, which it is made from.
    pub(super) fn reserve(&mut self, id: &str, part: Part, cancel: watch::Sender<bool>) {
        let (release, image) = (part.release.clone(), part.image.clone());
        let replaced = self.shelf.get(&release).cloned();
        let shelved = match &part.stock {
            Stock::Containers { restart } => {
                self.take_over_stable(restart);
                Shelved::of_deployment(release, image, id.into(), Some(restart.clone()))
            }
            Stock::Tasks { beside } => {
                self.twin_stable(id, beside, part.instances);
                let twin = Twin::beside(beside, release.as_str(), id, part.instances);
                Shelved::of_twin(release, image, id.into(), twin)
            }
        };
        self.shelf.put(shelved);
        let (stage, since) = ("begun".to_owned(), clock::now());
        self.deployment = Some(Deployment { id: id.into(), part, stage, since, end: None, replaced, cancel });
    }

    /// Takes the containers of stable that run, which are canaryd's to start and stop from now on.
    fn take_over_stable(&mut self, restart: &str) {
        let stable = self.rollout.stable().clone();
        let own: Vec<_> = self.containers.iter().filter(|container| container.release == stable).collect();
        let up = own.iter().copied().filter(|container| container.state.is_up());
        if let Some(shelved) = self.shelf.get_mut(&stable) {
            // Somebody may have started more of them since.
            shelved.take_over(up);
        } else {
            let taken_over = up.map(|container| container.container.clone()).collect();
            let image = own.first().map(|container| container.image.to_string()).unwrap_or_default();
            self.shelf.put(Shelved::of_containers(stable, image, taken_over).with_restart(restart.to_owned()));
        }
    }
}
