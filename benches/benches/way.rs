//! `cargo bench` prints how long the parts of a request's way take.

use std::error::Error;
use std::io::{self, Write as _};

use canary_benches::clock;
use canary_benches::way::{Part, Way};

/// Requests in one measurement.
const REQUESTS: u32 = 200_000;
/// Of so many measurements the shortest counts: whatever else runs on a machine makes them longer, never shorter.
const ROUNDS: u32 = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut way, mut out) = (Way::new()?, io::stdout());
    for part in Part::ALL {
        let rounds = (0..ROUNDS).map(|_| clock::took(|| way.go(part, REQUESTS as usize)));
        let shortest = rounds.min().unwrap_or_default() / REQUESTS;
        // Of a score, the pick before it is timed as well.
        let with = if matches!(part, Part::Score | Part::ScoreAlone) { " with its pick" } else { "" };
        writeln!(out, "{:<12} {:>5} ns{with}", part.as_str(), shortest.as_nanos())?;
    }
    Ok(())
}
