//! No schedule of verdicts, commands, outages and crashes raises a share without a certificate, a command or a declared
//! policy. The story that the store was told is held against what was declared, and each certificate against its evidence.

use std::collections::BTreeSet;
use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan};
use canary_config::weight::Weight;
use canary_controller::api::EvidenceStatus;
use canary_controller::engine::{Input, Order};
use canary_controller::rollout::{PhaseName, Stop, Stride, Transition};
use canary_controller::store::Entry;
use canary_proxy::outcome::Outcome;
use canary_proxy::table::Asker;
use canary_proxy::track::Track;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::sleep;

use crate::support::{Stand, forced};

const SEEDS: u64 = 9;
const STEPS: usize = 40;

/// Requests of one outburst of traffic.
const OUTBURST: u64 = 800;

/// How long a schedule waits for what it begins with, in looks of [`LOOK`].
const LOOKS_MAX: usize = 100;
const LOOK: Duration = Duration::from_millis(100);

/// What a schedule begins with, so that all of them together have seen it.
#[derive(Clone, Copy, Debug)]
enum Opening {
    /// The canary earns a certificate.
    Certificate,
    /// Canary and stable break a limit together.
    SharedBreach,
    /// The evidence stays thin, and the plan says what to do.
    ThinEvidence(OnThinEvidence),
}

/// One schedule: an engine that is disturbed at random, and stopped and killed in between.
struct Schedule {
    seed: u64,
    stand: Stand,
    plan: Plan,
    rng: StdRng,
    /// After how many changes it was begun again, and after which stop.
    restarts: Vec<(usize, Stop)>,
}

// === impl Opening ===

impl Opening {
    fn of(seed: u64) -> Self {
        match seed % 5 {
            0 => Self::Certificate,
            1 => Self::SharedBreach,
            2 => Self::ThinEvidence(OnThinEvidence::Promote),
            3 => Self::ThinEvidence(OnThinEvidence::Hold),
            _ => Self::ThinEvidence(OnThinEvidence::Abort),
        }
    }

    fn change(self, plan: &mut Plan, rng: &mut StdRng) {
        plan.criteria.guardrails.error_rate = Some(0.01);
        plan.probation = Duration::from_millis(rng.random_range(0..1_000));
        for step in &mut plan.steps {
            step.min_duration = Duration::from_millis(rng.random_range(0..50));
        }
        match self {
            Self::ThinEvidence(choice) => {
                plan.on_thin_evidence = choice;
                plan.steps.iter_mut().for_each(|step| step.max_duration = Duration::from_millis(100));
                let gates = [Gate::Evidence, Gate::Time, Gate::Manual { deadline: Duration::from_secs(60) }];
                plan.steps[1].gate = gates[rng.random_range(0..gates.len())];
            }
            Self::Certificate | Self::SharedBreach => plan.on_thin_evidence = OnThinEvidence::Hold,
        }
    }

    /// The reason that it comes to.
    fn reason(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::SharedBreach => "shared-breach",
            Self::ThinEvidence(OnThinEvidence::Promote) => "policy",
            Self::ThinEvidence(_) => "thin-evidence",
        }
    }
}

// === impl Schedule ===

impl Schedule {
    async fn begin(seed: u64) -> Self {
        let (mut rng, opening) = (StdRng::seed_from_u64(seed), Opening::of(seed));
        let stand = Stand::start(|config| {
            for service in config.services.values_mut() {
                opening.change(&mut service.plan, &mut StdRng::seed_from_u64(seed));
            }
        })
        .await;
        opening.change(&mut Plan::default(), &mut rng);
        let plan = stand.config.services[&"web".parse().unwrap()].plan.clone();
        stand.start_one("web", "v2").await;
        stand.until_step("web", 1).await;
        let mut schedule = Self { seed, stand, plan, rng, restarts: Vec::new() };
        for _ in 0..LOOKS_MAX {
            let is_bad = matches!(opening, Opening::SharedBreach);
            schedule.traffic(if is_bad { [0.3, 0.3] } else { [0.0, 0.0] });
            sleep(LOOK).await;
            if schedule.reasons().contains(opening.reason()) {
                return schedule;
            }
        }
        panic!("seed {seed}: {opening:?} does not come about: {:#?}", schedule.changes());
    }

    /// So many requests at these rates of failure, the canary's first.
    fn traffic(&mut self, [canary, stable]: [f64; 2]) {
        let route = self.stand.route("web");
        for _ in 0..self.rng.random_range(1..OUTBURST) {
            let Some(mut pick) = route.pick(&Asker::default(), &mut self.rng) else { return };
            let rate = if pick.track == Track::Canary { canary } else { stable };
            let outcome = if self.rng.random_bool(rate) { Outcome::ServerError } else { Outcome::Success };
            pick.score(outcome, Duration::from_millis(5));
        }
    }

    /// Something happens; what is refused has not happened.
    async fn disturb(mut self) -> Self {
        let order = match self.rng.random_range(0..24) {
            0..=3 => forced(if self.rng.random() { "v2" } else { "v3" }),
            4..=6 => Order::Promote(Stride::Next),
            7 => Order::Promote(Stride::Full),
            8 => Order::Pause,
            9 => Order::Resume,
            10 => Order::Abort,
            11 => Order::Undo,
            12 => Order::Retry,
            13 => return self.fail_the_store().await,
            14..=15 => return self.restart(Stop::Orderly).await,
            16..=17 => return self.restart(Stop::Unclean).await,
            18 => {
                let canary = &self.stand.site.v2;
                if self.rng.random() {
                    canary.set_sick();
                } else {
                    canary.set_healthy();
                }
                return self;
            }
            other => {
                let rates = [[0.0, 0.0], [0.0, 0.0], [0.3, 0.3], [1.0, 0.0], [0.02, 0.0]];
                self.traffic(rates[(other - 19) % rates.len()]);
                sleep(LOOK * self.rng.random_range(0..3)).await;
                return self;
            }
        };
        drop(self.stand.order("web", order).await);
        self
    }

    /// What is ordered while the store takes nothing is lost in the crash that follows.
    async fn fail_the_store(mut self) -> Self {
        self.stand.shelf.fail();
        let order = if self.rng.random() { Order::Promote(Stride::Next) } else { forced("v2") };
        drop(self.stand.order("web", order).await);
        self.restart(Stop::Unclean).await
    }

    async fn restart(mut self, stop: Stop) -> Self {
        self.stand.site.v2.set_healthy();
        self.stand = self.stand.restart(stop).await;
        self.restarts.push((self.changes().len(), stop));
        self.stand.shelf.take();
        self.stand.until_ready().await;
        self
    }

    fn entries(&self) -> Vec<Entry> {
        let entries = self.stand.shelf.records().into_iter().flat_map(|record| record.entries);
        entries.filter(|entry| entry.service.as_ref().is_some_and(|service| service.as_str() == "web")).collect()
    }

    fn changes(&self) -> Vec<Transition> {
        self.entries().into_iter().filter_map(|entry| entry.transition).collect()
    }

    fn reasons(&self) -> BTreeSet<&'static str> {
        self.changes().iter().map(|change| change.reason.label()).collect()
    }

    /// Goes through the story with what was in force at each moment.
    fn assert_every_raise_has_its_cause(&self) {
        let first = self.plan.steps[0].weight;
        let (mut weight, mut weight_before) = (Weight::ZERO, Weight::ZERO);
        let (mut begins_at, mut generation, mut sent_back) = (first, None, None);
        let changes = self.entries().into_iter().filter_map(|entry| Some((entry.transition.clone()?, entry)));
        for (number, (change, entry)) in changes.enumerate() {
            for (_, stop) in self.restarts.iter().filter(|(after, _)| *after == number) {
                begins_at = if *stop == Stop::Orderly { begins_at.max(weight) } else { first };
                weight = Weight::ZERO;
            }
            if generation != Some(change.generation) {
                (generation, begins_at) = (Some(change.generation), first);
            }
            if change.weight > weight {
                let is_caused = match change.reason.label() {
                    "ready" => change.from == PhaseName::Preparing && change.weight <= begins_at,
                    "certificate" => entry.evidence.as_ref().is_some_and(is_certified),
                    "policy" => self.plan.on_thin_evidence == OnThinEvidence::Promote,
                    "time" => self.plan.steps.iter().any(|step| step.gate == Gate::Time),
                    "command" => entry.command.is_some(),
                    // What the change before it would have lowered was never in force.
                    "overtaken" => change.weight <= weight_before,
                    _ => false,
                };
                let at = format!("seed {}, change {number}, restarts {:?}", self.seed, self.restarts);
                assert!(is_caused, "{at}: {entry:#?} raised from {weight}");
                assert!(sent_back != Some(change.generation), "{at}: it came back: {entry:#?}");
            }
            if change.to == PhaseName::Aborted && change.from != PhaseName::Aborted {
                sent_back = Some(change.generation);
            }
            (weight_before, weight) = (weight, change.weight);
        }
        let table = self.stand.weight("web");
        assert!(table <= weight.bp(), "seed {}: the table says {table}, the store {weight}", self.seed);
    }
}

/// Every metric has its certificate, and nothing is in doubt.
fn is_certified(evidence: &EvidenceStatus) -> bool {
    let has_certificate = |ln: Option<f64>| ln.is_some_and(|ln| ln >= evidence.ln_promote_at);
    evidence.metrics.iter().all(|metric| has_certificate(metric.ln_promote)) && evidence.ln_abort < 4.0_f64.ln()
}

async fn play(seed: u64) -> BTreeSet<&'static str> {
    let mut schedule = Schedule::begin(seed).await;
    schedule.assert_every_raise_has_its_cause();
    for _ in 0..STEPS {
        schedule = schedule.disturb().await;
        // The page is no older than the question for it: whatever was decided is in force.
        let _ = schedule.stand.engine.ask(Input::Page).await;
        schedule.assert_every_raise_has_its_cause();
    }
    schedule.reasons()
}

#[tokio::test]
async fn no_schedule_raises_without_a_certificate_a_command_or_a_declared_policy() {
    let reasons: BTreeSet<_> = join_all((0..SEEDS).map(play)).await.into_iter().flatten().collect();
    for reason in ["certificate", "policy", "thin-evidence", "shared-breach", "command", "ready", "restarted"] {
        assert!(reasons.contains(reason), "{reason} never came about: {reasons:?}");
    }
}
