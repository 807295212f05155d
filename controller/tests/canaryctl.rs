//! The command line: what it shows, what it asks, and how it ends.

mod accounts;
mod answers;
mod asked;
mod color;
mod composed;
mod deployed;
mod diagnosed;
mod ended;
mod explained;
mod fake;
mod fixture;
pub(crate) mod golden;
mod helped;
mod ordered;
mod printed;
mod remote;
mod shown;
mod simulated;
mod streamed;
mod terminal;
mod told;
mod upkeep;
mod waited;
mod watched;
mod width;
