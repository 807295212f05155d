//! The demo: on real traffic, a bad release is sent back, a good one is brought in and taken back, and another one takes
//! all requests at once and gives them back at once.
//!
//! [`run`] starts real processes on loopback, types real commands, and holds every claim against what the client and
//! the backends themselves saw. Nothing of it is left when it returns, whichever way. The course of events is in
//! `story`, the claims are in `check`.

mod canaryctl;
mod check;
mod configuration;
mod error;
mod listening;
mod process;
mod share;
mod stage;
mod story;
mod table;
mod timeline;
mod transcript;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::time::Duration;

pub use self::error::DemoError;
use crate::clock::Moment;
use crate::demo::check::Seen;
use crate::demo::share::Share;
use crate::demo::stage::Folder;
use crate::demo::transcript::Transcript;

/// After this long the demo gives up.
pub const DEADLINE: Duration = Duration::from_secs(85);

const STABLE: &str = "v1";
const GOOD: &str = "v2";
const BAD: &str = "v3";
const SWITCHED: &str = "v4";
/// The client's requests a second, at the least.
const RATE_MIN: u32 = 300;

/// Whether everything happened that had to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every claim holds.
    Shown,
    /// At least one does not.
    NotShown,
}

/// Plays the demo, until it ends, time is up, or `interrupted` names a signal.
///
/// # Errors
/// It could not be played to its end.
pub async fn run(out: &mut dyn Write, interrupted: impl Future<Output = &'static str>) -> Result<Verdict, DemoError> {
    let begun = Moment::now();
    let folder = Folder::create()?;
    let mut transcript = Transcript::begin(out, "canaryd: a bad release and a good one, on real traffic")?;
    // Whichever branch ends first, the others are dropped, and their processes with them.
    let played = tokio::select! {
        played = story::play(&folder, &mut transcript) => played,
        () = tokio::time::sleep(DEADLINE) => {
            Err(DemoError::Late { what: "the demo did not end".into(), limit: DEADLINE, last: None })
        }
        signal = interrupted => Err(DemoError::Interrupted(signal)),
    };
    let verdict = match &played {
        Ok(seen) => conclude(seen, &mut transcript)?,
        Err(_) => Verdict::NotShown,
    };
    if verdict == Verdict::NotShown {
        show_log(&folder, &mut transcript)?;
    }
    folder.remove()?;
    played?;
    let seconds = Moment::now().since(begun).as_secs_f64();
    transcript.line(format_args!("\n{seconds:.1} s; every process has ended, and the temporary folder is gone"))?;
    Ok(verdict)
}

/// The table of figures, and every claim.
fn conclude(seen: &Seen, transcript: &mut Transcript<'_>) -> Result<Verdict, DemoError> {
    let shares: Vec<_> = seen.shares().iter().map(row).collect();
    let header = ["release", "share set", "measured", "5σ", "seconds", "requests", "by release", "failed"];
    transcript.chapter("What the client saw")?;
    transcript.line(table::render(header, &shares))?;
    transcript.line(format_args!("  {}", story::lifetime(&seen.bad_at_end)))?;
    transcript.line(format_args!(
        "  {} ms on both sides of each change of weight are left out; {}\n",
        timeline::MARGIN.as_millis(),
        "5σ = 5 √(p (1 - p) / n), in percentage points"
    ))?;
    let checks = seen.checks();
    for check in &checks {
        transcript.line(check)?;
    }
    Ok(if checks.iter().all(check::Check::holds) { Verdict::Shown } else { Verdict::NotShown })
}

fn row(share: &Share) -> [String; 8] {
    [
        share.canary.clone(),
        share.set.to_string(),
        format!("{:.2}%", share.percent()),
        format!("±{:.2}", share.bound()),
        format!("{:.1}", share.measured.as_secs_f64()),
        share.requests.to_string(),
        share.by_canary.to_string(),
        share.failed.to_string(),
    ]
}

fn show_log(folder: &Folder, transcript: &mut Transcript<'_>) -> Result<(), DemoError> {
    transcript.line("\nThe end of canaryd's log:")?;
    let mut tail = folder.log_tail();
    if tail.is_empty() {
        tail.push("(it is empty)".into());
    }
    tail.iter().try_for_each(|line| transcript.line(format_args!("  {line}")))?;
    Ok(())
}
