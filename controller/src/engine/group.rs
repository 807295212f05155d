//! Which services move together.

use canary_config::name::ServiceName;

use crate::engine::Engine;
use crate::rollout::Phase;

// === impl Engine ===

impl Engine {
    /// A service, and those that move with it while a try is under way.
    pub(super) fn group_of(&self, service: &ServiceName) -> Vec<ServiceName> {
        let peers_of = |service| {
            let phase = self.services.get(service)?.rollout.phase();
            phase.trial().map(|trial| &trial.peers)
        };
        let peers = peers_of(service).into_iter().flatten();
        // Nobody moves with a service that knows nothing of it.
        let mutual = peers.filter(|peer| peers_of(peer).is_some_and(|theirs| theirs.contains(service)));
        std::iter::once(service).chain(mutual).cloned().collect()
    }

    /// A service, and those that moved with it when it was sent back.
    pub(super) fn sent_back_with(&self, service: &ServiceName) -> Vec<ServiceName> {
        let peers = match self.services.get(service).map(|managed| managed.rollout.phase()) {
            Some(Phase::Aborted { peers, .. }) => peers.iter(),
            _ => return vec![service.clone()],
        };
        std::iter::once(service).chain(peers).cloned().collect()
    }
}
