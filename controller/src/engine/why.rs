//! Who would serve a request, and why.

use canary_config::daemon::Listener;
use canary_config::weight::Weight;
use canary_proxy::track::Track;
use canary_proxy::{rules, table};

use crate::api::{BackendStatus, Why, WhyPassedOver, WhyServed, WhyTrack};
use crate::engine::managed::Managed;
use crate::engine::{Asked, Engine};
use crate::probe::Condition;
use crate::rollout::{Leaving, Phase};

// === impl Engine ===

impl Engine {
    /// Looks at the table that is published, and at what is known of the service that it leads to.
    pub(super) fn why(&self, asked: &Asked) -> Why {
        let Asked { host, path, query, method, headers, client } = asked;
        let asked = rules::Asked::new(host, path, query.as_deref(), method, headers, Some(*client));
        let table::Why { taken, passed_over, unmentioned } = self.routes.published().explain(&asked);
        let served_by = taken.and_then(|taken| {
            let tracks = self.services.get(&taken.service)?.why_tracks();
            Some(WhyServed {
                because: taken.explanation.because().to_vec(),
                rule: taken.rule.text().to_owned(),
                priority: taken.priority.get(),
                service: taken.service,
                tracks,
            })
        });
        let passed_over = passed_over.into_iter().map(|route| WhyPassedOver {
            because: route.explanation.because().join("; "),
            rule: route.rule.text().to_owned(),
            priority: route.priority.get(),
            service: route.service,
        });
        let passed_over = passed_over.collect();
        let has_health_path = |listener: &&Listener| listener.health_path.as_deref() == Some(path.as_str());
        let healthy = self.config.listeners.iter().filter(has_health_path);
        Why {
            host: asked.host().to_owned(),
            path: asked.path().to_owned(),
            served_by,
            passed_over,
            unmentioned: unmentioned as u64,
            answered_by_health_path: healthy.map(|listener| listener.name.to_string()).collect(),
        }
    }
}

// === impl Managed ===

impl Managed {
    /// Who takes which share, and why.
    fn why_tracks(&self) -> Vec<WhyTrack> {
        let (stable_share, because_stable) = self.why_stable();
        let mut tracks = vec![self.why_track(Track::Stable, stable_share, because_stable)];
        if self.rollout.canary().is_some() {
            let (share, because) = self.why_canary();
            tracks.push(self.why_track(Track::Canary, share, because));
        }
        tracks
    }

    fn why_track(&self, track: Track, weight_bp: Weight, because: String) -> WhyTrack {
        let (release, first) = match (track, self.rollout.canary()) {
            (Track::Canary, Some(canary)) => (canary, self.taking_part()),
            _ => (self.rollout.stable(), None),
        };
        let backends = self.pools.members(&self.roster, release, first).map(|tended| {
            let ready = tended.condition == Condition::Up;
            BackendStatus {
                id: tended.backend.id.to_string(),
                address: tended.backend.address.to_string(),
                ready,
                why: tended.why.clone().filter(|_| !ready),
            }
        });
        let (track, release, backends) = (track.label().to_owned(), release.clone(), backends.collect());
        WhyTrack { track, release, weight_bp, because, backends }
    }

    fn why_stable(&self) -> (Weight, String) {
        if self.standstill.is_some() {
            return (Weight::ZERO, "the service is parked: its requests wait".into());
        }
        let canary = self.rollout.canary().filter(|_| !self.rollout.is_stable_serving());
        if let Some(canary) = canary {
            let because = if self.rollout.weight() == Weight::FULL {
                format!("{canary} has taken its place; it does not run beside it")
            } else {
                format!("recreate: nobody serves until {canary} is ready")
            };
            return (Weight::ZERO, because);
        }
        match (self.ready(Track::Stable), self.ready(Track::Canary)) {
            (0, 1..) if self.rollout.weight() > Weight::ZERO => (Weight::ZERO, "it has no ready backend".into()),
            (_, 1..) if self.rollout.weight() > Weight::ZERO => {
                let rest = Weight::FULL.bp() - self.rollout.weight().bp();
                (Weight::from_bp(rest).unwrap_or(Weight::ZERO), "stable has the rest".into())
            }
            _ => (Weight::FULL, "stable has every request".into()),
        }
    }

    fn why_canary(&self) -> (Weight, String) {
        let weight = self.rollout.weight();
        let because = self.why_phase();
        match (self.ready(Track::Stable), self.ready(Track::Canary)) {
            _ if weight == Weight::ZERO => (weight, because),
            _ if self.standstill.is_some() => (Weight::ZERO, format!("{because}, but the service is parked")),
            (_, 0) => (Weight::ZERO, format!("{because}, but it has no ready backend")),
            (0, _) if weight < Weight::FULL => (Weight::FULL, format!("{because}, and stable has no ready backend")),
            _ => (weight, because),
        }
    }

    fn why_phase(&self) -> String {
        let phase = self.rollout.phase();
        match phase {
            Phase::Draining { leaving: Leaving::Canary(leaving), .. } => format!("waiting until {leaving} has left"),
            Phase::Draining { .. } => format!("waiting until {} has left", self.rollout.stable()),
            Phase::Preparing { .. } => "preparing: it has not passed its probes yet".into(),
            Phase::Probation { .. } => "in probation: it has every request".into(),
            Phase::Idle | Phase::Aborted { .. } => "not on trial".into(),
            Phase::Progressing { trial, step, .. }
            | Phase::Held { trial, step, .. }
            | Phase::Paused { trial, step, .. } => {
                format!("{} at step {} of {}", phase.name().label(), step + 1, trial.plan.steps.len() + 1)
            }
        }
    }

    /// How many backends of a role can serve now.
    fn ready(&self, track: Track) -> usize {
        let pool = self.route().and_then(|route| route.pool(track));
        pool.map_or(0, |pool| pool.ready.len())
    }
}
