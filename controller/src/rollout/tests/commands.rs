//! Every command in every phase: what it does, or how it is refused.

use canary_config::plan::OnBusy;

use super::every_phase::every_phase;
use super::plan;
use super::scenario::{aborted, commanded, given, retry, start_of};
use crate::rollout::{Again, Command, Event, Generation, Reason, Refusal, Start, Stride};

const TOLD: &str = "\
idle
  start v1                      refused: v1 is the stable release already
  start v2                      v2 preparing at 0% (command), stable is v1
  start v2 --force              v2 preparing at 0% (command), stable is v1
  start v3 --on-busy supersede  v3 preparing at 0% (command), stable is v1
  start v3 --on-busy queue      v3 preparing at 0% (command), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: no rollout is under way; begin one with `start`
  promote --full                refused: no rollout is under way; begin one with `start`
  pause                         refused: no rollout is under way; begin one with `start`
  resume                        refused: no rollout is under way; begin one with `start`
  abort                         refused: no rollout is under way; begin one with `start`
  undo                          refused: nothing is in probation, so no old release is warm; begin a rollout of it with `start`
  start v1 --on-busy supersede  refused: v1 is the stable release already
idle, and a release waits
  start v1                      v1 preparing at 0% (command), stable is v2
  start v2                      refused: v2 is the stable release already
  start v2 --force              refused: v2 is the stable release already
  start v3 --on-busy supersede  v3 preparing at 0% (command), stable is v2
  start v3 --on-busy queue      v3 preparing at 0% (command), stable is v2
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: no rollout is under way; begin one with `start`
  promote --full                refused: no rollout is under way; begin one with `start`
  pause                         refused: no rollout is under way; begin one with `start`
  resume                        refused: no rollout is under way; begin one with `start`
  abort                         v3 idle at 0% (command), stable is v2
  undo                          refused: nothing is in probation, so no old release is warm; begin a rollout of it with `start`
  start v1 --on-busy supersede  v1 preparing at 0% (command), stable is v2
draining the canary before
  start v1                      refused: a rollout of v3 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v3 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v3 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 draining at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: v3 has not passed its probes yet; wait, or see `status`
  promote --full                refused: v3 has not passed its probes yet; wait, or see `status`
  pause                         v3 draining at 0% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v3
  abort                         v3 aborted at 0% (command), stable is v1
  undo                          refused: v3 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
draining stable
  start v1                      refused: a rollout of v2 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is draining; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 preparing at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 draining at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: v2 has not passed its probes yet; wait, or see `status`
  promote --full                refused: v2 has not passed its probes yet; wait, or see `status`
  pause                         refused: v2 goes to all requests at once, so there is no step to stay at; `abort` sends it back
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
preparing
  start v1                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 preparing at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 preparing at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: v2 has not passed its probes yet; wait, or see `status`
  promote --full                refused: v2 has not passed its probes yet; wait, or see `status`
  pause                         v2 preparing at 0% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
preparing, to be paused
  start v1                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 preparing at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 preparing at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: v2 has not passed its probes yet; wait, or see `status`
  promote --full                refused: v2 has not passed its probes yet; wait, or see `status`
  pause                         refused: the rollout of v2 is paused already; `resume` lets it go on
  resume                        v2 preparing at 0% (command), stable is v1
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
preparing in stable's place
  start v1                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is preparing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 preparing at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 preparing at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       refused: v2 has not passed its probes yet; wait, or see `status`
  promote --full                refused: v2 has not passed its probes yet; wait, or see `status`
  pause                         refused: v2 goes to all requests at once, so there is no step to stay at; `abort` sends it back
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
progressing at the first step
  start v1                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 progressing step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 progressing step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 10% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
progressing at the last step
  start v1                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 progressing step 2 at 25% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 probation at 100% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 2 at 25% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
progressing at 0%, by time
  start v1                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is progressing; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 progressing step 1 at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 probation at 100% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 0% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
held, evidence is thin
  start v1                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 held step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 progressing step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 10% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
held, both break a limit
  start v1                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 held step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 progressing step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 10% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
held, approval is wanted
  start v1                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 held step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 progressing step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 10% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
held at 0%, approval is wanted
  start v1                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is held; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 held step 1 at 0% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 probation at 100% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 0% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
paused, stable is away
  start v1                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 paused step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 paused step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         v2 paused step 1 at 10% (command), stable is v1
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
paused by an operator
  start v1                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 paused step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 paused step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         refused: the rollout of v2 is paused already; `resume` lets it go on
  resume                        v2 progressing step 1 at 10% (command), stable is v1
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
paused by both
  start v1                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2                      refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v2 --force              refused: a rollout of v2 is paused; abort it, wait for its end, or start with --on-busy supersede or queue
  start v3 --on-busy supersede  v3 draining at 0% (superseded), stable is v1
  start v3 --on-busy queue      v3 paused step 1 at 10% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 paused step 2 at 25% (command), stable is v1
  promote --full                v2 probation at 100% (command), stable is v1
  pause                         refused: the rollout of v2 is paused already; `resume` lets it go on
  resume                        v2 paused step 1 at 10% (command), stable is v1
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          refused: v2 has not reached 100% yet; send it back with `abort`
  start v1 --on-busy supersede  refused: v1 is the stable release already
in probation
  start v1                      refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  start v2                      refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  start v2 --force              refused: v2 is in probation; `promote` ends it, `undo` takes the release back
  start v3 --on-busy supersede  v3 preparing at 0% (superseded), stable is v2
  start v3 --on-busy queue      v3 probation at 100% (queued), stable is v1
  retry                         refused: the last rollout was not aborted, so there is nothing to try again; begin one with `start`
  promote                       v2 idle at 0% (command), stable is v2
  promote --full                refused: v2 has all requests already; `promote` without `--full` ends its probation
  pause                         refused: v2 has all requests already; `promote` without `--full` ends its probation
  resume                        refused: no operator has paused the rollout of v2
  abort                         v2 aborted at 0% (command), stable is v1
  undo                          v2 aborted at 0% (command), stable is v1
  start v1 --on-busy supersede  v1 preparing at 0% (superseded), stable is v2
aborted
  start v1                      refused: v1 is the stable release already
  start v2                      refused: v2 was sent back before (error-rate, rollout 1); start it with --force to try it again
  start v2 --force              v2 preparing at 0% (command), stable is v1
  start v3 --on-busy supersede  v3 preparing at 0% (command), stable is v1
  start v3 --on-busy queue      v3 preparing at 0% (command), stable is v1
  retry                         v2 preparing at 0% (command), stable is v1
  promote                       refused: no rollout is under way; begin one with `start`
  promote --full                refused: no rollout is under way; begin one with `start`
  pause                         refused: no rollout is under way; begin one with `start`
  resume                        refused: no rollout is under way; begin one with `start`
  abort                         refused: no rollout is under way; begin one with `start`
  undo                          refused: nothing is in probation, so no old release is warm; begin a rollout of it with `start`
  start v1 --on-busy supersede  refused: v1 is the stable release already
";

/// What is refused while a freeze is in force, and otherwise answered as above.
const FROZEN: &str = "\
idle: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
idle, and a release waits: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
draining the canary before: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
draining stable: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
preparing: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
preparing, to be paused: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
preparing in stable's place: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
progressing at the first step: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
progressing at the last step: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
progressing at 0%, by time: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
held, evidence is thin: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
held, both break a limit: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
held, approval is wanted: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
held at 0%, approval is wanted: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
paused, stable is away: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
paused by an operator: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
paused by both: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, promote, promote --full, start v1 --on-busy supersede,
in probation: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, start v1 --on-busy supersede,
aborted: start v1, start v2, start v2 --force, start v3 --on-busy supersede, start v3 --on-busy queue, retry, start v1 --on-busy supersede,
";

fn every_command() -> [(&'static str, Command); 13] {
    let start = |name| start_of(name, plan(&[10, 25]));
    let force = |start| Start { again: Again::Force, ..start };
    let when_busy = |on_busy, start| Start { on_busy, ..start };
    [
        ("start v1", Command::Start(start("v1"))),
        ("start v2", Command::Start(start("v2"))),
        ("start v2 --force", Command::Start(force(start("v2")))),
        ("start v3 --on-busy supersede", Command::Start(when_busy(OnBusy::Supersede, start("v3")))),
        ("start v3 --on-busy queue", Command::Start(when_busy(OnBusy::Queue, start("v3")))),
        ("retry", retry(plan(&[10, 25]))),
        ("promote", Command::Promote(Stride::Next)),
        ("promote --full", Command::Promote(Stride::Full)),
        ("pause", Command::Pause),
        ("resume", Command::Resume),
        ("abort", Command::Abort),
        ("undo", Command::Undo),
        ("start v1 --on-busy supersede", Command::Start(when_busy(OnBusy::Supersede, start("v1")))),
    ]
}

#[test]
fn every_command_in_every_phase_is_obeyed_or_refused_as_written() {
    let mut told = String::new();
    for (phase, scenario) in every_phase() {
        told += &format!("{phase}\n");
        for (name, command) in every_command() {
            let answer = scenario.clone().told_to(command).told();
            told += &format!("  {name:<28}  {answer}\n");
        }
    }
    assert!(told == TOLD, "{told}");
}

#[test]
fn a_freeze_refuses_what_begins_or_raises_and_nothing_else() {
    let mut told = String::new();
    for (phase, scenario) in every_phase() {
        told += &format!("{phase}:");
        for (name, command) in every_command() {
            let free = scenario.clone().told_to(command.clone());
            let frozen = scenario.clone().frozen().told_to(command);
            if frozen.answer == Err(Refusal::Frozen) {
                told += &format!(" {name},");
            } else {
                assert_eq!((frozen.answer, frozen.rollout), (free.answer, free.rollout), "{name} when {phase}");
            }
        }
        told += "\n";
    }
    assert!(told == FROZEN, "{told}");
}

#[test]
fn a_refused_command_changes_nothing() {
    for (phase, before) in every_phase() {
        for (name, command) in every_command() {
            let after = before.clone().told_to(command);
            let is_refused = after.answer.is_err();
            assert_eq!(is_refused, after.rollout == before.rollout, "{name} when {phase}");
        }
    }
}

#[test]
fn a_command_is_about_the_rollout_that_it_names() {
    for (phase, before) in every_phase() {
        for (name, command) in every_command() {
            let present = before.rollout.generation();
            let named = |generation| {
                let event = Event::Commanded { command: command.clone(), generation: Some(generation) };
                before.clone().when(event)
            };
            let unnamed = before.clone().when(commanded(command.clone()));
            assert_eq!(named(present).answer, unnamed.answer, "{name} when {phase}");
            let another = named(Generation(present.get() + 1));
            let refusal = Refusal::AnotherGeneration { expected: Generation(present.get() + 1), present };
            assert_eq!(
                (another.answer, another.rollout),
                (Err(refusal), before.rollout.clone()),
                "{name} when {phase}"
            );
        }
    }
}

#[test]
fn an_abort_beats_a_promotion_of_the_same_rollout_whichever_comes_first() {
    let present = Some(Generation(1));
    let abort = || Event::Commanded { command: Command::Abort, generation: present };
    let promote = || Event::Commanded { command: Command::Promote(Stride::Full), generation: present };
    let step = given(plan(&[10])).at(10);
    let sent_back = aborted(Reason::Command);
    let first = step.clone().when(abort()).then(sent_back).when(promote()).refused(&Refusal::NothingUnderWay);
    let last = step.when(promote()).when(abort()).then(sent_back);
    assert_eq!(first.rollout, last.rollout);
}
