//! What each role of a service has to show.

use canary_config::name::ReleaseId;
use canary_proxy::meter::PoolMeter;
use canary_proxy::track::Track;

use crate::analysis::{ArmEvidence, Evidence, ProbationEvidence};
use crate::api::TrackStatus;
use crate::engine::managed::Managed;
use crate::probe::Condition;
use crate::witness::{Percentile, percentile};

// === impl Managed ===

impl Managed {
    /// How many backends can serve in a role, of how many that take part.
    fn count(&self, release: &ReleaseId, track: Track) -> (usize, usize) {
        let first = if track == Track::Canary { self.taking_part() } else { None };
        let members: Vec<_> = self.pools.members(&self.roster, release, first).collect();
        (members.iter().filter(|tended| tended.condition == Condition::Up).count(), members.len())
    }

    pub(super) fn tracks(&mut self, canary: Option<ReleaseId>, evidence: Option<&Evidence>) -> Vec<TrackStatus> {
        let roles = [(Track::Stable, Some(self.rollout.stable().clone())), (Track::Canary, canary)];
        let mut tracks = Vec::new();
        for (track, release) in roles {
            let Some(release) = release else { continue };
            let (ready, backends) = self.count(&release, track);
            let arm = evidence.map(|evidence| match track {
                Track::Stable => evidence.arms.stable,
                Track::Canary => on_trial(evidence),
            });
            let arm = arm.unwrap_or_else(|| answered(self.pools.meter(&release, track)));
            tracks.push(TrackStatus {
                track: track.label().to_owned(),
                release,
                ready,
                backends,
                requests: arm.requests,
                errors: arm.errors,
                p50_ms: arm.p50_ms,
                p99_ms: arm.p99_ms,
            });
        }
        tracks
    }
}

/// What the canary did where it is judged now: with all requests, or beside stable.
fn on_trial(evidence: &Evidence) -> ArmEvidence {
    let compared = evidence.arms.canary;
    let full = evidence.probation.filter(|probation| probation.canary.requests() > 0);
    full.map_or(compared, |ProbationEvidence { canary, .. }| ArmEvidence {
        requests: canary.requests(),
        errors: canary.bad,
        ..compared
    })
}

/// What a release has answered in a role since canaryd started.
fn answered(meter: &PoolMeter) -> ArmEvidence {
    let (mut requests, mut errors) = (0, 0);
    for (code, count) in meter.answers().codes() {
        requests += count;
        errors += if (500..600).contains(&code) { count } else { 0 };
    }
    let counts = meter.answers().durations().counts();
    let ms = |percent| percentile(&counts, Percentile(percent)).map(|latency| latency.as_secs_f64() * 1e3);
    let [p50_ms, p90_ms, p99_ms] = [50, 90, 99].map(ms);
    ArmEvidence { requests, errors, p50_ms, p90_ms, p99_ms }
}
