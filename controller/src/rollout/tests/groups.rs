//! Services that move as one: whatever happens to one of them, all stand at the same place.

use std::collections::{HashMap, HashSet};
use std::slice;
use std::time::{Duration, Instant};

use canary_config::plan::{Gate, OnBusy, OnThinEvidence, Plan, Strategy};
use canary_config::weight::Weight;

use super::every_phase::every_phase;
use super::scenario::{
    BREACH, ERROR_RATE, FAVOURABLE, OPEN, PASS, SHARED, commanded, given, irreversible, judged, probed, retry,
    start_of, started_together, starts,
};
use super::{MANUAL, READY_TIMEOUT, blue_green, gated, on_thin, plan, recreate, release, rolling, start};
use crate::rollout::group::{Move, Refused, turn};
use crate::rollout::{
    Again, Charge, Command, Event, Judgement, Phase, PhaseName, Raises, Readiness, Reason, Refusal, Rollout, Start,
    Stop, Stride,
};

/// `web` from v1 to v2 and `api` from v6 to v7, at one instant.
#[derive(Clone, Debug)]
struct Pair {
    members: [Rollout; 2],
    now: Instant,
    raises: Raises,
}

#[derive(Clone, Debug)]
enum Happening {
    Told(Box<[Event; 2]>),
    Passed,
    Restarted(Stop),
    Ruled(Raises),
}

// === impl Pair ===

impl Pair {
    fn new() -> Self {
        let members = ["v1", "v6"].map(|stable| Rollout::new(release(stable)));
        Self { members, now: start(), raises: Raises::Allowed }
    }

    /// Both are started together.
    fn started(plan: &Plan) -> Self {
        let web = started_together("v2", &["api"], plan.clone());
        let mut pair = Self::new();
        let moves = pair.take(&[web, started_together("v7", &["web"], plan.clone())]);
        assert!(moves.is_ok_and(|moves| moves.is_some()), "both may start");
        pair
    }

    fn take(&mut self, events: &[Event; 2]) -> Result<Option<Vec<Move>>, Refused> {
        let moves = turn(&self.members, events, self.now, self.raises)?;
        if let Some(moves) = &moves {
            assert_eq!(moves.len(), self.members.len(), "all move, or none");
            for (member, (next, _)) in self.members.iter_mut().zip(moves) {
                member.clone_from(next);
            }
        }
        Ok(moves)
    }

    fn both(&mut self, event: Event) -> Option<Vec<Move>> {
        self.take(&[event.clone(), event]).expect("it is allowed")
    }

    /// Both stand at their first step.
    fn ready(plan: &Plan) -> Self {
        let mut pair = Self::started(plan);
        pair.both(probed(Readiness::All, Readiness::All)).expect("both are ready");
        pair
    }

    fn after(&self, happening: &Happening) -> (Self, Option<Vec<Move>>) {
        let mut after = self.clone();
        let moves = match happening {
            Happening::Told(events) => after.take(events).ok().flatten(),
            Happening::Passed => {
                after.now += Duration::from_secs(1);
                None
            }
            Happening::Restarted(stop) => {
                after.members = self.members.clone().map(|member| Rollout::restore(member.save(), *stop, self.now));
                None
            }
            Happening::Ruled(raises) => {
                after.raises = *raises;
                None
            }
        };
        (after, moves)
    }

    /// What can differ in what the pair will do: the first one's phase, as the other's is the same.
    fn key(&self) -> String {
        let phase = self.members[0].phase();
        let age = phase.since().map(|since| self.now.duration_since(since).min(Duration::from_secs(2)));
        let place = match phase {
            Phase::Draining { then, .. } => format!("{then:?}"),
            Phase::Preparing { then, regains, .. } => format!("{then:?} {regains:?}"),
            Phase::Held { step, hold, .. } => format!("{step} {hold:?}"),
            Phase::Paused { step, pause, .. } => format!("{step} {pause:?}"),
            phase => format!("{:?}", phase.step()),
        };
        format!("{:?} {place} {age:?} {:?}", phase.name(), self.raises)
    }

    fn reasons(&self) -> [Option<Reason>; 2] {
        [0, 1].map(|member| match self.members[member].phase() {
            Phase::Aborted { reason, .. } => Some(*reason),
            _ => None,
        })
    }
}

/// All that can happen to a pair, each in its own way.
fn everything(plan: &Plan) -> Vec<Happening> {
    use Readiness::{All, None, Some};
    let looks = [(All, All), (All, Some), (None, All), (All, None), (None, None)].map(|(s, c)| probed(s, c));
    let judgements = [PASS, BREACH, SHARED, FAVOURABLE, OPEN].map(judged);
    let pairs = |events: &[Event]| -> Vec<[Event; 2]> {
        events.iter().flat_map(|web| events.iter().map(|api| [web.clone(), api.clone()])).collect()
    };
    let commands = [
        Command::Promote(Stride::Next),
        Command::Promote(Stride::Full),
        Command::Pause,
        Command::Resume,
        Command::Abort,
        Command::Undo,
        retry(plan.clone()),
    ];
    let same = commands.map(commanded).into_iter().chain([Event::Ticked, Event::Drained]);
    let told = pairs(&looks).into_iter().chain(pairs(&judgements)).chain(same.map(|event| [event.clone(), event]));
    let ruled = [Raises::Allowed, Raises::Frozen, Raises::Gated].map(Happening::Ruled);
    let restarted = [Stop::Orderly, Stop::Unclean].map(Happening::Restarted);
    told.map(|events| Happening::Told(events.into())).chain(ruled).chain(restarted).chain([Happening::Passed]).collect()
}

/// Whether what happened to each allows to raise both for this reason.
fn allows_a_raise(events: &[Event; 2], reason: Reason, before: &Pair, plan: &Plan) -> bool {
    let is_allowed = events.iter().all(|event| match (event, reason) {
        (Event::Probed { canary, .. }, Reason::Ready) => *canary == Readiness::All,
        (Event::Judged(judgement), Reason::Certificate) => *judgement == PASS,
        (Event::Judged(judgement), Reason::Policy) => matches!(*judgement, PASS | FAVOURABLE),
        (Event::Commanded { .. }, Reason::Command) | (Event::Ticked, Reason::Time) => true,
        _ => false,
    });
    // What an orderly stop took from both.
    let is_regained =
        |member: &Rollout| matches!(member.phase(), Phase::Preparing { regains, .. } if *regains > Weight::ZERO);
    let is_barred = before.raises == Raises::Frozen && plan.strategy != Strategy::Recreate;
    let is_open = match before.raises {
        Raises::Allowed => true,
        Raises::Frozen => !is_barred || before.members.iter().all(is_regained),
        Raises::Gated => false,
    };
    is_allowed && is_open
}

/// Whether what happened to this one is what it was sent back for.
fn is_to_blame(event: &Event, reason: Reason) -> bool {
    match (event, reason) {
        (Event::Judged(Judgement::Breach(ground)), reason @ Reason::Breach(_)) => Reason::of(*ground) == reason,
        (Event::Judged(Judgement::Thin(_)), Reason::ThinEvidence) => true,
        (Event::Probed { canary, .. }, Reason::NeverReady) => *canary != Readiness::All,
        (Event::Probed { stable, canary }, Reason::Unready) => *canary == Readiness::None && *stable != Readiness::None,
        (Event::Ticked, Reason::NotApproved) | (Event::Commanded { .. }, Reason::Command) => true,
        _ => false,
    }
}

/// The first law of a group that this step breaks.
fn broken(before: &Pair, happening: &Happening, after: &Pair, moves: &[Move], plan: &Plan) -> Option<&'static str> {
    let [web, api] = &after.members;
    let place =
        |member: &Rollout| (member.phase().name(), member.phase().step(), member.weight(), member.phase().since());
    if place(web) != place(api) || web.is_stable_serving() != api.is_stable_serving() {
        return Some("all stand at the same place");
    }
    let Happening::Told(events) = happening else { return None };
    let is_raised = web.weight() > before.members[0].weight();
    let reasons = moves.iter().map(|(_, transition)| transition.reason);
    if is_raised && !reasons.into_iter().all(|reason| allows_a_raise(events, reason, before, plan)) {
        return Some("nobody is raised unless all may be");
    }
    if web.phase().name() != PhaseName::Aborted || before.members[0].phase().name() == PhaseName::Aborted {
        return None;
    }
    let blamed = after.reasons().into_iter().flatten().zip(events.iter()).filter(|(reason, _)| *reason != Reason::Peer);
    let blamed: Vec<bool> = blamed.map(|(reason, event)| is_to_blame(event, reason)).collect();
    let remembered = after.members.iter().zip(&before.members).zip(after.reasons());
    let is_fair = remembered.into_iter().all(|((member, before), reason)| {
        let canary = before.canary().expect("it was on trial");
        member.sent_back(canary).is_some() == (reason != Some(Reason::Peer) || before.sent_back(canary).is_some())
    });
    let is_lawful = !blamed.is_empty() && blamed.into_iter().all(|is_to_blame| is_to_blame);
    (!is_lawful || !is_fair).then_some("whoever is to blame is blamed, and nobody else")
}

/// The same plan with clocks that run out within two seconds.
fn quick(mut plan: Plan) -> Plan {
    for step in &mut plan.steps {
        (step.min_duration, step.max_duration) = (Duration::from_secs(1), Duration::from_secs(2));
        if let Gate::Manual { deadline } = &mut step.gate {
            *deadline = Duration::from_secs(2);
        }
    }
    let (second, two) = (Duration::from_secs(1), Duration::from_secs(2));
    Plan { ready_timeout: two, probation: two, drain_timeout: second, ..plan }
}

/// Goes every way that a pair can go by this plan. The phases that were met.
fn explore(plan: &Plan) -> HashSet<PhaseName> {
    let happenings = everything(plan);
    let mut pairs = vec![Pair::started(plan)];
    let mut known = HashMap::from([(pairs[0].key(), 0)]);
    let mut next = 0;
    while next < pairs.len() {
        for happening in &happenings {
            let before = &pairs[next];
            let (after, moves) = before.after(happening);
            let law = broken(before, happening, &after, moves.as_deref().unwrap_or_default(), plan);
            assert!(law.is_none(), "{law:?} is broken\n{happening:?}\nfrom {before:?}\n{moves:?}");
            known.entry(after.key()).or_insert_with(|| {
                pairs.push(after);
                pairs.len()
            });
        }
        next += 1;
    }
    pairs.iter().map(|pair| pair.members[0].phase().name()).collect()
}

#[test]
fn no_way_of_a_group_leads_its_members_apart() {
    let canary = |choice| quick(on_thin(choice, plan(&[10, 25])));
    for plan in [
        canary(OnThinEvidence::Hold),
        canary(OnThinEvidence::Promote),
        canary(OnThinEvidence::Abort),
        quick(gated(MANUAL, plan(&[10]))),
        quick(blue_green(Gate::Time)),
        quick(blue_green(MANUAL)),
        quick(rolling()),
        quick(recreate()),
    ] {
        let phases = explore(&plan);
        for phase in [PhaseName::Preparing, PhaseName::Probation, PhaseName::Idle, PhaseName::Aborted] {
            assert!(phases.contains(&phase), "{} {phase:?}", plan.strategy);
        }
    }
}

#[test]
fn a_breach_of_one_sends_back_both_and_blames_the_one() {
    let mut pair = Pair::ready(&plan(&[10]));
    pair.take(&[judged(PASS), judged(BREACH)]).expect("no command").expect("both move");
    assert_eq!(pair.reasons(), [Some(Reason::Peer), Some(ERROR_RATE)]);
    assert_eq!(pair.members[0].sent_back(&release("v2")), None);
    assert!(pair.members[1].sent_back(&release("v7")).is_some());
}

#[test]
fn a_human_is_asked_about_both_and_told_of_the_one() {
    let for_good = |event| match event {
        Event::Commanded { command: Command::Start(start), .. } => starts(irreversible(start)),
        other => other,
    };
    let begin =
        [("v2", "api"), ("v7", "web")].map(|(name, peer)| for_good(started_together(name, &[peer], plan(&[10]))));
    for share in [Some(10), None] {
        let mut pair = Pair::new();
        pair.take(&begin).expect("both may start");
        pair.both(probed(Readiness::All, Readiness::All));
        if share.is_none() {
            pair.both(commanded(Command::Promote(Stride::Full)));
        }
        let before = pair.members.each_ref().map(Rollout::weight);
        pair.take(&[Event::Charged(Charge::Died), Event::Ticked]).expect("no command");
        assert_eq!(pair.members.each_ref().map(Rollout::weight), before);
        let doubts = pair.members.each_ref().map(|member| member.phase().trial().and_then(|trial| trial.doubt));
        assert_eq!(doubts, [Some(Reason::Charged(Charge::Died)), Some(Reason::Peer)]);
        assert!(pair.members.iter().all(|member| member.phase().name() == PhaseName::Held));
        // Nobody is asked twice.
        assert_eq!(pair.take(&[judged(BREACH), judged(PASS)]), Ok(None));
        pair.both(commanded(Command::Abort));
        assert!(pair.members.iter().all(|member| member.phase().name() == PhaseName::Aborted));
    }
}

#[test]
fn whoever_is_not_ready_in_time_is_to_blame_alone() {
    let mut pair = Pair::started(&plan(&[10]));
    pair.now += READY_TIMEOUT;
    let unready = probed(Readiness::All, Readiness::Some);
    pair.take(&[unready, probed(Readiness::All, Readiness::All)]).expect("no command").expect("both move");
    assert_eq!(pair.reasons(), [Some(Reason::NeverReady), Some(Reason::Peer)]);
}

#[test]
fn whoever_was_sent_back_with_another_may_begin_again_alone_or_together() {
    let mut pair = Pair::ready(&plan(&[10]));
    pair.take(&[judged(PASS), judged(BREACH)]).expect("no command");
    let mut alone = pair.members[0].clone();
    let start = starts(start_of("v2", plan(&[10])));
    alone.handle(start, pair.now, Raises::Allowed).expect("nothing is held against it");
    pair.both(commanded(retry(plan(&[10]))));
    let peers = pair.members.map(|member| member.phase().trial().expect("it is tried again").peers.clone());
    assert_eq!(peers.map(|peers| peers.iter().map(ToString::to_string).collect::<Vec<_>>()), [["api"], ["web"]]);
}

#[test]
fn a_command_that_one_refuses_is_obeyed_by_none() {
    let mut pair = Pair::new();
    let busy = starts(start_of("v7", plan(&[10])));
    pair.members[1].handle(busy, pair.now, Raises::Allowed).expect("it is free");
    let before = pair.members.clone();
    let started = [started_together("v2", &["api"], plan(&[10])), started_together("v8", &["web"], plan(&[10]))];
    let refused = pair.take(&started).expect_err("api is busy");
    assert_eq!((refused.member, &pair.members), (1, &before));
    assert!(matches!(refused.refusal, Refusal::Busy { .. }), "{refused:?}");
}

#[test]
fn a_group_neither_waits_nor_is_waited_for_nor_superseded() {
    let start = |name, on_busy| Start { on_busy, again: Again::Force, ..start_of(name, plan(&[10])) };
    let joined = |event: Event, on_busy| match event {
        Event::Commanded { command: Command::Start(start), .. } => starts(Start { on_busy, ..start }),
        event => event,
    };
    for on_busy in [OnBusy::Queue, OnBusy::Supersede] {
        let pair = Pair::ready(&plan(&[10]));
        let alone = pair.members[0].clone().handle(starts(start("v3", on_busy)), pair.now, Raises::Allowed);
        assert!(matches!(alone, Err(Refusal::Joined { .. })), "{alone:?}");
        let under_way = given(plan(&[10])).at(10);
        let together = under_way.when(joined(started_together("v3", &["api"], plan(&[10])), on_busy));
        assert!(matches!(together.answer, Err(Refusal::Joined { .. })), "{:?}", together.answer);
    }
}

#[test]
fn a_service_alone_is_a_group_of_one() {
    let commands = [Command::Abort, Command::Promote(Stride::Next), Command::Pause].map(commanded);
    let judgements = [PASS, BREACH, SHARED, OPEN].map(judged);
    let probes = [probed(Readiness::All, Readiness::All), probed(Readiness::All, Readiness::None)];
    let events: Vec<Event> =
        commands.into_iter().chain(judgements).chain(probes).chain([Event::Ticked, Event::Drained]).collect();
    for (phase, scenario) in every_phase() {
        for event in &events {
            let after = scenario.clone().when(event.clone());
            let alone =
                turn(slice::from_ref(&scenario.rollout), slice::from_ref(event), scenario.now(), Raises::Allowed);
            let alone = alone.map_err(|refused| refused.refusal).map(|moves| moves.map(|mut moves| moves.remove(0)));
            let expected = after.answer.map(|told| told.map(|told| (after.rollout, told)));
            assert_eq!(alone, expected, "{event:?} when {phase}");
        }
    }
}

#[test]
fn both_lose_their_share_at_once() {
    for at in [Pair::ready(&plan(&[10])), Pair::ready(&plan(&[]))] {
        let mut pair = at;
        pair.both(commanded(Command::Abort)).expect("both move");
        assert_eq!(pair.members.map(|member| member.weight()), [Weight::ZERO; 2]);
    }
}
