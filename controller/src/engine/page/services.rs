//! What the page shows of one service.

use canary_config::weight::Weight;
use canary_proxy::outcome::{Blame, Outcome};
use canary_proxy::park::End;
use canary_proxy::rescue::Cause;

use crate::clock;
use crate::engine::managed::Managed;
use crate::engine::page::NOT_APPLICABLE;
use crate::engine::page::family::Families;
use crate::probe::Condition;
use crate::rollout::PhaseName;

// === impl Managed ===

impl Managed {
    /// Adds every sample of the service.
    pub(super) fn show(&self, families: &mut Families) {
        self.show_answers(families);
        self.show_judged(families);
        self.show_backends(families);
        self.show_usage(families);
        self.show_unplaced(families);
        self.show_rollout(families);
        self.show_evidence(families);
        self.show_rescued(families);
        self.show_parked(families);
        self.show_rollback(families);
        self.show_checks(families);
    }

    fn show_answers(&self, families: &mut Families) {
        let service = self.declared.name.as_str();
        let own = [("service", service), ("release", NOT_APPLICABLE), ("track", NOT_APPLICABLE)];
        families.answers(&own, &self.own_answers);
        for (release, track, meter) in self.pools.meters() {
            let labels = [("service", service), ("release", release.as_str()), ("track", track.label())];
            families.answers(&labels, meter.answers());
            let help = "Requests given to each release in each role: the measured share.";
            families.counter("canaryd_picks_total", help, &labels, meter.picks());
        }
    }

    fn show_judged(&self, families: &mut Families) {
        let scored =
            Outcome::ALL.into_iter().filter(|outcome| matches!(outcome.blame(), Blame::Nobody | Blame::Backend));
        let all = self.hearings.totals();
        for outcome in scored {
            for ((release, track), totals) in &all {
                let labels = [
                    ("service", self.declared.name.as_str()),
                    ("release", release.as_str()),
                    ("track", track.label()),
                    ("outcome", outcome.label()),
                ];
                let help = "First attempts that the judge has seen: the evidence of every verdict.";
                families.counter("canaryd_judged_total", help, &labels, totals.ended_by(outcome));
            }
        }
    }

    fn show_backends(&self, families: &mut Families) {
        for (release, tended) in self.pools.backends() {
            let backend = &tended.backend;
            let labels = [
                ("service", self.declared.name.as_str()),
                ("release", release.as_str()),
                ("backend", backend.id.as_str()),
            ];
            for outcome in Outcome::ALL {
                let with_outcome = [&labels[..], &[("outcome", outcome.label())]].concat();
                let help = "Attempts at each backend, by how they ended.";
                families.counter("canaryd_attempts_total", help, &with_outcome, backend.meter.ended_by(outcome));
            }
            let help = "From picking a backend to the end of its answer.";
            families.histogram("canaryd_attempt_duration_seconds", help, &labels, backend.meter.durations());
            let help = "Attempts under way at each backend.";
            families.gauge("canaryd_backend_in_flight", help, &labels, backend.meter.in_flight() as f64);
            let help = "Whether a backend passes its probes.";
            let is_up = f64::from(u8::from(tended.condition == Condition::Up));
            families.gauge("canaryd_backend_up", help, &labels, is_up);
        }
    }

    fn show_usage(&self, families: &mut Families) {
        let now = clock::now();
        for container in &self.containers {
            let Some(usage) = self.usages.status(&container.container, now) else { continue };
            let backend = container.container.to_string();
            let labels = [
                ("service", self.declared.name.as_str()),
                ("release", container.release.as_str()),
                ("backend", backend.as_str()),
            ];
            let help = "Memory of a container, without what the kernel takes back first; while a rollout is under way.";
            families.gauge("canaryd_container_memory_bytes", help, &labels, usage.memory_bytes as f64);
            let help = "Time that processors spent on a container since it started; while a rollout is under way.";
            let seconds = usage.processor_total_us as f64 / 1e6;
            families.seconds("canaryd_container_cpu_seconds_total", help, &labels, seconds);
        }
    }

    fn show_rollout(&self, families: &mut Families) {
        let service = ("service", self.declared.name.as_str());
        let weight = self.rollout.weight();
        let canary = self.rollout.canary().map(|canary| (canary, weight.ratio()));
        let rest = 1.0 - canary.map_or(0.0, |(_, ratio)| ratio);
        let stable = (self.rollout.stable(), if self.rollout.is_stable_serving() { rest } else { 0.0 });
        for (release, ratio) in canary.into_iter().chain([stable]) {
            let help = "The share of requests that each release is set to get, 0 to 1.";
            families.gauge("canaryd_weight_ratio", help, &[service, ("release", release.as_str())], ratio);
        }
        for phase in PhaseName::ALL {
            let is_in = f64::from(u8::from(phase == self.rollout.phase().name()));
            let help = "1 for the phase that the rollout is in, 0 for the others.";
            families.gauge("canaryd_rollout_phase", help, &[service, ("phase", phase.label())], is_in);
        }
        let help = "The step that the rollout stands at, counted from 1; 0 while it stands at none.";
        let step = self.rollout.phase().step().map_or(0, |step| step + 1);
        let step = if weight == Weight::FULL { self.steps() } else { step };
        families.gauge("canaryd_rollout_step", help, &[service], step as f64);
    }

    fn show_unplaced(&self, families: &mut Families) {
        let help = "Requests that were compared nowhere, as the rollout had looked after as many clients as it can.";
        let service = [("service", self.declared.name.as_str())];
        families.counter("canaryd_unplaced_total", help, &service, self.hearings.unplaced());
    }

    fn show_rescued(&self, families: &mut Families) {
        for cause in Cause::ALL {
            let labels = [("service", self.declared.name.as_str()), ("reason", cause.label())];
            let help = "Requests of a canary that were sent to stable instead, by what the canary had done with them.";
            families.counter("canaryd_rescued_total", help, &labels, self.rescued.count(cause));
        }
    }

    fn show_parked(&self, families: &mut Families) {
        let service = ("service", self.declared.name.as_str());
        let help = "Requests that wait for a backend now.";
        families.gauge("canaryd_parked_requests", help, &[service], self.lot.waiting() as f64);
        for end in End::ALL {
            let help = "Requests that found no backend, by what became of their wait.";
            let labels = [service, ("outcome", end.label())];
            families.counter("canaryd_parked_total", help, &labels, self.lot.ended_by(end));
        }
        let help = "How long parked requests have waited in all; not a part of canaryd_request_duration_seconds.";
        families.histogram("canaryd_parked_duration_seconds", help, &[service], self.lot.waits());
    }

    fn show_checks(&self, families: &mut Families) {
        for (hook, outcome, count) in self.gates.counts() {
            let labels = [("service", self.declared.name.as_str()), ("hook", hook), ("outcome", outcome)];
            let help = "Hooks and smoke tests that have ended, by how: passed, failed, or failed and ignored.";
            families.counter("canaryd_hook_runs_total", help, &labels, count);
        }
    }

    /// How the last rollback went. They are too rare for a histogram: its rate would be empty nearly always.
    fn show_rollback(&self, families: &mut Families) {
        let service = [("service", self.declared.name.as_str())];
        let help = "Whether the canary of the present rollout was taken out of the data path for good: 1, or 0.";
        families.gauge("canaryd_canary_tripped", help, &service, f64::from(u8::from(self.hearings.is_tripped())));
        let Some(rollback) = self.rollback() else { return };
        let help = "From the last verdict or command against a canary to the last request that was picked for it.";
        families.gauge("canaryd_rollback_seconds", help, &service, rollback.to_last_pick().as_secs_f64());
        let help = "The canary's requests in flight at the last verdict or command against it.";
        families.gauge("canaryd_rollback_in_flight", help, &service, rollback.in_flight() as f64);
        let Some(drained) = rollback.to_drained() else { return };
        let help = "From the last verdict or command against a canary to the end of its last request.";
        families.gauge("canaryd_rollback_drained_seconds", help, &service, drained.as_secs_f64());
    }

    /// How many steps the plan that is under way has, 100 % included.
    fn steps(&self) -> usize {
        self.rollout.phase().trial().map_or(0, |trial| trial.plan.steps.len() + 1)
    }

    fn show_evidence(&self, families: &mut Families) {
        let Some(evidence) = self.evidence() else { return };
        let service = ("service", self.declared.name.as_str());
        let help = "The natural logarithm of the evidence, against the canary (abort) and for it (promote).";
        let mut show = |metric: &str, test: &str, ln: f64| {
            families.gauge("canaryd_rollout_evidence", help, &[service, ("metric", metric), ("test", test)], ln);
        };
        show("total", "abort", evidence.ln_abort);
        for metric in &evidence.metrics {
            show(&metric.metric, "abort", metric.ln_abort);
            if let Some(ln_promote) = metric.ln_promote {
                show(&metric.metric, "promote", ln_promote);
            }
        }
    }
}
