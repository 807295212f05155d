//! Programs that are asked for what may be secret: it goes by their standard input and output alone.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use canary_config::secret::Secret;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

/// The most that is read of what a program says on either way.
const SAID_BYTES_MAX: u64 = 8 << 20;

/// What a program has said. It shows itself to nobody.
pub(crate) struct Said {
    pub(crate) is_success: bool,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Who is killed with a program that does not end in time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Alone,
    Group,
}

/// The group of a program that has not ended. Whoever drops it kills them all.
struct Group(Option<u32>);

/// Runs a program to its end, within a limit. What it reads is written to it alone.
///
/// # Errors
/// When it cannot be run, or does not end in time; then it is killed.
pub(crate) async fn run(command: Command, input: Option<&Secret>, limit: Duration) -> io::Result<Said> {
    talk(command, input, limit, Ending::Alone).await
}

/// The same for one that does its work by others: they are killed with it. Nobody at a terminal can be asked by it.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_group(mut command: Command, input: Option<&Secret>, limit: Duration) -> io::Result<Said> {
    command.process_group(0);
    talk(command, input, limit, Ending::Group).await
}

async fn talk(mut command: Command, input: Option<&Secret>, limit: Duration, ending: Ending) -> io::Result<Said> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut group = Group(child.id().filter(|_| ending == Ending::Group));
    let talk = async {
        let (written, output, errors) = tokio::join!(tell(stdin, input), text(stdout), text(stderr));
        written?;
        io::Result::Ok(Said { output: output?, errors: errors?, is_success: child.wait().await?.success() })
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("it does not end within {} s", limit.as_secs()));
    let said = timeout(limit, talk).await.unwrap_or_else(|_elapsed| Err(late()))?;
    // It has ended, and its number may be another one's.
    group.0 = None;
    Ok(said)
}

/// Gives it what it reads, and the end of that.
async fn tell(stdin: Option<ChildStdin>, input: Option<&Secret>) -> io::Result<()> {
    let (Some(mut stdin), Some(input)) = (stdin, input) else { return Ok(()) };
    match stdin.write_all(input.expose().as_bytes()).await {
        // One that has read enough says by its exit code what it makes of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

async fn text(said: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(said) = said {
        said.take(SAID_BYTES_MAX).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

// === impl Group ===

impl Drop for Group {
    fn drop(&mut self) {
        let group = self.0.and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(group) = group {
            // Those who have ended meanwhile need not be killed.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn what_it_reads_and_says_goes_by_pipes() {
        let said = run(sh("cat; echo no >&2; exit 1"), Some(&Secret::new("hush")), Duration::from_secs(30)).await;
        let Said { is_success, output, errors } = said.unwrap();
        assert_eq!((is_success, output.as_str(), errors.as_str()), (false, "hush", "no\n"));
        let Said { is_success, output, .. } = run(sh("exit 0"), None, Duration::from_secs(30)).await.unwrap();
        assert_eq!((is_success, output.as_str()), (true, ""));
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_not_waited_for() {
        let Err(error) = run(sh("exec sleep 600"), None, Duration::from_millis(1)).await else { panic!("it is late") };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_a_program_has_begun_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let script = format!("sleep 600 >{} & wait", pipe.display());
        let running = tokio::spawn(run_group(sh(&script), None, Duration::from_secs(600)));
        // It opens once the program's child has opened it, and is at its end once that one is gone.
        let opened = tokio::task::spawn_blocking(move || std::fs::File::open(pipe)).await;
        let mut opened = opened.unwrap().unwrap();
        running.abort();
        let end = tokio::task::spawn_blocking(move || io::Read::read(&mut opened, &mut [0])).await;
        assert_eq!(end.unwrap().unwrap(), 0);
    }
}
