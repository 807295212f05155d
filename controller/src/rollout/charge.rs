//! What a release on trial is sent back for besides what its requests show: what became of its containers, and of the
//! checks that it had to pass.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a release on trial is charged with. Nothing has to be weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// A container of it ended.
    Died,
    /// A container of it wanted more memory than it may have, and was killed.
    OutOfMemory,
    /// A container of it was started again by its restart policy.
    Restarted,
    /// It needs more memory than its limit relative to stable allows.
    Memory,
    /// It needs more processor time than its limit relative to stable allows.
    Processor,
    /// A smoke test failed.
    SmokeTest,
    /// A hook failed that it had to pass.
    Hook,
}

// === impl Charge ===

impl Charge {
    /// Every charge.
    pub const ALL: [Self; 7] =
        [Self::Died, Self::OutOfMemory, Self::Restarted, Self::Memory, Self::Processor, Self::SmokeTest, Self::Hook];

    /// Its value of the label `reason`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Died => "container-died",
            Self::OutOfMemory => "out-of-memory",
            Self::Restarted => "container-restarted",
            Self::Memory => "memory",
            Self::Processor => "processor",
            Self::SmokeTest => "smoke-test",
            Self::Hook => "hook",
        }
    }
}
