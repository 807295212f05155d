//! The canaryd.toml of the demo.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::demo::stage::{Backend, Folder};

/// The whole file.
pub(super) fn text(folder: &Folder, backends: &[Backend]) -> String {
    let mut releases = BTreeMap::<&str, Vec<SocketAddr>>::new();
    for backend in backends {
        releases.entry(backend.release).or_default().push(backend.address);
    }
    render(&folder.file("canaryd.sock"), &folder.file("canaryd.db"), &releases)
}

fn render(socket: &Path, store: &Path, releases: &BTreeMap<&str, Vec<SocketAddr>>) -> String {
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
strategy = "canary"
steps = [10, 25, 100]
min_duration = "5s"
max_duration = "30s"
on_thin_evidence = "hold"
probation = "10m"
"#,
        socket = quoted(socket),
        store = quoted(store),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_has_its_backends() {
        let addresses = |ports: [u16; 2]| ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port))).to_vec();
        let releases = BTreeMap::from([("v1", addresses([1, 2])), ("v2", addresses([3, 4]))]);
        let text = render(Path::new("/t/\"a\"/sock"), Path::new("/t/db"), &releases);
        assert!(text.contains(
            "\n[services.web.releases.v1]\nbackends = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n\
             \n[services.web.releases.v2]\nbackends = [\"127.0.0.1:3\", \"127.0.0.1:4\"]\n"
        ));
        assert!(text.contains("socket = \"/t/\\\"a\\\"/sock\"\n"));
    }
}
