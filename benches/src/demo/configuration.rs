//! The canaryd.toml of the demo.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::demo::stage::{Backend, Folder};

/// How releases are brought in, as the file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// By steps.
    Canary,
    /// All at once, when a human says so.
    BlueGreen,
}

/// The whole file.
pub(super) fn text(folder: &Folder, backends: &[Backend], plan: Plan) -> String {
    let mut releases = BTreeMap::<&str, Vec<SocketAddr>>::new();
    for backend in backends {
        releases.entry(backend.release).or_default().push(backend.address);
    }
    render(&folder.file("canaryd.sock"), &folder.file("canaryd.db"), &releases, plan.text())
}

fn render(socket: &Path, store: &Path, releases: &BTreeMap<&str, Vec<SocketAddr>>, plan: &str) -> String {
    // A path is quoted as JSON quotes it, which TOML reads the same way.
    let quoted = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
    let release = |(name, addresses): (&&str, &Vec<SocketAddr>)| {
        let addresses: Vec<_> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
        format!("\n[services.web.releases.{name}]\nbackends = [{}]\n", addresses.join(", "))
    };
    let releases: String = releases.iter().map(release).collect();
    format!(
        r#"[listen.web]
address = "127.0.0.1:0"

[admin]
socket = {socket}

[metrics]
address = "127.0.0.1:0"

[store]
path = {store}

[services.web]
rule = "PathPrefix(`/`)"
stable = "v1"
probe = {{ path = "/healthz", interval = "500ms" }}
{releases}
[services.web.rollout]
{plan}"#,
        socket = quoted(socket),
        store = quoted(store),
    )
}

// === impl Plan ===

impl Plan {
    /// The lines of `[services.web.rollout]`.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Canary => {
                "strategy = \"canary\"\nsteps = [10, 25, 100]\nmin_duration = \"5s\"\nmax_duration = \"30s\"\n\
                 on_thin_evidence = \"hold\"\nprobation = \"10m\"\n"
            }
            Self::BlueGreen => "strategy = \"blue-green\"\npause = \"manual\"\nprobation = \"10m\"\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_has_its_backends() {
        let addresses = |ports: [u16; 2]| ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port))).to_vec();
        let releases = BTreeMap::from([("v1", addresses([1, 2])), ("v2", addresses([3, 4]))]);
        let text = render(Path::new("/t/\"a\"/sock"), Path::new("/t/db"), &releases, Plan::BlueGreen.text());
        assert!(text.contains(
            "\n[services.web.releases.v1]\nbackends = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n\
             \n[services.web.releases.v2]\nbackends = [\"127.0.0.1:3\", \"127.0.0.1:4\"]\n"
        ));
        assert!(
            text.ends_with(
                "[services.web.rollout]\nstrategy = \"blue-green\"\npause = \"manual\"\nprobation = \"10m\"\n"
            )
        );
        assert!(text.contains("socket = \"/t/\\\"a\\\"/sock\"\n"));
    }
}
