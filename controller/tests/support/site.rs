//! A folder with a configuration, and the origins that it names.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use tempfile::TempDir;

use super::Origin;

/// A plan that hurries through its steps on little evidence.
pub(crate) const QUICK: &str = r#"
steps = [10, 25, 100]
min_duration = "150ms"
max_duration = "150ms"
on_thin_evidence = "promote"
probation = "300ms"
"#;

/// A plan that goes nowhere by itself for as long as a test lasts.
pub(crate) const SLOW: &str = r#"
steps = [10, 25, 100]
min_duration = "10m"
max_duration = "15m"
probation = "10m"
"#;

/// One service, `web`, with three releases.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) config_path: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) store: PathBuf,
    pub(crate) v1: Origin,
    pub(crate) v2: Origin,
    pub(crate) v3: Origin,
}

// === impl Site ===

impl Site {
    /// A site whose file has this plan.
    pub(crate) async fn new(plan: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let (v1, v2, v3) = (Origin::start("v1").await, Origin::start("v2").await, Origin::start("v3").await);
        fs::create_dir(path("state")).expect("a folder of our own");
        let (config_path, socket, store) = (path("canaryd.toml"), path("socket"), path("state/canaryd.db"));
        let site = Self { config_path, socket, store, v1, v2, v3, folder };
        site.write(&site.config(plan));
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, config: &str) {
        fs::write(&self.config_path, config).expect("our own folder takes a file");
    }

    /// The whole file with this plan.
    pub(crate) fn config(&self, plan: &str) -> String {
        format!("{}{}", self.daemon(), self.service("web", "PathPrefix(`/`)", plan))
    }

    /// All of the file but its services.
    pub(crate) fn daemon(&self) -> String {
        let (socket, store) = (self.socket.display(), self.store.display());
        format!(
            r#"
[listen.web]
address = "127.0.0.1:0"
[admin]
socket = "{socket}"
[metrics]
address = "127.0.0.1:0"
[store]
path = "{store}"
[access_log]
output = "off"
[proxy]
workers = 1
"#
        )
    }

    /// A service with the three releases.
    pub(crate) fn service(&self, name: &str, rule: &str, plan: &str) -> String {
        let (v1, v2, v3) = (self.v1.address, self.v2.address, self.v3.address);
        format!(
            r#"
[services.{name}]
rule = "{rule}"
stable = "v1"
probe = {{ path = "/healthz", interval = "20ms", timeout = "5s", rise = 1, fall = 2 }}
[services.{name}.releases.v1]
backends = ["{v1}"]
[services.{name}.releases.v2]
backends = ["{v2}"]
[services.{name}.releases.v3]
backends = ["{v3}"]
[services.{name}.rollout]
{plan}
"#
        )
    }
}

/// An address of loopback at which nobody listened a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of loopback");
    listener.local_addr().expect("it is bound")
}
