//! A registry of the test's own with one image, which answers until a point and is silent from then on.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What it does not answer any more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// What the image is made of.
    Manifest,
    /// What is in it.
    Layer,
}

/// It ends with the test.
pub(super) struct HalfRegistry {
    port: u16,
    is_reached: watch::Receiver<bool>,
}

// === impl HalfRegistry ===

impl HalfRegistry {
    pub(super) async fn start(until: Until) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (reached, is_reached) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let reached = reached.clone();
                tokio::spawn(async move { converse(stream, until, &reached).await });
            }
        });
        Self { port, is_reached }
    }

    /// The image that it has.
    pub(super) fn image(&self) -> String {
        format!("127.0.0.1:{}/web:v2", self.port)
    }

    /// Waits until it is asked for what it does not answer.
    pub(super) async fn until_reached(&self) {
        self.is_reached.clone().wait_for(|is_reached| *is_reached).await.expect("it goes on");
    }
}

async fn converse(mut stream: TcpStream, until: Until, reached: &watch::Sender<bool>) -> Option<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    loop {
        // What is no text is TLS, which it does not speak.
        let first = lines.next_line().await.ok()??;
        while !lines.next_line().await.ok()??.is_empty() {}
        let mut words = first.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let is_manifest = path.contains("/manifests/");
        let contents = contents();
        let found = match path.rsplit('/').next()? {
            "" => Some(&*contents["ping"]),
            _ if is_manifest => Some(&*contents["manifest"]).filter(|_| until != Until::Manifest),
            blob => contents.get(blob).map(String::as_str),
        };
        let Some(body) = found else {
            reached.send_replace(true);
            return std::future::pending().await;
        };
        let kind = if is_manifest { MANIFEST } else { "application/json" };
        let (length, digest) = (body.len(), named(body));
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\ndocker-content-digest: {digest}\r\n\
             docker-distribution-api-version: registry/2.0\r\n\r\n"
        );
        writer.write_all(head.as_bytes()).await.ok()?;
        if method != "HEAD" {
            writer.write_all(body.as_bytes()).await.ok()?;
        }
    }
}

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// All that it has, by its digest or its kind. There is no layer.
fn contents() -> HashMap<String, String> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let layer = named("a layer");
    let config = json!({
        "architecture": architecture, "os": "linux", "config": { "ExposedPorts": { "8080/tcp": {} } },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
    })
    .to_string();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(), "digest": named(&config),
        },
        "layers": [{
            "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1000, "digest": layer,
        }],
    })
    .to_string();
    let named_config = named(&config);
    let all = [("ping".to_owned(), "{}".to_owned()), ("manifest".to_owned(), manifest), (named_config, config)];
    all.into()
}

fn named(body: &str) -> String {
    let sum = digest(&SHA256, body.as_bytes());
    sum.as_ref().iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}
