//! What can be written on the command line. The doc comments here are the help texts.

use std::path::PathBuf;
use std::time::Duration;

use canary_config::name::{ReleaseId, ServiceName};
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::ctl::exit_code::Exit;

/// Where canaryd listens unless it was told otherwise.
const SOCKET_DEFAULT: &str = "/run/canaryd/canaryd.sock";

const GLOBAL_OPTIONS: &str = "Options of every command";

const EXAMPLES: &str = "\
Examples:
  canaryctl status                            all services at a glance
  canaryctl status web                        one service: what the judge has seen, what is missing
  canaryctl start web v2 --reason 'CHG-1042'  give v2 a share of web's requests
  canaryctl start web v2 --wait               the same, and wait for the verdict (for CI)
  canaryctl promote web                       go on to the next step without waiting for evidence
  canaryctl abort web                         take the canary's share away, at once
  canaryctl history web --limit 50            who did what, when and why
  canaryctl --json status | jq '.services[] | select(.phase == \"held\") | .name'
";

/// Rolls out releases behind canaryd, and shows how they do.
#[derive(Debug, Parser)]
#[command(name = "canaryctl", version, after_help = after_help(), disable_help_subcommand = true)]
pub struct Args {
    /// The control socket of canaryd.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "CANARYD_SOCKET",
        hide_env_values = true,
        default_value = SOCKET_DEFAULT,
        help_heading = GLOBAL_OPTIONS
    )]
    pub socket: PathBuf,
    /// Print canaryd's answer, as one JSON document; with `start --wait`, the last status.
    #[arg(long, global = true, action = ArgAction::SetTrue, help_heading = GLOBAL_OPTIONS)]
    json: bool,
    /// Use colour `auto`, `always` or `never`; `auto` is on a terminal, unless NO_COLOR is set.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_possible_values = true,
        help_heading = GLOBAL_OPTIONS
    )]
    pub color: ColorChoice,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show where every service stands, or one of them in full.
    Status {
        /// The service; all of them if none is named.
        service: Option<ServiceName>,
    },
    /// Begin a rollout: prepare the release, then give it a rising share of the requests.
    Start(StartArgs),
    /// Go on to the next step without waiting for evidence. In probation: end it.
    Promote {
        /// The service.
        service: ServiceName,
        /// Go to 100% at once.
        #[arg(long)]
        full: bool,
        /// Why it is ordered.
        #[command(flatten)]
        why: Why,
    },
    /// Take the canary's share away, at once.
    Abort {
        /// The service.
        service: ServiceName,
        /// Why it is ordered.
        #[command(flatten)]
        why: Why,
    },
    /// Take back a release that has reached 100% and is still in probation, at once.
    Undo {
        /// The service.
        service: ServiceName,
        /// Why it is ordered.
        #[command(flatten)]
        why: Why,
    },
    /// Show what changed, who changed it and why, the newest first.
    History {
        /// The service; all of them if none is named.
        service: Option<ServiceName>,
        /// How many changes at the most.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Read canaryd.toml again, and put what has changed in it in force.
    Reload,
}

/// What a start needs to know.
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    /// The service.
    pub service: ServiceName,
    /// The release to bring in, as canaryd.toml declares it.
    pub release: ReleaseId,
    /// Wait until the release has reached 100% (exit 0), or was aborted (10), or is held (12).
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, such as `90s` or `2h 30m`. The rollout itself goes on afterwards (exit 11).
    #[arg(long, requires = "wait", value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// Why it is ordered.
    #[command(flatten)]
    pub why: Why,
}

/// Why something is ordered.
#[derive(Debug, clap::Args)]
pub struct Why {
    /// Why, for the audit trail (see `canaryctl history`).
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub reason: Option<String>,
}

// === impl Args ===

impl Args {
    /// How answers are to be printed.
    #[must_use]
    pub const fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

fn after_help() -> String {
    format!("{EXAMPLES}\nExit codes:\n{}", Exit::table())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
