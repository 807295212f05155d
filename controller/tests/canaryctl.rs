//! The command line: what it shows, what it asks, and how it ends.

mod color;
mod fixture;
mod golden;
mod shown;
mod width;
