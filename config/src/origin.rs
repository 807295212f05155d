//! Where the releases of a service come from: the file, or the containers of a Docker host.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroUsize};

use crate::name::ReleaseId;
use crate::usage::UsageLimits;

/// Where the releases of a service come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file names every release and where its instances listen.
    Declared(Declared),
    /// Containers say by their labels that they belong to the service.
    Discovered(Discovered),
}

/// The releases that the file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The release that is stable while the store is empty; afterwards the store knows. Always one of `releases`.
    pub stable: ReleaseId,
    /// Every release that can be started, by name. Never empty.
    pub releases: BTreeMap<ReleaseId, Release>,
}

/// One declared release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Where its instances listen. Never empty, no address twice.
    pub backends: Vec<SocketAddr>,
}

/// What holds for the containers of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The port that they listen on, where their label `canary.port` says nothing. Default: the only one they expose.
    pub port: Option<NonZeroU16>,
    /// The network on which they are reached, where their label `canary.network` says nothing. Default: the only one
    /// that they share with canaryd.
    pub network: Option<Box<str>>,
    /// What becomes of the release that stands alone when stable's containers have gone. Default adopt.
    pub on_replace: OnReplace,
    /// How many containers a new release is given. Default: as many as stable has.
    pub instances: Option<NonZeroUsize>,
    /// What a new release's containers get in the place of stable's anonymous volumes. Default fresh.
    pub anonymous_volumes: AnonymousVolumes,
    /// When a new release answers to the names that other containers call it by. Default keep.
    pub aliases: Aliases,
    /// How the old release waits during probation. Default running.
    pub warm: Warm,
    /// Whether containers are copied that rule their host: privileged ones, and those that hold Docker's socket.
    /// Default no.
    pub allow_privileged: bool,
    /// How much more a new release may use than stable does.
    pub limits: UsageLimits,
}

/// What becomes of the release that stands alone when stable's containers have gone: `docker compose up -d` did that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReplace {
    /// It becomes stable, unjudged.
    #[default]
    Adopt,
    /// It waits for `canaryctl adopt`.
    Refuse,
}

/// What a new release's containers get in the place of stable's anonymous volumes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnonymousVolumes {
    /// Empty ones of their own.
    #[default]
    Fresh,
    /// The same ones.
    Share,
    /// Nothing: a service that has some is not deployed.
    Refuse,
}

/// When a new release answers to the names that other containers call it by. They know nothing of shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aliases {
    /// From its start, beside stable.
    #[default]
    Keep,
    /// When it has all requests.
    OnPromote,
}

/// How the old release waits during probation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Warm {
    /// It runs.
    #[default]
    Running,
    /// Its processes are frozen: they keep their memory and use no processor.
    Paused,
}

// === impl Origin ===

impl Origin {
    /// The releases that the file names, if it does.
    #[must_use]
    pub const fn declared(&self) -> Option<&Declared> {
        match self {
            Self::Declared(declared) => Some(declared),
            Self::Discovered(_) => None,
        }
    }

    /// What holds for its containers, if it has some.
    #[must_use]
    pub const fn discovered(&self) -> Option<&Discovered> {
        match self {
            Self::Declared(_) => None,
            Self::Discovered(discovered) => Some(discovered),
        }
    }

    /// The release that is stable while nothing is known.
    #[must_use]
    pub fn first_stable(&self) -> ReleaseId {
        self.declared().map_or_else(ReleaseId::none, |declared| declared.stable.clone())
    }
}

macro_rules! words {
    ($choice:ident: $($variant:ident = $word:literal),+) => {
        impl $choice {
            /// Every choice.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// The word for it in the file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }
    };
}

words!(OnReplace: Adopt = "adopt", Refuse = "refuse");
words!(AnonymousVolumes: Fresh = "fresh", Share = "share", Refuse = "refuse");
words!(Aliases: Keep = "keep", OnPromote = "on-promote");
words!(Warm: Running = "running", Paused = "paused");
