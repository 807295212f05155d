//! `canaryctl`, typed as a user would.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::time::timeout;

use crate::clock::Moment;
use crate::demo::process::Process;
use crate::demo::transcript::Transcript;
use crate::demo::{DemoError, stage};

/// A question is answered in this time, or not at all.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(5);
/// More than this is not read from it.
const OUTPUT_BYTES_MAX: u64 = 1 << 20;

/// The command line of one canaryd.
#[derive(Debug)]
pub(super) struct Canaryctl {
    program: PathBuf,
    socket: PathBuf,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its exit code; nothing if a signal ended it.
    pub(super) code: Option<i32>,
    /// How long it ran.
    pub(super) took: Duration,
}

// === impl Canaryctl ===

impl Canaryctl {
    /// For the canaryd behind this socket.
    pub(super) fn new(socket: PathBuf) -> Result<Self, DemoError> {
        Ok(Self { program: stage::program("canaryctl")?, socket })
    }

    /// Runs a command in the transcript, line by line as it comes.
    pub(super) async fn show(&self, transcript: &mut Transcript<'_>, line: &str) -> Result<Ended, DemoError> {
        transcript.command(format_args!("canaryctl {line}"))?;
        let begun = Moment::now();
        let (mut process, output) = Process::spawn_merged("canaryctl", self.command(line))?;
        let mut lines = BufReader::new(output.take(OUTPUT_BYTES_MAX)).lines();
        while let Some(line) = lines.next_line().await.map_err(|cause| unreadable(line, &cause))? {
            transcript.line(line)?;
        }
        let code = process.wait().await?.code();
        Ok(Ended { code, took: Moment::now().since(begun) })
    }

    /// Asks it something, out of the transcript.
    pub(super) async fn ask<T: DeserializeOwned>(&self, line: &str) -> Result<T, DemoError> {
        let answer = timeout(QUESTION_TIMEOUT, self.ask_at_leisure(line)).await;
        answer.unwrap_or_else(|_| {
            Err(DemoError::Late {
                what: format!("`canaryctl {line}` did not answer"),
                limit: QUESTION_TIMEOUT,
                last: None,
            })
        })
    }

    async fn ask_at_leisure<T: DeserializeOwned>(&self, line: &str) -> Result<T, DemoError> {
        let mut command = self.command(line);
        // What it has to complain about is not JSON; canaryd's own log has the other side of it.
        command.arg("--json").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::spawn("canaryctl", &mut command)?;
        let mut output = Vec::new();
        let mut stdout = process.take_stdout()?.take(OUTPUT_BYTES_MAX);
        stdout.read_to_end(&mut output).await.map_err(|cause| unreadable(line, &cause))?;
        let status = process.wait().await?;
        let why = |why: String| DemoError::Answer { command: format!("canaryctl {line} --json"), why };
        if !status.success() {
            return Err(why(status.to_string()));
        }
        serde_json::from_slice(&output).map_err(|error| why(error.to_string()))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(line.split_whitespace()).env("CANARYD_SOCKET", &self.socket).env("NO_COLOR", "1");
        command
    }
}

fn unreadable(line: &str, cause: &std::io::Error) -> DemoError {
    DemoError::Answer { command: format!("canaryctl {line}"), why: format!("its output cannot be read: {cause}") }
}
