//! What an Engine says of a container and of its image when it is asked. Pure.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use crate::docker::network::Connection;
use crate::docker::sighting::{Doubt, State};
use crate::docker::signal::Signal;

/// One container as it was when the Engine was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub name: Box<str>,
    /// Its image as it was asked for.
    pub image: Box<str>,
    /// The Engine's own id of its image.
    pub image_id: Box<str>,
    /// Its labels, with those of its image among them.
    pub labels: HashMap<String, String>,
    /// The TCP ports that it exposes, the lowest first.
    pub exposed: Vec<NonZeroU16>,
    /// How it is connected.
    pub connection: Connection,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// How often the Engine has started it again by itself.
    pub restarts: u64,
    /// What tells it to stop.
    pub stop_signal: Signal,
    /// How long it may take to stop, once it was told to.
    pub stop_timeout: Duration,
    /// What is doubtful about how it was made.
    pub doubts: Vec<Doubt>,
    /// What it does.
    pub activity: Activity,
}

/// What a container does, apart from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It runs.
    Running {
        /// Since when.
        since: Option<SystemTime>,
        /// What its Docker health check says.
        health: Health,
    },
    /// It does not, and its state needs no address.
    Other(State),
}

/// What a Docker health check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// There is none, or it has passed.
    Good,
    /// It has not passed yet.
    Starting,
    /// It fails.
    Bad {
        /// What it said last.
        why: String,
    },
}

/// One image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its labels; nothing, if it is gone, so that nobody knows them.
    pub labels: Option<HashMap<String, String>>,
    /// By which digests registries know it.
    pub known_as: Vec<String>,
}

// === impl Activity ===

impl Activity {
    /// Since when it runs, if it does.
    #[must_use]
    pub fn running_since(&self) -> Option<SystemTime> {
        match self {
            Self::Running { since, .. } => *since,
            Self::Other(_) => None,
        }
    }
}
