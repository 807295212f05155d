//! `demo` plays the demo; `demo origin` is one of its backends.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use canary_benches::demo::{self, DemoError, Verdict};
use canary_benches::origin::{Behaviour, Origin};
use canary_config::weight::Weight;
use clap::{Args, Parser, Subcommand};
use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// A canary rollout on real traffic. Without a command it plays the demo.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Serve as a backend on a free port of 127.0.0.1, which is printed first; ends with its standard input.
    Origin(OriginArguments),
}

#[derive(Debug, Args)]
struct OriginArguments {
    /// What it calls itself.
    #[arg(long)]
    release: HeaderValue,
    /// The share of requests that fail, such as 5%.
    #[arg(long, default_value = "0%")]
    fail: Weight,
    /// Which requests those are.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long it thinks before it answers, such as 20ms.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    latency: Duration,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match arguments.role {
        None => runtime.block_on(play()),
        Some(Role::Origin(arguments)) => {
            runtime.block_on(serve(arguments)).map_or_else(|error| fail(&error), |()| 0.into())
        }
    }
}

async fn play() -> ExitCode {
    let interrupted = match interruption() {
        Ok(interrupted) => interrupted,
        Err(error) => return fail(&error),
    };
    match demo::run(&mut io::stdout(), interrupted).await {
        Ok(Verdict::Shown) => ExitCode::SUCCESS,
        Ok(Verdict::NotShown) => fail(&"not everything happened that had to; see the lines with ✖"),
        Err(error @ DemoError::Interrupted(_)) => {
            fail(&error);
            ExitCode::from(130)
        }
        Err(error) => fail(&error),
    }
}

/// The name of the first signal that tells this process to end.
fn interruption() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        }
    })
}

async fn serve(arguments: OriginArguments) -> io::Result<()> {
    let OriginArguments { release, fail, seed, latency } = arguments;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    let origin = Arc::new(Origin::new(Behaviour { release, fail, seed, latency }));
    tokio::select! {
        served = origin.serve(listener) => served.map(|never| match never {}),
        () = end_of_input() => Ok(()),
    }
}

/// Whoever started this process holds its standard input, and lets go of it when it ends.
async fn end_of_input() {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // Nobody waits any more when the process ends for another reason.
        let _ = ended.send(());
    });
    let _ = end.await;
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    // There is nobody left to tell if even this fails.
    let _ = writeln!(io::stderr(), "demo: {error}");
    ExitCode::FAILURE
}
