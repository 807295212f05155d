//! Deployments and rollbacks.

use std::path::PathBuf;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::{OnBusy, Strategy};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::ctl::args::rollout::on_busy;
use crate::ctl::args::{Said, Wait};

/// What a deployment needs to know.
#[derive(Debug, clap::Args)]
pub struct DeployArgs {
    /// The service; or several, with --tag, as one rollout by the plan of the first.
    #[arg(required = true, value_name = "SERVICE")]
    pub services: Vec<ServiceName>,
    /// What it is to be.
    #[command(flatten)]
    pub what: DeployWhat,
    /// During a rollout: `reject`, `supersede` or `queue` this one; as the plan says, if not given.
    #[arg(long, value_name = "WHAT", hide_possible_values = true, value_parser = on_busy())]
    pub on_busy: Option<OnBusy>,
    /// Answer as soon as the checks have passed, instead of when the rollout has begun.
    #[arg(long, conflicts_with_all = ["wait", "from_compose"])]
    pub detach: bool,
    /// Whether to wait for its end.
    #[command(flatten)]
    pub wait: Wait,
    /// Why it is ordered.
    #[command(flatten)]
    pub said: Said,
}

/// What a look before a deployment needs to know.
#[derive(Debug, clap::Args)]
pub struct PreflightArgs {
    /// The service.
    pub service: ServiceName,
    /// What it is to be.
    #[command(flatten)]
    pub what: DeployWhat,
}

/// What a service is to be.
#[derive(Debug, clap::Args)]
pub struct DeployWhat {
    /// The image, as `docker run` takes it.
    #[arg(long, value_name = "REF", required_unless_present_any = ["tag", "from_compose"])]
    pub image: Option<String>,
    /// The tag of an image that is called as stable's is.
    #[arg(long, value_name = "TAG", conflicts_with = "image")]
    pub tag: Option<String>,
    /// Have Compose make the containers by the file of stable's, whose variables are read anew.
    #[arg(long)]
    pub from_compose: bool,
    /// The Compose file, if it is another one; once or more.
    #[arg(long, value_name = "FILE", requires = "from_compose")]
    pub file: Vec<PathBuf>,
    /// Set a variable over those of stable's; once or more. Without a value it has that of the environment.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// Set the variables of this file, a NAME=VALUE on each line, perhaps encrypted by age or SOPS.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// The age identity that decrypts that file [env: CANARYD_AGE_IDENTITY]
    #[arg(long, value_name = "FILE", requires = "env_file")]
    pub identity: Option<PathBuf>,
    /// Have `sops` decrypt that file, also if it does not look encrypted.
    #[arg(long, requires = "env_file")]
    pub sops: bool,
    /// Send variables over a network as they are: canaryd's address has no TLS.
    #[arg(long)]
    pub allow_plain_secrets: bool,
    /// The shape of the rollout: `canary`, `blue-green`, `rolling` or `recreate`; as the plan says, if not given.
    #[arg(long, value_name = "SHAPE", hide_possible_values = true, value_parser = strategy())]
    pub strategy: Option<Strategy>,
    /// Deploy it although it is stable already, or was aborted before.
    #[arg(long)]
    pub force: bool,
}

/// What a rollback needs to know.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The service; it may be left out where there is only one.
    pub service: Option<ServiceName>,
    /// The release, one of those that `status` shows as kept; the one that was stable before, if not given.
    #[arg(long, value_name = "RELEASE")]
    pub to: Option<ReleaseId>,
    /// The shape of the rollout: `canary`, `blue-green`, `rolling` or `recreate`; as the plan says, if not given.
    #[arg(long, value_name = "SHAPE", hide_possible_values = true, value_parser = strategy())]
    pub strategy: Option<Strategy>,
    /// During a rollout: `reject`, `supersede` or `queue` this one; as the plan says, if not given.
    #[arg(long, value_name = "WHAT", hide_possible_values = true, value_parser = on_busy())]
    pub on_busy: Option<OnBusy>,
    /// Bring it back although it was aborted before.
    #[arg(long)]
    pub force: bool,
    /// Whether to wait for its end.
    #[command(flatten)]
    pub wait: Wait,
    /// Why it is ordered.
    #[command(flatten)]
    pub said: Said,
}

fn strategy() -> impl TypedValueParser<Value = Strategy> {
    let words = PossibleValuesParser::new(Strategy::ALL.map(Strategy::as_str));
    words.try_map(|word| Strategy::ALL.into_iter().find(|choice| choice.as_str() == word).ok_or("no such choice"))
}
