//! What is wrong in a configuration file, without canaryd.

use std::path::Path;

use canary_config::file::{ConfigError, ConfigWarning, Position, Reading};
use serde::Serialize;

use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::render;

/// What ends with an error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Errors.
    Errors,
    /// Warnings too.
    Warnings,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
}

/// One thing to say about a place of the file.
#[derive(Debug, Serialize)]
struct Finding {
    line: Option<usize>,
    column: Option<usize>,
    key: String,
    message: String,
}

/// Reads the file, and says all that is wrong in it.
pub(super) fn lint(file: &Path, strictness: Strictness, output: &Output) -> Result<Exit, Failure> {
    let report = Report::of(file);
    output.report(&report, &report.text(output))?;
    let is_strict = strictness == Strictness::Warnings;
    let is_bad = !report.errors.is_empty() || is_strict && !report.warnings.is_empty();
    Ok(if is_bad { Exit::Usage } else { Exit::Done })
}

// === impl Report ===

impl Report {
    fn of(file: &Path) -> Self {
        let Reading { result, warnings } = Reading::of_file(file);
        let error = |error: &ConfigError| Finding::new(error.position(), error.key(), error.message());
        let errors = result.map_or_else(|errors| errors.iter().map(error).collect(), |_config| Vec::new());
        let warning = |warning: &ConfigWarning| Finding::new(warning.position(), warning.key(), warning.message());
        Self { file: file.display().to_string(), errors, warnings: warnings.iter().map(warning).collect() }
    }

    fn text(&self, output: &Output) -> String {
        let lines = |findings: &[Finding]| findings.iter().map(|finding| finding.line(&self.file)).collect::<Vec<_>>();
        render::lint(&self.file, &lines(&self.errors), &lines(&self.warnings), output.color())
    }
}

// === impl Finding ===

impl Finding {
    fn new(position: Option<Position>, key: &str, message: &str) -> Self {
        let (line, column) = (position.map(|position| position.line), position.map(|position| position.column));
        Self { line, column, key: key.to_owned(), message: message.to_owned() }
    }

    /// `FILE:LINE:COLUMN: KEY: MESSAGE`, as editors understand it.
    fn line(&self, file: &str) -> String {
        let place = self.line.zip(self.column).map(|(line, column)| format!("{line}:{column}:")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!(" {}:", self.key) };
        format!("{file}:{place}{key} {}", self.message)
    }
}
