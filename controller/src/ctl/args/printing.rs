//! How answers are printed.

use clap::{ArgAction, ValueEnum};

use crate::ctl::args::help::GLOBAL_OPTIONS;

/// How answers are printed.
#[derive(Debug, clap::Args)]
pub struct Printing {
    /// Print JSON: canaryd's answer as one document, or a line for each change.
    #[arg(long, global = true, action = ArgAction::SetTrue, help_heading = GLOBAL_OPTIONS)]
    json: bool,
    /// Use colour `auto`, `always` or `never`; `auto` is on a terminal, unless NO_COLOR is set.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_possible_values = true,
        hide_default_value = true,
        help_heading = GLOBAL_OPTIONS
    )]
    pub color: ColorChoice,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

// === impl Printing ===

impl Printing {
    /// The format that is wanted.
    #[must_use]
    pub const fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}
