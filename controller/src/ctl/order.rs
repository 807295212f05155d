//! What each command asks, and what it shows.

use crate::api::{Done, Instruction, Promote, Start};
use crate::client::{Answer, Client};
use crate::ctl::args::{Command, StartArgs};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::ctl::wait;
use crate::render;

/// Does it, and says how it ended.
pub(super) async fn obey(command: Command, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Status { service: None } => output.answer(&client.overview().await?, render::overview)?,
        Command::Status { service: Some(service) } => {
            output.answer(&client.service(&service).await?, render::status)?;
        }
        Command::History { service, limit } => {
            output.answer(&client.history(service.as_ref(), limit).await?, render::history)?;
        }
        Command::Reload => output.answer(&client.reload().await?, render::reloaded)?,
        Command::Start(args) => return start(args, client, output).await,
        Command::Promote { service, full, why } => {
            let promote = Promote { full, generation: None, reason: why.reason };
            return finish(&client.promote(&service, &promote).await?, output);
        }
        Command::Abort { service, why } => {
            return finish(
                &client.abort(&service, &Instruction { generation: None, reason: why.reason }).await?,
                output,
            );
        }
        Command::Undo { service, why } => {
            return finish(
                &client.undo(&service, &Instruction { generation: None, reason: why.reason }).await?,
                output,
            );
        }
    }
    Ok(Exit::Done)
}

async fn start(args: StartArgs, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let start = Start { release: args.release, on_busy: None, force: false, generation: None, reason: args.why.reason };
    let done = client.start(&args.service, &start).await?;
    if !args.wait {
        return finish(&done, output);
    }
    output.remark_answer(&done, render::done)?;
    wait::follow(&done.value, &start.release, args.timeout, client, output).await
}

fn finish(done: &Answer<Done>, output: &Output) -> Result<Exit, Failure> {
    output.answer(done, render::done)?;
    Ok(if done.value.durable { Exit::Done } else { Exit::NotDurable })
}
