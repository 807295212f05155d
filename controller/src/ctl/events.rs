//! Every change as it comes, over restarts of canaryd too.

use tokio::time::sleep;

use crate::client::{Client, Error, Events};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::interrupt::unless_interrupted;
use crate::ctl::output::Output;
use crate::ctl::silence::Silence;
use crate::ctl::wait::POLL_INTERVAL;
use crate::render;

/// Prints what changes from now on, or from behind this number on, until interrupted. That is how it is meant to end.
pub(super) async fn tell(after: Option<i64>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    unless_interrupted(listen(after, client, output)).await?.unwrap_or(Ok(Exit::Done))
}

async fn listen(after: Option<i64>, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let mut last = match after {
        Some(id) => id,
        // With a number to begin from, nothing is missed when the connection breaks.
        None => client.history(None, 1).await?.value.entries.first().map_or(0, |entry| entry.id),
    };
    let mut events = client.events(Some(last)).await?;
    let mut silence = Silence::default();
    loop {
        match events.next().await {
            Ok(event) => {
                last = last.max(event.value.id);
                output.line(&event.document, &render::event(&event.value))?;
            }
            Err(error) if error.is_restart() => events = again(last, &mut silence, client).await?,
            Err(error) => return Err(error.into()),
        }
    }
}

async fn again(last: i64, silence: &mut Silence, client: &Client) -> Result<Events, Error> {
    loop {
        sleep(POLL_INTERVAL).await;
        if let Some(events) = silence.bridge(client.events(Some(last)).await)? {
            return Ok(events);
        }
    }
}
