//! All that runs during the demo, and the folder it runs in. What is dropped ends.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::demo::configuration::Plan;
use crate::demo::process::Process;
use crate::demo::{DemoError, configuration, listening};
use crate::origin::Stats;

/// From its start until a program says where it listens.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);
/// From the request to stop until canaryd has to be gone.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the log is read while something is awaited from it.
const LOG_POLL: Duration = Duration::from_millis(50);
/// The lines of canaryd's log that are shown when something goes wrong.
const LOG_TAIL_LINES: usize = 20;

/// The temporary folder with canaryd's socket, store, configuration and log.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

/// One backend.
#[derive(Debug)]
pub(super) struct Backend {
    /// Its release.
    pub(super) release: &'static str,
    /// Where it listens.
    pub(super) address: SocketAddr,
    process: Process,
}

/// canaryd, and where clients reach it.
#[derive(Debug)]
pub(super) struct Canaryd {
    /// Where it listens.
    pub(super) address: SocketAddr,
    process: Process,
}

// === impl Folder ===

impl Folder {
    /// A new one.
    pub(super) fn create() -> Result<Self, DemoError> {
        let folder = tempfile::Builder::new().prefix("canaryd-demo-").tempdir();
        folder.map(Self).map_err(DemoError::system("no temporary folder"))
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes canaryd's file anew.
    pub(super) fn configure(&self, backends: &[Backend], plan: Plan) -> Result<(), DemoError> {
        fs::write(self.file("canaryd.toml"), configuration::text(self, backends, plan))
            .map_err(DemoError::system("the configuration cannot be written"))
    }

    /// The end of canaryd's log.
    pub(super) fn log_tail(&self) -> Vec<String> {
        let log = self.log();
        let skipped = log.lines().count().saturating_sub(LOG_TAIL_LINES);
        log.lines().skip(skipped).map(String::from).collect()
    }

    /// Removes it.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        self.0.close().map_err(DemoError::system("the temporary folder cannot be removed"))
    }

    fn log(&self) -> String {
        fs::read(self.file("canaryd.log")).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }
}

// === impl Backend ===

impl Backend {
    /// Starts one, which chooses its own port.
    pub(super) async fn start(release: &'static str, fail: &str, seed: u64) -> Result<Self, DemoError> {
        let program = std::env::current_exe().map_err(DemoError::system("this program cannot find itself"))?;
        let mut command = Command::new(program);
        command.args(["origin", "--release", release, "--fail", fail, "--seed", &seed.to_string()]);
        // It ends with its standard input, so that it is gone even if this process is killed outright.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(release, &mut command)?;
        let mut lines = BufReader::new(process.take_stdout()?).lines();
        let line = timeout(LISTEN_TIMEOUT, lines.next_line()).await;
        match line.ok().and_then(Result::ok).flatten().and_then(|line| line.parse().ok()) {
            Some(address) => Ok(Self { release, address, process }),
            None => Err(late(&format!("an origin of {release} did not say where it listens"))),
        }
    }

    /// What it served so far.
    pub(super) async fn stats(&self) -> Result<Stats, DemoError> {
        let question = format!("http://{}/stats", self.address);
        let answer = timeout(LISTEN_TIMEOUT, Client::new(self.address).get("/stats")).await;
        let answer = answer.map_err(|_| late(&format!("{question} was not answered")))??;
        serde_json::from_slice(answer.body())
            .map_err(|error| DemoError::Answer { command: question, why: error.to_string() })
    }

    /// An error if it has ended.
    pub(super) fn must_run(&mut self) -> Result<(), DemoError> {
        self.process.must_run()
    }
}

// === impl Canaryd ===

impl Canaryd {
    /// Starts it in front of these backends.
    pub(super) async fn start(folder: &Folder, backends: &[Backend]) -> Result<Self, DemoError> {
        folder.configure(backends, Plan::Canary)?;
        let config = folder.file("canaryd.toml");
        let log = File::create(folder.file("canaryd.log")).map_err(DemoError::system("no log file"))?;
        let mut command = Command::new(program("canaryd")?);
        command.arg("--config").arg(config).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = Process::spawn("canaryd", &mut command)?;
        let address = timeout(LISTEN_TIMEOUT, listen(folder, &mut process)).await;
        let address = address.map_err(|_| late("canaryd did not log `listener=web address=..`"))??;
        Ok(Self { address, process })
    }

    /// An error if it has ended.
    pub(super) fn must_run(&mut self) -> Result<(), DemoError> {
        self.process.must_run()
    }

    /// Asks it to stop.
    pub(super) async fn stop(self) -> Result<ExitStatus, DemoError> {
        self.process.stop(STOP_TIMEOUT).await
    }
}

/// A program that was built beside this one.
pub(super) fn program(name: &str) -> Result<PathBuf, DemoError> {
    let own = std::env::current_exe().map_err(DemoError::system("this program cannot find itself"))?;
    let program = own.parent().unwrap_or(Path::new(".")).join(name);
    if program.is_file() { Ok(program) } else { Err(DemoError::NotBuilt(program)) }
}

async fn listen(folder: &Folder, process: &mut Process) -> Result<SocketAddr, DemoError> {
    loop {
        if let Some(address) = listening::address_of("web", &folder.log()) {
            return Ok(address);
        }
        process.must_run()?;
        sleep(LOG_POLL).await;
    }
}

fn late(what: &str) -> DemoError {
    DemoError::Late { what: what.into(), limit: LISTEN_TIMEOUT, last: None }
}
