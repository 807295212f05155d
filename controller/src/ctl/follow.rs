//! The status again and again, until interrupted: a picture on a terminal, else a line for each change.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use tokio::time::{MissedTickBehavior, interval};

use crate::api::{Overview, ServiceStatus};
use crate::client::{Answer, Client, Error};
use crate::ctl::args::Format;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::output::Output;
use crate::ctl::screen::Screen;
use crate::ctl::silence::Silence;
use crate::ctl::wait::POLL_INTERVAL;
use crate::render;

/// What was seen.
enum Seen {
    All(Answer<Overview>),
    One(Box<Answer<ServiceStatus>>),
}

/// The line of each service that was told last.
#[derive(Default)]
struct Told(BTreeMap<ServiceName, String>);

/// Shows all services or one, until interrupted. That is how it is meant to end.
pub(super) async fn until_interrupted(
    service: Option<&ServiceName>,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    unless_interrupted(show(service, client, output)).await?.unwrap_or(Ok(Exit::Done))
}

async fn show(service: Option<&ServiceName>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let mut screen = Screen::open().filter(|_| output.format() == Format::Text);
    let mut told = Told::default();
    let mut silence = Silence::default();
    // Whoever is not there at the first question is not restarting.
    let mut seen = Some(look(service, client).await?);
    let mut polls = interval(POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    polls.tick().await;
    loop {
        match (seen.take(), &mut screen) {
            (Some(seen), Some(screen)) => screen.draw(seen.picture(output), output)?,
            (Some(seen), None) => seen.tell(&mut told, output)?,
            (None, Some(screen)) => screen.draw_silence(output)?,
            (None, None) => {}
        }
        polls.tick().await;
        seen = silence.bridge(look(service, client).await)?;
    }
}

async fn look(service: Option<&ServiceName>, client: &Client) -> Result<Seen, Error> {
    match service {
        None => client.overview().await.map(Seen::All),
        Some(service) => client.service(service).await.map(|status| Seen::One(Box::new(status))),
    }
}

// === impl Seen ===

impl Seen {
    fn picture(&self, output: &Output) -> String {
        match self {
            Self::All(overview) => render::overview(&overview.value, output.color()),
            Self::One(status) => render::status(&status.value, output.color()),
        }
    }

    fn tell(&self, told: &mut Told, output: &Output) -> Result<(), Failure> {
        let services = match self {
            Self::All(overview) => overview.value.services.as_slice(),
            Self::One(status) => std::slice::from_ref(&status.value),
        };
        let fresh: Vec<_> = services.iter().filter_map(|service| told.news(service)).collect();
        let document = match self {
            Self::All(overview) => &overview.document,
            Self::One(status) => &status.document,
        };
        // As JSON it is one document, whatever has changed in it.
        if fresh.is_empty() { Ok(()) } else { output.line(document, &fresh.concat()) }
    }
}

// === impl Told ===

impl Told {
    /// The service's line, if it is not the one that was told last.
    fn news(&mut self, service: &ServiceStatus) -> Option<String> {
        let line = render::progress(service);
        let before = self.0.insert(service.name.clone(), line.clone());
        (before.as_ref() != Some(&line)).then_some(line)
    }
}
