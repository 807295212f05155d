//! A socket that answers everything with a version and keeps what was sent, headers included.

use std::sync::{Arc, Mutex};

use canary_config::docker::DockerHost;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::AbortHandle;

const ANSWER: &str = r#"{"ApiVersion": "1.41", "message": "none"}"#;

pub(super) struct Wire {
    folder: TempDir,
    sent: Arc<Mutex<String>>,
    accepting: AbortHandle,
}

// === impl Wire ===

impl Wire {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let sent = Arc::new(Mutex::default());
        let kept = Arc::clone(&sent);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, &kept).await;
            }
        });
        Self { folder, sent, accepting: accepting.abort_handle() }
    }

    pub(super) fn endpoint(&self) -> DockerHost {
        DockerHost::Unix(self.folder.path().join("docker.sock"))
    }

    /// The value of a header that was sent; empty when there was none.
    pub(super) fn header(&self, name: &str) -> String {
        let sent = self.sent.lock().unwrap();
        let lines = sent.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request, one answer: all but the version is not found.
async fn answer(mut stream: UnixStream, sent: &Mutex<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let status = if head.starts_with("GET /version") { "200 OK" } else { "404 Not Found" };
    sent.lock().unwrap().push_str(&head);
    let length = ANSWER.len();
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{ANSWER}");
    // The client is satisfied or has gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}
