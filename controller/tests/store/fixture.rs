//! Folders, names and rollouts for the tests of the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canary_config::cohort::Assignment;
use canary_config::criteria::{Alpha, Criteria};
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::{Gate, OnBusy, OnThinEvidence, Plan, Step, Strategy};
use canary_config::weight::Weight;
use canary_controller::analysis::Metric;
use canary_controller::api::EvidenceStatus;
use canary_controller::freeze::{Effect, KeptFreeze};
use canary_controller::idempotency::IdempotencyKey;
use canary_controller::rollout::{
    Again, Generation, PhaseName, Position, Reason, Saved, SentBack, Start, State, Transition, Trial,
};
use canary_controller::store::{Entry, Loaded, Opened, Paper, PaperKind, Record, Stables, Store, open};
use tempfile::TempDir;

/// When every test happens.
pub(super) const NOW: SystemTime = UNIX_EPOCH;

/// A folder in memory, if there is one: the tests sync thousands of times.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

pub(super) fn store_in(folder: &TempDir) -> PathBuf {
    folder.path().join("canaryd.db")
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

pub(super) fn service(name: &str) -> ServiceName {
    name.parse().unwrap()
}

pub(super) fn release(name: &str) -> ReleaseId {
    name.parse().unwrap()
}

pub(super) fn generation(number: u64) -> Generation {
    serde_json::from_value(number.into()).unwrap()
}

pub(super) fn idle(stable: &str, number: u64) -> Saved {
    saved(stable, number, State::Idle)
}

pub(super) fn saved(stable: &str, number: u64, state: State) -> Saved {
    let (queue, sent_back) = (VecDeque::new(), Vec::new());
    Saved { stable: release(stable), generation: generation(number), state, queue, sent_back }
}

/// As the first versions kept it.
pub(super) fn under_way(position: Position) -> State {
    State::UnderWay { trial: trial(), position, regains: Weight::ZERO, superseded: None }
}

pub(super) fn aborted(canary: &str, reason: Reason) -> State {
    State::Aborted { canary: release(canary), reason, peers: BTreeSet::new() }
}

pub(super) fn trial() -> Trial {
    let step = |percent: u16, gate| Step {
        weight: Weight::from_bp(percent * 100).unwrap(),
        instances: NonZeroUsize::new(percent.into()),
        min_duration: Duration::from_secs(60),
        max_duration: Duration::from_millis(3_600_001),
        gate,
    };
    let approval = Gate::Manual { deadline: Duration::from_millis(3_601) };
    let plan = Plan {
        strategy: Strategy::Canary,
        steps: vec![step(10, Gate::Evidence), step(25, approval), step(50, Gate::Time)],
        ready_timeout: Duration::from_secs(120),
        on_thin_evidence: OnThinEvidence::Hold,
        probation: Duration::from_secs(600),
        criteria: Criteria { alpha: Alpha::new(0.012_345_678_9).unwrap(), ..Criteria::default() },
        assignment: Assignment::Request,
        on_busy: OnBusy::Supersede,
        drain_timeout: Duration::from_millis(30_001),
    };
    Trial { peers: [service("api"), service("pay")].into(), ..Trial::new(release("v2"), plan) }
}

/// A rollout of every kind that there is.
pub(super) fn every_saved() -> Vec<Saved> {
    let saved = |state| saved("v1", 7, state);
    let (position, superseded) = (Position::Full, Some(release("v1")));
    let regained = State::UnderWay { trial: trial(), position, regains: Weight::FULL, superseded };
    let positions = [Position::Step(0), Position::Step(1), Position::PausedAt(1), Position::Full];
    let reasons = [Reason::Command, Reason::NotApproved, Reason::Breach(Metric::LatencyP99)];
    let under_way = positions.map(|position| saved(under_way(position)));
    let sent_back = reasons.map(|reason| saved(aborted("v2", reason)));
    let peers = [service("api")].into();
    let with_peers = saved(State::Aborted { canary: release("v2"), reason: Reason::Peer, peers });
    let start = |again| Start { trial: trial(), again, on_busy: OnBusy::Queue };
    let queued = Saved { queue: [Again::Refuse, Again::Force].map(start).into(), ..saved(State::Idle) };
    let before = SentBack { release: release("v0"), generation: generation(6), reason: Reason::NeverReady };
    let warned = Saved { sent_back: vec![before], ..saved(State::Idle) };
    let rest = [saved(State::Idle), saved(regained), with_peers, queued, warned];
    under_way.into_iter().chain(sent_back).chain(rest).collect()
}

/// A line of the audit trail of `web` that says which number it has.
pub(super) fn entry(number: u64) -> Entry {
    Entry {
        at: NOW + Duration::from_secs(number),
        service: Some(service("web")),
        actor: "uid 1000".to_owned(),
        command: Some("promote".to_owned()),
        note: Some(number.to_string()),
        key: None,
        transition: Some(Transition {
            generation: generation(number),
            canary: Some(release("v2")),
            from: PhaseName::Progressing,
            to: PhaseName::Progressing,
            step: Some(1),
            weight: Weight::from_bp(2_500).unwrap(),
            reason: Reason::Command,
        }),
        evidence: Some(EvidenceStatus {
            ln_abort: -0.25,
            ln_abort_at: 3.5,
            metrics: Vec::new(),
            ln_promote_at: 2.5,
            error_difference_percent: Some((-0.5, 0.75)),
            probation: None,
        }),
    }
}

pub(super) fn key(name: &str) -> IdempotencyKey {
    name.parse().unwrap()
}

/// A freeze of one service with an end, and one of all without.
pub(super) fn freezes() -> Vec<KeptFreeze> {
    let until = Some(NOW + Duration::new(1_790_000_000, 123_456_789));
    let (actor, note) = ("uid 1000".to_owned(), Some("fair\u{0}\u{1}, \"sale\"".to_owned()));
    let one = KeptFreeze { service: Some(service("web")), actor, note, since: NOW, until, effect: Effect::Freeze };
    let all = KeptFreeze { service: None, note: None, until: None, effect: Effect::Lift, ..one.clone() };
    vec![one, all]
}

pub(super) fn paper(name: &str, number: u64, kind: PaperKind, body: &str) -> Paper {
    Paper { service: service(name), generation: generation(number), kind, body: body.to_owned() }
}

/// The record that a service has come to the generation `number`.
pub(super) fn numbered(name: &str, number: u64) -> Record {
    let entry = Entry { service: Some(service(name)), ..entry(number) };
    Record { entries: vec![entry], ..record(name, idle("v1", number)) }
}

/// The record of a rollout without a story.
pub(super) fn record(name: &str, saved: Saved) -> Record {
    Record { services: services([(name, saved)]), ..Record::default() }
}

pub(super) fn stables<const N: usize>(pairs: [(&str, &str); N]) -> Stables {
    pairs.into_iter().map(|(name, stable)| (service(name), release(stable))).collect()
}

pub(super) fn services<const N: usize>(pairs: [(&str, Saved); N]) -> BTreeMap<ServiceName, Saved> {
    pairs.into_iter().map(|(name, saved)| (service(name), saved)).collect()
}

/// Opens a store that is in order.
pub(super) fn ready(path: &Path) -> (Box<dyn Store>, Loaded) {
    match open(path, NOW).unwrap() {
        Opened::Ready { store, loaded } => (store, loaded),
        Opened::Degraded { reason, .. } => panic!("{reason}"),
    }
}

/// Opens a store that is not in order.
pub(super) fn degraded(path: &Path) -> (String, Stables) {
    match open(path, NOW).unwrap() {
        Opened::Ready { loaded, .. } => panic!("it was opened, with {loaded:?}"),
        Opened::Degraded { reason, stables, .. } => (reason, stables),
    }
}

/// The names in a folder, sorted.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
