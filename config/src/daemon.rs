//! What the daemon itself is told: where it listens, where it keeps its state, and what it refuses.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::docker::Docker;
use crate::freeze::FreezeWindow;
use crate::name::{ListenerName, ServiceName};
use crate::secret::Secret;
use crate::service::Service;

/// A whole, valid configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where clients are accepted. Never empty.
    pub listeners: Vec<Listener>,
    /// The control socket.
    pub admin: Admin,
    /// The page that Prometheus reads.
    pub metrics: Metrics,
    /// Where the state is kept.
    pub store: Store,
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// The data plane's threads and the end of its life.
    pub proxy: Proxy,
    /// What clients may use up.
    pub limits: Limits,
    /// Where containers are found. Default nowhere.
    pub docker: Option<Docker>,
    /// The services, by name. Never empty.
    pub services: BTreeMap<ServiceName, Service>,
    /// When nothing is started or raised.
    pub freezes: Vec<FreezeWindow>,
}

/// A socket on which clients are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name in the configuration.
    pub name: ListenerName,
    /// The address that is bound.
    pub address: SocketAddr,
    /// Peers whose `X-Forwarded-*` and `X-Request-Id` are believed. Default: nobody.
    pub trusted_proxies: Vec<IpNet>,
    /// A path that canaryd answers itself: 200 while every critical service has a ready backend, else, and while it
    /// drains, 503. For load balancers and DNS failover in front. Default none.
    pub health_path: Option<Box<str>>,
}

/// The socket that `canaryctl` talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Its path. Default `/run/canaryd/canaryd.sock`.
    pub socket: PathBuf,
    /// The group that owns it; by default the daemon's own.
    pub socket_group: Option<Box<str>>,
    /// Its permissions. Default 0600.
    pub socket_mode: u32,
    /// The same over TCP, for whoever has the token. Default none.
    pub remote: Option<RemoteAdmin>,
}

/// The control interface over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAdmin {
    /// The address that is bound.
    pub address: SocketAddr,
    /// Every request must send it as a bearer token.
    pub bearer_token: Secret,
    /// The hosts, without port, that a request may name in `Host`; the bound address always, and `localhost` if that
    /// is a loopback address. Against DNS rebinding.
    pub hosts: Vec<Box<str>>,
}

/// The page that Prometheus reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Where it is served. Default `127.0.0.1:9901`.
    pub address: SocketAddr,
    /// When set, a reader must send it as a bearer token. From `bearer_token_file`.
    pub bearer_token: Option<Secret>,
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file. Default `/var/lib/canaryd/canaryd.db`.
    pub path: PathBuf,
}

/// Where the access log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// To standard output; the daemon's own log goes to standard error. The default.
    #[default]
    Stdout,
    /// Appended to a file.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// The data plane's threads and the end of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// How many threads accept and serve. Default: half of the cores, at least one.
    pub workers: NonZeroUsize,
    /// How long requests in flight may take to end after SIGTERM. Default 30 s.
    pub drain_timeout: Duration,
}

/// What clients may use up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all. Default 20 000.
    pub connections: usize,
    /// Connections from one address. Default 1 024.
    pub connections_per_ip: usize,
    /// From a request's first byte to the end of its head. Default 10 s.
    pub head_timeout: Duration,
    /// How long an idle connection is kept. Default 180 s.
    pub keep_alive: Duration,
    /// Between two reads or writes of a body. Default 60 s.
    pub body_idle: Duration,
    /// The head in bytes. Default 64 KiB.
    pub head_bytes: usize,
    /// The fields of a head. Default 128.
    pub head_fields: usize,
    /// The request target in bytes, never more than `head_bytes`. Default 8 KiB, or `head_bytes` if that is less.
    pub target_bytes: usize,
}
