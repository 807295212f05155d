//! What is simulated, and how often.

use std::path::PathBuf;

use canary_config::name::ServiceName;

use crate::ctl::args::upkeep::CONFIG_DEFAULT;
use crate::simulation;

/// The most rollouts at a time.
const RUNS_MAX: i64 = 100_000;

const NOTES: &str = "\
The rollout, its judge, its statistics and the choice of who serves a request are canaryd's own; requests come and end by
chance, and time is only counted. Stable has served for ten minutes before. The same seed gives the same numbers, to the
byte, on any number of cores.

Not simulated: rescue (all failures of the canary are counted, and clients see only those that cannot be sent again),
refused connections and hangs (a failure is an answer with 5xx), requests under way (each ends when it comes, so that slow
start never makes one wait), backends that are not ready and requests that are parked for them, freezes, operators, and
other services of the same rollout.

Examples:
  canaryctl simulate --config canaryd.toml --service web --traffic 40rps --canary 'errors=5% after=25%'
  canaryctl simulate --config canaryd.toml --service web --traffic 40rps   how often a good release is aborted
";

/// What is simulated.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub struct SimulateArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = CONFIG_DEFAULT)]
    pub config: PathBuf,
    /// The service whose plan it is; not needed if the configuration has one only.
    #[arg(long)]
    pub service: Option<ServiceName>,
    /// How many requests come, such as `40rps`, `2400/min` or `9000/h`; of new clients where a client stays where it
    /// fell.
    #[arg(long, value_name = "RATE", value_parser = simulation::rate)]
    pub traffic: f64,
    /// How stable answers: `errors=PERCENT`, and `latency=TIME` for the median.
    #[arg(long, value_name = "WORDS", default_value = "errors=0.1% latency=50ms")]
    pub stable: String,
    /// How the canary differs from stable: `errors=PERCENT`, `latency=xTIMES` or `latency=+TIME`, and `after=SHARE` or
    /// `after=TIME` if it is like stable until then. Without a word it is as good as stable.
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    pub canary: String,
    /// How many rollouts.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=RUNS_MAX))]
    pub runs: u32,
    /// Where all chance comes from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}
