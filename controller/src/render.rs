//! What `canaryctl` shows: pure functions from the words of [`crate::api`] to text of at most [`COLUMNS`] columns.
//!
//! Nothing here asks a clock, a terminal or the environment; whoever calls says what [`Color`] is wanted. Text that
//! comes from elsewhere (rules, reasons, messages) goes through `text::escape`, so that it cannot drive the terminal.
//! Numbers have columns of fixed width, so that nothing jumps when they grow.

mod change;
mod evidence;
mod failure;
mod fields;
mod history;
mod json;
mod number;
mod overview;
mod paint;
mod phase;
mod progress;
mod reload;
mod status;
mod store;
mod table;
mod text;
mod tracks;
mod why;

pub use self::change::done;
pub use self::failure::failure;
pub use self::history::history;
pub use self::json::pretty as json;
pub use self::overview::overview;
pub use self::paint::Color;
pub use self::progress::progress;
pub use self::reload::reloaded;
pub use self::status::status;

/// No line is longer, however long the names are.
pub const COLUMNS: usize = 100;

/// What stands where there is no value.
const NOTHING: &str = "—";
