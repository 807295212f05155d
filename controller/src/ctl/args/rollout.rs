//! The orders about rollouts.

use std::num::ParseIntError;
use std::time::Duration;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::OnBusy;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::api::{FREEZE_MAX, PARK_MAX};
use crate::ctl::args::{DeployArgs, PreflightArgs, RollbackArgs, Said, Target, Wait};
use crate::rollout::Generation;

/// An order about rollouts.
#[derive(Debug, Subcommand)]
pub enum RolloutCommand {
    /// Make containers of an image beside those of stable, and begin their rollout.
    #[command(
        override_usage = "canaryctl deploy [OPTIONS] SERVICE --image REF\n       canaryctl deploy [OPTIONS] SERVICE... --tag TAG\n       canaryctl deploy [OPTIONS] SERVICE --from-compose"
    )]
    Deploy(DeployArgs),
    /// Say what speaks against a deployment, and begin none: exit 0 or 5.
    Preflight(PreflightArgs),
    /// Bring a release back whose containers are kept, through the gates.
    Rollback(RollbackArgs),
    /// Begin a rollout: prepare the release, then give it a rising share of the requests.
    #[command(
        override_usage = "canaryctl start [OPTIONS] SERVICE RELEASE\n       canaryctl start [OPTIONS] SERVICE=RELEASE..."
    )]
    Start(StartArgs),
    /// Go on to the next step without waiting for evidence; in probation, end it.
    Promote {
        /// Go to 100% at once.
        #[arg(long)]
        full: bool,
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Keep the canary at its share until `resume`; it is judged as ever.
    Pause {
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Let a paused rollout go on.
    Resume {
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Take the canary's share away, at once; what is queued is dropped too.
    Abort {
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Take back a release that has reached 100% and is still in probation, at once.
    Undo {
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Make a release stable without a trial: one whose containers run already.
    Adopt {
        /// Of which service.
        service: ServiceName,
        /// Which release, as `status` names it.
        release: ReleaseId,
        /// Do it only if N is the number of the present or the last rollout.
        #[arg(long, value_name = "N", value_parser = generation)]
        generation: Option<Generation>,
        /// Why it is ordered.
        #[command(flatten)]
        said: Said,
    },
    /// Try the release again that was aborted last, as a new rollout.
    Retry {
        /// Whether to wait for its end.
        #[command(flatten)]
        wait: Wait,
        /// Which rollout.
        #[command(flatten)]
        about: About,
    },
    /// Forbid starts and raises, of a service or of all; aborts stay possible.
    Freeze(FreezeArgs),
    /// Lift a freeze, an operator's or a window of canaryd.toml.
    Unfreeze {
        /// Of which services.
        #[command(flatten)]
        of: Of,
        /// Why it is ordered.
        #[command(flatten)]
        said: Said,
    },
    /// Let a service's requests wait until `unpark`, as for a switch of the database.
    Park {
        /// The service.
        service: ServiceName,
        /// For how long, such as `20s` or `5m`; until `unpark`, if not given.
        #[arg(long = "for", value_name = "DURATION", value_parser = park_time)]
        duration: Option<Duration>,
        /// Why it is ordered.
        #[command(flatten)]
        said: Said,
    },
    /// Serve the requests of a parked service again.
    Unpark {
        /// The service.
        service: ServiceName,
        /// Why it is ordered.
        #[command(flatten)]
        said: Said,
    },
}

/// What a start needs to know.
#[derive(Debug, clap::Args)]
pub struct StartArgs {
    /// What is to be brought in.
    #[command(flatten)]
    pub target: Target,
    /// The service whose plan all follow, of several; the first one if none is named.
    #[arg(long, value_name = "SERVICE")]
    pub plan_of: Option<ServiceName>,
    /// During a rollout: `reject`, `supersede` or `queue` this one; as the plan says, if not given.
    #[arg(long, value_name = "WHAT", hide_possible_values = true, value_parser = on_busy())]
    pub on_busy: Option<OnBusy>,
    /// Start it although it was aborted before.
    #[arg(long)]
    pub force: bool,
    /// Do it only if N is the number of the present or the last rollout.
    #[arg(long, value_name = "N", value_parser = generation)]
    pub generation: Option<Generation>,
    /// Whether to wait for its end.
    #[command(flatten)]
    pub wait: Wait,
    /// Why it is ordered.
    #[command(flatten)]
    pub said: Said,
}

/// Which rollout an order is about.
#[derive(Debug, clap::Args)]
pub struct About {
    /// The service.
    pub service: ServiceName,
    /// Do it only if N is the number of the present or the last rollout.
    #[arg(long, value_name = "N", value_parser = generation)]
    pub generation: Option<Generation>,
    /// Why it is ordered.
    #[command(flatten)]
    pub said: Said,
}

/// Of which services. All of them must be said, so that a slip neither stops the line nor lifts what stops it.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Of {
    /// The service.
    pub service: Option<ServiceName>,
    /// All services.
    #[arg(long)]
    all: bool,
}

/// What a freeze needs to know.
#[derive(Debug, clap::Args)]
pub struct FreezeArgs {
    /// Of which services.
    #[command(flatten)]
    pub of: Of,
    /// For how long, such as `2h` or `3days`; until `unfreeze`, if not given.
    #[arg(long = "for", value_name = "DURATION", value_parser = freeze_time)]
    pub duration: Option<Duration>,
    /// Why it is ordered.
    #[command(flatten)]
    pub said: Said,
}

pub(super) fn on_busy() -> impl TypedValueParser<Value = OnBusy> {
    let words = PossibleValuesParser::new(OnBusy::ALL.map(OnBusy::as_str));
    words.try_map(|word| OnBusy::ALL.into_iter().find(|choice| choice.as_str() == word).ok_or("no such choice"))
}

fn freeze_time(word: &str) -> Result<Duration, String> {
    time(word, FREEZE_MAX, "a freeze lasts a moment at least, and a year at most")
}

fn park_time(word: &str) -> Result<Duration, String> {
    time(word, PARK_MAX, "a service is parked for a moment at least, and a day at most")
}

fn time(word: &str, max: Duration, bounds: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(word).map_err(|error| error.to_string())?;
    let is_good = !time.is_zero() && time <= max;
    is_good.then_some(time).ok_or_else(|| bounds.to_owned())
}

fn generation(word: &str) -> Result<Generation, String> {
    let number: u64 = word.parse().map_err(|error: ParseIntError| error.to_string())?;
    serde_json::from_value(number.into()).map_err(|error| error.to_string())
}
