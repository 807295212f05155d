//! Upkeep: what each command asks or does, and what it shows.

use crate::ctl::args::{Place, UpkeepCommand};
use crate::ctl::backup::Existing;
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::lint::Strictness;
use crate::ctl::output::Output;
use crate::ctl::{backup, key, lint, manual, reach, restore, simulate};
use crate::render;

/// Does it, and says how it ended. Most of it needs no canaryd.
pub(super) async fn obey(command: UpkeepCommand, place: &Place, output: &Output) -> Result<Exit, Failure> {
    match command {
        UpkeepCommand::Reload { idempotency_key } => {
            let key = idempotency_key.unwrap_or_else(key::fresh);
            let reloaded = reach::client(place, output)?.reload(&key).await?;
            output.answer(&reloaded, render::reloaded)?;
        }
        UpkeepCommand::Backup { file, force } => {
            let client = reach::client(place, output)?;
            let existing = if force { Existing::Replace } else { Existing::Keep };
            backup::write(&file, existing, &client, output).await?;
        }
        UpkeepCommand::Lint { file, strict } => {
            let strictness = if strict { Strictness::Warnings } else { Strictness::Errors };
            return lint::lint(&file, strictness, output);
        }
        UpkeepCommand::Simulate(args) => return simulate::simulate(args, output).await,
        UpkeepCommand::Restore { file, home } => restore::restore(&file, home, output)?,
        UpkeepCommand::Completion { shell } => output.bytes(&manual::completion(shell))?,
        UpkeepCommand::Man { dir: None } => output.bytes(&manual::page()?)?,
        UpkeepCommand::Man { dir: Some(dir) } => manual::pages(&dir)?,
    }
    Ok(Exit::Done)
}
