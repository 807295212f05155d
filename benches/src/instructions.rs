//! How many instructions a request's way takes, by callgrind, and whether that is what is written down; and how many of
//! them are atomic updates, for which a processor needs a line of memory for itself.
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

/// A success may cost so many atomic updates more than in a service without a rollout: one that leaves its place among
/// those that are waited for, and one that adds it to a histogram. The first is on a line that is its worker's own, but
/// for the looks of the judge. While a canary is in slow start, its permit costs some more.
const UPDATES_MAX: u64 = 2;

/// Instructions by part.
type Figures = BTreeMap<String, u64>;

/// What was counted, and for which compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    compiler: String,
    figures: Figures,
    /// Atomic updates by part, of all times together.
    updates: Figures,
}

/// What a part of the way took, all times together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    instructions: u64,
    updates: u64,
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
        let (mut figures, mut updates) = (Figures::new(), Figures::new());
        for part in Part::ALL {
            let taken = count(part)?;
            figures.insert(part.as_str().to_owned(), taken.instructions / TIMES as u64);
            updates.insert(part.as_str().to_owned(), taken.updates);
        }
        Ok(Self { compiler: compiler()?, figures, updates })
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
        let (more, updates) = (more(&self.figures), more(&self.updates));
        if updates > UPDATES_MAX * TIMES as u64 {
            compared = Compared::Exceeded;
        }
        let updates = updates.div_ceil(TIMES as u64);
        let _ = writeln!(
            table,
            "  a rollout costs a success {more} more, of them {updates} atomic updates; it may be {UPDATES_MAX}"
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

/// By how much more a success takes with a rollout than without, from the pick on.
fn more(figures: &Figures) -> u64 {
    let of = |part: Part| figures.get(part.as_str()).copied().unwrap_or_default();
    (of(Part::Pick) + of(Part::Score)).saturating_sub(of(Part::PickAlone) + of(Part::ScoreAlone))
}

fn count(part: Part) -> Result<Taken, InstructionsError> {
    let program = "valgrind";
    let output = Command::new(program)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no", "--collect-bus=yes"])
        .arg(format!("--toggle-collect=*{}*", part.function()))
        .arg(env::current_exe()?)
        .arg(part.as_str())
        .output()
        .map_err(|error| InstructionsError::Program { program, error })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let taken =
        said.lines().find_map(|line| line.split_once("Collected : ")).and_then(|(_, counts)| Taken::read(counts));
    let unclear = || InstructionsError::Unclear { program, what: "what it collected", said: said.into() };
    taken.filter(|_| output.status.success()).ok_or_else(unclear)
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

// === impl Taken ===

impl Taken {
    /// As callgrind writes it: the instructions, and how many of them were global events on the bus.
    fn read(counts: &str) -> Option<Self> {
        let mut counts = counts.split_whitespace().map(str::parse);
        let (instructions, updates) = (counts.next()?.ok()?, counts.next()?.ok()?);
        (instructions > 0).then_some(Self { instructions, updates })
    }
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
        Counted { compiler: "rustc 1.0.0 a-host".into(), figures, updates: Figures::new() }
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
        let table = counted(100).beside(&recorded).1;
        assert!(table.ends_with("costs a success 80 more, of them 0 atomic updates; it may be 2\n"), "{table}");
    }

    #[test]
    fn one_atomic_update_too_many_is_too_many_whatever_is_written_down() {
        let recorded = Recorded([("rustc 1.0.0 a-host".into(), counted(100).figures)].into());
        let of = |score: u64| {
            let times = TIMES as u64;
            let updates = [("pick", 3 * times), ("pick-alone", 3 * times), ("score", score), ("score-alone", times)];
            let updates = updates.map(|(part, count)| (part.to_owned(), count)).into();
            Counted { updates, ..counted(100) }.beside(&recorded)
        };
        let (compared, table) = of(3 * TIMES as u64);
        assert!(compared == Compared::Kept && table.ends_with("of them 2 atomic updates; it may be 2\n"), "{table}");
        let (compared, table) = of(3 * TIMES as u64 + 1);
        assert!(
            compared == Compared::Exceeded && table.ends_with("of them 3 atomic updates; it may be 2\n"),
            "{table}"
        );
    }

    #[test]
    fn what_callgrind_says_is_read() {
        assert_eq!(Taken::read(" 4000 12"), Some(Taken { instructions: 4_000, updates: 12 }));
        assert_eq!([Taken::read("4000"), Taken::read("0 0"), Taken::read("many 1")], [None; 3]);
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
