//! `canaryd`: the edge. It reads its file, serves until a signal ends it, and says on standard error what it does.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use canary_config::file::Reading;
use canary_controller::{daemon, descriptors};
use clap::{Args, Parser, Subcommand};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An edge reverse proxy that releases new versions of the services behind it by itself.
#[derive(Debug, Parser)]
#[command(name = "canaryd", version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(after_help = "Environment:\n  CANARYD_LOG  How much is logged, such as `debug` or `warn` [default: info]")]
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
    /// Read the configuration file, say what is wrong with it or hardly meant, and do nothing else
    Check(File),
}

/// Something failed that should not.
const EXIT_UNEXPECTED: u8 = 1;

/// The file is wrong, or something that it names cannot be had.
const EXIT_SETTING: u8 = 2;

/// What is said at the end, and with what code.
struct Failure {
    message: String,
    code: u8,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match (arguments.command, arguments.file) {
        (Some(Command::Check(file)), _) => check(&file),
        (None, Some(file)) => serve(file),
        (None, None) => Err(Failure { message: "nothing to do; see `canaryd --help`".into(), code: EXIT_SETTING }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            say(&format!("error: {message}"));
            ExitCode::from(code)
        }
    }
}

fn check(file: &File) -> Result<(), Failure> {
    let Reading { result, warnings } = Reading::of_file(&file.config);
    warnings.iter().for_each(|warning| say(&warning.to_string()));
    result.map_err(|errors| Failure { message: errors.to_string(), code: EXIT_SETTING })?;
    say(&format!("{}: good", file.config.display()));
    Ok(())
}

fn serve(file: File) -> Result<(), Failure> {
    let _written_at_the_end = log_to_stderr();
    descriptors::raise_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| Failure { message: format!("no runtime: {why}"), code: EXIT_UNEXPECTED })?;
    let result = runtime.block_on(daemon::run(file.config));
    // A blocked disk must not hold up the end.
    runtime.shutdown_background();
    result.map_err(|error| {
        let code = if error.is_in_the_setting() { EXIT_SETTING } else { EXIT_UNEXPECTED };
        Failure { message: error.to_string(), code }
    })
}

/// What canaryd itself has to say goes to standard error, by a thread that drops what a stopped reader does not take:
/// the engine waits for nobody. `CANARYD_LOG` chooses how much of it.
fn log_to_stderr() -> WorkerGuard {
    let filter = EnvFilter::builder().with_env_var("CANARYD_LOG").try_from_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info,pingora=warn,pingora_core=warn,pingora_proxy=warn"));
    // At `debug` it would show the variables of every container, secrets among them.
    let filter = filter.add_directive("bollard=info".parse().expect("a directive"));
    let (writer, guard) = tracing_appender::non_blocking(io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
    guard
}

fn say(line: &str) {
    // Standard error may be closed; there is nobody else to tell.
    let _ = writeln!(io::stderr(), "{line}");
}
