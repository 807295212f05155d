//! Every command in every phase: what it does, or how it is refused.

use super::plan;
use super::scenario::{commanded, every_phase, start_of};
use crate::rollout::{Command, Stride};

const TOLD: &str = "\
idle
  start v1        refused: v1 is the stable release already
  start v2        preparing at 0% (command), stable is v1
  start v3        preparing at 0% (command), stable is v1
  promote         refused: no rollout is under way; begin one with `start`
  promote --full  refused: no rollout is under way; begin one with `start`
  abort           refused: no rollout is under way; begin one with `start`
  undo            refused: nothing is in probation, so no old release is warm; begin a rollout of it with `start`
preparing
  start v1        refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         refused: v2 has not passed its probes yet; wait, or see `status`
  promote --full  refused: v2 has not passed its probes yet; wait, or see `status`
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
progressing at the first step
  start v1        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         progressing step 2 at 25% (command), stable is v1
  promote --full  probation at 100% (command), stable is v1
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
progressing at the last step
  start v1        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         probation at 100% (command), stable is v1
  promote --full  probation at 100% (command), stable is v1
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
held, evidence is thin
  start v1        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         progressing step 2 at 25% (command), stable is v1
  promote --full  probation at 100% (command), stable is v1
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
held, approval is wanted
  start v1        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         progressing step 2 at 25% (command), stable is v1
  promote --full  probation at 100% (command), stable is v1
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
paused
  start v1        refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2        refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3        refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  promote         paused step 2 at 25% (command), stable is v1
  promote --full  probation at 100% (command), stable is v1
  abort           aborted at 0% (command), stable is v1
  undo            refused: v2 has not reached 100% yet; send it back with `abort`
in probation
  start v1        refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  start v2        refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  start v3        refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  promote         idle at 0% (command), stable is v2
  promote --full  refused: v2 has all requests already; `promote` without `--full` ends its probation
  abort           aborted at 0% (command), stable is v1
  undo            aborted at 0% (command), stable is v1
aborted
  start v1        refused: v1 is the stable release already
  start v2        refused: v2 was sent back before (error-rate, rollout 1); start it with --force to try it again
  start v3        preparing at 0% (command), stable is v1
  promote         refused: no rollout is under way; begin one with `start`
  promote --full  refused: no rollout is under way; begin one with `start`
  abort           refused: no rollout is under way; begin one with `start`
  undo            refused: nothing is in probation, so no old release is warm; begin a rollout of it with `start`
";

fn every_command() -> [(&'static str, Command); 7] {
    let start = |name| Command::Start(start_of(name, plan(&[10, 25])));
    [
        ("start v1", start("v1")),
        ("start v2", start("v2")),
        ("start v3", start("v3")),
        ("promote", Command::Promote(Stride::Next)),
        ("promote --full", Command::Promote(Stride::Full)),
        ("abort", Command::Abort),
        ("undo", Command::Undo),
    ]
}

#[test]
fn every_command_in_every_phase_is_obeyed_or_refused_as_written() {
    let mut told = String::new();
    for (phase, scenario) in every_phase() {
        told += &format!("{phase}\n");
        for (name, command) in every_command() {
            let answer = scenario.clone().when(commanded(command)).told();
            told += &format!("  {name:<14}  {answer}\n");
        }
    }
    assert!(told == TOLD, "{told}");
}

#[test]
fn a_refused_command_changes_nothing() {
    for (phase, before) in every_phase() {
        for (name, command) in every_command() {
            let after = before.clone().when(commanded(command));
            let is_refused = after.answer.is_err();
            assert_eq!(is_refused, after.rollout == before.rollout, "{name} when {phase}");
        }
    }
}
