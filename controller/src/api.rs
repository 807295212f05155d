//! The words of the control socket: what `canaryctl` sends and what it is told. Both sides use these types.
//!
//! Everything is JSON under `/v1`. Weights are basis points in fields that end in `_bp`, times are milliseconds in
//! fields that end in `_ms` and microseconds in those that end in `_us`, evidence is the natural logarithm of an e-value in fields that begin with `ln_`.

mod account;
mod check;
mod command;
mod compose;
mod container;
mod deploy;
mod deployment;
mod evidence;
mod forecast;
mod freeze;
mod history;
mod last_words;
pub(crate) mod number;
mod overview;
mod park;
mod problem;
mod reload;
mod rollback;
mod rollouts;
pub(crate) mod schema;
mod status;
mod why;

pub use self::account::{
    Account, AccountArm, AccountArms, AccountConviction, AccountCounts, AccountMore, AccountPass, AccountPlan,
    AccountPoint, AccountProbation, AccountProof, AccountRequest,
};
pub use self::check::CheckStatus;
pub use self::command::{Adopt, Done, Instruction, Moved, Promote, Start, StartTogether};
pub use self::compose::{AWAITS_COMPOSE, ByCompose, ComposeStatus, Made, ShadowOrder};
pub use self::container::{ContainerStatus, DockerHealth, LimitStatus, UsageStatus};
pub use self::deploy::{
    Deploy, DeployProblem, DeployTogether, Deploying, Finding, Level, Preflight, RollBack, Variables,
};
pub use self::deployment::{DeploymentStatus, KeptRelease};
pub use self::evidence::{EvidenceStatus, MetricStatus, ProbationStatus};
pub use self::forecast::{
    Forecast, ForecastErrors, ForecastMetric, ForecastProbation, ForecastProposal, ForecastSlowdown, ForecastStep,
    ForecastTraffic,
};
pub use self::freeze::{FREEZE_MAX, Freeze, FreezeStatus, Freezes, Unfreeze};
pub use self::history::{History, HistoryEntry};
pub use self::last_words::{ContainerEnd, LastWords};
pub use self::overview::{Overview, StoreHealth};
pub use self::park::{PARK_MAX, Park, Parked, ParkedStatus, Unpark};
pub use self::problem::{Problem, ProblemKind};
pub use self::reload::{Change, Changed, FileError, ReloadProblem, Reloaded};
pub use self::rollback::Rollback;
pub use self::rollouts::{RolloutStory, RolloutSummary, Rollouts};
pub use self::status::{Missing, ServiceStatus, StepStatus, TrackStatus};
pub use self::why::{BackendStatus, Why, WhyPassedOver, WhyServed, WhyTrack};
