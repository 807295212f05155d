//! Waiting for rollouts: asking for their statuses until all have come to an end.

use std::time::Duration;

use canary_config::name::ServiceName;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::api::{Done, ServiceStatus};
use crate::client::{Answer, Client};
use crate::ctl::args::Format;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::output::Output;
use crate::ctl::screen::Screen;
use crate::ctl::silence::Silence;
use crate::ctl::watch::{Sight, Watch};
use crate::render;

/// How often canaryd is asked.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// In all, as it was asked for.
    pub(super) whole: Duration,
    /// From now on.
    pub(super) left: Duration,
}

/// Rollouts that are waited for, and who is told of them.
struct Vigil<'a> {
    awaited: Vec<Awaited>,
    client: &'a Client,
    output: &'a Output,
    teller: Teller,
}

/// One of the rollouts.
struct Awaited {
    watch: Watch,
    last: Option<Answer<ServiceStatus>>,
    end: Option<Exit>,
}

/// How what happens is told.
enum Teller {
    /// As lines for people; the last statuses are the document.
    Remarks,
    /// As a line for each change, each a document if that is wanted.
    Lines,
    /// As a picture.
    Screen(Screen),
}

/// Follows what a start or a retry has begun to its end, or until the time is over.
pub(super) async fn follow(
    done: &Done,
    time_limit: Duration,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    let watches = Watch::of(done);
    if watches.is_empty() {
        return Err(see_history(Exit::Unexpected, "canaryd does not say what it has begun".to_owned(), &done.service));
    }
    follow_all(watches, Limit { whole: time_limit, left: time_limit }, client, output).await
}

/// Follows rollouts to their end, or until the time is over, of which so much is left.
pub(super) async fn follow_all(
    watches: Vec<Watch>,
    Limit { whole, left }: Limit,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    let Some(first) = watches.first().map(|watch| watch.service().clone()) else { return Ok(Exit::Done) };
    let mut vigil = Vigil::new(watches, Teller::Remarks, client, output);
    let end = timeout(left, vigil.keep()).await;
    vigil.conclude()?;
    end.unwrap_or_else(|_elapsed| Err(too_late(&first, whole)))
}

/// Follows what is under way to its end. This is how a wait is taken up again that was cut off.
pub(super) async fn take_up(service: &ServiceName, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let present = client.service(service).await?;
    let screen = Screen::open().filter(|_| output.format() == Format::Text);
    let teller = screen.map_or(Teller::Lines, Teller::Screen);
    Vigil::new(vec![Watch::present(&present.value)], teller, client, output).keep().await
}

// === impl Vigil ===

impl<'a> Vigil<'a> {
    fn new(watches: Vec<Watch>, teller: Teller, client: &'a Client, output: &'a Output) -> Self {
        let awaited = watches.into_iter().map(|watch| Awaited { watch, last: None, end: None }).collect();
        Self { awaited, client, output, teller }
    }

    async fn keep(&mut self) -> Result<Exit, Failure> {
        match unless_interrupted(self.poll()).await? {
            Some(end) => end,
            None => Err(self.interrupted()),
        }
    }

    async fn poll(&mut self) -> Result<Exit, Failure> {
        let mut silence = Silence::default();
        let mut polls = interval(POLL_INTERVAL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            polls.tick().await;
            for awaited in self.awaited.iter_mut().filter(|awaited| awaited.end.is_none()) {
                let answer = self.client.service(awaited.watch.service()).await;
                let Some(answer) = silence.bridge(answer)? else {
                    self.teller.tell_silence(self.output)?;
                    break;
                };
                awaited.look(answer, &mut self.teller, self.output)?;
            }
            if let Some(exit) = verdict(&self.awaited) {
                return Ok(exit);
            }
        }
    }

    /// Shows the last statuses, if they are the document.
    fn conclude(&self) -> Result<(), Failure> {
        let documents: Vec<_> =
            self.awaited.iter().filter_map(|awaited| Some(awaited.last.as_ref()?.document.as_str())).collect();
        match documents.as_slice() {
            [] => Ok(()),
            [document] if self.awaited.len() == 1 => self.output.document(document),
            documents => self.output.document(&format!("{{\"services\":[{}]}}", documents.join(","))),
        }
    }

    fn interrupted(&self) -> Failure {
        let service = self.awaited.first().map(|awaited| format!(" {}", awaited.watch.service())).unwrap_or_default();
        let hint = format!("the rollout goes on; `canaryctl watch{service}` takes it up again");
        Failure::new(Exit::Interrupted, "interrupted", hint)
    }
}

/// How it ends: at once if a rollout was aborted or is held, else when all are done.
fn verdict(awaited: &[Awaited]) -> Option<Exit> {
    let has_ended = |exit: &Exit| awaited.iter().any(|awaited| awaited.end == Some(*exit));
    let are_done = awaited.iter().all(|awaited| awaited.end == Some(Exit::Done));
    [Exit::Aborted, Exit::Held].into_iter().find(has_ended).or_else(|| are_done.then_some(Exit::Done))
}

// === impl Awaited ===

impl Awaited {
    fn look(&mut self, answer: Answer<ServiceStatus>, teller: &mut Teller, output: &Output) -> Result<(), Failure> {
        let sight = self.watch.look(&answer.value);
        let answer = self.last.insert(answer);
        let (status, service) = (&answer.value, self.watch.service());
        match sight {
            Sight::Same => teller.tell(answer, None, output),
            Sight::Waiting => teller.tell(answer, Some(render::waiting(status, self.watch.release())), output),
            Sight::Moved => teller.tell(answer, Some(render::progress(status)), output),
            Sight::Ended(exit) => {
                self.end = Some(exit);
                teller.tell(answer, Some(render::progress(status)), output)
            }
            Sight::Replaced(Exit::Done) => {
                self.end = Some(Exit::Done);
                Ok(())
            }
            Sight::Replaced(exit) => {
                let what = format!("a later rollout has begun: {} is stable in it", status.stable);
                Err(see_history(exit, what, service))
            }
            Sight::Dropped => {
                let what = format!("{} does not wait for its turn any more, and has not begun", self.watch.release());
                Err(see_history(Exit::Aborted, what, service))
            }
            Sight::Forgotten => {
                let what = format!("canaryd does not know rollout {} any more", self.watch.generation());
                Err(see_history(Exit::Unexpected, what, service))
            }
        }
    }
}

// === impl Teller ===

impl Teller {
    fn tell(&mut self, answer: &Answer<ServiceStatus>, line: Option<String>, output: &Output) -> Result<(), Failure> {
        match (self, line) {
            (Self::Screen(screen), _) => screen.draw(render::status(&answer.value, output.color()), output),
            (Self::Remarks, Some(line)) => output.remark(&line),
            (Self::Lines, Some(line)) => output.line(&answer.document, &line),
            (_, None) => Ok(()),
        }
    }

    /// A log is not told of every moment without an answer.
    fn tell_silence(&mut self, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Screen(screen) => screen.draw_silence(output),
            Self::Remarks | Self::Lines => Ok(()),
        }
    }
}

fn too_late(service: &ServiceName, time_limit: Duration) -> Failure {
    let what = format!("the rollout has not ended within {}", humantime::format_duration(time_limit));
    Failure::new(Exit::TimedOut, what, goes_on(service))
}

/// What is to be said of a rollout, or a deployment, that is waited for no longer.
pub(super) fn goes_on(service: &ServiceName) -> String {
    format!("it goes on; see `canaryctl status {service}`, or send it back with `canaryctl abort {service}`")
}

fn see_history(exit: Exit, what: String, service: &ServiceName) -> Failure {
    Failure::new(exit, what, format!("see `canaryctl history {service}`"))
}
