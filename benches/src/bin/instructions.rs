//! `instructions` compares how many instructions a request's way takes with what is written down; `make instructions`
//! runs it. Told a part of the way, it goes that part, for callgrind to look at.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use canary_benches::instructions::{Compared, Counted, Recorded, TIMES};
use canary_benches::way::{Part, Way};
use clap::Parser;

/// Counts the instructions of a request's way.
#[derive(Parser)]
struct Args {
    /// The part of the way to go, in place of counting.
    part: Option<String>,
    /// The file of figures.
    #[arg(long, default_value = "benches/instructions.toml")]
    figures: PathBuf,
    /// Writes down what is counted.
    #[arg(long)]
    record: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args = Args::parse();
    if let Some(name) = &args.part {
        let part = Part::ALL.into_iter().find(|part| part.as_str() == name);
        Way::new()?.go(part.ok_or("there is no such part")?, TIMES);
        return Ok(ExitCode::SUCCESS);
    }
    let recorded = Recorded::load(&args.figures)?;
    let counted = Counted::by_callgrind()?;
    let (compared, table) = counted.beside(&recorded);
    let mut out = io::stdout();
    write!(out, "{table}")?;
    if args.record {
        recorded.record(counted, &args.figures)?;
        return Ok(ExitCode::SUCCESS);
    }
    match compared {
        Compared::Kept => Ok(ExitCode::SUCCESS),
        Compared::Exceeded => Ok(ExitCode::FAILURE),
        Compared::Unknown => {
            writeln!(out, "nothing is written down for this compiler; run `make instructions RECORD=1` to keep it")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
