//! `canaryd`: the edge. It reads its file, serves until a signal ends it, and says on standard error what it does.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use canary_config::daemon::Config;
use canary_controller::daemon;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An edge reverse proxy that releases new versions of the services behind it by itself.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    file: Option<File>,
}

#[derive(Debug, Args)]
struct File {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the configuration file, say what is wrong with it, and do nothing else
    Check(File),
}

/// The file is wrong, or something that it names cannot be had.
const EXIT_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match (arguments.command, arguments.file) {
        (Some(Command::Check(file)), _) => check(&file),
        (None, Some(file)) => serve(file),
        (None, None) => Err("nothing to do; see `canaryd --help`".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("error: {message}"));
            ExitCode::from(EXIT_CONFIG)
        }
    }
}

fn check(file: &File) -> Result<(), String> {
    Config::load(&file.config).map_err(|errors| errors.to_string())?;
    say(&format!("{}: good", file.config.display()));
    Ok(())
}

fn serve(file: File) -> Result<(), String> {
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let result = runtime.block_on(daemon::run(file.config)).map_err(|error| error.to_string());
    // A blocked disk must not hold up the end.
    runtime.shutdown_background();
    result
}

/// What canaryd itself has to say goes to standard error; `CANARYD_LOG` chooses how much of it.
fn log_to_stderr() {
    let filter = EnvFilter::builder().with_env_var("CANARYD_LOG").try_from_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info,pingora=warn,pingora_core=warn,pingora_proxy=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}

fn say(line: &str) {
    // Standard error may be closed; there is nobody else to tell.
    let _ = writeln!(io::stderr(), "{line}");
}
