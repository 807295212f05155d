//! The file `canaryd.toml`: from text to a [`Config`] in which nothing can be wrong.
//!
//! What is written and what is meant are two types. A `Written…` type holds what the file says, each value with its
//! place; its `meant` looks at it and reports to `problems`, which goes on after a mistake, so that an operator sees
//! all of them at once. Only what is no TOML, an unknown key or a value of another type stops at the first.

mod address;
mod admin;
mod approval;
mod batch;
mod choice;
mod cohort;
mod conflict;
mod count;
mod criteria;
mod daemon;
mod docker;
mod duration;
mod error;
mod finding;
mod freeze;
mod hooks;
mod key;
mod limits;
mod listen;
mod number;
mod origin;
mod parking;
mod path;
mod percent;
mod preview;
mod problems;
mod rate;
mod reading;
mod release;
mod rescue;
mod rollout;
mod rule;
mod service;
mod smoke;
mod source;
mod stay;
mod step;
mod strategy;
mod syntax;
mod target;
mod token;
mod usage;
mod warning;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_spanned::Spanned;

pub use self::error::{ConfigError, ConfigErrors};
pub use self::finding::Position;
use self::problems::{Problems, Section};
pub use self::reading::Reading;
pub use self::warning::{ConfigWarning, ConfigWarnings};
use crate::daemon::{Config, Proxy, Store};

/// The whole file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct WrittenFile {
    #[serde(default)]
    listen: BTreeMap<Spanned<String>, listen::WrittenListen>,
    #[serde(default)]
    admin: admin::WrittenAdmin,
    #[serde(default)]
    metrics: daemon::WrittenMetrics,
    #[serde(default)]
    store: daemon::WrittenStore,
    #[serde(default)]
    access_log: daemon::WrittenAccessLog,
    #[serde(default)]
    proxy: daemon::WrittenProxy,
    #[serde(default)]
    limits: limits::WrittenLimits,
    docker: Option<docker::WrittenDocker>,
    #[serde(default)]
    services: BTreeMap<Spanned<String>, service::WrittenService>,
    #[serde(default)]
    freeze: Vec<Spanned<freeze::WrittenFreeze>>,
}

// === impl WrittenFile ===

impl WrittenFile {
    fn meant(self, problems: &mut Problems<'_>) -> Config {
        let mut root = Section::root(problems);
        let known: Vec<String> = self.services.keys().map(|name| name.get_ref().clone()).collect();
        let listen = listen::meant(self.listen, &mut root.child("listen"));
        let (metrics, metrics_address) = self.metrics.meant(&mut root.child("metrics"), &listen.addresses);
        let bound = [listen.addresses.as_slice(), metrics_address.as_slice()].concat();
        let admin = self.admin.meant(&mut root.child("admin"), &bound);
        let store = Store { path: root.child("store").path("path", self.store.path, Store::default().path) };
        let access_log = self.access_log.meant(&mut root.child("access_log"));
        let proxy: Proxy = self.proxy.meant(&mut root.child("proxy"));
        let limits = self.limits.meant(&mut root.child("limits"));
        let docker = self.docker.map(|docker| docker.meant(&mut root.child("docker")));
        let services = service::meant(self.services, &mut root.child("services"), &listen, docker.as_ref());
        let freezes = freeze::meant(self.freeze, &mut root, &known);
        Config {
            listeners: listen.listeners,
            admin,
            metrics,
            store,
            access_log,
            proxy,
            limits,
            docker,
            services,
            freezes,
        }
    }
}
