//! The command line: what was ordered, how it is asked of canaryd, and how it ends.
//!
//! [`args`] is what can be written, [`exit_code`] what scripts can rely on. The socket is the affair of
//! [`crate::client`], every text that of [`crate::render`].

pub mod args;
pub mod exit_code;

mod failure;
mod order;
mod output;
mod wait;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use self::args::Args;
use self::exit_code::Exit;
use self::output::Output;
use crate::client::Client;

/// Does what the process's command line says.
#[must_use]
pub fn run() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => execute(args).into(),
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _unread = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
        }
    }
}

fn execute(args: Args) -> Exit {
    let output = Output::new(args.format(), args.color);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.fail(&error.into()),
    };
    let client = Client::new(args.socket);
    runtime.block_on(order::obey(args.command, &client, &output)).unwrap_or_else(|failure| output.fail(&failure))
}
