//! What a changed file changed.

use std::fmt;

use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{ProblemKind, schema};

/// `POST /v1/reload`: what a changed file changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// In force now.
    pub changed: Vec<Changed>,
    /// The tables beside services that have changed and are in force now, such as `freeze`.
    #[serde(default)]
    pub tables: Vec<String>,
    /// The tables of the file that differ from what is in force and need a restart, such as `listen`.
    pub needs_restart: Vec<String>,
    /// What is understood and should be written otherwise.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A service that a changed file changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// Its name.
    #[schema(value_type = schema::ServiceName)]
    pub service: ServiceName,
    /// What became of it.
    pub change: Change,
}

/// What a changed file made of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is declared in another way.
    Changed,
    /// It is gone.
    Removed,
}

/// The answer to a reload that was not done: a [`Problem`](crate::api::Problem) with places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReloadProblem {
    /// Its kind, from which the exit code follows.
    pub kind: ProblemKind,
    /// What, where, and what to do.
    pub message: String,
    /// What is wrong with the file, in its order; nothing if the file is good and does not fit what is under way.
    #[serde(default)]
    pub errors: Vec<FileError>,
}

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileError {
    /// Counted from 1; nothing if the file itself could not be read.
    pub line: Option<usize>,
    /// Counted from 1, in characters.
    pub column: Option<usize>,
    /// The key in question, such as `services.web.rollout.steps[2]`; empty if it is the file itself.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

// === impl Changed ===

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.change {
            Change::Added => "added",
            Change::Changed => "changed",
            Change::Removed => "removed",
        };
        write!(f, "services.{} {effect}", self.service)
    }
}
