//! `sim` plays all simulated rollouts, prints the table of targets, and writes it where it is kept.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use canary_benches::sim::{self, Effort, Extent, Part};
use clap::Parser;

/// So many runs of each cell are what the targets ask for.
const RUNS: usize = 1_000;

/// Where the table is kept, and the document that carries it, from the root of the repository.
const KEPT: &str = "benches/sim.md";
const README: &str = "README.md";

/// Simulated rollouts against the targets, beside the rules of Flagger and Argo on the same requests.
#[derive(Debug, Parser)]
struct Arguments {
    /// Runs of each cell.
    #[arg(long, default_value_t = RUNS)]
    runs: usize,
    /// Where all seeds come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these targets; nothing is written then.
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match play(&arguments) {
        Ok(code) => code,
        Err(error) => {
            // There is nowhere left to say that standard error is gone.
            let _gone = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(arguments: &Arguments) -> io::Result<ExitCode> {
    let effort = Effort { runs: arguments.runs.max(1), seed: arguments.seed, extent: Extent::Whole };
    let parts = if arguments.only.is_empty() { &Part::ALL[..] } else { &arguments.only[..] };
    let mut rows = Vec::new();
    for part in parts {
        let played = sim::play(*part, effort);
        writeln!(io::stderr(), "{part:?}: {}", if sim::is_met(&played) { "met" } else { "missed" })?;
        rows.extend(played);
    }
    let document = sim::document(&rows, effort.runs);
    write!(io::stdout(), "{document}")?;
    if arguments.only.is_empty() && effort.runs >= RUNS {
        keep(&document)?;
    }
    Ok(if sim::is_met(&rows) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the table where it is kept, and into the README.
fn keep(document: &str) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::write(root.join(KEPT), document)?;
    let readme = fs::read_to_string(root.join(README))?;
    let carried = sim::put_into(&readme, document);
    let carried = carried.ok_or_else(|| io::Error::other("README.md has no place for the table any more"))?;
    fs::write(root.join(README), carried)
}
