//! What is said of a limit, for people.

use std::fmt;

use canary_config::name::ReleaseId;

use super::{Excess, Resource, Silence};
use crate::analysis::Arms;

// === impl Silence ===

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unmeasured => "not every container has been measured twice",
            Self::StableAway => "stable has no container that is ready",
            Self::CanaryAway => "no container on trial runs",
            Self::StableIdle => "stable gets no requests",
            Self::New => "what is compared has only just begun",
            Self::Busier => "a container on trial gets more than twice as many requests as one of stable",
            Self::FewRequests => "too few requests have ended",
        })
    }
}

// === impl Excess ===

impl Excess {
    /// It in a sentence, of these releases.
    #[must_use]
    pub fn in_words(&self, releases: &Arms<ReleaseId>) -> String {
        let Arms { stable, canary } = releases;
        let (what, one) = match self.resource {
            Resource::Memory => (format!("a container of {canary} has {}", mebibytes(self.amounts.canary)), "memory"),
            Resource::Processor => {
                (format!("a request to {canary} takes {}", milliseconds(self.amounts.canary)), "processor time")
            }
        };
        let of_stable = match self.resource {
            Resource::Memory => mebibytes(self.amounts.stable),
            Resource::Processor => milliseconds(self.amounts.stable),
        };
        let times = match times(self.amounts) {
            Some(times) => format!("{times} times as much as"),
            None => "against next to nothing at".to_owned(),
        };
        format!("{what} of {one}, {times} {stable} ({of_stable}), and at most {} times is allowed", self.limit)
    }
}

/// `1.5`, cut to two digits behind the point.
fn times(amounts: Arms<u64>) -> Option<String> {
    let hundredths = (u128::from(amounts.canary) * 100).checked_div(u128::from(amounts.stable))?;
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

fn mebibytes(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn milliseconds(nanoseconds: u64) -> String {
    let hundredths = nanoseconds / 10_000;
    format!("{}.{:02}ms", hundredths / 100, hundredths % 100)
}
