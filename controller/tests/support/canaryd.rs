//! A real canaryd, which ends with the test.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Answer, Api, Client, Page, Site, until};

/// Lines of standard error that a failure shows.
const TAIL: usize = 60;

/// A process. It is killed, and waited for, when this is dropped; a failing test prints what it said last.
pub(crate) struct Canaryd {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    pub(crate) api: Api,
}

// === impl Canaryd ===

impl Canaryd {
    pub(crate) fn command(site: &Site) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canaryd"));
        command.arg("--config").arg(&site.config_path);
        command
    }

    /// Starts one, and waits until it serves.
    pub(crate) async fn start(site: &Site) -> Self {
        let canaryd = Self::up(site).await;
        canaryd.api.until_ready().await;
        canaryd
    }

    /// Starts one, and waits until it answers; its backends need not be ready.
    pub(crate) async fn up(site: &Site) -> Self {
        Self::answering(Self::command(site), site).await
    }

    /// Runs a command that becomes canaryd, and waits until it answers.
    pub(crate) async fn answering(command: Command, site: &Site) -> Self {
        let mut canaryd = Self::spawn(command, site);
        until("an answer of the control socket", async || {
            if let Some(status) = canaryd.child.try_wait().expect("our child") {
                panic!("canaryd ended with {status}: {}", canaryd.said());
            }
            let mut client = Client::unix(&canaryd.api.socket).await?;
            client.get("/healthz").await.map(drop)
        })
        .await;
        canaryd
    }

    pub(crate) fn spawn(mut command: Command, site: &Site) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).env_remove("CANARYD_LOG");
        let mut child = command.spawn().expect("canaryd can be run");
        let stderr = child.stderr.take().expect("it is piped");
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&said);
        // It ends with the process, at the end of the pipe.
        thread::spawn(move || listen(stderr, &heard));
        Self { child, said, api: Api { socket: site.socket.clone() } }
    }

    /// Ends at once, as in a crash.
    pub(crate) fn kill9(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it was killed");
    }

    /// Ends in order, and tells how.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    pub(crate) fn signal(&self, signal: &str) {
        // A process that has not been waited for keeps its number, so this reaches nobody else.
        let pid = self.pid().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &pid]).status();
        assert!(sent.expect("sh can be run").success(), "{signal} was not sent: {}", self.said());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let said = Arc::clone(&self.said);
        until("the end of canaryd", async || {
            let status = self.child.try_wait().expect("our child");
            status.ok_or_else(|| tail(&said))
        })
        .await
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our child").is_none()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All of standard error so far.
    pub(crate) fn all_said(&self) -> String {
        self.said.lock().expect("no listener panics").join("\n")
    }

    /// The last lines of standard error.
    pub(crate) fn said(&self) -> String {
        tail(&self.said)
    }

    pub(crate) async fn until_said(&self, text: &str) -> String {
        until(&format!("`{text}` on standard error"), async || {
            let said = self.said();
            if said.contains(text) { Ok(said) } else { Err(said) }
        })
        .await
    }

    /// Where clients come in.
    pub(crate) async fn web(&self) -> SocketAddr {
        self.address("web").await
    }

    pub(crate) async fn address(&self, listener: &str) -> SocketAddr {
        let mark = format!("listener={listener} address=");
        let quoted = format!("listener=\"{listener}\" address=");
        until(&format!("the address of {listener}"), async || {
            let said = self.said.lock().expect("no listener panics").clone();
            let place = |line: &String| {
                let (_, rest) = line.split_once(&mark).or_else(|| line.split_once(&quoted))?;
                rest.split_whitespace().next()?.parse().ok()
            };
            said.iter().find_map(place).ok_or_else(|| said.join("\n"))
        })
        .await
    }

    /// The page that Prometheus reads, as it is given to this token.
    pub(crate) async fn metrics_with(&self, token: Option<&str>) -> Answer {
        let mut client = Client::tcp(self.address("metrics").await).await.expect("a connection");
        let mut request = http::Request::get("/metrics").header("host", "metrics.test");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        client.send(request.body(http_body_util::Full::default()).expect("a plain request")).await.expect("an answer")
    }

    pub(crate) async fn page(&self) -> Page {
        let answer = self.metrics_with(None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Page::parse(answer.text)
    }
}

impl Drop for Canaryd {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let mut text = String::new();
            let _ = write!(text, "--- canaryd {} said last:\n{}\n---\n", self.pid(), self.said());
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

fn listen(stderr: ChildStderr, heard: &Mutex<Vec<String>>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        heard.lock().expect("no reader panics").push(line);
    }
}

fn tail(said: &Mutex<Vec<String>>) -> String {
    let said = said.lock().expect("no listener panics");
    said[said.len().saturating_sub(TAIL)..].join("\n")
}
