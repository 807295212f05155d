//! Whether to wait for a rollout's end.

use std::time::Duration;

/// Whether to wait, and how long.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Wait {
    /// Wait until the release has reached 100% (exit 0), or was aborted (10), or is held (12).
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, such as `90s` or `2h 30m`. The rollout goes on afterwards (exit 11).
    #[arg(long, requires = "wait", value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}
