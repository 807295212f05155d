//! A scenario in every phase, by name.

use canary_config::plan::{Gate, OnBusy};

use super::scenario::{BREACH, OPEN, PASS, SHARED, Scenario, given, judged};
use super::{MANUAL, MAX, MIN, blue_green, manual, plan, recreate};
use crate::rollout::{Command, Event, Stride};

/// Most plans go through 10 % and 25 %.
pub(super) fn every_phase() -> Vec<(&'static str, Scenario)> {
    let two_steps = || given(plan(&[10, 25]));
    let held = || two_steps().at(10).later(MAX).when(judged(OPEN));
    let queued = two_steps().at(100).started("v3", OnBusy::Queue);
    vec![
        ("idle", two_steps()),
        ("idle, and a release waits", queued.told_to(Command::Promote(Stride::Next))),
        ("draining the canary before", two_steps().at(25).started("v3", OnBusy::Supersede)),
        ("draining stable", given(recreate()).preparing()),
        ("preparing", two_steps().preparing()),
        ("preparing, to be paused", two_steps().preparing().told_to(Command::Pause)),
        ("preparing in stable's place", given(recreate()).preparing().when(Event::Drained)),
        ("progressing at the first step", two_steps().at(10)),
        ("progressing at the last step", two_steps().at(25)),
        ("progressing at 0%, by time", given(blue_green(Gate::Time)).ready()),
        ("held, evidence is thin", held()),
        ("held, both break a limit", two_steps().at(10).when(judged(SHARED))),
        ("held, approval is wanted", given(manual(plan(&[10, 25]))).at(10).later(MIN).when(judged(PASS))),
        ("held at 0%, approval is wanted", given(blue_green(MANUAL)).ready()),
        ("paused, stable is away", two_steps().at(10).paused()),
        ("paused by an operator", two_steps().at(10).told_to(Command::Pause)),
        ("paused by both", two_steps().at(10).told_to(Command::Pause).paused()),
        ("in probation", two_steps().at(100)),
        ("aborted", two_steps().at(10).when(judged(BREACH))),
    ]
}
