//! A child process that does not outlive its owner, whichever way that ends.

use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::time::{sleep, timeout};

use crate::demo::DemoError;

/// How often a process is asked whether it has ended.
const END_POLL: Duration = Duration::from_millis(5);

/// A running program. When this is dropped it is killed and waited for.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    child: Child,
}

// === impl Process ===

impl Process {
    /// Starts it. What it reads and writes is up to the command.
    pub(super) fn spawn(name: &str, command: &mut Command) -> Result<Self, DemoError> {
        let child = command.spawn().map_err(DemoError::system(format!("{name} cannot be started")))?;
        Ok(Self { name: name.into(), child })
    }

    /// Starts it with its standard output and error in one pipe, in the order in which it writes.
    pub(super) fn spawn_merged(name: &str, mut command: Command) -> Result<(Self, Receiver), DemoError> {
        let (reader, writer) = std::io::pipe().map_err(DemoError::system("no pipe"))?;
        let second = writer.try_clone().map_err(DemoError::system("no pipe"))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        let process = Self::spawn(name, &mut command)?;
        // The command holds the ends that are written to; the pipe ends when its last writer is gone.
        drop(command);
        Ok((process, receiver(reader)?))
    }

    /// Its standard output, if that is a pipe that nobody took before.
    pub(super) fn take_stdout(&mut self) -> Result<Receiver, DemoError> {
        let none = || DemoError::System {
            what: format!("{} has no pipe for its output", self.name),
            cause: std::io::ErrorKind::BrokenPipe.into(),
        };
        receiver(self.child.stdout.take().ok_or_else(none)?)
    }

    /// An error if it has ended.
    pub(super) fn must_run(&mut self) -> Result<(), DemoError> {
        match self.status()? {
            Some(status) => Err(DemoError::Ended { name: self.name.clone(), status }),
            None => Ok(()),
        }
    }

    /// Waits for its end.
    pub(super) async fn wait(&mut self) -> Result<ExitStatus, DemoError> {
        loop {
            if let Some(status) = self.status()? {
                return Ok(status);
            }
            sleep(END_POLL).await;
        }
    }

    /// Asks it to end, and kills it if it does not do so in time.
    pub(super) async fn stop(mut self, limit: Duration) -> Result<ExitStatus, DemoError> {
        // The standard library can only kill.
        let mut kill = Command::new("/bin/sh");
        kill.args(["-c", "kill -TERM \"$1\"", "sh", &self.child.id().to_string()]);
        Self::spawn("kill", &mut kill)?.wait().await?;
        if let Ok(status) = timeout(limit, self.wait()).await {
            return status;
        }
        self.child.kill().map_err(DemoError::system(format!("{} cannot be killed", self.name)))?;
        self.wait().await
    }

    fn status(&mut self) -> Result<Option<ExitStatus>, DemoError> {
        self.child.try_wait().map_err(DemoError::system(format!("{} cannot be waited for", self.name)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended and was waited for, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn receiver(pipe: impl Into<OwnedFd>) -> Result<Receiver, DemoError> {
    Receiver::from_owned_fd(pipe.into()).map_err(DemoError::system("a pipe cannot be read"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_dropped_process_is_gone() {
        let process = Process::spawn("sleep", Command::new("sleep").arg("60")).unwrap();
        let entry = PathBuf::from(format!("/proc/{}", process.child.id()));
        assert!(entry.exists());
        drop(process);
        assert!(!entry.exists());
    }

    #[tokio::test]
    async fn output_and_errors_come_in_order() {
        let (mut process, mut pipe) =
            Process::spawn_merged("sh", sh("echo one; echo two >&2; echo three; exit 10")).unwrap();
        let mut text = String::new();
        pipe.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "one\ntwo\nthree\n");
        assert_eq!(process.wait().await.unwrap().code(), Some(10));
        assert!(process.must_run().is_err());
    }

    #[tokio::test]
    async fn who_does_not_stop_is_killed() {
        let polite = Process::spawn("sleep", Command::new("sleep").arg("60")).unwrap();
        assert_eq!(polite.stop(Duration::from_secs(60)).await.unwrap().code(), None);
        let mut deaf = Process::spawn("sh", sh("trap '' TERM; echo; exec sleep 60").stdout(Stdio::piped()));
        let mut line = [0];
        deaf.as_mut().unwrap().take_stdout().unwrap().read_exact(&mut line).await.unwrap();
        assert_eq!(deaf.unwrap().stop(Duration::from_millis(50)).await.unwrap().code(), None);
    }
}
