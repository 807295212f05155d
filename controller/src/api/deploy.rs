//! What an operator says about a deployment, and what the checks before it say.

use std::collections::BTreeMap;
use std::fmt;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::{OnBusy, Strategy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{ByCompose, Problem, ProblemKind, ShadowOrder, schema};

/// `POST /v1/services/{name}/deploy`: makes containers of an image beside those of stable, and begins their rollout. The
/// same with `preflight` only looks whether it could be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The image, as `docker run` takes it; this or `tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "reg.lan/me/web:v2")]
    pub image: Option<String>,
    /// The tag of an image that is called as stable's is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Variables that the new containers get over those of stable's. Their values are kept nowhere else.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub env: Variables,
    /// Compose makes the containers, not canaryd; they have the variables of its file, and `env` is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<ByCompose>,
    /// The shape of the rollout; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Strategy>)]
    pub strategy: Option<Strategy>,
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OnBusy>)]
    pub on_busy: Option<OnBusy>,
    /// Also if it is what is stable, or was sent back before.
    #[serde(default)]
    pub force: bool,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/deployments`: several services as one. One plan, one verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployTogether {
    /// The services; all follow the plan of the first one.
    #[schema(value_type = Vec<schema::ServiceName>, min_items = 1)]
    pub services: Vec<ServiceName>,
    /// The tag of their images, each of which is called as its service's stable one is.
    pub tag: String,
    /// Variables that all new containers get over those of stable's. Their values are kept nowhere else.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    #[schema(value_type = BTreeMap<String, String>)]
    pub env: Variables,
    /// The shape of the rollout; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Strategy>)]
    pub strategy: Option<Strategy>,
    /// Also what is stable, or was sent back before.
    #[serde(default)]
    pub force: bool,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// `POST /v1/services/{name}/rollback`: brings a release back whose containers are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// The release; the one that was stable before, if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ReleaseId>)]
    pub to: Option<ReleaseId>,
    /// The shape of the rollout; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Strategy>)]
    pub strategy: Option<Strategy>,
    /// What becomes of it while another rollout is under way; as the plan says, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::OnBusy>)]
    pub on_busy: Option<OnBusy>,
    /// Also if the release was sent back before.
    #[serde(default)]
    pub force: bool,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub reason: Option<String>,
}

/// Variables of an environment. They show their names alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, String>);

/// The answer to a deployment that has begun, or has nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deploying {
    /// Its name, as `status` shows it; nothing if there is nothing to do.
    pub deployment: Option<String>,
    /// What Compose is to make, if it makes them, once the deployment waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowOrder>,
    /// What the checks said.
    pub services: Vec<Preflight>,
}

/// What the checks before a deployment say of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preflight {
    /// Of which.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// The image, as it was asked for.
    pub image: String,
    /// The image that this means now, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The release that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ReleaseId>)]
    pub release: Option<ReleaseId>,
    /// How many containers it is given.
    pub instances: usize,
    /// The shape of its rollout.
    pub strategy: String,
    /// Whether it is what is stable, so that there is nothing to do.
    pub is_stable: bool,
    /// What each check says.
    pub findings: Vec<Finding>,
}

/// What one check says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which check.
    pub check: String,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// To be weighed.
    Warning,
    /// There is no deployment with it.
    Refused,
}

/// The answer to a deployment that the checks forbid, or that was not done for another reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeployProblem {
    /// Its kind, from which the exit code follows.
    pub kind: ProblemKind,
    /// What, where, and what to do.
    pub message: String,
    /// What the checks said, if they forbid it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Preflight>,
}

// === impl Variables ===

impl Variables {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

// === impl Preflight ===

impl Preflight {
    /// Whether any check forbids it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Refused)
    }
}

// === impl Finding ===

impl Finding {
    /// As it should be.
    pub fn ok(check: &str, what: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Ok, what: what.into(), remedy: None }
    }

    /// To be weighed.
    pub fn warning(check: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Warning, what: what.into(), remedy: Some(remedy.into()) }
    }

    /// There is no deployment with it.
    pub fn refused(check: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check: check.into(), level: Level::Refused, what: what.into(), remedy: Some(remedy.into()) }
    }
}

// === impl DeployProblem ===

impl From<Problem> for DeployProblem {
    fn from(Problem { kind, message }: Problem) -> Self {
        Self { kind, message, services: Vec::new() }
    }
}
