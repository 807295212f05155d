//! A canaryd that says what it is told to say, and keeps what it was asked.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// After so long nothing will come any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A place at which every connection gets the next answer; the last answer is for all that follow.
pub(super) struct Fake {
    place: Place,
    requests: Receiver<Request>,
}

enum Place {
    Socket(TempDir),
    Address(SocketAddr),
}

/// What was asked.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    /// `POST /v1/reload`.
    pub(super) line: String,
    pub(super) content_type: Option<String>,
    /// The order's name.
    pub(super) key: Option<String>,
    pub(super) host: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) last_event_id: Option<String>,
    pub(super) body: String,
}

/// A connection of either kind.
trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// What is said to one connection.
pub(super) enum Answer {
    /// These bytes, and the end.
    Bytes(Vec<u8>),
    /// Nothing, as long as the other side waits.
    Silence,
    /// These bytes, once somebody has sent the word.
    After(Receiver<()>, Vec<u8>),
    /// These bytes, and the end only when the word comes, or nobody is left to send it.
    Begun(Vec<u8>, Receiver<()>),
}

// === impl Answer ===

impl Answer {
    pub(super) fn ok(document: &Value) -> Self {
        Self::http("200 OK", &document.to_string())
    }

    pub(super) fn problem(status: &str, kind: &str, message: &str) -> Self {
        Self::http(status, &serde_json::json!({ "kind": kind, "message": message }).to_string())
    }

    pub(super) fn http(status: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        Self::Bytes(format!("{head}\r\n\r\n{body}").into_bytes())
    }

    fn say(&self, stream: &mut dyn Stream) {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::Silence => {
                // Reading ends when the other side has given up.
                let _gone = stream.read_to_end(&mut Vec::new());
                return;
            }
            Self::After(word, bytes) => {
                word.recv().unwrap();
                bytes
            }
            Self::Begun(bytes, word) => {
                let _unheard = stream.write_all(bytes).and_then(|()| stream.flush());
                let _gone = word.recv();
                return;
            }
        };
        // Whoever has heard enough may hang up.
        let _unheard = stream.write_all(bytes);
    }
}

// === impl Fake ===

impl Fake {
    /// At a socket.
    pub(super) fn saying(answers: impl IntoIterator<Item = Answer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let accept = move || listener.accept().map(|(stream, _)| Box::new(stream) as Box<dyn Stream>);
        Self { place: Place::Socket(folder), requests: serve(accept, answers.into_iter().collect()) }
    }

    /// At an address.
    pub(super) fn remote(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accept = move || listener.accept().map(|(stream, _)| Box::new(stream) as Box<dyn Stream>);
        Self { place: Place::Address(address), requests: serve(accept, answers.into_iter().collect()) }
    }

    pub(super) fn socket(&self) -> PathBuf {
        let Place::Socket(folder) = &self.place else { panic!("it is at an address") };
        folder.path().join("socket")
    }

    pub(super) fn address(&self) -> SocketAddr {
        let Place::Address(address) = self.place else { panic!("it is at a socket") };
        address
    }

    /// Runs `canaryctl` against it to its end.
    pub(super) fn run(&self, args: &[&str]) -> Ended {
        self.command(args).output().unwrap().into()
    }

    /// `canaryctl`, told where it is.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = canaryctl(args);
        match &self.place {
            Place::Socket(_) => command.env("CANARYD_SOCKET", self.socket()),
            Place::Address(address) => command.env("CANARYD_URL", format!("http://{address}")),
        };
        command
    }

    /// What it was asked so far, the first one first.
    pub(super) fn asked(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// The lines of what it was asked so far.
    pub(super) fn asked_lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|request| request.line).collect()
    }

    /// Waits for the next request.
    pub(super) fn next_asked(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).unwrap()
    }
}

/// `canaryctl` in an environment that says nothing.
pub(super) fn canaryctl(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// How `canaryctl` ended, and what it wrote.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

// === impl Ended ===

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        // Without a code it was killed by a signal.
        let code = output.status.code().unwrap_or(-1);
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Answers one connection after the other. It ends when nobody asks what it was asked any more.
fn serve(accept: impl Fn() -> io::Result<Box<dyn Stream>> + Send + 'static, answers: Vec<Answer>) -> Receiver<Request> {
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for index in 0.. {
            let mut stream = accept().unwrap();
            let request = read(&mut *stream);
            if sender.send(request).is_err() {
                return;
            }
            answers[index.min(answers.len() - 1)].say(&mut *stream);
        }
    });
    requests
}

fn read(stream: &mut dyn Stream) -> Request {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let field = |name: &str| {
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| *field == name).map(|(_, value)| value.to_owned()).next()
    };
    let mut body = vec![0; field("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    let line = head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned();
    Request {
        line,
        content_type: field("content-type"),
        key: field("idempotency-key"),
        host: field("host"),
        authorization: field("authorization"),
        last_event_id: field("last-event-id"),
        body: String::from_utf8(body).unwrap(),
    }
}
