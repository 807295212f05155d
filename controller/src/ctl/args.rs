//! What can be written on the command line. The doc comments of these types are the help texts, and completions and man
//! pages are made from them too.

mod deploy;
mod help;
mod look;
mod place;
mod printing;
mod rollout;
mod said;
mod simulate;
mod target;
mod upkeep;
mod wait;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use self::deploy::{DeployArgs, DeployWhat, PreflightArgs, RollbackArgs};
pub use self::look::{LookCommand, Request, StatusArgs};
pub(super) use self::place::Found;
pub use self::place::Place;
pub use self::printing::{ColorChoice, Format, Printing};
pub use self::rollout::{About, FreezeArgs, Of, RolloutCommand, StartArgs};
pub use self::said::Said;
pub use self::simulate::SimulateArgs;
pub use self::target::{Target, Wanted};
pub use self::upkeep::{Home, UpkeepCommand};
pub use self::wait::Wait;

/// Rolls out releases behind canaryd, and shows how they do.
#[derive(Debug, Parser)]
#[command(name = "canaryctl", version, disable_help_subcommand = true, subcommand_required = true)]
pub struct Args {
    /// Where canaryd listens.
    #[command(flatten)]
    pub place: Place,
    /// How answers are printed.
    #[command(flatten)]
    pub printing: Printing,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Something with a rollout.
    #[command(flatten)]
    Rollout(RolloutCommand),
    /// A look at something.
    #[command(flatten)]
    Look(LookCommand),
    /// Something for the daemon's or the operator's own sake.
    #[command(flatten)]
    Upkeep(UpkeepCommand),
}

// === impl Args ===

impl Args {
    /// Understands a command line, the program's name first.
    ///
    /// # Errors
    /// Help that was asked for, or what is wrong with it.
    pub fn understand(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let mut command = Self::whole();
        let matches = command.try_get_matches_from_mut(words)?;
        Self::from_arg_matches(&matches).map_err(|error| {
            let name = matches.subcommand_name().unwrap_or_default();
            match command.find_subcommand_mut(name) {
                Some(subcommand) => error.format(subcommand),
                None => error.format(&mut command),
            }
        })
    }

    /// Everything that can be written, as clap knows it.
    #[must_use]
    pub fn whole() -> clap::Command {
        help::complete(Self::command())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::whole().debug_assert();
    }
}
