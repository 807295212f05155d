//! The backends of one service: who is watched, who can serve, and what they have counted.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Service;
use canary_proxy::histogram::{BUCKETS, Counts};
use canary_proxy::meter::PoolMeter;
use canary_proxy::outcome::Outcome;
use canary_proxy::pool::{Backend, BackendId, Pool};
use canary_proxy::track::Track;

use crate::docker::sighting::ContainerId;
use crate::engine::containers::Roster;
use crate::probe::{Condition, Finding, ProbeKey, Watch, Watchers};
use crate::rollout::Readiness;

/// Every backend that is in use, and the counters of every release in each of its roles.
#[derive(Debug)]
pub(super) struct Pools {
    service: ServiceName,
    backends: BTreeMap<(ReleaseId, BackendId), Tended>,
    meters: BTreeMap<(ReleaseId, Track), Arc<PoolMeter>>,
}

/// One backend, and what the probes have made of it.
#[derive(Debug)]
pub(super) struct Tended {
    pub(super) backend: Arc<Backend>,
    pub(super) condition: Condition,
    /// Why the last probe that failed did.
    pub(super) why: Option<String>,
    watch: Option<Watch>,
}

/// What a finding says that was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing that matters now.
    None,
    /// Another cause of the same condition.
    Cause,
    /// Another condition.
    Condition,
}

/// Which releases a service needs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// Those whose backends are watched, as they serve or are about to.
    pub(super) watched: Vec<ReleaseId>,
    /// Those whose counters are kept a while longer, so that their last ones can be read, and what is open at them.
    pub(super) remembered: Vec<ReleaseId>,
}

// === impl Pools ===

impl Pools {
    pub(super) fn new(service: ServiceName) -> Self {
        Self { service, backends: BTreeMap::new(), meters: BTreeMap::new() }
    }

    /// Watches whatever is needed now, and forgets what is not needed any more.
    ///
    /// A backend that is on the roster no longer is ejected: its address may be another's by now. It is remembered until
    /// what it had begun has ended.
    pub(super) fn tend(&mut self, declared: &Service, roster: &Roster, needs: &Needs, watchers: &mut Watchers) {
        let is_kept = |release: &ReleaseId| needs.watched.contains(release) || needs.remembered.contains(release);
        self.meters.retain(|(release, _), _| is_kept(release));
        self.backends.retain(|(release, id), tended| {
            let here = roster.members(release).iter().find(|member| member.id == *id);
            if here.is_none_or(|member| member.address != tended.backend.address) {
                tended.eject();
            }
            let is_needed = here.is_none() && tended.backend.meter.in_flight() > 0;
            is_kept(release) && (!tended.backend.is_ejected() || is_needed)
        });
        for (release, member) in roster.all().filter(|(release, _)| needs.watched.contains(release)) {
            let key = (release.clone(), member.id.clone());
            self.backends.entry(key).or_insert_with_key(|(_, id)| Tended::new(id.clone(), member.address));
        }
        for ((release, _), tended) in &mut self.backends {
            if needs.watched.contains(release) && !tended.backend.is_ejected() {
                tended.watch_over(&self.service, release, declared, watchers);
            } else {
                tended.leave();
            }
        }
    }

    /// Begins every watch anew, as the way of probing has changed. What is known of a backend stays known.
    pub(super) fn probe_anew(&mut self) {
        for tended in self.backends.values_mut() {
            tended.watch = None;
        }
    }

    /// Takes what the probes found.
    pub(super) fn note(&mut self, finding: Finding) -> News {
        let Some(tended) = self.backends.get_mut(&(finding.key.release, finding.key.backend)) else {
            return News::None;
        };
        if tended.watch.as_ref().is_none_or(|watch| watch.id != finding.watch) {
            return News::None;
        }
        tended.why = finding.why;
        if tended.condition == finding.condition {
            return News::Cause;
        }
        tended.condition = finding.condition;
        News::Condition
    }

    /// What the probes say of a release.
    pub(super) fn readiness(&self, release: &ReleaseId) -> Readiness {
        let (ready, all) = self.count(release);
        Readiness::of(ready, all)
    }

    /// What the probes say of the instances of a release that take part.
    pub(super) fn readiness_of(&self, roster: &Roster, release: &ReleaseId, first: Option<NonZeroUsize>) -> Readiness {
        let members = || self.members(roster, release, first);
        Readiness::of(members().filter(|tended| tended.condition == Condition::Up).count(), members().count())
    }

    /// How many backends of a release can serve, of how many.
    pub(super) fn count(&self, release: &ReleaseId) -> (usize, usize) {
        let of_release = || self.of(release);
        let there = of_release().filter(|tended| !tended.backend.is_ejected()).count();
        (of_release().filter(|tended| tended.condition == Condition::Up).count(), there)
    }

    /// The backends of a release that can serve now, in this role; of the first so many, if not all take part.
    pub(super) fn pool(
        &mut self,
        roster: &Roster,
        release: &ReleaseId,
        track: Track,
        first: Option<NonZeroUsize>,
    ) -> Pool {
        let members = self.members(roster, release, first);
        let ready = members.filter(|tended| tended.condition == Condition::Up);
        let ready = ready.map(|tended| Arc::clone(&tended.backend)).collect();
        Pool { release: release.clone(), ready, meter: Arc::clone(self.meter(release, track)) }
    }

    /// The backends of a release in the order of the roster; the first so many, if not all take part.
    pub(super) fn members(
        &self,
        roster: &Roster,
        release: &ReleaseId,
        first: Option<NonZeroUsize>,
    ) -> impl Iterator<Item = &Tended> {
        let ids = roster.members(release).iter().map(|member| (release.clone(), member.id.clone()));
        ids.take(first.map_or(usize::MAX, NonZeroUsize::get)).filter_map(|id| self.backends.get(&id))
    }

    /// Attempts under way at the backends of a release.
    pub(super) fn in_flight(&self, release: &ReleaseId) -> usize {
        self.of(release).map(|tended| tended.backend.meter.in_flight()).sum()
    }

    /// Attempts under way at a container.
    pub(super) fn open_at(&self, container: &ContainerId) -> usize {
        let id = BackendId::container(container.as_str());
        let of_it = self.backends.values().filter(|tended| tended.backend.id == id);
        of_it.map(|tended| tended.backend.meter.in_flight()).sum()
    }

    /// Whether a container can serve.
    pub(super) fn is_up(&self, container: &ContainerId) -> bool {
        let id = BackendId::container(container.as_str());
        self.backends.values().any(|tended| tended.backend.id == id && tended.condition == Condition::Up)
    }

    /// Attempts that ended at a container, besides those that never reached it.
    pub(super) fn answered_at(&self, container: &ContainerId) -> u64 {
        let id = BackendId::container(container.as_str());
        let reached = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::ConnectFailed);
        let of_it = self.backends.values().filter(|tended| tended.backend.id == id);
        of_it.flat_map(|tended| reached.clone().map(|outcome| tended.backend.meter.ended_by(outcome))).sum()
    }

    /// How long attempts at the backends of a release took.
    pub(super) fn durations(&self, release: &ReleaseId) -> Counts {
        let all = self.of(release).map(|tended| tended.backend.meter.durations().counts());
        all.fold([0; BUCKETS], |sum, counts| std::array::from_fn(|bucket| sum[bucket] + counts[bucket]))
    }

    /// Why a release has unready backends, as the last probe of the first of them says.
    pub(super) fn why_unready(&self, release: &ReleaseId) -> Option<String> {
        let mut unready = self.of(release).filter(|tended| tended.condition == Condition::Down);
        unready.find_map(|tended| Some(format!("{}: {}", tended.backend.id, tended.why.as_ref()?)))
    }

    /// What a release was given and answered in a role.
    pub(super) fn meter(&mut self, release: &ReleaseId, track: Track) -> &Arc<PoolMeter> {
        self.meters.entry((release.clone(), track)).or_default()
    }

    /// Every backend, by release.
    pub(super) fn backends(&self) -> impl Iterator<Item = (&ReleaseId, &Tended)> {
        self.backends.iter().map(|((release, _), tended)| (release, tended))
    }

    /// The counters of every release in each of its roles.
    pub(super) fn meters(&self) -> impl Iterator<Item = (&ReleaseId, Track, &PoolMeter)> {
        self.meters.iter().map(|((release, track), meter)| (release, *track, &**meter))
    }

    fn of(&self, release: &ReleaseId) -> impl Iterator<Item = &Tended> {
        self.backends().filter(move |(of, _)| *of == release).map(|(_, tended)| tended)
    }
}

// === impl Tended ===

impl Tended {
    fn new(id: BackendId, address: std::net::SocketAddr) -> Self {
        let backend = Arc::new(Backend::new(id, address));
        Self { backend, condition: Condition::Down, why: None, watch: None }
    }

    fn watch_over(&mut self, service: &ServiceName, release: &ReleaseId, declared: &Service, watchers: &mut Watchers) {
        if self.watch.is_none() {
            let (service, release, backend) = (service.clone(), release.clone(), self.backend.id.clone());
            let key = ProbeKey { service, release, backend };
            self.watch = Some(watchers.start(key, self.backend.address, declared.probe.clone(), self.condition));
        }
    }

    /// It has gone.
    fn eject(&mut self) {
        self.backend.eject();
        self.leave();
    }

    /// Nobody asks any more: it has to show itself again before it serves.
    fn leave(&mut self) {
        self.watch = None;
        self.condition = Condition::Down;
        self.why = None;
    }
}
