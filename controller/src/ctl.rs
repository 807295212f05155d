//! The command line: what was ordered, how it is asked of canaryd, and how it ends.
//!
//! [`args`] is what can be written, [`exit_code`] what scripts can rely on. The commands are in `order`, `look` and
//! `upkeep`; waiting for a rollout is in `wait`. The connection is the affair of [`crate::client`], every text that of
//! [`crate::render`].

pub mod args;
pub mod exit_code;

mod backup;
mod compose;
mod deploy;
mod env_file;
mod events;
mod failure;
mod follow;
mod interrupt;
mod key;
mod lint;
mod look;
mod manual;
mod order;
mod output;
mod preflight;
mod reach;
mod restore;
mod rollback;
mod screen;
mod sealed;
mod shadow;
mod silence;
mod simulate;
mod upkeep;
mod wait;
mod watch;

use std::process::ExitCode;

use self::args::{Args, Command, Place};
use self::exit_code::Exit;
use self::failure::Failure;
use self::output::Output;

/// Does what the process's command line says.
#[must_use]
pub fn run() -> ExitCode {
    match Args::understand(std::env::args_os()) {
        Ok(args) => execute(args).into(),
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _unread = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
        }
    }
}

fn execute(args: Args) -> Exit {
    let Args { place, printing, command } = args;
    let output = Output::new(printing.format(), printing.color);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.fail(&error.into()),
    };
    runtime.block_on(obey(command, &place, &output)).unwrap_or_else(|failure| output.fail(&failure))
}

async fn obey(command: Command, place: &Place, output: &Output) -> Result<Exit, Failure> {
    match command {
        Command::Rollout(command) => order::obey(command, &reach::client(place, output)?, output).await,
        Command::Look(command) => look::obey(command, &reach::client(place, output)?, output).await,
        Command::Upkeep(command) => upkeep::obey(command, place, output).await,
    }
}
