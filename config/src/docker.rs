//! Docker as it is declared: which Engine, and what canaryd may do there.

use std::path::PathBuf;

/// The most stopped releases of a service that can be kept.
pub const KEEP_RELEASES_MAX: u32 = 100;

/// The Docker Engine whose containers are found, and what is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docker {
    /// What canaryd does there. Default it only looks.
    pub mode: DockerMode,
    /// Where the Engine is. Default `unix:///var/run/docker.sock`.
    pub host: DockerHost,
    /// How many releases that were stable once are kept, stopped, for a rollback. Default 3.
    pub keep_releases: u32,
    /// A `config.json` of Docker's client, with what its registries ask for. Default none.
    pub registry_auth_file: Option<PathBuf>,
}

/// What canaryd does on an Engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DockerMode {
    /// It finds containers, and changes none: it sends no request but GET. The default.
    #[default]
    Discover,
    /// It also creates, starts, stops and removes those of new releases.
    Provision,
}

/// Where an Engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerHost {
    /// At a socket of this machine.
    Unix(PathBuf),
    /// Over TCP.
    Tcp {
        /// A host name or an IP address, and a port.
        address: Box<str>,
        /// How both sides prove who they are; without it, the Engine listens to anybody.
        tls: Option<DockerTls>,
    },
}

/// The PEM files by which canaryd and an Engine know each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerTls {
    /// Who signed the Engine's certificate.
    pub ca: PathBuf,
    /// The certificate of canaryd.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

// === impl DockerMode ===

impl DockerMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Discover, Self::Provision];

    /// The word that the configuration has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Provision => "provision",
        }
    }
}
