//! The file `canaryd.toml`: from text to a [`Config`] in which nothing can be wrong.
//!
//! What is written and what is meant are two types. A `Written…` type holds what the file says, each value with its
//! place; its `meant` looks at it and reports to `problems`, which goes on after a mistake, so that an operator sees
//! all of them at once. Only what is no TOML, an unknown key or a value of another type stops at the first.

mod address;
mod conflict;
mod count;
mod daemon;
mod duration;
mod error;
mod key;
mod limits;
mod listen;
mod path;
mod percent;
mod problems;
mod release;
mod rollout;
mod rule;
mod service;
mod source;
mod step;
mod syntax;
mod token;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_spanned::Spanned;

pub use self::error::{ConfigError, ConfigErrors, Position};
use self::problems::{Problems, Section};
use self::source::Source;
use crate::daemon::{Config, Proxy, Store};

/// The largest file, in bytes. A larger one is surely not meant.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The whole file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct WrittenFile {
    #[serde(default)]
    listen: BTreeMap<Spanned<String>, listen::WrittenListen>,
    #[serde(default)]
    admin: daemon::WrittenAdmin,
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
    #[serde(default)]
    services: BTreeMap<Spanned<String>, service::WrittenService>,
}

// === impl Config ===

impl Config {
    /// Reads the file at `path` and the files that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let unreadable = |message: String| ConfigErrors::from(ConfigError::unreadable(path, message));
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(format!("the file cannot be read: {}", path::advice(&error))))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(unreadable(format!(
                "the file has more than {FILE_BYTES_MAX} bytes; give the path of a configuration"
            )));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid_up_to = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let position = Source::new(&text, path).position(valid_up_to);
            let message = "the file is not UTF-8 from here on; save it as UTF-8";
            ConfigError::new(path, position, "", message.into())
        })?;
        Self::parse(&text, path)
    }

    /// Reads `text` as the content of the file at `path`: messages name it, and relative paths begin at its folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigErrors> {
        let source = Source::new(text, path);
        let written: WrittenFile = toml::from_str(text).map_err(|error| syntax::problem(&source, &error))?;
        let mut problems = Problems::new(&source);
        let config = written.meant(&mut problems);
        problems.into_result(config)
    }
}

// === impl WrittenFile ===

impl WrittenFile {
    fn meant(self, problems: &mut Problems<'_>) -> Config {
        let mut root = Section::root(problems);
        let (listeners, listener_addresses) = listen::meant(self.listen, &mut root.child("listen"));
        let metrics = self.metrics.meant(&mut root.child("metrics"), &listener_addresses);
        let admin = self.admin.meant(&mut root.child("admin"));
        let store = Store { path: root.child("store").path("path", self.store.path, Store::default().path) };
        let access_log = self.access_log.meant(&mut root.child("access_log"));
        let proxy: Proxy = self.proxy.meant(&mut root.child("proxy"));
        let limits = self.limits.meant(&mut root.child("limits"));
        let services = service::meant(self.services, &mut root.child("services"), &listener_addresses);
        Config { listeners, admin, metrics, store, access_log, proxy, limits, services, freezes: Vec::new() }
    }
}
