//! An account from its beginning to its end, and that the longest one finds room in the store.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use canary_config::cohort::Assignment;
use canary_config::daemon::Config;
use canary_config::name::{NAME_LENGTH_MAX, ServiceName};
use canary_config::plan::STEPS_MAX;
use canary_config::service::Service;
use canary_config::weight::Weight;
use canary_proxy::outcome::Outcome;
use canary_proxy::request_id::{REQUEST_ID_LENGTH_MAX, RequestId};
use canary_proxy::witness::Noted;
use http::Method;

use super::course::POINTS_MAX;
use super::requests::REQUESTS_MAX;
use super::{Account, Turn};
use crate::analysis::confidence::Interval;
use crate::analysis::{
    ArmEvidence, Arms, Breach, Evidence, Glance, Ground, Metric, MetricEvidence, Shortfall, Tally, Verdict,
};
use crate::api;
use crate::rollout::{Again, Command, Event, PhaseName, Raises, Reason, Rollout, Start, Transition, Trial};
use crate::store::PAPER_BYTES_MAX;
use crate::witness::{Conviction, Heard, Sight};

/// A date, and what the clock says then.
#[derive(Clone, Copy)]
struct Moment {
    date: SystemTime,
    now: Instant,
}

impl Moment {
    #[expect(clippy::disallowed_methods, reason = "time begins somewhere")]
    fn begin() -> Self {
        Self { date: UNIX_EPOCH + Duration::from_secs(1_790_000_000), now: Instant::now() }
    }

    fn after(self, ms: u64) -> Self {
        let time = Duration::from_millis(ms);
        Self { date: self.date + time, now: self.now + time }
    }
}

fn service(name: &str, releases: [&str; 2]) -> Service {
    let [stable, canary] = releases;
    let text = format!(
        "[listen.web]\naddress = \"127.0.0.1:0\"\n[services.{name}]\nrule = \"PathPrefix(`/`)\"\nstable = \"{stable}\"\n\
         [services.{name}.releases.\"{stable}\"]\nbackends = [\"127.0.0.1:1\"]\n\
         [services.{name}.releases.\"{canary}\"]\nbackends = [\"127.0.0.1:2\"]\n"
    );
    let mut config = Config::parse(&text, Path::new("canaryd.toml")).expect("a good file");
    config.services.remove(&name.parse::<ServiceName>().expect("a good name")).expect("it is there")
}

fn started(service: &Service, trial: Trial, at: Moment) -> Rollout {
    let mut rollout = Rollout::new(service.origin.first_stable());
    let on_busy = trial.plan.on_busy;
    let start = Start { trial, again: Again::Refuse, on_busy };
    let event = Event::Commanded { command: Command::Start(start), generation: None };
    rollout.handle(event, at.now, Raises::Allowed).expect("it is free");
    rollout
}

fn trial_of(service: &Service, canary: &str) -> Trial {
    Trial::new(canary.parse().expect("a name"), service.plan.clone())
}

/// That of web's v2, which has just begun.
fn begun(at: Moment) -> Account {
    let service = service("web", ["v1", "v2"]);
    let rollout = started(&service, trial_of(&service, "v2"), at);
    Account::begin(&service, &rollout, Some(at.date), at.now).expect("a try is under way")
}

fn evidence(ln_harm: f64, ln_safe: f64, requests: u64) -> Evidence {
    let counts =
        Arms { canary: Tally { bad: 1, good: requests }, stable: Tally { bad: 2, good: requests.saturating_mul(9) } };
    let metrics = Metric::ALL.map(|metric| MetricEvidence { metric, on: true, ln_harm, ln_safe, counts });
    let arm =
        ArmEvidence { requests, errors: 1, p50_ms: Some(4.1), p90_ms: Some(1.234_567_890_123_456_7e300), p99_ms: None };
    Evidence {
        step: 0,
        ln_harm,
        ln_harm_needed: 20_f64.ln(),
        ln_safe_needed: 20_f64.ln(),
        metrics,
        arms: Arms { canary: arm, stable: arm },
        canary_requests_at_step: requests,
        error_difference: Interval { low: -0.01, high: 0.01 },
        probation: None,
    }
}

fn sight(ln_harm: f64, verdict: Verdict) -> Sight {
    let Evidence { metrics, .. } = evidence(ln_harm, 0.0, 100);
    Sight { glance: Glance { ln_harm, metrics }, verdict: Some(verdict), conviction: None, probation: None }
}

fn not_enough() -> Verdict {
    Verdict::NotEnough(Shortfall::Doubt { metric: Metric::ErrorRate, ln_harm: 0.0, ln_allowed: 0.0 })
}

fn convicting(at: Moment) -> Sight {
    let breach = Breach {
        ground: Ground::Evidence(Metric::ErrorRate),
        metric: Metric::ErrorRate,
        ln_harm: 3.1,
        ln_needed: 20_f64.ln(),
        counts: Arms::from([7, 219, 0, 2_199]),
        thresholds: None,
    };
    let shown = sight(3.5, Verdict::Fail(breach.clone()));
    let glance = Glance { ln_harm: 3.1, ..shown.glance };
    Sight { conviction: Some(Conviction { at: at.now, breach, glance, in_flight: 3 }), ..shown }
}

fn noted(at: Moment, waited: Duration, outcome: Outcome) -> Noted {
    Noted {
        id: RequestId::from_bits(7),
        at: at.date,
        method: Method::GET,
        path: "/cart".into(),
        backend: ([127, 0, 0, 1], 80).into(),
        outcome,
        status: Some(500),
        waited,
        rescued: Some(200),
    }
}

impl Account {
    fn turns(&mut self, to: PhaseName, step: Option<usize>, bp: u16, reason: Reason, at: Moment) {
        let known = evidence(0.2, 3.5, 2_310);
        self.turns_with(to, step, bp, reason, &known, at);
    }

    fn turns_with(
        &mut self,
        to: PhaseName,
        step: Option<usize>,
        bp: u16,
        reason: Reason,
        known: &Evidence,
        at: Moment,
    ) {
        let weight = Weight::from_bp(bp).expect("a share");
        let generation = self.told.generation;
        let transition = Transition { generation, canary: None, from: self.told.phase, to, step, weight, reason };
        let (actor, note, unready) = ("canaryd", None, Some("127.0.0.1:2: connection refused"));
        self.turn(&Turn { transition: &transition, actor, note, evidence: Some(known), unready }, at.now);
    }

    fn sees(&mut self, sight: &Sight, bp: u16, at: Moment) {
        self.look(sight, Weight::from_bp(bp).expect("a share"), at.now, at.date);
    }

    fn hears(&mut self, noted: Noted) {
        self.hear(Heard { noted: vec![noted], missed: 0 });
    }
}

#[test]
fn a_conviction_is_told_with_what_it_fell_on() {
    let begin = Moment::begin();
    let mut account = begun(begin);
    account.turns(PhaseName::Progressing, Some(0), 1_000, Reason::Ready, begin.after(5_000));
    for ms in [5_100, 6_100, 7_100] {
        account.sees(&sight(0.1, not_enough()), 1_000, begin.after(ms));
    }
    let verdict = begin.after(17_400);
    account.hears(noted(begin.after(17_300), Duration::from_millis(99), Outcome::ServerError));
    account.sees(&convicting(verdict), 1_000, begin.after(17_402));
    account.sees(&convicting(verdict), 1_000, begin.after(17_502));
    account.turns(PhaseName::Aborted, None, 0, Reason::Breach(Metric::ErrorRate), begin.after(17_403));
    account.hears(noted(begin.after(17_390), Duration::from_millis(9), Outcome::Reset));
    account.hears(noted(begin.after(17_390), Duration::from_millis(40), Outcome::Reset));
    let told = account.told(begin.after(90_000).now);
    assert_eq!((told.phase, told.step, told.weight.bp(), told.told_ms), (PhaseName::Aborted, Some(1), 1_000, 17_403));
    let conviction = told.conviction.expect("it was convicted");
    assert_eq!((conviction.at_ms, conviction.ln_abort, conviction.canary.bad), (17_400, 3.1, 7));
    let last = told.course.last().expect("a course");
    assert_eq!((last.at_ms, last.ln_abort, last.verdict.as_deref()), (17_400, 3.1, Some("fail")));
    let late: Vec<_> = told.requests.iter().map(|request| request.is_after_verdict).collect();
    assert_eq!(late, [false, false, true]);
}

#[test]
fn each_step_that_is_left_upwards_says_what_was_shown() {
    let begin = Moment::begin();
    let mut account = begun(begin);
    account.turns(PhaseName::Progressing, Some(0), 1_000, Reason::Ready, begin.after(5_000));
    account.turns(PhaseName::Held, Some(0), 1_000, Reason::ThinEvidence, begin.after(6_000));
    account.turns(PhaseName::Progressing, Some(1), 2_500, Reason::Certificate, begin.after(60_000));
    account.turns(PhaseName::Paused, Some(1), 2_500, Reason::Command, begin.after(61_000));
    account.turns(PhaseName::Probation, None, 10_000, Reason::Command, begin.after(90_000));
    account.turns(PhaseName::Idle, None, 0, Reason::ProbationOver, begin.after(100_000));
    account.turns(PhaseName::Idle, None, 0, Reason::Command, begin.after(200_000));
    let told = account.told(begin.after(300_000).now);
    let passes: Vec<_> =
        told.passes.iter().map(|pass| (pass.step, pass.weight.bp(), pass.to_bp.bp(), pass.reason.as_str())).collect();
    assert_eq!(passes, [(1, 1_000, 2_500, "certificate"), (2, 2_500, 10_000, "command")]);
    let margins: Vec<_> = told.passes[0].proofs.iter().map(|proof| (proof.ratio, proof.margin)).collect();
    assert_eq!(margins, [(1.5, 0.02), (1.0, 0.4), (1.0, 0.2), (1.0, 0.08)]);
    assert_eq!((told.reason.as_deref(), told.told_ms, told.weight.bp()), (Some("probation-over"), 100_000, 10_000));
}

#[test]
fn another_process_goes_on_from_what_was_told() {
    let begin = Moment::begin();
    let mut before = begun(begin);
    before.turns(PhaseName::Progressing, Some(0), 1_000, Reason::Ready, begin.after(5_000));
    before.sees(&sight(0.1, not_enough()), 1_000, begin.after(5_100));
    before.hears(noted(begin.after(5_000), Duration::ZERO, Outcome::Reset));
    before.turns(PhaseName::Progressing, Some(1), 2_500, Reason::Certificate, begin.after(60_000));
    let text = serde_json::to_string(&before.told(begin.after(61_000).now)).expect("it can be written");
    let told: api::Account = serde_json::from_str(&text).expect("it can be read");
    // Another clock, an hour later.
    let later = Moment { date: begin.after(3_600_000).date, ..Moment::begin() };
    let mut after = begun(later);
    after.take_up(told.clone(), later.date);
    after.turns(PhaseName::Progressing, Some(1), 2_500, Reason::Ready, later.after(1_000));
    after.sees(&sight(0.3, not_enough()), 2_500, later.after(1_100));
    let gone_on = after.told(later.after(2_000).now);
    assert_eq!((&gone_on.began_at, gone_on.first_share_ms), (&told.began_at, Some(5_000)));
    assert_eq!((gone_on.passes.len(), gone_on.requests.len(), gone_on.told_ms), (1, 1, 3_602_000));
    let times: Vec<_> = gone_on.course.iter().map(|point| point.at_ms).collect();
    assert_eq!(times, [5_100, 3_601_100]);
    after.set_back();
    assert!(after.told(later.now).passes.is_empty(), "after a crash the comparison begins anew");
}

#[test]
fn what_is_told_of_another_try_is_not_taken_up() {
    let begin = Moment::begin();
    let told = begun(begin).told(begin.now);
    let mut account = begun(begin.after(9_000));
    let other = api::Account { canary: "v9".parse().expect("a name"), ..told };
    let mine = account.told(begin.after(9_000).now);
    account.take_up(other, begin.date);
    assert_eq!(account.told(begin.after(9_000).now), mine);
}

/// Nothing that an account can hold is longer, or greater.
fn longest() -> Account {
    let begin = Moment::begin();
    let name = |letter: &str| letter.repeat(NAME_LENGTH_MAX);
    let service = service(&name("s"), [&name("v"), &name("w")]);
    let mut trial = trial_of(&service, &name("w"));
    trial.peers = (0..999).map(|peer| format!("{peer:0>NAME_LENGTH_MAX$}").parse().expect("a name")).collect();
    trial.plan.assignment = Assignment::Header("\u{1}".repeat(9_000).into());
    let step = trial.plan.steps[0].clone();
    let weight = |at: usize| Weight::from_bp(u16::try_from(9_000 + at).expect("small")).expect("a share");
    trial.plan.steps =
        (0..STEPS_MAX).map(|at| canary_config::plan::Step { weight: weight(at), ..step.clone() }).collect();
    let rails = &mut trial.plan.criteria.guardrails;
    (rails.error_rate, rails.p99) = (Some(f64::MIN_POSITIVE), Some(Duration::from_secs(u64::from(u32::MAX))));
    let rollout = started(&service, trial, begin);
    let mut account = Account::begin(&service, &rollout, Some(begin.date), begin.now).expect("a try is under way");
    account.told.rule = super::brief(&"\u{1}`\"\\".repeat(9_000), super::RULE_MAX);
    account.before = Duration::from_secs(1 << 54);
    let mut known = evidence(-f64::MAX, -1.234_567_890_123_456_7e-300, u64::MAX);
    known.error_difference = Interval { low: -1.234_567_890_123_456_7e-300, high: 1.234_567_890_123_456_7e-300 };
    for at in 0..STEPS_MAX {
        let (bp, moment) = (weight(at).bp(), begin.after(at as u64));
        account.turns_with(PhaseName::Progressing, Some(at), bp, Reason::Guardrail(Metric::ErrorRate), &known, moment);
    }
    account.turns_with(PhaseName::Probation, None, 10_000, Reason::SharedBreachOver, &known, begin.after(99));
    for at in 0..100_000 {
        let look = sight(-1.234_567_890_123_456_7e-300, not_enough());
        account.sees(&look, 9_999, begin.after(100 * at));
    }
    let heard = |number: u64, outcome| Noted {
        id: RequestId::brought(&b"\"".repeat(REQUEST_ID_LENGTH_MAX)).expect("it is short"),
        method: Method::from_bytes("M".repeat(9_000).as_bytes()).expect("a token"),
        path: "/\u{1}\"".repeat(9_000).into(),
        backend: "[fe80:1234:1234:1234:1234:1234:1234:1234%4294967295]:65535".parse().expect("an address"),
        ..noted(begin.after(number), Duration::from_secs(u64::MAX / 2_000_000), outcome)
    };
    for number in 0..200 {
        account.hears(heard(number, Outcome::ConnectFailed));
        account.hears(heard(number, Outcome::Unanswered));
    }
    account.hear(Heard { noted: Vec::new(), missed: u64::MAX });
    account.sees(&convicting(begin.after(20_000_000)), 10_000, begin.after(20_000_000));
    account.leave(api::Rollback { to_last_pick_us: u64::MAX, in_flight: u64::MAX, to_drained_ms: Some(u64::MAX) });
    let end = Transition {
        generation: account.told.generation,
        canary: None,
        from: PhaseName::Probation,
        to: PhaseName::Aborted,
        step: None,
        weight: Weight::ZERO,
        reason: Reason::Command,
    };
    let long = "\u{1}".repeat(9_000);
    let turn = Turn { transition: &end, actor: &long, note: Some(&long), evidence: Some(&known), unready: Some(&long) };
    account.turn(&turn, begin.after(20_000_001).now);
    for container in 0..10 {
        let log = vec!["\"".repeat(70); 50];
        account.write_down(api::LastWords { container: container.to_string(), log, ..api::LastWords::default() });
    }
    account
}

#[test]
fn the_longest_account_finds_room_in_the_store() {
    let account = longest();
    let told = account.told(account.since);
    assert_eq!((told.passes.len(), told.requests.len()), (STEPS_MAX, REQUESTS_MAX));
    assert!(told.course.len() > POINTS_MAX / 2 - 2, "{}", told.course.len());
    let text = serde_json::to_string(&told).expect("it can be written");
    // The course may have twice as many points at another moment.
    let points = serde_json::to_string(&told.course).expect("it can be written").len();
    let longest = text.len() + points / told.course.len() * (POINTS_MAX - told.course.len());
    assert!(longest <= PAPER_BYTES_MAX, "{longest} bytes, {points} of them points");
    assert!(longest > PAPER_BYTES_MAX / 2, "{longest} bytes are not the longest");
}
