//! Deployments that an operator calls off before their rollout has begun.

use canary_config::name::ReleaseId;
use tokio::sync::oneshot;

use crate::api::Done;
use crate::engine::managed::Managed;
use crate::engine::order::Ordered;
use crate::engine::{Accepted, Engine, Order};
use crate::rollout::{Reason, Transition};

// === impl Engine ===

impl Engine {
    /// Calls off what is being deployed if the order is to abort. The order is gone then, unless it has a rollout to send
    /// back besides, or one that waits.
    pub(in crate::engine) fn cancel_deployment(&mut self, ordered: Ordered) -> Option<Ordered> {
        // Whoever names a rollout means that one.
        let is_meant = ordered.order == Order::Abort && ordered.generation.is_none();
        let managed = self.services.get(&ordered.service).filter(|_| is_meant);
        let Some((managed, own)) = managed.and_then(|managed| Some((managed, managed.present_deployment()?))) else {
            return Some(ordered);
        };
        // Whoever does not listen any more has ended.
        let _ = own.cancel.send(true);
        tracing::info!(service = %ordered.service, actor = ordered.author.name, "the deployment is called off");
        let rollout = &managed.rollout;
        // Its start may be on its way to the store.
        let is_beginning = self.outbox.waits_for(&ordered.service);
        if is_beginning || rollout.canary().is_some() || !rollout.queue().is_empty() {
            return Some(ordered);
        }
        let (here, weight) = (rollout.phase().name(), rollout.weight());
        let (generation, canary) = (rollout.generation(), Some(own.part.release.clone()));
        let reason = Reason::Overtaken;
        let transition = Transition { generation, canary, from: here, to: here, step: None, weight, reason };
        let done =
            Done { service: ordered.service.clone(), transition, durable: true, rollback: None, peers: Vec::new() };
        let (sender, stored) = oneshot::channel();
        // Nothing of it is stored: what there is of the release is cleared away, whatever happens.
        let _ = sender.send(true);
        let _ = ordered.reply.send(Ok(Accepted { done, stored }));
        None
    }
}

// === impl Managed ===

impl Managed {
    /// Whether the deployment of a release has been called off, and has not ended yet.
    pub(in crate::engine) fn is_called_off(&self, release: &ReleaseId) -> bool {
        self.present_deployment().is_some_and(|own| own.part.release == *release && *own.cancel.borrow())
    }
}
