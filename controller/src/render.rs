//! What `canaryctl` shows: pure functions from the words of [`crate::api`] to text of at most [`COLUMNS`] columns.
//!
//! Nothing here asks a clock, a terminal or the environment; whoever calls says what [`Color`] is wanted. Text that
//! comes from elsewhere (rules, reasons, messages) goes through `text::escape`, so that it cannot drive the terminal.
//! Numbers have columns of fixed width, so that nothing jumps when they grow.

mod account;
mod change;
mod checks;
mod containers;
mod deployment;
mod doctor;
mod event;
mod evidence;
mod failure;
mod fields;
mod fit;
mod forecast;
mod freeze;
mod history;
mod json;
mod last_words;
mod lint;
mod next;
mod number;
mod overview;
mod paint;
mod park;
mod phase;
mod preflight;
mod progress;
mod reason;
mod reload;
mod rollouts;
mod simulation;
mod status;
mod store;
mod table;
mod text;
mod tracks;
mod usage;
mod why;

pub use self::account::account;
pub use self::change::done;
pub use self::deployment::stage;
pub use self::doctor::{Finding, Findings, Gravity, doctor};
pub use self::event::event;
pub use self::failure::{failure, warning};
pub use self::fit::frame;
pub use self::forecast::forecast;
pub use self::freeze::freezes;
pub use self::history::history;
pub use self::json::{line as json_line, pretty as json};
pub use self::lint::lint;
pub use self::overview::{OVERVIEW_COLUMNS, overview};
pub use self::paint::Color;
pub use self::park::parked;
pub use self::preflight::{deploying, preflight, refused};
pub use self::progress::{progress, waiting};
pub use self::reload::reloaded;
pub use self::rollouts::{rollouts, story};
pub use self::simulation::simulation;
pub use self::status::status;
pub use self::store::{backed_up, restored};
pub use self::why::why;

/// No line is longer, however long the names are, but those for logs and editors.
pub const COLUMNS: usize = 100;

/// What stands where there is no value.
const NOTHING: &str = "—";

/// `1 container`, `2 containers`.
fn plural(count: usize, noun: &str) -> String {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number::count(count))
}
