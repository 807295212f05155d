//! Waiting for a rollout: asking for its status until it has come to an end.

use std::time::Duration;

use canary_config::name::{ReleaseId, ServiceName};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::api::{Done, ServiceStatus};
use crate::client::{Answer, Client, Error};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::watch::{Sight, Watch};
use crate::render;

/// How often canaryd is asked.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How many questions in a row may stay without an answer while canaryd restarts: 30 s.
const RESTART_POLLS_MAX: u32 = 120;

/// Follows a rollout from its start to its end, or until the time is over.
pub(super) async fn follow(
    start: &Done,
    release: &ReleaseId,
    time_limit: Duration,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut last = None;
    let end = timeout(time_limit, watch(start, release, client, output, &mut last)).await;
    if let Some(last) = &last {
        output.document(last)?;
    }
    end.unwrap_or_else(|_elapsed| Err(too_late(&start.service, time_limit)))
}

async fn watch(
    start: &Done,
    release: &ReleaseId,
    client: &Client,
    output: &Output,
    last: &mut Option<Answer<ServiceStatus>>,
) -> Result<Exit, Failure> {
    let mut watch = Watch::new(start, release);
    let mut silence = Silence::default();
    let mut polls = interval(POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        polls.tick().await;
        let Some(answer) = silence.bridge(client.service(&start.service).await)? else { continue };
        let status = &last.insert(answer).value;
        match watch.look(status) {
            Sight::Same => {}
            Sight::Moved => output.remark(&render::progress(status))?,
            Sight::Ended(exit) => {
                output.remark(&render::progress(status))?;
                return Ok(exit);
            }
            Sight::Replaced(exit) => {
                let what = format!("a later rollout has begun: {} is stable in it", status.stable);
                return if exit == Exit::Done { Ok(exit) } else { Err(see_history(exit, what, &start.service)) };
            }
            Sight::Forgotten => {
                let what = format!("canaryd does not know rollout {} any more", start.transition.generation.get());
                return Err(see_history(Exit::Unexpected, what, &start.service));
            }
        }
    }
}

/// How long canaryd has been silent, in questions.
#[derive(Debug, Default)]
struct Silence {
    polls: u32,
}

// === impl Silence ===

impl Silence {
    /// Lets a restart of canaryd pass as no answer, within the limit.
    fn bridge<T>(&mut self, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Err(error) if error.is_restart() && self.polls < RESTART_POLLS_MAX => {
                self.polls += 1;
                Ok(None)
            }
            answer => {
                self.polls = 0;
                answer.map(Some)
            }
        }
    }
}

fn too_late(service: &ServiceName, time_limit: Duration) -> Failure {
    let what = format!("the rollout has not ended within {}", humantime::format_duration(time_limit));
    let hint =
        format!("it goes on; see `canaryctl status {service}`, or send it back with `canaryctl abort {service}`");
    Failure::new(Exit::TimedOut, what, hint)
}

fn see_history(exit: Exit, what: String, service: &ServiceName) -> Failure {
    Failure::new(exit, what, format!("see `canaryctl history {service}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::BadAnswer;

    #[test]
    fn a_restart_of_canaryd_is_waited_out_and_no_longer() {
        let mut silence = Silence::default();
        let cut = || Err::<u8, Error>(BadAnswer::Cut.into());
        for _ in 0..RESTART_POLLS_MAX {
            assert!(matches!(silence.bridge(cut()), Ok(None)));
        }
        assert!(silence.bridge(cut()).is_err());
        assert!(matches!(silence.bridge(cut()), Ok(None)));
        assert!(matches!(silence.bridge(Ok(1)), Ok(Some(1))));
        assert!(silence.bridge(Err::<u8, Error>(BadAnswer::Slow.into())).is_err());
    }
}
