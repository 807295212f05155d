//! How many instructions a request's way takes, by callgrind, and whether that is what is written down.
//!
//! The figures of one compiler and one machine's instruction set say nothing about those of another, so they are kept
//! for each; where there are none, they are shown and how to keep them.

use std::collections::BTreeMap;
use std::env;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::way::Part;

/// How often a part of the way is gone for one figure.
pub const TIMES: usize = 2_000;

/// More than the figure by so many thousandths is more. It is what the random seed of a hash map's order and another C
/// library's ways to compare bytes come to; an instruction on the way of every request is more.
const TOLERANCE_PER_MILLE: u64 = 15;
/// And so many instructions always are, however short the part.
const TOLERANCE_MIN: u64 = 2;

/// Instructions by part.
type Figures = BTreeMap<String, u64>;

/// What was counted, and for which compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    compiler: String,
    figures: Figures,
}

/// The figures that are written down, by compiler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded(BTreeMap<String, Figures>);

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Nothing takes more than is written down.
    Kept,
    /// Something takes more.
    Exceeded,
    /// There is nothing written down for this compiler.
    Unknown,
}

/// Why nothing could be counted or compared.
#[derive(Debug, thiserror::Error)]
pub enum InstructionsError {
    /// A program that does not start.
    #[error("{program} cannot be run: {error}; install it")]
    Program {
        /// Which one.
        program: &'static str,
        /// Why not.
        error: io::Error,
    },
    /// A program that says something else than it should.
    #[error("{program} did not say {what}:\n{said}")]
    Unclear {
        /// Which one.
        program: &'static str,
        /// What was looked for.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// The file of figures.
    #[error("the file of figures cannot be used: {0}")]
    File(#[from] io::Error),
    /// What is in it.
    #[error("the file of figures is not one: {0}")]
    Read(#[from] toml::de::Error),
    /// What should go into it.
    #[error("the figures cannot be written: {0}")]
    Write(#[from] toml::ser::Error),
}

// === impl Counted ===

impl Counted {
    /// Counts every part, each in a process of its own that runs under callgrind: this program, told the part.
    ///
    /// # Errors
    /// When callgrind or the compiler cannot be run, or says nothing that is a figure.
    pub fn by_callgrind() -> Result<Self, InstructionsError> {
        let figure = |part: Part| count(part).map(|count| (part.as_str().to_owned(), count));
        let figures: Figures = Part::ALL.into_iter().map(figure).collect::<Result<_, _>>()?;
        Ok(Self { compiler: compiler()?, figures })
    }

    /// What came of it beside what is written down, line by line.
    #[must_use]
    pub fn beside(&self, recorded: &Recorded) -> (Compared, String) {
        let known = recorded.0.get(&self.compiler);
        let (mut table, mut compared) = (format!("instructions, {}\n", self.compiler), Compared::Kept);
        for (part, count) in &self.figures {
            let figure = known.and_then(|figures| figures.get(part)).copied();
            let verdict = Verdict::of(*count, figure);
            match verdict {
                Verdict::More(_) => compared = Compared::Exceeded,
                Verdict::New if compared == Compared::Kept => compared = Compared::Unknown,
                Verdict::New | Verdict::Same(_) | Verdict::Less(_) => {}
            }
            // Writing to a text does not fail.
            let _ = writeln!(table, "  {part:<12} {count:>6}  {verdict}");
        }
        let of = |part: Part| self.figures.get(part.as_str()).copied().unwrap_or_default();
        let more = of(Part::Score).saturating_sub(of(Part::ScoreAlone));
        let _ = writeln!(
            table,
            "  a rollout costs a success {more} more: two relaxed additions, and a place taken and left"
        );
        (compared, table)
    }
}

/// One figure beside the one that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    New,
    Same(u64),
    Less(u64),
    More(u64),
}

impl Verdict {
    fn of(count: u64, figure: Option<u64>) -> Self {
        let Some(figure) = figure else { return Self::New };
        let tolerance = (figure * TOLERANCE_PER_MILLE / 1_000).max(TOLERANCE_MIN);
        match count {
            more if more > figure + tolerance => Self::More(figure),
            less if less + tolerance < figure => Self::Less(figure),
            _ => Self::Same(figure),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Same(figure) => write!(f, "as written down ({figure})"),
            Self::Less(figure) => write!(f, "less than written down ({figure}); record it"),
            Self::More(figure) => {
                write!(f, "more than written down ({figure}); make it less, or record it and say why")
            }
        }
    }
}

fn count(part: Part) -> Result<u64, InstructionsError> {
    let program = "valgrind";
    let output = Command::new(program)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{}*", part.function()))
        .arg(env::current_exe()?)
        .arg(part.as_str())
        .output()
        .map_err(|error| InstructionsError::Program { program, error })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, count)| count.trim().parse::<u64>().ok()).filter(|count| *count > 0);
    let unclear = || InstructionsError::Unclear { program, what: "what it collected", said: said.into() };
    collected.filter(|_| output.status.success()).map(|count| count / TIMES as u64).ok_or_else(unclear)
}

/// The compiler and what it compiles for, in the words of the file.
fn compiler() -> Result<String, InstructionsError> {
    let program = "rustc";
    let output =
        Command::new(program).arg("-vV").output().map_err(|error| InstructionsError::Program { program, error })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = |name: &str| said.lines().find_map(|line| line.strip_prefix(name));
    let named = line("release: ").zip(line("host: ")).map(|(release, host)| format!("rustc {release} {host}"));
    named.ok_or_else(|| InstructionsError::Unclear { program, what: "its release and host", said: said.into() })
}

// === impl Recorded ===

impl Recorded {
    /// The figures of a file.
    ///
    /// # Errors
    /// When there is none, or it holds something else.
    pub fn load(path: &Path) -> Result<Self, InstructionsError> {
        Ok(Self(toml::from_str(&fs::read_to_string(path)?)?))
    }

    /// Writes these figures down in place of those of the same compiler.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn record(mut self, counted: Counted, path: &Path) -> Result<(), InstructionsError> {
        self.0.insert(counted.compiler, counted.figures);
        let head = "# Instructions for one request, by compiler. `make instructions RECORD=1` writes this file.\n\n";
        Ok(fs::write(path, format!("{head}{}", toml::to_string(&self.0)?))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(score: u64) -> Counted {
        let figures = [("match", 900), ("score", score), ("score-alone", 20)];
        let figures = figures.map(|(part, count)| (part.to_owned(), count)).into();
        Counted { compiler: "rustc 1.0.0 a-host".into(), figures }
    }

    fn compared(score: u64, recorded: &Recorded) -> Compared {
        counted(score).beside(recorded).0
    }

    #[test]
    fn more_than_is_written_down_is_found_and_less_is_said() {
        let recorded = Recorded([("rustc 1.0.0 a-host".into(), counted(100).figures)].into());
        assert_eq!(compared(100, &recorded), Compared::Kept);
        assert_eq!([compared(102, &recorded), compared(103, &recorded)], [Compared::Kept, Compared::Exceeded]);
        assert_eq!(compared(50, &recorded), Compared::Kept);
        assert!(counted(50).beside(&recorded).1.contains("less than written down (100); record it"));
        assert_eq!(compared(100, &Recorded::default()), Compared::Unknown);
        assert!(
            counted(100)
                .beside(&recorded)
                .1
                .ends_with("costs a success 80 more: two relaxed additions, and a place taken and left\n")
        );
    }

    #[test]
    fn what_is_recorded_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("figures.toml");
        Recorded::default().record(counted(100), &path).expect("it is written");
        let recorded = Recorded::load(&path).expect("it is read");
        assert_eq!(compared(100, &recorded), Compared::Kept);
        recorded.record(counted(200), &path).expect("it is written");
        assert_eq!(compared(200, &Recorded::load(&path).expect("it is read")), Compared::Kept);
    }
}
