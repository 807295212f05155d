//! Programs that are asked for what may be secret: it goes by their standard input and output alone.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use canary_config::secret::Secret;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};
use tokio::time::timeout;

/// The most that is read of what a program says on either way.
const SAID_BYTES_MAX: u64 = 8 << 20;

/// What a program has said. It shows itself to nobody.
pub(super) struct Said {
    pub(super) is_success: bool,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Runs a program to its end, within a limit. What it reads is written to it alone.
///
/// # Errors
/// When it cannot be run, or does not end in time; then it is killed.
pub(super) async fn run(mut command: Command, input: Option<&Secret>, limit: Duration) -> io::Result<Said> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async {
        let (written, output, errors) = tokio::join!(tell(stdin, input), text(stdout), text(stderr));
        written?;
        io::Result::Ok(Said { output: output?, errors: errors?, is_success: child.wait().await?.success() })
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("it does not end within {} s", limit.as_secs()));
    timeout(limit, talk).await.unwrap_or_else(|_elapsed| Err(late()))
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
}
