//! The command line: what it shows, what it asks, and how it ends.

mod asked;
mod color;
mod ended;
mod fake;
mod fixture;
mod golden;
mod printed;
mod shown;
mod waited;
mod width;
