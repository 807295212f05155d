//! Every judgement, readiness and tick in every phase. What is not listed changes nothing.

use std::time::Duration;

use super::every_phase::every_phase;
use super::scenario::{BREACH, FAVOURABLE, OPEN, PASS, SHARED, judged, probed};
use super::{MAX, MIN};
use crate::rollout::{Event, PhaseName, Readiness};

const JUDGED: &str = "\
idle
idle, and a release waits
draining the canary before
draining stable
preparing
preparing, to be paused
preparing in stable's place
progressing at the first step
  pass after the minimum      v2 progressing step 2 at 25% (certificate), stable is v1
  pass overdue                v2 progressing step 2 at 25% (certificate), stable is v1
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
  shared at once              v2 held step 1 at 10% (shared-breach), stable is v1
  shared after the minimum    v2 held step 1 at 10% (shared-breach), stable is v1
  shared overdue              v2 held step 1 at 10% (shared-breach), stable is v1
  favourable overdue          v2 held step 1 at 10% (thin-evidence), stable is v1
  open overdue                v2 held step 1 at 10% (thin-evidence), stable is v1
progressing at the last step
  pass after the minimum      v2 probation at 100% (certificate), stable is v1
  pass overdue                v2 probation at 100% (certificate), stable is v1
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
  shared at once              v2 held step 2 at 25% (shared-breach), stable is v1
  shared after the minimum    v2 held step 2 at 25% (shared-breach), stable is v1
  shared overdue              v2 held step 2 at 25% (shared-breach), stable is v1
  favourable overdue          v2 held step 2 at 25% (thin-evidence), stable is v1
  open overdue                v2 held step 2 at 25% (thin-evidence), stable is v1
progressing at 0%, by time
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
  shared at once              v2 held step 1 at 0% (shared-breach), stable is v1
  shared after the minimum    v2 held step 1 at 0% (shared-breach), stable is v1
  shared overdue              v2 held step 1 at 0% (shared-breach), stable is v1
held, evidence is thin
  pass at once                v2 progressing step 2 at 25% (certificate), stable is v1
  pass after the minimum      v2 progressing step 2 at 25% (certificate), stable is v1
  pass overdue                v2 progressing step 2 at 25% (certificate), stable is v1
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
held, both break a limit
  pass at once                v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  pass after the minimum      v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  pass overdue                v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
  favourable at once          v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  favourable after the minimum  v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  favourable overdue          v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  open at once                v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  open after the minimum      v2 progressing step 1 at 10% (shared-breach-over), stable is v1
  open overdue                v2 progressing step 1 at 10% (shared-breach-over), stable is v1
held, approval is wanted
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
held at 0%, approval is wanted
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
paused, stable is away
paused by an operator
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
paused by both
in probation
  breach at once              v2 aborted at 0% (error-rate), stable is v1
  breach after the minimum    v2 aborted at 0% (error-rate), stable is v1
  breach overdue              v2 aborted at 0% (error-rate), stable is v1
aborted
";

const PROBED: &str = "\
idle
idle, and a release waits
draining the canary before
draining stable
preparing
  stable none, canary all     v2 progressing step 1 at 10% (ready), stable is v1
  stable some, canary all     v2 progressing step 1 at 10% (ready), stable is v1
  stable all, canary all      v2 progressing step 1 at 10% (ready), stable is v1
preparing, to be paused
  stable none, canary all     v2 paused step 1 at 10% (ready), stable is v1
  stable some, canary all     v2 paused step 1 at 10% (ready), stable is v1
  stable all, canary all      v2 paused step 1 at 10% (ready), stable is v1
preparing in stable's place
  stable none, canary all     v2 probation at 100% (ready), stable is v1
  stable some, canary all     v2 probation at 100% (ready), stable is v1
  stable all, canary all      v2 probation at 100% (ready), stable is v1
progressing at the first step
  stable none, canary some    v2 paused step 1 at 10% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 10% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
progressing at the last step
  stable none, canary some    v2 paused step 2 at 25% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 2 at 25% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
progressing at 0%, by time
  stable none, canary some    v2 paused step 1 at 0% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 0% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
held, evidence is thin
  stable none, canary some    v2 paused step 1 at 10% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 10% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
held, both break a limit
  stable none, canary some    v2 paused step 1 at 10% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 10% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
held, approval is wanted
  stable none, canary some    v2 paused step 1 at 10% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 10% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
held at 0%, approval is wanted
  stable none, canary some    v2 paused step 1 at 0% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 0% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
paused, stable is away
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable some, canary some    v2 progressing step 1 at 10% (stable-ready), stable is v1
  stable some, canary all     v2 progressing step 1 at 10% (stable-ready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
  stable all, canary some     v2 progressing step 1 at 10% (stable-ready), stable is v1
  stable all, canary all      v2 progressing step 1 at 10% (stable-ready), stable is v1
paused by an operator
  stable none, canary some    v2 paused step 1 at 10% (stable-unready), stable is v1
  stable none, canary all     v2 paused step 1 at 10% (stable-unready), stable is v1
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
paused by both
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable some, canary some    v2 paused step 1 at 10% (stable-ready), stable is v1
  stable some, canary all     v2 paused step 1 at 10% (stable-ready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
  stable all, canary some     v2 paused step 1 at 10% (stable-ready), stable is v1
  stable all, canary all      v2 paused step 1 at 10% (stable-ready), stable is v1
in probation
  stable some, canary none    v2 aborted at 0% (unready), stable is v1
  stable all, canary none     v2 aborted at 0% (unready), stable is v1
aborted
";

const TICKED: &str = "\
idle
idle, and a release waits
  at once                     v3 preparing at 0% (turn), stable is v2
  after a year                v3 preparing at 0% (turn), stable is v2
draining the canary before
  after a year                v3 preparing at 0% (drain-timeout), stable is v1
draining stable
  after a year                v2 preparing at 0% (drain-timeout), stable is v1
preparing
  not ready after a year      v2 aborted at 0% (never-ready), stable is v1
preparing, to be paused
  not ready after a year      v2 aborted at 0% (never-ready), stable is v1
preparing in stable's place
  not ready after a year      v2 aborted at 0% (never-ready), stable is v1
progressing at the first step
progressing at the last step
progressing at 0%, by time
  after a year                v2 probation at 100% (time), stable is v1
held, evidence is thin
held, both break a limit
held, approval is wanted
  after a year                v2 aborted at 0% (not-approved), stable is v1
held at 0%, approval is wanted
  after a year                v2 aborted at 0% (not-approved), stable is v1
paused, stable is away
  not ready after a year      v2 progressing step 1 at 10% (stable-ready), stable is v1
paused by an operator
paused by both
  not ready after a year      v2 paused step 1 at 10% (stable-ready), stable is v1
in probation
  after a year                v2 idle at 0% (probation-over), stable is v2
aborted
";

const DRAINED: &str = "\
idle
idle, and a release waits
draining the canary before
  drained                     v3 preparing at 0% (drained), stable is v1
draining stable
  drained                     v2 preparing at 0% (drained), stable is v1
preparing
preparing, to be paused
preparing in stable's place
progressing at the first step
progressing at the last step
progressing at 0%, by time
held, evidence is thin
held, both break a limit
held, approval is wanted
held at 0%, approval is wanted
paused, stable is away
paused by an operator
paused by both
in probation
aborted
";

/// The changes that these events bring about in every phase, one a line.
fn changes(events: &[(String, Duration, Event)]) -> String {
    let mut told = String::new();
    for (phase, scenario) in every_phase() {
        told += &format!("{phase}\n");
        for (name, after, event) in events {
            let scenario = scenario.clone().later(*after).when(event.clone());
            if scenario.answer != Ok(None) {
                told += &format!("  {name:<26}  {}\n", scenario.told());
            }
        }
    }
    told
}

#[test]
fn every_judgement_in_every_phase_is_answered_as_written() {
    let mut events = Vec::new();
    for (name, judgement) in
        [("pass", PASS), ("breach", BREACH), ("shared", SHARED), ("favourable", FAVOURABLE), ("open", OPEN)]
    {
        for (when, after) in [("at once", Duration::ZERO), ("after the minimum", MIN), ("overdue", MAX)] {
            events.push((format!("{name} {when}"), after, judged(judgement)));
        }
    }
    let told = changes(&events);
    assert!(told == JUDGED, "{told}");
}

#[test]
fn every_readiness_in_every_phase_is_answered_as_written() {
    let all = [("none", Readiness::None), ("some", Readiness::Some), ("all", Readiness::All)];
    let mut events = Vec::new();
    for (stable, of_stable) in all {
        for (canary, of_canary) in all {
            let name = format!("stable {stable}, canary {canary}");
            events.push((name, Duration::ZERO, probed(of_stable, of_canary)));
        }
    }
    let told = changes(&events);
    assert!(told == PROBED, "{told}");
}

#[test]
fn a_tick_ends_what_has_a_deadline_and_nothing_else() {
    let a_year = Duration::from_secs(365 * 24 * 3600);
    let ticked = |name: &str, after| (name.to_owned(), after, Event::Ticked);
    let unready = ("not ready after a year".to_owned(), a_year, probed(Readiness::All, Readiness::Some));
    let told = changes(&[ticked("at once", Duration::ZERO), ticked("after a year", a_year), unready]);
    assert!(told == TICKED, "{told}");
}

#[test]
fn whoever_has_drained_makes_room_and_is_heard_of_nowhere_else() {
    let told = changes(&[("drained".to_owned(), Duration::ZERO, Event::Drained)]);
    assert!(told == DRAINED, "{told}");
}

#[test]
fn an_abort_of_another_service_concerns_nobody_who_moves_alone() {
    for (phase, scenario) in every_phase() {
        assert_eq!(scenario.when(Event::PeerAborted).answer, Ok(None), "{phase}");
    }
}

#[test]
fn a_release_is_as_ready_as_its_backends_and_never_without_one() {
    let counts = [((0, 0), Readiness::None), ((0, 3), Readiness::None), ((1, 3), Readiness::Some)];
    for ((ready, all), expected) in counts.into_iter().chain([((3, 3), Readiness::All), ((4, 3), Readiness::All)]) {
        assert_eq!(Readiness::of(ready, all), expected, "{ready} of {all}");
    }
}

#[test]
fn a_phase_is_labelled_as_it_is_written() {
    for phase in PhaseName::ALL {
        assert_eq!(serde_json::to_value(phase).expect("it can be written"), phase.label());
    }
}
