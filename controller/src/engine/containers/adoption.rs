//! What takes the place of a stable release that has gone.

use canary_config::name::ReleaseId;
use canary_config::origin::OnReplace;

use crate::docker::sighting::State;
use crate::engine::Engine;
use crate::engine::managed::Managed;
use crate::engine::seen::Seen;
use crate::rollout::Event;

// === impl Engine ===

impl Engine {
    /// Where stable has no container left, what alone is ready takes its place, unless that is a human's affair. Before
    /// everything of a service has been looked at, nobody can say who is gone.
    pub(in crate::engine) fn replace_the_gone(&mut self) {
        if self.sightings.trouble.is_some() {
            return;
        }
        let alone = self.services.iter().filter(|(_, managed)| managed.unseen.is_empty());
        let alone = alone.filter_map(|(name, managed)| Some((name.clone(), managed.successor()?)));
        for (service, release) in alone.collect::<Vec<_>>() {
            self.show(Some(Seen { group: vec![service], events: vec![Event::Replaced(release)] }));
        }
    }
}

// === impl Managed ===

impl Managed {
    /// Whether stable has a container, in whatever state: after its host has been started anew, all are stopped for a
    /// while. Whoever replaces one removes it.
    fn has_stable_container(&self) -> bool {
        self.containers.iter().any(|container| container.release == *self.rollout.stable())
    }

    /// The releases that are watched as one of them may have to take stable's place.
    pub(in crate::engine) fn candidates(&self) -> Vec<ReleaseId> {
        let is_open = self.declared.origin.discovered().is_some()
            && self.rollout.phase().trial().is_none()
            && !self.has_stable_container();
        if is_open { self.roster.releases().cloned().collect() } else { Vec::new() }
    }

    /// The release that takes stable's place: the only one that is ready, if stable has gone.
    pub(in crate::engine) fn successor(&self) -> Option<ReleaseId> {
        let is_first = self.rollout.stable().is_none();
        let adopts = self.declared.origin.discovered()?.on_replace == OnReplace::Adopt;
        // What canaryd has made and sent back leaves in a moment.
        let leaves = |release: &ReleaseId| {
            let is_made = self.shelf.get(release).is_some_and(|shelved| shelved.deployment.is_some());
            is_made && self.rollout.sent_back(release).is_some()
        };
        let candidates = self.candidates().into_iter().filter(|release| !leaves(release));
        let mut ready = candidates.filter(|release| self.pools.count(release).0 > 0);
        let only = ready.next().filter(|_| ready.next().is_none())?;
        // Of several that were there before canaryd, one may only be slower than the other.
        let is_there = |state: &State| !matches!(state, State::Leaving | State::Stopped { .. });
        let mut others = self.containers.iter().filter(|container| container.release != only);
        let is_alone = !is_first || !others.any(|container| is_there(&container.state));
        (is_alone && (is_first || adopts)).then_some(only)
    }

    /// Why the release that stands alone does not take stable's place yet, in words.
    pub(in crate::engine) fn why_unadopted(&self, release: &ReleaseId) -> Option<String> {
        let is_next = !self.unseen.is_empty() && self.successor().is_some_and(|successor| successor == *release);
        is_next.then(|| {
            let names = self.unseen.join(", ");
            format!(
                "it is adopted once canaryd has looked at {names}, which Docker does not let it; see `canaryctl doctor`"
            )
        })
    }
}
