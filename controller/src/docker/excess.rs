//! Whether a release on trial uses more of its host than its limits relative to stable allow. Pure: what was measured
//! comes in with `now`.
//!
//! Memory is compared by the container, processor time by the request, so that a share makes nobody cheap or dear. What
//! is beyond a limit has to stay there: a spike, the first moments of a process, and what is falling convict nobody.
//! Where nothing can be said, it is said why.

mod memory;
mod processor;
mod streak;
mod words;

#[cfg(test)]
mod tests;

use std::iter::Sum;
use std::time::{Duration, Instant};

use canary_config::usage::{Factor, UsageLimits};

use self::memory::Memory;
use self::processor::Processor;
use crate::analysis::Arms;

/// What the containers of a release used from one look to the next, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// How many containers.
    pub containers: u64,
    /// Their memory at the end.
    pub memory_bytes: u64,
    /// The time that processors spent on them.
    pub processor: Duration,
    /// The time that went by, once for each container.
    pub time: Duration,
    /// The requests that ended at them.
    pub requests: u64,
}

/// Both releases side by side, as long as their containers are the same.
#[derive(Clone, Debug)]
pub struct Comparison {
    limits: UsageLimits,
    course: Option<Course>,
    silence: Silence,
}

/// What has been seen so far.
#[derive(Clone, Debug)]
struct Course {
    began: Instant,
    memory: Memory,
    processor: Processor,
}

/// Where a release on trial stands to one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is limited.
    pub resource: Resource,
    /// The limit.
    pub limit: Factor,
    /// What was compared last: the bytes of a container, or the nanoseconds of a request.
    pub amounts: Option<Arms<u64>>,
    /// What is to be said of it.
    pub opinion: Opinion,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The memory of a container.
    Memory,
    /// The processor time of a request.
    Processor,
}

/// What is to be said of a release and a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Nothing.
    None(Silence),
    /// It keeps the limit.
    Within,
    /// It is beyond the limit.
    Beyond {
        /// Since when.
        since: Instant,
    },
    /// It has been beyond the limit for too long.
    TooLong {
        /// Since when.
        since: Instant,
    },
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Not every container has been measured twice.
    Unmeasured,
    /// Stable has no container that runs and is ready.
    StableAway,
    /// No container of the release on trial runs.
    CanaryAway,
    /// Stable gets no requests, so that it uses less than it could.
    StableIdle,
    /// The containers, or the requests to them, have just begun.
    New,
    /// The containers on trial get so many requests each that they may need more than stable's.
    Busier,
    /// Too few requests have ended.
    FewRequests,
}

/// More than a limit allows, for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Of what.
    pub resource: Resource,
    limit: Factor,
    amounts: Arms<u64>,
}

// === impl Comparison ===

impl Comparison {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new(limits: UsageLimits) -> Self {
        Self { limits, course: None, silence: Silence::Unmeasured }
    }

    /// By what it compares.
    #[must_use]
    pub const fn limits(&self) -> UsageLimits {
        self.limits
    }

    /// Takes what was seen until now since the look before, of the same containers. What is not seen whole, or cannot be
    /// compared, begins anew.
    pub fn look(&mut self, seen: Result<Arms<Used>, Silence>, now: Instant) {
        match seen {
            Ok(arms) => {
                let sustained = self.limits.sustained;
                let course = self.course.get_or_insert_with(|| Course::begin(now));
                course.memory.look(arms, self.limits.memory, course.began, sustained, now);
                course.processor.look(arms, self.limits.processor, sustained, now);
            }
            Err(silence) => (self.course, self.silence) = (None, silence),
        }
    }

    /// Where the release on trial stands to each of its limits.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let limits = [(Resource::Memory, self.limits.memory), (Resource::Processor, self.limits.processor)];
        let limits = limits.into_iter().filter_map(|(resource, limit)| Some((resource, limit?)));
        let standing = |(resource, limit)| {
            let (amounts, opinion) = match (&self.course, resource) {
                (None, _) => (None, Opinion::None(self.silence)),
                (Some(course), Resource::Memory) => course.memory.standing(),
                (Some(course), Resource::Processor) => course.processor.standing(),
            };
            Standing { resource, limit, amounts, opinion }
        };
        limits.map(standing).collect()
    }

    /// What the release on trial is to be sent back for.
    #[must_use]
    pub fn excess(&self) -> Option<Excess> {
        let is_too_long = |standing: &Standing| matches!(standing.opinion, Opinion::TooLong { .. });
        let mut beyond = self.standings().into_iter().filter(is_too_long);
        beyond.find_map(|Standing { resource, limit, amounts, .. }| Some(Excess { resource, limit, amounts: amounts? }))
    }
}

// === impl Course ===

impl Course {
    fn begin(now: Instant) -> Self {
        Self { began: now, memory: Memory::default(), processor: Processor::begin(now) }
    }
}

// === impl Used ===

impl Used {
    /// Both together, one after the other.
    #[must_use]
    const fn and_then(self, later: Self) -> Self {
        Self {
            processor: self.processor.saturating_add(later.processor),
            time: self.time.saturating_add(later.time),
            requests: self.requests.saturating_add(later.requests),
            ..later
        }
    }
}

impl Sum for Used {
    /// Side by side.
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            containers: sum.containers.saturating_add(one.containers),
            memory_bytes: sum.memory_bytes.saturating_add(one.memory_bytes),
            ..sum.and_then(one)
        })
    }
}

// === impl Resource ===

impl Resource {
    /// Its name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processor => "processor",
        }
    }
}
